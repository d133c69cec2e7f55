"""Chance to win a deal by the stage it stands in: the firm's own history, shrunk.

Of n closed deals that passed a stage, k were won. With a Beta(w p, w (1 - p)) prior of
mean p and weight w (as many closed deals as the prior counts for), the posterior is
Beta(w p + k, w (1 - p) + n - k). Its mean (w p + k) / (w + n) is the chance.

Source: beta-binomial conjugacy, e.g. Gelman et al., Bayesian Data Analysis, 2.4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Chances:
    """Mean of each stage's chance and the ends of its 80 % interval; one per stage."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def chances_to_win(
    won: ArrayLike, lost: ArrayLike, prior: ArrayLike, weight: float
) -> Chances:
    """Return the chance that a deal is won, per stage.

    Parameters
    ----------
    won, lost
        How many closed deals that passed the stage ended so; whole, not below 0.
    prior
        The chance believed before any deal closed, above 0 and below 1.
    weight
        As how many closed deals the prior counts, above 0.

    Raises
    ------
    ValueError
        If a number lies outside these bounds.
    """
    won_, lost_ = np.asarray(won, np.float64), np.asarray(lost, np.float64)
    mean_before = np.asarray(prior, np.float64)
    if weight <= 0 or not np.isfinite(weight):
        raise ValueError("the prior's weight must be above 0")
    if np.any(won_ < 0) or np.any(lost_ < 0):
        raise ValueError("counts cannot be below 0")
    if np.any(mean_before <= 0) or np.any(mean_before >= 1):
        raise ValueError("prior chances lie between 0 and 1")
    a = weight * mean_before + won_
    b = weight * (1 - mean_before) + lost_
    low, high = (np.asarray(beta.ppf(end, a, b)) for end in (LOW, HIGH))
    return Chances(a / (a + b), low, high)
