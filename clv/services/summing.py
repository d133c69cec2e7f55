"""Sums per account from everything that happened, worked out in memory.

The same sums as the statement of `clv.queries.summaries`, which serves few accounts and
past days; here are all accounts at once, block by block. Nothing here reads or writes
the database; money is in cents, days count from 1970-01-01.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.models.summaries import NO_DAY
from clv.policy import DAYS_OF_YEAR_SUMS
from clv.queries.happenings import WINNING, Block
from clv.queries.kept import FINGERPRINT
from clv.queries.summaries import KINDS, SUMS

Integers = NDArray[np.int64]
Sums = Mapping[str, NDArray[Any]]

FAR = 2**31 - 1  # later than any day


@dataclass(frozen=True, slots=True)
class Rule:
    """What sums depend on beside what happened.

    Attributes
    ----------
    as_of : the last day that counts
    rate_e4 : ten-thousandths of the revenue that are margin where no cost is known
    """

    as_of: int
    rate_e4: int


@dataclass(frozen=True, slots=True)
class _Days:
    """What happened on each day of each account, by account and day; shape (m,).

    `account` is the place in the block. A day with several orders stands once.
    """

    account: Integers
    day: Integers
    orders: Integers
    revenue: Integers
    known: Integers
    unknown: Integers
    cost: Integers


def sums_of(block: Block, rule: Rule) -> Sums:
    """Return the sums of the block's accounts, in their order."""
    days = _days(block)
    count = block.account.size
    is_past = days.day <= rule.as_of
    is_recent = is_past & (days.day > rule.as_of - DAYS_OF_YEAR_SUMS)
    is_order = is_past & (days.orders > 0)
    year_begins = _first(days, is_recent, count)
    ahead = _first(days, ~is_past, count)
    next_change = np.minimum(
        np.where(year_begins < FAR, year_begins + DAYS_OF_YEAR_SUMS, FAR), ahead
    )
    year = {
        "revenue_year": days.revenue,
        "margin_known_year": days.known,
        "revenue_cost_unknown_year": days.unknown,
        "cost_year": days.cost,
    }
    ever = {
        "order_count": days.orders,
        "revenue": days.revenue,
        "margin_known": days.known,
        "revenue_cost_unknown": days.unknown,
    }
    return {
        "first_on": _or_no_day(_first(days, is_order, count)),
        "last_on": _last(days, is_order, count),
        "order_days": np.bincount(days.account[is_order], minlength=count),
        **_totals(days.account, ever, is_past, count),
        **_totals(days.account, year, is_recent, count),
        **_kinds(block, rule, count),
        "paid_back_on": _paid_back(days, is_past, rule, count),
        "next_change_on": _or_no_day(next_change),
    }


def _days(block: Block) -> _Days:
    """Lay all that happened to each account in a row, one entry per day."""
    place = _places(block.account, block.order_account)
    bought = block.order_revenue, block.order_bought, block.order_unknown
    revenue, cost_of_goods, unknown = bought
    zeros, none = np.zeros_like, np.zeros_like(block.cost_amount)
    back = _places(block.account, block.return_account)
    served = _places(block.account, block.cost_account)
    account = np.concatenate([place, back, served])
    day = np.concatenate([block.order_day, block.return_day, block.cost_day])
    columns = (
        np.concatenate([np.ones_like(place), zeros(back), zeros(served)]),
        np.concatenate([revenue, block.return_revenue, none]),
        np.concatenate([revenue - unknown - cost_of_goods, block.return_known, none]),
        np.concatenate([unknown, block.return_unknown, none]),
        np.concatenate(
            [zeros(revenue), zeros(block.return_revenue), block.cost_amount]
        ),
    )
    # Mostly runs that are in order already: merging them is quick.
    order = np.argsort((account << 32) + day, kind="stable")
    account, day = account[order], day[order]
    starts = np.flatnonzero(_changes(account) | _changes(day))
    if not starts.size:
        return _Days(account, day, *columns)
    orders, revenue, known, unknown, cost = (
        np.add.reduceat(values[order], starts) for values in columns
    )
    return _Days(account[starts], day[starts], orders, revenue, known, unknown, cost)


def _places(accounts: Integers, whose: Integers) -> Integers:
    """Return where in `accounts` each stands; mostly they have no gaps."""
    if accounts.size and accounts[-1] - accounts[0] == accounts.size - 1:
        place: Integers = whose - accounts[0]
        return place
    return np.searchsorted(accounts, whose).astype(np.int64)


