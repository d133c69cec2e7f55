"""On which days touches may fall: not on weekends, holidays, and days of our own."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import holidays
from holidays.registry import COUNTRIES

from campaigns.models import ClosedDay, PlanningRule

_ONE_DAY = dt.timedelta(days=1)
# Nobody is closed for longer; where everything is closed for so long, nothing falls.
_FURTHEST = 92
_SATURDAY = 5
_ENGLISH = "en_US"


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The days of one span on which the firm works; `closed` names holidays."""

    closed: Mapping[dt.date, str]
    weekend: frozenset[int]

    def is_open(self, day: dt.date) -> bool:
        return day.weekday() not in self.weekend and day not in self.closed

    def next_open(self, day: dt.date) -> dt.date:
        """Return the day or the first open one after it."""
        return next(self._along(day, _ONE_DAY), day + _ONE_DAY * _FURTHEST)

    def previous_open(self, day: dt.date) -> dt.date:
        """Return the day or the last open one before it."""
        return next(self._along(day, -_ONE_DAY), day - _ONE_DAY * _FURTHEST)

    def _along(self, day: dt.date, step: dt.timedelta) -> Iterator[dt.date]:
        for n in range(_FURTHEST):
            if self.is_open(day + step * n):
                yield day + step * n


def open_days(
    first: dt.date, last: dt.date, *, rule: PlanningRule | None = None
) -> OpenDays:
    """Return what is open from `first` to `last`, and a quarter around."""
    rule = rule or PlanningRule.objects.current()
    around = _ONE_DAY * _FURTHEST
    first, last = first - around, last + around
    closed: dict[dt.date, str] = {}
    for year in range(first.year, last.year + 1):
        closed |= public_holidays(rule.country, rule.region, year)
    own = ClosedDay.objects.filter(day__range=(first, last))
    closed |= dict(own.values_list("day", "name"))
    return OpenDays(closed, weekend_of(rule.country))


@lru_cache(maxsize=256)
def public_holidays(country: str, region: str, year: int) -> Mapping[dt.date, str]:
    """Return day and name of each public holiday, in order; none without a country."""
    if not country:
        return MappingProxyType({})
    found = holidays.country_holidays(
        country, subdiv=region or None, years=year, language=_language(country)
    )
    return MappingProxyType(dict(sorted(found.items())))


@lru_cache(maxsize=64)
def weekend_of(country: str) -> frozenset[int]:
    """Return the days off of a country's week; Monday is 0."""
    if not country:
        return frozenset({_SATURDAY, _SATURDAY + 1})
    return frozenset(holidays.country_holidays(country).weekend)


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """Return countries whose holidays are known, with the codes of their regions."""
    known = holidays.list_supported_countries(include_aliases=False)
    return MappingProxyType({code: tuple(known[code]) for code in sorted(known)})


@lru_cache(maxsize=1)
def country_names() -> Mapping[str, str]:
    """Return code and English name of the countries whose holidays are known."""
    spaced = {
        code: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
        for name, code, *_ in COUNTRIES.values()
    }
    known = {code: spaced.get(code, code) for code in countries()}
    return MappingProxyType(dict(sorted(known.items(), key=lambda one: one[1])))


@lru_cache(maxsize=64)
def _language(country: str) -> str | None:
    """Return English where the names of holidays are translated, else its own."""
    known = holidays.list_localized_countries().get(country, [])
    return _ENGLISH if _ENGLISH in known else None
