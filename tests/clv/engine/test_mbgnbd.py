"""MBG/NBD; what it shares with BG/NBD is tested there."""

import math

import numpy as np
import pytest

from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories
from clv.engine.models import MbgNbd, fit_mbgnbd
from tests.clv.engine import cdnow
from tests.clv.engine.stories import bgnbd_account, lives


@pytest.fixture(scope="module")
def fitted():
    return fit_mbgnbd(cdnow.histories())


def test_cdnow_parameters(fitted):
    """BTYDplus, through the tests of lifetimes: 0.525, 6.183, 0.891, 1.614."""
    assert fitted.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.524843, 6.183085, 0.891359, 1.614002], rel=1e-5
    )
    per_week = cdnow.histories().frequency.sum() * math.log(7)
    assert fitted.log_likelihood + per_week == pytest.approx(-9582.1357, abs=1e-4)
    assert list(fitted.standard_errors.values()) == pytest.approx(
        [0.08327, 0.69562 * 7, 0.15479, 0.53749], rel=1e-3
    )


def test_cdnow_78_weeks_and_full_file():
    model = fit_mbgnbd(cdnow.histories(cdnow.WEEKS_78))
    assert model.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.617843, 8.656960, 0.551525, 1.009059], rel=1e-5
    )
    full = fit_mbgnbd(cdnow.histories(cdnow.WEEKS_39, "CDNOW_master.txt"))
    assert full.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.637140, 7.310290, 0.807474, 1.228394], rel=1e-5
    )


def test_conditional_expectation(fitted):
    """lifetimes and pymc-marketing agree on 1.262671 and 0.706126."""
    one = Histories.check([2], [30.43 * 7], [38.86 * 7])
    assert fitted.expected_purchases(one, horizon_days=273)[0] == pytest.approx(
        1.262671, rel=2e-6
    )
    assert fitted.probability_alive(one)[0] == pytest.approx(0.706126, rel=2e-6)


def test_expectation_of_a_new_account():
    """pymc-marketing's test values, after BTYDplus."""
    new = Histories.check([0], [0], [0])
    model = MbgNbd(0.525, 6.183, 0.891, 1.614)
    for t, expected in [(1, 0.0530848), (3, 0.1508633), (6, 0.2813602)]:
        orders = model.expected_purchases(new, horizon_days=t)[0]
        assert orders == pytest.approx(expected, rel=1e-4)


def test_one_time_buyers_fade():
    silent = Histories.check([0, 0, 0], [0, 0, 0], [0, 90, 900])
    model = MbgNbd(0.5, 40.0, 0.9, 1.6)
    today, later, much_later = model.probability_alive(silent)
    assert today == pytest.approx(1.6 / 2.5)
    assert today > later > much_later > 0.0


def test_no_repeat_purchase_is_an_error():
    with pytest.raises(NotConvergedError):
        fit_mbgnbd(Histories.check([0] * 500, [0] * 500, [300] * 500))


def test_the_story_comes_true():
    story = bgnbd_account(1.2, 40.0, 0.8, 3.0, leaves_at_first=True)
    past = lives(
        np.random.default_rng(21), 6000, age=365, future=365, draw_account=story
    )
    truth = MbgNbd(1.2, 40.0, 0.8, 3.0)
    alive = truth.probability_alive(past.histories)
    assert alive.mean() == pytest.approx(past.is_alive.mean(), abs=0.015)
    silent = past.histories.frequency == 0
    assert alive[silent].mean() == pytest.approx(past.is_alive[silent].mean(), abs=0.04)
    orders = truth.expected_purchases(past.histories, horizon_days=365)
    assert orders.sum() == pytest.approx(past.future_orders.sum(), rel=0.04)
    model = fit_mbgnbd(past.histories)
    errors = np.sqrt(np.diag(model.log_covariance))
    distance = np.log(model.parameters / [1.2, 40.0, 0.8, 3.0]) / errors
    assert np.abs(distance).max() < 3.5
