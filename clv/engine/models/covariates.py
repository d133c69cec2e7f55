"""Models whose accounts differ by what is known of them and does not change over time.

What is known of an account besides its purchases (country, channel, size) shifts its
pace and its leaving:

    alpha_i = alpha exp(-gamma' z_i)                    all models of repeat buying
    beta_i  = beta exp(-delta' w_i)                     Pareto/NBD
    a_i = a exp(delta' w_i),  b_i = b exp(delta' w_i)   BG/NBD, MBG/NBD, MBG/CNBD-k
    beta_i  = beta exp(-gamma' z_i)                     BG/BB, buying
    delta_i = delta exp(-delta' w_i)                    BG/BB, leaving
    beta_i  = beta exp(-delta' w_i)                     shifted-beta-geometric

A positive gamma means more purchases, by the factor exp(gamma) per unit of z. Under
Pareto/NBD a positive delta means earlier death, by the same rule; under the models of
the second line it leaves the mean chance to leave alone and makes accounts more alike.
Where chances come at opportunities or renewals, an effect adds to the log odds of the
mean chance: to buy, to leave, not to renew. With z = w = 0 an account follows the plain
model.

Answers take one pass per distinct row of covariates. Nothing in the night uses
covariates. Margin per order has them in `clv.engine.spend_covariates`.

Source: Fader & Hardie (2007), Incorporating time-invariant covariates into the
Pareto/NBD and BG/NBD models; the convention for a and b is that of CLVTools
(Bachmann, Kuebler, Meierer, Naef, Oblander & Schilter). The rule for the
shifted-beta-geometric model is that of pymc-marketing, its coefficient of alpha left
at 0; the rule for BG/BB is ours, the same idea for chances.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, Self, TypeAlias, cast

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
from clv.engine.models.bgbb import BgBb, Opportunities
from clv.engine.models.in_days import InDays
from clv.engine.models.parametric import ParametricModel
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.models.sbg import Contracts, Sbg
from clv.engine.optimum import Optimum

Rows: TypeAlias = Histories | Opportunities | Contracts
Directions: TypeAlias = Mapping[str, tuple[float, float]]

# By how much a log parameter moves with the effect on purchases, and on leaving.
OF_REPEAT_BUYING: Directions = MappingProxyType(
    {"alpha": (-1.0, 0.0), "beta": (0.0, -1.0), "a": (0.0, 1.0), "b": (0.0, 1.0)}
)
OF_CHANCES: Mapping[type[ParametricModel], Directions] = MappingProxyType(
    {
        BgBb: {"beta": (-1.0, 0.0), "delta": (0.0, -1.0)},
        Sbg: {"beta": (0.0, -1.0)},
    }
)


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

    def effect_names(self) -> tuple[str, ...]:
        """Return the names of all effects, by what they shift."""
        return (
            *(f"purchases.{name}" for name in self.purchase_names),
            *(f"leaving.{name}" for name in self.leaving_names),
        )


class _Asked(Protocol):
    """What a model of either kind answers; each about its own rows."""

    def probability_alive(self, histories: Rows, /) -> FloatVector: ...

    def expected_purchases(
        self, histories: Rows, /, *, horizon_days: float
    ) -> FloatVector: ...

    def discounted_purchases(
        self, histories: Rows, /, *, annual_rate: float, horizon_days: float | None
    ) -> FloatVector: ...


@dataclass(frozen=True, slots=True)
class CovariateModel:
    """A model whose accounts differ by what is known of them.

    Attributes
    ----------
    base : RepeatBuyingModel, or InDays over BG/BB or the shifted-beta-geometric model
        The model of an account whose covariates are all 0.
    purchase_effects, leaving_effects : tuples of (name, coefficient)
    log_likelihood : float or None
        In days, with all normalising terms. None for MBG/CNBD-k without its gaps.
    account_count : float
    covariance : tuple of tuples of float
        Of the logarithms of the base's parameters, then of the coefficients.
    """

    base: RepeatBuyingModel | InDays
    purchase_effects: tuple[tuple[str, float], ...]
    leaving_effects: tuple[tuple[str, float], ...]
    log_likelihood: float | None = None
    account_count: float = 0.0
    covariance: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def at(
        cls,
        base: RepeatBuyingModel | InDays,
        covariates: Covariates,
        best: Optimum,
        *,
        log_likelihood: float | None,
        account_count: float,
    ) -> Self:
        """Return the model at an optimum, in the units of the covariates."""
        effects = best.log_parameters[len(core_of(base).PARAMETERS) :].tolist()
        split = len(covariates.purchase_names)
        return cls(
            base=base,
            purchase_effects=tuple(
                zip(covariates.purchase_names, effects[:split], strict=True)
            ),
            leaving_effects=tuple(
                zip(covariates.leaving_names, effects[split:], strict=True)
            ),
            log_likelihood=log_likelihood,
            account_count=account_count,
            covariance=tuple(tuple(row) for row in best.log_covariance.tolist()),
        )

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors: of parameters, then of effects by "purchases.name".

        Empty when unknown.
        """
        if not self.covariance:
            return {}
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        core = core_of(self.base)
        count = len(core.PARAMETERS)
        names = [
            *core.PARAMETERS,
            *(f"purchases.{name}" for name, _ in self.purchase_effects),
            *(f"leaving.{name}" for name, _ in self.leaving_effects),
        ]
        scale = np.concatenate([core.parameters, np.ones(errors.size - count)])
        return dict(zip(names, (errors * scale).tolist(), strict=True))

    def model_of(
        self, purchases: FloatVector, leaving: FloatVector
    ) -> RepeatBuyingModel | InDays:
        """Return the plain model of accounts with these covariates."""
        effects = [
            float(purchases @ _coefficients(self.purchase_effects)),
            float(leaving @ _coefficients(self.leaving_effects)),
        ]
        step = directions(type(core_of(self.base))) @ np.array(effects)
        return self.base.moved(step)

    def probability_alive(self, histories: Rows, covariates: Covariates) -> FloatVector:
        """Return the chance that each account is alive at the cut-off, shape (n,)."""
        return self._each(
            histories, covariates, lambda model, part: model.probability_alive(part)
        )

    def expected_purchases(
        self, histories: Rows, covariates: Covariates, *, horizon_days: float
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
        histories: Rows,
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
        histories: Rows,
        covariates: Covariates,
        answer: Callable[[_Asked, Rows], FloatVector],
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
            model = cast(_Asked, self.model_of(row[:split], row[split:]))
            result[part] = answer(model, histories.take(part))
        return frozen(result)

    def _check(self, histories: Rows, covariates: Covariates) -> None:
        names = tuple(name for name, _ in self.purchase_effects)
        others = tuple(name for name, _ in self.leaving_effects)
        if (covariates.purchase_names, covariates.leaving_names) != (names, others):
            raise BadParameterError("the covariates are not those of the fit")
        if len(covariates) != len(histories):
            raise BadParameterError("there must be covariates for each history")
        if isinstance(histories, Histories) == isinstance(self.base, InDays):
            raise BadParameterError("these histories are not of the kind of the fit")


def core_of(base: RepeatBuyingModel | InDays) -> ParametricModel:
    """Return the model that has the parameters."""
    return base.model if isinstance(base, InDays) else base


def directions(kind: type[ParametricModel]) -> FloatMatrix:
    """Return by how much log parameters move with either effect, shape (k, 2)."""
    moves = OF_CHANCES.get(kind, OF_REPEAT_BUYING)
    return np.array([moves.get(name, (0.0, 0.0)) for name in kind.PARAMETERS])


def _coefficients(effects: tuple[tuple[str, float], ...]) -> FloatVector:
    return np.array([value for _, value in effects], dtype=np.float64)
