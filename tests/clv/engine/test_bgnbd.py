"""BG/NBD against published figures; weeks of the papers are 7 days here."""

import datetime as dt
import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from scipy.integrate import quad
from scipy.special import betaln

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.history import Histories, compress
from clv.engine.models import BgNbd, fit_bgnbd
from tests.clv.engine import cdnow
from tests.clv.engine.stories import bgnbd_account, lives
from tests.clv.engine.strategies import (
    annual_rates,
    horizons,
    one_history,
    parameter,
    rates,
)

WEEKLY_15_PERCENT = math.expm1(0.0027 / 7 * 365.25)


def in_weeks(r, alpha, a, b):
    return BgNbd(r, alpha * 7, a, b)


def weeks(x, recency, age):
    return Histories.check(x, np.array(recency) * 7, np.array(age) * 7)


PUBLISHED = in_weeks(0.2425945, 4.4136019, 0.7929199, 2.4258881)


@pytest.fixture(scope="module")
def fitted():
    return fit_bgnbd(cdnow.histories())


def test_cdnow_parameters_are_the_published_ones(fitted):
    """Fader, Hardie & Lee 2005, to the digits of CLVTools' correctness test."""
    assert fitted.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.2425945, 4.4136019, 0.7929199, 2.4258881], rel=2e-5
    )
    per_week = cdnow.histories().frequency.sum() * math.log(7)
    assert fitted.log_likelihood + per_week == pytest.approx(-9582.4292, abs=1e-4)


def test_cdnow_standard_errors(fitted):
    errors = np.array(list(fitted.standard_errors.values())) / [1, 7, 1, 1]
    assert errors == pytest.approx([0.01256, 0.37822, 0.18573, 0.70541], rel=1e-3)


def test_cdnow_78_weeks():
    model = fit_bgnbd(cdnow.histories(cdnow.WEEKS_78))
    assert model.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.253561, 5.447258, 0.607365, 2.647234], rel=1e-5
    )


def test_cdnow_full_file():
    histories = cdnow.histories(cdnow.WEEKS_39, "CDNOW_master.txt")
    model = fit_bgnbd(histories)
    assert model.parameters / [1, 7, 1, 1] == pytest.approx(
        [0.251624, 4.788943, 0.723434, 2.161088], rel=1e-5
    )
    per_week = histories.frequency.sum() * math.log(7)
    assert model.log_likelihood + per_week == pytest.approx(-95368.4439, abs=1e-3)


def test_expectation_of_a_new_account():
    """Hardie's spreadsheet: E[X(t)] for t weeks after the first purchase."""
    new = weeks([0], [0], [0])
    model = in_weeks(0.243, 4.414, 0.793, 2.426)
    for t, expected in [
        (0.1429, 0.0078),
        (1, 0.0532),
        (3, 0.1506),
        (31.8571, 1.0405),
        (32, 1.0437),
        (78, 1.8576),
    ]:
        orders = model.expected_purchases(new, horizon_days=t * 7)[0]
        assert orders == pytest.approx(expected, rel=4e-3)


def test_conditional_expectation_of_the_worksheet():
    one = weeks([2], [30.43], [38.86])
    assert PUBLISHED.expected_purchases(one, horizon_days=39 * 7)[0] == pytest.approx(
        1.2259, abs=1e-4
    )
    assert PUBLISHED.probability_alive(one)[0] == pytest.approx(0.726609, abs=2e-6)


def test_customer_1516():
    one = weeks([26], [30 + 6 / 7], [31])
    assert PUBLISHED.expected_purchases(one, horizon_days=364)[0] == pytest.approx(
        25.7565, abs=1e-3
    )
    assert PUBLISHED.probability_alive(one)[0] == pytest.approx(0.968852, abs=5e-6)


def test_the_increasing_frequency_paradox():
    """BTYD vignette: the same silence says more about a frequent buyer."""
    four = weeks([10, 15, 20, 25], [20] * 4, [39] * 4)
    assert PUBLISHED.expected_purchases(four, horizon_days=364) == pytest.approx(
        [0.3474606, 0.04283391, 0.004158973, 0.0003583685], rel=5e-4
    )


def test_discounted_residual_transactions():
    """Computed with 40-digit arithmetic for the 78-week parameters."""
    model = in_weeks(0.253561, 5.447258, 0.607365, 2.647234)
    four = weeks([7, 0, 2, 29], [35, 0, 30, 77], [77.86] * 4)
    orders = model.discounted_purchases(four, annual_rate=WEEKLY_15_PERCENT)
    assert orders == pytest.approx([1.147953, 0.749011, 2.621265, 60.807332], rel=2e-6)


def test_compressed_fit_equals_the_fit_on_all_accounts(fitted):
    small = fit_bgnbd(compress(cdnow.histories()).histories)
    assert small.parameters == pytest.approx(fitted.parameters, rel=1e-12)


