"""The tables of one run: what it works with while it works, its values once stored.

Names carry run and token, so a worker that lost its lease cannot be in the way of the
one that took over.
"""

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np
from django.db import connection

from clv.choices import RunStatus
from clv.models import ValuationRun
from clv.queries.inputs import CARRIED, COLUMNS, MONEY, NEVER, Inputs
from clv.queries.summaries import INPUTS
from clv.services.leases import Lease
from clv.services.results import (
    BREAK_EVENS,
    NO_DAY,
    NO_PROBABILITY,
    STEPS,
    Results,
)
from common.copying import Written, write_table

VALUES = "clv_valuation"
OURS = re.compile(r"^clv_(?:input|pair|valuation)_r(\d+)_(\d+)$")
# What lists of a run read its values by, first what is missed most while it is not
# there. Names follow that of the table.
LISTED_BY = {
    # Prospects of one code are worth the same: pages walk from code to code.
    "prospects": "(trait_code, account_id) WHERE order_days = 0",
    "by_clv": "(clv, account_id)",
    "by_future": "(future_value, account_id)",
}
# Each process that helps to build an index asks for 32 MB of it.
INDEX_MEMORY = "SET LOCAL maintenance_work_mem = '256MB'"
EPOCH = dt.date(1970, 1, 1)
CENTS = (
    "expected_margin",
    "expected_margin_year",
    "expected_cost",
    "expected_cost_year",
    "future_low",
    "future_high",
)
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


def input_table(lease: Lease) -> str:
    return f"clv_input_r{lease.run_id}_{lease.token}"


def pair_table(lease: Lease) -> str:
    return f"clv_pair_r{lease.run_id}_{lease.token}"


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
    run = Written("i8", np.full(len(inputs), lease.run_id))
    written = {"run_id": run} | _known(inputs, as_of) | _found(inputs, results, as_of)
    return write_table(value_table(lease), written)


def complete(lease: Lease) -> None:
    """Index the values once all are there."""
    table = value_table(lease)
    with connection.cursor() as cursor:
        cursor.execute(INDEX_MEMORY)
        cursor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (run_id, account_id)")
        cursor.execute(f"ANALYZE {table} ({', '.join(STATISTICS)})")


def attach(lease: Lease) -> None:
    """Make the stored table a partition. Nothing is built or read for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {VALUES} ATTACH PARTITION {value_table(lease)}"
            f" FOR VALUES IN ({lease.run_id})"
        )


def index(run_id: int, name: str) -> None:
    """Build one index of `LISTED_BY` on the attached values of a run, once.

    Reads go on meanwhile; nothing writes to values that are attached.
    """
    columns = LISTED_BY[name]
    with connection.cursor() as cursor:
        cursor.execute(INDEX_MEMORY)
        for table in _attached(run_id):
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {table}_{name} ON {table} {columns}"
            )


def exists(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(cursor.fetchone()[0])


def drop(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


def drop_staged(lease: Lease) -> None:
    """Drop what a run has staged for its own work and that of helpers."""
    for table in (input_table(lease), pair_table(lease)):
        drop(table)


def drop_values(run_ids: Sequence[int]) -> None:
    """Drop the values that published runs have stored."""
    names = _attached(*run_ids)
    if names:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(names)}")


def _attached(*run_ids: int) -> list[str]:
    """Return the tables of these runs that are attached, whoever published them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{VALUES}'::regclass"
        )
        names = [name for (name,) in cursor.fetchall()]
    return [
        name
        for name in names
        if (found := OURS.match(name)) and int(found[1]) in run_ids
    ]


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
            " AND c.relname ~ '^clv_(input|pair|valuation)_r' AND NOT EXISTS ("
            "SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)"
        )
        return [row[0] for row in cursor.fetchall()]


def _is_orphan(run_id: int, token: int) -> bool:
    """Tell whether no worker can still want the table. Published runs have none."""
    run = ValuationRun.objects.filter(pk=run_id).first()
    if run is None or run.status in CLOSED:
        return True
    return run.status == RunStatus.RUNNING and run.token > token


def _known(inputs: Inputs, as_of: dt.date) -> dict[str, Written]:
    """Return the columns that say what was known of each account."""
    today = (as_of - EPOCH).days
    never = inputs.age_days == NEVER
    first_on = today - inputs.age_days
    columns = {name: getattr(inputs, name, None) for name in INPUTS}
    columns |= {name: getattr(inputs.carried, name) for name in CARRIED}
    written = {
        name: Written("cents" if name in MONEY else COLUMNS.get(name, "i4"), values)
        for name, values in columns.items()
        if values is not None
    }
    return written | {
        "account_id": Written("i8", inputs.account_id),
        "first_on": Written("date", first_on, never),
        "last_on": Written("date", first_on + inputs.recency_days, never),
        "paid_back_on": Written(
            "date",
            today - inputs.paid_back_age_days,
            inputs.paid_back_age_days == NEVER,
        ),
    }


def _found(inputs: Inputs, results: Results, as_of: dt.date) -> dict[str, Written]:
    """Return the columns that say what each account is worth."""
    profit, future = inputs.realised_profit, results.future_value
    cents = {name: getattr(results, name) for name in CENTS} | {
        "future_value": future,
        "realised_profit": profit,
        "clv": profit + future,
    }
    chance, days = results.probability_alive, results.break_even_days
    today = (as_of - EPOCH).days
    return {name: Written("cents", values) for name, values in cents.items()} | {
        "ladder_step": Written("words", results.step, words=_words(STEPS)),
        "probability_alive": Written("f8", chance, chance == NO_PROBABILITY),
        "expected_orders": Written("f8", results.expected_orders),
        "expected_orders_year": Written("f8", results.expected_orders_year),
        "future_spread": Written("f8", results.future_spread * 0.01),
        "break_even": Written("words", results.break_even, words=_words(BREAK_EVENS)),
        "break_even_on": Written("date", today + days, days == NO_DAY),
    }


def _words(choices: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(choice) for choice in choices)
