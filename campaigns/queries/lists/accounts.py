"""The list of accounts with worth, plan and contact: over every app's data."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

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
from django.db.models.functions import Coalesce

from campaigns.models import PlannedTouch, Standing
from campaigns.queries.lists.account_columns import REGISTRY
from campaigns.queries.lists.account_filters import FILTERS
from campaigns.queries.lists.account_rows import AccountRow, read_accounts
from campaigns.queries.lists.among import Among
from campaigns.queries.lists.base import COUNTED_UP_TO, Listing, Order
from campaigns.queries.wallet import left_of_row
from clv.models import Valuation, ValuationRun
from common.lists.filters import Chip, Filter
from common.lists.sets import AMONG
from common.paging import Segment
from crm.choices import ListKey
from crm.models import Account, User
from segments.choices import WorthClass
from segments.models import Membership

SUMMED = ("clv", "future_value", "realised_profit", "revenue_year", "margin_year")


def _of_value(name: str) -> Any:
    """Return what takes a figure from the values of the run that is shown."""
    return lambda listing: Subquery(listing.values_of_row().values(name))


# The day on which an account has paid back, or is expected to.
BREAK_EVEN = Coalesce("break_even_on", "paid_back_on")


def _break_even(listing: Any) -> Any:
    values = listing.values_of_row().annotate(when=BREAK_EVEN)
    return Subquery(values.values("when"))


def _trend(listing: Any) -> Any:
    before = Valuation.objects.filter(
        run_id=listing.previous_run_id, account_id=OuterRef("account_id")
    )
    change = F("clv") - Subquery(before.values("clv"))
    return Subquery(listing.values_of_row().annotate(change=change).values("change"))


def _class_rank(listing: Any) -> Any:
    standing = listing.memberships().filter(account=OuterRef("pk"))
    return Subquery(standing.annotate(rank=_RANK).values("rank")[:1])


def _next_touch(_listing: Any) -> Any:
    due = PlannedTouch.objects.due().filter(account=OuterRef("pk"))
    return Subquery(due.order_by("due_on").values("due_on")[:1])


_RANK = Case(
    *(When(worth_class=key.value, then=Value(key.rank)) for key in WorthClass),
    output_field=IntegerField(),
)


def _figure(name: str, kind: type = Decimal) -> Order:
    """Return the order by one figure of the run's values."""
    return Order(
        f"sorted_{name}",
        kind,
        is_nullable=True,
        annotation=_of_value(name),
        kept_in=name,
    )


ORDERS: Mapping[str, Order] = {
    "name": Order("name"),
    "city": Order("city"),
    "industry": Order("industry"),
    "stage": Order("stage"),
    "owner": Order("owner__name", is_nullable=True),
    "last_contact": Order("last_contact_on", dt.date, is_nullable=True),
    "class": Order(
        "class_rank",
        int,
        is_nullable=True,
        annotation=_class_rank,
        kept_in="class_rank",
    ),
    "clv": _figure("clv"),
    "future": Order(
        "sorted_future",
        Decimal,
        is_nullable=True,
        annotation=_of_value("future_value"),
    ),
    "trend": Order(
        "trend", Decimal, is_nullable=True, annotation=_trend, kept_in="trend"
    ),
    "profit": _figure("realised_profit"),
    "revenue": _figure("revenue_year"),
    "margin": _figure("margin_year"),
    "cost": _figure("cost_year"),
    "left": Order(
        "care_left",
        Decimal,
        is_nullable=True,
        annotation=lambda listing: left_of_row(listing.values_of_row()),
        kept_in="care_left",
    ),
    "orders": _figure("order_count", int),
    "alive": Order(
        "sorted_alive",
        float,
        is_nullable=True,
        annotation=_of_value("probability_alive"),
        kept_in="probability_alive",
    ),
    "break_even": Order(
        "sorted_break_even",
        dt.date,
        is_nullable=True,
        annotation=_break_even,
        kept_in="paid_back_by",
    ),
    "last_order": Order(
        "sorted_last",
        dt.date,
        is_nullable=True,
        annotation=_of_value("last_on"),
        kept_in="last_order_on",
    ),
    "next_touch": Order(
        "next_touch_on",
        dt.date,
        is_nullable=True,
        annotation=_next_touch,
        kept_in="next_touch_on",
    ),
}
# Of these the night's standings are as true as the values themselves.
KEPT_FIGURES = frozenset(
    {
        *("clv", "trend", "realised_profit", "revenue_year", "margin_year"),
        *("cost_year", "order_count", "last_order_on"),
        *("probability_alive", "paid_back_by"),
    }
)
SORTED_DIRECTLY = 500  # rows
# Long lists read these from the values of the run itself, whatever day it is of.
_OF_VALUES: Mapping[str, Order] = {
    "clv": Order("clv", Decimal),
    "future": Order("future_value", Decimal),
    "alive": Order("probability_alive", float, is_nullable=True),
    "break_even": Order("paid_back_by", dt.date, is_nullable=True),
}


