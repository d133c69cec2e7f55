"""What a touch costs, once and within a year."""

from decimal import Decimal

from campaigns.engine.cadence import PERIODS_PER_YEAR

_MINUTES_PER_HOUR = Decimal(60)


def cost_of_one(*, unit_cost: Decimal, minutes: int, hourly_cost: Decimal) -> Decimal:
    """Return money for one touch: what is bought plus the minutes it takes."""
    return unit_cost + hourly_cost * minutes / _MINUTES_PER_HOUR


def touches_per_year(*, cadence: str, times: int) -> int:
    """Return how many touches a cadence asks for within a year."""
    return PERIODS_PER_YEAR[cadence] * times
