"""What nights keep of the places where margin is lost: sums, and who is behind each.

Of the twelve months up to the night's day. Sums by place, class and type of
relationship answer the page of the whole firm and of one owner, territory or industry;
anything narrower is summed from the findings of its accounts. Another period is summed
from the lines and costs themselves, see `segments.queries.opportunities`.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clv.models import ValuationRun
from common.kept import marks_of
from segments.choices import LeverCause
from segments.models import LeverFinding, StoredFigures
from segments.queries.narrowed import stored_name
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Period, Scope, usual_period
from segments.queries.stored import may_be_older

MARGIN = "margin"  # the block: marks, then sums
READ = (
    "crm_orderline",
    "crm_orderreturn",
    "crm_ledgerentry",
    "crm_account",
    "segments_membership",
)
Row = tuple[Any, ...]

OF_ACCOUNTS = """
    SELECT b.cause, b.key, sum(b.money), max(b.usual),
        sum(b.base) FILTER (WHERE b.is_hit), count(*) FILTER (WHERE b.is_hit)
    FROM segments_leverfinding b WHERE b.run_id = %(run)s{scope}
    GROUP BY b.cause, b.key HAVING bool_or(b.is_hit)"""


def night_rows(scope: Scope) -> list[Row] | None:
    """Return cause, key, money, usual, base and hits of each place in scope.

    None where no night has kept what the scope asks for, or not lately enough.
    """
    run = scope.run
    if run is None or scope.day != run.as_of:
        return None
    block = _block_of(run, scope.period)
    if block is None:
        return None
    name = stored_name(scope, MARGIN)
    if name is None:
        return _of_accounts(run, scope) if run.is_current else None
    if name == MARGIN:
        return _of_scope(block.rows[1:], scope)
    found = StoredFigures.objects.filter(run=run, block=name).first()
    if found is None and not run.is_current:
        return None
    return _of_scope(found.rows if found else [], scope)


def hits(
    cause: LeverCause, key: str, since: dt.date, until: dt.date
) -> QuerySet[LeverFinding] | None:
    """Return the findings of the accounts behind one place; None if none are kept."""
    run = ValuationRun.objects.current()
    if run is None or _block_of(run, Period(since, until)) is None:
        return None
    return LeverFinding.objects.filter(run=run, cause=cause, key=key, is_hit=True)


def _block_of(run: ValuationRun, period: Period) -> StoredFigures | None:
    """Return the firm's sums of a night if they are of that period and count still."""
    if period != usual_period(run.as_of):
        return None
    found = StoredFigures.objects.filter(run=run, block=MARGIN).first()
    if found is None:
        return None
    return found if found.rows[0] == marks_of(*READ) or may_be_older(found) else None


def _of_accounts(run: ValuationRun, scope: Scope) -> list[Row]:
    condition, given = accounts_in(scope, "b.account_id")
    with connection.cursor() as cursor:
        cursor.execute(OF_ACCOUNTS.format(scope=condition), given | {"run": run.pk})
        return list(cursor.fetchall())


def _of_scope(rows: Iterable[Any], scope: Scope) -> list[Row]:
    """Sum up by place the rows of the class and the type that are asked for."""
    classes = {scope.worth_class.value} if scope.worth_class else None
    types = {scope.relationship.value} if scope.relationship else None
    found: dict[tuple[str, str], Row] = {}
    for cause, key, worth_class, relationship, *sums in rows:
        if classes is not None and worth_class not in classes:
            continue
        if types is not None and relationship not in types:
            continue
        place = found.get((cause, key), (None, None, None, 0))
        found[cause, key] = _added(place, sums)
    return [(*place, *sums) for place, sums in found.items() if sums[-1]]


def _added(place: Row, sums: list[Any]) -> Row:
    money, usual, base = (None if one is None else Decimal(one) for one in sums[:3])
    return (
        _plus(place[0], money),
        usual if place[1] is None else max(place[1], usual or place[1]),
        _plus(place[2], base),
        place[3] + sums[3],
    )


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Add as SQL sums: what is not known adds nothing, and is not zero by itself."""
    if one is None or other is None:
        return other if one is None else one
    return one + other