class AccountList(Listing):
    """The accounts that `user` may see, as one run and one address show them."""

    key = ListKey.ACCOUNTS
    model = Account
    noun = "account"
    registry = REGISTRY
    filters = FILTERS
    orders = ORDERS
    default_sort = "-clv"

    def __init__(
        self, *, user: User, given: Mapping[str, Any], run: ValuationRun | None
    ) -> None:
        self.run = run
        self.among = Among.read(given, user)
        self.refusal = self.among.refusal
        super().__init__(user=user, given=given)
        self.heading = self.among.heading

    def filters_for(self, given: Mapping[str, Any]) -> Sequence[Filter]:
        return [*self.filters, *self.among.filters(self.filters)]

    def filtered(self, *, without: frozenset[str] = frozenset()) -> QuerySet[Any]:
        rows = super().filtered(without=without)
        return rows.none() if self.refusal else rows

    @property
    def chips(self) -> list[Chip]:
        """Return the filters; a named set goes with all that was said for it."""
        keys = {one.key: None for one in self.among.filters(self.filters)}
        found = [one for one in super().chips if one.key not in keys]
        if not self.heading:
            return found
        return [Chip(AMONG, "Among", self.heading, self.url(**keys)), *found]

    def starts_with(self) -> str:
        return self.default_sort if self.run else "name"

    def visible(self) -> QuerySet[Account]:
        return Account.objects.active().visible_to(self.user)

    # -- Order

    def segments(self) -> list[Segment]:
        order, descending = self.order
        if self.few is None and self.run is not None:
            key = self.sort.removeprefix("-")
            # Within a class the standings are in the order of CLV, the values are not.
            is_in_class = key == "clv" and bool(self.form.given("class"))
            is_by_values = key == "clv" and not is_in_class
            if order.kept_in and self.has_standings and not is_by_values:
                return self._kept(order, descending=descending)
            if key in _OF_VALUES:
                return self._valued(descending=descending)
        if self._is_sorted_by_night(order):
            return self._few_kept(order, descending=descending)
        if self.few is None and order.field == "owner__name":
            return self._by_owner(descending=descending)
        if order.field == "class_rank":
            worth = self.orders["clv"]
            rows = self.sortable(order).annotate(
                **{worth.field: _of_value("clv")(self)}
            )
            return self._by_class(rows, worth, tie="pk", descending=descending)
        return super().segments()

    def _kept(self, order: Order, *, descending: bool) -> list[Segment]:
        """Read a long list from the night's standings; who is newer comes last."""
        rows = Standing.objects.filter(run=self.run)
        worth_class = self.form.given("class")
        if worth_class:
            rows = rows.filter(class_rank=WorthClass(worth_class).rank)
        without = frozenset({"class"})
        rows = rows.filter(account_id__in=self.filtered(without=without).values("pk"))
        # All in one index, which is then read without the rows themselves.
        is_by_class = order.kept_in == "class_rank"
        rows = rows.only("run", "account", "clv" if is_by_class else order.kept_in)
        if is_by_class:
            worth = Order("clv", Decimal)
            found = self._by_class(rows, worth, tie="account_id", descending=descending)
        else:
            found = self.stretches(
                rows, order, descending=descending, name=order.kept_in, tie="account_id"
            )
        return found if worth_class else [*found, *self._newer(descending=descending)]

    def _is_sorted_by_night(self, order: Order) -> bool:
        """Tell whether a short list is still too long to look each figure up."""
        if self.few is None or len(self.few) <= SORTED_DIRECTLY or self.run is None:
            return False
        return order.kept_in in KEPT_FIGURES and self.has_standings

    def _few_kept(self, order: Order, *, descending: bool) -> list[Segment]:
        """Read a short list from the night's standings; who has none comes last."""
        night = Standing.objects.filter(run=self.run)
        rows = night.filter(account_id__in=self.few or [])
        found = self.stretches(
            rows, order, descending=descending, name=order.kept_in, tie="account_id"
        )
        stands = Exists(night.filter(account=OuterRef("pk")))
        others = self.chosen().exclude(stands)
        plain = Order("pk", int)
        return [*found, *self.stretches(others, plain, descending=descending)]

    def _by_class(
        self, rows: QuerySet[Any], worth: Order, *, tie: str, descending: bool
    ) -> list[Segment]:
        """Read the list class by class, in each the most valuable first."""
        ranks = [key.rank for key in WorthClass]
        order = [*(reversed(ranks) if descending else ranks), None]
        return [
            segment
            for rank in order
            for segment in self.stretches(
                rows.filter(class_rank=rank), worth, descending=not descending, tie=tie
            )
        ]

    def _valued(self, *, descending: bool) -> list[Segment]:
        """Read a long list from the values of the run; who is newer comes last."""
        order = _OF_VALUES[self.sort.removeprefix("-")]
        values = Valuation.objects.filter(
            run=self.run, account_id__in=self.filtered().values("pk")
        )
        if order.field == "paid_back_by":
            values = values.annotate(paid_back_by=BREAK_EVEN)
        found = self.stretches(values, order, descending=descending, tie="account_id")
        return [*found, *self._newer(descending=descending)]

    def _newer(self, *, descending: bool) -> list[Segment]:
        """Return the accounts that came after the run. Keys grow in time."""
        rows = self.filtered().filter(pk__gt=self.last_valued)
        return self.stretches(rows, Order("pk", int), descending=descending)

    def _by_owner(self, *, descending: bool) -> list[Segment]:
        """Read a long list owner by owner, so that no million rows are sorted."""
        rows = self.filtered()
        owners = User.objects.order_by("name", "pk").values_list("pk", flat=True)
        keys = list(reversed(owners)) if descending else list(owners)
        plain = Order("pk", int)
        parts = [rows.filter(owner=key) for key in keys] + [rows.filter(owner=None)]
        return [
            segment
            for part in parts
            for segment in self.stretches(part, plain, descending=descending)
        ]

    @cached_property
    def has_standings(self) -> bool:
        return Standing.objects.filter(run=self.run).exists()

    @cached_property
    def last_valued(self) -> int:
        values = Valuation.objects.filter(run=self.run)
        return int(values.aggregate(last=Max("account_id"))["last"] or 0)

    def new_count(self) -> int:
        """Return how many accounts came after the run, so that it has no value."""
        if self.run is None or self.form.given("new"):
            return 0
        newer = self.filtered().filter(pk__gt=self.last_valued)
        return newer[:COUNTED_UP_TO].count()

    # -- What the run says

    def memberships(self) -> QuerySet[Membership]:
        """Keep the memberships of the run's day; of today for the current run."""
        rows = Membership.objects.order_by()
        if self.run is None or self.run.is_current:
            return rows.open()
        return rows.on(self.run.as_of)

    def values_of_row(self) -> QuerySet[Valuation]:
        """Return the value of the account of the query around it."""
        run_id = self.run.pk if self.run else 0
        return Valuation.objects.filter(run_id=run_id, account_id=OuterRef("pk"))

    @cached_property
    def previous_run_id(self) -> int:
        """Return the run that `run` is compared with: the newest of an earlier day."""
        before = ValuationRun.objects.before(self.run) if self.run else None
        return before.pk if before else 0

    # -- What each row shows

    def read(self, keys: Sequence[int]) -> list[AccountRow]:
        found = read_accounts(self, keys)
        return [found[key] for key in keys if key in found]

    def sums(self, keys: Sequence[int] | None) -> dict[str, Decimal | None]:
        wanted = {one.total for one in self.columns if one.total}
        names = [name for name in SUMMED if name in wanted]
        if self.run is None or not names:
            return {}
        values = Valuation.objects.filter(run=self.run)
        if keys is not None:
            values = values.filter(account_id__in=keys)
        else:
            values = values.filter(account_id__in=self.filtered().values("pk"))
        return values.aggregate(**{name: Sum(name) for name in names})
