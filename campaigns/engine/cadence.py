"""The calendar of touches: when each cadence asks for one, for whom.

Three families. **Calendar**: a week from Monday, a calendar month, quarter or year, or
a block of n weeks counted from one Monday for everybody. Where a touch comes several
times in a period, the period is cut into as many slots of equal length, so that two
visits of one quarter are weeks apart. **Anniversary** and **onboarding** follow a day
of the account, its anchor: they ask for one day, and may still be done until the slot's
`period_ends_on`.

All ranges end before `ends_on`. Days are calendar dates: no clock, no time zone and so
no daylight saving. An anchor on 29 February has its day on the 28th in other years.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# A year has 52 full weeks; the odd day is left out of yearly costs.
PERIODS_PER_YEAR = {"week": 52, "month": 12, "quarter": 4, "year": 1}
WEEKS_PER_YEAR = 52

# Cadences that every account shares, and those that need a day of the account.
CALENDAR = frozenset({"week", "month", "quarter", "year", "weeks"})
ANCHORED = frozenset({"anniversary", "onboarding"})

# A touch with one right day may still be done within a week of it: that reaches over
# holidays and days off, and nobody is congratulated a month late.
DAYS_OPEN = 7

# A touch of a campaign may slip by two working weeks, as long as its campaign runs.
CAMPAIGN_DAYS_OPEN = 14
# The label of touches that campaigns ask for, each once.
CAMPAIGN = "campaign"

# The longest that two touches of a calendar cadence lie apart, in days.
_LONGEST = {"week": 7, "month": 31, "quarter": 92, "year": 366}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FIRST_MONDAY = dt.date(1970, 1, 5)
_DAY = dt.timedelta(days=1)
_ONBOARDING = "onboarding"


class Terms(Protocol):
    """How often a touch comes; touches of plans and of the library are such."""

    @property
    def cadence(self) -> str: ...
    @property
    def times(self) -> int: ...
    @property
    def every(self) -> int: ...
    @property
    def offset_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Period:
    """One week, month, quarter, year or block of weeks; its label sorts in time."""

    label: str
    starts_on: dt.date
    ends_on: dt.date


@dataclass(frozen=True, slots=True)
class Slot:
    """The part of a period in which its `number`-th touch falls.

    The label `period` is the same whenever and over whatever range it is computed, at
    most 16 characters long, and unique among the slots of one touch and account.
    """

    period: str
    number: int
    starts_on: dt.date
    ends_on: dt.date
    period_ends_on: dt.date


def slots_of(
    terms: Terms, first: dt.date, last: dt.date, anchor: dt.date | None = None
) -> Iterator[Slot]:
    """Yield the slots that are open on at least one day from `first` to `last`.

    `anchor` is the account's day: of the event or of becoming a customer for an
    anniversary, of the first contact for onboarding. Without one those two cadences
    ask for nothing; the calendar's do not look at it. In order of their days.

    Raises
    ------
    KeyError
        If there is no such cadence.
    """
    if terms.cadence == "anniversary":
        found = _anniversaries(terms.offset_days, first, last, anchor)
    elif terms.cadence == _ONBOARDING:
        found = _onboarding(terms.offset_days, first, last, anchor)
    else:
        found = slots(terms.cadence, terms.times, first, last, every=terms.every)
    yield from found


def anchors_of(
    terms: Terms, first: dt.date, last: dt.date
) -> Iterator[tuple[str, Slot]]:
    """Yield, for anchored cadences, which anchors have a slot open in a range.

    The other direction of `slots_of`, so that a million accounts are joined and not
    walked. The key is ``MM-DD`` for anniversaries, and holds for accounts whose anchor
    lies in an earlier year than the label's four digits; ``YYYY-MM-DD`` for onboarding.
    29 February comes along with the 28th where the year has none.
    """
    if terms.cadence == _ONBOARDING:
        day = first - dt.timedelta(days=DAYS_OPEN - 1)
        while day <= last:
            anchor = day - dt.timedelta(days=terms.offset_days)
            yield anchor.isoformat(), _onboarding_slot(day)
            day += _DAY
        return
    offset = dt.timedelta(days=terms.offset_days)
    day = first - offset - dt.timedelta(days=abs(terms.offset_days) + DAYS_OPEN)
    while day <= last - offset:
        keys = [(day.month, day.day)]
        if keys == [(2, 28)] and not _is_leap(day.year):
            keys.append((2, 29))
        for month, number in keys:
            slot = _anniversary_slot(day.year, month, number, terms.offset_days)
            if _is_open(slot, first, last):
                yield f"{month:02}-{number:02}", slot
        day += _DAY


def period_of(cadence: str, day: dt.date, *, every: int = 1) -> Period:
    """Return the period of a calendar cadence that `day` lies in.

    Raises
    ------
    KeyError
        If the cadence is not one of the calendar.
    """
    if cadence == "weeks":
        return _block_of(day, every)
    if cadence == "week":
        year, week, weekday = day.isocalendar()
        monday = day - dt.timedelta(days=weekday - 1)
        return Period(f"{year}-W{week:02}", monday, monday + dt.timedelta(days=7))
    months = _MONTHS[cadence]
    index = (day.month - 1) // months
    start = dt.date(day.year, index * months + 1, 1)
    labels = {1: f"{day.year}-{day.month:02}", 3: f"{day.year}-Q{index + 1}"}
    return Period(
        labels.get(months, str(day.year)), start, _months_later(start, months)
    )


def period_ends_on(label: str, *, due_on: dt.date | None = None) -> dt.date:
    """Return the first day after the period of a label such as 2026-Q4 or 2026-Q4/1.

    Labels of anniversaries and onboarding name no end: theirs is `DAYS_OPEN` after the
    day on which the touch is due, which must be told. Those of campaigns have
    `CAMPAIGN_DAYS_OPEN`.

    Raises
    ------
    ValueError
        If the label is not one that this module gives out, or `due_on` is wanting.
    """
    name = label.partition("/")[0]
    if name in {_ONBOARDING, CAMPAIGN} or name[4:6] == "-A":
        if due_on is None:
            raise ValueError(f"the end of {label} depends on the day it is due")
        is_campaign = name == CAMPAIGN
        open_days = CAMPAIGN_DAYS_OPEN if is_campaign else DAYS_OPEN
        return due_on + dt.timedelta(days=open_days)
    year, _, part = name.partition("-")
    if part.startswith("W"):
        week, _, weeks = part[1:].partition("+")
        monday = dt.date.fromisocalendar(int(year), int(week), 1)
        return monday + dt.timedelta(weeks=int(weeks or 1))
    if part.startswith("Q"):
        return _months_later(dt.date(int(year), 3 * int(part[1:]) - 2, 1), 3)
    if part:
        return _months_later(dt.date(int(year), int(part), 1), 1)
    return dt.date(int(year) + 1, 1, 1)


def slots(
    cadence: str, times: int, first: dt.date, last: dt.date, *, every: int = 1
) -> Iterator[Slot]:
    """Yield a calendar cadence's slots that hold a day from `first` to `last`."""
    day = first
    while day <= last:
        period = period_of(cadence, day, every=every)
        for slot in _cut(period, times):
            if slot.ends_on > first and slot.starts_on <= last:
                yield slot
        day = period.ends_on


