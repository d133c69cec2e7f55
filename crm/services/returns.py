"""Returns: goods of one order line that came back."""

import datetime as dt
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Sum

from common.clock import business_today
from common.money import to_cents
from crm.choices import OrderStatus
from crm.errors import AlreadyExistsError, ReturnRefusedError
from crm.models import Order, OrderLine, OrderReturn, User
from crm.services import audit

ZERO = Decimal(0)


@transaction.atomic
def return_goods(
    *,
    actor: User,
    line: OrderLine,
    returned_on: dt.date,
    quantity: Decimal,
    refund: Decimal,
    cost_recovered: Decimal = ZERO,
    reason: str = "",
    source: str = "api",
    external_id: str | None = None,
) -> OrderReturn:
    """Store what came back of one line; the line itself stays as it was.

    The same `source` and `external_id` again return the stored row when everything
    else is the same too.

    Raises
    ------
    ReturnRefusedError
        If more would come back, be refunded or be recovered than the line holds.
    AlreadyExistsError
        If another return has this source and number.
    """
    wanted = OrderReturn(
        line=line,
        account_id=line.account_id,
        returned_on=returned_on,
        quantity=quantity,
        refund=to_cents(refund),
        cost_recovered=to_cents(cost_recovered),
        reason=reason,
        source=source,
        external_id=external_id,
    )
    # One return of an order at a time, so that two cannot both take the last piece.
    order = Order.objects.select_for_update(no_key=True).get(pk=line.order_id)
    known = _stored(wanted)
    if known is not None:
        return _same_or_refused(known, wanted)
    _check(order, line, wanted)
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:
        known = _stored(wanted)
        if known is None:
            raise
        return _same_or_refused(known, wanted)
    audit.record(
        actor=actor,
        action="order.goods_returned",
        subject=order,
        line_id=line.pk,
        return_id=wanted.pk,
        refund=str(wanted.refund),
    )
    return wanted


def _check(order: Order, line: OrderLine, wanted: OrderReturn) -> None:
    if order.status == OrderStatus.CANCELLED:
        raise ReturnRefusedError("The order was cancelled.")
    if wanted.returned_on > business_today():
        raise ReturnRefusedError("This day lies in the future.", field="returned_on")
    if wanted.returned_on < order.ordered_on:
        raise ReturnRefusedError(
            "Goods cannot come back before they were ordered.", field="returned_on"
        )
    if wanted.quantity <= 0:
        raise ReturnRefusedError("The quantity must be above 0.", field="quantity")
    if min(wanted.refund, wanted.cost_recovered) < 0:
        raise ReturnRefusedError("Amounts cannot be below 0.", field="refund")
    _check_rest(line, wanted)


def _check_rest(line: OrderLine, wanted: OrderReturn) -> None:
    """Compare with what the line still holds after earlier returns."""
    # Where the unit cost is not known, no goods are worth more than their price.
    cost = line.revenue if line.cost is None else line.cost
    holds = {"quantity": line.quantity, "refund": line.revenue, "cost_recovered": cost}
    before = line.returns.aggregate(**{name: Sum(name, default=ZERO) for name in holds})
    for name, most in holds.items():
        left = most - before[name]
        if getattr(wanted, name) > left:
            raise ReturnRefusedError(
                f"Of this line only {left.normalize():f} is left to come back.",
                field=name,
            )


def _stored(wanted: OrderReturn) -> OrderReturn | None:
    if not wanted.external_id:
        return None
    return OrderReturn.objects.filter(
        source=wanted.source, external_id=wanted.external_id
    ).first()


def _same_or_refused(known: OrderReturn, wanted: OrderReturn) -> OrderReturn:
    fields = ("line_id", "returned_on", "quantity", "refund", "cost_recovered")
    if all(getattr(known, name) == getattr(wanted, name) for name in fields):
        return known
    raise AlreadyExistsError(
        "Another return has this number already.", field="external_id"
    )
