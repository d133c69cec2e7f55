"""Rows between PostgreSQL and numpy by COPY, without a Python object per value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from numpy.typing import NDArray
from psycopg.copy import LibpqWriter, QueuedLibpqWriter

from common.kept import note_read

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
CHUNK_BYTES = 1 << 20

Columns = Mapping[str, str]  # name -> numpy type: i2, i4, i8, f8


def read_columns(
    query: str, columns: Columns, params: Mapping[str, Any] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the rows of `query` as one array per column.

    Parameters
    ----------
    query : str
        Selects columns of exactly the types given, in that order, none of them NULL.
    columns : mapping of name to "i2", "i4", "i8" or "f8"
        smallint, integer, bigint and double precision.

    Raises
    ------
    ValueError
        If a value is NULL or of another width.
    """
    layout = _layout(columns)
    sql = f"COPY ({query}) TO STDOUT (FORMAT BINARY)"
    if params is not None:
        # Bound here: the cursor that counts queries takes no parameters to copy.
        sql = mogrify(sql, params, connection)
    note_read(query)
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        data = b"".join(copy)
    body = memoryview(data)[len(SIGNATURE) : -len(TRAILER)]
    if len(body) % layout.itemsize:
        raise ValueError("the rows do not have the columns asked for")
    rows = np.frombuffer(body, layout)
    frame = _frame(layout, 0)
    for name in frame.dtype.names or ():
        if name.startswith("#") and (rows[name] != frame[name]).any():
            raise ValueError(f"a value before column {name} is NULL or too wide")
    return {name: rows[name].astype(kind) for name, kind in columns.items()}


