"""Amounts that lie absurdly far out: typing errors rather than tails.

An amount is absurd if it is more than 1000 times the median of all amounts that are not
zero, and more than 30 times the largest one left when the top 0.5 % (two at least) are
put aside. The first says "far from usual"; the second lets a firm whose amounts spread
over many orders of magnitude have its tail: of a log-normal law with sigma 2 one amount
in 100,000 is beyond it, of a Pareto law with exponent 1.5 three.

A kind of cost that hardly anybody has, has no median of its own: it is held against
amounts that more accounts have.

Between usual and absurd lies much that may be true and still would move what everybody
else is drawn to. So where others learn from an amount it counts up to a limit only
(`counted_up_to`): three times the largest one left when the top k of n are put aside,
k being a tenth of the root of n, two at least. k grows, k / n falls: a mean of amounts
so limited tends to the mean itself, and one entry moves it by no more than three such
amounts over n.

Limits: amounts that are equal are never absurd; fewer than five amounts say nothing.
Scaling all amounts changes nothing. Up to 0.5 % of the accounts (two at least) can be
absurd without hiding each other.

Source: the idea of trimming what exceeds a multiple of the collective's is that of
Gisler & Reinhard (1993), Robust credibility, ASTIN Bulletin 23(1); that a skew law's
mean is told with less error when its largest amounts are drawn in, of Rivest (1994),
Statistical properties of Winsorized means for skewed distributions, Biometrika 81(2).
All multiples are choices and no estimates.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import BoolVector, FloatVector, as_account_vector, as_vector

TIMES_MEDIAN = 1000.0
TIMES_LARGEST = 30.0
SET_ASIDE = 0.005  # share of amounts that may be absurd without hiding each other
FEWEST_SET_ASIDE = 2
FEWEST_AMOUNTS = 5
ENOUGH = 10_000  # amounts whose median is near that of all
TIMES_COUNTED = 3.0  # of the largest left: how far others learn from an amount


@dataclass(frozen=True, slots=True)
class FarOut:
    """Which of n amounts are absurd; `typical` is the median they were held against."""

    is_absurd: BoolVector
    typical: float

    def times_typical(self, amount: ArrayLike) -> FloatVector:
        """Return how many times the median an amount is."""
        size = np.abs(np.asarray(amount, dtype=np.float64))
        result: FloatVector = size / self.typical if self.typical > 0.0 else size
        return result


def far_out(
    amount: ArrayLike, *, instead: tuple[ArrayLike, ...] = (), within: ArrayLike = 0.0
) -> FarOut:
    """Return which amounts are absurd.

    Parameters
    ----------
    amount : array-like, shape (n,)
        One amount per account; the sign does not matter.
    instead : array-likes, each of shape (n,)
        What to hold the amounts against where fewer than five are not zero: the first
        with five.
    within : array-like, shape (n,) or scalar
        An amount not above this size is never absurd, such as a cost within revenue.

    Raises
    ------
    BadHistoryError
        If a value is not finite or lengths differ.
    """
    size = np.abs(as_vector(amount, "amount"))
    bound = np.abs(as_account_vector(within, "within", size.size))
    for values in (size, *instead):
        known = np.abs(as_account_vector(values, "instead", size.size))
        known = known[known > 0.0]
        if known.size >= FEWEST_AMOUNTS:
            limit, typical = _limit(known, float(size.max()))
            return FarOut((size > limit) & (size > bound), typical)
    return FarOut(np.zeros(size.size, dtype=np.bool_), 0.0)


def counted_up_to(amount: ArrayLike, *, times: float = TIMES_COUNTED) -> float:
    """Return how far others learn from an amount; infinite with fewer than five.

    Parameters
    ----------
    amount : array-like, shape (n,)
        One amount per account, absurd ones left out; the sign does not matter, and
        zeros do not count.
    times : float
        How many times the largest that is left.

    Raises
    ------
    BadHistoryError
        If a value is not finite.
    """
    size = np.abs(as_vector(amount, "amount"))
    known = size[size > 0.0]
    if known.size < FEWEST_AMOUNTS:
        return np.inf
    aside = max(FEWEST_SET_ASIDE, math.ceil(math.sqrt(known.size) / 10.0))
    place = known.size - 1 - aside
    return times * float(np.partition(known, place)[place])


def drawn_in(amount: FloatVector, *, times: float = TIMES_COUNTED) -> FloatVector:
    """Return the amounts as others learn from them: none beyond `counted_up_to`."""
    limit = counted_up_to(amount, times=times)
    return np.clip(amount, -limit, limit)


def _limit(known: FloatVector, furthest: float) -> tuple[float, float]:
    """Return the limit and the median; no limit where nothing comes near one."""
    guess = float(np.median(known[:: -(-known.size // ENOUGH)]))
    if furthest < TIMES_MEDIAN / 10.0 * guess:
        return np.inf, guess
    aside = max(FEWEST_SET_ASIDE, int(np.ceil(SET_ASIDE * known.size)))
    places = (known.size - 1) // 2, known.size - 1 - aside
    ordered = np.partition(known, places)
    typical, largest = float(ordered[places[0]]), float(ordered[places[1]])
    return max(TIMES_MEDIAN * typical, TIMES_LARGEST * largest), typical
