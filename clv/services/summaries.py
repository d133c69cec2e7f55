"""Keeping the sums per account, and handing a run its inputs."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from clv.models import AccountSummary, SummaryState
from clv.policy import DAYS_OF_YEAR_SUMS
from clv.queries.summaries import INPUTS, SUMS, inputs_select, summary_select
from common.clock import day_ends_at

# Clocks of web processes may differ by this much from the database's.
OVERLAP = dt.timedelta(minutes=10)
DIRTY = "pg_temp.clv_dirty"
FEW = 10_000  # accounts that are read fast in any order
MANY = 0.2  # share of accounts from which on all are read in order
WORK_MEMORY = "64MB"  # sorts of a million accounts stay in few runs


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did: accounts looked at again, rows that came out different."""

    accounts: int
    changed: int
    full: bool


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
    `full`, on the first time and after a change of the margin assumption: all.

    Raises
    ------
    ValueError
        If the summaries already hold for a later day.
    """
    seen_until = _changes_seen_from_here(overlap)
    with transaction.atomic():
        state = SummaryState.objects.select_for_update().first()
        if state is not None and state.as_of > as_of:
            raise ValueError(f"the summaries already hold for {state.as_of}")
        params = parameters(as_of, margin_rate)
        dirty = ""
        if not full and state is not None and state.margin_rate == margin_rate:
            dirty = _mark_dirty(state, as_of)
        done = _upsert(dirty, params)
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


def stage_current(*, table: str, as_of: dt.date, margin_rate: Decimal) -> None:
    """Copy the inputs of a run from the summaries into `table`."""
    params = parameters(as_of, margin_rate)
    _stage(table, inputs_select("clv_accountsummary"), params)


def stage_past(*, table: str, as_of: dt.date, margin_rate: Decimal) -> None:
    """Work out the inputs as of a past day into `table`; the summaries stay."""
    past = f"({summary_select()})"
    _stage(table, inputs_select(past), parameters(as_of, margin_rate))


def stage_stored(*, table: str, run_id: int) -> None:
    """Copy the inputs that an earlier run stored into `table`."""
    columns = ", ".join(INPUTS)
    query = f"SELECT account_id, {columns} FROM clv_valuation WHERE run_id = %(run)s"
    _stage(table, query, {"run": run_id})


def _stage(table: str, query: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(f"CREATE UNLOGGED TABLE {table} AS {query}", params)
        cursor.execute(f"ANALYZE {table}")


def parameters(as_of: dt.date, margin_rate: Decimal) -> dict[str, Any]:
    """Return the parameters of the statements in `clv.queries.summaries`."""
    return {
        "as_of": as_of,
        "rate": margin_rate,
        "year_days": DAYS_OF_YEAR_SUMS,
        "day_ends_at": day_ends_at(as_of),
    }


def _changes_seen_from_here(overlap: dt.timedelta) -> dt.datetime:
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
            """
            CREATE TEMPORARY TABLE clv_dirty ON COMMIT DROP AS
            SELECT account_id FROM crm_order WHERE updated_at >= %(since)s
            UNION
            SELECT l.account_id FROM crm_orderreturn r
                JOIN crm_orderline l ON l.id = r.line_id
                WHERE r.created_at >= %(since)s
            UNION
            SELECT account_id FROM crm_ledgerentry
                WHERE created_at >= %(since)s AND account_id IS NOT NULL
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


def _upsert(dirty: str, params: dict[str, Any]) -> Refreshed:
    """Write the sums of the dirty accounts, or of all, where they differ."""
    table = AccountSummary._meta.db_table
    names = ", ".join(SUMS)
    old = ", ".join(f"{table}.{name}" for name in SUMS)
    new = ", ".join(f"excluded.{name}" for name in SUMS)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(
            f"""
            INSERT INTO {table} (as_of, account_id, {names})
            SELECT %(as_of)s, s.* FROM ({summary_select(dirty)}) s
            ON CONFLICT (account_id) DO UPDATE
            SET (as_of, {names}) = (excluded.as_of, {new})
            WHERE ({old}) IS DISTINCT FROM ({new})
            """,
            params,
        )
        changed = cursor.rowcount
        cursor.execute(f"SELECT count(*) FROM {dirty or 'crm_account'}")
        return Refreshed(cursor.fetchone()[0], changed, full=not dirty)
