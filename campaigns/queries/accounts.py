"""The list of accounts with worth, plan and contact: a page over every app's data."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from campaigns.models import PlannedTouch
from clv.models import Valuation, ValuationRun
from common.paging import Page, Sort, keyset_page
from crm.models import Account, User
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries.reasons import say_todays_reasons

PAGE_SIZE = 50
EXPORT_CHUNK = 2_000
COUNTED_UP_TO = 10_000
DEFAULT_SORT = "-clv"
SORT_WITHOUT_RUN = "name"

# Which columns can be sorted, the field behind each, and the kind of its values.
_FIELDS: dict[str, tuple[str, type, bool]] = {
    "name": ("name", str, False),
    "class": ("class_rank", int, False),
    "clv": ("clv", Decimal, False),
    "future": ("future_value", Decimal, False),
    "trend": ("trend", Decimal, True),
    "last_contact": ("last_contact_on", dt.date, True),
    "next_touch": ("next_touch_on", dt.date, True),
    "owner": ("owner__name", str, True),
    "city": ("city", str, False),
    "stage": ("stage", str, False),
}
# Worth lives in the run's partition: its index gives the order.
_OF_VALUES = frozenset({"clv", "future", "trend"})
_OF_CLASSES = frozenset({"class"})

Derived = TypeVar("Derived", Valuation, Membership)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What the list is narrowed to and sorted by. Empty means all.

    `is_customer` keeps accounts that ever ordered, as the run saw them.
    """

    search: str = ""
    worth_class: str = ""
    stage: str = ""
    owner: User | None = None
    is_customer: bool = False
    is_new: bool = False
    sort: str = DEFAULT_SORT

    @property
    def is_class_only(self) -> bool:
        """Tell whether the night's class totals cover just these accounts."""
        return not (self.search or self.stage or self.owner or self.is_new)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as the list shows it; None where something is not known."""

    account: Account
    worth_class: WorthClass | None
    reason: str
    clv: Decimal | None
    realised_profit: Decimal | None
    future_value: Decimal | None
    trend: Decimal | None
    next_touch: PlannedTouch | None

    @property
    def is_rising(self) -> bool:
        return self.trend is not None and self.trend > 0

    @property
    def is_falling(self) -> bool:
        return self.trend is not None and self.trend < 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The line under the list. `is_more` when only the first were counted."""

    count: int
    is_more: bool
    clv: Decimal | None
    future_value: Decimal | None


