"""What every list does alike: read its address, find its rows, page and sum them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.safestring import SafeString

from common.lists.cells import cell_html
from common.lists.columns import Cell, Column, Registry
from common.lists.filters import Chip, Filter, FilterForm
from common.paging import Page, Segment, Sort, segmented_page
from common.templatetags.display import money
from crm.choices import ListKey
from crm.models import User

PAGE_SIZE = 50
EXPORT_CHUNK = 2_000
COUNTED_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list: the field behind it and the kind of its values.

    `annotation` makes the field where the model has none. `kept_in` names the column of
    a table that long lists read it from, in order.
    """

    field: str
    kind: type = str
    is_nullable: bool = False
    annotation: Callable[[Any], Any] | None = None
    kept_in: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The line under the list. `is_more` when only the first were counted."""

    count: int
    is_more: bool
    sums: Mapping[str, Decimal | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell as the page shows it; a click filters by `filter_url`."""

    column: Column
    cell: Cell
    filter_url: str = ""
    edit_url: str = ""

    @property
    def html(self) -> SafeString:
        return cell_html(
            self.column, self.cell, filter_url=self.filter_url, edit_url=self.edit_url
        )


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row as the page shows it. `record` is what it is about."""

    record: Any
    cells: Sequence[ShownCell]

    @property
    def pk(self) -> int:
        return int(self.record.pk)


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading as the page shows it."""

    column: Column
    url: str
    direction: str


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column in the chooser."""

    column: Column
    is_shown: bool


class Listing:
    """The rows of one model that `user` may see, as one address shows them."""

    key: ClassVar[ListKey]
    model: ClassVar[type[Model]]
    noun: ClassVar[str]
    registry: ClassVar[Registry]
    filters: ClassVar[Sequence[Filter]]
    orders: ClassVar[Mapping[str, Order]]
    default_sort: ClassVar[str]
    note_template: ClassVar[str] = ""

    def __init__(self, *, user: User, given: Mapping[str, Any]) -> None:
        self.user = user
        self.form = FilterForm(given, filters=self.filters_for(given), user=user)
        self.sort = self._sort(self.form.given("sort") or "")
        self.offered = self.registry.offered_to(user, sees_all=user.sees_every_account)
        wanted = (self.form.given("columns") or "").split(",")
        self.columns = self.registry.chosen(self.offered, wanted)

    # -- What a list says for itself -----------------------------------------------

    # What the list is narrowed to by name, in words, and why it cannot be shown.
    heading: str = ""
    refusal: str = ""

    @property
    def file_name(self) -> str:
        """Return how a file of the list is called, before the day."""
        return str(self.key)

    def filters_for(self, given: Mapping[str, Any]) -> Sequence[Filter]:
        """Return what this address can narrow the list by."""
        return self.filters

    def visible(self) -> QuerySet[Any]:
        """Return all rows that the user may see."""
        raise NotImplementedError

    def read(self, keys: Sequence[int]) -> list[Any]:
        """Return what the columns show, for the rows of these keys, in their order."""
        raise NotImplementedError

    def sums(self, keys: Sequence[int] | None) -> dict[str, Decimal | None]:
        """Return the sums under the columns, of these rows or of all that match."""
        return {}

    def starts_with(self) -> str:
        """Return the order of a list for which no other is asked."""
        return self.default_sort

    def sortable(self, order: Order) -> QuerySet[Any]:
        """Return the rows that carry what they are sorted by."""
        rows = self.chosen()
        if order.annotation is not None:
            rows = rows.annotate(**{order.field: order.annotation(self)})
        return rows

    def segments(self) -> list[Segment]:
        """Return the list in its order: rows with a value, then those without."""
        order, descending = self.order
        return self.stretches(self.sortable(order), order, descending=descending)

    # -- What follows from it ------------------------------------------------------

    @property
    def order(self) -> tuple[Order, bool]:
        key = self.sort.removeprefix("-")
        return self.orders[key], self.sort.startswith("-")

    @staticmethod
    def stretches(
        rows: QuerySet[Any],
        order: Order,
        *,
        descending: bool,
        name: str = "",
        tie: str = "pk",
    ) -> list[Segment]:
        """Return the rows with a value in order, and those without by key."""
        name = name or order.field
        sort = Sort(name, name, descending, order.kind, tie, tie_turns=True)
        if not order.is_nullable:
            return [Segment(rows, sort)]
        empty = Sort(tie, tie, descending, int, tie, tie_turns=True)
        return [
            Segment(rows.filter(**{f"{name}__isnull": False}), sort),
            Segment(rows.filter(**{name: None}), empty),
        ]

    def filtered(self, *, without: frozenset[str] = frozenset()) -> QuerySet[Any]:
        """Return the rows that match, unordered."""
        rows = self.visible()
        for one, value in self.form.set_filters:
            if one.key not in without:
                rows = one.apply(rows, value, self)
        return rows.order_by()

    @cached_property
    def few(self) -> list[int] | None:
        """Return the keys of a list that is short enough to count, else None.

        Knowing them keeps the database from walking an index of a million values in
        search of a handful.
        """
        keys = self.filtered().values_list("pk", flat=True)[: COUNTED_UP_TO + 1]
        try:
            found, params = keys.query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            # One search; the keys of a long list do not travel in vain.
            cursor.execute(
                "SELECT CASE WHEN count(*) <= %s THEN"
                f" coalesce(array_agg(key), ARRAY[]::bigint[]) END FROM ({found})"
                " AS found (key)",
                [COUNTED_UP_TO, *params],
            )
            few: list[int] | None = cursor.fetchone()[0]
            return few

    def chosen(self) -> QuerySet[Any]:
        """Return the rows that match, by key where they are few."""
        if self.few is None:
            return self.filtered()
        return self.model._default_manager.filter(pk__in=self.few)

    def page(self, cursor: str = "", size: int = PAGE_SIZE) -> Page[Any]:
        """Return one page of rows; cursors as `segmented_page` gives them."""
        found = segmented_page(
            self.segments(), name=self.sort, cursor=cursor, size=size
        )
        return Page(self.read(keys_of(found.rows)), found.next, found.previous)

    def every_row(self) -> Iterator[Any]:
        """Yield all rows in order, reading them in chunks."""
        cursor, is_first = "", True
        while cursor or is_first:
            page = self.page(cursor, size=EXPORT_CHUNK)
            yield from page
            cursor, is_first = page.next, False

    def totals(self) -> Totals:
        """Count and sum the list as long as that is cheap."""
        if self.few is None:
            return Totals(COUNTED_UP_TO, is_more=True)
        return Totals(len(self.few), is_more=False, sums=self.sums(self.few))

    def new_count(self) -> int:
        """Return how many rows came after what the list is sorted by was worked out."""
        return 0

    def foot(self, totals: Totals) -> list[str]:
        """Return what stands under each column: its sum, where it has one."""
        return [
            money(totals.sums[column.total]) if column.total in totals.sums else ""
            for column in self.columns
        ]

    def exact_totals(self) -> Totals:
        """Count and sum the whole list, however long."""
        if self.few is not None:
            return self.totals()
        return Totals(self.filtered().count(), is_more=False, sums=self.sums(None))

    def _sort(self, wanted: str) -> str:
        """Return an order that the list has; what it has not falls back."""
        return wanted if wanted.removeprefix("-") in self.orders else self.starts_with()

    @property
    def needs(self) -> frozenset[str]:
        """Return what the columns shown want to have read along."""
        return frozenset().union(*(column.needs for column in self.columns))

    # -- What the page shows -------------------------------------------------------

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Return the address's own parameters, empty ones left out."""
        given = self.form.data
        names = ("sort", "columns", *self.form.filters)
        return {name: str(given[name]) for name in names if self.form.given(name)}

    @property
    def query(self) -> str:
        """Return the parameters as a view stores them."""
        return urlencode(sorted(self.parameters.items()))

    def url(self, **changes: str | None) -> str:
        """Return the query of this list with some parameters changed or dropped.

        It is never empty: a bare address opens as its reader set it.
        """
        view = {"view": self.form.given("view") or ""}
        changed = {**view, **self.parameters, **changes}
        kept = {name: value for name, value in changed.items() if value}
        return "?" + urlencode(kept or {"view": "all"}, safe=",")

    @property
    def chips(self) -> list[Chip]:
        """Return the filters that are set, each with the address without it."""
        return [
            Chip(one.key, one.label, one.say(value), self.url(**{one.key: None}))
            for one, value in self.form.set_filters
        ]

    @property
    def choices(self) -> list[ColumnChoice]:
        """Return all columns for the chooser: those shown in order, then the others."""
        others = [one for one in self.offered if one not in self.columns]
        shown = [ColumnChoice(one, is_shown=True) for one in self.columns]
        return shown + [ColumnChoice(one, is_shown=False) for one in others]

    @property
    def headings(self) -> list[Heading]:
        key = self.sort.removeprefix("-")
        direction = "descending" if self.sort.startswith("-") else "ascending"
        return [
            Heading(
                column,
                self.url(sort=column.link(self.sort)) if column.sort else "",
                direction if column.sort and column.sort == key else "",
            )
            for column in self.columns
        ]

    def shown(self, rows: Sequence[Any], *, edit_at: str = "") -> list[ShownRow]:
        """Return the rows with the cells of the columns chosen.

        `edit_at` begins the addresses of cells that are changed in place; without it
        none is.
        """
        prefixes = {
            column.key: self.url(**{column.filter: None})
            for column in self.columns
            if column.filter in self.form.filters
        }
        return [self.shown_row(row, prefixes, edit_at) for row in rows]

    def shown_row(
        self, row: Any, prefixes: Mapping[str, str], edit_at: str
    ) -> ShownRow:
        cells = []
        for column in self.columns:
            cell = column.cell(row)
            prefix = prefixes.get(column.key)
            url = ""
            if prefix is not None and cell.value:
                url = f"{prefix}&{urlencode({column.filter: cell.value})}"
            edit_url = ""
            if column.edit and edit_at:
                edit_url = f"{edit_at}{row.record.pk}/_cell/{column.key}/"
            cells.append(ShownCell(column, cell, url, edit_url))
        return ShownRow(row.record, cells)


def keys_of(rows: Sequence[Any]) -> list[int]:
    """Return the keys of the listed records, whatever table put them in order.

    A table of figures has (run, account) for its key.
    """
    return [row.account_id if isinstance(row.pk, tuple) else row.pk for row in rows]
