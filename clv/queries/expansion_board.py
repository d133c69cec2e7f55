"""Offers of many accounts: what is open, who lacks what, what became of offers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, Sum

from clv.choices import DismissReason, OfferState
from clv.models import (
    ExpansionOffer,
    ExpansionRate,
    OfferDecision,
    Valuation,
    ValuationRun,
)
from clv.policy import SATISFACTION_DAYS
from clv.queries.offer_sets import YEAR, accounts_url
from clv.queries.offers import newest_rates
from common.clock import business_today
from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from common.templatetags.display import quantity
from crm.choices import HoldingStatus, OrderStatus
from crm.models import Account, Holding, OrderLine, Product, Usage, User

PAGE_SIZE = 30
BY_AMOUNT = Sort("amount", "amount", descending=True, parse=Decimal)
BY_NAME = Sort("name", "name", descending=False)
BY_DAY = Sort("day", "decided_on", descending=True, parse=dt.date)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RepLine:
    """One rep's open offers, and what the last year's were decided."""

    name: str
    owner_id: int
    offers: int
    accounts: int
    amount: Decimal
    accepted: int
    dismissed: int
    url: str = ""  # of the accounts, to be told which


@dataclass(frozen=True, slots=True)
class Board:
    """The open offers, dearest first, and their sums by rep."""

    page: Page[ExpansionOffer]
    reps: list[RepLine]
    offers: int
    amount: Decimal


def board(user: User, *, wanted: Mapping[str, Any], cursor: str = "") -> Board:
    """Return the open offers that `user` may see; a flat number of queries."""
    filters = {name: wanted[name] for name in ("offered", "kind") if wanted.get(name)}
    if wanted.get("owner"):
        filters["account__owner"] = wanted["owner"]
    rows = ExpansionOffer.objects.visible_to(user).open(business_today())
    rows = rows.filter(account__merged_into=None, **filters)
    page = keyset_page(
        rows.select_related("account__owner", "base", "offered"),
        sort=BY_AMOUNT,
        cursor=cursor,
        size=PAGE_SIZE,
    )
    reps = _reps(user, rows, filters)
    return Board(
        page=page,
        reps=reps,
        offers=sum(line.offers for line in reps),
        amount=sum((line.amount for line in reps), ZERO),
    )


def _reps(user: User, rows: Any, filters: Mapping[str, Any]) -> list[RepLine]:
    decided = (
        OfferDecision.objects.visible_to(user)
        .filter(withdrawn_at=None, decided_on__gt=business_today() - YEAR, **filters)
        .values("account__owner")
        .annotate(
            accepted=Count("pk", filter=Q(state=OfferState.ACCEPTED)),
            dismissed=Count("pk", filter=Q(state=OfferState.DISMISSED)),
        )
        .order_by()
    )
    known = {row["account__owner"]: row for row in decided}
    none = {"accepted": 0, "dismissed": 0}
    sums = (
        rows.values("account__owner", "account__owner__name")
        .annotate(
            offers=Count("pk"),
            accounts=Count("account", distinct=True),
            total=Sum("amount"),
        )
        .order_by("-total", "account__owner")
    )
    return [
        RepLine(
            name=row["account__owner__name"] or "Nobody",
            owner_id=row["account__owner"] or 0,
            offers=row["offers"],
            accounts=row["accounts"],
            amount=row["total"],
            accepted=known.get(row["account__owner"], none)["accepted"],
            dismissed=known.get(row["account__owner"], none)["dismissed"],
            url=accounts_url(row["account__owner"], filters),
        )
        for row in sums
    ]


# -- Who has one product and not the other ----------------------------------------


@dataclass(frozen=True, slots=True)
class Lacking:
    """One customer who has a product and lacks another; what is unknown is empty."""

    account: Account
    has: str
    chance: float | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class LackingPage:
    """One page of them by name, with cursors of the neighbours."""

    rows: list[Lacking]
    next: str
    previous: str


def lacking(
    user: User, *, base: Product, offered: Product, kind: str, cursor: str = ""
) -> LackingPage:
    """Return customers with `base` and without `offered`, by name; six queries."""
    page = keyset_page(
        Account.objects.active()
        .visible_to(user)
        .filter(_owns(base))
        .exclude(_owns(offered))
        .select_related("owner"),
        sort=BY_NAME,
        cursor=cursor,
        size=PAGE_SIZE,
    )
    rates = {
        rate.size_band: rate
        for rate in ExpansionRate.objects.filter(
            run_id__in=list(newest_rates()), base=base, offered=offered, kind=kind
        )
    }
    alive = _alive([account.pk for account in page])
    has = _held(base, [account.pk for account in page])
    rows = []
    for account in page:
        rate, known = rates.get(account.size_band), alive.get(account.pk)
        chance = None if rate is None or known is None else rate.probability * known
        amount = None
        if rate is not None and chance is not None:
            amount = (Decimal(repr(chance)) * rate.yearly_gain).quantize(CENT)
        rows.append(Lacking(account, has.get(account.pk, ""), chance, amount))
    return LackingPage(rows, page.next, page.previous)


def _owns(product: Product) -> Q:
    """Match accounts that bought or have `product`."""
    lines = OrderLine.objects.filter(
        account=OuterRef("pk"), product=product, status=OrderStatus.CONFIRMED
    )
    held = Holding.objects.filter(account=OuterRef("pk"), product=product)
    return Q(Exists(lines)) | Q(Exists(held))


def _alive(accounts: Sequence[int]) -> dict[int, float | None]:
    run = ValuationRun.objects.current()
    if run is None:
        return {}
    values = Valuation.objects.of_run(run).filter(account__in=accounts)
    return dict(values.values_list("account_id", "probability_alive"))


def _held(product: Product, accounts: Sequence[int]) -> dict[int, str]:
    """Say what each account has of it now, and how it was used last."""
    held = (
        Holding.objects.on_hand()
        .filter(product=product, account__in=accounts)
        .values_list("account_id")
        .annotate(units=Sum("quantity"))
        .order_by("account_id")
    )
    result = {pk: f"{quantity(units)} on hand" for pk, units in held}
    used = (
        Usage.objects.filter(
            holding__product=product,
            holding__account__in=accounts,
            holding__status=HoldingStatus.ACTIVE,
        )
        .order_by("holding__account_id", "-month", "metric")
        .distinct("holding__account_id")
        .values_list("holding__account_id", "metric", "month", "value")
    )
    for pk, metric, month, value in used:
        result[pk] += f", {quantity(value)} {metric} in {month:%b %Y}"
    return result


# -- What became of offers --------------------------------------------------------

# First order, margin less what came back, and how contacts went before and after.
BECAME = """
    SELECT d.id, l.first_on, l.margin, coalesce(l.is_unknown, false),
        t.good_before, t.all_before, t.good_after, t.all_after
    FROM clv_offerdecision d
    LEFT JOIN LATERAL (
        SELECT min(ordered_on) AS first_on, bool_or(cost IS NULL) AS is_unknown,
            sum(revenue - cost + coalesce((
                SELECT sum(r.cost_recovered - r.refund) FROM crm_orderreturn r
                WHERE r.line_id = o.id), 0)) AS margin
        FROM crm_orderline o
        WHERE o.account_id = d.account_id AND o.product_id = d.offered_id
            AND o.status = 'confirmed' AND o.ordered_on >= d.decided_on
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE is_before AND outcome = 'ok') AS good_before,
            count(*) FILTER (WHERE is_before) AS all_before,
            count(*) FILTER (WHERE NOT is_before AND outcome = 'ok') AS good_after,
            count(*) FILTER (WHERE NOT is_before) AS all_after
        FROM (
            SELECT outcome, occurred_at < d.created_at AS is_before
            FROM crm_touchpoint
            WHERE account_id = d.account_id AND voided_at IS NULL
                AND outcome IN ('ok', 'neutral', 'bad')
                AND occurred_at BETWEEN d.created_at - make_interval(days => %(days)s)
                    AND d.created_at + make_interval(days => %(days)s)
        ) around
    ) t ON true
    WHERE d.id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Became:
    """One offer that was taken up, and what came of it."""

    decision: OfferDecision
    bought_on: dt.date | None
    margin: Decimal | None
    is_margin_unknown: bool
    satisfied_before: float | None
    satisfied_after: float | None

    @property
    def expected(self) -> Decimal | None:
        """Return what it was expected to bring within a year."""
        given = self.decision
        if given.probability is None or given.yearly_gain is None:
            return None
        return (Decimal(repr(given.probability)) * given.yearly_gain).quantize(CENT)


