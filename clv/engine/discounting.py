"""The discounting convention of the engine.

Money at time t days from the cut-off is worth ``exp(-delta * t)`` today, with
``delta = ln(1 + annual_rate) / 365.25``: continuous, so that no result depends on how
a year is cut into months. 15 % a year is 0.0027 a week.
"""

import math

import numpy as np

from clv.engine.errors import BadParameterError

DAYS_PER_YEAR = 365.25
FORGOTTEN = 37.0  # exp(-37) is below the precision of a float64


def daily_rate(annual_rate: float) -> float:
    """Return delta per day for a yearly rate, e.g. 0.15 for 15 %.

    Raises
    ------
    BadParameterError
        If the rate is negative or not finite.
    """
    if not (math.isfinite(annual_rate) and annual_rate >= 0.0):
        message = f"annual_rate must be a finite number >= 0, not {annual_rate}"
        raise BadParameterError(message)
    return math.log1p(annual_rate) / DAYS_PER_YEAR


def effective_horizon(annual_rate: float, horizon_days: float | None) -> float:
    """Return the days after which nothing counts any more.

    ``None`` means the whole future, which has a value only when discounted: after
    ``37 / delta`` days a payment is lost in the rounding of a float64.

    Raises
    ------
    BadParameterError
        If the horizon is not positive and finite, or None with a rate of zero.
    """
    delta = daily_rate(annual_rate)
    if horizon_days is None:
        if delta <= 0.0:
            message = "the whole future has no finite value at an annual_rate of 0"
            raise BadParameterError(message)
        return FORGOTTEN / delta
    if not (np.isfinite(horizon_days) and horizon_days >= 0.0):
        message = f"horizon_days must be a finite number >= 0, not {horizon_days}"
        raise BadParameterError(message)
    return min(horizon_days, FORGOTTEN / delta) if delta > 0.0 else horizon_days
