"""Items of *Today* weighed and put in order by the database, each looked up once.

What an item gains is worked out beside its rows, from a short table of what each plan,
class or touch stands for, see `campaigns.queries.weighing`: the account's value and its
class are then read once for an item, however often the formula names them.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db.models import (
    DateField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from campaigns.models import SettledItem, Snooze
from campaigns.queries.weighing import Unit, Weighing
from common import agendas
from common.agendas import Asking
from common.kept import kept_rows
from crm.queries.agenda import Items

COLUMNS = (
    *("d_source", "d_pk", "d_item", "d_account", "d_link", "d_due"),
    *("d_label", "d_title", "d_why", "d_margin", "d_class"),
)
# The database refuses to underflow; what is left there is nothing in any currency.
RANKED = """
    SELECT coalesce(secured::numeric(30, 12) * share - cost, 0) AS gain, {columns}
    FROM (
        SELECT q.*, coalesce(u.share, d.share) AS share,
            coalesce(u.cost, d.cost) AS cost,
            CASE WHEN coalesce(u.year, d.year) <= 0 THEN q.earned
                * greatest(coalesce(u.effect, d.effect) - coalesce(u.scale, d.scale), 0)
            ELSE q.earned * coalesce(u.effect, d.effect) * (1 - exp(0 - least(
                coalesce(u.year, d.year) / (greatest(q.earned, 0.000001::float8)
                    * coalesce(u.scale, d.scale)), 700)))
            END AS secured
        FROM (
            SELECT i.*, greatest(i.d_margin::float8, 0) AS earned
            FROM ({items} OFFSET 0) i
        ) q
        CROSS JOIN (VALUES ({unit})) d (unit, share, cost, year, effect, scale)
        LEFT JOIN (VALUES {units}) u (unit, share, cost, year, effect, scale)
            ON u.unit = q.d_unit
    ) weighed
    ORDER BY 1 DESC, d_due, d_pk"""
UNIT = (
    "%s::text, %s::numeric(30, 12), %s::numeric(30, 12),"
    " %s::float8, %s::float8, %s::float8"
)
COUNTED = """
    SELECT count(*) FILTER (WHERE d_due <= %s::date),
        count(*) FILTER (WHERE d_due > %s::date)
    FROM ({items}) i"""


@dataclass(frozen=True, slots=True)
class Pending:
    """The items of one source, still to be weighed."""

    key: str
    items: Items
    rows: QuerySet[Any]
    weighing: Weighing

    @classmethod
    def of(cls, key: str, items: Items, weighing: Weighing) -> Self:
        due = F(items.due) if isinstance(items.due, str) else items.due
        rows = items.rows.order_by().annotate(
            d_item=item_of(items), d_due=Cast(due, DateField())
        )
        return cls(key, items, rows, weighing)

    def left(self, asking: Asking) -> Self:
        """Return them without what was put off or settled."""
        rows = self.rows
        for kept in (
            Snooze.objects.filter(user=asking.user, until__gt=asking.today),
            SettledItem.objects.all(),
        ):
            same = kept.filter(source=self.key, item=OuterRef("d_item"))
            rows = rows.exclude(Exists(same))
        return replace(self, rows=rows)

    def of_account(self, pk: int) -> Self:
        return replace(self, rows=self.rows.filter(**{self.items.account: pk}))

    def named(self, wanted: Collection[str]) -> Self:
        return replace(self, rows=self.rows.filter(d_item__in=wanted))

    def between(self, first: dt.date | None, last: dt.date) -> Self:
        rows = self.rows.filter(d_due__lte=last)
        return replace(self, rows=rows.filter(d_due__gte=first) if first else rows)

    def ranked(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return gain and `COLUMNS` of the first items, the largest gain first."""
        try:
            items, given = self._described().query.sql_with_params()
        except EmptyResultSet:
            return []
        default, units = self.weighing.units(is_touches=self.items.is_touches)
        statement = RANKED.format(
            columns=", ".join(COLUMNS),
            items=items,
            unit=UNIT,
            units=", ".join([f"({UNIT})"] * len(units)) or f"({UNIT})",
        )
        values = [*given, *_cells(default)]
        for unit in units or [default]:
            values += _cells(unit)
        if size is not None:
            statement += " LIMIT %s"
            values.append(size)
        return kept_rows(statement, values, is_worked_from=True)

    def counted(self, until: dt.date) -> tuple[int, int]:
        """Return how many are due by a day, and how many fall due after it."""
        asked = self.asked_for()
        if asked is None:
            return 0, 0
        items, given = asked
        statement = COUNTED.format(items=items)
        # The parameters of the first lines come first.
        values = [until, until, *given]
        ((due, ahead),) = kept_rows(statement, values, is_worked_from=True)
        return due, ahead

    def asked_for(self) -> tuple[str, tuple[Any, ...]] | None:
        """Return SQL of a row per item with its values; None if there can be none."""
        try:
            return self.rows.values_list("d_due").query.sql_with_params()
        except EmptyResultSet:
            return None

    def _described(self) -> QuerySet[Any, tuple[Any, ...]]:
        items = self.items
        source = agendas.source_named(self.key)
        label = items.label or Value(source.label if source else "")
        columns: dict[str, Any] = {
            "d_source": Value(self.key, output_field=TextField()),
            "d_pk": F("pk"),
            "d_account": F(items.account),
            "d_link": Cast(items.link or F(items.account), IntegerField()),
            "d_label": Cast(label, TextField()),
            "d_title": Cast(items.title, TextField()),
            "d_why": Cast(items.why, TextField()),
            "d_margin": self.weighing.margin_year(items.account),
            "d_class": self.weighing.class_of(items.account),
        }
        touch = Cast("template_id", TextField())
        columns["d_unit"] = touch if items.is_touches else F("d_class")
        rows: QuerySet[Any, tuple[Any, ...]] = self.rows.annotate(**columns)
        return rows.values_list("d_item", "d_due", *columns)


def item_of(items: Items) -> Cast:
    return Cast(items.item or F("pk"), TextField())


def _cells(unit: Unit) -> list[Any]:
    return [unit.key, unit.share, unit.cost, unit.year, unit.effect, unit.scale]
