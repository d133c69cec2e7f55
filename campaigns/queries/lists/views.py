"""The views that stand above a list, and the one that is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, OuterRef

from campaigns.queries.lists.base import Listing
from crm.models import ListPreference, SavedView, User


@dataclass(frozen=True, slots=True)
class ShownView:
    """One view as the page offers it."""

    view: SavedView
    url: str
    is_current: bool
    is_pinned: bool
    is_mine: bool


class Shelf:
    """The views of one list that `user` may choose from."""

    def __init__(self, *, user: User, listing: Listing, current: str | None) -> None:
        self.user = user
        self.listing = listing
        self.wanted = current or ""

    @cached_property
    def all(self) -> Sequence[ShownView]:
        rows = SavedView.objects.visible_to(self.user).filter(list_key=self.listing.key)
        pin = SavedView.pinned_by.through.objects.filter(
            savedview=OuterRef("pk"), user=self.user
        )
        shown = rows.annotate(is_pinned=Exists(pin)).select_related("owner")
        return [
            ShownView(
                view=view,
                url=f"?view={view.pk}" + (f"&{view.query}" if view.query else ""),
                is_current=str(view.pk) == self.wanted,
                is_pinned=getattr(view, "is_pinned", False),
                is_mine=view.owner_id == self.user.pk,
            )
            for view in shown.order_by("name", "pk")
        ]

    @property
    def tabs(self) -> list[ShownView]:
        """Return the views that stand above the list: pinned, or shown right now."""
        return [one for one in self.all if one.is_pinned or one.is_current]

    @property
    def others(self) -> list[ShownView]:
        return [one for one in self.all if one not in self.tabs]

    @cached_property
    def current(self) -> ShownView | None:
        return next((one for one in self.all if one.is_current), None)

    @property
    def is_changed(self) -> bool:
        """Tell whether the list shows something else than its view keeps."""
        if self.current is None:
            return False
        kept = parse_qsl(self.current.view.query)
        return urlencode(sorted(kept)) != self.listing.query

    @property
    def can_keep(self) -> bool:
        return self.is_changed and self.current is not None and self.current.is_mine

    @cached_property
    def opens_with(self) -> int | None:
        """Return the key of the view that the list opens with."""
        rows = ListPreference.objects.filter(user=self.user, list_key=self.listing.key)
        found: int | None = rows.values_list("opens_with_id", flat=True).first()
        return found
