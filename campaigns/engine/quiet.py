"""Quiet hours: when a mail may leave, by the clock of who gets it."""

import datetime as dt
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)
_COLUMNS = 3  # country, coordinates, name of the zone


def next_allowed(
    at: dt.datetime, *, zone: ZoneInfo, quiet_from: dt.time, quiet_until: dt.time
) -> dt.datetime:
    """Return `at`, or the end of the quiet hours that it falls into.

    Quiet hours may run over midnight; from and until the same hour there are none.
    """
    local = at.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if quiet_from <= quiet_until:
        is_quiet = quiet_from <= clock < quiet_until
    else:
        is_quiet = clock >= quiet_from or clock < quiet_until
    if not is_quiet:
        return at
    day = local.date() if clock < quiet_until else local.date() + _DAY
    return dt.datetime.combine(day, quiet_until, tzinfo=zone).astimezone(dt.UTC)


def zone_of_country(country: str, *, firm: ZoneInfo) -> ZoneInfo:
    """Return the zone of a country (ISO 3166-1): the firm's where it lies there.

    Of a country with several zones it is the first that the zone database lists; where
    the country is not known it is the firm's.
    """
    names = _zones().get(country.upper(), ())
    return firm if not names or firm.key in names else ZoneInfo(names[0])


@cache
def _zones() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    for line in table.splitlines():
        columns = line.split("\t")
        if not line.startswith("#") and len(columns) >= _COLUMNS:
            found.setdefault(columns[0], []).append(columns[2])
    return found
