"""What a request carries once the guard of its view let it through."""

import datetime as dt

from common.clock import months_later
from common.htmx import HtmxRequest
from crm.models import User

LONGEST_KEY = 18  # digits


class SignedInRequest(HtmxRequest):
    """A request of somebody who is signed in."""

    user: User


def asked_period(
    request: SignedInRequest, otherwise: dt.date | None
) -> tuple[dt.date | None, dt.date | None, list[int]]:
    """Return first and last day of the months asked for, and the costs chosen.

    What cannot be read counts as not given; without a month `otherwise` is it.
    """
    first = _month(request.GET.get("month", "")) or otherwise
    last = _month(request.GET.get("until", "")) or first
    keys = [one for one in request.GET.getlist("cost") if one.isdecimal()]
    chosen = [int(one) for one in keys if one.isascii() and len(one) <= LONGEST_KEY]
    if first is None or last is None or last < first:
        return None, None, chosen
    return first, months_later(last, 1) - dt.timedelta(days=1), chosen


def _month(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return None
