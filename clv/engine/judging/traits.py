"""Traits of the accounts as the models read them, then and now.

Parameters trade off against one another: r and alpha may double together without any
account behaving differently. Compared are therefore two traits that mean something:

- pace, orders a year while active: ``365 r / alpha`` (over k for regular buyers);
- loss, the chance to leave: ``a / (a + b)`` after an order, or ``365 s / beta`` a year.

The error of a trait's logarithm is that of the earlier fit, by the delta method.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.stats import rankdata

from clv.engine.arrays import FloatVector
from clv.engine.judging.backtest import Forecast
from clv.engine.judging.candidates import (
    COHORT_SUFFIX,
    Known,
    fit_candidates,
)
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.models.repeat_buying import RepeatBuyingModel

DAYS_PER_YEAR = 365.0
QUARTER_DAYS = 91
LEAST_REPEATERS = 30  # below, a correlation is luck
STEP = 1e-4  # of a log parameter, for slopes
PACE, LOSS = "pace", "loss"


def _as_pace(value: float) -> str:
    return f"{value:.1f} orders a year"


def _as_loss(value: float) -> str:
    return f"{value:.1%}"


TRAIT_WORDS: Mapping[str, str] = MappingProxyType(
    {PACE: "The pace of active accounts", LOSS: "The chance to lose an account"}
)
TRAIT_FORMATS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {PACE: _as_pace, LOSS: _as_loss}
)


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait, then and now.

    Attributes
    ----------
    name : "pace" (orders a year while active) or "loss" (chance to leave)
    then, now : float
    z : float or None
        Of the change of its logarithm; None without an error.
    is_alarm : bool
    """

    name: str
    then: float
    now: float
    z: float | None
    is_alarm: bool


def compared_traits(
    latest: Forecast, today: Known, *, most_errors: float, most_change: float
) -> tuple[str, tuple[Trait, ...]]:
    """Return the family that is compared and its traits; no family, no traits.

    Parameters
    ----------
    latest : Forecast
        Of the latest origin: then.
    today : Known
    most_errors, most_change : float
        A change beyond both, standard errors and share, is an alarm.
    """
    heavy = sorted(latest.models, key=lambda name: -latest.models[name])
    for name in (one.removesuffix(COHORT_SUFFIX) for one in heavy):
        then = latest.trial.field.models.get(name)
        if then is None or not then.log_covariance:
            continue
        now = _fitted(today, name)
        if now is not None:
            found = (
                _compared(trait, then, now, most_errors, most_change)
                for trait in (PACE, LOSS)
            )
            return name, tuple(one for one in found if one is not None)
    return "", ()


def _fitted(today: Known, name: str) -> RepeatBuyingModel | None:
    return fit_candidates(today, [name]).models.get(name)


def _compared(
    name: str,
    then: RepeatBuyingModel,
    now: RepeatBuyingModel,
    most_errors: float,
    most_change: float,
) -> Trait | None:
    was, becomes = _log_trait(name, then), _log_trait(name, now)
    if was is None or becomes is None:
        return None
    error = _error(name, then, was)
    z = (becomes - was) / error if error > 0.0 else None
    change = math.expm1(abs(becomes - was))
    is_alarm = z is not None and abs(z) > most_errors and change > most_change
    return Trait(name, math.exp(was), math.exp(becomes), z, is_alarm)


def _log_trait(name: str, model: RepeatBuyingModel) -> float | None:
    """Return the logarithm of a trait; None where the family does not know it."""
    told = dict(zip(model.PARAMETERS, model.parameters.tolist(), strict=True))
    if name == PACE:
        order = getattr(model, "regularity", 1)
        return math.log(DAYS_PER_YEAR * told["r"] / (told["alpha"] * order))
    if "beta" in told:
        return math.log(DAYS_PER_YEAR * told["s"] / told["beta"])
    if "a" in told:
        return math.log(told["a"] / (told["a"] + told["b"]))
    return None


def _error(name: str, model: RepeatBuyingModel, at: float) -> float:
    """Return the standard error of a log trait by the delta method."""
    covariance = np.array(model.log_covariance)
    slopes = np.zeros(covariance.shape[0])
    for place in range(slopes.size):
        step = np.zeros(slopes.size)
        step[place] = STEP
        moved = _log_trait(name, model.moved(step))
        slopes[place] = ((at if moved is None else moved) - at) / STEP
    return math.sqrt(max(float(slopes @ covariance @ slopes), 0.0))


def spend_correlation(log: PurchaseLog) -> float | None:
    """Return the rank correlation of money per order and number of orders.

    Over accounts with at least two purchase days; None with fewer than 30 of them, or
    where all are alike.
    """
    again = log.purchase_days > 1.0
    if int(again.sum()) < LEAST_REPEATERS:
        return None
    often = _centred_ranks(log.purchase_days[again])
    spend = _centred_ranks(log.mean_values[again])
    size = math.sqrt(float((often**2).sum()) * float((spend**2).sum()))
    return float((often * spend).sum()) / size if size > 0.0 else None


def _centred_ranks(values: FloatVector) -> FloatVector:
    ranks = rankdata(values)
    return np.asarray(ranks - ranks.mean(), dtype=np.float64)


def next_season(today: Known) -> float | None:
    """Return orders of the next 13 weeks over those of average ones; None if unknown.

    By the month factors of all that is known now; below 24 months there are none.
    """
    seasons = today.seasons
    return seasons.factor(today.origin_day, QUARTER_DAYS) if seasons.is_on else None