@dataclass(frozen=True, slots=True)
class Reason:
    """How often offers were dismissed for one reason."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Offers taken up and what came of them; why others were dismissed."""

    rows: list[Became]
    next: str
    previous: str
    accepted: int
    bought: int
    expected: Decimal
    margin: Decimal
    reasons: list[Reason]


def outcomes(user: User, *, cursor: str = "") -> Outcomes:
    """Return what became of the offers that `user` may see; flat in queries."""
    mine = OfferDecision.objects.visible_to(user).filter(withdrawn_at=None)
    taken = mine.filter(state=OfferState.ACCEPTED)
    page = keyset_page(
        taken.select_related("account", "base", "offered", "decided_by"),
        sort=BY_DAY,
        cursor=cursor,
        size=PAGE_SIZE,
    )
    everything = _became(list(taken))
    of_page = {one.pk: one for one in page}
    rows = [
        Became(of_page[pk], *facts) for pk, facts in everything.items() if pk in of_page
    ]
    order = {one.pk: place for place, one in enumerate(page)}
    whole = [Became(one, *everything[one.pk]) for one in taken if one.pk in everything]
    return Outcomes(
        rows=sorted(rows, key=lambda row: order[row.decision.pk]),
        next=page.next,
        previous=page.previous,
        accepted=len(whole),
        bought=sum(1 for one in whole if one.bought_on),
        expected=sum((one.expected or ZERO for one in whole), ZERO),
        margin=sum((one.margin or ZERO for one in whole), ZERO),
        reasons=_reasons(mine),
    )


def _became(decisions: Sequence[OfferDecision]) -> dict[int, tuple[Any, ...]]:
    ids = [one.pk for one in decisions]
    with connection.cursor() as cursor:
        cursor.execute(BECAME, {"ids": ids, "days": SATISFACTION_DAYS})
        rows = cursor.fetchall()
    return {
        pk: (first_on, margin, unknown, _share(*before), _share(*after))
        for pk, first_on, margin, unknown, *counts in rows
        for before, after in [(counts[:2], counts[2:])]
    }


def _share(good: int, count: int) -> float | None:
    return good / count if count else None


def _reasons(mine: Any) -> list[Reason]:
    rows = (
        mine.filter(state=OfferState.DISMISSED)
        .values_list("reason")
        .annotate(n=Count("pk"))
        .order_by("-n", "reason")
    )
    return [Reason(str(DismissReason(reason).label), n) for reason, n in rows]
