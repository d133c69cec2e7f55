"""What open deals promise: chance to win by stage, margin, and margin expected."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce

from clv import policy
from clv.engine.winning import chances_to_win
from clv.models import Assumptions, ValuationRun
from common.clock import months_later
from common.money import ZERO, to_cents
from common.templatetags.display import count as write_count
from common.templatetags.display import share as write_share
from crm.choices import DealStatus, OrderStatus
from crm.models import Deal, DealLine, DealStage, Order


@dataclass(frozen=True, slots=True)
class StageChance:
    """How many of the deals that passed one stage were won, and what that says."""

    stage: DealStage
    won: int
    lost: int
    chance: float
    low: float
    high: float

    @property
    def closed(self) -> int:
        return self.won + self.lost

    @property
    def sentence(self) -> str:
        """Say where the chance comes from."""
        stated = f"the {write_share(self.stage.prior_chance)} stated for the stage"
        if not self.closed:
            return f"{stated}: no deal that passed it has closed yet"
        word = "deal" if self.closed == 1 else "deals"
        return (
            f"{write_count(self.won)} of {write_count(self.closed)} closed {word} that"
            f" passed it were won; drawn towards {stated}, which counts as"
            f" {policy.STAGE_PRIOR_WEIGHT:.0f} deals"
        )


def stage_chances() -> dict[int, StageChance]:
    """Return the chance to win of each stage, by its key and in the stages' order.

    A deal passed the stages between the first and the furthest that it was put into,
    those that it jumped over included.
    """
    stages = list(DealStage.objects.order_by("position", "pk"))
    with connection.cursor() as cursor:
        cursor.execute(PASSED)
        counts = {key: (won, lost) for key, won, lost in cursor.fetchall()}
    won = [counts.get(stage.pk, (0, 0))[0] for stage in stages]
    lost = [counts.get(stage.pk, (0, 0))[1] for stage in stages]
    found = chances_to_win(
        won,
        lost,
        [float(stage.prior_chance) for stage in stages],
        policy.STAGE_PRIOR_WEIGHT,
    )
    columns = zip(stages, won, lost, found.mean, found.low, found.high, strict=True)
    return {
        stage.pk: StageChance(stage, w, n, float(mean), float(low), float(high))
        for stage, w, n, mean, low, high in columns
    }


PASSED = """
    SELECT s.id, count(*) FILTER (WHERE d.status = 'won'),
        count(*) FILTER (WHERE d.status = 'lost')
    FROM (
        SELECT d.id, d.status, min(reached.position) AS first,
            max(reached.position) AS furthest
        FROM crm_deal d JOIN crm_dealchange c ON c.deal_id = d.id
        JOIN crm_dealstage reached ON reached.id = c.stage_id
        WHERE d.status <> 'open' GROUP BY d.id, d.status
    ) d JOIN crm_dealstage s ON s.position BETWEEN d.first AND d.furthest
    GROUP BY s.id
"""


SUMS_OF_LINES = ("line_count", "revenue", "margin_known", "revenue_unknown")


@dataclass(frozen=True, slots=True)
class Worth:
    """Margin of some lines: what is known, and what is taken where no cost is known."""

    revenue: Decimal
    margin_known: Decimal
    margin_assumed: Decimal
    has_lines: bool = True

    @property
    def margin(self) -> Decimal | None:
        """Return the margin, None where nothing is known of what is sold."""
        return self.margin_known + self.margin_assumed if self.has_lines else None


@dataclass(frozen=True, slots=True)
class DealWorth:
    """One deal with its margin and its chance; `deal` carries the sums of its lines."""

    deal: Deal
    worth: Worth
    chance: float
    stage: StageChance

    @property
    def margin(self) -> Decimal | None:
        return self.worth.margin

    @property
    def is_assumed(self) -> bool:
        """Tell whether a part of the margin is assumed."""
        return self.worth.margin_assumed != 0

    @property
    def expected_margin(self) -> Decimal | None:
        """Return chance × margin, None where the margin is not known."""
        return None if self.margin is None else weighted(self.margin, self.chance)


def weighted(margin: Decimal, chance: float) -> Decimal:
    return to_cents(margin * Decimal(repr(chance)))


class Weighing:
    """Knows every stage's chance and the margin assumed, to weigh deals with."""

    def __init__(self, run: ValuationRun | None = None) -> None:
        self.chances = stage_chances()
        assumptions = run.assumptions if run else None
        assumptions = assumptions or Assumptions.objects.current()
        self.rate: Decimal = assumptions.margin_rate_if_cost_unknown

    def deal(self, deal: Deal) -> DealWorth:
        """Weigh one deal that was read `with_sums`."""
        stage = self.chances[deal.stage_id]
        closed = {DealStatus.WON.value: 1.0, DealStatus.LOST.value: 0.0}
        chance = closed.get(deal.status, stage.chance)
        return DealWorth(deal, self.worth(deal), chance, stage)

    def worth(self, deal: Any) -> Worth:
        return Worth(
            revenue=deal.revenue,
            margin_known=deal.margin_known,
            margin_assumed=to_cents(self.rate * deal.revenue_unknown),
            has_lines=bool(deal.line_count),
        )

    def expected_of_open(self, deal: Any) -> Decimal:
        """Return chance × margin of an open deal, nothing where it is not known."""
        margin = self.worth(deal).margin
        chance = self.chances[deal.stage_id].chance
        return ZERO if margin is None else weighted(margin, chance)

    def margin_of_lines(self) -> Any:
        """Return the margin of a deal read `with_sums`, for the database to sort by."""
        return F("margin_known") + F("revenue_unknown") * self.rate


