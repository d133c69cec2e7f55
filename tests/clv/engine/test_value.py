import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.discounting import daily_rate
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models import BgNbd, fit_bgnbd
from clv.engine.spend import GammaGamma
from clv.engine.value import value_accounts
from tests.clv.engine import cdnow
from tests.clv.engine.strategies import annual_rates, horizons, one_history

MODEL = BgNbd(0.2426, 30.9, 0.793, 2.426)
money = st.floats(-1e5, 1e5)


def test_weekly_rate_of_the_papers():
    assert daily_rate(0.15) * 7 == pytest.approx(0.0027, abs=3e-5)
    with pytest.raises(BadParameterError, match="annual_rate"):
        daily_rate(-0.1)


def test_twelve_months_of_cdnow_customers():
    """Lifetimes on its summary file: 36.2785, 4.6375, 8.3441 at 1 % a month.

    Lifetimes discounts each month at its end, we continuously: some 0.5 % more.
    """
    histories = cdnow.histories()
    spend = GammaGamma(6.249572, 3.744225, 15.443521)
    table = cdnow.summary()
    values = value_accounts(
        model=fit_bgnbd(histories),
        histories=histories,
        margin_per_order=spend.expected_value(table.x, table.mean_repeat),
        annual_rate=1.01**12 - 1,
        horizon_days=365.25,
    )
    assert values.future_value[:5] == pytest.approx(
        [36.2785, 4.6375, 8.3441, 8.3441, 8.3441], rel=9e-3
    )
    assert values.future_value.sum() == pytest.approx(71_509.90, rel=9e-3)


def test_convention_of_discounting():
    """The worksheet customer over 12 months: 1.562012 plain, 1.478614 discounted."""
    one = Histories.check([2], [30.43 * 7], [38.86 * 7])
    model = BgNbd(0.242595, 4.413602 * 7, 0.792922, 2.425907)
    year = 12 * 4.345 * 7
    rate = math.expm1(math.log(1.01) / 4.345 / 7 * 365.25)
    assert model.expected_purchases(one, horizon_days=year)[0] == pytest.approx(
        1.562012, rel=1e-5
    )
    discounted = model.discounted_purchases(one, annual_rate=rate, horizon_days=year)
    assert discounted[0] == pytest.approx(1.478614, rel=1e-5)


@given(one_history(), money, money, money, annual_rates, horizons)
def test_parts_always_sum(history, margin, per_order, per_year, rate, horizon):
    values = value_accounts(
        model=MODEL,
        histories=history,
        margin_per_order=margin,
        cost_per_order=per_order,
        cost_per_year=per_year,
        annual_rate=rate,
        horizon_days=horizon,
    )
    cost = values.order_cost + values.serving_cost
    assert np.array_equal(values.expected_cost, cost)
    assert np.array_equal(values.future_value, values.expected_margin - cost)


def test_without_cost_value_is_margin():
    values = value_accounts(
        model=MODEL,
        histories=Histories.check([3], [100], [200]),
        margin_per_order=20.0,
        annual_rate=0.1,
        horizon_days=1096,
    )
    assert np.array_equal(values.future_value, values.expected_margin)
    assert 0 < values.expected_margin_year[0] < values.expected_margin[0]
    assert values.expected_orders_year[0] < values.expected_orders[0]


def test_serving_costs_what_the_years_alive_cost():
    history = Histories.check([3], [100], [200])
    values = value_accounts(
        model=MODEL,
        histories=history,
        margin_per_order=0.0,
        cost_per_year=365.25,
        annual_rate=0.1,
        horizon_days=1096,
    )
    days = MODEL.expected_alive_days(history, annual_rate=0.1, horizon_days=1096)
    assert values.serving_cost == pytest.approx(days)
    assert values.future_value == pytest.approx(-days)
    year = MODEL.expected_alive_days(history, annual_rate=0.1, horizon_days=365.25)
    assert values.expected_cost_year == pytest.approx(year)


def test_no_account_has_no_value():
    values = value_accounts(
        model=MODEL,
        histories=Histories.check([], [], []),
        margin_per_order=[],
        annual_rate=0.1,
        horizon_days=1096,
    )
    assert values.future_value.size == 0


def test_faulty_vectors_are_named():
    with pytest.raises(BadParameterError, match="margin_per_order has 2 values for 1"):
        value_accounts(
            model=MODEL,
            histories=Histories.check([0], [0], [9]),
            margin_per_order=[1.0, 2.0],
            annual_rate=0.1,
            horizon_days=10,
        )
