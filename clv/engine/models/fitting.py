"""What the fits of all repeat-buying models share: scaling, starts, the result."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from clv.engine.arrays import FloatVector, inner, sums_by
from clv.engine.errors import BadHistoryError
from clv.engine.history import Histories, compress
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.optimum import Problem, maximise
from clv.engine.priors import LogNormalPrior

TYPICAL_AGE = 50.0  # ages are rescaled to this mean; it keeps all parameters near 1

ModelT = TypeVar("ModelT", bound=RepeatBuyingModel)


@dataclass(frozen=True, slots=True)
class Sample:
    """Distinct histories in the time unit of a fit, with sums over frequency.

    Attributes
    ----------
    x, recency, age, weight : float arrays, shape (m,)
        One row per distinct history; times divided by `unit_days`.
    values, counts : float arrays, shape (d,)
        The distinct frequencies and how many accounts have each.
    unit_days : float > 0
    """

    x: FloatVector
    recency: FloatVector
    age: FloatVector
    weight: FloatVector
    values: FloatVector
    counts: FloatVector
    unit_days: float

    @property
    def total(self) -> float:
        """Return the number of accounts."""
        return float(self.counts.sum())

    @property
    def mean_frequency(self) -> float:
        """Return the mean number of repeat purchases."""
        return float(self.counts @ self.values) / self.total

    @property
    def mean_age(self) -> float:
        """Return the mean age in units of the fit."""
        return inner(self.weight, self.age) / self.total


def make_sample(histories: Histories) -> Sample:
    """Compress and rescale histories for a fit.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    """
    if not len(histories):
        raise BadHistoryError("there is no account to learn from")
    rows = histories
    if (rows.weights == 1.0).all():
        rows = compress(rows).histories
    values, inverse = np.unique(rows.frequency, return_inverse=True)
    mean_age = inner(rows.weights, rows.age_days) / rows.account_count
    unit = mean_age / TYPICAL_AGE if mean_age > 0.0 else 1.0
    return Sample(
        rows.frequency,
        rows.recency_days / unit,
        rows.age_days / unit,
        rows.weights,
        values,
        sums_by(inverse, rows.weights, values.size),
        unit,
    )


def fit_model(
    family: type[ModelT],
    histories: Histories,
    *,
    objective: Callable[[Sample, FloatVector], tuple[float, FloatVector]],
    starts: Callable[[Sample], list[FloatVector]],
    prior: LogNormalPrior | None,
    fixed: Mapping[str, Any] | None = None,
    events_per_purchase: int = 1,
    constant: float | None = 0.0,
) -> ModelT:
    """Fit one family by maximum likelihood, or a posteriori when a prior is given.

    `fixed` are further fields of the model. The objective may leave out a `constant`
    of the log-likelihood; None means it is unknown, and so is the likelihood.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If no start leads to a trustworthy optimum.
    """
    sample = make_sample(histories)
    is_rate = np.array([name in family.RATES for name in family.PARAMETERS])
    unit = np.where(is_rate, sample.unit_days, 1.0)
    problem = Problem(
        objective=lambda point: objective(sample, point),
        names=family.PARAMETERS,
        account_count=sample.total,
        prior=_rescaled(prior, unit),
    )
    points = starts(sample)
    if problem.prior is not None:
        points = [problem.prior.log_medians, *points]
    best = maximise(problem, points)
    natural = np.exp(best.log_parameters) * unit
    events = events_per_purchase * float(sample.counts @ sample.values)
    in_days = best.log_likelihood - events * math.log(sample.unit_days)
    return family(
        *natural.tolist(),
        **(fixed or {}),
        log_likelihood=None if constant is None else in_days + constant,
        account_count=sample.total,
        log_covariance=tuple(tuple(row) for row in best.log_covariance.tolist()),
    )


def _rescaled(prior: LogNormalPrior | None, unit: FloatVector) -> LogNormalPrior | None:
    if prior is None:
        return None
    medians = tuple((np.array(prior.medians) / unit).tolist())
    return LogNormalPrior(medians, prior.log_spreads)


def assumed_model(family: type[ModelT], prior: LogNormalPrior) -> ModelT:
    """Return the model at the medians of a prior, with its spread as the doubt."""
    covariance = np.diag(prior.spreads**2)
    return family(
        *prior.medians,
        log_covariance=tuple(tuple(row) for row in covariance.tolist()),
    )
