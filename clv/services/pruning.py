"""Dropping the values of old nights: month ends stay, and so does all that sums up."""

import datetime as dt

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.db.models.functions import TruncMonth

from clv.choices import RunStatus
from clv.models import ContractValuation, LikeGroup, ValuationRun
from clv.policy import VALUES_KEPT_DAYS
from clv.services import partitions
from common.clock import business_today

MOST_AT_ONCE = 100  # partitions dropped by one night: each takes some locks
PATIENCE = "2s"  # readers of values wait for whoever waits for them


def drop_old_values(today: dt.date | None = None) -> int | None:
    """Drop the values of runs that are older than is kept; return of how many.

    What stays: the current run, of each month the last published one, and of every run
    its row with totals, steps, changes and audit. None if readers were in the way: the
    next night tries again.
    """
    oldest = (today or business_today()) - dt.timedelta(days=VALUES_KEPT_DAYS)
    old = _old_runs(oldest)[:MOST_AT_ONCE]
    if not old:
        return 0
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            partitions.drop_values(old)
            ContractValuation.objects.filter(run__in=old).delete()
            LikeGroup.objects.filter(run__in=old).delete()
            ValuationRun.objects.filter(pk__in=old).update(has_values=False)
    except OperationalError:
        return None
    return len(old)


def _old_runs(oldest: dt.date) -> list[int]:
    """Return the runs from before `oldest` that are no month's last, oldest first."""
    month_ends = (
        ValuationRun.objects.published()
        .annotate(month=TruncMonth("as_of"))
        .order_by()
        .values("month")
        .annotate(last=Max("as_of"))
        .values("last")
    )
    stored = ValuationRun.objects.with_values().filter(
        as_of__lt=oldest, is_current=False
    )
    kept = stored.filter(status=RunStatus.PUBLISHED, as_of__in=month_ends)
    old = stored.exclude(pk__in=kept.values("pk")).order_by("as_of", "pk")
    return list(old.values_list("pk", flat=True))
