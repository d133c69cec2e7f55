"""Sources of *Today*: every app brings what needs somebody.

To bring items, write a query in your app that takes an `Asking` and returns
`crm.queries.agenda.Items`::

    def hypotheses_due(asking: Asking) -> Items:
        rows = Hypothesis.objects.open().visible_to(asking.user)
        if asking.owner:
            rows = rows.filter(account__owner=asking.owner)
        return Items(
            rows, due="review_on", title=F("text"), why=Value("Its review is due.")
        )

and register it where your app starts (`apps.py`, `ready`)::

    agendas.register(
        agendas.Source(
            key="hypothesis",
            label="Hypothesis",
            query="crm.queries.agenda_sources.hypotheses_due",
            permission=VIEW_ACCOUNTS,
        )
    )

*Today* then ranks the items among all others by expected gain, shows those whose day
has come, and those of the next two weeks where there is room. It snoozes them, and
keeps that they were done, by the source's key and the item's. Let the query leave out
what is settled where it lives; give `item` where one row can come up again as another.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from common.panels import PermissionHolder

DONE = "Done"


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose day: what `user` may see, of `owner` alone or of the whole team."""

    user: Any
    owner: Any
    today: dt.date


@dataclass(frozen=True, slots=True)
class Source:
    """One sort of items.

    `action` is what its button says, which opens `url_name`: a page that takes the
    item's link, or with `in_query` one that takes it as ?account=. `done` is what
    settling it is called; empty where only that page can end it. `on_settled` and
    `on_unsettled` name services that take `actor` and `item`, where settling does
    more than to leave it out from then on. `say` names a query that takes ids of rows
    and returns why each stands there, where that changes with every minute.
    """

    key: str
    label: str
    query: str
    permission: str
    action: str = "Open"
    url_name: str = "crm:account_detail"
    in_query: bool = False
    done: str = DONE
    on_settled: str = ""
    on_unsettled: str = ""
    say: str = ""


_registered: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add `source`; registering it twice changes nothing.

    Raises
    ------
    ValueError
        If another source has the same key.
    """
    if _registered.setdefault(source.key, source) != source:
        raise ValueError(f"two sources of Today are named {source.key}")


def sources_for(user: PermissionHolder) -> list[Source]:
    """Return the sources that `user` may read, by key."""
    allowed = [s for s in _registered.values() if user.has_perm(s.permission)]
    return sorted(allowed, key=lambda s: s.key)


def source_named(key: str) -> Source | None:
    """Return the source of that key, if there is one."""
    return _registered.get(key)
