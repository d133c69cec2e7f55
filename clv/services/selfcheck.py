"""Holding the sums that nights keep up to date against sums worked out anew."""

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from clv.choices import RunKind
from clv.models import AccountSummary, SummaryState, ValuationRun
from clv.policy import SELF_CHECK_WEEKDAY
from clv.queries.summaries import COUNTS, DAYS, SUMS
from clv.services import summaries
from clv.services.resumming import WORK_MEMORY
from clv.services.summaries import CHANGED

log = logging.getLogger(__name__)

MOST_NAMED = 20  # accounts whose differences are told one by one
ANEW = "pg_temp.clv_anew"
KEPT = AccountSummary._meta.db_table


@dataclass(frozen=True, slots=True)
class Difference:
    """One sum of one account that is not what it should be; None is no value."""

    account_id: int
    name: str
    kept: str | None
    anew: str | None

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.name} {self.kept}, anew {self.anew}"


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What a check found: accounts compared, accounts that differ, the first of them.

    An account entered or changed while the check ran is not compared.
    """

    accounts: int
    differing: int
    differences: list[Difference]

    def as_detail(self) -> dict[str, Any]:
        """Return what a step of a run keeps of it."""
        return {
            "accounts": self.accounts,
            "differing": self.differing,
            "differences": [str(one) for one in self.differences],
        }


@transaction.atomic
def check_summaries(*, bring_up: bool = True) -> SelfCheck:
    """Work all sums out anew, as of the day they hold for, and compare to the cent.

    With `bring_up` what was entered meanwhile is added to the sums kept before.
    Whatever differs stays as it is: `refresh_summaries` with `full` mends it.
    """
    seen_until = summaries.changes_seen_from_here(dt.timedelta(0))
    state = SummaryState.objects.first()
    if state is None:
        return SelfCheck(0, 0, [])
    if bring_up:
        summaries.refresh_summaries(as_of=state.as_of, margin_rate=state.margin_rate)
    params = summaries.parameters(state.as_of, state.margin_rate)
    select = summaries.sums_select()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(f"DROP TABLE IF EXISTS {ANEW}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE clv_anew (LIKE {KEPT} INCLUDING DEFAULTS)"
            " ON COMMIT DROP"
        )
        cursor.execute(
            f"INSERT INTO {ANEW} (as_of, account_id, {', '.join(SUMS)})"
            f" SELECT %(as_of)s, s.* FROM ({select}) s",
            params,
        )
        cursor.execute(f"ANALYZE {ANEW} (account_id)")
        since = {"since": seen_until}
        cursor.execute(f"SELECT count(*) {_compared('true')}", since)
        accounts = cursor.fetchone()[0]
        differing, differences = _differences(cursor, since)
        cursor.execute(f"DROP TABLE {ANEW}")
    return SelfCheck(accounts, differing, differences)


def is_due(run: ValuationRun) -> bool:
    """Tell whether a night is the one of the week that checks the sums."""
    is_nightly = run.kind == RunKind.NIGHTLY
    return is_nightly and run.as_of.isoweekday() == SELF_CHECK_WEEKDAY


@transaction.atomic
def check_and_mend(*, bring_up: bool = True) -> SelfCheck:
    """Check the sums, and write them anew if one differs; say what was found."""
    found = check_summaries(bring_up=bring_up)
    state = SummaryState.objects.first()
    if state is not None and found.differing:
        log.error("Sums of %s accounts were wrong and are mended", found.differing)
        summaries.refresh_summaries(
            as_of=state.as_of, margin_rate=state.margin_rate, full=True
        )
    return found


def _compared(condition: str) -> str:
    return f"""
        FROM {ANEW} n FULL JOIN {KEPT} s USING (account_id)
        WHERE {condition} AND account_id NOT IN (
            {CHANGED} UNION SELECT id FROM crm_account WHERE created_at >= %(since)s)
    """


def _shown(relation: str, name: str) -> str:
    """Return SQL for a sum as people read it; money is kept in cents."""
    units = "" if name in DAYS | COUNTS else " * 0.01"
    return f"({relation}.{name}{units})::text"


def _differences(
    cursor: Any, since: dict[str, dt.datetime]
) -> tuple[int, list[Difference]]:
    kept = ", ".join(f"s.{name}" for name in SUMS)
    anew = ", ".join(f"n.{name}" for name in SUMS)
    as_text = ", ".join(f"{_shown('s', name)}, {_shown('n', name)}" for name in SUMS)
    cursor.execute(
        f"""
        SELECT count(*) OVER (), account_id, {as_text}
        {_compared(f"({kept}) IS DISTINCT FROM ({anew})")}
        ORDER BY account_id LIMIT {MOST_NAMED}
        """,
        since,
    )
    rows = cursor.fetchall()
    named = [
        Difference(account_id, name, was, becomes)
        for _, account_id, *values in rows
        for name, was, becomes in zip(SUMS, values[::2], values[1::2], strict=True)
        if was != becomes
    ]
    return (rows[0][0] if rows else 0), named
