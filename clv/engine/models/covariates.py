"""Models of repeat buying with covariates that do not change over time.

What is known of an account besides its purchases (country, channel, size) shifts its
pace and its leaving:

    alpha_i = alpha exp(-gamma' z_i)                    all models
    beta_i  = beta exp(-delta' w_i)                     Pareto/NBD
    a_i = a exp(delta' w_i),  b_i = b exp(delta' w_i)   BG/NBD, MBG/NBD, MBG/CNBD-k

A positive gamma means more purchases, by the factor exp(gamma) per unit of z. Under
Pareto/NBD a positive delta means earlier death, by the same rule; under the others it
leaves the mean chance to leave alone and makes accounts more alike. With
z = w = 0 an account follows the plain model with the parameters r, alpha and so on.

Answers take one pass per distinct row of covariates. Nothing in the night uses
covariates.

Source: Fader & Hardie (2007), Incorporating time-invariant covariates into the
Pareto/NBD and BG/NBD models; the convention for a and b is that of CLVTools
(Bachmann, Kuebler, Meierer, Naef, Oblander & Schilter).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    as_account_vector,
    frozen,
)
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel


@dataclass(frozen=True, slots=True)
class Covariates:
    """Checked covariates of n accounts; made by `Covariates.check` only.

    Attributes
    ----------
    purchases : float array, shape (n, p)
        What shifts the pace of buying.
    leaving : float array, shape (n, q)
        What shifts leaving.
    purchase_names, leaving_names : tuples of str
    """

    purchases: FloatMatrix
    leaving: FloatMatrix
    purchase_names: tuple[str, ...]
    leaving_names: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.purchases.shape[0])

    @classmethod
    def check(
        cls,
        count: int,
        *,
        purchases: Mapping[str, ArrayLike] | None = None,
        leaving: Mapping[str, ArrayLike] | None = None,
    ) -> "Covariates":
        """Return checked covariates, by name; scalars stand for all accounts.

        Raises
        ------
        BadHistoryError
            For vectors of another length than `count` or values that are not finite.
        """

        def matrix(columns: Mapping[str, ArrayLike]) -> FloatMatrix:
            vectors = [
                as_account_vector(values, name, count)
                for name, values in columns.items()
            ]
            return frozen(
                np.stack(vectors, axis=1) if vectors else np.zeros((count, 0))
            )

        shifted, left = purchases or {}, leaving or {}
        return cls(matrix(shifted), matrix(left), tuple(shifted), tuple(left))

    def both(self) -> FloatMatrix:
        """Return all columns side by side, shape (n, p + q)."""
        return np.concatenate([self.purchases, self.leaving], axis=1)


@dataclass(frozen=True, slots=True)
class CovariateModel:
    """A model of repeat buying whose accounts differ by what is known of them.

    Attributes
    ----------
    base : RepeatBuyingModel
        The model of an account whose covariates are all 0.
    purchase_effects, leaving_effects : tuples of (name, coefficient)
    log_likelihood : float or None
        In days, with all normalising terms. None for MBG/CNBD-k without its gaps.
    account_count : float
    covariance : tuple of tuples of float
        Of the logarithms of the base's parameters, then of the coefficients.
    """

    base: RepeatBuyingModel
    purchase_effects: tuple[tuple[str, float], ...]
    leaving_effects: tuple[tuple[str, float], ...]
    log_likelihood: float | None = None
    account_count: float = 0.0
    covariance: tuple[tuple[float, ...], ...] = ()

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors: of parameters, then of effects by "purchases.name".

        Empty when unknown.
        """
        if not self.covariance:
            return {}
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        count = len(self.base.PARAMETERS)
        names = [
            *self.base.PARAMETERS,
            *(f"purchases.{name}" for name, _ in self.purchase_effects),
            *(f"leaving.{name}" for name, _ in self.leaving_effects),
        ]
        scale = np.concatenate([self.base.parameters, np.ones(errors.size - count)])
        return dict(zip(names, (errors * scale).tolist(), strict=True))

    def model_of(
        self, purchases: FloatVector, leaving: FloatVector
    ) -> RepeatBuyingModel:
        """Return the plain model of accounts with these covariates."""
        shift = shifts(
            self.base.PARAMETERS,
            purchases @ _coefficients(self.purchase_effects),
            leaving @ _coefficients(self.leaving_effects),
        )
        moved = self.base.parameters * np.exp(shift)
        names = self.base.PARAMETERS
        return replace(self.base, **dict(zip(names, moved.tolist(), strict=True)))

    def probability_alive(
        self, histories: Histories, covariates: Covariates
    ) -> FloatVector:
        """Return the chance that each account is alive at the cut-off, shape (n,)."""
        return self._each(
            histories, covariates, lambda model, part: model.probability_alive(part)
        )

    def expected_purchases(
        self, histories: Histories, covariates: Covariates, *, horizon_days: float
    ) -> FloatVector:
        """Return expected orders in the next `horizon_days`, undiscounted, (n,).

        Raises
        ------
        BadParameterError
            If horizon or covariates do not fit.
        """
        return self._each(
            histories,
            covariates,
            lambda model, part: model.expected_purchases(
                part, horizon_days=horizon_days
            ),
        )

    def discounted_purchases(
        self,
        histories: Histories,
        covariates: Covariates,
        *,
        annual_rate: float,
        horizon_days: float | None = None,
    ) -> FloatVector:
        """Return expected orders, each discounted to the cut-off, shape (n,).

        None counts the whole future and needs a positive rate.

        Raises
        ------
        BadParameterError
            If rate, horizon or covariates do not fit.
        """
        return self._each(
            histories,
            covariates,
            lambda model, part: model.discounted_purchases(
                part, annual_rate=annual_rate, horizon_days=horizon_days
            ),
        )

    def _each(
        self,
        histories: Histories,
        covariates: Covariates,
        answer: Callable[[RepeatBuyingModel, Histories], FloatVector],
    ) -> FloatVector:
        """Ask the model of each distinct row of covariates."""
        self._check(histories, covariates)
        result = np.empty(len(histories))
        if not result.size:
            return frozen(result)
        rows, place = np.unique(covariates.both(), axis=0, return_inverse=True)
        order = np.argsort(place.ravel(), kind="stable")
        parts = np.split(order, np.cumsum(np.bincount(place.ravel()))[:-1])
        split = len(covariates.purchase_names)
        for row, part in zip(rows, parts, strict=True):
            model = self.model_of(row[:split], row[split:])
            result[part] = answer(model, histories.take(part))
        return frozen(result)

    def _check(self, histories: Histories, covariates: Covariates) -> None:
        names = tuple(name for name, _ in self.purchase_effects)
        others = tuple(name for name, _ in self.leaving_effects)
        if (covariates.purchase_names, covariates.leaving_names) != (names, others):
            raise BadParameterError("the covariates are not those of the fit")
        if len(covariates) != len(histories):
            raise BadParameterError("there must be covariates for each history")


def shifts(
    parameters: tuple[str, ...], pace: float | FloatVector, leaving: float | FloatVector
) -> FloatMatrix:
    """Return by how much each log parameter moves, shape (k,) or (k, n)."""
    signs = {"alpha": -pace, "beta": -leaving, "a": leaving, "b": leaving}
    nothing = np.zeros(np.shape(pace))
    return np.array([nothing + signs.get(name, nothing) for name in parameters])


def _coefficients(effects: tuple[tuple[str, float], ...]) -> FloatVector:
    return np.array([value for _, value in effects], dtype=np.float64)
