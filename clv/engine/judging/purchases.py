"""The purchase log: the input of everything that looks back and checks itself.

The log knows every purchase day of every account. What a model may know at an earlier
day is the log `until` that day, a new object without any later row, so nothing can leak
from the future into a fit or a forecast; `outcome` is what really came.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clv.engine.arrays import FloatVector, IndexVector, as_vector, frozen
from clv.engine.errors import BadHistoryError
from clv.engine.history import Histories
from clv.engine.seasons import Seasons

DayVector: TypeAlias = NDArray[np.int64]

SPREADING_FACTOR = 2_654_435_761  # Knuth's, so that samples ignore account order
HASH_BITS = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came in a hold-out, per account of the log that was known before it.

    Attributes
    ----------
    counts : float array, shape (n,)
        Days with a purchase.
    values : float array, shape (n,)
        Money of these days; any sign.
    """

    counts: FloatVector
    values: FloatVector


@dataclass(frozen=True, slots=True)
class PurchaseLog:
    """Purchase days of n accounts; made by `PurchaseLog.check` only.

    Attributes
    ----------
    accounts : int array, shape (n,)
        Distinct account codes, ascending.
    starts : index array, shape (n + 1,)
        Rows ``starts[i]:starts[i + 1]`` belong to account i.
    day : int array, shape (m,)
        Day numbers, ascending within each account, each once.
    value : float array, shape (m,)
        Money of the day: orders of one account on one day are one purchase.
    """

    accounts: DayVector
    starts: IndexVector
    day: DayVector
    value: FloatVector

    def __len__(self) -> int:
        return self.accounts.size

    @classmethod
    def check(
        cls, account: ArrayLike, day: ArrayLike, value: ArrayLike
    ) -> "PurchaseLog":
        """Return a checked log, merged to one row per account and day.

        Parameters
        ----------
        account, day : array-like of int, shape (m,), in any order
            Account codes >= 0 and day numbers, e.g. ``date.toordinal()``.
        value : array-like, shape (m,)
            Money, any sign.

        Raises
        ------
        BadHistoryError
            For vectors that are no numbers, not finite, not whole where they must
            be, negative account codes, or unequal lengths.
        """
        codes = _whole(account, "account")
        days = _whole(day, "day")
        money = as_vector(value, "value")
        if not codes.size == days.size == money.size:
            raise BadHistoryError("account, day and value differ in length")
        if (codes < 0).any():
            raise BadHistoryError("account holds a negative code")
        order = _by_account_and_day(codes, days)
        codes, days, money = codes[order], days[order], money[order]
        is_first = np.ones(codes.size, dtype=np.bool_)
        is_first[1:] = (codes[1:] != codes[:-1]) | (days[1:] != days[:-1])
        first = np.flatnonzero(is_first)
        merged = np.add.reduceat(money, first) if first.size else money
        return _log(codes[first], days[first], merged)

    @property
    def first_days(self) -> DayVector:
        """Return the day of each account's first purchase, shape (n,)."""
        return self.day[self.starts[:-1]]

    def reach_days(self, origin_day: int) -> int:
        """Return the days from the first row of all to `origin_day`; 0 without rows."""
        return origin_day - int(self.day.min()) if self.day.size else 0

    def until(self, origin_day: int) -> "PurchaseLog":
        """Return what was known at the end of `origin_day`.

        Accounts without a purchase by then are left out.
        """
        known = self.day <= origin_day
        return _log(self._row_accounts()[known], self.day[known], self.value[known])

    def sample(self, most_accounts: int) -> "PurchaseLog":
        """Return at most about `most_accounts` accounts, always the same ones.

        An account is in or out by a hash of its code, whatever else the log holds.
        """
        if len(self) <= most_accounts:
            return self
        hashed = (self.accounts * SPREADING_FACTOR) % 2**HASH_BITS
        chosen = hashed < sample_bound(len(self), most_accounts)
        rows = np.repeat(chosen, np.diff(self.starts))
        return _log(self._row_accounts()[rows], self.day[rows], self.value[rows])

    def histories(self, as_of_day: int, seasons: Seasons | None = None) -> Histories:
        """Return frequency, recency and age of each account at `as_of_day`.

        With `seasons` the days are those of `Seasons.clock`.

        Raises
        ------
        BadHistoryError
            If the log holds a later row; take `until` first.
        """
        if self.day.size and int(self.day.max()) > as_of_day:
            raise BadHistoryError("the log holds purchases after as_of_day")
        clock = seasons or Seasons()
        ends = np.concatenate(
            [self.first_days, self.day[self.starts[1:] - 1], [as_of_day]]
        )
        days = clock.clock(ends)
        first, last = days[: len(self)], days[len(self) : -1]
        return Histories.check(self.purchase_days - 1.0, last - first, days[-1] - first)

    @property
    def purchase_days(self) -> FloatVector:
        """Return the number of purchase days of each account, shape (n,), >= 1."""
        return frozen(np.diff(self.starts))

    @property
    def mean_values(self) -> FloatVector:
        """Return the mean money per purchase day of each account, shape (n,)."""
        return frozen(self._sums(self.value) / np.diff(self.starts))

    @property
    def log_gap_sum(self) -> float:
        """Return the sum of logarithms of the days between consecutive purchases."""
        gaps = np.diff(self.day)
        inside = np.ones(gaps.size, dtype=np.bool_)
        inside[self.starts[1:-1] - 1] = False
        return float(np.log(gaps[inside]).sum())

    def between(self, after_day: int, last_day: int) -> Outcome:
        """Return purchase days and money of each account in (after_day, last_day]."""
        inside = (self.day > after_day) & (self.day <= last_day)
        return Outcome(
            frozen(self._sums(inside.astype(np.float64))),
            frozen(self._sums(np.where(inside, self.value, 0.0))),
        )

    def outcome(
        self, known: "PurchaseLog", origin_day: int, horizon_days: int
    ) -> Outcome:
        """Return what came in (origin, origin + horizon] for the accounts `known`."""
        came = self.between(origin_day, origin_day + horizon_days)
        place = np.searchsorted(self.accounts, known.accounts)
        return Outcome(frozen(came.counts[place]), frozen(came.values[place]))

    def _row_accounts(self) -> DayVector:
        return np.repeat(self.accounts, np.diff(self.starts))

    def _sums(self, rows: FloatVector) -> FloatVector:
        if not len(self):
            return np.zeros(0)
        return np.add.reduceat(rows, self.starts[:-1])


