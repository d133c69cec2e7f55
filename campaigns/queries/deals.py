"""Deals with the customer's worth beside them: the board, the list, one deal."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from campaigns.queries.discounts import DiscountWeighed, discounts_weighed
from clv.models import LikeGroup, Valuation, ValuationRun
from clv.queries.deals import DealWorth, StageTotal, Weighing, stage_totals, weighted
from clv.queries.prospects import Prospect
from common.clock import business_today
from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from crm.choices import DealStatus
from crm.models import Deal, DealLossReason, DealStage, Task, User
from crm.models.deals import DealQuerySet
from segments.choices import WorthClass
from segments.models import Membership

CARDS = 30  # of one stage; the list has the rest
PAGE_SIZE = 50
DEFAULT_SORT = "-margin"


@dataclass(frozen=True, slots=True)
class ProspectWorth:
    """What winning one account without orders promises, by its own open deal."""

    prospect: Prospect
    chance: float

    @property
    def worth_once_won(self) -> Decimal:
        return Decimal(self.prospect.like.worth_once_won)

    @property
    def pay_at_most(self) -> Decimal:
        """Return how much more winning it may cost before it no longer pays."""
        limit = weighted(self.worth_once_won, self.chance)
        return max(limit - self.prospect.used, ZERO)


@dataclass(frozen=True, slots=True)
class Card:
    """One deal with what matters beside it; None where something is not known."""

    one: DealWorth
    clv: Decimal | None
    worth_class: WorthClass | None
    prospect: ProspectWorth | None
    next_task: Task | None
    weighed: DiscountWeighed
    today: dt.date

    @property
    def deal(self) -> Deal:
        return self.one.deal

    @property
    def days(self) -> int:
        return self.deal.days_in_stage(self.today)

    @property
    def is_stale(self) -> bool:
        return self.deal.is_stale(self.today)

    @property
    def is_overdue(self) -> bool:
        """Tell whether the day of the decision has passed."""
        close_on = self.deal.close_on
        return self.deal.is_open and close_on is not None and close_on < self.today


@dataclass(frozen=True, slots=True)
class Column:
    """One stage of the board with its first cards; the sums are of all its deals."""

    total: StageTotal
    cards: Sequence[Card]

    @property
    def stage(self) -> DealStage:
        return self.total.chance.stage

    @property
    def hidden(self) -> int:
        return self.total.count - len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """Open deals by stage."""

    columns: Sequence[Column]

    @property
    def count(self) -> int:
        return sum(column.total.count for column in self.columns)

    @property
    def margin(self) -> Decimal:
        return sum((column.total.margin for column in self.columns), ZERO)

    @property
    def expected_margin(self) -> Decimal:
        return sum((column.total.expected_margin for column in self.columns), ZERO)


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What board and list are narrowed to. Empty means all."""

    search: str = ""
    owner: User | None = None
    is_stale: bool = False
    status: str = DealStatus.OPEN
    stage: DealStage | None = None
    sort: str = DEFAULT_SORT

    @property
    def is_narrow(self) -> bool:
        return bool(self.search or self.owner or self.is_stale or self.stage)


def deals_of(user: User, wanted: DealFilter) -> DealQuerySet:
    """Return the deals that `user` may see, narrowed but unordered."""
    rows = Deal.objects.visible_to(user)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.is_stale:
        rows = rows.stale()
    if wanted.stage:
        rows = rows.filter(stage=wanted.stage)
    if wanted.owner:
        rows = rows.filter(owner=wanted.owner)
    if wanted.search:
        text = wanted.search
        rows = rows.filter(Q(title__icontains=text) | Q(account__name__icontains=text))
    return rows


def board(*, user: User, wanted: DealFilter) -> Board:
    """Return the open deals by stage, those of most margin first."""
    weighing = Weighing(_run())
    rows = deals_of(user, wanted)
    totals = stage_totals(rows, weighing)
    place = Window(
        RowNumber(),
        partition_by=[F("stage")],
        order_by=[F("margin").desc(), F("pk").asc()],
    )
    first = (
        rows.with_sums()
        .annotate(margin=weighing.margin_of_lines())
        .annotate(place=place)
        .filter(place__lte=CARDS)
        .select_related("account", "stage", "owner", "contact")
        .order_by("place")
    )
    by_stage: dict[int, list[Card]] = {}
    for card in cards(first, weighing):
        by_stage.setdefault(card.deal.stage_id, []).append(card)
    return Board(
        [
            Column(total, by_stage.get(key, []))
            for key, total in totals.items()
            if total.chance.stage.is_active or total.count
        ]
    )


