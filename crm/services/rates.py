"""What an hour of somebody costs: set from a day on, so that the past stays."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from common.clock import business_today
from crm import policy
from crm.errors import CannotSetRateError
from crm.models import HourlyRate, User
from crm.services import audit

LARGEST_RATE = Decimal("999999.99")
EARLIEST = dt.date(1970, 1, 1)


def set_rate(
    *, actor: User, user: User, amount: Decimal, valid_from: dt.date
) -> HourlyRate:
    """Set what an hour of `user` costs from a day on; the same day again corrects it.

    Contacts of that day and later that are logged from now on are priced by it. What
    the ledger holds stays as it was posted.

    Raises
    ------
    CannotSetRateError
        If the amount cannot be, or the day is too far ahead or too long ago.
    """
    if not 0 <= amount <= LARGEST_RATE or amount != round(amount, 2):
        raise CannotSetRateError(
            "An hour costs 0 or more, with two decimals at most.", field="amount"
        )
    if valid_from > business_today() + policy.FURTHEST_RATE_AHEAD:
        raise CannotSetRateError(
            "This day is more than two years ahead.", field="valid_from"
        )
    if valid_from < EARLIEST:
        raise CannotSetRateError("This day is before 1970.", field="valid_from")
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk))
        stored = HourlyRate.objects.filter(user=user, valid_from=valid_from).first()
        before = stored.amount if stored else None
        rate, _ = HourlyRate.objects.update_or_create(
            user=user,
            valid_from=valid_from,
            defaults={"amount": amount, "updated_at": timezone.now()},
            create_defaults={"amount": amount, "created_by": actor},
        )
        audit.record(
            actor=actor,
            action="user.rate_set",
            subject=user,
            valid_from=valid_from.isoformat(),
            amount=str(amount),
            before=None if before is None else str(before),
        )
    rate.refresh_from_db()
    return rate


def withdraw_rate(*, actor: User, rate: HourlyRate) -> None:
    """Take a rate back that has not begun.

    Raises
    ------
    CannotSetRateError
        If contacts may have been priced by it already.
    """
    with transaction.atomic():
        stored = HourlyRate.objects.select_for_update().filter(pk=rate.pk).first()
        if stored is None:
            return
        if stored.valid_from <= business_today():
            raise CannotSetRateError(
                "This rate has begun. Set another from today on instead."
            )
        stored.delete()
        audit.record(
            actor=actor,
            action="user.rate_withdrawn",
            subject=stored.user,
            valid_from=stored.valid_from.isoformat(),
            amount=str(stored.amount),
        )
