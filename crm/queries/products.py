"""What one account bought, has on hand, and could use beside it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum

from common.clock import business_today
from common.money import ZERO
from crm import policy
from crm.choices import HoldingStatus, OrderStatus
from crm.models import Account, Holding, OrderLine, OrderReturn, Product


@dataclass(frozen=True, slots=True)
class Bought:
    """One product's purchases; `margin` is empty while a cost is not known."""

    name: str
    sku: str
    quantity: Decimal
    order_count: int
    revenue: Decimal
    margin: Decimal | None
    last_on: dt.date


@dataclass(frozen=True, slots=True)
class OnHand:
    """One holding and what about it calls for a word with the customer."""

    holding: Holding
    flag: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A complement that the account neither bought nor has, and what it goes with."""

    product: Product
    goes_with: str


@dataclass(frozen=True, slots=True)
class Products:
    """The products tab: purchases by revenue, holdings, what is missing."""

    bought: list[Bought]
    on_hand: list[OnHand]
    missing: list[Missing]
    has_unknown_cost: bool


def products(account: Account) -> Products:
    """Return bought, on hand and missing complements of `account`."""
    bought, ids = _bought(account)
    holdings = list(
        Holding.objects.filter(account=account)
        .select_related("product", "replaced_by__product")
        .order_by("status", "-acquired_on", "pk")
    )
    ids |= {h.product_id for h in holdings if h.status == HoldingStatus.ACTIVE}
    return Products(
        bought=bought,
        on_hand=[_on_hand(holding) for holding in holdings],
        missing=_missing(ids),
        has_unknown_cost=any(row.margin is None for row in bought),
    )


def _bought(account: Account) -> tuple[list[Bought], set[int]]:
    rows = list(
        OrderLine.objects.filter(account=account, status=OrderStatus.CONFIRMED)
        .values("product_id", "product__name", "product__sku")
        .annotate(
            units=Sum("quantity"),
            order_count=Count("order", distinct=True),
            total=Sum("revenue"),
            spent=Sum("cost"),
            unknown=Count("pk", filter=Q(unit_cost=None)),
            last_on=Max("ordered_on"),
        )
        .order_by("-total", "product__name")
    )
    back = _returned(account)
    ids = {row["product_id"] for row in rows if row["product_id"]}
    return [_bought_row(row, back.get(row["product_id"])) for row in rows], ids


def _returned(account: Account) -> dict[int | None, Mapping[str, Any]]:
    rows = (
        OrderReturn.objects.filter(account=account, line__status=OrderStatus.CONFIRMED)
        .values("line__product_id")
        .annotate(
            units=Sum("quantity"), money=Sum("refund"), saved=Sum("cost_recovered")
        )
        .order_by("line__product_id")
    )
    return {row["line__product_id"]: row for row in rows}


def _bought_row(row: Mapping[str, Any], back: Mapping[str, Any] | None) -> Bought:
    refund = back["money"] if back else ZERO
    saved = back["saved"] if back else ZERO
    revenue = row["total"] - refund
    is_known = not row["unknown"]
    return Bought(
        name=row["product__name"] or "Orders without a product",
        sku=row["product__sku"] or "",
        quantity=row["units"] - (back["units"] if back else 0),
        order_count=row["order_count"],
        revenue=revenue,
        margin=revenue - row["spent"] + saved if is_known else None,
        last_on=row["last_on"],
    )


def _on_hand(holding: Holding) -> OnHand:
    is_active = holding.status == HoldingStatus.ACTIVE
    return OnHand(holding, _flag(holding) if is_active else "", is_active)


def _flag(holding: Holding) -> str:
    today = business_today()
    if holding.ends_on and holding.ends_on < today:
        return "Past its end"
    if holding.ends_on and holding.ends_on <= today + policy.HOLDING_ENDS_SOON:
        return "Ends soon"
    if today - holding.acquired_on > policy.HOLDING_AGED_AFTER:
        return "Aged"
    return ""


def _missing(ids: set[int]) -> list[Missing]:
    """Find active complements of what they have; several reasons are one row."""
    pairs = (
        Product.complements.through.objects.filter(from_product_id__in=ids)
        .exclude(to_product_id__in=ids)
        .filter(to_product__is_active=True)
        .select_related("from_product", "to_product")
        .order_by("to_product__name", "from_product__name")
    )
    found: dict[int, tuple[Product, list[str]]] = {}
    for pair in pairs:
        _, names = found.setdefault(pair.to_product_id, (pair.to_product, []))
        names.append(pair.from_product.name)
    return [
        Missing(product=product, goes_with=", ".join(names[:3]))
        for product, names in found.values()
    ]
