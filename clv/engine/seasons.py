"""A firm-wide seasonal and trend factor.

The models of repeat buying know no season: their forecast over part of a year inherits
the average month. This factor corrects it, for all accounts alike.

Story: orders of month t come as ``Poisson(exposure_t * exp(level + slope t + s_m))``
with s_m the effect of its calendar month, and more or less noise than Poisson. The
effects are estimated by iterated least squares and then shrunk towards none: with
squared standard errors v_m (overdispersion included) and the spread between months
``tau^2 = max(0, mean(s_m^2 - v_m))``, each effect keeps the share
``tau^2 / (tau^2 + v_m)``. A firm without seasons has tau near 0 and so factors near 1.
The slope is shrunk the same way by its own error. Below 24 months a season cannot be
told from a trend, and the factor is off: 1 throughout.

A slope of order counts says that the firm has more accounts, not that accounts buy
more. The trend is therefore applied only on demand, and only makes sense with the
orders that a model expected as exposure. For the season, the accounts that bought in
the year before each month serve well.

Source: McCullagh & Nelder (1989), Generalized linear models, chapter 6 and 9 (quasi-
likelihood); Miller & Williams (2003), Shrinkage estimators of time series seasonal
factors, International Journal of Forecasting 19(4).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clv.engine.arrays import FloatMatrix, FloatVector, as_account_vector, as_vector
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadHistoryError, BadParameterError

MONTHS = 12
LEAST_MONTHS = 24
EPOCH_ORDINAL = 719_163  # date(1970, 1, 1).toordinal()
STEPS = 50
TOLERANCE = 1e-10
STRONGEST_EFFECT = 3.0  # a month of 20 times the average is no season
STRONGEST_TREND = math.log(1.5)  # a year
TREND_DAYS = 365.0  # a trend is believed for one year, then it stops


@dataclass(frozen=True, slots=True)
class Seasons:
    """Month factors and a yearly trend; made by `fit_seasons` or `no_seasons`.

    Attributes
    ----------
    factors : tuple of 12 float > 0
        January to December; 1 is an average month, their mean is 1.
    log_trend : float
        Growth of orders per exposure in a year, ``ln``; 0 unless asked for.
    month_count : int
        Months behind the fit.
    is_on : bool
        False below 24 months: all factors are 1.
    """

    factors: tuple[float, ...] = (1.0,) * MONTHS
    log_trend: float = 0.0
    month_count: int = 0
    is_on: bool = False

    def factor(self, origin_day: int, horizon_days: int) -> float:
        """Return what to multiply expected orders of the next days with.

        Parameters
        ----------
        origin_day : int
            ``date.toordinal()``; the horizon starts the day after.
        horizon_days : int > 0

        Returns
        -------
        float > 0
            The mean factor of the days of the horizon; near 1 over whole years.

        Raises
        ------
        BadParameterError
            If the horizon is not positive.
        """
        if horizon_days <= 0:
            raise BadParameterError("horizon_days must be positive")
        if not self.is_on:
            return 1.0
        ahead = np.arange(1, horizon_days + 1)
        season = np.array(self.factors)[month_of(origin_day + ahead)]
        grown = np.exp(self.log_trend * np.minimum(ahead, TREND_DAYS) / DAYS_PER_YEAR)
        return float((season * grown).mean())

    def clock(self, day: NDArray[np.int64]) -> FloatVector:
        """Return days on a clock that runs as fast as orders come.

        Parameters
        ----------
        day : int array, shape (m,)
            Day ordinals.

        Returns
        -------
        float array, shape (m,)
            Seasonal days since an arbitrary moment; only differences mean
            something. A year has about 365 of them, more of them in busy months.

        Notes
        -----
        If orders come as a Poisson process of rate ``lambda x factor(month)``, they
        come on this clock at the steady rate lambda: histories and horizons
        measured on it make the models right for seasonal firms. The trend is not
        in the clock.
        """
        days = np.asarray(day, dtype=np.int64)
        if not self.is_on or not days.size:
            return days.astype(np.float64)
        first = int(days.min())
        table = np.arange(first, int(days.max()) + 1)
        passed = np.cumsum(np.array(self.factors)[month_of(table)])
        return np.asarray(passed[days - first] + first, dtype=np.float64)


def no_seasons(month_count: int = 0) -> Seasons:
    """Return the factor that changes nothing."""
    return Seasons(month_count=month_count)


def month_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar month of day ordinals, 0 for January."""
    return month_index(day) % MONTHS


