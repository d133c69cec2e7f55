"""Days ahead as people type them: `fri`, `tomorrow`, `3d`, `next week`, `12.12.`."""

import calendar
import datetime as dt
import re
from collections.abc import Sequence

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
AHEAD = re.compile(r"([0-9]{1,5})(d|w|m|days?|weeks?|months?)", re.IGNORECASE)
UNITS = {"day", "days", "week", "weeks", "month", "months"}
LONGEST_PHRASE = 3  # words: in 2 weeks
DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.?(?:([0-9]{4}|[0-9]{2}))?")
ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
LIKE_ISO = re.compile(r"[0-9]{4}-[0-9]")
BARE_NUMBER = re.compile(r"[0-9()/ -]*")
CENTURY = 100
YEARS_TO_TRY = 8  # the next 29 February is at most that far


class NoDayError(ValueError):
    """A `+word` that names no day that can be meant; the text says what to write."""


def is_meant(word: str, following: str = "") -> bool:
    """Tell whether `+word` tries to name a day; `+49` of a number and `+` do not."""
    rest = word[1:]
    is_number = BARE_NUMBER.fullmatch(rest) and not LIKE_ISO.match(rest)
    is_span = rest.isdecimal() and following.casefold() in UNITS
    return word.startswith("+") and (not is_number or is_span)


def read_phrase(words: Sequence[str], *, today: dt.date) -> tuple[dt.date, int]:
    """Return the day that the words begin with, and how many of them say it.

    Raises
    ------
    NoDayError
        If they name no day that can be meant.
    """
    for used in range(min(LONGEST_PHRASE, len(words)), 1, -1):
        phrase = " ".join(words[:used]).casefold().rstrip(",;:!?")
        day = _phrased(phrase, today)
        if day is not None:
            return _checked(day, phrase, today), used
    return read_day(words[0].rstrip(",;:!?"), today=today), 1


def weekday_number(text: str) -> int | None:
    """Return 0 for `mon`, `monday` and so on."""
    if len(text) >= SHORTEST_WEEKDAY:
        for number, name in enumerate(WEEKDAYS):
            if name.startswith(text):
                return number
    return None


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
            f"“+{text}” is no day I know. Write +fri, +tomorrow, +3d, +next week or "
            "+12.12., or a space after the plus to keep it as text."
        )
    return _checked(day, text, today)


def _checked(day: dt.date, text: str, today: dt.date) -> dt.date:
    if day < today:
        raise NoDayError(f"“+{text}” is past. Choose today or later.")
    if day > today + policy.FURTHEST_TASK_AHEAD:
        raise NoDayError(f"“+{text}” is more than five years ahead.")
    return day


def _named(text: str, today: dt.date) -> dt.date | None:
    if text in NAMED:
        return today + dt.timedelta(days=NAMED[text])
    number = weekday_number(text)
    if number is None:
        return None
    return today + dt.timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _phrased(text: str, today: dt.date) -> dt.date | None:
    """Read `next week`, `next fri`, `in 2 weeks`, `in a month`, `3 days`."""
    monday = today + dt.timedelta(days=7 - today.weekday())
    first, _, rest = text.partition(" ")
    if text == "day after tomorrow":
        return today + dt.timedelta(days=2)
    if first == "next":
        number = weekday_number(rest)
        if number is not None:
            return monday + dt.timedelta(days=number)
        month = _ahead("1m", today.replace(day=1))
        return {"week": monday, "month": month}.get(rest)
    span = rest if first == "in" else text
    try:
        return _ahead(re.sub(r"^an? (?=[dwm])", "1", span).replace(" ", ""), today)
    except (ValueError, OverflowError):
        return None


def _ahead(text: str, today: dt.date) -> dt.date | None:
    match = AHEAD.fullmatch(text)
    if not match:
        return None
    number, unit = int(match[1]), match[2][0].lower()
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
