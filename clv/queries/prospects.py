"""Accounts that have not ordered, by what pursuing them is expected to bring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from clv.models import IdealProfile, LikeGroup, Valuation, ValuationRun
from clv.queries.prospect_deals import with_deals
from clv.queries.prospect_walk import Walk, read_cursor
from common.money import ZERO, to_cents
from common.paging import Page, Sort, keyset_page
from common.templatetags.display import count as write_count
from common.templatetags.display import money as write_money
from common.templatetags.display import number as write_number
from common.templatetags.display import share as write_share
from crm.models import Account, Tag, Territory, User

PAGE_SIZE = 50
EXPORT_CHUNK = 2_000
COUNTED_UP_TO = 10_000
DEFAULT_SORT = "-gain"
GAIN = "gain"
LIKE = "like__"
INDUSTRIES_OFFERED = 200

# Which columns can be sorted, the field behind each, and the kind of its values.
_FIELDS: dict[str, tuple[str, type]] = {
    GAIN: ("like__rank", Decimal),
    "worth": ("like__worth_once_won", Decimal),
    "name": ("account__name", str),
}


@dataclass(frozen=True, slots=True)
class ProspectFilter:
    """What the list is narrowed to and sorted by. Empty means all."""

    search: str = ""
    industry: str = ""
    territory: Territory | None = None
    source: str = ""
    owner: User | None = None
    tag: Tag | None = None
    profile: IdealProfile | None = None
    sort: str = DEFAULT_SORT

    @property
    def narrows_accounts(self) -> bool:
        place = self.territory or self.source or self.owner
        sizes = self.profile and self.profile.size_bands
        return bool(self.search or self.tag or place or sizes)


@dataclass(frozen=True, slots=True)
class Prospect:
    """One account without orders, and what customers like it say of it.

    `deal_chance` is the chance of its most promising open deal, None without one.
    """

    account: Account
    value: Valuation
    like: LikeGroup
    deal_chance: Decimal | None = None

    @property
    def used(self) -> Decimal:
        """Return what was spent on winning it so far."""
        return Decimal(self.value.cost_to_win)

    @property
    def pay_at_most(self) -> Decimal:
        """Return how much more winning it may cost."""
        if self.deal_chance is None:
            return self.like.pay_at_most(self.used)
        limit = to_cents(self.deal_chance * self.like.worth_once_won)
        return max(limit - self.used, ZERO)

    @property
    def chance(self) -> float:
        """Return the chance that it is won: its open deal's, else all prospects'."""
        if self.deal_chance is None:
            return float(self.like.chance_to_win)
        return float(self.deal_chance)

    @property
    def gain(self) -> Decimal:
        """Return chance × worth once won − cost to win."""
        if self.deal_chance is None:
            return Decimal(self.like.rank)
        worth = to_cents(self.deal_chance * self.like.worth_once_won)
        return Decimal(worth - self.like.cost_to_win)

    @property
    def like_sentence(self) -> str:
        """Say how customers like it fared."""
        like = self.like
        if not like.customers:
            return "no customers yet to judge by"
        word = "customer" if like.customers == 1 else "customers"
        return (
            f"{write_count(like.customers)} like {word}: stay"
            f" {write_number(like.tenure_years)} years,"
            f" {write_share(like.repeat_share)} order again"
        )

    @property
    def pay_sentence(self) -> str:
        """Say how much more winning it may cost, and what was used."""
        if self.is_overspent:
            return f"pay nothing more to win; {write_money(self.used)} used"
        said = f"pay at most {write_money(self.pay_at_most)} more to win"
        return f"{said}; {write_money(self.used)} used" if self.used else said

    @property
    def is_overspent(self) -> bool:
        return self.used > 0 and self.pay_at_most == 0


def _joined(values: QuerySet[Valuation]) -> QuerySet[Valuation]:
    return with_deals(values.select_related("account__owner", "account__territory"))


def read_prospect(value: Valuation) -> Prospect:
    """Return the prospect of a value that was read `with_deals`."""
    return Prospect(value.account, value, value.like, value.deal_chance)  # type: ignore[attr-defined]


def prospect_of(value: Valuation) -> Prospect | None:
    """Return what customers like an account say of it, None once it has ordered."""
    if value.order_days > 0:
        return None
    rows = Valuation.objects.prospects().filter(run_id=value.run_id)
    found = with_deals(rows.filter(account_id=value.account_id)).first()
    return None if found is None else read_prospect(found)


class ProspectList:
    """The accounts without orders that `user` may see, as one run valued them."""

    def __init__(
        self, *, user: User, run: ValuationRun | None, wanted: ProspectFilter
    ) -> None:
        self.user = user
        self.run = run
        self.wanted = wanted
        self.sort = _sort(wanted.sort)

    def page(self, cursor: str = "", size: int = PAGE_SIZE) -> Page[Any]:
        """Return one page of prospects; cursors as `keyset_page` gives them."""
        walk = self._walk()
        if walk is not None:
            return self._walked(walk, cursor, size)
        # A short list stands in the order of each prospect's own gain; one that is
        # walked in that of its like group, which an index gives.
        sort = self.sort
        if sort.key == GAIN:
            sort = replace(sort, field="own_gain")
        found = keyset_page(_joined(self.values()), sort=sort, cursor=cursor, size=size)
        shown: list[Any] = [read_prospect(one) for one in found]
        return Page(shown, found.next, found.previous)

    def _walk(self) -> Walk | None:
        """Return the walk of a long list in the order of like groups, else None."""
        by_group = self.sort.field.startswith(LIKE)
        if self.run is None or not by_group or self._few is not None:
            return None
        if self.wanted.search or self.wanted.tag or self.wanted.profile:
            return None
        wanted = self.wanted
        owner = self.user if not self.user.sees_every_account else wanted.owner
        given = {
            "a.owner_id": owner.pk if owner else None,
            "a.territory_id": wanted.territory.pk if wanted.territory else None,
            "a.source": wanted.source or None,
            "g.industry": wanted.industry or None,
        }
        known = {name: value for name, value in given.items() if value is not None}
        return Walk(
            run=self.run,
            column=self.sort.field.removeprefix(LIKE),
            descending=self.sort.descending,
            conditions=[f"{name} = %(c{n})s" for n, name in enumerate(known)],
            params={f"c{n}": value for n, value in enumerate(known.values())},
        )

    def _walked(self, walk: Walk, cursor: str, size: int) -> Page[Any]:
        read = read_cursor(cursor, self.sort.key) if cursor else None
        start, backwards = read or (None, False)
        places = walk.places(start=start, backwards=backwards, size=size + 1)
        has_more = len(places) > size
        places = places[1:] if has_more and backwards else places[:size]
        keys = [place.account_id for place in places]
        values = Valuation.objects.filter(run_id=walk.run.pk, account_id__in=keys)
        found = {one.account_id: one for one in _joined(values.prospects())}
        rows: list[Any] = [read_prospect(found[key]) for key in keys]
        has_next = bool(places) and (backwards or has_more)
        has_previous = bool(places) and (has_more if backwards else start is not None)
        name = self.sort.key
        return Page(
            rows,
            places[-1].write(name, backwards=False) if has_next else "",
            places[0].write(name, backwards=True) if has_previous else "",
        )

    def read(self, keys: Sequence[int]) -> list[Prospect]:
        """Return the prospects of these accounts, in no order."""
        if self.run is None:
            return []
        values = Valuation.objects.of_run(self.run).prospects()
        found = _joined(values.filter(account_id__in=keys))
        return [read_prospect(one) for one in found]

    def every_row(self) -> Iterator[Prospect]:
        """Yield all rows in order, reading them in chunks."""
        cursor, is_first = "", True
        while cursor or is_first:
            page = self.page(cursor, size=EXPORT_CHUNK)
            yield from page
            cursor, is_first = page.next, False

    @property
    def count(self) -> int | None:
        """Return how many there are; None where they are too many to count."""
        few = self._few
        if few is None:
            return None
        return self.values().order_by().count()

    @cached_property
    def first_like(self) -> LikeGroup | None:
        """Return any group of the run: all carry its chance to win."""
        return LikeGroup.objects.filter(run=self.run).order_by("trait_code").first()

    def industries(self) -> list[str]:
        """Return the industries of accounts without orders, by name."""
        names = LikeGroup.objects.filter(run=self.run).exclude(industry="")
        found = names.order_by("industry").values_list("industry", flat=True)
        return list(found.distinct()[:INDUSTRIES_OFFERED])

    def values(self) -> QuerySet[Valuation]:
        """Return the values behind the list, unordered."""
        if self.run is None:
            return Valuation.objects.none()
        values = Valuation.objects.of_run(self.run).prospects()
        if self.wanted.industry:
            values = values.filter(like__industry=self.wanted.industry)
        if self.wanted.profile:
            values = fitting(values, self.wanted.profile)
        if self._few is not None:
            return values.filter(account_id__in=self._few)
        return values.filter(account_id__in=self._accounts().order_by().values("pk"))

    @cached_property
    def _few(self) -> list[int] | None:
        """Return the keys of a list that is short enough to count, else None.

        Knowing them keeps the database from walking an index of a million values in
        search of a handful.
        """
        if self.user.sees_every_account and not self.wanted.narrows_accounts:
            found = list(self._waiting()[: COUNTED_UP_TO + 1])
        else:
            keys = self._accounts().order_by().values_list("pk", flat=True)
            found = list(keys[: COUNTED_UP_TO + 1])
        return found if len(found) <= COUNTED_UP_TO else None

    def _waiting(self) -> Any:
        if self.run is None:
            return []
        values = Valuation.objects.of_run(self.run).filter(order_days=0)
        merged = values.filter(account__merged_into=None)
        return merged.order_by().values_list("account_id", flat=True)

    def _accounts(self) -> QuerySet[Account]:
        rows = Account.objects.active().visible_to(self.user)
        wanted = self.wanted
        if wanted.search:
            rows = rows.matching(wanted.search)
        if wanted.territory:
            rows = rows.filter(territory=wanted.territory)
        if wanted.source:
            rows = rows.filter(source=wanted.source)
        if wanted.owner:
            rows = rows.filter(owner=wanted.owner)
        if wanted.tag:
            rows = rows.filter(tags=wanted.tag)
        if wanted.profile and wanted.profile.size_bands:
            rows = rows.filter(size_band__in=wanted.profile.size_bands)
        return rows


def fitting(values: Any, profile: IdealProfile) -> Any:
    """Keep prospects whose industry and worth once won a profile asks for.

    Sizes are asked of accounts.
    """
    if profile.industries:
        values = values.filter(like__industry__in=profile.industries)
    if profile.least_worth is not None:
        values = values.filter(like__worth_once_won__gte=profile.least_worth)
    return values


def _sort(wanted: str) -> Sort:
    key = wanted.removeprefix("-")
    if key not in _FIELDS:
        wanted, key = DEFAULT_SORT, DEFAULT_SORT.removeprefix("-")
    field, kind = _FIELDS[key]
    return Sort(
        key=key,
        field=field,
        descending=wanted.startswith("-"),
        parse=kind,
        tie_breaker="account_id",
    )
