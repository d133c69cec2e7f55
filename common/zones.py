"""Whose clocks count: those of who asks, and those where an account is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

_asking: ContextVar[HttpRequest | None] = ContextVar("asking", default=None)


class OwnZone:
    """Remember who asks, so that times are written in their zone.

    Django's own zone stays the firm's: days are the firm's for everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = _asking.set(request)
        try:
            return self.get_response(request)
        finally:
            _asking.reset(before)


def own_zone() -> ZoneInfo:
    """Return the zone of who asks; the firm's without a page."""
    request = _asking.get()
    return zone_of(getattr(request, "user", None))


def zone_of(person: Any) -> ZoneInfo:
    """Return the zone that somebody chose; the firm's where they chose none."""
    chosen = _zone(getattr(person, "time_zone", ""))
    return chosen or ZoneInfo(timezone.get_default_timezone_name())


def _zone(name: str) -> ZoneInfo | None:
    """Return a zone by its name, None where the machine has none of that name."""
    try:
        return ZoneInfo(name)  # which keeps it: pages ask for each time they show
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def zone_names() -> list[str]:
    """Return the zones to choose from, those of countries, by name."""
    return sorted({name for names in _zones().values() for name in names} | {"UTC"})


def time_there(country: str, now: dt.datetime) -> dt.time | None:
    """Return the local time in a country, by its code of two letters.

    None where the clocks of the country differ among each other, are those of who
    asks, or the country is not known.
    """
    zones = [ZoneInfo(name) for name in _zones().get(country.upper(), ())]
    offsets = {now.astimezone(zone).utcoffset() for zone in zones}
    if len(offsets) != 1 or offsets == {now.astimezone(own_zone()).utcoffset()}:
        return None
    return now.astimezone(zones[0]).time().replace(second=0, microsecond=0)


@cache
def _zones() -> Mapping[str, Sequence[str]]:
    """Return the names of the zones of each country, as the time zone database has."""
    found: dict[str, list[str]] = defaultdict(list)
    table = files("tzdata") / "zoneinfo" / "zone.tab"
    for line in table.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found[country].append(name)
    return found