def cards(deals: Iterable[Deal], weighing: Weighing | None = None) -> list[Card]:
    """Put the customer's worth and the next task beside each deal."""
    found = list(deals)
    run = _run()
    weighing = weighing or Weighing(run)
    accounts = [deal.account_id for deal in found]
    values = _values(run, accounts)
    likes = _likes(run, values.values())
    rows = Membership.objects.open().filter(account_id__in=accounts)
    classes = dict(rows.values_list("account_id", "worth_class"))
    tasks = _next_tasks([deal.pk for deal in found])
    given = discounts_weighed(found)
    today = business_today()
    return [
        _card(
            weighing.deal(deal),
            values.get(deal.account_id),
            likes,
            worth_class=classes.get(deal.account_id),
            task=tasks.get(deal.pk),
            weighed=given[deal.pk],
            today=today,
        )
        for deal in found
    ]


def _card(
    one: DealWorth,
    value: Valuation | None,
    likes: dict[int, LikeGroup],
    *,
    worth_class: str | None,
    task: Task | None,
    weighed: DiscountWeighed,
    today: dt.date,
) -> Card:
    is_prospect = value is not None and value.order_days == 0
    prospect = None
    if value is not None and is_prospect and value.trait_code in likes:
        known = Prospect(one.deal.account, value, likes[value.trait_code])
        prospect = ProspectWorth(known, one.chance)
    return Card(
        one=one,
        clv=None if value is None or is_prospect else value.clv,
        worth_class=WorthClass(worth_class) if worth_class else None,
        prospect=prospect,
        next_task=task,
        weighed=weighed,
        today=today,
    )


def _run() -> ValuationRun | None:
    return ValuationRun.objects.select_related("assumptions").current()


def _values(run: ValuationRun | None, accounts: list[int]) -> dict[int, Valuation]:
    if run is None:
        return {}
    rows = Valuation.objects.of_run(run).filter(account_id__in=accounts)
    return {value.account_id: value for value in rows}


def _likes(
    run: ValuationRun | None, values: Iterable[Valuation]
) -> dict[int, LikeGroup]:
    """Return the customers like those accounts that never ordered, by trait code."""
    codes = {value.trait_code for value in values if value.order_days == 0}
    rows = LikeGroup.objects.filter(run=run, trait_code__in=codes)
    return {like.trait_code: like for like in rows}


def _next_tasks(deals: list[int]) -> dict[int, Task]:
    rows = Task.objects.open().filter(deal_id__in=deals)
    firsts = rows.order_by("deal_id", "due_on", "pk").distinct("deal_id")
    return {task.deal_id: task for task in firsts if task.deal_id}


# -- The list ------------------------------------------------------------------------

# Which columns can be sorted, the field behind each, and the kind of its values.
_FIELDS: dict[str, tuple[str, type, bool]] = {
    "margin": ("margin", Decimal, False),
    "title": ("title", str, False),
    "account": ("account__name", str, False),
    "stage": ("stage__position", int, False),
    "close": ("close_on", dt.date, True),
    "since": ("stage_since", dt.datetime, False),
}


def sort_of(wanted: str) -> Sort:
    """Read a sort such as ``-margin``; what cannot be sorted by falls back."""
    key = wanted.removeprefix("-")
    if key not in _FIELDS:
        wanted, key = DEFAULT_SORT, DEFAULT_SORT.removeprefix("-")
    field, kind, nullable = _FIELDS[key]
    return Sort(
        key=key,
        field=field,
        descending=wanted.startswith("-"),
        parse=kind,
        nullable=nullable,
    )


def deal_page(*, user: User, wanted: DealFilter, cursor: str = "") -> Page[Any]:
    """Return one page of cards for the list; cursors as `keyset_page` gives them."""
    weighing = Weighing(_run())
    rows = deals_of(user, wanted).with_sums()
    rows = rows.annotate(margin=weighing.margin_of_lines())
    rows = rows.select_related("account", "stage", "owner", "loss_reason")
    found = keyset_page(rows, sort=sort_of(wanted.sort), cursor=cursor, size=PAGE_SIZE)
    shown: list[Any] = cards(found, weighing)
    return Page(shown, found.next, found.previous)


def deal_card(deal: Deal) -> Card:
    """Return one deal with its sums and what stands beside it."""
    rows = Deal.objects.with_sums().select_related(
        "account", "stage", "owner", "contact", "loss_reason", "order", "created_by"
    )
    return cards([rows.get(pk=deal.pk)])[0]


@dataclass(frozen=True, slots=True)
class LossReasonCount:
    """One reason with how many deals were lost for it."""

    reason: DealLossReason
    count: int


def loss_reasons() -> list[LossReasonCount]:
    rows = DealLossReason.objects.annotate(n=Count("deals")).order_by("name")
    return [LossReasonCount(row, row.n) for row in rows]
