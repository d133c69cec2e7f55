"""What a source of the timeline returns, and how it is cut to the part that is asked.

Each source is cut by itself, by an index, before all are merged; so an account's first
contact of years ago opens as fast as the last one. What the entries say is read after
that, of those few sources that have some in the part.
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
Place = tuple[Any, ...]  # a source's key, the id of its row and the moment
Told = tuple[Any, ...]  # a place, whether it is a day, and COLUMNS
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
    sources: Mapping[str, Entries], *, size: int, position: Position | None = None
) -> list[Place]:
    """Return the next `size` places after `position`, newest first, by the indexes."""
    order = ("-t_at", "-t_kind", "-t_pk")
    parts = [
        _places(_after(one, key, position), key, newest_first=True)[:size]
        for key, one in sources.items()
    ]
    return list(_merged(parts, *order)[:size])


def first_ones(sources: Mapping[str, Entries]) -> list[Place]:
    """Return the place of each source's first entry, in order."""
    parts = [_places(one, key, newest_first=False)[:1] for key, one in sources.items()]
    return list(_merged(parts, "t_at", "t_kind", "t_pk"))


def told(sources: Mapping[str, Entries], places: Sequence[Place]) -> list[Told]:
    """Return what the entries at these places say, in their order. One query."""
    wanted: dict[str, list[int]] = {}
    for key, pk, _at in places:
        wanted.setdefault(key, []).append(pk)
    parts = [
        _columns(kept(sources[key], Q(pk__in=keys)), key)
        for key, keys in wanted.items()
    ]
    found = {row[:2]: row for row in _merged(parts)}
    return [found[place[:2]] for place in places if place[:2] in found]


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


def _after(entries: Entries, key: str, position: Position | None) -> Entries:
    """Keep what comes after `position`: older, or as old with a lower key or id."""
    if position is None:
        return entries
    local = timezone.localtime(position.at)
    at = local.date() if entries.is_day else position.at
    as_old = Q(**{f"{entries.at}__lte": at})
    is_within_day = entries.is_day and local.time() != dt.time()  # which began before
    if is_within_day or key < position.key:
        return kept(entries, as_old)
    older = Q(**{f"{entries.at}__lt": at})
    if key > position.key:
        return kept(entries, older)
    # The outer bound lets the index start at the position; a plain OR would scan all.
    return kept(entries, as_old & (older | Q(pk__lt=position.pk)))


def _places(entries: Entries, key: str, *, newest_first: bool) -> Rows:
    sign = "-" if newest_first else ""
    named: Rows = (
        entries.rows.order_by(f"{sign}{entries.at}", f"{sign}pk")
        .annotate(**_place(entries, key))
        .values_list("t_kind", "t_pk", "t_at")
    )
    return named


def _place(entries: Entries, key: str) -> dict[str, Any]:
    """Name where an entry stands; the names may not be those of a model's fields."""
    return {
        "t_kind": Value(key, output_field=CharField()),
        "t_pk": F("pk"),
        "t_at": _midnight(entries.at) if entries.is_day else F(entries.at),
    }


def _columns(entries: Entries, key: str) -> Rows:
    """Return the rows as tuples, in no order; columns not given are empty."""
    columns = _place(entries, key)
    columns["t_is_day"] = Value(entries.is_day, output_field=BooleanField())
    for name, output in COLUMNS.items():
        is_text = isinstance(output, CharField | TextField)
        empty = Value("" if is_text else None, output_field=output)
        wanted = entries.columns.get(name, empty)
        columns[f"t_{name}"] = Cast(wanted, TextField() if is_text else output)
    named: Rows = entries.rows.order_by().annotate(**columns).values_list(*columns)
    return named


def _merged(parts: Sequence[Rows], *order: str) -> Rows | list[Told]:
    if not parts:
        return []
    first, *others = parts
    if not others:
        return first
    merged = first.union(*others, all=True)
    return merged.order_by(*order) if order else merged


def _midnight(path: str) -> Func:
    """Place a day at its first moment in the company's time zone."""
    return Func(
        Value(settings.TIME_ZONE),
        F(path),
        template="timezone(%(expressions)s::timestamp)",
        output_field=DateTimeField(),
    )
