"""Intervals of future value: per account by simulation, for sets by their moments.

Per account, each draw takes parameters from the normal approximation of their
posterior, then alive or gone, orders and days alive from the model's story, and the
margins from the gamma-gamma posterior; where back-tests say how far off totals were, it
also takes a pace for the whole firm. Futures are drawn once per distinct history at
weekly resolution and shared by the accounts that have it (`clv.engine.futures`); each
account adds its own margin and costs. Shared draws make no account's
interval wrong, but they say nothing about sums; for a set

    variance = g' C g  +  sum of the accounts' variances  +  (model error x total)^2

with g the gradient of the total by the log parameters and C their covariance. Model
error, the part no fitted model knows about itself, comes from back-tests and is given
by the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    as_account_vector,
    frozen,
    sums_by,
)
from clv.engine.common_futures import CommonFutures
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError
from clv.engine.futures import Futures, draw_futures, drawn_values
from clv.engine.history import Compressed, compress
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.pairs import RESOLUTION_DAYS
from clv.engine.portfolio import Portfolio

CHUNK_ROWS = 8_192
GRADIENT_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class Intervals:
    """Central intervals of future value per account.

    Attributes
    ----------
    low, high : float arrays, shape (n,)
    spread : float array, shape (n,)
        Standard deviation of the simulated values.
    """

    low: FloatVector
    high: FloatVector
    spread: FloatVector


@dataclass(frozen=True, slots=True)
class TotalIntervals:
    """Totals of sets of accounts with central intervals; shape (groups,)."""

    total: FloatVector
    low: FloatVector
    high: FloatVector
    spread: FloatVector


def value_intervals(
    portfolio: Portfolio,
    *,
    rng: np.random.Generator,
    draws: int = 200,
    level: float = 0.8,
    pace_error: float = 0.0,
) -> Intervals:
    """Return the central interval of each account's future value.

    Parameters
    ----------
    portfolio : Portfolio of n accounts
    rng : numpy.random.Generator
        The only source of chance; the same state gives the same answer.
    draws : int >= 2
    level : float in (0, 1)
        0.8 puts 10 % below and 10 % above.
    pace_error : float >= 0
        Relative sd of totals over back-tests: all accounts may come to order faster or
        slower than the model says.

    Raises
    ------
    BadParameterError
        If level, draws or pace_error are out of their domain.
    """
    _check_level(level)
    if draws < 2:  # noqa: PLR2004 - an interval has two ends
        raise BadParameterError("draws must be at least 2")
    _check_error(pace_error, "pace_error")
    rows = compress(portfolio.histories, resolution_days=RESOLUTION_DAYS)
    futures = draw_futures(portfolio, rows.histories, rng, draws, pace_error)
    return _intervals(portfolio, rows, futures, level)


def common_intervals(
    portfolio: Portfolio, common: CommonFutures, *, level: float = 0.8
) -> Intervals:
    """Return the same for accounts of a firm whose futures are drawn already.

    Parameters
    ----------
    portfolio : Portfolio of n accounts
        Models, rate and horizon are those that the futures are drawn with.
    common : CommonFutures
    level : float in (0, 1)

    Raises
    ------
    BadParameterError
        If level is out of its domain or nothing is drawn for an account.
    """
    _check_level(level)
    rows = compress(portfolio.histories, resolution_days=RESOLUTION_DAYS)
    return _intervals(portfolio, rows, common.of(portfolio, rows.histories), level)


def _intervals(
    portfolio: Portfolio, rows: Compressed, futures: Futures, level: float
) -> Intervals:
    quantiles = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    count = len(portfolio.histories)
    low, high, spread = np.empty(count), np.empty(count), np.empty(count)
    order = np.argsort(rows.inverse, kind="stable")  # neighbours share their futures
    for start in range(0, count, CHUNK_ROWS):
        part = order[start : start + CHUNK_ROWS]
        drawn = drawn_values(portfolio, futures, part, rows.inverse[part])
        spread[part] = drawn.std(axis=1)
        low[part], high[part] = _row_quantiles(drawn, quantiles)
    return Intervals(frozen(low), frozen(high), frozen(spread))


def total_intervals(
    portfolio: Portfolio,
    spread: FloatVector,
    *,
    group: ArrayLike | None = None,
    level: float = 0.8,
    model_error: float = 0.0,
) -> TotalIntervals:
    """Return the totals of sets of accounts with central intervals.

    Parameters
    ----------
    portfolio : Portfolio of n accounts
    spread : float array, shape (n,)
        From `value_intervals`.
    group : array-like of int >= 0, shape (n,), optional
        Set of each account; one set when left out.
    level : float in (0, 1)
    model_error : float >= 0
        Relative standard deviation of totals around the truth in back-tests.

    Raises
    ------
    BadParameterError
        If level, model error or group is out of its domain.
    """
    _check_level(level)
    _check_error(model_error, "model_error")
    count = len(portfolio.histories)
    codes = as_account_vector(
        0.0 if group is None else group, "group", count, error=BadParameterError
    ).astype(np.intp)
    if (codes < 0).any():
        raise BadParameterError("group must not be negative")
    groups = int(codes.max(initial=0)) + 1
    rows = compress(portfolio.histories, resolution_days=RESOLUTION_DAYS)

    def totals(model: RepeatBuyingModel, margin: FloatVector) -> FloatVector:
        return sums_by(codes, _expected_values(portfolio, model, rows, margin), groups)

    total = totals(portfolio.model, portfolio.margin_per_order)
    variance = _parameter_variance(portfolio, totals)
    variance = variance + sums_by(codes, spread**2, groups) + (model_error * total) ** 2
    deviation = np.sqrt(variance)
    reach = float(ndtri(0.5 + 0.5 * level)) * deviation
    return TotalIntervals(
        frozen(total), frozen(total - reach), frozen(total + reach), frozen(deviation)
    )


def _row_quantiles(
    drawn: NDArray[np.float32], shares: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Return two quantiles per row with straight lines between ranks."""
    drawn.sort(axis=1)
    place = shares * (drawn.shape[1] - 1)
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, drawn.shape[1] - 1)
    part = place - below
    ends = drawn[:, below] * (1.0 - part) + drawn[:, above] * part
    return ends[:, 0], ends[:, 1]


