"""The cold-start ladder: which fit a group of accounts can carry.

Steps, highest first: ``individual`` - maximum likelihood; needs 300 accounts and 26
weeks of history, else it is degenerate in up to 87 % of simulated firms. ``pooled`` -
the same model with a weak prior. ``assumed`` - the prior alone, for a firm without
accounts. Each answer says its step and the reason in one sentence.
"""

from dataclasses import dataclass

import numpy as np

from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories
from clv.engine.models.families import family
from clv.engine.models.fitting import assumed_model
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.priors import TypicalCustomer

ENOUGH_ACCOUNTS = 300.0
ENOUGH_DAYS = 182.0
WIDEST_LOG_ERROR = 2.0  # beyond, a parameter is unknown within a factor of 7

INDIVIDUAL = "individual"
POOLED = "pooled"
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class LadderFit:
    """A model with the step of the ladder it stands on.

    Attributes
    ----------
    model : RepeatBuyingModel
    step : ``individual``, ``pooled`` or ``assumed``
    reason : str
        One sentence in plain words.
    """

    model: RepeatBuyingModel
    step: str
    reason: str


def fit_with_ladder(
    histories: Histories, *, name: str = "bgnbd", prior: TypicalCustomer | None = None
) -> LadderFit:
    """Fit the best model the data can carry; never raises for a lack of data.

    Parameters
    ----------
    histories : Histories of n >= 0 accounts
    name : str
        A key of `clv.engine.models.FAMILIES`.
    prior : TypicalCustomer, optional
        What people say of customers like these; it moves the family's weak prior and
        does nothing on the step ``individual``.

    Raises
    ------
    BadParameterError
        If no model has that name, or it cannot hold such a customer.
    """
    chosen = family(name)
    weak = chosen.prior
    if prior is not None:
        weak = prior.buying(weak, chosen.model.PARAMETERS)
    assumed = assumed_model(chosen.model, weak)
    if not len(histories):
        return LadderFit(assumed, ASSUMED, "No account has bought yet.")
    reason = _too_little(histories)
    if reason is None:
        try:
            model = chosen.fit(histories)
        except NotConvergedError as fault:
            reason = f"Maximum likelihood failed: {fault}."
        else:
            if not _is_vague(model):
                return LadderFit(model, INDIVIDUAL, "Enough accounts and history.")
            reason = "The data leave a parameter all but unknown."
    try:
        model = chosen.fit(histories, prior=weak)
    except NotConvergedError as fault:
        return LadderFit(assumed, ASSUMED, f"{reason} With priors: {fault}.")
    return LadderFit(model, POOLED, reason)


def _too_little(histories: Histories) -> str | None:
    count = histories.account_count
    if count < ENOUGH_ACCOUNTS:
        return f"Only {count:.0f} accounts, fewer than {ENOUGH_ACCOUNTS:.0f}."
    longest = float(histories.age_days.max())
    if longest < ENOUGH_DAYS:
        return f"Only {longest:.0f} days of history, fewer than {ENOUGH_DAYS:.0f}."
    return None


def _is_vague(model: RepeatBuyingModel) -> bool:
    errors = np.sqrt(np.diag(np.array(model.log_covariance)))
    return bool((errors > WIDEST_LOG_ERROR).any())