def test_weekly_rounding_costs_little():
    everyone = cdnow.histories(cdnow.WEEKS_39, "CDNOW_master.txt")
    daily = fit_bgnbd(everyone)
    weekly = fit_bgnbd(compress(everyone, resolution_days=7).histories)
    assert weekly.parameters == pytest.approx(daily.parameters, rel=4e-3)
    totals = [
        model.expected_purchases(everyone, horizon_days=364).sum()
        for model in (daily, weekly)
    ]
    assert totals[1] == pytest.approx(totals[0], rel=1e-3)


def test_order_of_rows_does_not_matter(fitted):
    rows = np.random.default_rng(1).permutation(len(cdnow.histories()))
    again = fit_bgnbd(cdnow.histories().take(rows))
    assert again.parameters == pytest.approx(fitted.parameters, rel=1e-9)


def test_stored_parameters_predict_the_same_to_the_bit(fitted):
    stored = json.loads(json.dumps(asdict(fitted)))
    again = BgNbd.from_parameters(stored)
    assert again == fitted
    rows = cdnow.histories()
    first = fitted.discounted_purchases(rows, annual_rate=0.15, horizon_days=1096)
    second = again.discounted_purchases(rows, annual_rate=0.15, horizon_days=1096)
    assert np.array_equal(first, second)


def test_foreign_parameters_are_refused():
    with pytest.raises(BadParameterError, match="not a stored BgNbd"):
        BgNbd.from_parameters({"r": 1.0, "s": 1.0})
    with pytest.raises(BadParameterError, match="alpha must be positive"):
        BgNbd(1.0, 0.0, 1.0, 1.0)
    with pytest.raises(BadParameterError, match="r must be positive, not None"):
        BgNbd(None, 1.0, 1.0, 1.0)


def test_one_time_buyers_are_alive_for_certain():
    silent = Histories.check([0, 0], [0, 0], [0, 9999])
    assert PUBLISHED.probability_alive(silent).tolist() == [1.0, 1.0]


def test_nothing_happens_in_no_time():
    one = weeks([5], [20], [30])
    assert PUBLISHED.expected_purchases(one, horizon_days=0)[0] == 0.0
    assert PUBLISHED.expected_alive_days(one, annual_rate=0.1, horizon_days=0)[0] == 0.0


def test_whole_future_needs_a_rate():
    with pytest.raises(BadParameterError, match="whole future"):
        PUBLISHED.discounted_purchases(weeks([1], [1], [2]), annual_rate=0.0)


def test_heavy_buyers_stay_finite():
    """x = 700 in two years, ten years ahead: the 2F1 form is NaN here."""
    heavy = Histories.check([700, 100_000], [729, 36_500], [730, 36_500])
    orders = PUBLISHED.expected_purchases(heavy, horizon_days=3652.5)
    assert np.isfinite(orders).all()
    assert (orders > 0).all()


def test_no_account_or_no_repeat_is_an_error():
    with pytest.raises(BadHistoryError, match="no account"):
        fit_bgnbd(Histories.check([], [], []))
    with pytest.raises(NotConvergedError):
        fit_bgnbd(Histories.check([0] * 500, [0] * 500, [300] * 500))


@given(one_history(), parameter(), rates, parameter(), parameter(), horizons)
def test_expectations_are_bounded_and_grow(history, r, alpha, a, b, horizon):
    model = BgNbd(r, alpha, a, b)
    near = model.expected_purchases(history, horizon_days=horizon)[0]
    far = model.expected_purchases(history, horizon_days=horizon + 10)[0]
    undying = (r + history.frequency[0]) / (alpha + history.age_days[0]) * horizon
    assert 0.0 <= near <= far * (1 + 1e-9)
    assert near <= undying * (1 + 1e-9)
    days = model.expected_alive_days(history, annual_rate=0.0, horizon_days=horizon)[0]
    assert 0.0 <= days <= horizon * (1 + 1e-9)


@given(one_history(), parameter(), rates, parameter(), parameter(), annual_rates)
def test_discounting_never_adds(history, r, alpha, a, b, rate):
    model = BgNbd(r, alpha, a, b)
    plain = model.expected_purchases(history, horizon_days=1000)[0]
    less = model.discounted_purchases(history, annual_rate=rate, horizon_days=1000)[0]
    floor = plain * (1 + rate) ** (-1000 / 365.25)
    assert floor * (1 - 1e-4) - 1e-12 <= less <= plain * (1 + 1e-4) + 1e-12


@given(one_history(), parameter(), rates, parameter(), parameter())
def test_longer_silence_never_raises_the_chance(history, r, alpha, a, b):
    model = BgNbd(r, alpha, a, b)
    later = Histories.check(
        history.frequency, history.recency_days, history.age_days + 30
    )
    now, then = model.probability_alive(history)[0], model.probability_alive(later)[0]
    assert 0.0 <= then <= now <= 1.0


