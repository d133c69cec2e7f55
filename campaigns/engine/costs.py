"""What a touch costs, once and within a year, and what a plan must earn."""

from dataclasses import dataclass
from decimal import Decimal

from campaigns.engine.cadence import ANCHORED, PERIODS_PER_YEAR, WEEKS_PER_YEAR

DAYS_PER_YEAR = 365
_MINUTES_PER_HOUR = Decimal(60)
_ONE = Decimal(1)
_ONCE = "once"


def cost_of_one(*, unit_cost: Decimal, minutes: int, hourly_cost: Decimal) -> Decimal:
    """Return money for one touch: what is bought plus the minutes it takes."""
    return unit_cost + hourly_cost * minutes / _MINUTES_PER_HOUR


def touches_per_year(
    *, cadence: str, times: int, every: int = 1, runs_days: int | None = None
) -> Decimal:
    """Return how many touches a cadence asks of one account within a year.

    Every six weeks is 52/6 a year. An anniversary comes once; so does a day of
    onboarding, which falls in the first year, and a touch of a campaign. A plan that an
    account follows for `runs_days` asks for that part of a year's touches; its days of
    onboarding and its anniversaries are counted in full, so that a cost is never too
    low.

    Raises
    ------
    KeyError
        If there is no such cadence.
    """
    if cadence in ANCHORED or cadence == _ONCE:
        return _ONE
    if cadence == "weeks":
        a_year = Decimal(WEEKS_PER_YEAR * times) / every
    else:
        a_year = Decimal(PERIODS_PER_YEAR[cadence] * times)
    return a_year * part_of_year(runs_days)


def part_of_year(runs_days: int | None) -> Decimal:
    """Return the part of a year for which an account follows a plan, at most 1."""
    if runs_days is None or runs_days >= DAYS_PER_YEAR:
        return _ONE
    return Decimal(runs_days) / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class BreakEven:
    """What a plan must earn with one customer within a year to pay for itself.

    `uplift` is money. `share` is the same as a share of the margin that is expected of
    the customer within a year; None where no margin is expected or known, because no
    share of nothing pays for anything.
    """

    uplift: Decimal
    share: Decimal | None


def break_even(
    *, cost_per_customer: Decimal, expected_margin_year: Decimal | None
) -> BreakEven:
    """Return the uplift at which the gain of a year equals the plan's cost.

    Nothing is deducted: the plan is weighed against doing nothing at all.
    """
    if expected_margin_year is None or expected_margin_year <= 0:
        return BreakEven(uplift=cost_per_customer, share=None)
    share = cost_per_customer / expected_margin_year
    return BreakEven(uplift=cost_per_customer, share=share)
