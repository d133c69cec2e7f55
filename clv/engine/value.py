"""The future value of accounts: expected margin less expected cost to serve.

    future value = orders x (margin per order)          discounted
                 - orders x (cost per order)            discounted
                 - years alive x (cost per year alive)  discounted

within a horizon, discounted continuously with ``delta = ln(1 + annual_rate) / 365.25``
per day (`clv.engine.discounting`). The parts sum to the value in every row; cost to win
an account is spent and no part of its future.
"""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from clv.engine.arrays import FloatVector, as_account_vector, frozen
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import CommonOutlook, RepeatBuyingModel
from clv.engine.pairs import Pairs


@dataclass(frozen=True, slots=True)
class Values:
    """What n accounts are expected to bring; all vectors have shape (n,).

    Attributes
    ----------
    probability_alive : in [0, 1]
    expected_orders : undiscounted, within the horizon
    expected_orders_year : undiscounted, within 365.25 days
    expected_margin : discounted money within the horizon
    expected_margin_year : discounted money within 365.25 days
    order_cost : discounted cost that comes with orders
    serving_cost : discounted cost of years alive
    expected_cost_year : discounted cost of both kinds within 365.25 days
    expected_cost : ``order_cost + serving_cost``
    future_value : ``expected_margin - expected_cost``
    """

    probability_alive: FloatVector
    expected_orders: FloatVector
    expected_orders_year: FloatVector
    expected_margin: FloatVector
    expected_margin_year: FloatVector
    order_cost: FloatVector
    serving_cost: FloatVector
    expected_cost: FloatVector
    expected_cost_year: FloatVector
    future_value: FloatVector


def value_accounts(
    *,
    model: RepeatBuyingModel,
    histories: Histories,
    margin_per_order: ArrayLike,
    cost_per_order: ArrayLike = 0.0,
    cost_per_year: ArrayLike = 0.0,
    annual_rate: float,
    horizon_days: float,
    common: CommonOutlook | None = None,
) -> Values:
    """Value every account within the horizon.

    Parameters
    ----------
    model : a fitted model of repeat buying
    histories : Histories of n accounts
    margin_per_order : array-like, shape (n,) or scalar
        From `clv.engine.spend.GammaGamma.expected_value`; any sign.
    cost_per_order, cost_per_year : array-like, shape (n,) or scalar
        Per order and per year alive, from `clv.engine.costs.CostRates.expected_rate`.
    annual_rate, horizon_days : float >= 0
        0.15 is 15 % a year; 36 months are 1096 days.
    common : CommonOutlook, optional
        From `outlook_of_pairs` of the same model, rate and horizon; saves work where
        accounts of one firm are valued in several parts, and changes no digit.

    Raises
    ------
    BadParameterError
        If rate or horizon is out of its domain or a vector is faulty, or if `common`
        lacks an account's pair of frequency and age.
    """
    count = len(histories)
    margin = _vector(margin_per_order, "margin_per_order", count)
    per_order = _vector(cost_per_order, "cost_per_order", count)
    per_day = _vector(cost_per_year, "cost_per_year", count) / DAYS_PER_YEAR
    ahead = (
        common.of(histories)
        if common is not None
        else model.outlook(
            histories,
            annual_rate=annual_rate,
            horizon_days=horizon_days,
            near_days=DAYS_PER_YEAR,
        )
    )
    order_cost = ahead.orders * per_order
    serving_cost = ahead.alive_days * per_day
    year_cost = ahead.near_orders * per_order + ahead.near_alive_days * per_day
    expected_margin = ahead.orders * margin
    expected_cost = order_cost + serving_cost
    return Values(
        probability_alive=ahead.probability_alive,
        expected_orders=ahead.bought,
        expected_orders_year=ahead.near_bought,
        expected_margin=frozen(expected_margin),
        expected_margin_year=frozen(ahead.near_orders * margin),
        order_cost=frozen(order_cost),
        serving_cost=frozen(serving_cost),
        expected_cost=frozen(expected_cost),
        expected_cost_year=frozen(year_cost),
        future_value=frozen(expected_margin - expected_cost),
    )


def outlook_of_pairs(
    model: RepeatBuyingModel, pairs: Pairs, *, annual_rate: float, horizon_days: float
) -> CommonOutlook:
    """Return what alive accounts with these pairs of frequency and age expect."""
    return model.common_outlook(
        pairs,
        annual_rate=annual_rate,
        horizon_days=horizon_days,
        near_days=DAYS_PER_YEAR,
    )


def _vector(values: ArrayLike, name: str, count: int) -> FloatVector:
    return as_account_vector(values, name, count, error=BadParameterError)
