"""Which means are too large to learn from: slips of the pen rather than big accounts.

One account with a margin of 999,999,999.99 would otherwise set the mean of all. A mean
is suspected where it lies beyond the largest that the middle of the firm lets expect,
and left out where the gamma-gamma model fitted to all others gives no firm of this size
such an account. With ``S/(v+S) ~ Beta(px, q)`` for the sum S of x margins, that chance
is an incomplete beta function.
"""

import math

import numpy as np
from scipy.special import betainc

from clv.engine.arrays import BoolVector, FloatVector

NEVER = 1e-4  # chance that any account of the firm is that large
LEAST_STEP = math.log(2.0)  # from the median to the upper quantile
FEW = 20  # accounts, below which the ninth decile may be the slip itself


def largest_expected(z: FloatVector) -> float:
    """Return how large a mean the middle of all lets expect; infinite without any.

    Parameters
    ----------
    z : float array, shape (n,), > 0

    Notes
    -----
    From the median to the ninth decile the logarithms thin out by a factor of five;
    going on like this, the largest of n is expected ``ln(n)/ln(5)`` such steps above
    the median or below. The real tail is thinner: the density of ln(z) is log-concave.
    """
    if z.size <= 2:  # noqa: PLR2004 - of two, neither is the odd one
        return math.inf
    logs = np.log(z)
    upper, thinning = (0.9, 5.0) if z.size >= FEW else (0.75, 2.0)
    middle, high = np.quantile(logs, [0.5, upper]).tolist()
    step = max(high - middle, LEAST_STEP) / math.log(thinning)
    return float(np.exp(middle + step * math.log(max(z.size, FEW))))


def beyond_belief(
    x: FloatVector, total: FloatVector, v: FloatVector, *, p: float, q: float, size: int
) -> BoolVector:
    """Tell which totals of x margins no firm of `size` accounts would see.

    Parameters
    ----------
    x, total, v : float arrays, shape (n,), > 0
        Orders, the sum of their margins, and the scale for that many orders.
    p, q : float
        Of a model fitted without them.
    size : int
    """
    chance = betainc(q, p * x, v / (v + total))
    return np.asarray(size * chance < NEVER)
