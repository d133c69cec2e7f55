"""The company's calendar: business dates live in its time zone."""

import datetime as dt

from django.utils import timezone


def business_today() -> dt.date:
    """Return today's date in the company's time zone."""
    return timezone.localdate()
