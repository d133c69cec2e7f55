"""The sums kept per account, as whole numbers: cents, counts and days."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clv.models.summaries import NO_DAY, PACKED
from clv.queries.summaries import COUNTS, DAYS, SUMS

BLOCK_ACCOUNTS = 1 << 15
MOST_BLOCKS = 512  # of equally many ids; where these have large gaps, rows are counted
FARTHEST = 2**62  # beyond any id, and still a bigint with its sign
KEPT = {
    "account_id": "i8",
    **{name: "i4" if name in DAYS | COUNTS else "i8" for name in SUMS},
}
FINGERPRINT = "fingerprint"
MARKED = {"account_id": "i8", FINGERPRINT: "i8"}


def whole(name: str, relation: str = "summary") -> str:
    """Return SQL for a column of the summaries as a whole number.

    Days count from 1970-01-01; where there is none stands `NO_DAY`.
    """
    column = f"{relation}.{name}"
    if name in DAYS:
        return f"coalesce({column} - DATE 'epoch', {NO_DAY})"
    return column


LAYOUT = np.dtype(
    [(name, ">i8" if kind == "bigint" else ">i4") for name, kind in PACKED]
)


def packed_sums(within: str) -> str:
    """Return SQL for the packed sums of some accounts, in one value.

    `within` is a condition of their `account_id`.
    """
    return f"""
        SELECT string_agg(packed, ''::bytea) FROM (
            SELECT packed FROM clv_accountsummary WHERE account_id {within}
            ORDER BY account_id
        ) summary
    """


def unpacked_sums(packed: NDArray[np.uint8]) -> dict[str, NDArray[np.int64]]:
    """Return accounts and sums by name from what `packed_sums` selects."""
    rows = packed.view(LAYOUT)
    return {name: rows[name].astype(np.int64) for name in KEPT}


def joined(
    parts: Iterable[Mapping[str, NDArray[Any]]], columns: Iterable[str], *, key: str
) -> dict[str, NDArray[np.int64]]:
    """Return the columns of all blocks, which came in no order, ascending by `key`."""
    filled = [part for part in parts if part[key].size]
    filled.sort(key=lambda part: int(part[key][0]))
    nothing = np.zeros(0, np.int64)
    return {
        name: np.concatenate([nothing, *(part[name] for part in filled)])
        for name in columns
    }


def ends_of(
    table: str, key: str = "account_id", *, first: int = -FARTHEST, last: int = FARTHEST
) -> list[tuple[int, int]]:
    """Return the first and last id of blocks of at most some ten thousand rows."""
    within = f"{key} BETWEEN {first} AND {last}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min({key}), max({key}) FROM {table} WHERE {within}")
        least, most = cursor.fetchone()
        if least is None:
            return [(first, last)]
        ends: Sequence[int] = range(least + BLOCK_ACCOUNTS - 1, most, BLOCK_ACCOUNTS)
        if len(ends) >= MOST_BLOCKS:
            cursor.execute(f"""
                SELECT id FROM (
                    SELECT {key} AS id, row_number() OVER (ORDER BY {key}) AS number
                    FROM {table} WHERE {within}
                ) numbered WHERE number % {BLOCK_ACCOUNTS} = 0 ORDER BY id
            """)
            ends = [row[0] for row in cursor.fetchall()]
    return list(zip([first, *(end + 1 for end in ends)], [*ends, last], strict=True))
