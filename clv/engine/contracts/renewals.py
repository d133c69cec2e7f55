"""How groups of contracts renew: the ladder of `clv.engine.ladder`, for contracts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import as_account_vector
from clv.engine.errors import BadHistoryError, NotConvergedError
from clv.engine.ladder import ASSUMED, INDIVIDUAL, POOLED, WIDEST_LOG_ERROR
from clv.engine.models.sbg import SBG_PRIOR, Contracts, Sbg, fit_sbg
from clv.engine.priors import LogNormalPrior

ENOUGH_CONTRACTS = 100.0
ENOUGH_ENDS = 10.0
NEAR_OTHERS = (0.5, 0.5)  # log spreads of a group around the contracts of all groups


@dataclass(frozen=True, slots=True)
class RenewalFit:
    """How one group of contracts renews, and on which step of the ladder that stands.

    Attributes
    ----------
    model : Sbg
    step : ``individual``, ``pooled`` or ``assumed``
    reason : str
        One sentence in plain words.
    """

    model: Sbg
    step: str
    reason: str


def fit_renewals(
    contracts: Contracts, group: ArrayLike, groups: int
) -> list[RenewalFit]:
    """Fit each group as well as its contracts allow; never raises for a lack of data.

    A group with 100 contracts of which 10 have ended stands alone. Smaller ones lean
    on the contracts of all groups, and those, while few, on `SBG_PRIOR`.

    Parameters
    ----------
    contracts : Contracts, n >= 0 rows, ended or running, at whatever age
    group : array-like, shape (n,) or scalar
        Whole numbers below `groups`.
    groups : int >= 1

    Raises
    ------
    BadHistoryError
        If a group is out of its domain.
    """
    code = as_account_vector(group, "group", len(contracts))
    if ((code < 0) | (code >= groups) | (code != np.floor(code))).any():
        raise BadHistoryError(f"group must be whole numbers below {groups}")
    everything = _fit_alone(contracts)
    if groups == 1:
        return [everything]
    fits = []
    for number in range(groups):
        own = _cohorts(contracts, code == number)
        alone = _fit_alone(own)
        fits.append(alone if alone.step == INDIVIDUAL else _leaning(own, everything))
    return fits


def _cohorts(contracts: Contracts, kept: ArrayLike) -> Contracts:
    """Return weighted cohorts by renewals survived and end, of the rows kept."""
    rows = np.flatnonzero(kept)
    key = contracts.renewals[rows] * 2.0 + contracts.has_ended[rows]
    distinct, inverse = np.unique(key, return_inverse=True)
    weights = np.bincount(inverse, contracts.weights[rows], distinct.size)
    return Contracts.check(distinct // 2, distinct % 2, weights)


def _fit_alone(contracts: Contracts) -> RenewalFit:
    count = float(contracts.weights.sum())
    ended = float((contracts.weights * contracts.has_ended).sum())
    if not count:
        return _assumed("There is no contract to learn from.")
    if count < ENOUGH_CONTRACTS or ended < ENOUGH_ENDS:
        reason = f"Only {count:.0f} contracts, of which {ended:.0f} have ended."
    else:
        try:
            model = fit_sbg(contracts)
        except NotConvergedError as fault:
            reason = f"Maximum likelihood failed: {fault}."
        else:
            if not _is_vague(model):
                return RenewalFit(model, INDIVIDUAL, "Enough contracts have ended.")
            reason = "The data leave a parameter all but unknown."
    return _with_prior(contracts, SBG_PRIOR, reason)


def _leaning(contracts: Contracts, everything: RenewalFit) -> RenewalFit:
    """Fit a small group around the contracts of all groups."""
    if not len(contracts):
        return RenewalFit(
            everything.model, everything.step, "No contract of its own: as all others."
        )
    centre = tuple(everything.model.parameters.tolist())
    count = float(contracts.weights.sum())
    return _with_prior(
        contracts,
        LogNormalPrior(centre, NEAR_OTHERS),
        f"Only {count:.0f} contracts of its own, which lean on all others.",
    )


def _with_prior(contracts: Contracts, prior: LogNormalPrior, reason: str) -> RenewalFit:
    try:
        return RenewalFit(fit_sbg(contracts, prior=prior), POOLED, reason)
    except NotConvergedError as fault:
        return _assumed(f"{reason} With priors: {fault}.")


def _assumed(reason: str) -> RenewalFit:
    covariance = np.diag(SBG_PRIOR.spreads**2).tolist()
    model = Sbg(*SBG_PRIOR.medians, log_covariance=tuple(map(tuple, covariance)))
    return RenewalFit(model, ASSUMED, reason)


def _is_vague(model: Sbg) -> bool:
    errors = np.sqrt(np.diag(np.array(model.log_covariance)))
    return bool((errors > WIDEST_LOG_ERROR).any())
