"""The head of the account page: who this is, at a glance."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from common.clock import business_today
from common.zones import time_there
from crm.choices import Stage
from crm.models import Account

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Header:
    """An account with the spans of time that its page names.

    `time_there` is what its clocks say where these are not those of who asks.
    """

    account: Account
    together: str
    contact_days: int | None
    today: dt.date
    time_there: dt.time | None


def header(account: Account) -> Header:
    """Return the account with its time with us; asks nothing of the database."""
    today = business_today()
    last = account.last_contact_on
    return Header(
        account=account,
        together=_together(account, today),
        contact_days=(today - last).days if last else None,
        today=today,
        time_there=time_there(account.country, timezone.now()),
    )


def _span(years: float) -> str:
    if years >= 1:
        return f"{years:.1f} years"
    months = int(years * 12)
    if months == 0:
        return "less than a month"
    return "1 month" if months == 1 else f"{months} months"


def _together(account: Account, today: dt.date) -> str:
    if account.acquired_on is None:
        return "" if account.stage == Stage.PROSPECT else "since when is not known"
    end = min(account.lost_on or today, today)
    years = (end - account.acquired_on).days / DAYS_A_YEAR
    span = _span(max(years, 0))
    return f"{span} with us, until {end.year}" if account.lost_on else f"{span} with us"
