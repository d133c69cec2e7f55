"""Orders: placing, correcting and cancelling them, and taking goods back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from common.clock import business_today
from common.money import to_cents
from common.versions import save_changes
from crm.choices import OrderStatus, Stage
from crm.errors import AlreadyExistsError, OrderRefusedError
from crm.models import Account, Order, OrderLine, Product, User
from crm.services import audit

EARLIEST_DAY = dt.date(1970, 1, 1)  # an older date is a typing error
AMOUNT_LIMIT = Decimal(10) ** 12  # what numeric(14, 2) can hold
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class NewLine:
    """One line to order. Without a unit cost the product's own is taken."""

    quantity: Decimal
    unit_price: Decimal
    sku: str = ""
    discount: Decimal = ZERO
    unit_cost: Decimal | None = None


@transaction.atomic
def place_order(
    *,
    actor: User,
    account: Account,
    external_id: str,
    ordered_on: dt.date,
    lines: Sequence[NewLine],
    source: str = "api",
    currency: str = "",
) -> Order:
    """Store one order with its lines; the first makes a prospect a customer.

    The same `source` and `external_id` again return the stored order when everything
    else is the same too, so a repeated call acts once.

    Raises
    ------
    OrderRefusedError
        If a day, a line, a product or the currency is not possible.
    AlreadyExistsError
        If another order has this source and number.
    """
    if not external_id:
        raise OrderRefusedError("An order needs a number.", field="external_id")
    _check_currency(currency)
    _check_day(ordered_on, field="ordered_on")
    prepared = _prepare(lines)
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if account.merged_into_id:
        raise OrderRefusedError("This account was merged away.", field="account")
    wanted = Order(
        account=account,
        ordered_on=ordered_on,
        source=source,
        external_id=external_id,
    )
    known = _stored(source, external_id)
    if known is None:
        try:
            with transaction.atomic():
                wanted.save(force_insert=True)
        except IntegrityError:  # somebody stored it a moment ago
            known = _stored(source, external_id)
    if known is not None:
        return _same_or_refused(known, wanted, prepared)
    _store_lines(wanted, prepared)
    _follow_purchases(account, bought_on=ordered_on)
    audit.record(
        actor=actor,
        action="order.placed",
        subject=wanted,
        account_id=account.pk,
        lines=len(prepared),
    )
    return _reread(wanted)


@transaction.atomic
def change_order(
    *,
    actor: User,
    order: Order,
    expected_version: int | None = None,
    ordered_on: dt.date | None = None,
    lines: Sequence[NewLine] | None = None,
) -> Order:
    """Correct the day or replace all lines of a confirmed order.

    Lines stay once goods came back, because the returns name them.

    Raises
    ------
    OrderRefusedError
        If the order is cancelled, goods came back, or a value is not possible.
    StaleRecordError
        If somebody changed the order since `expected_version` was read.
    """
    day = order.ordered_on if ordered_on is None else ordered_on
    _check_day(day, field="ordered_on")
    prepared = None if lines is None else _prepare(lines)
    account, locked = _lock(order)
    if locked.status == OrderStatus.CANCELLED:
        raise OrderRefusedError("A cancelled order cannot be changed.")
    _check_returns(locked, day=day, replaces_lines=prepared is not None)
    version = order.version if expected_version is None else expected_version
    before = locked.ordered_on
    save_changes(locked, expected_version=version, ordered_on=day)
    if prepared is not None:
        locked.lines.all().delete()
        _store_lines(locked, prepared)
    _follow_purchases(account, moved_from=before)
    audit.record(
        actor=actor,
        action="order.changed",
        subject=locked,
        ordered_on=[before.isoformat(), day.isoformat()],
        lines=None if prepared is None else len(prepared),
    )
    return _reread(locked)


@transaction.atomic
def cancel_order(*, actor: User, order: Order, reason: str = "") -> Order:
    """Take an order out of every sum; cancelling it again changes nothing.

    An account whose only order it was becomes a prospect again.

    Raises
    ------
    OrderRefusedError
        If goods of the order came back.
    """
    account, locked = _lock(order)
    if locked.status == OrderStatus.CANCELLED:
        return _reread(locked)
    if locked.lines.filter(returns__isnull=False).exists():
        raise OrderRefusedError("Goods of this order came back, so it stands.")
    # The lines follow by the database's own cascade.
    save_changes(locked, status=OrderStatus.CANCELLED)
    _follow_purchases(account, moved_from=locked.ordered_on)
    audit.record(actor=actor, action="order.cancelled", subject=locked, reason=reason)
    return _reread(locked)


def _check_currency(currency: str) -> None:
    if currency and currency != settings.CURRENCY:
        raise OrderRefusedError(
            f"Orders are kept in {settings.CURRENCY}.", field="currency"
        )


def _check_day(day: dt.date, *, field: str) -> None:
    if day > business_today():
        raise OrderRefusedError("This day lies in the future.", field=field)
    if day < EARLIEST_DAY:
        raise OrderRefusedError(
            f"Days before {EARLIEST_DAY.year} are not kept.", field=field
        )


