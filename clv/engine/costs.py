"""Cost to serve, expected per account from its own ledger, by kind.

Each kind of cost grows with orders or with years as a customer: its exposure. An
account's own rate, cost over exposure, is drawn towards the mean of its cell, the
cell's towards that of its branch, the branch's towards that of all accounts
(`clv.engine.credibility`). A cell holds the accounts of one class and one size, a
branch those of one size.

Own rates count only as far as five standard deviations from the mean of their cell, and
what lies beyond, the excess, is spread over all exposure. So

    expected = Z min(own, bound) + (1 - Z) cell + excess,
    Z = exposure / (exposure + k),

and expected rates times exposures still sum to the ledger. An amount that is absurd
(`clv.engine.outliers`) teaches nothing of others: it is left out of means, variances
and excess, and its account is taken at the bound.

Limits: a large exposure gives the own rate; none gives the mean of the cell; accounts
that do not differ beyond chance (tau0^2 = 0) all get the mean of their cell; cells that
do not differ, that of their branch; accounts without any chance in their rates
(sigma^2 = 0) keep their own.

Source: Buhlmann & Gisler (2005), A Course in Credibility Theory and its Applications,
chapters 4 and 6; bound and excess as in Kunsch (1992), Robust methods for credibility,
ASTIN Bulletin 22(1), and Gisler & Reinhard (1993), Robust credibility, ASTIN Bulletin
23(1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    BoolVector,
    FloatVector,
    IndexVector,
    as_account_vector,
    as_vector,
    frozen,
)
from clv.engine.credibility import Scatter, levels_of, scatter_within
from clv.engine.errors import BadHistoryError
from clv.engine.ledgers import ORDER, YEAR, Grouping, Ledgers

ENOUGH_ACCOUNTS = 100_000
BOUND = 5.0  # standard deviations up to which an own rate counts as its own


@dataclass(frozen=True, slots=True)
class Bounds:
    """Own rates between `centres` -+ 5 standard deviations of `scatter` count."""

    centres: FloatVector
    scatter: Scatter

    def within(
        self, rate: FloatVector, exposure: FloatVector, cell: IndexVector
    ) -> FloatVector:
        """Return the rates, those beyond the bounds put on them."""
        centre = self.centres[cell]
        nearest = BOUND * self.scatter.accounts**0.5
        # Few are that far out, so few square roots are taken.
        rows = np.flatnonzero(np.abs(rate - centre) > nearest)
        reach = BOUND * self.scatter.deviation(exposure[rows])
        result = rate.copy()
        result[rows] = np.clip(rate[rows], centre[rows] - reach, centre[rows] + reach)
        return result


@dataclass(frozen=True, slots=True)
class CostRates:
    """Expected rates of one kind of cost: means of cells and what draws to them.

    Attributes
    ----------
    group_means : float array, shape (cells,)
        Money per unit of exposure of an account of which nothing is known.
    k : float >= 0
        Exposure at which own ledger and cell count the same.
    is_estimated : bool
        False when too few accounts left k at its fallback, the mean exposure.
    excess : float
        Money per unit of exposure beyond all bounds; part of every expected rate.
    overall : float or None
        Total cost over total exposure, absurd amounts left out; the first cell's mean
        when left out.
    bounds : Bounds or None
        None lets every own rate count whole.
    cell_variance, branch_variance : float >= 0
        Between cells of a branch, and between branches.
    """

    group_means: FloatVector
    k: float
    is_estimated: bool
    excess: float = 0.0
    overall: float | None = None
    bounds: Bounds | None = None
    cell_variance: float = 0.0
    branch_variance: float = 0.0

    @property
    def of_newcomer(self) -> float:
        """Return the rate of an account drawn from all, by exposure."""
        first = float(self.group_means[0]) if self.group_means.size else 0.0
        return first + self.excess if self.overall is None else self.overall

    def expected_rate(
        self, cost: ArrayLike, exposure: ArrayLike, group: ArrayLike | None = None
    ) -> FloatVector:
        """Return the expected cost per unit of exposure of each account.

        Parameters
        ----------
        cost : array-like, shape (n,)
            Total of the account's ledger for this kind.
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
        rate = np.where(seen > 0.0, own / np.where(seen > 0.0, seen, 1.0), mean)
        if self.bounds is not None:
            rate = self.bounds.within(rate, seen, index)
        whole = seen + self.k
        credibility = np.where(whole > 0.0, seen / np.where(whole > 0.0, whole, 1), 0.0)
        return frozen(mean + credibility * (rate - mean) + self.excess)


def fit_cost_rates(
    cost: ArrayLike,
    exposure: ArrayLike,
    group: ArrayLike | None = None,
    *,
    branch_of_group: IndexVector | None = None,
    left_out: BoolVector | None = None,
) -> CostRates:
    """Estimate means and credibility of one kind of cost.

    Parameters
    ----------
    cost : array-like, shape (n,)
        Ledger total per account; may be 0 or negative (credits).
    exposure : array-like, shape (n,), >= 0
        Orders, or years as a customer. Accounts with 0 are left out.
    group : array-like of int >= 0, shape (n,), optional
        Cell of the account.
    branch_of_group : index array, shape (cells,), optional
        The branch of each cell; all in one when left out.
    left_out : bool array, shape (n,), optional
        Accounts whose cost is absurd.

    Returns
    -------
    CostRates
        Cells without exposure get the mean of their branch; no account at all gives
        means of 0. With fewer than 20 accounts k is the mean exposure: half weight for
        a typical ledger.

    Raises
    ------
    BadHistoryError
        If a value is not finite, an exposure negative, lengths differ, or a group has
        no branch.
    """
    own, seen, index = _checked(cost, exposure, group)
    if branch_of_group is None:
        branch_of_group = np.zeros(int(index.max(initial=0)) + 1, dtype=np.intp)
    if index.max(initial=0) >= branch_of_group.size:
        raise BadHistoryError("group has no branch")
    used = seen > 0.0 if left_out is None else (seen > 0.0) & ~left_out
    if not used.any() or not own[used].any():
        return _nothing(branch_of_group.size, is_absurd=bool(own.any()))
    own, seen, index = own[used], seen[used], index[used]
    return _fit(own / seen, seen, index, branch_of_group)