def longest_gap_days(terms: Terms) -> int:
    """Return how long an account may have to wait for the touch, in days.

    A plan that runs for a shorter time may end before it ever comes. For onboarding
    that is the day itself: a plan that runs n days ends before day n.
    """
    if terms.cadence == _ONBOARDING:
        return terms.offset_days + 1
    if terms.cadence == "anniversary":
        return _LONGEST["year"]
    if terms.cadence == "weeks":
        return -(-7 * terms.every // terms.times)
    return -(-_LONGEST[terms.cadence] // terms.times)


def anniversary_in(year: int, month: int, day: int) -> dt.date:
    """Return the anniversary of a month and day; 29 February is else the 28th."""
    if (month, day) == (2, 29) and not _is_leap(year):
        day = 28
    return dt.date(year, month, day)


def _anniversaries(
    offset_days: int, first: dt.date, last: dt.date, anchor: dt.date | None
) -> Iterator[Slot]:
    """Yield anniversaries after the anchor itself, from the first year on."""
    if anchor is None:
        return
    offset = dt.timedelta(days=offset_days)
    earliest = first - offset - dt.timedelta(days=abs(offset_days) + DAYS_OPEN)
    latest = last - offset
    for year in range(max(earliest.year, anchor.year + 1), latest.year + 1):
        slot = _anniversary_slot(year, anchor.month, anchor.day, offset_days)
        if _is_open(slot, first, last):
            yield slot


def _anniversary_slot(year: int, month: int, day: int, offset_days: int) -> Slot:
    """Return the slot of one anniversary; what is to come before it ends with it."""
    anniversary = anniversary_in(year, month, day)
    due = anniversary + dt.timedelta(days=offset_days)
    ends = due + dt.timedelta(days=DAYS_OPEN)
    if offset_days < 0:
        ends = min(ends, anniversary + _DAY)
    label = f"{year:04}-A{month:02}{day:02}"
    return Slot(label, 1, due, due + _DAY, ends)


def _onboarding(
    offset_days: int, first: dt.date, last: dt.date, anchor: dt.date | None
) -> Iterator[Slot]:
    if anchor is None:
        return
    slot = _onboarding_slot(anchor + dt.timedelta(days=offset_days))
    if _is_open(slot, first, last):
        yield slot


def _onboarding_slot(day: dt.date) -> Slot:
    """Return the one slot of an account; whoever moves the day does not repeat it."""
    return Slot(_ONBOARDING, 1, day, day + _DAY, day + dt.timedelta(days=DAYS_OPEN))


def _is_open(slot: Slot, first: dt.date, last: dt.date) -> bool:
    return slot.starts_on <= last and slot.period_ends_on > first


def _block_of(day: dt.date, every: int) -> Period:
    """Return the block of `every` weeks; blocks are counted from one Monday for all."""
    block = (day - _FIRST_MONDAY).days // (7 * every)
    monday = _FIRST_MONDAY + dt.timedelta(weeks=block * every)
    year, week, _ = monday.isocalendar()
    label = f"{year}-W{week:02}+{every}"
    return Period(label, monday, monday + dt.timedelta(weeks=every))


def _cut(period: Period, times: int) -> Iterator[Slot]:
    """Cut a period into slots; one that is shorter than a day shares its day."""
    length = (period.ends_on - period.starts_on).days
    for number in range(1, times + 1):
        start = (number - 1) * length // times
        end = max(number * length // times, start + 1)
        yield Slot(
            period=f"{period.label}/{number}",
            number=number,
            starts_on=period.starts_on + dt.timedelta(days=start),
            ends_on=period.starts_on + dt.timedelta(days=end),
            period_ends_on=period.ends_on,
        )


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _months_later(first_of_month: dt.date, months: int) -> dt.date:
    index = first_of_month.month - 1 + months
    return dt.date(first_of_month.year + index // 12, index % 12 + 1, 1)
