"""The calendar of touches: periods, and the slots of several touches within one.

A period is a week from Monday, a calendar month, quarter or year. Where a touch comes
several times in a period, the period is cut into as many slots of equal length, so
that two visits of one quarter are weeks apart. All ranges end before `ends_on`.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

# A year has 52 full weeks; the odd day is left out of yearly costs.
PERIODS_PER_YEAR = {"week": 52, "month": 12, "quarter": 4, "year": 1}

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """One week, month, quarter or year; its label sorts in time."""

    label: str
    starts_on: dt.date
    ends_on: dt.date


@dataclass(frozen=True, slots=True)
class Slot:
    """The part of a period in which its `number`-th touch falls."""

    period: str
    number: int
    starts_on: dt.date
    ends_on: dt.date
    period_ends_on: dt.date


def period_of(cadence: str, day: dt.date) -> Period:
    """Return the period of `cadence` that `day` lies in.

    Raises
    ------
    KeyError
        If the cadence is not one of week, month, quarter and year.
    """
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


def period_ends_on(label: str) -> dt.date:
    """Return the first day after the period of a label such as 2026-Q4 or 2026-Q4/1.

    Raises
    ------
    ValueError
        If the label is not one that `period_of` gives out.
    """
    name = label.partition("/")[0]
    year, _, part = name.partition("-")
    if part.startswith("W"):
        monday = dt.date.fromisocalendar(int(year), int(part[1:]), 1)
        return monday + dt.timedelta(days=7)
    if part.startswith("Q"):
        return _months_later(dt.date(int(year), 3 * int(part[1:]) - 2, 1), 3)
    if part:
        return _months_later(dt.date(int(year), int(part), 1), 1)
    return dt.date(int(year) + 1, 1, 1)


def slots(cadence: str, times: int, first: dt.date, last: dt.date) -> Iterator[Slot]:
    """Yield the slots that hold at least one day from `first` to `last`, in order."""
    day = first
    while day <= last:
        period = period_of(cadence, day)
        for slot in _cut(period, times):
            if slot.ends_on > first and slot.starts_on <= last:
                yield slot
        day = period.ends_on


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


def _months_later(first_of_month: dt.date, months: int) -> dt.date:
    index = first_of_month.month - 1 + months
    return dt.date(first_of_month.year + index // 12, index % 12 + 1, 1)
