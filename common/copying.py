"""Rows between PostgreSQL and numpy by COPY, without a Python object per value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from numpy.typing import NDArray

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


def read_arrays(
    query: str, columns: Columns, params: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Return what `read_columns` does, several times faster, for up to some 10^5 rows.

    The server packs each column into one array, so that nothing is done here per row.
    All must fit into a message of 1 GB.

    Raises
    ------
    ValueError
        If a value is NULL or of another width.
    """
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    packed = names.replace("c", "array_agg(c").replace(",", "),") + ")"
    sql = f"COPY (SELECT {packed} FROM ({query}) q ({names})) TO STDOUT (FORMAT BINARY)"
    bound = mogrify(sql, params, connection)
    with connection.cursor() as cursor, cursor.copy(bound) as copy:
        data = b"".join(copy)
    place = len(SIGNATURE) + 2
    found: dict[str, NDArray[Any]] = {}
    for name, kind in columns.items():
        size = int.from_bytes(data[place : place + 4], "big", signed=True)
        place += 4
        found[name] = _unpack(data[place : place + max(size, 0)], name, kind)
        place += max(size, 0)
    return found


ARRAY_HEAD = np.dtype([(part, ">i4") for part in ("dims", "nulls", "type", "n", "low")])


def _unpack(data: bytes, name: str, kind: str) -> NDArray[Any]:
    """Return the elements of an array as the server sends it; none for NULL."""
    if not data:
        return np.zeros(0, kind)
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
