"""Calendars that are published at a secret address: subscribe, look again, let go."""

import datetime as dt
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone

from common import safe_http
from common.calendars import LARGEST_CALENDAR, read_calendar
from common.errors import DomainError
from common.safe_http import NoAnswerError
from common.sealing import seal
from common.zones import zone_of
from crm import policy
from crm.errors import CannotConnectError
from crm.models import CalendarSubscription, User
from crm.services import audit, meetings
from crm.services.capture_sources import (
    claim,
    due,
    failed,
    is_lasting,
    rules,
    secret_of,
    succeeded,
)
from crm.services.meetings import Followed

LONGEST_NAME = 100
ROUND_SECONDS = 15.0  # for all calendars of one round
AHEAD = dt.timedelta(days=1)  # it is read again long before what comes later begins
HEADERS = {"Accept": "text/calendar", "User-Agent": "Perennial"}


class CalendarClosedError(CannotConnectError):
    """An address that gave no calendar this time; later it may."""

    is_lasting = False


def subscribe(*, actor: User, name: str, url: str) -> CalendarSubscription:
    """Subscribe to a calendar of the actor, after reading it once.

    Its meetings from today on are proposed. The address is a secret like a password:
    whoever knows it reads the calendar.

    Raises
    ------
    CannotConnectError, BadAddressError, UnreadableCalendarError
        If the name is taken, or there is no calendar to be read; nothing is stored.
    """
    name, url = " ".join(name.split()), _https(url)
    if not 0 < len(name) <= LONGEST_NAME:
        raise CannotConnectError("A name has from 1 to 100 letters.", field="name")
    text = _fetched(url)
    now = timezone.now()
    read_calendar(text, first=now, last=now + AHEAD, zone=zone_of(actor))
    row = CalendarSubscription(
        user=actor, name=name, host=urlsplit(url).hostname or "", secret=seal(url)
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record(
                actor=actor, action="calendar.subscribed", subject=row, host=row.host
            )
    except IntegrityError as error:
        raise CannotConnectError(
            "You have a calendar of this name.", field="name"
        ) from error
    row.refresh_from_db()
    return row


@transaction.atomic
def unsubscribe(*, actor: User, subscription: CalendarSubscription) -> None:
    """Forget a calendar and what it proposed; what was logged stays."""
    audit.record(actor=actor, action="calendar.unsubscribed", subject=subscription)
    subscription.meetings.proposed().delete()
    subscription.delete()


def read_due(*, now: dt.datetime | None = None) -> int:
    """Read the calendars whose turn it is; return how many meetings were proposed."""
    ends_at = time.monotonic() + ROUND_SECONDS
    proposed = 0
    for pk in due(CalendarSubscription, now=now or timezone.now()):
        if time.monotonic() > ends_at:
            break
        proposed += read_subscription(pk).proposed
    return proposed


def read_subscription(pk: int) -> Followed:
    """Follow one calendar, unless somebody does."""
    row = claim(CalendarSubscription, pk)
    if row is None:
        return Followed()
    try:
        followed = _follow(row)
    except DomainError as error:
        failed(row, problem=error.message, is_lasting=is_lasting(error))
        return Followed()
    succeeded(
        row,
        every=policy.CALENDAR_EVERY,
        taken=followed.proposed,
        passed=0,
    )
    return followed


def _follow(row: CalendarSubscription) -> Followed:
    now = timezone.now()
    local = timezone.localtime(row.created_at)
    connected = local.replace(hour=0, minute=0, second=0, microsecond=0)
    look_back = now - dt.timedelta(days=policy.CAPTURES_LOOK_BACK_DAYS)
    return meetings.follow_calendar(
        actor=row.user,
        text=_fetched(secret_of(row)),
        subscription=row,
        first=max(look_back, connected),
        last=now + AHEAD,
    )


def _https(url: str) -> str:
    """Return the address as a browser asks for it; `webcal:` only says what it is."""
    url = url.strip()
    scheme, colon, rest = url.partition("://")
    return f"https://{rest}" if colon and scheme.lower() == "webcal" else url


def _fetched(url: str) -> str:
    try:
        answer = safe_http.get(url, HEADERS, rules=rules(), most=LARGEST_CALENDAR + 1)
    except NoAnswerError as error:
        raise CalendarClosedError(
            "Nobody answers at this address. Check it, or try again later.", field="url"
        ) from error
    if answer.status != HTTPStatus.OK:
        raise CalendarClosedError(
            f"The server answers {answer.status} instead of a calendar. Copy the"
            " secret address in iCal format from the calendar's settings again.",
            field="url",
        )
    return answer.text