@pytest.mark.parametrize("a", [0.3, 1.0, 2.5])
def test_expectation_equals_direct_integration(a):
    """Over p by scipy's adaptive rule for the undiscounted closed form in time."""
    r, alpha, b, x, age, t = 0.8, 40.0, 3.0, 4, 300.0, 900.0
    model = BgNbd(r, alpha, a, b)

    def integrand(p):
        p = max(p, 1e-12)
        density = math.exp((b + x - 1) * math.log1p(-p) - betaln(a, b + x))
        return density * -math.expm1(-(r + x) * math.log1p(p * t / (alpha + age))) / p

    value, _ = quad(integrand, 0, 1, weight="alg", wvar=(a - 1, 0), epsabs=1e-13)
    history = Histories.check([x], [250], [age])
    alive = model.probability_alive(history)[0]
    got = model.expected_purchases(history, horizon_days=t)[0]
    assert got == pytest.approx(alive * value, rel=1e-9)


def test_curve_meets_the_expectations():
    rows = weeks([0, 2, 26], [0, 30, 30], [39, 39, 31])
    curve = PUBLISHED.purchase_curve(rows, [0, 30, 365.25])
    assert curve[:, 0] == pytest.approx(0)
    year = PUBLISHED.expected_purchases(rows, horizon_days=365.25)
    assert curve[:, 2] == pytest.approx(year, rel=1e-9)


def test_the_story_comes_true():
    """Simulated lives: chance alive and future orders are what the model says."""
    story = bgnbd_account(1.2, 40.0, 0.8, 3.0)
    rng = np.random.default_rng(20)
    past = lives(rng, 6000, age=365, future=365, draw_account=story)
    truth = BgNbd(1.2, 40.0, 0.8, 3.0)
    alive = truth.probability_alive(past.histories)
    assert alive.mean() == pytest.approx(past.is_alive.mean(), abs=0.015)
    orders = truth.expected_purchases(past.histories, horizon_days=365)
    assert orders.sum() == pytest.approx(past.future_orders.sum(), rel=0.04)
    model = fit_bgnbd(past.histories)
    errors = np.sqrt(np.diag(model.log_covariance))
    distance = np.log(model.parameters / [1.2, 40.0, 0.8, 3.0]) / errors
    assert np.abs(distance).max() < 3.5


def test_drawn_futures_have_the_expected_mean():
    rows = weeks([0, 2, 26], [0, 30, 30], [39, 39, 31])
    futures = PUBLISHED.simulate(
        rows, horizon_days=365, rng=np.random.default_rng(4), draws=8000
    )
    orders = PUBLISHED.expected_purchases(rows, horizon_days=365)
    days = PUBLISHED.expected_alive_days(rows, annual_rate=0.0, horizon_days=365)
    assert futures.orders.mean(axis=1) == pytest.approx(orders, rel=0.05)
    assert futures.alive_days.mean(axis=1) == pytest.approx(days, rel=0.02)


def test_same_seed_same_futures(fitted):
    rows = weeks([0, 2, 26], [0, 30, 30], [39, 39, 31])
    one, two = (
        fitted.simulate(rows, horizon_days=90, rng=np.random.default_rng(8), draws=9)
        for _ in range(2)
    )
    assert np.array_equal(one.orders, two.orders)


@pytest.mark.parametrize(
    ("rate", "horizon"), [(0.1, dt.timedelta(days=30)), (None, 30), ([0.1], 30)]
)
def test_a_rate_or_horizon_that_is_no_number_is_named(rate, horizon):
    one = weeks([5], [20], [30])
    with pytest.raises(BadParameterError, match=r"(horizon_days|annual_rate) must be"):
        PUBLISHED.discounted_purchases(one, annual_rate=rate, horizon_days=horizon)


@pytest.mark.parametrize(("x", "age"), [(9, 40.0), (58, 60.0), (700, 60.0)])
def test_a_young_busy_account_far_ahead(x, age):
    """Beside the integral over ln p; a sum of 20 nodes was 9e-4 off at x = 700."""
    model = BgNbd(0.9, 30.0, 1.0, 4.0)
    k, A, b = model.r + x, model.alpha + age, model.b + x
    horizon = 11.9 * A

    def part(u):
        p = math.exp(u)
        density = math.exp(u + (b - 1.0) * math.log1p(-p) - betaln(1.0, b))
        return density * -math.expm1(-k * math.log1p(p * horizon / A)) / p

    exact, _ = quad(part, -40.0, -1e-12, limit=400, epsrel=1e-12)
    one = Histories.check([x], age, age)
    alive = model.probability_alive(one)[0]
    orders = model.expected_purchases(one, horizon_days=horizon)[0]
    assert orders == pytest.approx(alive * exact, rel=2e-6)
    hardly = model.discounted_purchases(one, annual_rate=1e-9, horizon_days=horizon)[0]
    assert hardly == pytest.approx(alive * exact, rel=2e-6)
