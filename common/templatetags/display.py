"""How money, dates and shares are written, everywhere the same."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.zones import own_zone

register = template.Library()

UNKNOWN = "–"
MINUS = "\u2212"
THIN_SPACE = "\u202f"


def _grouped(value: Decimal | float, places: int) -> str:
    """Write a number with thin-space thousands and a true minus sign."""
    text = f"{abs(value):,.{places}f}".replace(",", THIN_SPACE)
    is_zero = not any(c in "123456789" for c in text)
    return text if value >= 0 or is_zero else MINUS + text


@register.filter
def money(value: Decimal | float | None) -> str:
    """Write whole money, such as 12 400; unknown is a dash."""
    return UNKNOWN if value is None else _grouped(value, 0)


@register.filter
def cents(value: Decimal | float | None) -> str:
    """Write exact money, such as 12 400.50; unknown is a dash."""
    return UNKNOWN if value is None else _grouped(value, 2)


@register.filter
def signed_money(value: Decimal | float | None) -> str:
    """Write a change of money with its sign; unknown is a dash."""
    if value is None:
        return UNKNOWN
    return _grouped(value, 0) if value <= 0 else f"+{_grouped(value, 0)}"


@register.filter
def signed_cents(value: Decimal | float | None) -> str:
    """Write an exact change of money with its sign; unknown is a dash."""
    if value is None:
        return UNKNOWN
    return _grouped(value, 2) if value <= 0 else f"+{_grouped(value, 2)}"


@register.filter
def count(value: int | None) -> str:
    """Write a whole number with thousands apart; unknown is a dash."""
    return UNKNOWN if value is None else _grouped(value, 0)


@register.filter
def counted(value: int | None, noun: str) -> str:
    """Write how many there are of something, such as 1 account or 1 204 accounts.

    A plural that takes more than an s is named after a comma: "person,people".
    """
    one, _, many = noun.partition(",")
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


@register.filter
def signed_count(value: int | None) -> str:
    """Write a change of a count with its sign; unknown is a dash."""
    return f"+{count(value)}" if value is not None and value > 0 else count(value)


@register.filter
def share(value: float | Decimal | None) -> str:
    """Write a share between 0 and 1 as per cent; unknown is a dash."""
    return UNKNOWN if value is None else f"{_grouped(value * 100, 0)}{THIN_SPACE}%"


@register.filter
def exact_share(value: Decimal | None) -> str:
    """Write a share as per cent with all the decimals it has, such as 12.5 %."""
    return UNKNOWN if value is None else f"{quantity(value * 100)}{THIN_SPACE}%"


@register.filter
def signed_share(value: float | None) -> str:
    """Write a change as per cent with its sign; unknown is a dash."""
    if value is None:
        return UNKNOWN
    text = f"{_grouped(value * 100, 0)}{THIN_SPACE}%"
    return f"+{text}" if round(value * 100) > 0 else text


@register.filter
def number(value: float | None, places: int = 1) -> str:
    """Write a plain number with `places` decimals; unknown is a dash."""
    return UNKNOWN if value is None else _grouped(value, places)


@register.filter
def quantity(value: Decimal | None) -> str:
    """Write a quantity without needless zeros, such as 12 or 2.5."""
    if value is None:
        return UNKNOWN
    exponent = value.normalize().as_tuple().exponent
    return _grouped(value, max(0, -exponent) if isinstance(exponent, int) else 0)


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """Write a date such as 14 Mar 2025; unknown is a dash."""
    if value is None:
        return UNKNOWN
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return f"{value.day} {value:%b %Y}"


@register.filter
def moment(value: dt.datetime | None) -> str:
    """Write a time in the zone of who reads, such as 14 Mar 2025, 09:30."""
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value, own_zone())
    return f"{local.day} {local:%b %Y, %H:%M}"


@register.filter
def clock(value: dt.datetime | None) -> str:
    """Write the time of day in the zone of who reads, such as 09:30:05."""
    if value is None:
        return UNKNOWN
    return f"{timezone.localtime(value, own_zone()):%H:%M:%S}"


@register.filter
def days_away(value: dt.date | None, today: dt.date) -> str:
    """Say how far a day is: today, tomorrow, in 5 days, 3 days late."""
    if value is None:
        return UNKNOWN
    days = (value - today).days
    names = {0: "today", 1: "tomorrow", -1: "1 day late"}
    if days in names:
        return names[days]
    return f"in {days} days" if days > 0 else f"{-days} days late"


@register.filter
def reason_alone(reason: str) -> str:
    """Drop the class from the front of its reason, where a badge names it already."""
    _, colon, rest = reason.partition(": ")
    return rest[:1].upper() + rest[1:] if colon else reason


@register.simple_tag
def sort_mark(column: Any, sort: Any) -> SafeString | str:
    """Show the direction of the column that the list is sorted by."""
    if getattr(sort, "key", None) != getattr(column, "key", column):
        return ""
    return format_html(
        '<span aria-hidden="true">{}</span>', "▾" if sort.descending else "▴"
    )