def _nothing(cells: int, *, is_absurd: bool) -> CostRates:
    """Return rates of a kind that costs nothing; nor does an absurd amount foretell."""
    zeros = frozen(np.zeros(cells))
    bounds = Bounds(zeros, Scatter(0.0, 0.0, is_estimated=False)) if is_absurd else None
    return CostRates(zeros, 1.0, is_estimated=False, overall=0.0, bounds=bounds)


def _fit(
    rate: FloatVector, seen: FloatVector, cell: IndexVector, branches: IndexVector
) -> CostRates:
    """Fit twice: the first fit bounds the rates that the second one learns from.

    Variances, and the centres of bounds, need no more than 100,000 accounts: every
    j-th one. The means of cells are those of all.
    """
    few = slice(None, None, -(-rate.size // ENOUGH_ACCOUNTS))
    scatter = scatter_within(rate[few], seen[few], cell[few], branches.size)
    centres = levels_of(rate[few], seen[few], cell[few], branches, scatter).cells
    bounds = Bounds(frozen(centres), scatter)
    bounded = bounds.within(rate, seen, cell)
    scatter = scatter_within(bounded[few], seen[few], cell[few], branches.size)
    levels = levels_of(bounded, seen, cell, branches, scatter)
    exposure = float(seen.sum())
    return CostRates(
        group_means=frozen(levels.cells),
        k=scatter.k,
        is_estimated=scatter.is_estimated,
        excess=float(((rate - bounded) * seen).sum()) / exposure,
        overall=float((rate * seen).sum()) / exposure,
        bounds=bounds,
        cell_variance=levels.cell_variance,
        branch_variance=levels.branch_variance,
    )


@dataclass(frozen=True, slots=True)
class ServingRates:
    """Expected rates of n accounts; every vector has shape (n,)."""

    drivers: Mapping[str, str]
    by_kind: Mapping[str, FloatVector]

    @property
    def per_order(self) -> FloatVector:
        return self._sum(ORDER)

    @property
    def per_year(self) -> FloatVector:
        return self._sum(YEAR)

    def _sum(self, driver: str) -> FloatVector:
        total = np.zeros_like(next(iter(self.by_kind.values())))
        for kind, rate in self.by_kind.items():
            if self.drivers[kind] == driver:
                total = total + rate
        return frozen(total)


@dataclass(frozen=True, slots=True)
class CostToServe:
    """What serving costs, by kind.

    Attributes
    ----------
    drivers : mapping of kind to "order" or "year"
    rates : mapping of kind to CostRates
    grouping : Grouping
    """

    drivers: Mapping[str, str]
    rates: Mapping[str, CostRates]
    grouping: Grouping

    def expected(self, ledgers: Ledgers) -> ServingRates:
        """Return the expected rates of accounts with orders."""
        cells = self.grouping.cells_of(ledgers)
        return ServingRates(
            self.drivers,
            {
                kind: rates.expected_rate(
                    ledgers.costs[kind], ledgers.exposure(self.drivers[kind]), cells
                )
                for kind, rates in self.rates.items()
            },
        )

    @property
    def of_newcomer(self) -> ServingRates:
        """Return the expected rates of one account of which nothing is known."""
        return ServingRates(
            self.drivers,
            {k: frozen(np.full(1, r.of_newcomer)) for k, r in self.rates.items()},
        )


def fit_cost_to_serve(
    ledgers: Ledgers,
    *,
    drivers: Mapping[str, str],
    grouping: Grouping,
    left_out: Mapping[str, BoolVector],
) -> CostToServe:
    """Learn the rates of every kind from all accounts with orders.

    Parameters
    ----------
    drivers : mapping of kind to "order" or "year"
    left_out : mapping of kind to bool array, shape (n,)
        Accounts whose cost of that kind is absurd; kinds may be missing.

    Raises
    ------
    BadHistoryError
        As `fit_cost_rates`.
    """
    cells, branches = grouping.cells_of(ledgers), grouping.branch_of_cell
    rates = {
        kind: fit_cost_rates(
            ledgers.costs[kind],
            ledgers.exposure(driver),
            cells,
            branch_of_group=branches,
            left_out=left_out.get(kind),
        )
        for kind, driver in drivers.items()
    }
    return CostToServe(dict(drivers), rates, grouping)


def _checked(
    cost: ArrayLike, exposure: ArrayLike, group: ArrayLike | None
) -> tuple[FloatVector, FloatVector, IndexVector]:
    own = as_vector(cost, "cost")
    seen = as_account_vector(exposure, "exposure", own.size)
    if (seen < 0.0).any():
        raise BadHistoryError("exposure is negative")
    if group is None:
        return own, seen, np.zeros(own.size, dtype=np.intp)
    index = np.asarray(group)
    if index.dtype.kind not in "iu":
        index = as_account_vector(group, "group", own.size)
    if index.shape != own.shape:
        raise BadHistoryError("group differs in length")
    if ((index < 0) | (index != np.floor(index))).any():
        raise BadHistoryError("group must be whole numbers >= 0")
    return own, seen, index.astype(np.intp)
