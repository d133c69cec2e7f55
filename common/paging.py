"""Keyset pages: deep pages cost what the first costs, and rows never shift."""

import base64
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Sort:
    """One order of a list: a field (or annotation), its direction, its kind of value.

    The primary-key field `tie_breaker` makes the order total; with `tie_turns` it
    follows the direction, so that one index serves both. A `nullable` field costs
    more, because no index range holds both values and gaps; its empty rows come last
    in either direction.
    """

    key: str
    field: str
    descending: bool
    parse: type = str
    tie_breaker: str = "pk"
    nullable: bool = False
    tie_turns: bool = False

    def tie_descends(self, *, backwards: bool) -> bool:
        return (self.tie_turns and self.descending) != backwards


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a long list that one index range serves, in its own order."""

    rows: QuerySet[Any]
    sort: Sort


# Tells the first segment with rows from a number on, by steps of 1 or -1; None where
# there is none.
Skip = Callable[[int, int], int | None]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows; `next` and `previous` are opaque cursors or empty."""

    rows: Sequence[Row]
    next: str
    previous: str

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class BadCursorError(ValueError):
    """A cursor that this list never gave out."""


def keyset_page(
    rows: QuerySet[Row], *, sort: Sort, cursor: str = "", size: int = 50
) -> Page[Row]:
    """Return the page of `rows` that `cursor` points at, in the order of `sort`.

    A cursor that cannot be read starts at the first page, so that an old bookmark
    still opens.
    """
    try:
        backwards, value, key = _read(cursor, sort) if cursor else (False, None, None)
    except BadCursorError:
        backwards, value, key, cursor = False, None, None, ""
    ordered = _ordered(rows, sort, backwards=backwards)
    if cursor:
        ordered = ordered.filter(_beyond(sort, value, key, backwards=backwards))
    found = list(ordered[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (backwards or has_more)
    has_previous = bool(found) and (has_more if backwards else bool(cursor))
    return Page(
        rows=found,
        next=_write(found[-1], sort, backwards=False) if has_next else "",
        previous=_write(found[0], sort, backwards=True) if has_previous else "",
    )


def segmented_page(
    segments: Sequence[Segment],
    *,
    name: str,
    cursor: str = "",
    size: int = 50,
    skip: Skip | None = None,
) -> Page[Any]:
    """Return a page of a list that is made of segments, one behind the other.

    Rows with a value and rows without one are two segments, so that each is read from
    an index in order. `name` is that of the whole order; a cursor of another order, or
    one that cannot be read, starts at the first page. Of many segments `skip` tells
    where rows are, so that empty ones are not asked.
    """
    try:
        place = _read_place(cursor, name, segments) if cursor else None
    except BadCursorError:
        place = None
    backwards = place is not None and place[0]
    found = _walk(segments, place, skip, backwards=backwards, limit=size + 1)
    has_more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (backwards or has_more)
    has_previous = bool(found) and (has_more if backwards else place is not None)
    return Page(
        rows=[row for _, row in found],
        next=_write_place(found[-1], segments, name, backwards=False)
        if has_next
        else "",
        previous=_write_place(found[0], segments, name, backwards=True)
        if has_previous
        else "",
    )


def _walk(
    segments: Sequence[Segment],
    place: tuple[bool, int, Any, Any] | None,
    skip: Skip | None,
    *,
    backwards: bool,
    limit: int,
) -> list[tuple[int, Any]]:
    """Return up to `limit` rows from `place` on, each with its segment's number."""
    found: list[tuple[int, Any]] = []
    step = -1 if backwards else 1
    number: int | None = place[1] if place is not None else 0
    while number is not None and 0 <= number < len(segments) and len(found) < limit:
        if skip is not None and (place is None or number != place[1]):
            number = skip(number, step)
            if number is None:
                break
        sort = segments[number].sort
        rows = _ordered(segments[number].rows, sort, backwards=backwards)
        if place is not None and number == place[1]:
            rows = rows.filter(_beyond(sort, place[2], place[3], backwards=backwards))
        found += [(number, row) for row in rows[: limit - len(found)]]
        number += step
    return found


def _write_place(
    found: tuple[int, Any], segments: Sequence[Segment], name: str, *, backwards: bool
) -> str:
    number, row = found
    sort = segments[number].sort
    value = _attribute(row, sort.field)
    text = None if value is None else str(value)
    key = _attribute(row, sort.tie_breaker)
    return _encode([int(backwards), name, number, text, key])


def _read_place(
    cursor: str, name: str, segments: Sequence[Segment]
) -> tuple[bool, int, Any, int]:
    try:
        backwards, given, number, text, key = _decode(cursor)
        if given != name or not 0 <= number < len(segments):
            raise BadCursorError(cursor)
        value = _parse(text, segments[number].sort.parse)
        return bool(backwards), number, value, int(key)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadCursorError(cursor) from error


def _ordered(rows: QuerySet[Row], sort: Sort, *, backwards: bool) -> QuerySet[Row]:
    descending = sort.descending != backwards
    nulls: dict[str, bool] = {}
    if sort.nullable:
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
    field = F(sort.field)
    first = field.desc(**nulls) if descending else field.asc(**nulls)
    tie_descends = sort.tie_descends(backwards=backwards)
    tie = f"-{sort.tie_breaker}" if tie_descends else sort.tie_breaker
    return rows.order_by(first, tie)


def _beyond(sort: Sort, value: Any, key: Any, *, backwards: bool) -> Q:
    """Keep rows after (before, when backwards) the one the cursor names."""
    field, null = sort.field, Q(**{f"{sort.field}__isnull": True})
    tie_side = "lt" if sort.tie_descends(backwards=backwards) else "gt"
    tie = Q(**{f"{sort.tie_breaker}__{tie_side}": key})
    if value is None:
        return (null & tie) | ~null if backwards else null & tie
    side = "lt" if sort.descending != backwards else "gt"
    # The outer bound lets the index start at the cursor; a plain OR would scan it all.
    rest = Q(**{f"{field}__{side}e": value}) & (Q(**{f"{field}__{side}": value}) | tie)
    return rest | null if sort.nullable and not backwards else rest


def _write(row: Model, sort: Sort, *, backwards: bool) -> str:
    value = _attribute(row, sort.field)
    text = None if value is None else str(value)
    key = _attribute(row, sort.tie_breaker)
    return _encode([int(backwards), sort.key, text, key])


def _read(cursor: str, sort: Sort) -> tuple[bool, Any, int]:
    try:
        backwards, key, text, pk = _decode(cursor)
        if key != sort.key:
            raise BadCursorError(cursor)
        return bool(backwards), _parse(text, sort.parse), int(pk)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadCursorError(cursor) from error


def _encode(parts: list[Any]) -> str:
    raw = json.dumps(parts).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str) -> list[Any]:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    parts: list[Any] = json.loads(raw)
    return parts


def _parse(text: str | None, kind: type) -> Any:
    if text is None:
        return None
    if kind is dt.date:
        return dt.date.fromisoformat(text)
    if kind is dt.datetime:
        return dt.datetime.fromisoformat(text)
    if kind is Decimal:
        return Decimal(text)
    return kind(text)


def _attribute(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = None if row is None else getattr(row, name)
    return row
