"""Days as people type them: `fri`, `tomorrow`, `3d`, `2w`, `12.12.`, `2026-12-12`."""

import calendar
import datetime as dt
import re

from crm import policy

WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
SHORTEST_WEEKDAY = 3  # letters
NAMED = {"today": 0, "tomorrow": 1, "tom": 1, "tmr": 1}
AHEAD = re.compile(r"([0-9]{1,5})([dwm])", re.IGNORECASE)
DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.?(?:([0-9]{4}|[0-9]{2}))?")
ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
LIKE_ISO = re.compile(r"[0-9]{4}-[0-9]")
BARE_NUMBER = re.compile(r"[0-9()/ -]*")
CENTURY = 100
YEARS_TO_TRY = 8  # the next 29 February is at most that far


class NoDayError(ValueError):
    """A `+word` that names no day that can be meant; the text says what to write."""


def is_meant(word: str) -> bool:
    """Tell whether `+word` tries to name a day; `+49` of a number and `+` do not."""
    rest = word[1:]
    is_number = BARE_NUMBER.fullmatch(rest) and not LIKE_ISO.match(rest)
    return word.startswith("+") and not is_number


def read_day(text: str, *, today: dt.date) -> dt.date:
    """Return the day that `text` means; a weekday is the next one after today.

    Raises
    ------
    NoDayError
        If it is no day, is past, or lies years ahead.
    """
    try:
        day = (
            _named(text.casefold(), today) or _ahead(text, today) or _dated(text, today)
        )
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise NoDayError(
            f"“+{text}” is no day I know. Write +fri, +tomorrow, +3d, +2w or +12.12., "
            "or a space after the plus to keep it as text."
        )
    if day < today:
        raise NoDayError(f"“+{text}” is past. Choose today or later.")
    if day > today + policy.FURTHEST_TASK_AHEAD:
        raise NoDayError(f"“+{text}” is more than five years ahead.")
    return day


def _named(text: str, today: dt.date) -> dt.date | None:
    if text in NAMED:
        return today + dt.timedelta(days=NAMED[text])
    if len(text) < SHORTEST_WEEKDAY:
        return None
    for number, name in enumerate(WEEKDAYS):
        if name.startswith(text):
            return today + dt.timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return None


def _ahead(text: str, today: dt.date) -> dt.date | None:
    match = AHEAD.fullmatch(text)
    if not match:
        return None
    number, unit = int(match[1]), match[2].lower()
    if unit == "m":
        months = today.year * 12 + today.month - 1 + number
        year, month = months // 12, months % 12 + 1
        return dt.date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    return today + dt.timedelta(days=number * (7 if unit == "w" else 1))


def _dated(text: str, today: dt.date) -> dt.date | None:
    if match := ISO.fullmatch(text):
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    match = DOTTED.fullmatch(text)
    if not match:
        return None
    day, month = int(match[1]), int(match[2])
    if match[3]:
        year = int(match[3])
        return dt.date(year if year > CENTURY else 2000 + year, month, day)
    return _next_date(day, month, today)


def _next_date(day: int, month: int, today: dt.date) -> dt.date | None:
    """Return the next such day, today included; 29 February waits for a leap year."""
    for year in range(today.year, today.year + YEARS_TO_TRY + 1):
        try:
            found = dt.date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None
