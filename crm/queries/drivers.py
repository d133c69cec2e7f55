"""What each account did in a period: the weights by which shared costs are spread."""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from crm.choices import AllocationDriver, OrderStatus, Stage
from crm.models import Account, Order, OrderLine, Touchpoint

Weights = Iterable[tuple[int, Any]]


def driver_weights(
    *, driver: str, period_start: dt.date, period_end: dt.date
) -> dict[int, Decimal]:
    """Return each account's positive weight, by account id in ascending order."""
    rows = READERS[driver](period_start, period_end)
    return {pk: Decimal(weight) for pk, weight in rows if weight and weight > 0}


def _orders(start: dt.date, end: dt.date) -> Weights:
    return (
        Order.objects.confirmed()
        .filter(ordered_on__range=(start, end))
        .values_list("account_id")
        .annotate(weight=Count("pk"))
        .order_by("account_id")
    )


def _revenue(start: dt.date, end: dt.date) -> Weights:
    return (
        OrderLine.objects.filter(
            status=OrderStatus.CONFIRMED, ordered_on__range=(start, end)
        )
        .values_list("account_id")
        .annotate(weight=Sum("revenue"))
        .order_by("account_id")
    )


def _minutes(start: dt.date, end: dt.date) -> Weights:
    return (
        Touchpoint.objects.standing()
        .filter(occurred_at__date__range=(start, end))
        .values_list("account_id")
        .annotate(weight=Sum("minutes"))
        .order_by("account_id")
    )


def _equal(start: dt.date, end: dt.date) -> Weights:
    """Count each account once that was a customer on some day of the period."""
    began = Q(acquired_on=None) | Q(acquired_on__lte=end)
    was_lost = Q(stage=Stage.FORMER, lost_on__gte=start)
    rows = (
        Account.objects.active()
        .filter(began, Q(stage=Stage.CUSTOMER) | was_lost)
        .order_by("pk")
    )
    return [(pk, 1) for pk in rows.values_list("pk", flat=True)]


READERS: dict[str, Callable[[dt.date, dt.date], Weights]] = {
    AllocationDriver.ORDERS: _orders,
    AllocationDriver.REVENUE: _revenue,
    AllocationDriver.MINUTES: _minutes,
    AllocationDriver.EQUAL: _equal,
}
