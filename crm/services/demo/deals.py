"""Deals of the demo firm: a few open ones per rep, and a year of closed ones."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from crm.choices import DealStatus, Source, Stage
from crm.models import (
    Account,
    Competitor,
    Deal,
    DealChange,
    DealLine,
    DealLossReason,
    DealStage,
    Order,
    Product,
)
from crm.services.demo import words

SEED = 7_001  # beside the firm's own, so that all else stays as it is
PROSPECTS, CUSTOMERS = 60, 60
OPEN_SHARE = 0.45
WON_SHARE = {Stage.PROSPECT: 0.35, Stage.CUSTOMER: 0.55}
LONGEST_IN_STAGE = 32  # days; some stages allow less, so that some deals are stale
YEAR = 365
RIVAL_KNOWN = 0.6  # of the deals
WENT_ELSEWHERE = "Went to a competitor"
TITLES = (
    "New workplaces",
    "Meeting room",
    "Yearly paper supply",
    "Printers and toner",
    "Ergonomic chairs",
    "Move to the new office",
    "Archive and shelves",
)
NOON = dt.time(10, 0)


def store_deals(seed: int, as_of: dt.date) -> None:
    """Store the deals of the first owned accounts; the same input gives the same."""
    rng = np.random.default_rng([seed, SEED])
    stages = list(DealStage.objects.order_by("position"))
    reasons = list(DealLossReason.objects.order_by("name"))
    products = list(Product.objects.exclude(list_price=None).order_by("pk"))
    made: list[Deal] = []
    changes: list[DealChange] = []
    rivals = {rival.name: rival for rival in Competitor.objects.all()}
    for account in _accounts():
        is_open = bool(rng.random() < OPEN_SHARE)
        furthest = int(rng.integers(0, len(stages)))
        deal = _deal(rng, account, stages[furthest], as_of, is_open=is_open)
        if not is_open:
            _close(rng, deal, reasons, as_of)
        deal.rival = rivals.get(deal.competitor)
        steps = _history(rng, deal, stages[: furthest + 1])
        deal.created_at = steps[0].changed_at
        made.append(deal)
        changes += steps
    Deal.objects.bulk_create(made)
    DealChange.objects.bulk_create(changes)
    DealLine.objects.bulk_create(
        line for deal in made for line in _lines(rng, deal, products)
    )


def _accounts() -> list[Account]:
    owned = Account.objects.exclude(owner=None).select_related("owner").order_by("pk")
    prospects = owned.filter(stage=Stage.PROSPECT)[:PROSPECTS]
    customers = owned.filter(stage=Stage.CUSTOMER)[:CUSTOMERS]
    return [*prospects, *customers]


def _deal(
    rng: np.random.Generator,
    account: Account,
    stage: DealStage,
    as_of: dt.date,
    *,
    is_open: bool,
) -> Deal:
    since = as_of - dt.timedelta(days=int(rng.integers(0, LONGEST_IN_STAGE)))
    decided = as_of + dt.timedelta(days=int(rng.integers(-6, 120)))
    return Deal(
        account=account,
        title=TITLES[int(rng.integers(0, len(TITLES)))],
        stage=stage,
        stage_since=_at(since),
        owner=account.owner,
        source=account.source or Source.OUTBOUND.value,
        close_on=decided if is_open else None,
        competitor=_rival(rng),
        created_by=account.owner,
    )


def _rival(rng: np.random.Generator) -> str:
    is_known = rng.random() < RIVAL_KNOWN
    place = int(rng.integers(0, len(words.COMPETITORS)))
    return words.COMPETITORS[place] if is_known else ""


def _close(
    rng: np.random.Generator,
    deal: Deal,
    reasons: Sequence[DealLossReason],
    as_of: dt.date,
) -> None:
    """Win or lose a deal within the last year; a won one has an order if there is."""
    deal.closed_on = as_of - dt.timedelta(days=int(rng.integers(3, YEAR)))
    deal.stage_since = _at(deal.closed_on - dt.timedelta(days=5))
    stage = Stage(deal.account.stage)
    reason = reasons[int(rng.integers(0, len(reasons)))]
    is_won = rng.random() < WON_SHARE[stage]
    order = None
    if is_won and stage == Stage.CUSTOMER:
        orders = Order.objects.confirmed().filter(account=deal.account)
        order = orders.order_by("-ordered_on", "-pk").first()
    if order is None:
        deal.status, deal.loss_reason = DealStatus.LOST, reason
        if reason.name == WENT_ELSEWHERE and not deal.competitor:
            place = deal.account_id % len(words.COMPETITORS)
            deal.competitor = words.COMPETITORS[place]
    else:
        deal.status, deal.order = DealStatus.WON, order
        deal.closed_on = order.ordered_on
        deal.stage_since = _at(order.ordered_on - dt.timedelta(days=5))


def _history(
    rng: np.random.Generator, deal: Deal, passed: Sequence[DealStage]
) -> list[DealChange]:
    """Return the way through the stages up to where the deal stands."""
    steps: list[DealChange] = []
    at = deal.stage_since
    for place in range(len(passed) - 1, -1, -1):
        before = passed[place - 1] if place else None
        steps.append(
            DealChange(
                deal=deal,
                stage=passed[place],
                status=DealStatus.OPEN,
                was_stage=before,
                was_status=DealStatus.OPEN if before else "",
                changed_at=at,
                changed_by=deal.owner,
            )
        )
        at -= dt.timedelta(days=int(rng.integers(3, 20)))
    steps.reverse()
    if deal.closed_on is not None:
        steps.append(
            DealChange(
                deal=deal,
                stage=deal.stage,
                status=deal.status,
                was_stage=deal.stage,
                was_status=DealStatus.OPEN,
                was_since=deal.stage_since,
                changed_at=_at(deal.closed_on),
                changed_by=deal.owner,
            )
        )
    return steps


def _lines(
    rng: np.random.Generator, deal: Deal, products: Sequence[Product]
) -> list[DealLine]:
    chosen = rng.choice(len(products), int(rng.integers(1, 4)), replace=False)
    lines = []
    for product in (products[int(place)] for place in chosen):
        price = product.list_price or Decimal(0)
        lines.append(
            DealLine(
                deal=deal,
                product=product,
                quantity=Decimal(int(rng.integers(1, 40))),
                unit_price=price,
                unit_cost=product.unit_cost,
            )
        )
    return lines


def _at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, NOON, tzinfo=dt.UTC)
