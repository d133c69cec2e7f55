"""Which traits a set of accounts has more often than everybody.

Lift is the share of the set that has a trait over the share of everybody that has it.
Its interval is Wilson's (1927) for the share in the set, over the known share of
everybody. Whether the set has more of a trait than a random draw without return would
is told by the hypergeometric distribution; of all traits that were looked at, those are
kept whose false discoveries are expected to be at most 5 % (Benjamini & Hochberg 1995).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, hypergeom

LEVEL = 0.95
FALSE_DISCOVERIES = 0.05
FEWEST_WITH_TRAIT = 5
FEWEST_MEMBERS = 30

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lifts:
    """One value per trait; `kept` says which are more than chance."""

    lift: Values
    low: Values
    high: Values
    q: Values
    kept: NDArray[np.bool_]


def over_represented(
    *, with_trait: Counts, members: int, with_trait_in_all: Counts, everybody: int
) -> Lifts:
    """Return the lift of each trait in a set against everybody, itself included.

    Parameters
    ----------
    with_trait, with_trait_in_all
        How many of the set and of everybody have the trait, shape (traits,).
    members, everybody
        How many there are. With fewer than `FEWEST_MEMBERS` nothing is kept.
    """
    inside = np.asarray(with_trait, dtype=np.int64)
    overall = np.asarray(with_trait_in_all, dtype=np.int64)
    if inside.size == 0 or members == 0 or everybody == 0:
        empty = np.zeros(inside.size)
        nothing = np.zeros(inside.size, dtype=bool)
        return Lifts(empty, empty, empty, empty + 1.0, nothing)
    share_of_all = np.maximum(overall, 1) / everybody
    low, high = _wilson(inside, members)
    chance = hypergeom.sf(inside - 1, everybody, overall, members)
    q = false_discovery_control(np.clip(chance, 0.0, 1.0))
    lift = inside / members / share_of_all
    kept = (
        (q <= FALSE_DISCOVERIES)
        & (inside >= FEWEST_WITH_TRAIT)
        & (lift > 1.0)
        & (members >= FEWEST_MEMBERS)
    )
    return Lifts(lift, low / share_of_all, high / share_of_all, q, kept)


def _wilson(count: Counts, of: int) -> tuple[Values, Values]:
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    share = count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = (
        z / (1 + z * z / of) * np.sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2)
    )
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
