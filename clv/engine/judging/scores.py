"""How well forecasts per account met what came.

No single number is enough: RMSE and deviance say how far off single accounts are, the
total error whether the whole is right, Gini and top decile whether the order is. The
mean absolute error is reported and never chooses: it likes models that forecast too
little, because most accounts buy nothing.

Source: Spiegelhalter et al. on proper scores; McCullagh & Nelder (1989) for the
deviance; Wang, Liu & Miao (2019), A deep probabilistic model for customer lifetime
value prediction, for normalised Gini and decile charts.
"""

import math
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector, inner
from clv.engine.errors import BadParameterError

LOWEST_FORECAST = 1e-3  # a rule that says "never" is wrong by no more than this
DECILES = 10


@dataclass(frozen=True, slots=True)
class Decile:
    """One part of the accounts, such as a tenth by forecast.

    Attributes
    ----------
    forecast, actual : float
        Means per account.
    account_count : int
    """

    forecast: float
    actual: float
    account_count: int


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of one forecast at one origin; None where a score does not exist.

    Attributes
    ----------
    rmse, mae : float
        Per account, in orders or money.
    deviance : float or None
        Mean Poisson deviance per account; None for money.
    forecast_total, actual_total : float
    total_error : float or None
        Forecast over actual, minus 1; None when nothing came.
    gini : float or None
        Of the actual by forecast order, over the best possible; 1 is perfect, 0 is
        chance.
    top_decile : float or None
        Share of the actual with the tenth of accounts forecast highest.
    curve : tuple of Decile, highest forecasts first
    """

    rmse: float
    mae: float
    deviance: float | None
    forecast_total: float
    actual_total: float
    total_error: float | None
    gini: float | None
    top_decile: float | None
    curve: tuple[Decile, ...] = ()


def score(forecast: FloatVector, actual: FloatVector, *, is_count: bool) -> Score:
    """Score forecasts against what came.

    Parameters
    ----------
    forecast, actual : float arrays, shape (n,), n >= 1
    is_count : bool
        Counts have a Poisson deviance, money has none.

    Raises
    ------
    BadParameterError
        If there is no account or the lengths differ.
    """
    if not forecast.size or forecast.size != actual.size:
        raise BadParameterError("a score needs one forecast for each account")
    error = forecast - actual
    came = float(actual.sum())
    order = np.argsort(-forecast, kind="stable")
    total = float(forecast.sum())
    return Score(
        rmse=math.sqrt(inner(error, error) / error.size),
        mae=float(np.abs(error).mean()),
        deviance=poisson_deviance(forecast, actual) if is_count else None,
        forecast_total=total,
        actual_total=came,
        total_error=total / came - 1.0 if came > 0.0 else None,
        gini=normalised_gini(forecast, actual, order) if came > 0.0 else None,
        top_decile=_top_share(actual, order) if came > 0.0 else None,
        curve=_curve(forecast, actual, order),
    )


def quiet_third(
    forecast: FloatVector, actual: FloatVector, silent_days: FloatVector
) -> Decile:
    """Return means of the third of the accounts that were silent for longest.

    Models err there first when they misjudge who has left.
    """
    size = max(1, silent_days.size // 3)
    part = np.argsort(-silent_days, kind="stable")[:size]
    return Decile(float(forecast[part].mean()), float(actual[part].mean()), size)


def poisson_deviance(forecast: FloatVector, actual: FloatVector) -> float:
    """Return the mean of ``2 (y ln(y/m) - y + m)``, with m at least 0.001."""
    mean = np.maximum(forecast, LOWEST_FORECAST)
    some = actual > 0.0
    logs = np.where(some, actual * np.log(np.where(some, actual, 1.0) / mean), 0.0)
    return 2.0 * float((logs - actual + mean).mean())


def _gini(actual: FloatVector) -> float:
    """Return the area between the captured share and chance, in the given order."""
    captured = np.cumsum(actual) / actual.sum()
    return float(captured.mean()) - 0.5 - 0.5 / actual.size


def normalised_gini(
    forecast: FloatVector, actual: FloatVector, order: IndexVector
) -> float | None:
    """Return Gini over the best one; accounts of equal forecast share evenly.

    Parameters
    ----------
    forecast, actual : float arrays, shape (n,); something must have come
    order : index array, shape (n,)
        Highest forecasts first.
    """
    ranked = forecast[order]
    changed = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    sizes = np.diff(np.append(changed, ranked.size))
    shared = np.repeat(np.add.reduceat(actual[order], changed) / sizes, sizes)
    best = _gini(-np.sort(-actual))
    return _gini(shared) / best if best > 0.0 else None


def _top_share(actual: FloatVector, order: IndexVector) -> float:
    top = order[: max(1, order.size // DECILES)]
    return float(actual[top].sum() / actual.sum())


def _curve(
    forecast: FloatVector, actual: FloatVector, order: IndexVector
) -> tuple[Decile, ...]:
    parts = [part for part in np.array_split(order, DECILES) if part.size]
    return tuple(
        Decile(float(forecast[p].mean()), float(actual[p].mean()), p.size)
        for p in parts
    )
