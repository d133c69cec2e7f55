"""Columns to PostgreSQL by binary COPY, without a Python loop over rows.

Each column becomes a matrix of bytes with one row per record and a length per record;
side by side they are the wire format. Money travels as whole numbers of its smallest
unit, so nothing is rounded on the way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, models
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
ROWS_AT_ONCE = 50_000
EPOCH = np.datetime64("2000-01-01")
NULL = -1
DIGITS = 10_000  # numeric's base
NEGATIVE = 0x4000


@dataclass(frozen=True, slots=True)
class Pool:
    """Text of a column: `words[index]` for each row; a negative index is NULL."""

    words: Sequence[str]
    index: Ints

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True, slots=True)
class Packed:
    """One column on the wire; a length of -1 is NULL."""

    data: Bytes
    lengths: NDArray[np.int32]

    @property
    def is_ragged(self) -> bool:
        width = self.data.shape[1]
        return bool((self.lengths != width).any())


def copy_rows(model: type[models.Model], **columns: Any) -> int:
    """Append rows to the table of `model` and return how many.

    Columns are named by field. Whole numbers and foreign keys: integers, negative is
    NULL for keys. Decimals: integers of the field's last place, masked is NULL. Dates
    and times: datetime64, NaT is NULL. Text: a Pool, a sequence of str, or one str
    for all rows. JSON: text. Columns left out get the database's default.
    """
    fields = [model._meta.get_field(name) for name in columns]
    size = next(
        len(v)
        for v in columns.values()
        if hasattr(v, "__len__") and not isinstance(v, str)
    )
    names = ", ".join(f'"{field.column}"' for field in fields)  # type: ignore[union-attr]
    statement = f"COPY {model._meta.db_table} ({names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(HEADER)
        for part in _slices(size):
            packed = [
                _pack(field, value, part)
                for field, value in zip(fields, columns.values(), strict=True)
            ]
            copy.write(_wire(packed))
        copy.write(TRAILER)
    return size


def _slices(size: int) -> Iterator[slice]:
    for start in range(0, size, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, size))


def _wire(columns: list[Packed]) -> bytes:
    size = len(columns[0].lengths)
    width = 2 + sum(4 + column.data.shape[1] for column in columns)
    matrix = np.zeros((size, width), np.uint8)
    keep: NDArray[np.bool_] | None = None
    matrix[:, :2] = _big_endian(np.full(size, len(columns)), ">i2")
    at = 2
    for column in columns:
        end = at + 4 + column.data.shape[1]
        matrix[:, at : at + 4] = _big_endian(column.lengths, ">i4")
        matrix[:, at + 4 : end] = column.data
        if column.is_ragged:
            keep = np.ones((size, width), bool) if keep is None else keep
            keep[:, at + 4 : end] = (
                np.arange(column.data.shape[1]) < column.lengths[:, None]
            )
        at = end
    return (matrix if keep is None else matrix[keep]).tobytes()


def _pack(field: Any, value: Any, part: slice) -> Packed:
    field = getattr(field, "target_field", field)
    size = part.stop - part.start
    if isinstance(value, Pool):
        return _text_pool(Pool(value.words, value.index[part]))
    if isinstance(value, str):
        words = "\x01" + value if isinstance(field, models.JSONField) else value
        return _text_pool(Pool([words], np.zeros(size, np.int64)))
    rows = value if np.isscalar(value) else value[part]
    packed: Packed = _PACKERS[_kind(field)](field, rows, size)
    return packed


def _kind(field: Any) -> str:
    names = (base.__name__ for base in type(field).__mro__)
    return next(name for name in names if name in _PACKERS)


def _text_pool(pool: Pool) -> Packed:
    encoded = np.array([word.encode() for word in pool.words] or [b""])
    lengths = np.char.str_len(encoded).astype(np.int32)[pool.index]
    data = encoded.view(np.uint8).reshape(len(encoded), -1)[pool.index]
    return Packed(data, np.where(pool.index < 0, NULL, lengths).astype(np.int32))


def _text(_field: Any, value: Sequence[str], size: int) -> Packed:
    return _text_pool(Pool(value, np.arange(size)))


def _whole(kind: str) -> Any:
    def pack(_field: Any, value: Any, size: int) -> Packed:
        array = np.broadcast_to(np.ma.filled(value, 0), size)
        is_null = np.broadcast_to(np.ma.getmaskarray(value), size)
        if kind == ">i8":  # keys are positive
            is_null = is_null | (array < 0)
        return _fixed(_big_endian(array, kind), is_null)

    return pack


def _flag(_field: Any, value: Any, size: int) -> Packed:
    array = np.broadcast_to(np.asarray(value, np.uint8), size)
    return _fixed(array.reshape(-1, 1).copy(), np.zeros(size, bool))


def _date(_field: Any, value: Any, size: int) -> Packed:
    array = np.broadcast_to(np.asarray(value, "datetime64[D]"), size)
    days = (array - EPOCH).astype(np.int64)
    is_null = np.isnat(array)
    return _fixed(_big_endian(np.where(is_null, 0, days), ">i4"), is_null)


def _moment(_field: Any, value: Any, size: int) -> Packed:
    array = np.broadcast_to(np.asarray(value, "datetime64[us]"), size)
    micros = (array - EPOCH.astype("datetime64[us]")).astype(np.int64)
    is_null = np.isnat(array)
    return _fixed(_big_endian(np.where(is_null, 0, micros), ">i8"), is_null)


def _real(_field: Any, value: Any, size: int) -> Packed:
    array = np.broadcast_to(np.asarray(value, float), size)
    return _fixed(_big_endian(array, ">f8"), np.zeros(size, bool))


def _decimal(field: Any, value: Any, size: int) -> Packed:
    """Write numeric as three whole digits and one broken one, each base 10,000."""
    scaled = np.broadcast_to(np.ma.filled(value, 0), size).astype(np.int64)
    size_of = np.abs(scaled) * 10 ** (4 - field.decimal_places)
    parts = [size_of // DIGITS**power % DIGITS for power in (3, 2, 1, 0)]
    sign = np.where(scaled < 0, NEGATIVE, 0)
    words = [4, 2, sign, field.decimal_places, *parts]
    columns = np.stack([np.broadcast_to(word, size) for word in words], axis=1)
    is_null = np.broadcast_to(np.ma.getmaskarray(value), size)
    return _fixed(columns.astype(">i2").view(np.uint8).reshape(size, -1), is_null)


def _fixed(data: Bytes, is_null: NDArray[np.bool_]) -> Packed:
    lengths = np.where(is_null, NULL, data.shape[1]).astype(np.int32)
    return Packed(data, lengths)


def _big_endian(array: Any, kind: str) -> Bytes:
    typed = np.ascontiguousarray(array, dtype=kind)
    return typed.view(np.uint8).reshape(len(typed), -1)


_PACKERS: dict[str, Any] = {
    "CharField": _text,
    "TextField": _text,
    "BigIntegerField": _whole(">i8"),
    "IntegerField": _whole(">i4"),
    "SmallIntegerField": _whole(">i2"),
    "PositiveSmallIntegerField": _whole(">i2"),
    "BooleanField": _flag,
    "DateTimeField": _moment,
    "DateField": _date,
    "DecimalField": _decimal,
    "FloatField": _real,
}
