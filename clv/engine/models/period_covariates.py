"""Fitting BG/BB and the shifted-beta-geometric model with covariates.

Where chances come at opportunities or renewals, an effect adds to the log odds of the
mean chance, see `clv.engine.models.covariates`. The fitted model is asked in days, so
it is told how long a period is:

>>> given = Covariates.check(len(donors), purchases={"member": member})
>>> model = fit_bgbb_with_covariates(donors, given, period_days=365.25)
>>> model.discounted_purchases(donors, given, annual_rate=0.15)
"""

import numpy as np

from clv.engine.arrays import FloatVector, distinct_rows, sums_by
from clv.engine.errors import BadParameterError, NotConvergedError
from clv.engine.models.bgbb import (
    BGBB_PRIOR,
    BgBb,
    Opportunities,
    bgbb_row_log_likelihood,
    fit_bgbb,
)
from clv.engine.models.covariate_fit import scales_of
from clv.engine.models.covariates import CovariateModel, Covariates, directions
from clv.engine.models.in_days import InDays
from clv.engine.models.sbg import (
    SBG_PRIOR,
    Contracts,
    Sbg,
    fit_sbg,
    sbg_row_log_likelihood,
)
from clv.engine.shifted import Scales, ShiftedRows, best_of, codes_of


def fit_bgbb_with_covariates(
    histories: Opportunities, covariates: Covariates, *, period_days: float
) -> CovariateModel:
    """Fit BG/BB with covariates by maximum likelihood.

    Parameters
    ----------
    histories : Opportunities of n >= 1 accounts
    covariates : Covariates of the same accounts
    period_days : float > 0
        Days from one opportunity to the next.

    Raises
    ------
    BadParameterError
        If the period is no finite number above 0.
    BadHistoryError
        If there is no account, lengths differ, or a covariate is the same for all.
    NotConvergedError
        If the data do not identify the model, e.g. when covariates repeat each other.
    """
    assumed = InDays(BgBb(*BGBB_PRIOR.medians), period_days)
    scales = scales_of(covariates, histories.weights)
    try:
        plain = fit_bgbb(histories).parameters
    except NotConvergedError:
        plain = assumed.model.parameters
    rows = shifted_opportunities(histories, covariates, scales)
    return _fitted(assumed, plain, rows, covariates, scales)


def fit_sbg_with_covariates(
    contracts: Contracts, covariates: Covariates, *, period_days: float
) -> CovariateModel:
    """Fit the shifted-beta-geometric model with covariates by maximum likelihood.

    Parameters
    ----------
    contracts : Contracts, n >= 1 rows
    covariates : Covariates of the same contracts
        Of leaving only: nothing else happens to a contract.
    period_days : float > 0
        Days from one renewal to the next.

    Raises
    ------
    BadParameterError
        If the period is no finite number above 0, or there are covariates of purchases.
    BadHistoryError
        If there is no contract, lengths differ, or a covariate is the same for all.
    NotConvergedError
        If the data do not identify the model, e.g. when no contract has ended.
    """
    assumed = InDays(Sbg(*SBG_PRIOR.medians), period_days)
    if covariates.purchase_names:
        raise BadParameterError(
            "sBG knows no purchases: it takes covariates of leaving"
        )
    scales = scales_of(covariates, contracts.weights)
    try:
        plain = fit_sbg(contracts).parameters
    except NotConvergedError:
        plain = assumed.model.parameters
    rows = shifted_contracts(contracts, covariates, scales)
    return _fitted(assumed, plain, rows, covariates, scales)


def shifted_opportunities(
    histories: Opportunities, covariates: Covariates, scales: Scales
) -> ShiftedRows:
    """Return distinct histories with covariates, and how likely they are."""
    columns = scales.applied(covariates.both())
    first, inverse = distinct_rows(
        histories.frequency, histories.recency, histories.count, codes_of(columns)
    )
    distinct = histories.take(first)
    return ShiftedRows(
        columns[first],
        scales.split,
        sums_by(inverse, histories.weights, first.size),
        directions(BgBb),
        lambda parameters: bgbb_row_log_likelihood(distinct, parameters),
    )


def shifted_contracts(
    contracts: Contracts, covariates: Covariates, scales: Scales
) -> ShiftedRows:
    """Return distinct contracts with covariates, and how likely they are."""
    columns = scales.applied(covariates.both())
    first, inverse = distinct_rows(
        contracts.renewals, contracts.has_ended, codes_of(columns)
    )
    distinct = contracts.take(first)
    return ShiftedRows(
        columns[first],
        scales.split,
        sums_by(inverse, contracts.weights, first.size),
        directions(Sbg),
        lambda parameters: sbg_row_log_likelihood(distinct, parameters),
    )


def _fitted(
    assumed: InDays,
    plain: FloatVector,
    rows: ShiftedRows,
    covariates: Covariates,
    scales: Scales,
) -> CovariateModel:
    names = (*assumed.model.PARAMETERS, *covariates.effect_names())
    best = best_of(rows, scales, names, np.log(plain))
    found = best.log_parameters[: plain.size]
    return CovariateModel.at(
        assumed.moved(found - np.log(assumed.model.parameters)),
        covariates,
        best,
        log_likelihood=best.log_likelihood,
        account_count=float(rows.weight.sum()),
    )
