"""Marks on curves over time: what happened to an account on which day.

An app says in `ready()` which query knows of marks::

    marks.register("events", "crm.queries.events.marks")

and whoever draws a curve asks `marks_between`, without knowing who answered.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Mark:
    """One day worth a line on a curve; tone is good, bad or neutral."""

    on: dt.date
    text: str
    tone: str = "neutral"


_registered: dict[str, str] = {}


def register(key: str, query: str) -> None:
    """Add a query `(account_id, since, until) -> list[Mark]`, named by its path."""
    _registered[key] = query


def marks_between(account_id: int, since: dt.date, until: dt.date) -> list[Mark]:
    """Return the marks of one account from `since` to `until`, oldest first."""
    found: list[Mark] = []
    for path in _registered.values():
        query: Callable[[int, dt.date, dt.date], list[Mark]] = import_string(path)
        found += query(account_id, since, until)
    return sorted(found, key=lambda mark: mark.on)
