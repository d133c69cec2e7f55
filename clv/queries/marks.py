"""What happened to an account, placed on the curve of its past values."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from clv.queries.worth import SPARK_WIDTH
from common.marks import Mark, marks_between


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """One mark and how far right it stands in the curve's box."""

    mark: Mark
    x: str


def placed_marks(account_id: int, nights: Sequence[dt.date]) -> list[PlacedMark]:
    """Return the marks between the first and the last of `nights`, oldest first.

    The curve gives every night the same room; a day stands between its two nights.
    """
    if len(nights) <= 1:
        return []
    found = marks_between(account_id, nights[0], nights[-1])
    return [PlacedMark(mark, f"{_place(mark.on, nights):.1f}") for mark in found]


def _place(day: dt.date, nights: Sequence[dt.date]) -> float:
    step = SPARK_WIDTH / (len(nights) - 1)
    before = max(n for n, night in enumerate(nights) if night <= day)
    if before == len(nights) - 1:
        return float(SPARK_WIDTH)
    gap = (nights[before + 1] - nights[before]).days or 1
    return step * (before + (day - nights[before]).days / gap)