class AccountList:
    """The accounts that `user` may see, as one run and one filter show them."""

    def __init__(
        self, *, user: User, run: ValuationRun | None, wanted: AccountFilter
    ) -> None:
        self.user = user
        self.run = run
        self.wanted = wanted
        self.sort = _sort(wanted.sort, run)

    def page(self, cursor: str = "", size: int = PAGE_SIZE) -> Page[Any]:
        """Return one page of rows; cursors as `keyset_page` gives them."""
        rows = self._sortable()
        found = keyset_page(rows, sort=self.sort, cursor=cursor, size=size)
        keys = [getattr(row, self.sort.tie_breaker) for row in found]
        return Page(self._rows(keys), found.next, found.previous)

    def every_row(self) -> Iterator[AccountRow]:
        """Yield all rows in order, reading them in chunks."""
        cursor, is_first = "", True
        while cursor or is_first:
            page = self.page(cursor, size=EXPORT_CHUNK)
            yield from page
            cursor, is_first = page.next, False

    def totals(self) -> Totals:
        """Count the list, and sum its worth as long as that is cheap."""
        if self._few is not None:
            return Totals(len(self._few), is_more=False, **self._sums(self._few))
        if self.wanted.is_class_only and self.user.sees_every_account:
            return Totals(COUNTED_UP_TO, is_more=True, **self._class_sums())
        return Totals(COUNTED_UP_TO, is_more=True, clv=None, future_value=None)

    def new_count(self) -> int:
        """Return how many accounts came after the run, so that it has no value.

        Keys grow in time: what lies beyond the last valued account is new.
        """
        if self.run is None:
            return 0
        values = Valuation.objects.of_run(self.run)
        last = values.aggregate(last=Max("account_id"))["last"] or 0
        newer = self._accounts().filter(pk__gt=last).order_by()
        return newer[:COUNTED_UP_TO].count()

    @cached_property
    def _few(self) -> list[int] | None:
        """Return the keys of a list that is short enough to count, else None.

        Knowing them keeps the database from walking an index of a million values in
        search of a handful.
        """
        keys = self._accounts().order_by().values_list("pk", flat=True)
        found = list(keys[: COUNTED_UP_TO + 1])
        return found if len(found) <= COUNTED_UP_TO else None

    def _chosen(self) -> QuerySet[Account]:
        """Return the accounts of the list, by key where they are few."""
        if self._few is None:
            return self._accounts()
        return Account.objects.filter(pk__in=self._few)

    # -- What the list is made of ----------------------------------------------------

    def _accounts(self, *, asks_for_orders: bool = True) -> QuerySet[Account]:
        rows = Account.objects.active().visible_to(self.user)
        wanted = self.wanted
        if wanted.search:
            rows = rows.matching(wanted.search)
        if wanted.stage:
            rows = rows.filter(stage=wanted.stage)
        if wanted.owner:
            rows = rows.filter(owner=wanted.owner)
        if wanted.worth_class:
            rows = rows.filter(Exists(self._membership(wanted.worth_class)))
        if wanted.is_customer and asks_for_orders:
            rows = rows.filter(Exists(self._value().exclude(first_on=None)))
        if wanted.is_new:
            rows = rows.filter(~Exists(self._value()))
        return rows

    def _memberships(self) -> QuerySet[Membership]:
        """Keep the memberships of the run's day; of today for the current run."""
        rows = Membership.objects.all()
        if self.run is None or self.run.is_current:
            return rows.open()
        return rows.on(self.run.as_of)

    def _membership(self, worth_class: str) -> QuerySet[Membership]:
        rows = self._memberships().filter(account=OuterRef("pk"))
        return rows.filter(worth_class=worth_class)

    def _value(self) -> QuerySet[Valuation]:
        run_id = self.run.pk if self.run else 0
        return Valuation.objects.filter(run_id=run_id, account_id=OuterRef("pk"))

    def _sortable(self) -> QuerySet[Any]:
        """Return the rows that carry what the list is sorted by.

        Worth and class are sorted where they are kept; an account that has none yet
        is counted by `new_count` instead.
        """
        key = self.sort.key
        if self.run is not None and key in _OF_VALUES:
            return self._sortable_values(self.run)
        if key in _OF_CLASSES:
            return self._keep(self._memberships()).annotate(class_rank=_RANK)
        rows = self._chosen().select_related("owner")
        if key == "next_touch":
            due = PlannedTouch.objects.due().filter(account=OuterRef("pk"))
            days = due.order_by("due_on").values("due_on")
            return rows.annotate(next_touch_on=Subquery(days[:1]))
        return rows

    def _sortable_values(self, run: ValuationRun) -> QuerySet[Valuation]:
        values: QuerySet[Valuation] = Valuation.objects.of_run(run)
        if self.wanted.is_customer:  # known right here: no second look per account
            values = values.exclude(first_on=None)
        values = self._keep(values, asks_for_orders=False)
        if self.sort.key == "trend":
            before = Valuation.objects.filter(
                run_id=_previous_id(run), account_id=OuterRef("account_id")
            )
            values = values.annotate(trend=F("clv") - Subquery(before.values("clv")))
        return values

    def _keep(
        self, rows: QuerySet[Derived], *, asks_for_orders: bool = True
    ) -> QuerySet[Derived]:
        """Keep what belongs to an account of the list."""
        if self._few is not None:
            return rows.filter(account_id__in=self._few)
        accounts = self._accounts(asks_for_orders=asks_for_orders)
        return rows.filter(account_id__in=accounts.order_by().values("pk"))

    # -- What each row shows ---------------------------------------------------------

    def _rows(self, keys: list[int]) -> list[AccountRow]:
        accounts = Account.objects.select_related("owner").in_bulk(keys)
        values, before = self._clv(keys), self._clv_before(keys)
        classes = {
            m.account_id: m for m in self._memberships().filter(account_id__in=keys)
        }
        say_todays_reasons(self.run, classes.values())
        touches = first_touches(keys)
        rows = []
        for key in keys:
            value, stands = values.get(key), classes.get(key)
            old = before.get(key)
            rows.append(
                AccountRow(
                    account=accounts[key],
                    worth_class=WorthClass(stands.worth_class) if stands else None,
                    reason=stands.reason if stands else "",
                    clv=value.clv if value else None,
                    realised_profit=value.realised_profit if value else None,
                    future_value=value.future_value if value else None,
                    trend=value.clv - old if value and old is not None else None,
                    next_touch=touches.get(key),
                )
            )
        return rows

    def _clv(self, keys: list[int]) -> dict[int, Valuation]:
        if self.run is None:
            return {}
        values = Valuation.objects.of_run(self.run).filter(account_id__in=keys)
        return {value.account_id: value for value in values}

    def _clv_before(self, keys: list[int]) -> dict[int, Decimal]:
        previous = _previous_id(self.run) if self.run else None
        if previous is None:
            return {}
        values = Valuation.objects.filter(run_id=previous, account_id__in=keys)
        return dict(values.values_list("account_id", "clv"))

    # -- Sums ------------------------------------------------------------------------

    def _sums(self, keys: list[int]) -> dict[str, Decimal | None]:
        if self.run is None:
            return {"clv": None, "future_value": None}
        values = Valuation.objects.of_run(self.run).filter(account_id__in=keys)
        return values.aggregate(clv=Sum("clv"), future_value=Sum("future_value"))

    def _class_sums(self) -> dict[str, Decimal | None]:
        totals = ClassTotal.objects.filter(run=self.run)
        if self.wanted.worth_class:
            totals = totals.filter(worth_class=self.wanted.worth_class)
        if self.wanted.is_customer:
            equity = totals.aggregate(equity=Sum("customer_equity"))["equity"]
            return {"clv": None, "future_value": equity}
        return totals.aggregate(clv=Sum("clv"), future_value=Sum("future_value"))