def _expected_values(
    portfolio: Portfolio,
    model: RepeatBuyingModel,
    rows: Compressed,
    margin: FloatVector,
) -> FloatVector:
    flows = model.flows(
        rows.histories,
        annual_rate=portfolio.annual_rate,
        horizon_days=portfolio.horizon_days,
    )
    gain = flows.orders[rows.inverse] * (margin - portfolio.cost_per_order)
    years = flows.alive_days[rows.inverse] / DAYS_PER_YEAR
    return gain - years * portfolio.cost_per_year


def _parameter_variance(
    portfolio: Portfolio,
    totals: Callable[[RepeatBuyingModel, FloatVector], FloatVector],
) -> FloatVector:
    """Return g' C g per group for the parameters of both models."""
    buying, margin = portfolio.model, portfolio.margin_per_order
    variance = np.zeros(totals(buying, margin).size)
    if buying.log_covariance:
        slopes = [
            totals(buying.moved(step), margin) - totals(buying.moved(-step), margin)
            for step in _steps(len(buying.PARAMETERS))
        ]
        variance += _quadratic(slopes, buying.log_covariance)
    if portfolio.spend.log_covariance:
        slopes = [
            totals(buying, _moved_margin(portfolio, step))
            - totals(buying, _moved_margin(portfolio, -step))
            for step in _steps(len(portfolio.spend.log_covariance))
        ]
        variance += _quadratic(slopes, portfolio.spend.log_covariance)
    return variance


def _moved_margin(portfolio: Portfolio, step: FloatVector) -> FloatVector:
    """Return the margins if the spend parameters were moved by `step`."""
    known = portfolio.order_count, portfolio.mean_margin
    moved = portfolio.spend.moved(step).expected_value(*known)
    return portfolio.margin_per_order + moved - portfolio.spend.expected_value(*known)


def _steps(size: int) -> FloatMatrix:
    return np.eye(size) * GRADIENT_STEP


def _quadratic(
    slopes: list[FloatVector], covariance: tuple[tuple[float, ...], ...]
) -> FloatVector:
    gradient = np.stack(slopes, axis=1) / (2.0 * GRADIENT_STEP)
    spread = gradient @ np.array(covariance, dtype=np.float64)
    return np.asarray((spread * gradient).sum(axis=1), dtype=np.float64)


def _check_error(error: float, name: str) -> None:
    if not (np.isfinite(error) and error >= 0.0):
        raise BadParameterError(f"{name} must be a finite number >= 0")


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise BadParameterError(f"level must be between 0 and 1, not {level}")
