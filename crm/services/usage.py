"""How what customers have is used, and what they say it is worth to them."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from common.clock import business_today
from crm.choices import HoldingStatus, ValueSource
from crm.errors import CannotSaveUsageError
from crm.models import (
    Account,
    Contact,
    Holding,
    Product,
    StatedValue,
    Usage,
    UsageTarget,
    User,
)
from crm.services import audit

LONGEST_METRIC = 60
LONGEST_WORDS = 2_000
LARGEST_VALUE = Decimal("99999999999.999")
LARGEST_AMOUNT = Decimal("999999999999.99")


def record_usage(
    *,
    actor: User | None,
    holding: Holding,
    metric: str,
    month: dt.date,
    value: Decimal,
) -> Usage:
    """Store how much was used in one month; the same month again is a correction.

    Raises
    ------
    CannotSaveUsageError
        If the month is ahead or before they had it, or the value cannot be.
    """
    metric = _checked_metric(metric)
    month = month.replace(day=1)
    if not 0 <= value <= LARGEST_VALUE:
        raise CannotSaveUsageError("Use is 0 or above.", field="value")
    if month > business_today():
        raise CannotSaveUsageError("This month is ahead.", field="month")
    if month < holding.acquired_on.replace(day=1):
        raise CannotSaveUsageError(
            f"They have it since {holding.acquired_on:%B %Y}.", field="month"
        )
    with transaction.atomic():
        row, is_new = Usage.objects.select_for_update().get_or_create(
            holding=holding, metric=metric, month=month, defaults={"value": value}
        )
        before = None if is_new else str(row.value)
        if not is_new:
            row.value, row.updated_at = value, timezone.now()
            row.save(update_fields=["value", "updated_at"])
        audit.record(
            actor=actor,
            action="usage.recorded",
            subject=holding,
            metric=metric,
            month=month.isoformat(),
            value=str(value),
            before=before,
        )
        row.refresh_from_db()
    return row


def set_target(
    *, actor: User | None, holding: Holding, metric: str, value: Decimal | None
) -> UsageTarget | None:
    """Store how much use a month was agreed; no value takes the target away.

    Raises
    ------
    CannotSaveUsageError
        If the target is not above 0, or the holding has stopped.
    """
    metric = _checked_metric(metric)
    if holding.status != HoldingStatus.ACTIVE:
        raise CannotSaveUsageError("They do not have this any more.")
    if value is not None and not 0 < value <= LARGEST_VALUE:
        raise CannotSaveUsageError("A target is above 0.", field="value")
    with transaction.atomic():
        target = None
        if value is None:
            UsageTarget.objects.filter(holding=holding, metric=metric).delete()
        else:
            target, _ = UsageTarget.objects.update_or_create(
                holding=holding, metric=metric, defaults={"value": value}
            )
        audit.record(
            actor=actor,
            action="usage.target_set",
            subject=holding,
            metric=metric,
            value=None if value is None else str(value),
        )
    return target


def state_value(
    *,
    actor: User | None,
    account: Account,
    words: str,
    stated_on: dt.date,
    product: Product | None = None,
    amount: Decimal | None = None,
    contact: Contact | None = None,
    source: str = ValueSource.TALK,
) -> StatedValue:
    """Store what the customer says that something is worth to them.

    Raises
    ------
    CannotSaveUsageError
        If nothing was said, the day is ahead, or the person is of another account.
    """
    words = words.strip()
    if not words or len(words) > LONGEST_WORDS:
        raise CannotSaveUsageError(
            "Write what they said, in up to 2,000 characters.", field="words"
        )
    if stated_on > business_today():
        raise CannotSaveUsageError("This day is ahead.", field="stated_on")
    if amount is not None and not 0 <= amount <= LARGEST_AMOUNT:
        raise CannotSaveUsageError("The amount is 0 or above.", field="amount")
    if contact is not None and contact.account_id != account.pk:
        raise CannotSaveUsageError(
            f"{contact} does not work at {account}.", field="contact"
        )
    if account.merged_into_id:
        raise CannotSaveUsageError("This account was merged into another.")
    with transaction.atomic():
        stated = StatedValue.objects.create(
            account=account,
            product=product,
            words=words,
            amount=amount,
            stated_on=stated_on,
            contact=contact,
            source=source,
            created_by=actor,
        )
        audit.record(actor=actor, action="stated_value.added", subject=stated)
    return stated


def remove_stated_value(*, actor: User | None, stated: StatedValue) -> None:
    """Take away what was entered by mistake; the audit trail keeps the words."""
    with transaction.atomic():
        audit.record(
            actor=actor,
            action="stated_value.removed",
            subject=stated,
            account=stated.account_id,
            words=stated.words,
        )
        stated.delete()


def _checked_metric(metric: str) -> str:
    metric = " ".join(metric.split())
    if not metric or len(metric) > LONGEST_METRIC:
        raise CannotSaveUsageError(
            "Name what is counted, such as pages printed.", field="metric"
        )
    return metric
