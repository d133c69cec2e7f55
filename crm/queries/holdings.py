"""What one account has now, and what about it calls for a word with the customer."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from common.clock import business_today, months_later
from common.templatetags.display import day
from crm import policy
from crm.choices import HoldingStatus, OrderStatus
from crm.models import Account, Holding, OrderLine, Product

LONGEST_LIST = 200

# How long customers kept each product before it ended or was replaced, in months.
LIVES = """
    SELECT product_id, percentile_cont(0.5) WITHIN GROUP (
        ORDER BY (ends_on - acquired_on) / 30.4375), count(*)
    FROM crm_holding
    WHERE product_id = ANY(%(products)s) AND status <> 'active'
        AND ends_on IS NOT NULL AND ends_on > acquired_on
    GROUP BY product_id HAVING count(*) >= %(fewest)s
"""


@dataclass(frozen=True, slots=True)
class Life:
    """How long a product is usually used, and how that is known."""

    months: int
    source: str


@dataclass(frozen=True, slots=True)
class Term:
    """The running term of a contract; its value is empty while nothing is known."""

    renews_on: dt.date
    value: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class OnHand:
    """One holding and what about it calls for a word with the customer."""

    holding: Holding
    flag: str
    why: str
    is_active: bool
    term: Term | None

    @property
    def state(self) -> str:
        """Say whether they have it, or what became of it."""
        label = str(HoldingStatus(self.holding.status).label)
        after = self.holding.replaced_by
        if after is None:
            return label
        if after.product_id == self.holding.product_id:
            return f"Renewed on {day(after.acquired_on)}"
        return f"{label} by {after.product} on {day(after.acquired_on)}"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one account has, and what it had before."""

    now: list[OnHand]
    before: list[OnHand]


def on_hand(account: Account) -> Holdings:
    """Return what `account` has and had, newest first; four queries."""
    rows = list(
        Holding.objects.filter(account=account)
        .select_related("product", "replaced_by__product", "account")
        .order_by("status", "-acquired_on", "pk")[:LONGEST_LIST]
    )
    active = [row for row in rows if row.status == HoldingStatus.ACTIVE]
    lives = usual_lives([row.product for row in active])
    billed = _billed(account, [row.product for row in active])
    today = business_today()
    result = []
    for row in rows:
        is_active = row.status == HoldingStatus.ACTIVE
        flag, why = (
            _flag(row, lives.get(row.product_id), today) if is_active else ("",) * 2
        )
        term = _term(row, billed, today) if is_active else None
        result.append(OnHand(row, flag, why, is_active, term))
    return Holdings(
        now=[row for row in result if row.is_active],
        before=[row for row in result if not row.is_active],
    )


def usual_lives(products: Sequence[Product]) -> dict[int, Life]:
    """Return how long each product is usually used; what is sold by term has none."""
    by_pk = {one.pk: one for one in products if one.term_months is None}
    learnt = _learnt_lives([pk for pk, one in by_pk.items() if not one.life_months])
    result = {}
    for pk, product in by_pk.items():
        if product.life_months:
            result[pk] = Life(
                product.life_months,
                f"{product} usually lasts {product.life_months} months",
            )
        elif pk in learnt:
            months, count = learnt[pk]
            result[pk] = Life(
                months, f"{count} customers kept it {months} months, half of them less"
            )
        else:
            months = policy.HOLDING_AGED_AFTER_MONTHS
            result[pk] = Life(
                months, f"{months} months count as old where no life is known"
            )
    return result


def _learnt_lives(products: Sequence[int]) -> dict[int, tuple[int, int]]:
    params: dict[str, Any] = {
        "products": list(products),
        "fewest": policy.FEWEST_TO_LEARN_A_LIFE,
    }
    with connection.cursor() as cursor:
        cursor.execute(LIVES, params)
        return {pk: (max(round(m), 1), n) for pk, m, n in cursor.fetchall()}


def _flag(holding: Holding, life: Life | None, today: dt.date) -> tuple[str, str]:
    """Return the one thing to speak about, and why."""
    end = holding.ends_on
    if end is not None and end < today:
        return "Past its end", f"It was to end on {day(end)}. Ask what became of it."
    if holding.acquired_on > today:
        return "", ""
    term_end = holding.term_ends_on(today)
    soon = today + policy.HOLDING_ENDS_SOON
    if term_end is not None and term_end <= soon:
        return "Renew soon", f"The term ends on {day(term_end)}."
    if end is not None and end <= soon:
        return "Ends soon", f"It ends on {day(end)}."
    if life is not None and months_later(holding.acquired_on, life.months) < today:
        return "Aged", f"In use since {day(holding.acquired_on)}; {life.source}."
    return "", ""


def _term(
    holding: Holding,
    billed: Mapping[int, Sequence[tuple[dt.date, Decimal]]],
    today: dt.date,
) -> Term | None:
    """Say when a contract renews and what a term of it brings."""
    months = holding.product.term_months
    renews_on = holding.term_ends_on(today)
    if months is None or renews_on is None:
        return None
    since = months_later(today, -months)
    fees = billed.get(holding.product_id, ())
    paid = sum((amount for on, amount in fees if on > since), Decimal(0))
    if paid > 0:
        return Term(renews_on, paid, f"billed over the last {months} months")
    price = holding.product.list_price
    if price is not None:
        return Term(renews_on, price * holding.quantity, "by the list price")
    return Term(renews_on, None, "neither billed nor priced")


def _billed(
    account: Account, products: Sequence[Product]
) -> dict[int, list[tuple[dt.date, Decimal]]]:
    """Return what was billed for contracts, by product and day."""
    terms = {one.pk: one.term_months for one in products if one.term_months}
    since = months_later(business_today(), -max(terms.values(), default=1))
    rows = (
        OrderLine.objects.filter(
            account=account,
            product__in=list(terms),
            status=OrderStatus.CONFIRMED,
            ordered_on__gt=since,
        )
        .values_list("product_id", "ordered_on")
        .annotate(total=Sum("revenue"))
        .order_by("product_id", "ordered_on")
    )
    result: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for product_id, on, total in rows:
        result[product_id or 0].append((on, total))
    return result
