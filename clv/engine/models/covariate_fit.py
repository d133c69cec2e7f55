"""Fitting the models of `clv.engine.models.covariates`, by maximum likelihood."""

import math
from dataclasses import replace

import numpy as np

from clv.engine.arrays import FloatVector, distinct_rows, sums_by
from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.history import Histories
from clv.engine.models.beta_geometric import row_log_likelihood
from clv.engine.models.covariates import CovariateModel, Covariates, directions
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
from clv.engine.shifted import (
    RowLikelihood,
    Scales,
    ShiftedRows,
    best_of,
    codes_of,
)

REGULAR = "mbg_cnbd"
DEFAULT_REGULARITY = 2
PLACES = 4.0  # quarters of a day are told apart, as in `clv.engine.history.compress`


def fit_with_covariates(
    histories: Histories,
    covariates: Covariates,
    *,
    name: str = "bgnbd",
    regularity: int = DEFAULT_REGULARITY,
    log_gap_sum: float | None = None,
) -> CovariateModel:
    """Fit one family of repeat buying with covariates.

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
    chosen = family(name).model
    if name == "nbd" and covariates.leaving_names:
        raise BadParameterError(
            "nbd knows no leaving: it takes covariates of purchases"
        )
    sample = make_sample(histories)
    scales = scales_of(covariates, histories.weights)
    rows = shifted_histories(
        histories, covariates, scales, name=name, unit_days=sample.unit_days, k=k
    )
    is_rate = np.array([one in chosen.RATES for one in chosen.PARAMETERS])
    unit = np.where(is_rate, sample.unit_days, 1.0)
    start = np.log(_plain(name, histories, k) / unit)
    names = (*chosen.PARAMETERS, *covariates.effect_names())
    best = best_of(rows, scales, names, start)
    base = chosen(*(np.exp(best.log_parameters[: start.size]) * unit).tolist())
    events = k * float(sample.counts @ sample.values)
    in_days = best.log_likelihood - events * math.log(sample.unit_days)
    gaps = share_of_gaps(histories, k, log_gap_sum)
    return CovariateModel.at(
        replace(base, regularity=k) if isinstance(base, MbgCnbd) else base,
        covariates,
        best,
        log_likelihood=None if gaps is None else in_days + gaps,
        account_count=sample.total,
    )


def scales_of(covariates: Covariates, weights: FloatVector) -> Scales:
    """Return the scales of covariates of weighted rows.

    Raises
    ------
    BadHistoryError
        If there is no row, lengths differ, or a covariate is the same for all.
    """
    if not weights.size:
        raise BadHistoryError("there is no account to learn from")
    if len(covariates) != weights.size:
        raise BadHistoryError("there must be covariates for each history")
    names = covariates.purchase_names + covariates.leaving_names
    split = len(covariates.purchase_names)
    return Scales.of(covariates.both(), weights, names, split)


def shifted_histories(
    histories: Histories,
    covariates: Covariates,
    scales: Scales,
    *,
    name: str,
    unit_days: float = 1.0,
    k: int = 1,
) -> ShiftedRows:
    """Return distinct histories with covariates, and how likely they are.

    Parameters
    ----------
    name : a key of `clv.engine.models.FAMILIES`
    unit_days : float > 0
        The unit of time of the parameters that the likelihood is asked for.
    k : int, of ``mbg_cnbd`` only
    """
    columns = scales.applied(covariates.both())
    recency, age = histories.recency_days, histories.age_days
    first, inverse = distinct_rows(
        histories.frequency, recency * PLACES, age * PLACES, codes_of(columns)
    )
    x = histories.frequency[first]
    t, ages = recency[first] / unit_days, age[first] / unit_days
    likelihoods: dict[str, RowLikelihood] = {
        "bgnbd": lambda p: row_log_likelihood(x, t, ages, p, 0),
        "mbgnbd": lambda p: row_log_likelihood(x, t, ages, p, 1),
        "pareto_nbd": lambda p: pareto_row_log_likelihood(x, t, ages, p),
        "nbd": lambda p: nbd_row_log_likelihood(x, ages, p),
        REGULAR: lambda p: regular_row_log_likelihood(x, t, ages, p, k),
    }
    return ShiftedRows(
        columns[first],
        scales.split,
        sums_by(inverse, histories.weights, first.size),
        directions(family(name).model),
        likelihoods[name],
    )


def _plain(name: str, histories: Histories, k: int) -> FloatVector:
    """Return the parameters of the plain model, or its prior's where there is none."""
    try:
        if name == REGULAR:
            return fit_mbg_cnbd(histories, regularity=k).parameters
        return family(name).fit(histories).parameters
    except NotConvergedError:
        return np.array(family(name).prior.medians)
