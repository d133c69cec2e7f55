"""What one account could have beside or instead of what it has, and why."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from clv.choices import OfferKind
from clv.models import ExpansionRate, OfferDecision, Valuation, ValuationRun
from clv.queries.expansion import PAIRS
from common.clock import business_today
from common.templatetags.display import day, quantity
from crm.choices import HoldingStatus
from crm.models import Account, Complement, Holding, Product, Usage

CENT = Decimal("0.01")
FAR_AHEAD_DAYS = 183

# Since when an account has each product, by its orders and holdings.
OWNED_SINCE = """
    SELECT product_id, min(since) FROM (
        SELECT product_id, ordered_on AS since FROM crm_orderline
        WHERE account_id = %(account)s AND status = 'confirmed'
            AND product_id IS NOT NULL
        UNION ALL
        SELECT product_id, acquired_on FROM crm_holding WHERE account_id = %(account)s
    ) seen GROUP BY product_id
"""
GAPS = f"""
    WITH pair AS ({PAIRS})
    SELECT base, offered, kind FROM pair
    WHERE base = ANY(%(owned)s) AND NOT offered = ANY(%(owned)s)
    ORDER BY kind, base, offered
"""

# What comes again by itself: days with orders of one product, their usual distance and
# mean margin; empty where a cost is not known.
REPEATS = """
    SELECT product_id, max(ordered_on), count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), avg(margin),
        bool_or(margin IS NULL)
    FROM (
        SELECT product_id, ordered_on, margin, ordered_on - lag(ordered_on) OVER (
            PARTITION BY product_id ORDER BY ordered_on) AS gap
        FROM (
            SELECT product_id, ordered_on,
                CASE WHEN bool_or(cost IS NULL) THEN NULL
                    ELSE sum(revenue - cost) END AS margin
            FROM crm_orderline
            WHERE account_id = %(account)s AND status = 'confirmed'
                AND product_id IS NOT NULL
            GROUP BY product_id, ordered_on
        ) days
    ) gaps
    GROUP BY product_id HAVING count(*) >= 3