_RANK = Case(
    *(When(worth_class=key.value, then=Value(key.rank)) for key in WorthClass),
    output_field=IntegerField(),
)


def _sort(wanted: str, run: ValuationRun | None) -> Sort:
    """Read a sort such as ``-clv``; what cannot be sorted by falls back."""
    key = wanted.removeprefix("-")
    if key not in _FIELDS or (run is None and key in _OF_VALUES):
        wanted = DEFAULT_SORT if run else SORT_WITHOUT_RUN
        key = wanted.removeprefix("-")
    field, kind, nullable = _FIELDS[key]
    return Sort(
        key=key,
        field=field,
        descending=wanted.startswith("-"),
        parse=kind,
        tie_breaker="account_id" if key in _OF_VALUES | _OF_CLASSES else "pk",
        nullable=nullable,
    )


def _previous_id(run: ValuationRun) -> int | None:
    """Return the run that `run` is compared with: the newest of an earlier day."""
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    return earlier.order_by("-as_of", "-pk").values_list("pk", flat=True).first()


def first_touches(keys: list[int]) -> dict[int, PlannedTouch]:
    """Return the first open touch of each account."""
    due = (
        PlannedTouch.objects.due()
        .filter(account_id__in=keys)
        .select_related("template")
    )
    firsts = due.order_by("account_id", "due_on", "pk").distinct("account_id")
    return {touch.account_id: touch for touch in firsts}
