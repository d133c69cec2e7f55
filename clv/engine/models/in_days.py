"""Models that count opportunities or renewals, asked in days like all others.

BG/BB and the shifted-beta-geometric model know no day: nothing can happen between two
opportunities. Told how long such a period is, they answer what the models of repeat
buying answer:

>>> giving = InDays(fit_bgbb(donors), period_days=365.25)
>>> giving.discounted_purchases(donors, annual_rate=0.15)
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from clv.engine.arrays import FloatVector, frozen
from clv.engine.discounting import checked_number, daily_rate
from clv.engine.errors import BadParameterError
from clv.engine.models.bgbb import BgBb, Opportunities
from clv.engine.models.sbg import Contracts, Sbg

MOST_PERIODS = 100_000
# A horizon of three times 121.75 days holds three periods, whatever rounding says.
ALMOST = 1e-9


@dataclass(frozen=True, slots=True)
class InDays:
    """A fitted model of periods and how long they are.

    The next opportunity, or the next renewal, lies one whole period ahead.

    Attributes
    ----------
    model : BgBb or Sbg
    period_days : float > 0
        Days from one opportunity, or renewal, to the next.

    Raises
    ------
    BadParameterError
        If the period is no finite number above 0.
    """

    model: BgBb | Sbg
    period_days: float

    def __post_init__(self) -> None:
        if checked_number(self.period_days, "period_days") <= 0.0:
            raise BadParameterError("period_days must be above 0")

    def moved(self, log_step: FloatVector) -> "InDays":
        """Return the same with the model's log parameters moved, shape (k,)."""
        return replace(self, model=self.model.moved(log_step))

    def probability_alive(self, histories: Opportunities | Contracts) -> FloatVector:
        """Return the chance to be alive at the next opportunity, shape (n,).

        Of contracts it is known: 1 while they run, 0 once they have ended.
        """
        if isinstance(self.model, BgBb):
            return self.model.probability_alive(_donors(histories))
        return frozen(1.0 - _contracts(histories).has_ended)

    def expected_purchases(
        self, histories: Opportunities | Contracts, *, horizon_days: float
    ) -> FloatVector:
        """Return expected purchases, or renewals, within the next days, shape (n,).

        Raises
        ------
        BadParameterError
            If the horizon is no finite number >= 0, or holds over 100,000 periods.
        """
        return self._sum(histories, 0.0, self._periods(horizon_days))

    def discounted_purchases(
        self,
        histories: Opportunities | Contracts,
        *,
        annual_rate: float,
        horizon_days: float | None = None,
    ) -> FloatVector:
        """Return the same, each discounted to today, shape (n,).

        Parameters
        ----------
        histories : Opportunities or Contracts, n rows
        annual_rate : float >= 0
            0.15 for 15 % a year.
        horizon_days : float >= 0 or None
            None counts the whole future and needs a positive rate.

        Raises
        ------
        BadParameterError
            If rate or horizon is out of its domain.
        """
        force = daily_rate(annual_rate) * self.period_days
        periods = None if horizon_days is None else self._periods(horizon_days)
        return self._sum(histories, force, periods)

    def _periods(self, horizon_days: float) -> int:
        share = checked_number(horizon_days, "horizon_days") / self.period_days
        if share > MOST_PERIODS:
            raise BadParameterError(f"horizon_days holds over {MOST_PERIODS:,} periods")
        return math.floor(share * (1.0 + ALMOST))

    def _sum(
        self, histories: Opportunities | Contracts, force: float, periods: int | None
    ) -> FloatVector:
        rate = math.expm1(force)
        if isinstance(self.model, BgBb):
            return self.model.discounted_purchases(
                _donors(histories), rate_per_opportunity=rate, opportunities=periods
            )
        contracts = _contracts(histories)
        # The model discounts from the next renewal, which is a period away.
        due = self.model.discounted_renewals(
            contracts.renewals, rate_per_period=rate, periods=periods
        )
        total = np.where(contracts.has_ended > 0, 0.0, due * math.exp(-force))
        return frozen(np.asarray(total, dtype=np.float64))


def _donors(histories: Opportunities | Contracts) -> Opportunities:
    if not isinstance(histories, Opportunities):
        raise BadParameterError("BG/BB is asked about Opportunities")
    return histories


def _contracts(histories: Opportunities | Contracts) -> Contracts:
    if not isinstance(histories, Contracts):
        raise BadParameterError("sBG is asked about Contracts")
    return histories
