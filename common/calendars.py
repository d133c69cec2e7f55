"""Reading iCalendar (RFC 5545): what takes place when, with whom, also what repeats."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from common.errors import DomainError

LARGEST_CALENDAR = 5_000_000  # bytes
MOST_EVENTS = 20_000  # in one calendar
MOST_SERIES = 500
# A series that repeats more often than daily is a clock, not a meeting.
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
LONGEST_UID = 300
LONGEST_TITLE = 300
MOST_ATTENDEES = 200
DAY = dt.timedelta(days=1)


class UnreadableCalendarError(DomainError):
    code = "unreadable_calendar"
    message = "This is no calendar: it has to begin with BEGIN:VCALENDAR (RFC 5545)."


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as a calendar tells of it.

    occurrence : which of a series, by its original beginning; empty where it is no
        series. None means all of them, where a whole series is cancelled.
    attendees, declined : addresses in small letters, whoever invited among them
    """

    uid: str
    occurrence: str | None
    sequence: int
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    is_all_day: bool
    is_cancelled: bool
    attendees: tuple[str, ...] = ()
    declined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in a calendar; of the ids in `whole` nothing else takes place."""

    happenings: tuple[Happening, ...]
    whole: frozenset[str]


def read_calendar(
    text: str, *, first: dt.datetime, last: dt.datetime, zone: ZoneInfo
) -> Told:
    """Return what takes place between two moments, and all that is cancelled.

    Times without a zone are those of `zone`. Events that make no sense are left out.

    Raises
    ------
    UnreadableCalendarError
        If it is no calendar, or one that is far too large.
    """
    if len(text) > LARGEST_CALENDAR:
        raise UnreadableCalendarError("This calendar is too large to be read.")
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableCalendarError from error
    if calendar.name != "VCALENDAR":
        raise UnreadableCalendarError
    if str(calendar.get("METHOD", "")).upper() == "CANCEL":
        gone = [_cancelled(one, zone, first) for one in _events(calendar) if _uid(one)]
        return Told(tuple(gone[:MOST_EVENTS]), frozenset())
    _drop_nonsense(calendar)
    events = _events(calendar)
    if len(events) > MOST_EVENTS:
        raise UnreadableCalendarError("There are too many events in this calendar.")
    series = frozenset(_uid(event) for event in events if "RRULE" in event)
    if len(series) > MOST_SERIES:
        raise UnreadableCalendarError("There are too many series in this calendar.")
    found = tuple(_happenings(calendar, series, first, last, zone))
    whole = (_uid(event) for event in events if "RECURRENCE-ID" not in event)
    return Told(found, frozenset(whole))


def _happenings(
    calendar: Calendar,
    series: frozenset[str],
    first: dt.datetime,
    last: dt.datetime,
    zone: ZoneInfo,
) -> Iterator[Happening]:
    try:
        # Series with a broken rule are left out, the others are read.
        found = recurring_ical_events.of(calendar, skip_bad_series=True)
        events = found.between(first, last)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableCalendarError from error
    apart = {_uid(one) for one in _events(calendar) if "RECURRENCE-ID" in one}
    for event in events:
        is_part = _uid(event) in series | apart
        yield _happening(event, _occurrence(event, zone) if is_part else "", zone)


def _drop_nonsense(calendar: Calendar) -> None:
    """Leave out events without a name or a beginning, and clocks."""
    calendar.subcomponents = [
        part
        for part in calendar.subcomponents
        if not isinstance(part, Event) or _makes_sense(part)
    ]


def _makes_sense(event: Event) -> bool:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if {str(one).upper() for one in rule.get("FREQ", [])} & TOO_OFTEN:
            return False
    try:
        has_times = event.start is not None and event.end >= event.start
    except (ValueError, LookupError, TypeError, AttributeError):
        has_times = False
    return bool(_uid(event)) and (has_times or "RECURRENCE-ID" in event)


def _events(calendar: Calendar) -> list[Event]:
    return [part for part in calendar.subcomponents if isinstance(part, Event)]


def _happening(event: Event, occurrence: str | None, zone: ZoneInfo) -> Happening:
    starts, ends = event.start, event.end
    is_all_day = not isinstance(starts, dt.datetime)
    attendees, declined = _people(event)
    return Happening(
        uid=_uid(event),
        occurrence=occurrence,
        sequence=_sequence(event),
        title=_plain(event.get("SUMMARY", ""))[:LONGEST_TITLE],
        starts_at=_moment(starts, zone),
        ends_at=_moment(ends, zone),
        is_all_day=is_all_day,
        is_cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
        attendees=attendees,
        declined=declined,
    )


def _cancelled(event: Event, zone: ZoneInfo, now: dt.datetime) -> Happening:
    occurrence = _occurrence(event, zone) if "RECURRENCE-ID" in event else None
    return Happening(
        uid=_uid(event),
        occurrence=occurrence,
        sequence=_sequence(event),
        title="",
        starts_at=now,
        ends_at=now,
        is_all_day=False,
        is_cancelled=True,
    )


def _people(event: Event) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return who takes part, whoever invited first, and who said no."""
    told = [event.get("ORGANIZER"), *_listed(event.get("ATTENDEE"))][:MOST_ATTENDEES]
    found: dict[str, None] = {}
    declined = set()
    for one in told:
        address = _address(one)
        if not address:
            continue
        found[address] = None
        if str(one.params.get("PARTSTAT", "")).upper() == "DECLINED":
            declined.add(address)
    return tuple(found), frozenset(declined)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _address(value: Any) -> str:
    text = _plain(value or "").lower()
    address = text.removeprefix("mailto:").strip()
    return address if "@" in address and " " not in address else ""


def _uid(event: Event) -> str:
    return _plain(event.get("UID", ""))[:LONGEST_UID]


def _plain(value: Any) -> str:
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode()
    return " ".join(text.split())


def _sequence(event: Event) -> int:
    try:
        return min(max(int(event.get("SEQUENCE", 0)), 0), 2**31 - 1)
    except (TypeError, ValueError):
        return 0


def _occurrence(event: Event, zone: ZoneInfo) -> str:
    """Return which of a series it is, alike in whatever zone it is written."""
    original: Any = event.get("RECURRENCE-ID")
    begins = event.start if original is None else original.dt
    return _moment(begins, zone).astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _moment(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    return value if value.tzinfo else value.replace(tzinfo=zone)
