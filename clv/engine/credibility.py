"""Credibility over three levels: an account within its cell, a cell within its branch.

Rates x of n accounts with exposures w scatter at every level:

    x = m + branch + cell + account + chance,   Var(chance) = sigma^2 / w

with variances tau2^2 of branches, tau1^2 of cells in a branch, tau0^2 of accounts in a
cell. Every mean weighs its members by the inverse of their variance, and is drawn
towards the mean above it by what its own precision lacks:

    own Z + above (1 - Z),   Z = n / (n + k)

n and k being, level by level, exposure and sigma^2 / tau0^2; precision and the inverse
of tau1^2; precision and the inverse of tau2^2.

- sigma^2 and tau0^2: weighted least-squares line of squared deviations from the cell's
  mean over 1/w, because a total per account has no inner repetition.
- tau1^2 and tau2^2: the scatter of means around the mean above, less what their own
  variance explains, none where that is more (Ohlsson; DerSimonian and Laird in
  another field).

Source: Buhlmann & Gisler (2005), A Course in Credibility Theory and its Applications,
chapters 4 and 6; Ohlsson (2005), Simplified estimation of structure parameters in
hierarchical credibility, as compared by Belhadj, Goulet & Ouellet (2009), On parameter
estimation in hierarchical credibility, ASTIN Bulletin 39(2).
"""

from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector, inner, sums_by

FEWEST_ACCOUNTS = 20  # below, chance and difference cannot be told apart
NO_DIFFERENCE = 1e12  # k of accounts that differ by chance only
REWEIGHTINGS = 2
SMALLEST_SPREAD = 1e-6  # of a rate, relative to the mean: below it is rounding
SMALLEST_VARIANCE = 1e-30  # of rates in money: far below a cent


@dataclass(frozen=True, slots=True)
class Scatter:
    """Variance of one unit of exposure by chance, and between accounts of one cell."""

    chance: float
    accounts: float
    is_estimated: bool

    @property
    def k(self) -> float:
        """Exposure at which own rate and group count the same."""
        if not self.accounts > 0.0:
            return NO_DIFFERENCE
        return min(self.chance / self.accounts, NO_DIFFERENCE)

    def deviation(self, exposure: FloatVector) -> FloatVector:
        """Return the standard deviation of rates around the cell's mean."""
        seen = np.where(exposure > 0.0, exposure, 1.0)
        result: FloatVector = np.sqrt(self.accounts + self.chance / seen)
        return result


@dataclass(frozen=True, slots=True)
class Levels:
    """Means of all cells, each drawn towards the levels above it.

    Attributes
    ----------
    cells : float array, shape (cells,)
        What is expected of an account of the cell of which nothing is known.
    cell_variance, branch_variance : float >= 0
        tau1^2 and tau2^2.
    """

    cells: FloatVector
    cell_variance: float
    branch_variance: float


def scatter_within(
    rate: FloatVector, exposure: FloatVector, cell: IndexVector, cells: int
) -> Scatter:
    """Return how rates scatter around the means of their cells.

    Parameters
    ----------
    rate, exposure : float arrays, shape (n,), n > 0, exposure > 0
    cell : index array, shape (n,), below `cells`

    Notes
    -----
    With fewer than 20 accounts, or all of the same exposure, half of the variance at
    the mean exposure is taken for chance, which makes k that exposure.
    """
    squared, seen = _squared_deviations(rate, exposure, cell, cells)
    floor = (SMALLEST_SPREAD * float(np.abs(rate).mean())) ** 2 + SMALLEST_VARIANCE
    chance = 1.0 / seen
    typical = float(exposure.mean())
    if seen.size < FEWEST_ACCOUNTS or np.ptp(chance) < 1e-9 * chance.max():
        half = max(float(squared.mean()), floor) / 2.0
        return Scatter(half * typical, half, is_estimated=False)
    between, within = _variance_line(chance, squared, seen)
    if not max(between, within * float(chance.mean())) > floor:
        return Scatter(floor * typical, 0.0, is_estimated=True)
    return Scatter(within, between, is_estimated=True)


def _squared_deviations(
    rate: FloatVector, exposure: FloatVector, cell: IndexVector, cells: int
) -> tuple[FloatVector, FloatVector]:
    """Return squared deviations from the cell's mean, with their exposures.

    A mean over n members follows each of them, hence n / (n - 1). Who is alone in a
    cell says nothing, unless all are.
    """
    members = sums_by(cell, np.ones(rate.size), cells)
    if members.max() <= 1.0:
        cell, members = np.zeros_like(cell), np.full(1, float(rate.size))
    means = _means(rate, exposure, cell, members.size)
    taken = np.flatnonzero(members[cell] > 1.0) if rate.size > 1 else np.zeros(1, int)
    count = members[cell[taken]]
    freedom = count / np.maximum(count - 1.0, 1.0)
    squared = (rate[taken] - means[cell[taken]]) ** 2 * freedom
    return squared, exposure[taken]


