"""Orders of the last weeks against their forecast, for the firm and by cohort.

The forecasts are those of the latest origin's models, from what was known at the start
of each window. A gap is measured in standard errors,

    z = (came - expected) / sqrt(max(sum m, sum (y - m)^2) + (swing x expected)^2)

The first part is the accounts' own scatter: the Poisson error or, where they scatter
more, the robust one. The second is what moves all accounts alike in ordinary times,
such as a season that is not known yet: the root mean square by which totals of equally
long windows strayed from the longest origin's forecast before the latest origin, its
level aside and beyond their scatter, with 5 % in place of two more windows.

Source: White (1982), Maximum likelihood estimation of misspecified models, Econometrica
50(1).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import BoolVector, FloatVector, inner
from clv.engine.history import compress
from clv.engine.judging.backtest import Forecast, Seen
from clv.engine.judging.candidates import WEEK_DAYS, WEEKLY_FROM_ACCOUNTS, mixture_of
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.seasons import month_index

DAYS = int(WEEK_DAYS)
WEEKS = (4, 8, 13)
USUAL_SWING = 0.05
USUAL_WINDOWS = 2.0  # what that is worth in windows
MOST_COHORTS = 8
QUARTER_MONTHS, YEAR_MONTHS = 3, 12
EPOCH_YEAR = 1970


@dataclass(frozen=True, slots=True)
class Limits:
    """When a gap is an alarm: beyond all three.

    Attributes
    ----------
    most_errors : float
        Standard errors.
    least_gap : float
        Share of the forecast.
    least_orders : float
        Forecast or come, whichever is more.
    """

    most_errors: float
    least_gap: float
    least_orders: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """Orders of the last weeks against their forecast.

    Attributes
    ----------
    name : str
        Of the cohort; empty for the firm.
    weeks, account_count : int
    forecast, actual : float
    z : float or None
        The gap in standard errors; None where nothing was forecast.
    is_alarm : bool
    """

    name: str
    weeks: int
    account_count: int
    forecast: float
    actual: float
    z: float | None
    is_alarm: bool

    @property
    def gap(self) -> float | None:
        """Return what came over the forecast, minus 1."""
        return self.actual / self.forecast - 1.0 if self.forecast > 0.0 else None


@dataclass(frozen=True, slots=True)
class Week:
    """Orders of one week; all forecasts from the day before the first one."""

    last_day: int
    forecast: float
    actual: float


def windows_of(
    seen: Seen, firm: Limits, cohort: Limits
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """Return the last 4, 8 and 13 weeks of the firm, and the longest by cohort.

    As far as the latest origin reaches back.
    """
    past = past_weeks(seen)
    windows, cohorts = [], []
    for weeks in weeks_within(seen):
        forecast, actual = _held(seen, weeks)
        usual = swing(past, weeks)
        start = seen.as_of_day - weeks * DAYS
        windows.append(_window("", weeks, forecast, actual, swing=usual, limits=firm))
        cohorts = [
            _window(name, weeks, forecast[of], actual[of], swing=usual, limits=cohort)
            for name, of in acquisition_cohorts(seen.log.until(start).first_days)
        ]
    return tuple(windows), tuple(cohorts)


def weeks_within(seen: Seen) -> list[int]:
    """Return the windows no longer than the latest hold-out; that if it is short."""
    horizon_days = seen.forecasts[-1].trial.horizon_days
    fitting = [weeks for weeks in WEEKS if weeks * DAYS <= horizon_days]
    return fitting or [horizon_days // DAYS]


def weekly(seen: Seen, forecast: Forecast) -> tuple[Week, ...]:
    """Return the whole weeks since an origin, all forecast on its day."""
    known = forecast.trial.known
    ends = known.origin_day + np.arange(0, forecast.trial.horizon_days + 1, DAYS)
    ahead = known.seasons.clock(ends)
    told = np.diff(_reached(forecast, ahead - ahead[0])).tolist()
    return tuple(
        Week(end, orders, float(_came(seen.log, known.log, end - DAYS, DAYS).sum()))
        for end, orders in zip(ends[1:].tolist(), told, strict=True)
    )


def _reached(forecast: Forecast, ahead: FloatVector) -> FloatVector:
    """Return the orders expected until each of some ascending moments, from 0 on.

    Beyond thirteen, every fourth is worked out and those between lie on the line: the
    curve of a whole firm bends little within a month.
    """
    rows, model = forecast.trial.known.rows.histories, _model_of(forecast)
    step = 1 if ahead.size <= WEEKS[-1] + 1 else WEEKS[0]
    knots = np.unique(np.append(ahead[::step], ahead[-1]))
    orders = [
        inner(rows.weights, model.expected_purchases(rows, horizon_days=knot))
        for knot in knots.tolist()
    ]
    return np.interp(ahead, knots, orders)


def past_weeks(seen: Seen) -> list[Week]:
    """Return the weeks between the longest origin and the latest one."""
    latest_day = seen.forecasts[-1].trial.known.origin_day
    weeks = weekly(seen, seen.forecasts[0])
    return [one for one in weeks if one.last_day <= latest_day]


def swing(past: Sequence[Week], weeks: int) -> float:
    """Return the relative error of totals that all accounts share, in ordinary times.

    Parameters
    ----------
    past : what `past_weeks` gave
        They end where the windows may begin, so that what is looked for is not in it.
    weeks : int
        Length of a window.
    """
    told = np.array([one.forecast for one in past])
    came = np.array([one.actual for one in past])
    blocks = len(past) // weeks
    squares = USUAL_WINDOWS * USUAL_SWING**2
    if blocks < 2 or not (told.sum() > 0.0 and came.sum() > 0.0):  # noqa: PLR2004 - one has no level to stray from
        return math.sqrt(squares / USUAL_WINDOWS)
    shape = (blocks, weeks)
    told = told[: blocks * weeks].reshape(shape).sum(axis=1)
    came = came[: blocks * weeks].reshape(shape).sum(axis=1)
    told *= came.sum() / told.sum()
    strayed = (came / told - 1.0) ** 2 - 1.0 / told
    squares += max(float(strayed.sum()), 0.0)
    return math.sqrt(squares / (USUAL_WINDOWS + blocks))


def acquisition_cohorts(
    first_days: NDArray[np.int64],
) -> list[tuple[str, BoolVector]]:
    """Return accounts by the quarter of their first order, or the year, oldest first.

    Years where quarters would be more than eight; years before the last eight are one
    cohort.
    """
    return list(_cohorts(first_days)) if first_days.size else []


def _cohorts(first_days: NDArray[np.int64]) -> Iterator[tuple[str, BoolVector]]:
    quarters = month_index(first_days) // QUARTER_MONTHS
    if int(quarters.max()) - int(quarters.min()) < MOST_COHORTS:
        for period in np.unique(quarters).tolist():
            name = f"{EPOCH_YEAR + period // 4} Q{period % 4 + 1}"
            yield name, quarters == period
        return
    years = month_index(first_days) // YEAR_MONTHS
    oldest = int(years.max()) - MOST_COHORTS + 1
    merged = np.maximum(years, oldest)
    for year in np.unique(merged).tolist():
        before = "until " if year == oldest and int(years.min()) < oldest else ""
        yield f"{before}{EPOCH_YEAR + year}", merged == year


def _held(seen: Seen, weeks: int) -> tuple[FloatVector, FloatVector]:
    """Return forecast and orders per account of the last weeks."""
    days, start = weeks * DAYS, seen.as_of_day - weeks * DAYS
    known = seen.log.until(start)
    latest = seen.forecasts[-1]
    seasons = latest.trial.known.seasons
    resolution = WEEK_DAYS if len(known) >= WEEKLY_FROM_ACCOUNTS else None
    histories = known.histories(start, seasons)
    rows = compress(histories, resolution_days=resolution)
    begin, end = seasons.clock(np.array([start, start + days])).tolist()
    ahead = _model_of(latest).expected_purchases(
        rows.histories, horizon_days=end - begin
    )
    return ahead[rows.inverse], _came(seen.log, known, start, days)


def _model_of(forecast: Forecast) -> RepeatBuyingModel:
    return mixture_of(forecast.trial.field, forecast.models)


def _came(log: PurchaseLog, known: PurchaseLog, after: int, days: int) -> FloatVector:
    return log.outcome(known, after, days).counts


def _window(
    name: str,
    weeks: int,
    forecast: FloatVector,
    actual: FloatVector,
    *,
    swing: float,
    limits: Limits,
) -> Window:
    expected, came = float(forecast.sum()), float(actual.sum())
    scatter = max(expected, float(((actual - forecast) ** 2).sum()))
    error = math.sqrt(scatter + (swing * expected) ** 2)
    z = (came - expected) / error if error > 0.0 else None
    is_alarm = (
        z is not None
        and abs(z) > limits.most_errors
        and max(expected, came) >= limits.least_orders
        and abs(came - expected) > limits.least_gap * expected
    )
    return Window(name, weeks, forecast.size, expected, came, z, is_alarm)
