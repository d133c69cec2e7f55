"""Keyset pages: deep pages cost what the first costs, and rows never shift."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Sort:
    """One order of a list: a field (or annotation), its direction, its kind of value.

    The primary-key field `tie_breaker` makes the order total. A `nullable` field costs
    more, because no index range holds both values and gaps; its empty rows come last
    in either direction.
    """

    key: str
    field: str
    descending: bool
    parse: type = str
    tie_breaker: str = "pk"
    nullable: bool = False


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


def _ordered(rows: QuerySet[Row], sort: Sort, *, backwards: bool) -> QuerySet[Row]:
    descending = sort.descending != backwards
    nulls: dict[str, bool] = {}
    if sort.nullable:
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
    field = F(sort.field)
    first = field.desc(**nulls) if descending else field.asc(**nulls)
    tie = f"-{sort.tie_breaker}" if backwards else sort.tie_breaker
    return rows.order_by(first, tie)


def _beyond(sort: Sort, value: Any, key: Any, *, backwards: bool) -> Q:
    """Keep rows after (before, when backwards) the one the cursor names."""
    field, null = sort.field, Q(**{f"{sort.field}__isnull": True})
    tie = Q(**{f"{sort.tie_breaker}__{'lt' if backwards else 'gt'}": key})
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
    raw = json.dumps([int(backwards), sort.key, text, key]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(cursor: str, sort: Sort) -> tuple[bool, Any, int]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        backwards, key, text, pk = json.loads(raw)
        if key != sort.key:
            raise BadCursorError(cursor)
        return bool(backwards), _parse(text, sort.parse), int(pk)
    except (ValueError, TypeError, ArithmeticError, binascii.Error) as error:
        raise BadCursorError(cursor) from error


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
