"""What the filter bar of a page says: one day, one period, and which accounts.

Every block of a page reads the same address through `Scope.read`, so that all of them
tell of the same accounts on the same night. What cannot be read is an error at its
field and never dropped: a page with an error shows no figures.

A page takes the bar in three steps::

    scope = Scope.read(request.GET, request.user)
    if scope.is_ready:  # readable, and a night counts on that day
        rows = Valuation.objects.filter(run=scope.run, account__in=scope.accounts())
    # in the template: {% include "components/filter_bar.html" %}

Its links keep the filter by `scope.query` and `scope.more`; a figure opens its names by
`scope.list_url("some-set", quarter="2026-01-01")`.
"""

import datetime as dt
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet

from clv.models import Valuation, ValuationRun
from common.clock import business_today, months_later
from common.lists.filters import Chip
from common.lists.sets import account_set_url
from common.templatetags.display import day
from crm.choices import RelationshipType
from crm.models import Account, Product, Territory, User
from segments.choices import WorthClass
from segments.models import Membership
from segments.queries.products import has_product
from segments.queries.scope_form import FIELDS, NARROWING, ScopeForm

MONTHS_OF_PERIOD = 12


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `since` to `until`, both included."""

    since: dt.date
    until: dt.date

    @property
    def text(self) -> str:
        return f"{day(self.since)} to {day(self.until)}"


def usual_period(until: dt.date) -> Period:
    """Return the twelve months up to a day."""
    since = months_later(until, -MONTHS_OF_PERIOD) + dt.timedelta(days=1)
    return Period(since, until)


@dataclass(frozen=True)
class Scope:
    """What one address asks for, as `user` may see it."""

    user: User
    form: ScopeForm

    @classmethod
    def read(
        cls, given: Mapping[str, Any], user: User, *, only: Collection[str] = FIELDS
    ) -> "Scope":
        """Return the scope of an address; `form` holds what could not be read.

        A page that has no use for some fields names `only` the others.
        """
        form = ScopeForm(given, user=user, only=only)
        form.is_valid()
        return cls(user, form)

    # -- The night

    @property
    def asked_for(self) -> dt.date | None:
        """Return the day that was asked for, None for the latest night."""
        found: dt.date | None = self._given("as_of")
        return found

    @cached_property
    def run(self) -> ValuationRun | None:
        """Return the run that counts on the day, None before the first night."""
        if "as_of" in self.form.errors:
            return None
        runs = ValuationRun.objects.select_related("assumptions")
        return runs.as_of(self.asked_for) if self.asked_for else runs.current()

    @cached_property
    def first_night(self) -> dt.date | None:
        """Return the first day that can be looked back to."""
        nights = ValuationRun.objects.kept().order_by("as_of")
        return nights.values_list("as_of", flat=True).first()

    @property
    def days(self) -> list[dt.date]:
        """Return the first night, where there is one; `ChosenRun` has them all."""
        return [self.first_night] if self.first_night else []

    @property
    def day(self) -> dt.date:
        """Return the day that the page tells of."""
        if self.asked_for is not None:
            return self.asked_for
        return self.run.as_of if self.run else business_today()

    @property
    def is_before_all(self) -> bool:
        """Whether a day before the first night was asked for."""
        return (
            self.run is None
            and self.asked_for is not None
            and self.first_night is not None
        )

    @property
    def is_past(self) -> bool:
        return self.run is not None and not self.run.is_current

    @property
    def is_valid(self) -> bool:
        return not self.form.errors

    @property
    def is_ready(self) -> bool:
        """Whether there is something to show: a readable address and a night."""
        return self.is_valid and self.run is not None

    # -- The period

    @property
    def period(self) -> Period:
        """Return the period; without one given, the twelve months up to the day."""
        until = self._given("to") or self.day
        since = self._given("from")
        return usual_period(until) if since is None else Period(since, until)

    @property
    def has_period(self) -> bool:
        return bool(self._given("from") or self._given("to"))

    # -- The accounts

    @property
    def worth_class(self) -> WorthClass | None:
        key = self._given("class")
        return WorthClass(key) if key else None

    @property
    def owner(self) -> User | None:
        found: User | None = self._given("owner")
        return found

    @property
    def territory(self) -> Territory | None:
        found: Territory | None = self._given("territory")
        return found

    @property
    def industry(self) -> str:
        return str(self._given("industry") or "")

    @property
    def product(self) -> Product | None:
        found: Product | None = self._given("product")
        return found

    @property
    def relationship(self) -> RelationshipType | None:
        key = self._given("relationship")
        return RelationshipType(key) if key else None

    @property
    def is_narrowed(self) -> bool:
        """Whether only some of the accounts that the user sees are asked for."""
        return any(self._given(name) for name in NARROWING)

    @property
    def is_whole_firm(self) -> bool:
        """Whether totals of the whole firm answer: nothing narrowed, nothing hidden."""
        return not self.is_narrowed and self.user.sees_every_account

    def accounts(self) -> QuerySet[Account]:
        """Return the accounts that are asked for and that the user may see."""
        rows = Account.objects.active().visible_to(self.user).order_by()
        for name in ("owner", "territory", "industry"):
            if value := self._given(name):
                rows = rows.filter(**{name: value})
        if self.relationship is not None:
            rows = rows.filter(relationship_type=self.relationship)
        if self.worth_class is not None:
            held = self.memberships().filter(worth_class=self.worth_class)
            rows = rows.filter(Exists(held.filter(account=OuterRef("pk"))))
        if self.product is not None:
            rows = rows.filter(has_product(self.product, self.day))
        return rows

    @property
    def key(self) -> tuple[Hashable, ...]:
        """Return what tells this scope's answers from another's, see `common.kept`."""
        eyes = None if self.user.sees_every_account else self.user.pk
        night = (self.run.pk, self.run.is_current) if self.run else None
        return eyes, night, self.day, tuple(sorted(self.parameters.items()))

    def accounts_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return a statement with its parameters that selects the accounts' ids.

        For reports in SQL: ``account_id IN (<statement>)``, parameters by position.
        """
        return self.accounts().values("pk").query.sql_with_params()

    def memberships(self) -> QuerySet[Membership]:
        """Return the memberships of the night; those of today for the latest one."""
        rows = Membership.objects.order_by()
        if self.run is None or self.run.is_current:
            return rows.open()
        return rows.on(self.run.as_of)

    def values(self) -> QuerySet[Valuation]:
        """Return what the night says of the accounts; nothing before the first."""
        rows = Valuation.objects.order_by()
        if self.run is None:
            return rows.none()
        return rows.filter(run=self.run, account__in=self.accounts())

    # -- Words and links

    @cached_property
    def chips(self) -> list[Chip]:
        """Return what is set, each with the address without it."""
        return [
            Chip(
                name,
                str(self.form.fields[name].label),
                self._say(name),
                self._off(name),
            )
            for name in self.form.fields
            if self._given(name)
        ]

    @property
    def text(self) -> str:
        """Say which accounts are asked for, for a heading or a file."""
        said = [f"{one.label} {one.text}" for one in self.chips if one.key in NARROWING]
        return ", ".join(said) if said else "all accounts"

    @property
    def parameters(self) -> dict[str, str]:
        """Return what the address says, as it says it, without what is empty."""
        return {
            name: str(self.form.data.get(name, ""))
            for name in self.form.fields
            if self._given(name)
        }

    @property
    def now_url(self) -> str:
        return self.query(as_of=None) or "?"

    def query(self, **changes: object) -> str:
        """Return the address's query with some parameters changed, added or dropped."""
        kept = self._changed(changes)
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def more(self) -> str:
        """Return the parameters to append to a link that has a query already."""
        kept = self.parameters
        return f"&{urlencode(kept)}" if kept else ""

    @property
    def since(self) -> dt.date | None:
        """Return the day from which on, where one was given."""
        found: dt.date | None = self._given("from")
        return found

    @property
    def night_query(self) -> str:
        """Return the query for pages that know of the day alone."""
        return f"?{self.night_more[1:]}" if self.night_more else ""

    @property
    def night_more(self) -> str:
        if not self.is_past or self.run is None:
            return ""
        return f"&as_of={self.run.as_of.isoformat()}"

    def list_url(self, key: str = "", **parameters: object) -> str:
        """Return the list of accounts in scope, of the named set `key` where given.

        The list knows the filters by the same names; the period is the set's matter.
        """
        kept = {k: v for k, v in self.parameters.items() if k not in {"from", "to"}}
        return account_set_url(key, **{**kept, **parameters})

    def _changed(self, changes: Mapping[str, object]) -> dict[str, str]:
        changed: dict[str, object] = {**self.parameters, **changes}
        return {k: str(v) for k, v in changed.items() if v not in {None, ""}}

    def _off(self, name: str) -> str:
        return self.query(**{name: None}) or "?"

    def _say(self, name: str) -> str:
        value = self._given(name)
        if isinstance(value, dt.date):
            return day(value)
        if not isinstance(value, str):
            return str(value)  # a record says its own name; its choices may be many
        choices = dict(getattr(self.form.fields[name], "choices", ()) or ())
        return str(choices.get(value, value))

    def _given(self, name: str) -> Any:
        return self.form.cleaned_data.get(name) or None