def read_array_rows(
    query: str, columns: Columns, params: Mapping[str, Any] | None = None
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield each row of `query`, whose columns are arrays, as soon as it is there.

    The server packs many values into one array, so that nothing is done here per row:
    several times faster than `read_columns`. An array that is NULL has no elements. A
    row must fit into a message of 1 GB. "u1" stands for bytea, one element per byte.

    Raises
    ------
    ValueError
        If an element is NULL or of another width.
    """
    sql = mogrify(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", params, connection)
    note_read(query)
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for number, message in enumerate(copy):  # the server sends one row in each
            data = message[len(SIGNATURE) :] if number == 0 else message
            if bytes(data) != TRAILER and data:
                yield _row_of_arrays(data, columns)


def _row_of_arrays(data: Any, columns: Columns) -> dict[str, NDArray[Any]]:
    place = 2  # behind the number of columns
    found: dict[str, NDArray[Any]] = {}
    for name, kind in columns.items():
        size = int.from_bytes(data[place : place + 4], "big", signed=True)
        place += 4
        found[name] = _unpack(data[place : place + max(size, 0)], name, kind)
        place += max(size, 0)
    return found


ARRAY_HEAD = np.dtype([(part, ">i4") for part in ("dims", "nulls", "type", "n", "low")])


def _unpack(data: Any, name: str, kind: str) -> NDArray[Any]:
    """Return the elements of an array as the server sends it; none for NULL."""
    if not len(data):
        return np.zeros(0, kind)
    if kind == "u1":
        return np.frombuffer(data, np.uint8)
    head = np.frombuffer(data, ARRAY_HEAD, count=1)[0]
    element = np.dtype([("#", ">i4"), ("value", f">{kind}")])
    width = element["value"].itemsize
    if head["nulls"] or len(data) != ARRAY_HEAD.itemsize + head["n"] * element.itemsize:
        raise ValueError(f"a value of column {name} is NULL or too wide")
    rows = np.frombuffer(data, element, offset=ARRAY_HEAD.itemsize)
    if (rows["#"] != width).any():
        raise ValueError(f"a value of column {name} is too wide")
    return rows["value"].astype(kind)


def write_columns(
    table: str, columns: Columns, values: Mapping[str, NDArray[Any]]
) -> None:
    """Append one array per column to `table`; the arrays have equal lengths."""
    count = len(next(iter(values.values())))
    rows = np.empty(count, _layout(columns))
    rows[:] = _frame(rows.dtype, 0)
    for name in columns:
        rows[name] = values[name]
    names = ", ".join(columns)
    sql = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        copy.write(SIGNATURE)
        data = rows.view(np.uint8).reshape(-1).data
        for start in range(0, len(data), CHUNK_BYTES):
            copy.write(data[start : start + CHUNK_BYTES])
        copy.write(TRAILER)


@dataclass(frozen=True, slots=True)
class Written:
    """A column on its way to the server, one value per row.

    Attributes
    ----------
    kind : str
        "i2", "i4", "i8" or "f8" as above; "date" for days since 1970-01-01; "cents"
        for numeric(14, 2), given as whole cents; "words" for text, given as positions
        in `words`.
    values : array, shape (n,)
    missing : bool array, shape (n,), optional
        Where NULL is written.
    words : tuple of str
        None of them empty.
    """

    kind: str
    values: NDArray[Any]
    missing: NDArray[np.bool_] | None = None
    words: tuple[str, ...] = ()


def write_table(table: str, columns: Mapping[str, Written]) -> int:
    """Append rows of numbers, money, dates and words to `table`; return how many.

    Rows come in their order but for neighbours of a few thousand.

    Raises
    ------
    ValueError
        If an amount has more digits than numeric(14, 2) holds.
    """
    count = len(next(iter(columns.values())).values)
    names = ", ".join(columns)
    sql = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
    sent = {name: _as_sent(column) for name, column in columns.items()}
    shape = _shapes(columns.values(), count)
    with connection.cursor() as cursor:
        # The next rows are laid out while a thread sends the last ones.
        writer = (QueuedLibpqWriter if count > ROWS_LAID_OUT else LibpqWriter)(
            cursor.cursor
        )
        with cursor.copy(sql, writer=writer) as copy:
            copy.write(SIGNATURE)
            for start in range(0, count, ROWS_LAID_OUT):
                part = slice(start, start + ROWS_LAID_OUT)
                for data in _laid_out(sent, columns, shape, part):
                    copy.write(data)
            copy.write(TRAILER)
    return count


ROWS_LAID_OUT = 16_384
FIXED = {"i2": "i2", "i4": "i4", "i8": "i8", "f8": "f8", "date": "i4", "words": "i2"}
EPOCH_DAYS = 10_957  # from 1970-01-01 to the server's first day, 2000-01-01
MOST_CENTS = 10**14
# Numeric as sent: four digits to the base of 10,000, the last one behind the point.
NUMERIC_HEAD = 4 << 48 | 2 << 32 | 2
NUMERIC_NEGATIVE = 0x4000 << 16


def _as_sent(column: Written) -> tuple[NDArray[Any], ...]:
    """Return the column as the whole words of 2 to 8 bytes that it is sent as.

    A word that is the same in all rows is returned once.
    """
    if column.kind != "cents":
        days = EPOCH_DAYS if column.kind == "date" else 0
        values = column.values - days if days else column.values
        return (_once_if_same(values).astype(f">{FIXED[column.kind]}"),)
    cents = _once_if_same(column.values.astype(np.int64, copy=False))
    amount = np.abs(cents)
    if amount.size and not 0 <= int(amount.max()) < MOST_CENTS:
        raise ValueError("an amount has too many digits")
    whole, hundreds = amount // 100, amount // 1_000_000
    millions = hundreds // 10_000
    digits = (amount - whole * 100) * 100
    digits |= (whole - hundreds * 10_000) << 16
    digits |= (hundreds - millions * 10_000) << 32
    digits |= millions << 48
    lost = _once_if_same(cents < 0)
    head = np.where(lost, NUMERIC_HEAD | NUMERIC_NEGATIVE, NUMERIC_HEAD)
    return head.astype(">i8"), digits.astype(">i8")


def _once_if_same(values: NDArray[Any]) -> NDArray[Any]:
    """Return one of the values if all are the same whole number, else all of them."""
    if values.dtype.kind != "f" and values.size and (values == values[0]).all():
        return values[:1]
    return values


def _shapes(columns: Iterable[Written], count: int) -> NDArray[np.int64]:
    """Return a number for how each row is laid out: equal for rows of equal shape."""
    shape = np.zeros(count, np.int64)
    for column in columns:
        if column.words:
            shape = shape * len(column.words) + column.values
        if column.missing is not None:
            shape = shape * 2 + column.missing
    return shape


def _laid_out(
    sent: Mapping[str, tuple[NDArray[Any], ...]],
    columns: Mapping[str, Written],
    shape: NDArray[np.int64],
    part: slice,
) -> Iterator[memoryview]:
    """Yield the bytes of some rows, those of equal shape together."""
    found = shape[part]
    for one in np.unique(found):
        rows = np.flatnonzero(found == one)
        first = part.start + int(rows[0])
        fields: list[tuple[str, str, Any]] = [("#", ">i2", len(columns))]
        taken: dict[str, NDArray[Any]] = {}
        for name, column in columns.items():
            if column.missing is not None and column.missing[first]:
                fields.append((f"#{name}", ">i4", -1))
            elif column.words:
                word = column.words[int(column.values[first])].encode()
                fields.append((f"#{name}", ">i4", len(word)))
                fields.append((f"={name}", f"S{len(word)}", word))
            else:
                words = sent[name]
                width = sum(each.itemsize for each in words)
                fields.append((f"#{name}", ">i4", width))
                for number, values in enumerate(words):
                    fields.append((f"{name}.{number}", values.dtype.str, values[0]))
                    if values.size > 1:
                        taken[f"{name}.{number}"] = values[part][rows]
        layout = np.dtype([(name, kind) for name, kind, _ in fields])
        frame = np.array(tuple(value for *_, value in fields), layout)
        data = np.empty(rows.size, layout)
        data[:] = frame
        for name, values in taken.items():
            data[name] = values
        yield data.view(np.uint8).data


def write_rows(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Append rows of Python values to `table`; the server reads them as text."""
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _layout(columns: Columns) -> np.dtype[Any]:
    """Return the bytes of one row: field count, then width and value of each."""
    fields: list[tuple[str, str]] = [("#", ">i2")]
    for name, kind in columns.items():
        fields += [(f"#{name}", ">i4"), (name, f">{kind}")]
    return np.dtype(fields)


def _frame(layout: np.dtype[Any], value: int) -> NDArray[Any]:
    """Return one row with the field count and the widths filled in."""
    row = np.full((), value, layout)
    names = [name for name in layout.names or () if not name.startswith("#")]
    row["#"] = len(names)
    for name in names:
        row[f"#{name}"] = layout[name].itemsize
    return row
