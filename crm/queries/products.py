"""What one account bought: by product, and the orders behind each product."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum

from common.clock import business_today
from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from crm import policy
from crm.choices import OrderStatus
from crm.models import Account, Holding, OrderLine, OrderReturn, Product
from crm.queries.merged import member_ids

PAGE_SIZE = 15
WITHOUT_PRODUCT = 0  # in addresses, for lines that name no product
SORTS = {
    "revenue": Sort("revenue", "total", descending=True, parse=Decimal),
    "last": Sort("last", "last_on", descending=True, parse=dt.date),
}
LINES = Sort("newest", "ordered_on", descending=True, parse=dt.date)

# The usual time between days with orders of one product.
INTERVALS = """
    SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), count(*) + 1
    FROM (
        SELECT product_id, ordered_on - lag(ordered_on) OVER (
            PARTITION BY product_id ORDER BY ordered_on) AS gap
        FROM (
            SELECT DISTINCT product_id, ordered_on FROM crm_orderline
            WHERE account_id = ANY(%(accounts)s) AND status = 'confirmed'
                AND product_id = ANY(%(products)s)
        ) days
    ) gaps
    WHERE gap IS NOT NULL
    GROUP BY product_id HAVING count(*) + 1 >= %(fewest)s
"""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How regularly a product is bought, and when it should be again."""

    days: int
    order_days: int
    due_on: dt.date
    is_late: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """One product's purchases; `margin` is empty while a cost is not known."""

    product_id: int
    name: str
    sku: str
    quantity: Decimal
    returned: Decimal
    order_count: int
    revenue: Decimal
    margin: Decimal | None
    last_on: dt.date
    repeat: Repeat | None


@dataclass(frozen=True, slots=True)
class BoughtPage:
    """One page of products bought, with cursors of the neighbours."""

    rows: list[Bought]
    next: str
    previous: str
    sort: str
    has_unknown_cost: bool


def bought(account: Account, *, sort: str = "", cursor: str = "") -> BoughtPage:
    """Return the products that `account` bought, by revenue or by the last order.

    What was merged into it bought for it.

    Lines that name no product are one row more, on the first page.
    """
    order = SORTS.get(sort, SORTS["revenue"])
    members = member_ids(account)
    mine = Q(lines__account__in=members, lines__status=OrderStatus.CONFIRMED)
    page = keyset_page(
        Product.objects.filter(mine).annotate(**_sums("lines__")),
        sort=order,
        cursor=cursor,
        size=PAGE_SIZE,
    )
    keys = [product.pk for product in page]
    back, repeats = _returned(members, keys), _repeats(members, keys)
    rows = [
        _row(p.pk, p.name, p.sku, vars(p), back.get(p.pk), repeats.get(p.pk))
        for p in page
    ]
    if not page.previous:
        rows += _without_product(members)
    return BoughtPage(
        rows=rows,
        next=page.next,
        previous=page.previous,
        sort=order.key,
        has_unknown_cost=any(row.margin is None for row in rows),
    )


def lines_of(account: Account, product_id: int, *, cursor: str = "") -> Page[OrderLine]:
    """Return the order lines of one product, newest first, with what came back."""
    rows: QuerySet[OrderLine] = (
        OrderLine.objects.filter(
            account__in=member_ids(account), product=product_id or None
        )
        .select_related("order")
        .annotate(
            is_held=Exists(Holding.objects.filter(order_line=OuterRef("pk"))),
            back=Sum("returns__quantity"),
            refunded=Sum("returns__refund"),
            recovered=Sum("returns__cost_recovered"),
        )
    )
    return keyset_page(rows, sort=LINES, cursor=cursor, size=PAGE_SIZE)


def _sums(path: str) -> dict[str, Any]:
    return {
        "units": Sum(f"{path}quantity"),
        "order_count": Count(f"{path}order", distinct=True),
        "total": Sum(f"{path}revenue"),
        "spent": Sum(f"{path}cost"),
        "unknown": Count(f"{path}pk", filter=Q(**{f"{path}unit_cost": None})),
        "last_on": Max(f"{path}ordered_on"),
    }


def _without_product(members: Sequence[int]) -> list[Bought]:
    rows = OrderLine.objects.filter(
        account__in=members, status=OrderStatus.CONFIRMED, product=None
    )
    sums = rows.order_by().aggregate(**_sums(""))
    if not sums["order_count"]:
        return []
    back = _returned(members, [None]).get(None)
    return [_row(WITHOUT_PRODUCT, "Orders without a product", "", sums, back, None)]


def _returned(
    members: Sequence[int], products: Sequence[int | None]
) -> dict[int | None, Mapping[str, Any]]:
    wanted = (
        Q(line__product=None) if products == [None] else Q(line__product__in=products)
    )
    rows = (
        OrderReturn.objects.filter(
            wanted, account__in=members, line__status=OrderStatus.CONFIRMED
        )
        .values(product=F("line__product_id"))
        .annotate(
            units=Sum("quantity"), money=Sum("refund"), saved=Sum("cost_recovered")
        )
        .order_by("product")
    )
    return {row["product"]: row for row in rows}


def _repeats(
    members: Sequence[int], products: Sequence[int]
) -> dict[int, tuple[int, int]]:
    params: dict[str, Any] = {
        "accounts": list(members),
        "products": list(products),
        "fewest": policy.FEWEST_ORDERS_FOR_AN_INTERVAL,
    }
    with connection.cursor() as cursor:
        cursor.execute(INTERVALS, params)
        return {pk: (max(round(gap), 1), days) for pk, gap, days in cursor.fetchall()}


def _row(
    product_id: int,
    name: str,
    sku: str,
    sums: Mapping[str, Any],
    back: Mapping[str, Any] | None,
    interval: tuple[int, int] | None,
) -> Bought:
    refund = back["money"] if back else ZERO
    saved = back["saved"] if back else ZERO
    revenue = sums["total"] - refund
    is_known = not sums["unknown"]
    return Bought(
        product_id=product_id,
        name=name,
        sku=sku,
        quantity=sums["units"] - (back["units"] if back else 0),
        returned=back["units"] if back else ZERO,
        order_count=sums["order_count"],
        revenue=revenue,
        margin=revenue - sums["spent"] + saved if is_known else None,
        last_on=sums["last_on"],
        repeat=_repeat(sums["last_on"], interval),
    )


def _repeat(last_on: dt.date, interval: tuple[int, int] | None) -> Repeat | None:
    if interval is None:
        return None
    days, count = interval
    waited = (business_today() - last_on).days
    return Repeat(
        days=days,
        order_days=count,
        due_on=last_on + dt.timedelta(days=days),
        is_late=waited > policy.REPEAT_IS_LATE_AFTER * days,
    )
