"""Keeping the sums per account, and handing a run its inputs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import mogrify
from numpy.typing import NDArray

from clv.choices import CostDriver
from clv.errors import RunFailedError
from clv.models import AccountSummary, SummaryState, ValuationRun
from clv.policy import DAYS_OF_YEAR_SUMS
from clv.queries.inputs import Inputs, current_inputs, inputs_from
from clv.queries.summaries import (
    INPUTS,
    NO_GROUPS,
    SUMS,
    driven_by,
    inputs_select,
    summary_select,
)
from clv.services.resumming import WORK_MEMORY, allow_parallel, sum_all, sum_some
from clv.services.summing import Sums
from common.clock import day_ends_at
from common.copying import read_columns
from crm.models import Account

# Clocks of web processes may differ by this much from the database's.
OVERLAP = dt.timedelta(minutes=10)
DIRTY = "pg_temp.clv_dirty"
FAMILIES = "pg_temp.clv_family"
FEW = 10_000  # accounts that are read fast in any order
MANY = 0.2  # share of accounts from which on all are read in order
# The accounts for which something was entered at ``since`` or later.
CHANGED = """
    SELECT account_id FROM crm_order WHERE updated_at >= %(since)s
    UNION
    SELECT l.account_id FROM crm_orderreturn r
        JOIN crm_orderline l ON l.id = r.line_id
        WHERE r.created_at >= %(since)s
    UNION
    SELECT account_id FROM crm_ledgerentry
        WHERE created_at >= %(since)s AND account_id IS NOT NULL
    UNION
    SELECT unnest(ARRAY[survivor_id, merged_id]) FROM crm_accountmerge
        WHERE undone_at >= %(since)s
"""


@dataclass(frozen=True, slots=True)
class Basis:
    """For which day inputs are taken, and what turns sums into inputs.

    `groups` is a query of `account_id` and `code` with the parameter ``day_before``:
    the group that each account stood in before the run's day.
    """

    as_of: dt.date
    margin_rate: Decimal
    cost_drivers: Mapping[str, str]
    groups: str = NO_GROUPS

    @classmethod
    def of(cls, run: ValuationRun, groups: str = NO_GROUPS) -> "Basis":
        assumed = run.assumptions
        return cls(
            as_of=run.as_of,
            margin_rate=assumed.margin_rate_if_cost_unknown,
            cost_drivers=assumed.drivers_by_kind,
            groups=groups,
        )

    @property
    def rate_e4(self) -> int:
        return int(self.margin_rate.scaleb(4))

    @property
    def parameters(self) -> dict[str, Any]:
        return parameters(self.as_of, self.margin_rate)

    def inputs_select(self, summaries: str) -> str:
        return inputs_select(summaries, self.cost_drivers, self.groups)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did: accounts looked at again, rows that came out different.

    `sums` are those of all accounts, where all were worked out and are at hand.
    """

    accounts: int
    changed: int
    full: bool
    sums: Sums | None = None


def refresh_summaries(
    *,
    as_of: dt.date,
    margin_rate: Decimal,
    full: bool = False,
    overlap: dt.timedelta = OVERLAP,
) -> Refreshed:
    """Bring every AccountSummary up to `as_of`, working out only what can differ.

    Looked at again: accounts with orders, returns or ledger rows entered since the last
    refresh, accounts for which a day enters or leaves the sums, and new accounts. With
    `full`, on the first time and after a change of the margin assumption: all. With
    `full` they are also compared with what is kept column by column, and not by the
    fingerprints of what was written.

    Raises
    ------
    ValueError
        If the summaries already hold for a later day.
    """
    seen_until = changes_seen_from_here(overlap)
    with transaction.atomic():
        state = SummaryState.objects.select_for_update().first()
        if state is not None and state.as_of > as_of:
            raise ValueError(f"the summaries already hold for {state.as_of}")
        params = parameters(as_of, margin_rate)
        families = list_families()
        dirty = ""
        if not full and state is not None and state.margin_rate == margin_rate:
            dirty = _mark_dirty(state, as_of)
        sums: Sums | None = None
        if dirty:
            changed = sum_some(_listed(dirty), params, families)
        else:
            changed, sums = sum_all(params, families, by_columns=full)
        if families:
            merged = summary_select(families=families, merged=True)
            changed += _upsert(merged, params)
            sums = None  # those of the heads are in the database only
        looked_at = _count(dirty or "crm_account")
        done = Refreshed(looked_at, changed, full=not dirty, sums=sums)
        SummaryState.objects.update_or_create(
            pk=1,
            defaults={
                "as_of": as_of,
                "changes_until": seen_until,
                "margin_rate": margin_rate,
            },
        )
    return done


