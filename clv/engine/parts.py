"""Future value in factors: orders, margins, costs per order, years, costs per year.

    value = orders x (margin per order - cost per order) - years x cost per year

with discounted orders and years alive within the horizon (`clv.engine.value` has the
sum). Accounts without orders are valued as fresh customers, if won.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector
from clv.engine.clock import Clock
from clv.engine.costs import CostToServe, ServingRates
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.ledgers import Ledgers
from clv.engine.models.answers import Flows
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.seasons import Seasons, no_seasons
from clv.engine.spend import GammaGamma


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one run learnt of the firm; histories run on the clock of `seasons`."""

    buying: RepeatBuyingModel
    spend: GammaGamma
    costs: CostToServe
    cost_to_win: float
    seasons: Seasons = field(default_factory=no_seasons)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one run assumed; costs over time spread over `youngest_days` at least."""

    annual_rate: float
    horizon_days: float
    margin_rate: float
    youngest_days: float


@dataclass(frozen=True, slots=True)
class FutureParts:
    """What the future value of n accounts consists of; vectors of shape (n,).

    value = orders (margin_per_order - cost_per_order) - years cost_per_year - the cost
    to win of accounts without orders. `orders` and `years` are discounted; `serving`
    has both costs by kind.
    """

    orders: FloatVector
    margin_per_order: FloatVector
    cost_per_order: FloatVector
    years: FloatVector
    cost_per_year: FloatVector
    serving: ServingRates

    @property
    def value(self) -> FloatVector:
        """Return the value; the cost to win of newcomers is not in it."""
        gain = self.orders * self.margin_per_order - self.orders * self.cost_per_order
        return gain - self.years * self.cost_per_year


def future_flows(
    learnt: Learnt,
    chosen: Chosen,
    order_days: NDArray[np.int64],
    recency_days: NDArray[np.int64],
    age_days: NDArray[np.int64],
    *,
    as_of_day: int = 0,
) -> Flows:
    """Return discounted orders and days of accounts that have ordered.

    Raises
    ------
    BadHistoryError
        If a history is none.
    """
    clock = Clock(learnt.seasons, as_of_day)
    return learnt.buying.flows(
        clock.histories(order_days, recency_days, age_days),
        annual_rate=chosen.annual_rate,
        horizon_days=clock.ahead(chosen.horizon_days),
    )


def future_parts(
    learnt: Learnt,
    chosen: Chosen,
    *,
    order_days: NDArray[np.int64],
    recency_days: NDArray[np.int64],
    age_days: NDArray[np.int64],
    mean_margin: FloatVector,
    costs: Mapping[str, FloatVector],
    revenue: FloatVector,
    group_code: NDArray[np.int64],
    flows: Flows | None = None,
    as_of_day: int = 0,
) -> FutureParts:
    """Return the factors of future value; money in currency units.

    Parameters
    ----------
    order_days, recency_days, age_days : int arrays, shape (n,)
        Either all accounts have orders or none has: an account without orders is worth
        what a fresh customer is, if won, the first order placed at once.
    mean_margin, revenue : float arrays, shape (n,)
        Margin per day with orders, and revenue to date.
    costs : mapping of kind to float array, shape (n,)
        Ledger totals.
    group_code : int array, shape (n,)
        Number of the account's class, -1 in none.
    flows : Flows, optional
        What the model says of the same accounts; computed when left out.
    as_of_day : int
        Day ordinal of the run, for the seasons.

    Raises
    ------
    BadHistoryError
        If a history is none.
    """
    count, orders = order_days.size, order_days.astype(np.float64)
    is_fresh = not order_days.any()
    if flows is None:
        known = (
            (np.ones_like(order_days), *(np.zeros_like(order_days),) * 2)
            if is_fresh
            else (order_days, recency_days, age_days)
        )
        flows = future_flows(learnt, chosen, *known, as_of_day=as_of_day)
    serving = learnt.costs.of_newcomer
    if not is_fresh:
        years = np.maximum(age_days, chosen.youngest_days) / DAYS_PER_YEAR
        serving = learnt.costs.expected(
            Ledgers(costs, orders, years, revenue, group_code)
        )
    return FutureParts(
        orders=flows.orders + (1.0 if is_fresh else 0.0),
        margin_per_order=(
            np.full(count, learnt.spend.mean)
            if is_fresh
            else learnt.spend.expected_value(orders, mean_margin)
        ),
        cost_per_order=np.broadcast_to(serving.per_order, count),
        years=flows.alive_days / DAYS_PER_YEAR,
        cost_per_year=np.broadcast_to(serving.per_year, count),
        serving=serving,
    )


def newcomer_parts(learnt: Learnt, chosen: Chosen, today: int) -> FutureParts:
    """Return the future, one row, of a customer of whom nothing is known."""
    none, nothing = np.zeros(1, dtype=np.int64), np.zeros(1)
    return future_parts(
        learnt,
        chosen,
        order_days=none,
        recency_days=none,
        age_days=none,
        mean_margin=nothing,
        costs={},
        revenue=nothing,
        group_code=none,
        as_of_day=today,
    )
