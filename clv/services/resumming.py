"""Working out the sums of all accounts anew, and writing those that differ."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clv.models import AccountSummary
from clv.models.summaries import NO_DAY
from clv.queries.happenings import Block, all_blocks, blocks_of
from clv.queries.kept import FINGERPRINT, KEPT, joined
from clv.queries.summaries import COUNTS, DAYS, SUMS
from clv.services.summing import Rule, Sums, different, fingerprints, sums_of
from common.copying import Written, read_columns, write_table

ANEW = "pg_temp.clv_summed"
EPOCH = dt.date(1970, 1, 1)
WORK_MEMORY = "64MB"  # sorts of a million accounts stay in few runs
# For statements that read all accounts in several parts at once. The process that hands
# the parts on works on none itself: the others would wait for it.
IN_PARALLEL = (
    f"work_mem = '{WORK_MEMORY}'",
    "jit = off",
    "parallel_leader_participation = off",
)


def allow_parallel() -> None:
    """Let statements of this transaction read in several parts at once."""
    with connection.cursor() as cursor:
        for setting in IN_PARALLEL:
            cursor.execute(f"SET LOCAL {setting}")


def sum_all(
    params: Mapping[str, Any], families: str, *, by_columns: bool = True
) -> tuple[int, Sums]:
    """Work out the sums of all accounts anew, and write those that differ.

    What differs is told `by_columns`, or by fingerprints, of which far less is read.
    Returns how many did, and the sums of all with their `account_id`, ascending. The
    heads of `families` are not written; in the sums they count by themselves.
    """
    allow_parallel()
    changed, parts = _sum(all_blocks(by_columns=by_columns), params, families)
    return changed, joined(parts, KEPT, key="account_id")


def sum_some(
    accounts: NDArray[np.int64], params: Mapping[str, Any], families: str
) -> int:
    """Work out the sums of these accounts anew; return how many differed."""
    allow_parallel()
    return _sum(blocks_of(accounts), params, families)[0]


def _sum(
    blocks: Iterable[Block], params: Mapping[str, Any], families: str
) -> tuple[int, list[dict[str, NDArray[Any]]]]:
    """Write what differs; return how many did, and the sums by block."""
    rule = Rule((params["as_of"] - EPOCH).days, params["rate_e4"])
    heads = _heads(families)
    table, changed = AccountSummary._meta.db_table, 0
    found, parts = [], []
    for block in blocks:
        sums = sums_of(block, rule)
        found.append(different(block, sums, heads))
        parts.append({"account_id": block.account, **sums})
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE clv_summed (LIKE {table} INCLUDING"
            " DEFAULTS) ON COMMIT DROP"
        )
    for account, sums in found:
        changed += account.size
        write_table(ANEW, _written(account, sums, rule.as_of))
    names = ", ".join([*SUMS, FINGERPRINT])
    updated = ", ".join(f"excluded.{name}" for name in [*SUMS, FINGERPRINT])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (as_of, account_id, {names})"
            f" SELECT as_of, account_id, {names} FROM {ANEW} ORDER BY account_id"
            f" ON CONFLICT (account_id) DO UPDATE SET (as_of, {names})"
            f" = (excluded.as_of, {updated})"
        )
        cursor.execute(f"DROP TABLE {ANEW}")
    return changed, parts


def _heads(families: str) -> NDArray[np.int64]:
    query = f"SELECT DISTINCT account_id FROM {families}"
    if not families:
        return np.zeros(0, np.int64)
    return read_columns(query, {"account_id": "i8"})["account_id"].astype(np.int64)


def _written(
    account: NDArray[np.int64], sums: Mapping[str, NDArray[Any]], as_of: int
) -> dict[str, Written]:
    """Return the columns of summaries as they travel."""
    written = {
        "account_id": Written("i8", account),
        "as_of": Written("date", np.full(account.size, as_of)),
        FINGERPRINT: Written("i8", fingerprints(sums)),
    }
    for name in SUMS:
        values = sums[name]
        if name in DAYS:
            written[name] = Written("date", values, values == NO_DAY)
        else:
            kind = "i4" if name in COUNTS else "i8"
            written[name] = Written(kind, values)
    return written
