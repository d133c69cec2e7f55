"""Compares one account with a few like it, many times over: matched sets.

Each set holds one account to which something happened and n - 1 comparable ones to
which it had not, of which m in all were exposed. Given n and m, the chance that the
exposed account is the one it happened to is psi m / (psi m + n - m), with psi the ratio
of rates. The sum over sets decides psi: this is conditional logistic regression with
one yes-or-no variable. Sets in which all or none were exposed say nothing.

Symbols: n `size`, m `exposed`, a `is_case_exposed` (0 or 1), psi `ratio`.

Sources: Breslow & Day (1980), Statistical Methods in Cancer Research, volume 1, chapter
5 (matched sets, estimate); Agresti (2002), Categorical Data Analysis (score interval);
Lancaster (1961), Significance tests in discrete distributions, JASA 56 (mid-p);
Benjamini & Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
"""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

Z95 = 1.959963984540054
MOST_EXACT = 400  # informative sets; beyond, the normal approximation is as good
WIDEST = 30.0  # logarithm of a ratio that stands for infinity
STEPS = 80  # of bisection: 60 / 2^80 lies below rounding


class BadSetsError(ValueError):
    """Sets that cannot be: fewer than two members, or more exposed than there are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much more often it happened to the exposed.

    Attributes
    ----------
    ratio : float
        Ratio of rates; 0 or infinity where only one side was seen.
    low, high : float
        95 % score interval; 0 and infinity where it has no end.
    p_value : float
        Two-sided mid-p under a ratio of 1.
    informative : int
        Sets that say something.
    """

    ratio: float
    low: float
    high: float
    p_value: float
    informative: int


NOTHING = Comparison(float("nan"), 0.0, float("inf"), 1.0, 0)


def compare(size: Integers, exposed: Integers, is_case_exposed: Integers) -> Comparison:
    """Return the ratio of rates that matched sets show.

    Parameters
    ----------
    size, exposed, is_case_exposed : integer arrays, shape (sets,)
        Members of each set, exposed ones among them, and 1 where the case is.

    Raises
    ------
    BadSetsError
        If a set has fewer than two members, or the counts contradict each other.
    """
    _check(size, exposed, is_case_exposed)
    says = (exposed > 0) & (exposed < size)
    if not says.any():
        return NOTHING
    keys, count = np.unique(
        np.stack([size[says], exposed[says]]), axis=1, return_counts=True
    )
    offset = np.log(keys[1]) - np.log(keys[0] - keys[1])
    seen = int(is_case_exposed[says].sum())
    total = int(says.sum())
    return Comparison(
        ratio=_ratio(offset, count, seen, total),
        low=0.0 if seen == 0 else _bound(offset, count, seen, Z95),
        high=float("inf") if seen == total else _bound(offset, count, seen, -Z95),
        p_value=_mid_p(keys[1] / keys[0], count, seen, total),
        informative=total,
    )


def _check(size: Integers, exposed: Integers, is_case_exposed: Integers) -> None:
    if size.size and int(size.min()) < 2:  # noqa: PLR2004  a case and one other
        raise BadSetsError("a set has fewer than two members")
    others = exposed - is_case_exposed
    if np.any((others < 0) | (others > size - 1)) or np.any(
        (is_case_exposed < 0) | (is_case_exposed > 1)
    ):
        raise BadSetsError("the exposed members of a set do not add up")


def _ratio(offset: Floats, count: Integers, seen: int, total: int) -> float:
    if seen == 0:
        return 0.0
    if seen == total:
        return float("inf")
    return float(np.exp(_solve(offset, count, seen, 0.0)))


def _bound(offset: Floats, count: Integers, seen: int, z: float) -> float:
    return float(np.exp(_solve(offset, count, seen, z)))


def _solve(offset: Floats, count: Integers, seen: int, z: float) -> float:
    """Return log psi at which the score statistic is `z`, by bisection."""
    low, high = -WIDEST, WIDEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        chance = 1.0 / (1.0 + np.exp(-(middle + offset)))
        expected = float(count @ chance)
        spread = float(np.sqrt(count @ (chance * (1.0 - chance))))
        if seen - expected > z * spread:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _mid_p(chance: Floats, count: Integers, seen: int, total: int) -> float:
    """Return the two-sided mid-p of `seen` under a ratio of 1."""
    if total > MOST_EXACT:
        expected = float(count @ chance)
        spread = float(np.sqrt(count @ (chance * (1.0 - chance))))
        return _two_sided_normal((seen - expected) / spread)
    mass = np.ones(1)
    for p, n in zip(chance, count, strict=True):
        mass = np.convolve(mass, _binomial(int(n), float(p)))
    at = float(mass[seen])
    below, above = float(mass[:seen].sum()), float(mass[seen + 1 :].sum())
    return min(1.0, 2.0 * (min(below, above) + at / 2.0))


def _binomial(n: int, p: float) -> Floats:
    k = np.arange(n + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    mass: Floats = np.exp(
        logs[n] - logs[k] - logs[n - k] + k * np.log(p) + (n - k) * np.log1p(-p)
    )
    return mass


def _two_sided_normal(z: float) -> float:
    return erfc(abs(z) / sqrt(2.0))


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Return the least rate of false discoveries at which each would be one.

    Parameters
    ----------
    p_values : float array, shape (tests,), in [0, 1]

    Returns
    -------
    float array, shape (tests,), in [0, 1]
        In the order given; rejecting all at most q keeps the rate at q for
        independent and for positively dependent tests.
    """
    tests = p_values.size
    order = np.argsort(p_values, kind="stable")
    stepped = p_values[order] * tests / np.arange(1, tests + 1)
    adjusted = np.empty(tests)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    return adjusted