"""
MOST_GAPS_MISSED = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """One product that an account lacks; what is not known is empty.

    `chance` is that of buying within a year and of still being a customer.
    """

    base: Product
    offered: Product
    kind: str
    link_reason: str
    rate: ExpansionRate | None
    chance: float | None
    amount: Decimal | None
    by_on: dt.date | None
    use: str
    decision: OfferDecision | None

    @property
    def is_upgrade(self) -> bool:
        return self.kind == OfferKind.UPGRADE

    @property
    def why(self) -> str:
        """Say what it goes with, and what like accounts did."""
        word = "Instead of" if self.is_upgrade else "Goes with"
        told = f": {self.link_reason}" if self.link_reason else ""
        return f"{word} {self.base}{told}"

    @property
    def seen(self) -> str:
        if self.rate is None:
            return "What it would bring is not known: too little of it was sold."
        return f"{self.rate.seen[0].upper()}{self.rate.seen[1:]}."

    @property
    def when(self) -> str:
        """Say by when half of the buyers had it."""
        if self.by_on is None:
            return "not known"
        if self.by_on <= business_today():
            return "any time now"
        return f"by {day(self.by_on)}"


@dataclass(frozen=True, slots=True)
class NextOrder:
    """The product that is due again soonest."""

    product: Product
    due_on: dt.date
    every_days: int
    last_on: dt.date
    margin: Decimal | None
    chance: float | None

    @property
    def amount(self) -> Decimal | None:
        if self.margin is None or self.chance is None:
            return None
        return (self.margin * Decimal(repr(self.chance))).quantize(CENT)

    @property
    def is_late(self) -> bool:
        return self.due_on < business_today()


@dataclass(frozen=True, slots=True)
class Offers:
    """What could come next: by itself, and by being offered."""

    next_order: NextOrder | None
    open: list[Offer]
    decided: list[Offer]

    @property
    def next_new(self) -> Offer | None:
        """Return the likeliest new product."""
        known = [offer for offer in self.open if offer.chance]
        return max(known, key=lambda one: one.chance or 0.0, default=None)

    @property
    def total(self) -> Decimal:
        return sum((one.amount or Decimal(0) for one in self.open), Decimal(0))


def offers_of(account: Account) -> Offers:
    """Return what `account` lacks of what goes with what it has, dearest first."""
    owned = dict(_rows(OWNED_SINCE, {"account": account.pk}))
    gaps = _rows(GAPS, {"owned": list(owned)})
    alive = _alive(account)
    context = _Context(
        owned=owned,
        products=Product.objects.in_bulk(
            [*owned, *(pk for gap in gaps for pk in gap[:2])]
        ),
        reasons=_reasons(gaps),
        rates=_rates(account, gaps),
        uses=_uses(account),
        decisions=_decisions(account),
        alive=alive,
    )
    best: dict[int, Offer] = {}
    for base, offered, kind in gaps:
        offer = context.offer(base, offered, kind)
        known = best.get(offered)
        if known is None or (offer.amount or -1) > (known.amount or -1):
            best[offered] = offer
    ordered = sorted(best.values(), key=_dearest_first)
    return Offers(
        next_order=_next_order(account, context),
        open=[one for one in ordered if one.decision is None],
        decided=[one for one in ordered if one.decision is not None],
    )


def newest_rates() -> Any:
    """Return the run whose rates count, for use in other queries."""
    rates = ExpansionRate.objects.order_by("-run__as_of", "-run_id")
    return rates.values_list("run_id", flat=True)[:1]


def _dearest_first(offer: Offer) -> tuple[bool, Decimal, str]:
    return offer.amount is None, -(offer.amount or Decimal(0)), offer.offered.name


@dataclass(frozen=True, slots=True)
class _Context:
    """All that is known around the gaps of one account."""

    owned: Mapping[int, dt.date]
    products: Mapping[int, Product]
    reasons: Mapping[tuple[int, int], str]
    rates: Mapping[tuple[int, int, str], ExpansionRate]
    uses: Mapping[int, str]
    decisions: Mapping[int, OfferDecision]
    alive: float | None

    def offer(self, base: int, offered: int, kind: str) -> Offer:
        rate = self.rates.get((base, offered, kind))
        chance = amount = by_on = None
        if rate is not None and self.alive is not None:
            chance = rate.probability * self.alive
            amount = (Decimal(repr(chance)) * rate.yearly_gain).quantize(CENT)
        if rate is not None and rate.lag_days is not None:
            by_on = self.owned[base] + dt.timedelta(days=rate.lag_days)
        product = self.products[base]
        reason = self.reasons.get((base, offered), "")
        if kind == OfferKind.UPGRADE:
            reason = product.upgrade_reason
        return Offer(
            base=product,
            offered=self.products[offered],
            kind=kind,
            link_reason=reason,
            rate=rate,
            chance=chance,
            amount=amount,
            by_on=by_on,
            use=self.uses.get(base, "") if kind == OfferKind.UPGRADE else "",
            decision=self.decisions.get(offered),
        )


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _alive(account: Account) -> float | None:
    run = ValuationRun.objects.current()
    if run is None:
        return None
    value = Valuation.objects.of_run(run).filter(account=account).first()
    return value.probability_alive if value else None


def _reasons(gaps: Sequence[tuple[Any, ...]]) -> dict[tuple[int, int], str]:
    bases = {base for base, _, kind in gaps if kind == OfferKind.COMPLEMENT}
    rows = Complement.objects.filter(from_product__in=bases).exclude(reason="")
    found = rows.values_list("from_product_id", "to_product_id", "reason")
    return {(base, offered): reason for base, offered, reason in found}


def _rates(
    account: Account, gaps: Sequence[tuple[Any, ...]]
) -> dict[tuple[int, int, str], ExpansionRate]:
    rows = ExpansionRate.objects.filter(
        run_id__in=list(newest_rates()),
        size_band=account.size_band,
        base_id__in={gap[0] for gap in gaps},
    )
    return {(row.base_id, row.offered_id, row.kind): row for row in rows}


def _uses(account: Account) -> dict[int, str]:
    """Say of each product on hand how much there is, and how it was used last."""
    held = Holding.objects.on_hand().filter(account=account)
    result = {}
    for row in held.order_by("acquired_on", "pk"):
        result[row.product_id] = f"{quantity(row.quantity)} on hand"
    rows = (
        Usage.objects.filter(
            holding__account=account, holding__status=HoldingStatus.ACTIVE
        )
        .order_by("holding__product_id", "-month", "metric")
        .distinct("holding__product_id")
        .values_list("holding__product_id", "metric", "month", "value")
    )
    for pk, metric, month, value in rows:
        result[pk] += f", {quantity(value)} {metric} in {month:%b %Y}"
    return result


def _decisions(account: Account) -> dict[int, OfferDecision]:
    rows = OfferDecision.objects.standing(business_today()).filter(account=account)
    found = rows.select_related("decided_by", "task").order_by("decided_on", "pk")
    return {row.offered_id: row for row in found}


def _next_order(account: Account, context: _Context) -> NextOrder | None:
    """Return what is due soonest, unless it has been due for far too long."""
    today = business_today()
    found = []
    for pk, last_on, _, gap, margin, is_unknown in _rows(
        REPEATS, {"account": account.pk}
    ):
        every = max(round(gap), 1)
        due_on = last_on + dt.timedelta(days=every)
        is_lapsed = (today - last_on).days > MOST_GAPS_MISSED * every
        if is_lapsed or (due_on - today).days > FAR_AHEAD_DAYS:
            continue
        mean = None if is_unknown else margin.quantize(CENT)
        product = context.products[pk]
        found.append(NextOrder(product, due_on, every, last_on, mean, context.alive))
    return min(found, key=lambda one: (one.due_on, one.product.pk), default=None)