def hold_for(as_of: dt.date) -> bool:
    """Tell whether the summaries can be brought to `as_of`: they never go back."""
    return not SummaryState.objects.filter(as_of__gt=as_of).exists()


def current(basis: Basis) -> str:
    """Return a relation with the inputs that follow from the summaries, but no groups.

    For statements that look at few columns; all are read by `read_current`.
    """
    query = replace(basis, groups=NO_GROUPS).inputs_select("clv_accountsummary")
    # Parameters are filled in here, for statements that have others of their own.
    bound: str = mogrify(f"({query})", basis.parameters, connection)
    return bound.replace("%", "%%")


def read_current(basis: Basis, **between: int) -> Inputs:
    """Read the inputs that follow from the summaries, in parallel where it can be."""
    with transaction.atomic():
        allow_parallel()
        return current_inputs(basis, **between)


def inputs_after(done: Refreshed, basis: Basis) -> Inputs:
    """Return what `read_current` would, without reading sums that are at hand.

    Call it in the transaction of the refresh.
    """
    if done.sums is None:
        return read_current(basis)
    with transaction.atomic():
        allow_parallel()
        return inputs_from(done.sums, basis)


def stage_past(*, table: str, basis: Basis) -> None:
    """Work out the inputs as of a past day into `table`; the summaries stay."""
    past = f"({sums_select()})"
    _stage(table, basis.inputs_select(past), basis.parameters)


def sums_select(dirty: str = "") -> str:
    """Return SQL for the sums of all accounts, or of those in `dirty`, as of any day.

    What belongs to merged accounts is counted where it belongs.
    """
    families = list_families()
    own = summary_select(dirty, families=families)
    if not families:
        return own
    return f"{own} UNION ALL {summary_select(families=families, merged=True)}"


def stage_stored(*, table: str, run_id: int) -> None:
    """Copy the inputs that an earlier run stored into `table`.

    Raises
    ------
    RunFailedError
        If the run is from before costs were kept by kind.
    """
    if not ValuationRun.objects.filter(pk=run_id, parameters__has_key="costs").exists():
        raise RunFailedError(
            f"Run {run_id} has not stored costs by kind, so it cannot be worked out"
            " again."
        )
    columns = ", ".join(INPUTS)
    query = f"SELECT account_id, {columns} FROM clv_valuation WHERE run_id = %(run)s"
    _stage(table, query, {"run": run_id})


def drive_anew(table: str, cost_drivers: Mapping[str, str]) -> None:
    """Sum the kinds of cost in a staged table by other drivers."""
    sums = {
        "cost_per_order_kinds": driven_by(CostDriver.ORDER, cost_drivers),
        "cost_over_time_kinds": driven_by(CostDriver.YEAR, cost_drivers),
    }
    new = ", ".join(f"{name} = {total}" for name, total in sums.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} s SET {new}"
            f" WHERE s.cost_per_order_kinds <> {sums['cost_per_order_kinds']}"
        )


