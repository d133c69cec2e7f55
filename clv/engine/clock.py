"""Histories and horizons on the seasonal clock of one day.

On that clock days pass as fast as orders come (`clv.engine.seasons`), so that a model
of steady buyers is right for a seasonal firm. Here a mean year has 365.25 days of it,
as on the calendar: over whole years expectations, discounts and costs per year are
those of the calendar, and values of different days stay comparable.

    age on the clock     = c * sum of the factors of the days from first order to today
    c                    = 365.25 / sum over months of factor x mean length

Sums run backwards from today, one day after the other, so an account has the same
digits whichever accounts it is valued with. Ahead of today the clock is the same table,
turned forward and closed after each year. Without seasons it is the calendar.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.history import Histories
from clv.engine.seasons import Seasons, month_of, no_seasons

MONTH_DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
YEAR_AHEAD = 367  # days of the table that cover one year


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a firm on one day.

    Attributes
    ----------
    seasons : Seasons
        Off: the clock is the calendar.
    today : int
        Day ordinal of the run; only needed where seasons are on.
    """

    seasons: Seasons = field(default_factory=no_seasons)
    today: int = 0

    def histories(
        self,
        order_days: NDArray[np.int64],
        recency_days: NDArray[np.int64],
        age_days: NDArray[np.int64],
    ) -> Histories:
        """Return the histories of n accounts with orders.

        Parameters
        ----------
        order_days, recency_days, age_days : int arrays, shape (n,), calendar days

        Raises
        ------
        BadHistoryError
            If a history is none.
        """
        counted = Histories.check(order_days - 1, recency_days, age_days)
        if not self.seasons.is_on or not len(counted):
            return counted
        oldest = int(age_days.max())
        passed = self._passed(self.today - np.arange(oldest))
        age = passed[age_days]
        return Histories.check(
            order_days - 1, age - passed[age_days - recency_days], age
        )

    def ahead(self, days: float) -> float:
        """Return how far the clock goes in the next `days` of the calendar, >= 0."""
        if not self.seasons.is_on:
            return days
        years, rest = divmod(days, DAYS_PER_YEAR)
        return years * DAYS_PER_YEAR + float(np.interp(rest, *self._year()))

    def back(self, clock_days: FloatVector) -> FloatVector:
        """Return calendar days ahead for days ahead on the clock; inf stays inf.

        Parameters
        ----------
        clock_days : float array, shape (n,), >= 0
        """
        if not self.seasons.is_on:
            return clock_days
        finite = np.where(np.isfinite(clock_days), clock_days, 0.0)
        years, rest = np.divmod(finite, DAYS_PER_YEAR)
        days, passed = self._year()
        calendar = years * DAYS_PER_YEAR + np.interp(rest, passed, days)
        return np.where(np.isfinite(clock_days), calendar, clock_days)

    def _year(self) -> tuple[FloatVector, FloatVector]:
        """Return days ahead and what passes on the clock, both up to 365.25."""
        days = np.arange(YEAR_AHEAD, dtype=np.float64)
        passed = self._passed(self.today + 1 + np.arange(YEAR_AHEAD - 1))
        end = float(np.interp(DAYS_PER_YEAR, days, passed))
        inside = days < DAYS_PER_YEAR
        return (
            np.append(days[inside], DAYS_PER_YEAR),
            np.append(passed[inside] * (DAYS_PER_YEAR / end), DAYS_PER_YEAR),
        )

    def _passed(self, days: NDArray[np.int64]) -> FloatVector:
        """Return the clock's running sum over `days`, starting with 0."""
        factors = np.array(self.seasons.factors)
        scale = DAYS_PER_YEAR / float((factors * MONTH_DAYS).sum())
        summed = np.cumsum(factors[month_of(days)]) * scale
        return np.concatenate([[0.0], summed])
