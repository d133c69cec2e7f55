"""What levers are called, and how far one was moved, in words."""

from collections.abc import Mapping

from clv.queries.costs import LABELS as COST_LABELS
from common.templatetags.display import money, number
from crm.choices import Channel

SINGLE: Mapping[str, str] = {
    "frequency": "Orders per customer",
    "retention": "Of those who would leave, kept",
    "won": "Customers more within a year",
    "basket": "Revenue per order",
    "price": "Prices",
    "spent": "What moving them costs, once",
}
# Levers that go both ways; all others say what is saved, kept or won.
BOTH_WAYS = frozenset({"frequency", "basket", "price"})


def lever_name(key: str) -> str:
    """Return what a lever is called, such as `minutes_visit`."""
    if key in SINGLE:
        return SINGLE[key]
    kind, _, of = key.partition("_")
    if kind == "saving":
        return f"{COST_LABELS[of]}, less"
    channel = str(Channel(of).label)
    if kind == "minutes":
        return f"Minutes per {channel.lower()}"
    per = "case" if kind == "case" else "customer and year"
    return f"{channel.capitalize()}s per {per}"


def lever_moved(key: str, by: float) -> str:
    """Return how far a lever was moved, in its own unit."""
    kind = key.partition("_")[0]
    if key == "spent":
        return money(by)
    if kind in {"minutes", "contacts", "case"}:
        return f"{_plain(by)} fewer"
    if key == "won":
        return _plain(by)
    sign = "+" if key in BOTH_WAYS and by > 0 else ""
    return f"{sign}{_plain(by)} %"


def _plain(value: float) -> str:
    return number(value, 0 if value == int(value) else 1)