def _stage(table: str, query: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(f"CREATE UNLOGGED TABLE {table} AS {query}", params)
        cursor.execute(f"CREATE UNIQUE INDEX ON {table} (account_id)")
        cursor.execute(f"ANALYZE {table} (account_id, order_days, last_on)")


def parameters(as_of: dt.date, margin_rate: Decimal) -> dict[str, Any]:
    """Return the parameters of the statements in `clv.queries.summaries`."""
    return {
        "as_of": as_of,
        "day_before": as_of - dt.timedelta(days=1),
        "rate": margin_rate,
        "rate_e4": int(margin_rate.scaleb(4)),
        "year_days": DAYS_OF_YEAR_SUMS,
        "day_ends_at": day_ends_at(as_of),
    }


def changes_seen_from_here(overlap: dt.timedelta) -> dt.datetime:
    """Return the moment before which everything entered is visible to us from now on.

    A transaction that is still open stamped its rows when it began, so its beginning
    bounds what may appear later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(clock_timestamp(), min(xact_start))"
            " - make_interval(secs => %s)"
            " FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            [overlap.total_seconds()],
        )
        moment: dt.datetime = cursor.fetchone()[0]
    return moment


def _mark_dirty(state: SummaryState, as_of: dt.date) -> str:
    """List the accounts to look at again; return the name of the list.

    Nothing is returned if they are so many that reading all in order is faster.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {DIRTY}")
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE clv_dirty ON COMMIT DROP AS
            {CHANGED}
            UNION
            SELECT account_id FROM clv_accountsummary
                WHERE next_change_on <= %(as_of)s
            UNION
            SELECT id FROM crm_account a WHERE NOT EXISTS (
                SELECT FROM clv_accountsummary s WHERE s.account_id = a.id)
            """,
            {"since": state.changes_until, "as_of": as_of},
        )
        listed = cursor.rowcount
        cursor.execute(f"ANALYZE {DIRTY}")
    known = AccountSummary.objects.count()
    return "" if known > FEW and listed > known * MANY else DIRTY


def _upsert(select: str, params: dict[str, Any]) -> int:
    """Write the selected sums where they differ; return how many did.

    Rows that stay as they are only read: a conflict would lock each, which is a write.
    """
    table = AccountSummary._meta.db_table
    names = ", ".join(SUMS)
    known = ", ".join(f"kept.{name}" for name in SUMS)
    anew = ", ".join(f"s.{name}" for name in SUMS)
    new = ", ".join(f"excluded.{name}" for name in SUMS)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(
            f"""
            INSERT INTO {table} (as_of, account_id, {names})
            SELECT %(as_of)s, s.* FROM ({select}) s
            LEFT JOIN {table} kept ON kept.account_id = s.account_id
            WHERE kept.account_id IS NULL OR ({known}) IS DISTINCT FROM ({anew})
            ON CONFLICT (account_id) DO UPDATE
            SET (as_of, fingerprint, {names}) = (excluded.as_of, 0, {new})
            """,
            params,
        )
        return int(cursor.rowcount)


def _listed(table: str) -> NDArray[np.int64]:
    query = f"SELECT account_id FROM {table} ORDER BY account_id"
    return read_columns(query, {"account_id": "i8"})["account_id"].astype(np.int64)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def list_families() -> str:
    """List who was merged into whom; return the name of the list.

    Everything of a merged account counts for the one at the end of the chain. "" if
    nobody was merged: then nothing is joined.
    """
    if not Account.objects.exclude(merged_into=None).exists():
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {FAMILIES}")
        cursor.execute(
            """
            CREATE TEMPORARY TABLE clv_family ON COMMIT DROP AS
            WITH RECURSIVE family (account_id, member_id) AS (
                SELECT DISTINCT s.id, s.id FROM crm_account s
                    JOIN crm_account m ON m.merged_into_id = s.id
                    WHERE s.merged_into_id IS NULL
                UNION
                SELECT f.account_id, m.id FROM family f
                    JOIN crm_account m ON m.merged_into_id = f.member_id
            ) SELECT * FROM family
            """
        )
        cursor.execute(f"ANALYZE {FAMILIES}")
    return FAMILIES