def month_index(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whole months since January 1970 of day ordinals."""
    dates = (np.asarray(day) - EPOCH_ORDINAL).astype("datetime64[D]")
    return dates.astype("datetime64[M]").astype(np.int64)


def fit_seasons(
    month: ArrayLike,
    count: ArrayLike,
    exposure: ArrayLike | None = None,
    *,
    with_trend: bool = False,
) -> Seasons:
    """Fit month factors and trend to monthly order counts.

    Parameters
    ----------
    month : array-like of int, shape (m,)
        Consecutive whole calendar months, as `month_index` numbers them.
    count : array-like, shape (m,), >= 0
        Orders of the month.
    exposure : array-like, shape (m,), > 0, optional
        What counts are proportional to without season or trend; constant when left
        out.
    with_trend : bool
        False takes the trend out of the season but does not apply it.

    Raises
    ------
    BadHistoryError
        If lengths differ, months are not consecutive, or values out of domain.
    """
    months = as_vector(month, "month").astype(np.int64)
    counts = as_account_vector(count, "count", months.size)
    seen = as_account_vector(
        1.0 if exposure is None else exposure, "exposure", months.size
    )
    if (np.diff(months) != 1).any():
        raise BadHistoryError("months must be consecutive")
    if (counts < 0).any() or (seen <= 0).any():
        raise BadHistoryError("counts must be >= 0 and exposures above 0")
    if months.size < LEAST_MONTHS or not counts.any():
        return no_seasons(months.size)
    effects, errors, slope, slope_error = _fitted(months, counts, seen)
    shrunk = _shrunk(effects, errors)
    factors = np.exp(np.clip(shrunk, -STRONGEST_EFFECT, STRONGEST_EFFECT))
    factors /= factors.mean()
    trend = 0.0
    if with_trend and abs(slope) > slope_error:
        trend = slope * MONTHS * (1.0 - (slope_error / slope) ** 2)
        trend = min(max(trend, -STRONGEST_TREND), STRONGEST_TREND)
    return Seasons(tuple(factors.tolist()), trend, months.size, is_on=True)


def _fitted(
    months: NDArray[np.int64], counts: FloatVector, exposure: FloatVector
) -> tuple[FloatVector, FloatVector, float, float]:
    """Return month effects, their errors, the slope per month and its error.

    A weak pull of every effect to 0 keeps months without any order finite.
    """
    time = months - months.mean()
    design = np.zeros((months.size, MONTHS + 2))
    design[np.arange(months.size), months % MONTHS] = 1.0
    design[:, MONTHS] = 1.0
    design[:, MONTHS + 1] = time
    offset = np.log(exposure)
    pull = np.zeros(MONTHS + 2)
    pull[:MONTHS] = 0.1 * counts.mean() / max(counts.mean(), 1.0)
    point = np.zeros(MONTHS + 2)
    point[MONTHS] = math.log(counts.sum() / exposure.sum())
    for _ in range(STEPS):
        mean = np.exp(np.clip(design @ point + offset, -30.0, 30.0))
        slope = design.T @ (counts - mean) - pull * point
        curvature = _curvature(design, mean, pull)
        step = np.clip(np.linalg.solve(curvature, slope), -1.0, 1.0)
        point = point + step
        if float(np.abs(step).max()) < TOLERANCE:
            break
    mean = np.exp(np.clip(design @ point + offset, -30.0, 30.0))
    freedom = max(months.size - MONTHS - 1, 1)
    noise = float(((counts - mean) ** 2 / mean).sum()) / freedom
    spread = np.linalg.inv(_curvature(design, mean, pull)) * max(noise, 1.0)
    centre = np.eye(MONTHS) - 1.0 / MONTHS
    effects = centre @ point[:MONTHS]
    variance = np.diag(centre @ spread[:MONTHS, :MONTHS] @ centre.T)
    slope_error = math.sqrt(spread[MONTHS + 1, MONTHS + 1])
    return effects, np.sqrt(variance), float(point[MONTHS + 1]), slope_error


def _curvature(
    design: FloatMatrix, mean: FloatVector, pull: FloatVector
) -> FloatMatrix:
    return np.asarray((design.T * mean) @ design + np.diag(pull), dtype=np.float64)


def _shrunk(effects: FloatVector, errors: FloatVector) -> FloatVector:
    """Keep of each effect the share that is not noise."""
    between = max(0.0, float((effects**2 - errors**2).mean()))
    if between == 0.0:
        return np.zeros(effects.size)
    return effects * (between / (between + errors**2))
