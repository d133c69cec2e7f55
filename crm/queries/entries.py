"""What a source of the timeline returns, and how it is cut to the part that is asked.

Each source is cut by itself, by an index, before all are merged; so an account's first
contact of years ago opens as fast as the last one.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    DecimalField,
    F,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from common.clock import day_ends_at

Row = TypeVar("Row", bound=Model)
Rows = QuerySet[Any, tuple[Any, ...]]
ONE_DAY = dt.timedelta(days=1)

# What an entry may say, in this order; a source leaves out what it does not know.
COLUMNS: dict[str, Any] = {
    "channel": CharField(),
    "direction": CharField(),
    "title": CharField(),
    "text": TextField(),
    "person": CharField(),
    "who": CharField(),
    "who_id": IntegerField(),
    "outcome": CharField(),
    "minutes": IntegerField(),
    "count": IntegerField(),
    "amount": DecimalField(max_digits=14, decimal_places=2),
    "link_id": IntegerField(),
    "stored_at": DateTimeField(),
}


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one source: rows, when they happened, and what they say.

    `at` names the column of the moment, or of the day where `is_day`; it must be a
    column of the rows themselves. `columns` fills COLUMNS with expressions. The rest
    names columns that filters look at; a source without the one that a filter asks
    for has nothing to show under that filter.

    channel : what holds the channel
    person : what holds the name of the customer's person
    who : what holds the id of our own person
    product : what holds the name of the product
    searched : columns of words
    """

    rows: QuerySet[Any]
    at: str
    is_day: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""
    person: str = ""
    who: str = ""
    product: str = ""
    searched: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the timeline: everything after it is older."""

    at: dt.datetime
    key: str
    pk: int


def of_accounts(rows: QuerySet[Row], account_ids: Sequence[int]) -> QuerySet[Row]:
    """Keep the rows of an account; of one alone so that an index gives their order."""
    if len(account_ids) == 1:
        return rows.filter(account_id=account_ids[0])
    return rows.filter(account_id__in=account_ids)


def words(path: str) -> Combinable:
    """Return a column as text; what is not known is empty."""
    return Coalesce(Cast(F(path), TextField()), Value("", output_field=TextField()))


def joined(*parts: Combinable) -> Concat:
    """Return texts one after the other, whatever columns they come from."""
    texts = [Cast(part, TextField()) for part in parts]
    return Concat(*texts, output_field=TextField())


def labels(path: str, choices: Sequence[tuple[Any, Any]]) -> Case:
    """Return the label of a column with choices."""
    cases = [When(**{path: key}, then=Value(str(label))) for key, label in choices]
    return Case(*cases, default=words(path), output_field=TextField())


def cut(
    entries: Entries,
    *,
    key: str,
    size: int,
    position: Position | None = None,
    oldest_first: bool = False,
) -> Rows:
    """Return the next `size` entries after `position` as tuples, by an index."""
    rows = entries.rows
    if position is not None:
        rows = rows.filter(_after(entries, key, position))
    order = ("", "") if oldest_first else ("-", "-")
    ordered = rows.order_by(f"{order[0]}{entries.at}", f"{order[1]}pk")
    return _columns(ordered, entries, key)[:size]


def between(entries: Entries, since: dt.date | None, until: dt.date | None) -> Entries:
    """Keep what happened from `since` to `until`, both included."""
    at, known = entries.at, Q()
    if since is not None:
        first = since if entries.is_day else day_ends_at(since - ONE_DAY)
        known &= Q(**{f"{at}__gte": first})
    if until is not None:
        last = (
            Q(**{f"{at}__lte": until})
            if entries.is_day
            else Q(**{f"{at}__lt": day_ends_at(until)})
        )
        known &= last
    return kept(entries, known)


def kept(entries: Entries, condition: Q) -> Entries:
    """Keep the entries whose rows meet `condition`."""
    if not condition:
        return entries
    return Entries(
        rows=entries.rows.filter(condition),
        at=entries.at,
        is_day=entries.is_day,
        columns=entries.columns,
        channel=entries.channel,
        person=entries.person,
        who=entries.who,
        product=entries.product,
        searched=entries.searched,
    )


def _after(entries: Entries, key: str, position: Position) -> Q:
    """Keep what comes after `position`: older, or as old with a lower key or id."""
    at: Any = position.at
    if entries.is_day:
        local = timezone.localtime(position.at)
        at = local.date()
        if local.time() != dt.time():  # within the day, which began before
            return Q(**{f"{entries.at}__lte": at})
    if key < position.key:
        return Q(**{f"{entries.at}__lte": at})
    older = Q(**{f"{entries.at}__lt": at})
    if key > position.key:
        return older
    # The outer bound lets the index start at the position; a plain OR would scan all.
    return Q(**{f"{entries.at}__lte": at}) & (older | Q(pk__lt=position.pk))


def _columns(rows: QuerySet[Any], entries: Entries, key: str) -> Rows:
    """Return the rows as tuples; columns not given are empty.

    They take names of their own, because annotations may not shadow fields.
    """
    columns: dict[str, Any] = {
        "t_kind": Value(key, output_field=CharField()),
        "t_pk": F("pk"),
        "t_at": _midnight(entries.at) if entries.is_day else F(entries.at),
        "t_is_day": Value(entries.is_day, output_field=BooleanField()),
    }
    for name, output in COLUMNS.items():
        is_text = isinstance(output, CharField | TextField)
        empty = Value("" if is_text else None, output_field=output)
        wanted = entries.columns.get(name, empty)
        columns[f"t_{name}"] = Cast(wanted, TextField() if is_text else output)
    named: Rows = rows.annotate(**columns).values_list(*columns)
    return named


def _midnight(path: str) -> Func:
    """Place a day at its first moment in the company's time zone."""
    return Func(
        Value(settings.TIME_ZONE),
        F(path),
        template="timezone(%(expressions)s::timestamp)",
        output_field=DateTimeField(),
    )
