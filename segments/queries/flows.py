"""Who changed class between two nights, by name, and the flow into and out of one."""

from dataclasses import dataclass
from decimal import Decimal

from clv.models import ValuationRun
from common.kept import kept_rows
from segments.choices import WorthClass
from segments.queries.migration import (
    LATER,
    TOUCHED,
    VALUED,
    ZERO,
    cells_of,
    class_of,
    days_of,
)
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Mover:
    """One account of a cell."""

    account_id: int
    name: str
    was: WorthClass | None
    becomes: WorthClass | None
    clv_before: Decimal | None
    clv_after: Decimal | None
    reason: str

    @property
    def clv_change(self) -> Decimal | None:
        if self.clv_before is None or self.clv_after is None:
            return None
        return self.clv_after - self.clv_before


NAMES = f"""
    SELECT p.account_id, account.name, p.was, p.becomes, vb.clv, va.clv,
        coalesce(entered.reason, '')
    FROM ({TOUCHED}) p
    JOIN crm_account account
        ON account.id = p.account_id AND account.merged_into_id IS NULL
    {VALUED}
    LEFT JOIN LATERAL (
        SELECT reason FROM segments_membership m
        WHERE m.account_id = p.account_id AND {LATER}
    ) entered ON true
    WHERE p.was IS DISTINCT FROM p.becomes
        {{only}}
    ORDER BY greatest(abs(vb.clv), abs(va.clv)) DESC NULLS LAST, p.account_id
    LIMIT %(size)s
"""


def movers(
    before: ValuationRun,
    run: ValuationRun,
    *,
    scope: Scope,
    into: WorthClass | None = None,
    out_of: WorthClass | None = None,
    size: int = MOST_NAMED,
) -> list[Mover]:
    """Return who in scope changed class, most money first; into or out of one."""
    only, more = accounts_in(scope, "p.account_id")
    if into is not None:
        only += " AND p.becomes = %(into)s"
    if out_of is not None:
        only += " AND p.was = %(out_of)s"
    params = {
        **days_of(before, run),
        **more,
        "into": into.value if into else None,
        "out_of": out_of.value if out_of else None,
        "size": size,
    }
    return [
        Mover(pk, name, class_of(was), class_of(becomes), *rest)
        for pk, name, was, becomes, *rest in kept_rows(NAMES.format(only=only), params)
    ]


@dataclass(frozen=True, slots=True)
class ClassFlow:
    """How many came into a class and left it between two nights, with their CLV."""

    came: int
    came_clv: Decimal
    left: int
    left_clv: Decimal

    @property
    def net(self) -> int:
        return self.came - self.left


def flow_of(
    before: ValuationRun, run: ValuationRun, worth_class: WorthClass, *, scope: Scope
) -> ClassFlow:
    """Return the flow of one class in scope; who came counts with the later CLV."""
    only, more = accounts_in(scope, "p.account_id")
    cells = [
        cell
        for cell in cells_of(TOUCHED, before, run, only=only, more=more)
        if cell.is_move
    ]
    came = [cell for cell in cells if cell.becomes == worth_class]
    left = [cell for cell in cells if cell.was == worth_class]
    return ClassFlow(
        came=sum(cell.accounts for cell in came),
        came_clv=sum((cell.clv_after for cell in came), ZERO),
        left=sum(cell.accounts for cell in left),
        left_clv=sum((cell.clv_before for cell in left), ZERO),
    )