def levels_of(
    rate: FloatVector,
    exposure: FloatVector,
    cell: IndexVector,
    branch_of_cell: IndexVector,
    scatter: Scatter,
) -> Levels:
    """Return the means of all cells, shrunk to branch and whole.

    Parameters
    ----------
    rate, exposure : float arrays, shape (n,), n > 0, exposure > 0
    cell : index array, shape (n,)
    branch_of_cell : index array, shape (cells,)
        The branch that each cell belongs to.

    Notes
    -----
    Cells nobody stands in get the mean of their branch, empty branches the mean of all.
    """
    cells, branches = branch_of_cell.size, int(branch_of_cell.max()) + 1
    precision = 1.0 / (scatter.accounts + scatter.chance / exposure)
    weight = sums_by(cell, precision, cells)
    mean = _ratio(sums_by(cell, precision * rate, cells), weight)
    cell_variance = _variance_of_means(mean, weight, branch_of_cell, branches)
    above = _precision(weight, cell_variance)
    branch_weight = sums_by(branch_of_cell, above, branches)
    branch = _ratio(sums_by(branch_of_cell, above * mean, branches), branch_weight)
    one = np.zeros(branches, dtype=np.intp)
    branch_variance = _variance_of_means(branch, branch_weight, one, 1)
    top = _precision(branch_weight, branch_variance)
    whole = float((top * branch).sum() / top.sum())
    branch = _drawn(branch, branch_weight, branch_variance, np.full(branches, whole))
    mean = _drawn(mean, weight, cell_variance, branch[branch_of_cell])
    return Levels(mean, cell_variance, branch_variance)


def _drawn(
    own: FloatVector, weight: FloatVector, variance: float, above: FloatVector
) -> FloatVector:
    """Return own means with the credibility of their precision, the rest above's."""
    credibility = weight * variance / (1.0 + weight * variance)
    result: FloatVector = above + credibility * (own - above)
    return result


def _precision(weight: FloatVector, variance: float) -> FloatVector:
    """Return 1 / (variance + 1/weight), 0 where nobody is."""
    result: FloatVector = weight / (1.0 + weight * variance)
    return result


def _variance_of_means(
    mean: FloatVector, weight: FloatVector, parent: IndexVector, parents: int
) -> float:
    """Return the true variance of means around their parents', 0 if there is none."""
    is_known = weight > 0.0
    mean, weight, parent = mean[is_known], weight[is_known], parent[is_known]
    total = sums_by(parent, weight, parents)
    centre = _ratio(sums_by(parent, weight * mean, parents), total)
    scatter = float((weight * (mean - centre[parent]) ** 2).sum())
    by_chance = mean.size - int((total > 0.0).sum())
    squares = _ratio(sums_by(parent, weight**2, parents), total)
    scale = float((total - squares).sum())
    if by_chance <= 0 or not scale > 0.0:
        return 0.0
    return max((scatter - by_chance) / scale, 0.0)


def _means(
    rate: FloatVector, exposure: FloatVector, cell: IndexVector, cells: int
) -> FloatVector:
    return _ratio(sums_by(cell, rate * exposure, cells), sums_by(cell, exposure, cells))


def _ratio(total: FloatVector, weight: FloatVector) -> FloatVector:
    """Return total / weight, 0 where there is no weight."""
    result: FloatVector = np.where(
        weight > 0.0, total / np.where(weight > 0.0, weight, 1.0), 0.0
    )
    return result


def _variance_line(
    chance: FloatVector, squared: FloatVector, seen: FloatVector
) -> tuple[float, float]:
    """Fit squared deviations = tau^2 + sigma^2 / exposure; neither below 0."""
    weight = seen / (seen + seen.mean())
    between = within = 0.0
    for _ in range(1 + REWEIGHTINGS):
        between, within = _line(chance, squared, weight**2)
        if between <= 0.0:
            share = weight**2 / (weight**2).sum()
            slope = inner(share, squared * chance) / inner(share, chance**2)
            return 0.0, max(slope, 0.0)
        if within <= 0.0:
            return inner(weight**2, squared) / float((weight**2).sum()), 0.0
        weight = 1.0 / (between + within * chance)
        weight = weight / weight.max()
    return between, within


def _line(x: FloatVector, y: FloatVector, weight: FloatVector) -> tuple[float, float]:
    """Return level and slope of the weighted least-squares line."""
    share = weight / weight.sum()
    mean_x, mean_y = inner(share, x), inner(share, y)
    scatter = inner(share, (x - mean_x) ** 2)
    if not scatter > 0.0:
        return mean_y, 0.0
    slope = inner(share, (x - mean_x) * (y - mean_y)) / scatter
    return mean_y - slope * mean_x, slope
