"""The company's calendar: business dates live in its time zone."""

import datetime as dt

from django.utils import timezone


def day_ends_at(day: dt.date) -> dt.datetime:
    """Return the first moment after `day` in the company's time zone."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())
    return timezone.make_aware(midnight)


def business_today() -> dt.date:
    """Return today's date in the company's time zone."""
    return timezone.localdate()
