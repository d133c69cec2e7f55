"""What all fits with covariates share: scales, the chain rule, the way back.

A fit works on standardised covariates and maps estimates and covariance back, so that
units do not matter. Distinct rows of history and covariates count once, with weights;
gradients are analytic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, IndexVector
from clv.engine.errors import BadHistoryError
from clv.engine.optimum import Optimum, Problem, maximise

RowLikelihood: TypeAlias = Callable[[FloatMatrix], tuple[FloatVector, FloatMatrix]]


@dataclass(frozen=True, slots=True)
class Scales:
    """Mean and spread of each covariate, over all accounts.

    Attributes
    ----------
    means, spreads : float arrays, shape (c,)
    split : int
        How many of them, the first ones, are of the first kind of effect.
    """

    means: FloatVector
    spreads: FloatVector
    split: int

    @classmethod
    def of(
        cls,
        columns: FloatMatrix,
        weights: FloatVector,
        names: tuple[str, ...],
        split: int,
    ) -> "Scales":
        """Return the scales of the columns, shape (n, c).

        Raises
        ------
        BadHistoryError
            If a covariate is the same for every account.
        """
        share = (weights / weights.sum())[:, None]
        means = (share * columns).sum(axis=0)
        spreads = np.sqrt((share * (columns - means) ** 2).sum(axis=0))
        same = ~(spreads > 1e-12 * np.maximum(np.abs(means), 1e-300))
        if same.any():
            name = names[int(np.argmax(same))]
            raise BadHistoryError(f"covariate {name} is the same for every account")
        return cls(means, spreads, split)

    def applied(self, columns: FloatMatrix) -> FloatMatrix:
        """Return the columns with mean 0 and spread 1."""
        return (columns - self.means) / self.spreads

    def way_back(self, directions: FloatMatrix) -> FloatMatrix:
        """Return the linear map from the standardised point to natural units.

        gamma = gamma_standardised / spread, and the parameters move to z = 0.
        """
        count, size = directions.shape[0], self.means.size
        matrix = np.eye(count + size)
        for place in range(size):
            per_unit = 1.0 / self.spreads[place]
            kind = 0 if place < self.split else 1
            matrix[count + place, count + place] = per_unit
            shift = directions[:, kind] * self.means[place]
            matrix[:count, count + place] = -shift * per_unit
        return matrix


@dataclass(frozen=True, slots=True)
class ShiftedRows:
    """Distinct rows of a fit.

    Attributes
    ----------
    columns : float array, shape (m, c)
        Standardised covariates.
    split : int
        As in `Scales`.
    weight : float array, shape (m,)
    directions : float array, shape (k, 2)
        By how much the k log parameters move with either kind of effect.
    likelihood : function of parameters, shape (k, m)
        ln L of each row, shape (m,), and its slopes by log parameters, shape (k, m).
    """

    columns: FloatMatrix
    split: int
    weight: FloatVector
    directions: FloatMatrix
    likelihood: RowLikelihood

    def log_likelihood(self, point: FloatVector) -> tuple[float, FloatVector]:
        """Return ln L over all accounts and its gradient by the point.

        The chain rule through the logarithms: d ln alpha_i / d gamma = -z_i, and so on.
        """
        count = self.directions.shape[0]
        first, second = self.columns[:, : self.split], self.columns[:, self.split :]
        effects = np.stack(
            [first @ point[count:][: self.split], second @ point[count:][self.split :]]
        )
        value, slopes = self.likelihood(
            np.exp(point[:count, None] + self.directions @ effects)
        )
        slopes = slopes * self.weight
        of_first, of_second = self.directions.T @ slopes
        gradient = np.concatenate(
            [
                slopes.sum(axis=1),
                (first * of_first[:, None]).sum(axis=0),
                (second * of_second[:, None]).sum(axis=0),
            ]
        )
        return float((self.weight * value).sum()), gradient


def best_of(
    rows: ShiftedRows, scales: Scales, names: tuple[str, ...], start: FloatVector
) -> Optimum:
    """Return the optimum of k log parameters and c effects, in units of the covariates.

    Parameters
    ----------
    rows : ShiftedRows
    scales : Scales of its covariates
    names : of the k parameters, then of the effects
    start : float array, shape (k,)
        Log parameters; effects begin at 0.

    Raises
    ------
    NotConvergedError
        If the data do not identify the model, e.g. when covariates repeat each other.
    """
    problem = Problem(
        objective=rows.log_likelihood,
        names=names,
        account_count=float(rows.weight.sum()),
    )
    nothing = np.zeros(scales.means.size)
    best = maximise(problem, [np.concatenate([start, nothing])])
    back = scales.way_back(rows.directions)
    return Optimum(
        back @ best.log_parameters,
        best.log_likelihood,
        back @ best.log_covariance @ back.T,
    )


def codes_of(columns: FloatMatrix) -> FloatVector:
    """Return a number for each distinct row of covariates, shape (n,)."""
    code: IndexVector = np.zeros(columns.shape[0], dtype=np.intp)
    if columns.shape[1]:
        code = np.unique(columns, axis=0, return_inverse=True)[1].ravel()
    return code.astype(np.float64)
