"""When a contact was, as people type it: `yesterday 15:30`, `3.11.`, `last fri`."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.services.shorthand_days import ISO, WEEKDAYS, NoDayError, weekday_number
from crm.services.shorthand_words import PUNCTUATION

DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.(?:([0-9]{4}|[0-9]{2}))?")
MARKED_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.?(?:([0-9]{4}|[0-9]{2}))?")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")
HOUR = re.compile(r"([01]?[0-9]|2[0-3])(am|pm)?")
SPAN = re.compile(r"([0-9]{1,3})(d|days?|w|weeks?)")
NAMED = {"today": 0, "yesterday": 1, "tomorrow": -1}
NOON = 12
EARLIEST_ALONE = dt.time(6)  # before it, `1:15` alone is how long something took
CENTURY = 100


@dataclass(frozen=True, slots=True)
class When:
    """A day, and the time of it where one was said."""

    day: dt.date
    time: dt.time | None = None


def read_moment(
    words: Sequence[str], *, today: dt.date, is_marked: bool = False
) -> tuple[When, int] | None:
    """Return the moment that the words begin with, and how many words say it.

    With `is_marked` somebody wrote an `@`, so that short forms count which are
    something else otherwise.

    Raises
    ------
    NoDayError
        If the words name a day that is not in the calendar, or lies ahead.
    """
    bare = [
        word.strip(PUNCTUATION if n else ",;:!?").casefold()
        for n, word in enumerate(words[:4])
    ]
    day, used = _day(bare, today, is_marked=is_marked)
    time, more = _time(bare[used:], has_day=used > 0 or is_marked)
    if not used + more:
        return None
    found = day or today
    if found > today:
        raise NoDayError(
            f"“{' '.join(words[:used])}” lies ahead: {found:%d %b %Y}. A contact is "
            f"logged once it has happened; for later, write +{words[0]}"
        )
    return When(found, time), used + more


def _day(
    words: list[str], today: dt.date, *, is_marked: bool
) -> tuple[dt.date | None, int]:
    if not words:
        return None, 0
    first = words[0]
    if first in NAMED:
        return today - dt.timedelta(days=NAMED[first]), 1
    if day := _dated(first, today, is_marked=is_marked):
        return day, 1
    skip = 1 if first == "last" else 0
    number = weekday_number(words[skip]) if len(words) > skip else None
    if number is not None and (skip or is_marked):
        back = (today.weekday() - number - 1) % len(WEEKDAYS) + 1
        return today - dt.timedelta(days=back), skip + 1
    return _ago(words, today)


def _ago(words: list[str], today: dt.date) -> tuple[dt.date | None, int]:
    """Read `3d ago`, `3 days ago` and `a week ago`."""
    for used in (2, 3):
        if len(words) < used or words[used - 1] != "ago":
            continue
        text = "".join(words[: used - 1])
        match = SPAN.fullmatch(re.sub("^an?(?=[dw])", "1", text))
        if match:
            days = int(match[1]) * (7 if match[2][0] == "w" else 1)
            return today - dt.timedelta(days=days), used
    return None, 0


def _dated(text: str, today: dt.date, *, is_marked: bool) -> dt.date | None:
    try:
        if match := ISO.fullmatch(text):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        match = (MARKED_DOTTED if is_marked else DOTTED).fullmatch(text)
        if not match:
            return None
        day, month = int(match[1]), int(match[2])
        if match[3]:
            year = int(match[3])
            return dt.date(year if year > CENTURY else 2000 + year, month, day)
    except ValueError:
        raise NoDayError(f"“{text}” is no day of the calendar.") from None
    return _nearest(text, day, month, today)


def _nearest(text: str, day: int, month: int, today: dt.date) -> dt.date:
    """Return that day of the year that is nearest to today."""
    found = []
    for year in range(today.year - 4, today.year + 5):
        try:
            found.append(dt.date(year, month, day))
        except ValueError:
            continue
    if not found:
        raise NoDayError(f"“{text}” is no day of the calendar.")
    return min(found, key=lambda one: abs(one - today))


def _time(words: list[str], *, has_day: bool) -> tuple[dt.time | None, int]:
    if not words:
        return None, 0
    skip = 1 if words[0] == "at" and len(words) > 1 else 0
    text = words[skip]
    if match := CLOCK.fullmatch(text):
        time = dt.time(int(match[1]), int(match[2]))
        is_said = has_day or skip or (":" in text and time >= EARLIEST_ALONE)
        return (time, skip + 1) if is_said else (None, 0)
    match = HOUR.fullmatch(text)
    if match and (match[2] or skip) and (has_day or skip):
        return _hour(int(match[1]), match[2]), skip + 1
    return None, 0


def _hour(hour: int, half: str | None) -> dt.time:
    if half and 1 <= hour <= NOON:
        hour = hour % NOON + (NOON if half == "pm" else 0)
    return dt.time(hour)
