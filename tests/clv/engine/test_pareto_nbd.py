"""Pareto/NBD against published figures; weeks of the papers are 7 days here."""

import math

import numpy as np
import pytest
from hypothesis import given
from scipy.integrate import quad

from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories
from clv.engine.models import ParetoNbd, fit_pareto_nbd
from clv.engine.models.pareto_nbd import Columns, death_integral
from tests.clv.engine import cdnow
from tests.clv.engine.stories import lives, pareto_account
from tests.clv.engine.strategies import one_history, parameter, rates

WEEKLY_15_PERCENT = math.expm1(0.0027 / 7 * 365.25)


@pytest.fixture(scope="module")
def fitted():
    return fit_pareto_nbd(cdnow.histories())


def test_cdnow_parameters_are_the_published_ones(fitted):
    """Fader, Hardie & Lee 2005; CLVTools' correctness test for the errors."""
    assert fitted.parameters / [1, 7, 1, 7] == pytest.approx(
        [0.553277, 10.577684, 0.606240, 11.668731], rel=1e-5
    )
    per_week = cdnow.histories().frequency.sum() * math.log(7)
    assert fitted.log_likelihood + per_week == pytest.approx(-9594.9762, abs=1e-4)
    errors = np.array(list(fitted.standard_errors.values())) / [1, 7, 1, 7]
    assert errors == pytest.approx(
        [0.0476264, 0.8427222, 0.1872594, 6.2105448], rel=1e-3
    )


def test_cdnow_78_weeks():
    """BTYD's manual page of pnbd.DERT."""
    model = fit_pareto_nbd(cdnow.histories(cdnow.WEEKS_78))
    assert model.parameters / [1, 7, 1, 7] == pytest.approx(
        [0.5629966, 12.5590370, 0.4081095, 10.5148048], rel=4e-5
    )


def test_customer_1516(fitted):
    """BTYD's vignette, at its looser optimum: 25.45647 and 0.997874."""
    one = Histories.check([26], [216], [217])
    orders = fitted.expected_purchases(one, horizon_days=364)[0]
    assert orders == pytest.approx(25.455411, rel=2e-5)
    assert fitted.probability_alive(one)[0] == pytest.approx(0.997873, abs=2e-6)
    new = Histories.check([0], [0], [0])
    assert fitted.expected_purchases(new, horizon_days=364)[0] == pytest.approx(
        1.473441, rel=1e-5
    )


def test_the_increasing_frequency_paradox(fitted):
    four = Histories.check([10, 15, 20, 25], [140] * 4, [273] * 4)
    assert fitted.expected_purchases(four, horizon_days=364) == pytest.approx(
        [0.705906, 0.144154, 0.022491, 0.003090], rel=2e-4
    )


def test_expectation_of_a_new_account():
    """pymc-marketing's test values."""
    model = ParetoNbd(0.5534, 10.5802, 0.6061, 11.6562)
    new = Histories.check([0], [0], [0])
    for t, expected in [(1, 0.0510045), (3, 0.1461243), (6, 0.2750506)]:
        orders = model.expected_purchases(new, horizon_days=t)[0]
        assert orders == pytest.approx(expected, abs=1e-6)


def test_discounted_residual_transactions():
    """Tricomi's closed form and a numeric integral agree on these."""
    model = ParetoNbd(0.563004, 12.559169 * 7, 0.408107, 10.514546 * 7)
    x = [7, *range(1, 11)]
    rows = Histories.check(x, [245, *[210] * 10], [77.86 * 7] * 11)
    orders = model.discounted_purchases(rows, annual_rate=WEEKLY_15_PERCENT)
    assert orders[:6] == pytest.approx(
        [1.864183, 2.199155, 2.843534, 2.867128, 2.445410, 1.840502], rel=2e-5
    )
    assert orders[6:] == pytest.approx(
        [1.262416, 0.809618, 0.494804, 0.292025, 0.167928], rel=2e-5
    )


def test_heavy_buyers_stay_finite():
    """CLVTools' stability test; its ratio of powers overflows at x = 1000."""
    model = ParetoNbd(0.5143, 2.8845, 0.2856, 14.1087)
    rows = Histories.check([221, 254, 161, 204, 1000], [100] * 5, [101] * 5)
    alive = model.probability_alive(rows)
    assert ((alive > 0) & (alive < 1)).all()


def test_no_sign_of_death_is_an_error():
    with pytest.raises(NotConvergedError):
        fit_pareto_nbd(Histories.check([5] * 400, [300] * 400, [300] * 400))


def test_alive_without_silence():
    rows = Histories.check([0, 5], [0, 300], [0, 300])
    assert ParetoNbd(1, 30, 1, 50).probability_alive(rows).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("s", [0.4, 1.0, 1.0 + 1e-13, 2.5])
def test_expectation_has_no_gap_at_s_one(s):
    rows = Histories.check([3], [100], [200])
    near = ParetoNbd(0.8, 30.0, s, 90.0).expected_purchases(rows, horizon_days=500)
    beside = ParetoNbd(0.8, 30.0, s + 1e-7, 90.0).expected_purchases(
        rows, horizon_days=500
    )
    assert near[0] == pytest.approx(beside[0], rel=1e-5)


@pytest.mark.parametrize(
    ("alpha", "beta"), [(30.0, 30.0), (30.0, 3000.0), (3000.0, 30.0), (1.0, 1000.0)]
)
@pytest.mark.parametrize("x", [0, 3, 300])
def test_death_integral_equals_adaptive_quadrature(alpha, beta, x):
    recency, age = (60.0 if x else 0.0), 700.0
    rows = Columns(*(np.array([float(value)]) for value in (x, recency, age)))
    k, s = 0.6 + x, 0.7
    got, _ = death_integral(rows, np.array([0.6, alpha, s, beta]))
    start = -k * math.log(alpha + recency) - (s + 1) * math.log(beta + recency)

    def integrand(y):
        tau = recency + math.expm1(y)
        log_f = -k * math.log(alpha + tau) - (s + 1) * math.log(beta + tau)
        return math.exp(log_f - start + y)

    exact, _ = quad(integrand, 0, math.log1p(age - recency), epsabs=0, epsrel=1e-11)
    assert got[0] == pytest.approx(math.log(s * exact) + start, abs=1e-8)


@given(one_history(), parameter(), rates, parameter(0.02, 5.0), rates)
def test_longer_silence_never_raises_the_chance(history, r, alpha, s, beta):
    model = ParetoNbd(r, alpha, s, beta)
    later = Histories.check(
        history.frequency, history.recency_days, history.age_days + 30
    )
    now, then = model.probability_alive(history)[0], model.probability_alive(later)[0]
    assert 0.0 <= then <= now * (1 + 1e-9) <= 1.0 + 1e-9


def test_the_story_comes_true():
    story = pareto_account(1.2, 40.0, 0.8, 300.0)
    past = lives(
        np.random.default_rng(22), 6000, age=500, future=365, draw_account=story
    )
    truth = ParetoNbd(1.2, 40.0, 0.8, 300.0)
    alive = truth.probability_alive(past.histories)
    assert alive.mean() == pytest.approx(past.is_alive.mean(), abs=0.015)
    orders = truth.expected_purchases(past.histories, horizon_days=365)
    assert orders.sum() == pytest.approx(past.future_orders.sum(), rel=0.04)
    model = fit_pareto_nbd(past.histories)
    errors = np.sqrt(np.diag(model.log_covariance))
    distance = np.log(model.parameters / [1.2, 40.0, 0.8, 300.0]) / errors
    assert np.abs(distance).max() < 3.5
