"""The discounting convention of the engine.

Money at time t days from the cut-off is worth ``exp(-delta * t)`` today, with
``delta = ln(1 + annual_rate) / 365.25``: continuous, so that no result depends on how
a year is cut into months. 15 % a year is 0.0027 a week.
"""

import math

from clv.engine.errors import BadParameterError

DAYS_PER_YEAR = 365.25
FORGOTTEN = 37.0  # exp(-37) is below the precision of a float64


def checked_number(value: float, name: str) -> float:
    """Return a rate or horizon as a float.

    Raises
    ------
    BadParameterError
        If it is no number, negative or not finite.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0.0):
        raise BadParameterError(f"{name} must be a finite number >= 0, not {value}")
    return number


def daily_rate(annual_rate: float) -> float:
    """Return delta per day for a yearly rate, e.g. 0.15 for 15 %.

    Raises
    ------
    BadParameterError
        If the rate is no number, negative or not finite.
    """
    return math.log1p(checked_number(annual_rate, "annual_rate")) / DAYS_PER_YEAR


def effective_horizon(annual_rate: float, horizon_days: float | None) -> float:
    """Return the days after which nothing counts any more.

    ``None`` means the whole future, which has a value only when discounted: after
    ``37 / delta`` days a payment is lost in the rounding of a float64.

    Raises
    ------
    BadParameterError
        If rate or horizon is no number, negative or not finite, or the horizon is None
        with a rate of zero.
    """
    delta = daily_rate(annual_rate)
    if horizon_days is None:
        if delta <= 0.0:
            message = "the whole future has no finite value at an annual_rate of 0"
            raise BadParameterError(message)
        return FORGOTTEN / delta
    days = checked_number(horizon_days, "horizon_days")
    return min(days, FORGOTTEN / delta) if delta > 0.0 else days