@dataclass(frozen=True, slots=True)
class StageTotal:
    """All deals of one stage that somebody may see."""

    chance: StageChance
    count: int
    margin: Decimal

    @property
    def expected_margin(self) -> Decimal:
        return weighted(self.margin, self.chance.chance)


def stage_totals(deals: QuerySet[Deal], weighing: Weighing) -> dict[int, StageTotal]:
    """Return count and margin of `deals` per stage; stages without deals included."""
    by_stage = deals.order_by().values("stage").annotate(n=Count("pk"))
    counts = dict(by_stage.values_list("stage", "n"))
    lines = DealLine.objects.filter(deal__in=deals.order_by().values("pk")).order_by()
    sums = lines.values("deal__stage").annotate(**MARGIN_SUMS)
    margins = {
        stage: (known or ZERO) + to_cents(weighing.rate * (unknown or ZERO))
        for stage, known, unknown in sums.values_list("deal__stage", *MARGIN_SUMS)
    }
    return {
        key: StageTotal(chance, counts.get(key, 0), margins.get(key, ZERO))
        for key, chance in weighing.chances.items()
    }


MARGIN_SUMS = {
    "known": Sum(F("revenue") - F("cost"), filter=Q(cost__isnull=False)),
    "unknown": Sum("revenue", filter=Q(cost=None)),
}


# -- By month, beside the forecast ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class DealMonth:
    """Margin expected of open deals that are to be decided in one month.

    `month` is None for deals whose day is past or not given. Deals of accounts that
    never ordered stand beside the forecast, which holds customers only; deals of
    customers lie within what the model expects of them anyway.
    """

    month: dt.date | None
    of_prospects: Decimal
    of_customers: Decimal
    prospect_count: int
    customer_count: int


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """Open deals by month of decision, oldest first, those without a month last."""

    months: Sequence[DealMonth]

    @property
    def of_prospects(self) -> Decimal:
        return sum((one.of_prospects for one in self.months), ZERO)

    @property
    def of_customers(self) -> Decimal:
        return sum((one.of_customers for one in self.months), ZERO)


def open_deals(*, run: ValuationRun, today: dt.date) -> OpenDeals | None:
    """Return what open deals are expected to bring by month, None without any.

    A customer is an account that had ordered by the day of `run`: only those are in
    its forecast.
    """
    weighing = Weighing(run)
    deals = Deal.objects.open().with_sums().annotate(is_customer=_had_ordered(run))
    columns = ("stage_id", "close_on", "is_customer", *SUMS_OF_LINES)
    months: dict[dt.date | None, _Sums] = {}
    # Columns alone: thousands of deals are summed up to a dozen months.
    for deal in deals.order_by().values_list(*columns, named=True):
        close_on = deal.close_on
        is_to_come = close_on is not None and close_on >= today
        month = close_on.replace(day=1) if close_on and is_to_come else None
        sums = months.setdefault(month, _Sums())
        sums.add(weighing.expected_of_open(deal), is_customer=deal.is_customer)
    if not months:
        return None
    ordered_months = sorted(months, key=lambda month: month or dt.date.max)
    return OpenDeals([months[month].row(month) for month in ordered_months])


def _had_ordered(run: ValuationRun) -> Exists:
    """Match deals of accounts that had ordered by the day of `run`."""
    return Exists(
        Order.objects.filter(
            account=OuterRef("account"),
            status=OrderStatus.CONFIRMED,
            ordered_on__lte=run.as_of,
        )
    )


def accounts_deciding(
    *, run: ValuationRun, today: dt.date, month: dt.date | None, is_customer: bool
) -> QuerySet[Any]:
    """Return the ids of accounts with open deals to be decided in a month.

    Without a month those whose day is past or not given, as `DealMonth` has them.
    """
    ordered = _had_ordered(run)
    rows = Deal.objects.open().filter(ordered if is_customer else ~ordered).order_by()
    if month is None:
        rows = rows.filter(Q(close_on=None) | Q(close_on__lt=today))
    else:
        until = months_later(month, 1)
        rows = rows.filter(close_on__gte=max(month, today), close_on__lt=until)
    survivor = Coalesce("account__merged_into", "account")
    return rows.values_list(survivor, flat=True)


class _Sums:
    def __init__(self) -> None:
        self.margin = {True: ZERO, False: ZERO}
        self.count = {True: 0, False: 0}

    def add(self, expected: Decimal, *, is_customer: bool) -> None:
        self.count[is_customer] += 1
        self.margin[is_customer] += expected

    def row(self, month: dt.date | None) -> DealMonth:
        return DealMonth(
            month=month,
            of_prospects=self.margin[False],
            of_customers=self.margin[True],
            prospect_count=self.count[False],
            customer_count=self.count[True],
        )
