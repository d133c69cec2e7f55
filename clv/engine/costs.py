"""Cost to serve, expected per account from its own ledger.

Two drivers: cost per order (delivery, returns, credit) and cost per year alive (account
management, marketing, service). Each account's own rate ``cost / exposure`` is shrunk
towards the mean of its group with credibility ``exposure / (exposure + k)``; exposure
is its orders, or its years as a customer.

Formulas (Bühlmann and Straub): rates scatter around the group mean with variance
``tau^2 + sigma^2 / exposure``, where tau^2 is the true difference between accounts and
sigma^2 the chance of one unit of exposure; ``k = sigma^2 / tau^2``. Both come from a
weighted least-squares line of squared deviations over ``1 / exposure``, because a
ledger total per account has no inner repetition to estimate sigma^2 from.

Limits: a large exposure gives the own rate; none gives the group mean; accounts that do
not differ beyond chance (tau^2 <= 0) all get the group mean; accounts without any
chance in their rates (sigma^2 <= 0) keep their own.

Source: Bühlmann & Gisler (2005), A Course in Credibility Theory and its Applications,
chapters 3 and 4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatVector,
    IndexVector,
    as_account_vector,
    as_vector,
    frozen,
    inner,
    sums_by,
)
from clv.engine.errors import BadHistoryError

FEWEST_ACCOUNTS = 20  # below, k is not estimated
NO_DIFFERENCE = 1e12  # k of accounts that differ by chance only
REWEIGHTINGS = 2


@dataclass(frozen=True, slots=True)
class CostRates:
    """Group means of a cost rate and the credibility constant.

    Attributes
    ----------
    group_means : float array, shape (groups,)
        Money per unit of exposure.
    k : float >= 0
        Exposure at which own ledger and group count the same.
    is_estimated : bool
        False when too few accounts left k at its fallback, the mean exposure.
    """

    group_means: FloatVector
    k: float
    is_estimated: bool

    def expected_rate(
        self, cost: ArrayLike, exposure: ArrayLike, group: ArrayLike | None = None
    ) -> FloatVector:
        """Return the expected cost per unit of exposure of each account.

        Parameters
        ----------
        cost : array-like, shape (n,)
            Total of the account's ledger for this driver.
        exposure : array-like, shape (n,), >= 0
        group : array-like of int, shape (n,), optional
            Index into `group_means`; all 0 when left out.

        Returns
        -------
        float array, shape (n,)

        Raises
        ------
        BadHistoryError
            If vectors are faulty or a group is unknown.
        """
        own, seen, index = _checked(cost, exposure, group)
        if (index >= self.group_means.size).any():
            raise BadHistoryError("group is unknown to the fit")
        mean = self.group_means[index]
        # own/seen * seen/(seen+k) + mean * k/(seen+k), also for seen = 0
        whole = np.where(seen + self.k > 0.0, seen + self.k, 1.0)
        shrunk = (np.where(seen > 0.0, own, 0.0) + self.k * mean) / whole
        return frozen(np.where(seen + self.k > 0.0, shrunk, mean))


def fit_cost_rates(
    cost: ArrayLike, exposure: ArrayLike, group: ArrayLike | None = None
) -> CostRates:
    """Estimate group means and the credibility constant k of one driver.

    Parameters
    ----------
    cost : array-like, shape (n,)
        Ledger total per account; may be 0 or negative (credits).
    exposure : array-like, shape (n,), >= 0
        Orders, or years as a customer. Accounts with 0 are left out.
    group : array-like of int >= 0, shape (n,), optional
        Class or size of the account.

    Returns
    -------
    CostRates
        k pools the scatter of all groups around their own means. Groups without
        exposure get the mean of all; no account at all gives a mean of 0. With fewer
        than 20 accounts k is the mean exposure: half weight for a typical ledger.

    Raises
    ------
    BadHistoryError
        If a value is not finite, an exposure negative, or lengths differ.
    """
    own, seen, index = _checked(cost, exposure, group)
    groups = int(index.max(initial=0)) + 1
    used = seen > 0.0
    own, seen, index = own[used], seen[used], index[used]
    if not own.size:
        return CostRates(frozen(np.zeros(groups)), 1.0, is_estimated=False)
    means = _group_means(own, seen, index, groups)
    k = _credibility_constant(own / seen - means[index], seen)
    if k is None:
        return CostRates(frozen(means), float(seen.mean()), is_estimated=False)
    return CostRates(frozen(means), k, is_estimated=True)


def _group_means(
    own: FloatVector, seen: FloatVector, index: IndexVector, groups: int
) -> FloatVector:
    exposure = sums_by(index, seen, groups)
    cost = sums_by(index, own, groups)
    known = exposure > 0.0
    overall = float(own.sum() / seen.sum())
    return np.where(known, cost / np.where(known, exposure, 1.0), overall)


def _credibility_constant(deviation: FloatVector, seen: FloatVector) -> float | None:
    """Fit squared deviations = tau^2 + sigma^2 / exposure; None if undetermined."""
    chance = 1.0 / seen
    if seen.size < FEWEST_ACCOUNTS or np.ptp(chance) < 1e-9 * chance.max():
        return None
    squared = deviation**2
    if not squared.sum() > 0.0:
        return NO_DIFFERENCE
    weight = seen / (seen + seen.mean())
    for _ in range(1 + REWEIGHTINGS):
        tau2, sigma2 = _line(chance, squared, weight**2)
        if tau2 <= 0.0:
            return NO_DIFFERENCE
        if sigma2 <= 0.0:
            return 0.0
        weight = 1.0 / (tau2 + sigma2 * chance)
        weight = weight / weight.max()
    return sigma2 / tau2


def _line(x: FloatVector, y: FloatVector, weight: FloatVector) -> tuple[float, float]:
    """Return level and slope of the weighted least-squares line."""
    share = weight / weight.sum()
    mean_x, mean_y = inner(share, x), inner(share, y)
    scatter = inner(share, (x - mean_x) ** 2)
    if not scatter > 0.0:
        return mean_y, 0.0
    slope = inner(share, (x - mean_x) * (y - mean_y)) / scatter
    return mean_y - slope * mean_x, slope


def _checked(
    cost: ArrayLike, exposure: ArrayLike, group: ArrayLike | None
) -> tuple[FloatVector, FloatVector, IndexVector]:
    own = as_vector(cost, "cost")
    seen = as_account_vector(exposure, "exposure", own.size)
    if (seen < 0.0).any():
        raise BadHistoryError("exposure is negative")
    if group is None:
        return own, seen, np.zeros(own.size, dtype=np.intp)
    index = as_account_vector(group, "group", own.size)
    if ((index < 0) | (index != np.floor(index))).any():
        raise BadHistoryError("group must be whole numbers >= 0")
    return own, seen, index.astype(np.intp)