def sample_bound(account_count: int, most_accounts: int) -> int:
    """Return the bound below which a sampled account's hash lies.

    The hash of an account is its code times `SPREADING_FACTOR`, modulo 2 to the power
    of `HASH_BITS`; whoever stores purchases can sample by it before reading them.
    """
    if account_count <= most_accounts:
        return 1 << HASH_BITS
    return math.ceil(most_accounts / account_count * (1 << HASH_BITS))


def _whole(values: ArrayLike, name: str) -> DayVector:
    given: NDArray[Any] = np.asarray(values)
    if given.dtype.kind in "iu" and given.ndim == 1:
        return given.astype(np.int64)
    checked = as_vector(values, name)
    if (checked != np.floor(checked)).any():
        raise BadHistoryError(f"{name} holds a value that is not whole")
    return checked.astype(np.int64)


def _by_account_and_day(codes: DayVector, days: DayVector) -> IndexVector:
    """Sort by one packed key where it fits; that is twice as fast."""
    if not codes.size:
        return np.zeros(0, dtype=np.intp)
    low, reach = int(days.min()), int(days.max() - days.min()) + 1
    if int(codes.max()) < np.iinfo(np.int64).max // reach - 1:
        return np.argsort(codes * reach + (days - low), kind="stable")
    return np.lexsort((days, codes))


def _log(codes: DayVector, days: DayVector, money: FloatVector) -> PurchaseLog:
    """Build a log from rows sorted by account and day, each pair once."""
    is_first = np.ones(codes.size, dtype=np.bool_)
    is_first[1:] = codes[1:] != codes[:-1]
    first = np.flatnonzero(is_first)
    accounts, starts = codes[first], np.append(first, codes.size).astype(np.intp)
    for array in (accounts, starts, days):
        array.flags.writeable = False
    return PurchaseLog(accounts, starts, days, frozen(money))
