"""Panels: an upper app's box on a lower app's page.

The lower app's page draws one empty box per panel registered for its place, and htmx
fetches each from its owner, which checks its own permission. So `crm` shows worth
without knowing who computes it.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol


class PermissionHolder(Protocol):
    """A user; named by what is asked of it, because apps import this while loading."""

    def has_perm(self, perm: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Panel:
    """One box: its title, the fragment URL (taking the record's pk), who may see it.

    One that is drawn as a button may be pressed by the single key `key`.
    """

    title: str
    url_name: str
    permission: str
    order: int = 50
    key: str = ""


_registered: dict[str, list[Panel]] = defaultdict(list)


def register(place: str, panel: Panel) -> None:
    """Put `panel` at `place`; registering twice changes nothing."""
    if panel not in _registered[place]:
        _registered[place].append(panel)


def panels_for(place: str, user: PermissionHolder) -> list[Panel]:
    """Return the panels of `place` that `user` may see, in order."""
    allowed = [p for p in _registered[place] if user.has_perm(p.permission)]
    return sorted(allowed, key=lambda p: (p.order, p.title))