def _changes(values: Integers) -> NDArray[np.bool_]:
    changed = np.ones(values.size, np.bool_)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _totals(
    account: Integers,
    columns: Mapping[str, Integers],
    counts: NDArray[np.bool_],
    count: int,
) -> dict[str, Integers]:
    """Return the sums per account of what counts, exact up to 2^53."""
    rows = np.flatnonzero(counts)
    whose = account[rows]
    return {
        name: np.bincount(whose, values[rows], count).astype(np.int64)
        for name, values in columns.items()
    }


def _first(days: _Days, counts: NDArray[np.bool_], count: int) -> Integers:
    found = np.full(count, FAR, np.int64)
    rows = np.flatnonzero(counts)[::-1]  # the last assignment stays: the first day
    found[days.account[rows]] = days.day[rows]
    return found


def _last(days: _Days, counts: NDArray[np.bool_], count: int) -> Integers:
    found = np.full(count, NO_DAY, np.int64)
    rows = np.flatnonzero(counts)
    found[days.account[rows]] = days.day[rows]
    return found


def _or_no_day(day: Integers) -> Integers:
    return np.where(day < FAR, day, NO_DAY)


def _paid_back(
    days: _Days, is_past: NDArray[np.bool_], rule: Rule, count: int
) -> Integers:
    """Return the day after the last one on which the profit so far was below zero.

    The first day of all where it never was; no day where it is now.
    """
    rows = np.flatnonzero(is_past)
    account, day = days.account[rows], days.day[rows]
    certain = np.cumsum(days.known[rows] - days.cost[rows])
    unknown = np.cumsum(days.unknown[rows])
    starts = np.flatnonzero(_changes(account))
    lengths = np.diff(np.append(starts, account.size))
    ahead = np.repeat(starts, lengths)
    certain -= (certain - days.known[rows] + days.cost[rows])[ahead]
    unknown -= (unknown - days.unknown[rows])[ahead]
    share = (np.abs(unknown) * rule.rate_e4 + 5000) // 10000 * np.sign(unknown)
    is_below = certain + share < 0
    paid = np.full(count, NO_DAY, np.int64)
    paid[account[starts]] = day[starts]
    below = np.flatnonzero(is_below)
    after = np.minimum(below + 1, max(account.size - 1, 0))
    # In order, so that the day after the last one below zero stays.
    paid[account[below]] = np.where(
        (after > below) & (account[after] == account[below]), day[after], NO_DAY
    )
    return paid


def _kinds(block: Block, rule: Rule, count: int) -> dict[str, Integers]:
    """Return the cost to win and each kind of cost to serve."""
    kinds = len(KINDS) + 1
    cell = _places(block.account, block.cost_account) * kinds + block.cost_kind
    amount = np.where(block.cost_day <= rule.as_of, block.cost_amount, 0)
    sums = np.bincount(cell, amount, count * kinds).astype(np.int64)
    table = sums.reshape(count, kinds)
    return {
        "cost_to_win": table[:, WINNING],
        **{name: table[:, number] for number, name in enumerate(KINDS)},
    }


def fingerprints(sums: Sums) -> Integers:
    """Return a number for all sums of each account; never 0, which is not known.

    Two accounts of other sums have the same one with a chance of 2^-64. Each sum is
    mixed in by a multiplication and a shift that lose nothing, in the order of `SUMS`.
    """
    mixed: NDArray[np.uint64] = np.zeros(sums[SUMS[0]].size, np.uint64)
    for name in SUMS:
        mixed ^= sums[name].astype(np.int64).view(np.uint64)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    found: Integers = mixed.view(np.int64)
    found[found == 0] = 1
    return found


def different(
    block: Block, sums: Sums, left_out: Integers
) -> tuple[Integers, dict[str, NDArray[Any]]]:
    """Return the accounts whose sums are not those kept so far, and their sums.

    Those in `left_out` are never among them. Told by fingerprints, where the block has
    those in place of the sums kept.
    """
    kept_account = block.kept["account_id"]
    place = np.searchsorted(kept_account, block.account)
    place = np.minimum(place, max(kept_account.size - 1, 0))
    is_new = np.ones(block.account.size, np.bool_)
    if kept_account.size:
        is_new = kept_account[place] != block.account
        told = sums
        if FINGERPRINT in block.kept:
            told = {FINGERPRINT: fingerprints(sums)}
        for name, values in told.items():
            is_new |= block.kept[name][place] != values
    rows = np.flatnonzero(is_new & ~np.isin(block.account, left_out))
    return block.account[rows], {name: values[rows] for name, values in sums.items()}
