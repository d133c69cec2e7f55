"""All orders, costs and returns of many accounts, as vectors by blocks of accounts.

The server works out several blocks at once, in parallel where it can, and packs each
into one row. Money comes in cents, days count from 1970-01-01.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.policy import COST_DRIVERS, WINNING_KINDS
from clv.queries.kept import FINGERPRINT, ends_of, packed_sums, unpacked_sums
from clv.queries.summaries import KINDS
from common.copying import read_array_rows
from crm.choices import CostKind

Integers = NDArray[np.int64]

WINNING = len(KINDS)  # the kind of cost that is none of serving


@dataclass(frozen=True, slots=True)
class Block:
    """What happened to some accounts; each group of vectors is in order of account.

    Attributes
    ----------
    account : ids of all accounts of the block, ascending
    order_account, order_day, order_revenue, order_bought, order_unknown
        One entry per confirmed order, by account and day: revenue, what is known to
        have been its cost, and the revenue of lines without a known cost.
    cost_account, cost_day, cost_kind, cost_amount
        One entry per ledger row, by account and day; the kind is a place in `KINDS`.
    return_account, return_day, return_revenue, return_known, return_unknown
        One entry per return, in any order: what it takes from revenue, from margin and
        from revenue without a known cost.
    kept : what is kept so far by name, of the accounts in ``kept["account_id"]``: the
        sums, or their fingerprints
    """

    account: Integers
    order_account: Integers
    order_day: Integers
    order_revenue: Integers
    order_bought: Integers
    order_unknown: Integers
    cost_account: Integers
    cost_day: Integers
    cost_kind: Integers
    cost_amount: Integers
    return_account: Integers
    return_day: Integers
    return_revenue: Integers
    return_known: Integers
    return_unknown: Integers
    kept: dict[str, NDArray[Any]]


# As they travel: whose and when in one number, what is mostly nothing only where it is.
DAY_BITS, KIND_BITS = 21, 4
FIRST_DAY = 1 << (DAY_BITS - 1)  # added to days, so that none is below zero
BLOCK = {
    "account": "i8",
    "order": "i8",
    "order_revenue": "i8",
    "order_bought": "i8",
    "unknown": "i8",
    "unknown_revenue": "i8",
    "cost": "i8",
    "cost_amount": "i8",
    "return_account": "i8",
    "return_day": "i4",
    "return_revenue": "i8",
    "return_known": "i8",
    "return_unknown": "i8",
}


SUMS_KEPT = {"packed": "u1"}
MARKS_KEPT = {"kept_account": "i8", FINGERPRINT: "i8"}
FEW_ACCOUNTS = 1 << 12  # in a block of accounts that stand here and there


def all_blocks(*, by_columns: bool = True) -> Iterator[Block]:
    """Yield all accounts in blocks, in no order.

    What is kept of them are their sums, or not `by_columns` their fingerprints.
    """
    ends = ends_of("crm_account", "id")
    within = [f"BETWEEN {first} AND {last}" for first, last in ends]
    return _blocks(within, by_columns=by_columns)


def blocks_of(accounts: Integers) -> Iterator[Block]:
    """Yield the accounts of these ids, ascending, with the sums kept of them."""
    starts = range(0, accounts.size, FEW_ACCOUNTS)
    parts = [accounts[start : start + FEW_ACCOUNTS].tolist() for start in starts]
    listed = [",".join(map(str, part)) for part in parts]
    within = [f"= ANY ('{{{ids}}}'::bigint[])" for ids in listed]
    return _blocks(within, by_columns=True)


def _blocks(within: Sequence[str], *, by_columns: bool) -> Iterator[Block]:
    columns = BLOCK | (SUMS_KEPT if by_columns else MARKS_KEPT)
    query = " UNION ALL ".join(
        _block(part, packed_sums(part) if by_columns else _fingerprints(part))
        for part in within
    )
    for row in read_array_rows(query, columns) if within else ():
        if by_columns:
            kept = unpacked_sums(row.pop("packed"))
        else:
            kept = {"account_id": row.pop("kept_account")}
            kept[FINGERPRINT] = row.pop(FINGERPRINT)
        yield _unpacked({n: v.astype(np.int64) for n, v in row.items()}, kept)


def _unpacked(row: dict[str, Integers], kept: dict[str, NDArray[Any]]) -> Block:
    order, cost = row.pop("order"), row.pop("cost")
    at, revenue = row.pop("unknown"), row.pop("unknown_revenue")
    unknown = np.zeros_like(order)
    # Of several orders of one day the first one takes it: days are what is summed.
    np.add.at(unknown, np.searchsorted(order, at), revenue)
    when = cost >> KIND_BITS
    return Block(
        **row,
        order_account=order >> DAY_BITS,
        order_day=_day_of(order),
        order_unknown=unknown,
        cost_account=when >> DAY_BITS,
        cost_day=_day_of(when),
        cost_kind=cost & ((1 << KIND_BITS) - 1),
        kept=kept,
    )


def _day_of(when: Integers) -> Integers:
    return (when & ((1 << DAY_BITS) - 1)) - FIRST_DAY


def _when(day: str) -> str:
    """Return SQL for one number of an account and a day."""
    return f"((account_id << {DAY_BITS}) + ({day} - DATE 'epoch' + {FIRST_DAY}))"


def _block(within: str, kept: str) -> str:
    """Return SQL for one block as one row of arrays.

    The index of lines has them by account, day and order; the one of the ledger by
    account and day: nothing is sorted. `within` is a condition of the account's id,
    `kept` selects what is kept of those accounts.
    """
    at_cost_unknown = "FILTER (WHERE unknown <> 0)"
    return f"""(
        SELECT * FROM (
            SELECT array_agg(id) FROM (
                SELECT id FROM crm_account WHERE id {within} ORDER BY id
            ) ids
        ) a, (
            SELECT array_agg("when"), array_agg((100 * revenue)::bigint),
                array_agg((100 * bought)::bigint), array_agg("when") {at_cost_unknown},
                array_agg((100 * unknown)::bigint) {at_cost_unknown}
            FROM (
                SELECT {_when("ordered_on")} AS "when", sum(revenue) AS revenue,
                    coalesce(sum(cost), 0) AS bought,
                    coalesce(sum(revenue) FILTER (WHERE cost IS NULL), 0) AS unknown
                FROM crm_orderline
                WHERE status = 'confirmed' AND account_id {within}
                GROUP BY account_id, ordered_on, order_id
                ORDER BY account_id, ordered_on
            ) one_order
        ) o, (
            SELECT array_agg(({_when("incurred_on")} << {KIND_BITS}) + kind),
                array_agg((100 * amount)::bigint)
            FROM (
                SELECT account_id, incurred_on, {_kind()} AS kind, amount
                FROM crm_ledgerentry WHERE account_id {within}
                ORDER BY account_id, incurred_on
            ) entry
        ) e, (
            SELECT array_agg(r.account_id),
                array_agg(greatest(r.returned_on, l.ordered_on) - DATE 'epoch'),
                array_agg((-100 * r.refund)::bigint),
                array_agg(CASE WHEN l.cost IS NULL THEN 0
                    ELSE 100 * (r.cost_recovered - r.refund) END::bigint),
                array_agg(CASE WHEN l.cost IS NULL THEN -100 * r.refund
                    ELSE 0 END::bigint)
            FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
            WHERE r.account_id {within} AND l.status = 'confirmed'
        ) r, ({kept}) k
    )"""


def _fingerprints(within: str) -> str:
    return f"""
        SELECT array_agg(account_id), array_agg({FINGERPRINT}) FROM (
            SELECT account_id, {FINGERPRINT} FROM clv_accountsummary
            WHERE account_id {within} ORDER BY account_id
        ) summary
    """


def _kind() -> str:
    """Return SQL for the number of a ledger row's kind; unknown ones are `other`."""
    winning = ", ".join(f"'{kind}'" for kind in WINNING_KINDS)
    other = list(COST_DRIVERS).index(CostKind.OTHER.value)
    numbered = " ".join(
        f"WHEN kind = '{kind}' THEN {number}"
        for number, kind in enumerate(COST_DRIVERS)
    )
    return (
        f"(CASE {numbered} WHEN kind IN ({winning}) THEN {WINNING} ELSE {other} END)"
        "::smallint"
    )
