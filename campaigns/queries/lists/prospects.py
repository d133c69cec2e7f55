"""The list of prospects: accounts without orders, by what pursuing them promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet, prefetch_related_objects

from campaigns.models import PlannedTouch
from campaigns.queries.lists.account_filters import (
    all_tags,
    people,
    search_field,
    territories,
)
from campaigns.queries.lists.account_rows import first_touches
from campaigns.queries.lists.base import PAGE_SIZE, Listing, Order
from campaigns.queries.lists.prospect_columns import REGISTRY
from clv.models import IdealProfile, LikeGroup, ValuationRun
from clv.queries.prospects import Prospect, ProspectFilter, ProspectList
from common.lists.filters import Filter, choice_field, record_field, said_by
from common.paging import Page
from crm.choices import ListKey, Source
from crm.models import Account


@dataclass(frozen=True, slots=True)
class ProspectRow:
    """One prospect as the list shows it, with what is planned next."""

    record: Account
    prospect: Prospect
    next_touch: PlannedTouch | None = None

    @property
    def account(self) -> Account:
        return self.record


def _industries(user: Any) -> forms.Field:
    """Offer the industries of those like them, as the night knew them."""
    run = ValuationRun.objects.current()
    names = ProspectList(user=user, run=run, wanted=ProspectFilter()).industries()
    choices = [("", "All"), *((name, name) for name in names)]
    return forms.CharField(max_length=200, widget=forms.Select(choices=choices))


def _profiles(_user: Any) -> QuerySet[IdealProfile] | None:
    """Offer every version, newest first; nothing before the first one."""
    found = IdealProfile.objects.order_by("-version")
    return found if found.exists() else None


def _unchanged(rows: Any, _value: Any, _listing: Any) -> Any:
    """Leave the rows to `ProspectList`, which reads the filters itself."""
    return rows


FILTERS = (
    Filter(
        "search",
        "Search",
        search_field("Name, city or number"),
        _unchanged,
        is_quick=True,
    ),
    Filter("industry", "Industry", _industries, _unchanged, is_quick=True),
    Filter(
        "source",
        "Source",
        choice_field(Source.choices),
        _unchanged,
        said_by(Source.choices),
        is_quick=True,
    ),
    Filter(
        "territory",
        "Territory",
        record_field(territories),
        _unchanged,
        is_quick=True,
    ),
    Filter(
        "owner",
        "Owner",
        record_field(people, "Everybody"),
        _unchanged,
        is_quick=True,
    ),
    Filter("tag", "Tag", record_field(all_tags), _unchanged, is_quick=True),
    Filter(
        "profile",
        "Ideal profile",
        record_field(_profiles, "Any"),
        _unchanged,
        lambda profile: f"v{profile.version}",
        is_quick=True,
    ),
)


class ProspectListing(Listing):
    """The accounts without orders that `user` may see, as one run valued them."""

    key = ListKey.PROSPECTS
    model = Account
    noun = "prospect"
    registry = REGISTRY
    filters = FILTERS
    orders: ClassVar[Mapping[str, Order]] = {
        "gain": Order("gain"),
        "worth": Order("worth"),
        "name": Order("name"),
    }
    default_sort = "-gain"
    note_template = "campaigns/prospects/_note.html"

    @cached_property
    def run(self) -> ValuationRun | None:
        return ValuationRun.objects.select_related("assumptions").current()

    @cached_property
    def found(self) -> ProspectList:
        """Return the prospects that the address asks for, in their order."""
        given = self.form.given
        wanted = ProspectFilter(
            search=given("search") or "",
            industry=given("industry") or "",
            territory=given("territory"),
            source=given("source") or "",
            owner=given("owner") if "owner" in self.form.filters else None,
            tag=given("tag"),
            profile=given("profile") if "profile" in self.form.filters else None,
            sort=self.sort,
        )
        return ProspectList(user=self.user, run=self.run, wanted=wanted)

    @cached_property
    def chance(self) -> LikeGroup | None:
        """Return any group of the run: all carry its chance to win."""
        return self.found.first_like

    @property
    def file_name(self) -> str:
        """Name the version of the ideal profile that made the list."""
        profile = self.found.wanted.profile
        return f"{self.key}-profile-v{profile.version}" if profile else str(self.key)

    def visible(self) -> QuerySet[Account]:
        everything = ProspectList(user=self.user, run=self.run, wanted=ProspectFilter())
        return self._accounts(everything)

    def filtered(self, *, without: frozenset[str] = frozenset()) -> QuerySet[Any]:
        return self._accounts(self.found).order_by()

    def _accounts(self, found: ProspectList) -> QuerySet[Account]:
        keys = found.values().order_by().values("account_id")
        return Account.objects.active().visible_to(self.user).filter(pk__in=keys)

    def page(self, cursor: str = "", size: int = PAGE_SIZE) -> Page[Any]:
        found = self.found.page(cursor, size)
        return Page(self._rows(found.rows), found.next, found.previous)

    def read(self, keys: Sequence[int]) -> list[Any]:
        known = {one.account.pk: one for one in self.found.read(keys)}
        return self._rows([known[key] for key in keys if key in known])

    def _rows(self, prospects: Sequence[Prospect]) -> list[ProspectRow]:
        if "tags" in self.needs:
            prefetch_related_objects([one.account for one in prospects], "tags")
        touches = {}
        if "touch" in self.needs:
            touches = first_touches([one.account.pk for one in prospects])
        return [
            ProspectRow(one.account, one, touches.get(one.account.pk))
            for one in prospects
        ]
