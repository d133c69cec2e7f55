import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.history import Histories
from clv.engine.models import BgNbd, Nbd, OwnPace, fit_own_pace
from clv.engine.models.own_pace import LONGEST_STAY_DAYS
from clv.engine.pace import at_pace
from tests.clv.engine.strategies import one_history

ROWS = Histories.check([0, 3, 11], [0, 80, 700], [50, 365, 730])


def test_the_window_brings_what_it_did_whatever_accounts_stay():
    """11 repeat orders in 730 days are 12 in 730, so 6 a year; 1 and 4 in a window."""
    for stay in (100.0, 900.0, LONGEST_STAY_DAYS):
        model = OwnPace(365.0, stay)
        orders = model.expected_purchases(ROWS, horizon_days=365)
        assert orders == pytest.approx([1.0, 4.0, 6.0], rel=1e-9)
        assert model.probability_alive(ROWS).tolist() == [1.0, 1.0, 1.0]


def test_after_the_window_orders_fall_as_accounts_leave():
    """Half of them leave each year: the second year brings half of the first."""
    model = OwnPace(365.0, 365.0 / math.log(2.0))
    curve = model.purchase_curve(ROWS, [365.0, 730.0, 1095.0])
    assert curve[:, 1] - curve[:, 0] == pytest.approx([0.5, 2.0, 3.0])
    assert curve[:, 2] - curve[:, 1] == pytest.approx([0.25, 1.0, 1.5])
    days = model.expected_alive_days(ROWS, annual_rate=0.0, horizon_days=365)
    assert days == pytest.approx([0.5 * 365.0 / math.log(2.0)] * 3)


def test_the_whole_future_is_a_perpetuity_of_who_stays():
    model = OwnPace(365.0, 500.0)
    orders = model.discounted_purchases(ROWS, annual_rate=0.15)
    first = 365.0 / 500.0 / -math.expm1(-365.0 / 500.0)
    speed = math.log(1.15) / 365.25 + 1.0 / 500.0
    assert orders[2] == pytest.approx(first * 12 / 730 / speed)


def test_accounts_that_never_leave_go_on_at_a_constant_pace():
    model = OwnPace(365.0, LONGEST_STAY_DAYS)
    orders = model.expected_purchases(ROWS, horizon_days=3650)
    assert orders == pytest.approx([10.0, 40.0, 60.0], rel=5e-3)


def test_how_fast_accounts_leave_is_read_off_a_model_that_sees_it():
    story = BgNbd(0.8, 40.0, 0.8, 3.0)
    model = fit_own_pace(ROWS, story)
    curve = story.purchase_curve(ROWS, [365.0, 730.0]).sum(axis=0)
    kept = (curve[1] - curve[0]) / curve[0]
    assert math.exp(-365.0 / model.stay_days) == pytest.approx(kept)
    assert model.window_days == 365.0
    assert model.account_count == 3.0
    for_good = fit_own_pace(ROWS, Nbd(0.8, 40.0))
    assert for_good.stay_days == LONGEST_STAY_DAYS


def test_a_short_history_shortens_the_window():
    young = Histories.check([1, 0], [20, 0], [90, 30])
    assert fit_own_pace(young, Nbd(0.8, 40.0)).window_days == 90.0
    today = Histories.check([0], [0], [0])
    assert fit_own_pace(today, Nbd(0.8, 40.0)).window_days == 7.0
    with pytest.raises(BadHistoryError, match="no account"):
        fit_own_pace(Histories.check([], [], []), Nbd(0.8, 40.0))


def test_impossible_parameters_are_refused():
    with pytest.raises(BadParameterError, match="stay_days"):
        OwnPace(365.0, 0.0)


@settings(max_examples=40)
@given(history=one_history(), factor=st.floats(0.1, 8.0))
def test_a_pace_multiplies_orders_and_nothing_else(history, factor):
    model = OwnPace(365.0, 600.0)
    usual = model.flows(history, annual_rate=0.1, horizon_days=1096)
    faster = at_pace(model, factor).flows(history, annual_rate=0.1, horizon_days=1096)
    assert faster.orders == pytest.approx(factor * usual.orders)
    assert faster.alive_days == pytest.approx(usual.alive_days)


def test_the_story_comes_true():
    """A flat prior and 3 repeat orders in 400 days, simulated by acceptance."""
    rng = np.random.default_rng(5)
    rate = rng.uniform(0.0, 0.06, 200_000)
    rate = rate[rng.poisson(rate * 400.0) == 3]
    lived = np.minimum(rng.exponential(800.0, rate.size), 300.0)
    held = 365.0 / 800.0 / -np.expm1(-365.0 / 800.0)
    came = rng.poisson(rate * held * lived)
    one = Histories.check([3], [100], [400])
    model = OwnPace(365.0, 800.0)
    expected = model.expected_purchases(one, horizon_days=300)[0]
    noise = 4.0 * came.std() / math.sqrt(came.size)
    assert abs(came.mean() - expected) < noise
    many = one.take(np.zeros(20_000, dtype=int))
    drawn, _ = model.sample_while_alive(many, 300.0, rng)
    for count in range(5):
        share = (came == count).mean()
        error = 4.0 * math.sqrt(share * (1.0 - share) / drawn.size * 2.0)
        assert abs((drawn == count).mean() - share) < error + 1e-3
