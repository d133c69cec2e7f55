"""What time it is where somebody is, as far as their country tells."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from django.utils import timezone


def time_there(country: str, now: dt.datetime) -> dt.time | None:
    """Return the local time in a country, by its code of two letters.

    None where the clocks of the country differ among each other, are those of the firm,
    or the country is not known.
    """
    zones = [ZoneInfo(name) for name in _zones().get(country.upper(), ())]
    offsets = {now.astimezone(zone).utcoffset() for zone in zones}
    if len(offsets) != 1 or offsets == {timezone.localtime(now).utcoffset()}:
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
