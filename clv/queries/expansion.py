"""Which products accounts could add, and how often like accounts did."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from clv.choices import OfferKind
from clv.engine.expansion import gain_per_buyer, potential
from clv.models import ExpansionRate, Valuation, ValuationRun
from clv.policy import EXPANSION_WINDOW_DAYS
from common.copying import read_columns
from crm.models import Account

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

PAIRS = """
    SELECT c.from_product_id AS base, c.to_product_id AS offered, 'complement' AS kind
    FROM crm_product_complements c
    JOIN crm_product o ON o.id = c.to_product_id AND o.is_active
    UNION ALL
    SELECT p.id, p.upgrade_to_id, 'upgrade'
    FROM crm_product p JOIN crm_product o ON o.id = p.upgrade_to_id AND o.is_active
"""

# Accounts that had the base and bought anything in the year before `start`, and did
# not have what is offered: how many there were, how many have it now.
CELLS = f"""
    WITH pair AS MATERIALIZED ({PAIRS}),
    involved AS (SELECT base AS product FROM pair UNION SELECT offered FROM pair),
    owned AS MATERIALIZED (
        SELECT account_id, product_id, min(day) AS since FROM (
            SELECT account_id, product_id, ordered_on AS day FROM crm_orderline
            WHERE status = 'confirmed' AND ordered_on <= %(as_of)s
                AND product_id IN (SELECT product FROM involved)
            UNION ALL
            SELECT account_id, product_id, acquired_on FROM crm_holding
            WHERE acquired_on <= %(as_of)s
                AND product_id IN (SELECT product FROM involved)
        ) seen GROUP BY account_id, product_id
    ), buying AS MATERIALIZED (
        SELECT DISTINCT account_id FROM crm_order
        WHERE status = 'confirmed' AND ordered_on <= %(start)s
            AND ordered_on > %(start)s - %(days)s
    )
    SELECT p.base, p.offered, p.kind, a.size_band, count(*), count(o.since),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY o.since - b.since)
    FROM pair p
    JOIN owned b ON b.product_id = p.base AND b.since <= %(start)s
    JOIN buying USING (account_id)
    JOIN crm_account a ON a.id = b.account_id AND a.merged_into_id IS NULL
    LEFT JOIN owned o ON o.account_id = b.account_id AND o.product_id = p.offered
    WHERE o.since IS NULL OR o.since > %(start)s
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""

# Mean margin of a product's last year, per account that bought it.
GAINS = f"""
    WITH pair AS ({PAIRS})
    SELECT product_id::bigint,
        sum(coalesce(revenue - cost, %(rate)s * revenue))::double precision
    FROM crm_orderline
    WHERE status = 'confirmed' AND ordered_on <= %(as_of)s
        AND ordered_on > %(as_of)s - %(days)s
        AND product_id IN (SELECT base FROM pair UNION SELECT offered FROM pair)
    GROUP BY product_id, account_id ORDER BY product_id, account_id
"""

OWNED = """
    SELECT product_id FROM crm_orderline
    WHERE account_id = %(account)s AND status = 'confirmed'
        AND ordered_on <= %(as_of)s AND product_id IS NOT NULL
    UNION
    SELECT product_id FROM crm_holding
    WHERE account_id = %(account)s AND acquired_on <= %(as_of)s
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of products among accounts of one size."""

    base_id: int
    offered_id: int
    kind: str
    size_band: str
    owners: int
    buyers: int
    lag_days: float | None = None  # half of the buyers took no longer

    @property
    def pair(self) -> tuple[int, int, str]:
        return self.base_id, self.offered_id, self.kind


def expansion_cells(as_of: dt.date) -> list[Cell]:
    """Return who could and who did over the year up to `as_of`; empty cells lack."""
    return [Cell(*row) for row in _rows(CELLS, _window(as_of))]


def yearly_gains(as_of: dt.date, margin_rate: Decimal) -> dict[int, Decimal]:
    """Return margin per buyer over the year up to `as_of`, by product."""
    found = read_columns(
        GAINS,
        {"product": "i8", "gain": "f8"},
        _window(as_of) | {"rate": margin_rate},
    )
    products, starts = np.unique(found["product"], return_index=True)
    gains = np.split(found["gain"], starts[1:])
    return {
        product: Decimal(repr(gain_per_buyer(brought)))
        for product, brought in zip(products.tolist(), gains, strict=False)
    }


def _window(as_of: dt.date) -> dict[str, Any]:
    start = as_of - dt.timedelta(days=EXPANSION_WINDOW_DAYS)
    return {"as_of": as_of, "start": start, "days": EXPANSION_WINDOW_DAYS}


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@dataclass(frozen=True, slots=True)
class Offer:
    """One product that an account could add, and what speaks for it."""

    rate: ExpansionRate
    probability: float
    amount: Decimal

    @property
    def reason(self) -> str:
        """Say how many like accounts did it."""
        word = "goes with" if self.rate.kind == OfferKind.COMPLEMENT else "replaces"
        return f"{word} {self.rate.base.name}; {self.rate.seen}"


@dataclass(frozen=True, slots=True)
class Expansion:
    """What an account may add within a year: beside its CLV, not inside."""

    clv: Decimal
    offers: Sequence[Offer]

    @property
    def total(self) -> Decimal:
        return sum((offer.amount for offer in self.offers), ZERO)

    @property
    def with_clv(self) -> Decimal:
        return self.clv + self.total


def expansion_of(*, account: Account, value: Valuation, run: ValuationRun) -> Expansion:
    """Return the potential of `account` by the newest rates up to `run`'s day.

    A product that several others speak for counts once, with the strongest reason.
    """
    newest = (
        ExpansionRate.objects.filter(run__as_of__lte=run.as_of)
        .order_by("-run__as_of", "-run_id")
        .values_list("run_id", flat=True)[:1]
    )
    if value.probability_alive is None:
        return Expansion(value.clv, [])
    owned = {pk for (pk,) in _rows(OWNED, {"account": account.pk, "as_of": run.as_of})}
    rates = (
        ExpansionRate.objects.filter(
            run_id__in=list(newest), size_band=account.size_band, base_id__in=owned
        )
        .exclude(offered_id__in=owned)
        .select_related("base", "offered")
        .order_by("pk")
    )
    return Expansion(value.clv, _offers(list(rates), value.probability_alive))


def _offers(rates: Sequence[ExpansionRate], alive: float) -> list[Offer]:
    amounts = potential(
        [rate.probability for rate in rates],
        [float(rate.yearly_gain) for rate in rates],
        alive,
    )
    best: dict[int, Offer] = {}
    for rate, amount in zip(rates, amounts.tolist(), strict=True):
        offer = Offer(rate, rate.probability * alive, _money(amount))
        known = best.get(rate.offered_id)
        if known is None or offer.amount > known.amount:
            best[rate.offered_id] = offer
    return sorted(best.values(), key=lambda one: (-one.amount, one.rate.offered_id))


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
