"""The company's calendar: business dates live in its time zone."""

import calendar
import datetime as dt

from django.utils import timezone


def day_ends_at(day: dt.date) -> dt.datetime:
    """Return the first moment after `day` in the company's time zone."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())
    return timezone.make_aware(midnight)


def business_today() -> dt.date:
    """Return today's date in the company's time zone."""
    return timezone.localdate()


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the same day `months` on, or the last day of a shorter month.

    Raises
    ------
    ValueError
        If that is beyond the calendar.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise ValueError(f"{months} months from {day} is beyond the calendar")
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))
