"""The tables of one run: its inputs while it works, its values once it is stored.

Names carry run and token, so a worker that lost its lease cannot be in the way of the
one that took over.
"""

import datetime as dt
import re
from collections.abc import Sequence

from django.db import connection

from clv.choices import RunStatus
from clv.models import ValuationRun
from clv.queries.inputs import Inputs
from clv.queries.summaries import INPUTS
from clv.services.leases import Lease
from clv.services.results import (
    BREAK_EVENS,
    NO_DAY,
    NO_PROBABILITY,
    STEPS,
    Results,
)
from common.copying import write_columns

VALUES = "clv_valuation"
OURS = re.compile(r"^clv_(?:input|valuation)_r(\d+)_(\d+)$")
CLOSED = (RunStatus.FAILED, RunStatus.CHECKED, RunStatus.PREVIEWED)

# What queries filter and sort by; statistics of more take longer than they save.
STATISTICS = (
    "run_id",
    "account_id",
    "first_on",
    "order_days",
    "clv",
    "future_value",
    "realised_profit",
)

RESULTS = {
    "account_id": "i8",
    "step": "i2",
    "probability_alive": "f8",
    "expected_orders": "f8",
    "expected_orders_year": "f8",
    "expected_margin": "i8",
    "expected_margin_year": "i8",
    "expected_cost": "i8",
    "expected_cost_year": "i8",
    "future_low": "i8",
    "future_high": "i8",
    "future_spread": "i8",
    "break_even": "i2",
    "break_even_days": "i4",
}
SQL_TYPES = {
    "i2": "smallint",
    "i4": "integer",
    "i8": "bigint",
    "f8": "double precision",
}


def input_table(lease: Lease) -> str:
    return f"clv_input_r{lease.run_id}_{lease.token}"


def value_table(lease: Lease) -> str:
    return f"clv_valuation_r{lease.run_id}_{lease.token}"


def prepare(lease: Lease) -> None:
    """Make the table that takes the values, of the shape of a partition.

    Nobody sees it before it is attached.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {value_table(lease)}"
            f" (LIKE {VALUES} INCLUDING DEFAULTS INCLUDING CONSTRAINTS,"
            f" CHECK (run_id = {lease.run_id}))"
        )


def store(lease: Lease, inputs: Inputs, results: Results, as_of: dt.date) -> int:
    """Add the values of a block of accounts to the table; return how many.

    Call it in a transaction.
    """
    staged = f"clv_result_{lease.token}"
    columns = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in RESULTS.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {staged} ({columns}) ON COMMIT DROP")
        write_columns(
            staged, RESULTS, {name: getattr(results, name) for name in RESULTS}
        )
        cursor.execute(f"ANALYZE {staged} (account_id)")
        cursor.execute(
            _insert(value_table(lease), input_table(lease), staged),
            {
                "run": lease.run_id,
                "as_of": as_of,
                "first": int(inputs.account_id[0]),
                "last": int(inputs.account_id[-1]),
            },
        )
        stored: int = cursor.rowcount
        cursor.execute(f"DROP TABLE {staged}")
    return stored


def complete(lease: Lease) -> None:
    """Index the values once all are there."""
    table = value_table(lease)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (run_id, account_id)")
        cursor.execute(f"ANALYZE {table} ({', '.join(STATISTICS)})")


def attach(lease: Lease) -> None:
    """Make the stored table a partition; indexes that it lacks are built."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {VALUES} ATTACH PARTITION {value_table(lease)}"
            f" FOR VALUES IN ({lease.run_id})"
        )


def drop(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


def drop_values(run_ids: Sequence[int]) -> None:
    """Drop the values that published runs have stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{VALUES}'::regclass"
        )
        attached = [row[0] for row in cursor.fetchall()]
        names = [
            name
            for name in attached
            if (found := OURS.match(name)) and int(found[1]) in run_ids
        ]
        if names:
            cursor.execute(f"DROP TABLE {', '.join(names)}")


def drop_orphans() -> list[str]:
    """Drop the tables of runs that failed or were taken over; return their names.

    Tables that are attached are never touched: attaching and publishing are one
    transaction.
    """
    dropped = []
    for name in _loose_tables():
        found = OURS.match(name)
        if found and _is_orphan(int(found[1]), int(found[2])):
            drop(name)
            dropped.append(name)
    return dropped


def drop_earlier(lease: Lease) -> None:
    """Drop what an earlier attempt at the same run has left."""
    for name in _loose_tables():
        found = OURS.match(name)
        if found and int(found[1]) == lease.run_id and int(found[2]) < lease.token:
            drop(name)


def _loose_tables() -> list[str]:
    """Return tables that are named like ours and are not attached."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r'"
            " AND c.relnamespace = current_schema()::regnamespace"
            " AND c.relname ~ '^clv_(input|valuation)_r' AND NOT EXISTS ("
            "SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)"
        )
        return [row[0] for row in cursor.fetchall()]


def _is_orphan(run_id: int, token: int) -> bool:
    """Tell whether no worker can still want the table. Published runs have none."""
    run = ValuationRun.objects.filter(pk=run_id).first()
    if run is None or run.status in CLOSED:
        return True
    return run.status == RunStatus.RUNNING and run.token > token


def _insert(table: str, inputs: str, results: str) -> str:
    taken = ", ".join(f"i.{name}" for name in INPUTS)
    cents = {
        name: f"r.{name} * 0.01"
        for name in (
            "expected_margin",
            "expected_margin_year",
            "expected_cost",
            "expected_cost_year",
        )
    }
    profit = (
        "i.margin - i.cost_to_win - i.cost_per_order_kinds - i.cost_over_time_kinds"
    )
    future = "(r.expected_margin - r.expected_cost) * 0.01"
    written = {
        "ladder_step": _word("r.step", STEPS),
        "probability_alive": f"nullif(r.probability_alive, {NO_PROBABILITY})",
        "expected_orders": "r.expected_orders",
        "expected_orders_year": "r.expected_orders_year",
        **cents,
        "future_value": future,
        "future_low": "r.future_low * 0.01",
        "future_high": "r.future_high * 0.01",
        "future_spread": "r.future_spread * 0.01::float8",
        "realised_profit": profit,
        "clv": f"{profit} + {future}",
        "break_even": _word("r.break_even", BREAK_EVENS),
        "break_even_on": f"%(as_of)s + nullif(r.break_even_days, {NO_DAY})",
    }
    return f"""
        INSERT INTO {table} (run_id, account_id, {", ".join((*INPUTS, *written))})
        SELECT %(run)s, i.account_id, {taken}, {", ".join(written.values())}
        FROM {inputs} i JOIN {results} r ON r.account_id = i.account_id
        WHERE i.account_id BETWEEN %(first)s AND %(last)s
        ORDER BY i.account_id
    """


def _word(column: str, words: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{word!s}'" for word in words)
    return f"(ARRAY[{listed}])[{column} + 1]"
