"""Mails that automations have written: their names, and what one costs."""

from decimal import Decimal, InvalidOperation

from campaigns.models import Firing
from common.money import ZERO

_PREFIX = "automation"


def occasion_of(firing: Firing, number: int) -> str:
    """Name the mail of an action of a firing; no other has this name."""
    return f"{_PREFIX}:{firing.pk}:{number}"


def cost_of_mail(occasion: str) -> Decimal:
    """Return what the rule says that a mail of this name costs; 0 for other mails."""
    prefix, _, rest = occasion.partition(":")
    key, _, number = rest.partition(":")
    if prefix != _PREFIX or not (key.isdecimal() and number.isdecimal()):
        return ZERO
    firing = Firing.objects.select_related("version").filter(pk=int(key)).first()
    if firing is None or int(number) >= len(firing.version.actions):
        return ZERO
    try:
        return Decimal(firing.version.actions[int(number)].get("cost") or ZERO)
    except InvalidOperation:
        return ZERO
