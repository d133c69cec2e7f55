"""What must hold of anything that a customer has."""

import datetime as dt
from decimal import Decimal
from typing import Any

from common.clock import business_today
from common.templatetags.display import day
from crm import policy
from crm.choices import HoldingStatus
from crm.errors import CannotSaveHoldingError
from crm.models import Holding

LARGEST_QUANTITY = Decimal("999999999.999")
EARLIEST = dt.date(1950, 1, 1)


def check_begin(acquired_on: dt.date) -> None:
    if acquired_on > business_today():
        raise CannotSaveHoldingError(
            "This day is ahead. Enter it when they have it.", field="acquired_on"
        )
    if acquired_on < EARLIEST:
        raise CannotSaveHoldingError("This day is too long ago.", field="acquired_on")


def check(holding: Holding, *, instead_of: Holding | None = None) -> None:
    if holding.account.merged_into_id:
        raise CannotSaveHoldingError(
            "This account was merged into another. Add it there.", field="account"
        )
    if not 0 < holding.quantity <= LARGEST_QUANTITY:
        raise CannotSaveHoldingError(
            "The quantity must be above 0, and below a billion.", field="quantity"
        )
    if holding.ends_on is not None:
        _check_end(holding.acquired_on, holding.ends_on)
    if holding.status == HoldingStatus.ACTIVE:
        others = Holding.objects.on_hand().exclude(pk=holding.pk)
        if instead_of is not None:
            others = others.exclude(pk=instead_of.pk)
        _check_overlap(holding, others)


def _check_end(acquired_on: dt.date, ends_on: dt.date) -> None:
    if ends_on < acquired_on:
        raise CannotSaveHoldingError(
            f"It cannot end before {day(acquired_on)}, when it begins.",
            field="ends_on",
        )
    if ends_on > business_today() + policy.FURTHEST_END_AHEAD:
        raise CannotSaveHoldingError(
            "This end is over thirty years ahead.", field="ends_on"
        )


def _check_overlap(holding: Holding, others: Any) -> None:
    """Refuse one item twice, and two running contracts of one product."""
    same = others.filter(product=holding.product)
    number = holding.serial_number
    if number and same.filter(serial_number__iexact=number).exists():
        raise CannotSaveHoldingError(
            f"A customer has {holding.product} with number {number} already.",
            field="serial_number",
        )
    here = same.filter(account=holding.account)
    if holding.product.term_months is not None:
        running = here.exclude(ends_on__lte=holding.acquired_on)
        if holding.ends_on is not None:
            running = running.filter(acquired_on__lt=holding.ends_on)
        other = running.first()
        if other is not None:
            until = f" until {day(other.ends_on)}" if other.ends_on else ""
            raise CannotSaveHoldingError(
                f"A contract for {holding.product} runs{until}. Renew or replace it "
                "instead.",
                field="acquired_on",
            )
    twin = here.filter(
        acquired_on=holding.acquired_on,
        quantity=holding.quantity,
        serial_number__iexact=number,
        order_line=holding.order_line_id,
    )
    if twin.exists():
        raise CannotSaveHoldingError(
            "The same product, quantity and day are there already. Give a serial "
            "number if it is another one."
        )
