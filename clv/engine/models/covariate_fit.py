"""Fitting the models of `clv.engine.models.covariates`.

It works on standardised covariates and maps estimates and covariance back, so that
units do not matter. Distinct rows of history and covariates count once, with weights;
gradients are analytic.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
    sums_by,
)
from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.history import Histories
from clv.engine.models.beta_geometric import row_log_likelihood
from clv.engine.models.covariates import CovariateModel, Covariates, shifts
from clv.engine.models.families import family
from clv.engine.models.fitting import make_sample
from clv.engine.models.mbg_cnbd import (
    MbgCnbd,
    checked_regularity,
    fit_mbg_cnbd,
    share_of_gaps,
)
from clv.engine.models.nbd import nbd_row_log_likelihood
from clv.engine.models.pareto_nbd import pareto_row_log_likelihood
from clv.engine.models.regular_likelihood import regular_row_log_likelihood
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.optimum import Problem, maximise

REGULAR = "mbg_cnbd"
DEFAULT_REGULARITY = 2
PLACES = 4.0  # quarters of a day are told apart, as in `clv.engine.history.compress`


@dataclass(frozen=True, slots=True)
class _Rows:
    """Distinct histories with covariates, standardised, in the unit of the fit."""

    x: FloatVector
    recency: FloatVector
    age: FloatVector
    weight: FloatVector
    purchases: FloatMatrix
    leaving: FloatMatrix


RowLikelihood = Callable[[_Rows, FloatMatrix], tuple[FloatVector, FloatMatrix]]


def _beta_geometric(first_chances: int) -> RowLikelihood:
    def likelihood(
        rows: _Rows, parameters: FloatMatrix
    ) -> tuple[FloatVector, FloatMatrix]:
        return row_log_likelihood(
            rows.x, rows.recency, rows.age, parameters, first_chances
        )

    return likelihood


def _regular(k: int) -> RowLikelihood:
    def likelihood(
        rows: _Rows, parameters: FloatMatrix
    ) -> tuple[FloatVector, FloatMatrix]:
        return regular_row_log_likelihood(rows.x, rows.recency, rows.age, parameters, k)

    return likelihood


LIKELIHOODS: Mapping[str, RowLikelihood] = {
    "bgnbd": _beta_geometric(0),
    "mbgnbd": _beta_geometric(1),
    "pareto_nbd": lambda rows, p: pareto_row_log_likelihood(
        rows.x, rows.recency, rows.age, p
    ),
    "nbd": lambda rows, p: nbd_row_log_likelihood(rows.x, rows.age, p),
    REGULAR: _regular(DEFAULT_REGULARITY),
}


def fit_with_covariates(
    histories: Histories,
    covariates: Covariates,
    *,
    name: str = "bgnbd",
    regularity: int = DEFAULT_REGULARITY,
    log_gap_sum: float | None = None,
) -> CovariateModel:
    """Fit one family with covariates by maximum likelihood.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
    covariates : Covariates of the same accounts
        NBD knows no leaving and takes none for it.
    name : a key of `clv.engine.models.FAMILIES`
    regularity, log_gap_sum : as for `fit_mbg_cnbd`
        Only ``mbg_cnbd`` looks at them.

    Raises
    ------
    BadParameterError
        If no model has that name, or it takes not these covariates.
    BadHistoryError
        If there is no account, lengths differ, or a covariate is the same for all.
    NotConvergedError
        If the data do not identify the model, e.g. when covariates repeat each other.
    """
    k = checked_regularity(regularity) if name == REGULAR else 1
    chosen, likelihood = _family(name, covariates, k)
    if len(covariates) != len(histories):
        raise BadHistoryError("there must be covariates for each history")
    sample = make_sample(histories)
    scales = _Scales.of(covariates, histories.weights)
    rows = _distinct(histories, scales.applied(covariates), sample.unit_days)
    count = len(chosen.PARAMETERS)

    def objective(point: FloatVector) -> tuple[float, FloatVector]:
        return _log_likelihood(rows, point, chosen.PARAMETERS, likelihood)

    problem = Problem(
        objective=objective,
        names=(
            *chosen.PARAMETERS,
            *(f"purchases.{one}" for one in covariates.purchase_names),
            *(f"leaving.{one}" for one in covariates.leaving_names),
        ),
        account_count=sample.total,
    )
    is_rate = np.array([one in chosen.RATES for one in chosen.PARAMETERS])
    unit = np.where(is_rate, sample.unit_days, 1.0)
    plain = _plain(name, histories, k)
    best = maximise(
        problem, [np.concatenate([np.log(plain / unit), np.zeros(scales.size)])]
    )
    back = scales.way_back(chosen.PARAMETERS)
    point = back @ best.log_parameters
    effects = point[count:].tolist()
    split = count + len(covariates.purchase_names)
    covariance = back @ best.log_covariance @ back.T
    events = k * float(sample.counts @ sample.values)
    in_days = best.log_likelihood - events * math.log(sample.unit_days)
    gaps = share_of_gaps(histories, k, log_gap_sum)
    base = chosen(*(np.exp(point[:count]) * unit).tolist())
    return CovariateModel(
        base=replace(base, regularity=k) if isinstance(base, MbgCnbd) else base,
        purchase_effects=tuple(
            zip(covariates.purchase_names, effects[: split - count], strict=True)
        ),
        leaving_effects=tuple(
            zip(covariates.leaving_names, effects[split - count :], strict=True)
        ),
        log_likelihood=None if gaps is None else in_days + gaps,
        account_count=sample.total,
        covariance=tuple(tuple(row) for row in covariance.tolist()),
    )


def _family(
    name: str, covariates: Covariates, k: int
) -> tuple[type[RepeatBuyingModel], RowLikelihood]:
    chosen = family(name).model
    if name == "nbd" and covariates.leaving_names:
        raise BadParameterError(
            "nbd knows no leaving: it takes covariates of purchases"
        )
    return chosen, _regular(k) if name == REGULAR else LIKELIHOODS[name]


@dataclass(frozen=True, slots=True)
class _Scales:
    """Mean and spread of each covariate, over all accounts."""

    means: FloatVector
    spreads: FloatVector
    split: int

    @property
    def size(self) -> int:
        return self.means.size

    @classmethod
    def of(cls, covariates: Covariates, weights: FloatVector) -> "_Scales":
        both, share = covariates.both(), (weights / weights.sum())[:, None]
        means = (share * both).sum(axis=0)
        spreads = np.sqrt((share * (both - means) ** 2).sum(axis=0))
        same = ~(spreads > 1e-12 * np.maximum(np.abs(means), 1e-300))
        if same.any():
            names = covariates.purchase_names + covariates.leaving_names
            name = names[int(np.argmax(same))]
            raise BadHistoryError(f"covariate {name} is the same for every account")
        return cls(means, spreads, len(covariates.purchase_names))

    def applied(self, covariates: Covariates) -> Covariates:
        """Return the covariates with mean 0 and spread 1."""
        both = (covariates.both() - self.means) / self.spreads
        return replace(
            covariates, purchases=both[:, : self.split], leaving=both[:, self.split :]
        )

    def way_back(self, parameters: tuple[str, ...]) -> FloatMatrix:
        """Return the linear map from the standardised point to natural units.

        gamma = gamma_standardised / spread, and the parameters move to z = 0.
        """
        count = len(parameters)
        matrix = np.eye(count + self.size)
        for place in range(self.size):
            per_unit = 1.0 / self.spreads[place]
            is_purchase = place < self.split
            shift = shifts(
                parameters,
                self.means[place] if is_purchase else 0.0,
                0.0 if is_purchase else self.means[place],
            )
            matrix[count + place, count + place] = per_unit
            matrix[:count, count + place] = -shift * per_unit
        return matrix


def _distinct(histories: Histories, covariates: Covariates, unit: float) -> _Rows:
    both = covariates.both()
    code: IndexVector = np.zeros(len(histories), dtype=np.intp)
    if both.shape[1]:
        code = np.unique(both, axis=0, return_inverse=True)[1].ravel()
    x = histories.frequency
    recency, age = histories.recency_days, histories.age_days
    first, inverse = distinct_rows(
        x, recency * PLACES, age * PLACES, code.astype(np.float64)
    )
    return _Rows(
        x[first],
        recency[first] / unit,
        age[first] / unit,
        sums_by(inverse, histories.weights, first.size),
        covariates.purchases[first],
        covariates.leaving[first],
    )


def _log_likelihood(
    rows: _Rows,
    point: FloatVector,
    parameters: tuple[str, ...],
    likelihood: RowLikelihood,
) -> tuple[float, FloatVector]:
    """Return ln L over all accounts and its gradient by the point.

    The chain rule through the logarithms: d ln alpha_i / d gamma = -z_i, and so on.
    """
    count, split = len(parameters), len(parameters) + rows.purchases.shape[1]
    pace = rows.purchases @ point[count:split]
    leaving = rows.leaving @ point[split:]
    logs = point[:count, None] + shifts(parameters, pace, leaving)
    value, slopes = likelihood(rows, np.exp(logs))
    slopes = slopes * rows.weight
    signs = dict.fromkeys(("a", "b"), 1.0) | {"beta": -1.0}
    of_leaving = np.zeros(rows.x.size)
    for name, slope in zip(parameters, slopes, strict=True):
        of_leaving += signs.get(name, 0.0) * slope
    of_pace = -slopes[parameters.index("alpha")]
    gradient = np.concatenate(
        [
            slopes.sum(axis=1),
            (rows.purchases * of_pace[:, None]).sum(axis=0),
            (rows.leaving * of_leaving[:, None]).sum(axis=0),
        ]
    )
    return float((rows.weight * value).sum()), gradient


def _plain(name: str, histories: Histories, k: int) -> FloatVector:
    """Return the parameters of the plain model, or its prior's where there is none."""
    try:
        if name == REGULAR:
            return fit_mbg_cnbd(histories, regularity=k).parameters
        return family(name).fit(histories).parameters
    except NotConvergedError:
        return np.array(family(name).prior.medians)
