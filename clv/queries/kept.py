"""The sums kept per account, as whole numbers: cents, counts and days."""

from clv.queries.summaries import COUNTS, DAYS, SUMS
from common.copying import read_columns

BLOCK_ACCOUNTS = 1 << 15
FARTHEST = 2**62  # beyond any id, and still a bigint with its sign
NO_DAY = -(2**31)
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


def ends_of(
    table: str, key: str = "account_id", *, first: int = -FARTHEST, last: int = FARTHEST
) -> list[tuple[int, int]]:
    """Return the first and last id of blocks of some ten thousand rows each."""
    query = f"""
        SELECT id FROM (
            SELECT {key} AS id, row_number() OVER (ORDER BY {key}) AS number
            FROM {table} WHERE {key} BETWEEN {first} AND {last}
        ) numbered WHERE number % {BLOCK_ACCOUNTS} = 0 ORDER BY id
    """
    ends = read_columns(query, {"id": "i8"})["id"].tolist()
    starts = [first, *(end + 1 for end in ends)]
    return list(zip(starts, [*ends, last], strict=True))