def _check_returns(order: Order, *, day: dt.date, replaces_lines: bool) -> None:
    returned_on = (
        order.lines.filter(returns__isnull=False)
        .order_by("returns__returned_on")
        .values_list("returns__returned_on", flat=True)
        .first()
    )
    if returned_on is None:
        return
    if replaces_lines:
        raise OrderRefusedError(
            "Goods of this order came back, so its lines stand.", field="lines"
        )
    if day > returned_on:
        raise OrderRefusedError(
            f"Goods came back on {returned_on:%d %b %Y} already.", field="ordered_on"
        )


def _prepare(lines: Sequence[NewLine]) -> list[OrderLine]:
    """Return the lines, checked and not yet stored; products are read at once."""
    if not lines:
        raise OrderRefusedError("An order needs a line.", field="lines")
    skus = {line.sku for line in lines if line.sku}
    products = {p.sku: p for p in Product.objects.filter(sku__in=skus)}
    return [_prepared(n, line, products) for n, line in enumerate(lines, start=1)]


def _prepared(number: int, line: NewLine, products: dict[str, Product]) -> OrderLine:
    product = products.get(line.sku)
    if line.sku and product is None:
        raise _line_refused(number, f"there is no product {line.sku}.")
    unit_cost = line.unit_cost
    if unit_cost is None and product is not None:
        unit_cost = product.unit_cost
    if line.quantity <= 0:
        raise _line_refused(number, "the quantity must be above 0.")
    if min(line.unit_price, line.discount, unit_cost or ZERO) < 0:
        raise _line_refused(number, "prices, discounts and costs cannot be below 0.")
    gross = line.quantity * line.unit_price
    if line.discount > gross:
        raise _line_refused(number, "the discount is higher than the price.")
    if max(to_cents(gross), to_cents(line.quantity * (unit_cost or ZERO))) >= (
        AMOUNT_LIMIT
    ):
        raise _line_refused(number, "the amount is too large.")
    return OrderLine(
        product=product,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        unit_cost=unit_cost,
    )


def _line_refused(number: int, message: str) -> OrderRefusedError:
    return OrderRefusedError(f"Line {number}: {message}", field="lines")


def _stored(source: str, external_id: str) -> Order | None:
    return Order.objects.filter(source=source, external_id=external_id).first()


def _same_or_refused(known: Order, wanted: Order, lines: list[OrderLine]) -> Order:
    """Return the stored order if the call asks for exactly that one."""
    is_same = (
        known.account_id == wanted.account_id
        and known.ordered_on == wanted.ordered_on
        and [_content(line) for line in known.lines.all()]
        == [_content(line) for line in lines]
    )
    if is_same:
        return _reread(known)
    raise AlreadyExistsError(
        "Another order has this number already.", field="external_id"
    )


def _content(line: OrderLine) -> tuple[object, ...]:
    return (
        line.product_id,
        line.quantity,
        line.unit_price,
        line.discount,
        line.unit_cost,
    )


def _store_lines(order: Order, lines: list[OrderLine]) -> None:
    for line in lines:
        line.order = order
        line.account_id = order.account_id
        line.ordered_on = order.ordered_on
        line.status = order.status
    OrderLine.objects.bulk_create(lines)


def _lock(order: Order) -> tuple[Account, Order]:
    """Lock the account before the order, the same way round everywhere."""
    account = Account.objects.select_for_update(no_key=True).get(pk=order.account_id)
    return account, Order.objects.select_for_update(no_key=True).get(pk=order.pk)


def _follow_purchases(
    account: Account,
    *,
    bought_on: dt.date | None = None,
    moved_from: dt.date | None = None,
) -> None:
    """Let stage and `acquired_on` follow the orders that stand.

    Nobody buys before being won, so an older order moves `acquired_on` back; a day
    that only the changed order gave (`moved_from`) does not outlive it. A purchase
    after the loss (`bought_on`) wins a lost account back.
    """
    first = (
        account.orders.confirmed()
        .order_by("ordered_on")
        .values_list("ordered_on", flat=True)
        .first()
    )
    changes: dict[str, Any] = {}
    acquired_on = account.acquired_on
    if acquired_on is None or acquired_on == moved_from:
        acquired_on = first
    elif first is not None:
        acquired_on = min(first, acquired_on)
    if acquired_on != account.acquired_on:
        changes["acquired_on"] = acquired_on
    if (
        account.stage == Stage.FORMER
        and bought_on
        and _is_after_loss(account, bought_on)
    ):
        changes |= {"stage": Stage.CUSTOMER, "lost_on": None, "loss_reason": ""}
    elif account.stage == Stage.PROSPECT and first is not None:
        changes["stage"] = Stage.CUSTOMER
    elif account.stage == Stage.CUSTOMER and first is None:
        changes["stage"] = Stage.PROSPECT
    if changes:
        save_changes(account, **changes)


def _is_after_loss(account: Account, day: dt.date) -> bool:
    return account.lost_on is None or day > account.lost_on


def _reread(order: Order) -> Order:
    """Return the order with the columns that the database works out."""
    return Order.objects.get(pk=order.pk)
