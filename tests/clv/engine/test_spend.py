import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine import spend_likelihood
from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.priors import LogNormalPrior
from clv.engine.spend import (
    SPEND_PRIOR,
    GammaGamma,
    fit_gamma_gamma,
    fit_spend_with_ladder,
)
from tests.clv.engine import cdnow
from tests.clv.engine.strategies import parameter

PUBLISHED = GammaGamma(p=6.25, q=3.74, v=15.44)
money = st.floats(-1e6, 1e6)


@pytest.fixture(scope="module")
def fitted():
    table = cdnow.summary()
    return fit_gamma_gamma(table.x, table.mean_repeat)


def test_cdnow_parameters_are_the_published_ones(fitted):
    """Fader & Hardie 2013 and CLVTools' correctness test."""
    assert [fitted.p, fitted.q, fitted.v] == pytest.approx(
        [6.249572, 3.744225, 15.443521], rel=1e-5
    )
    assert fitted.log_likelihood == pytest.approx(-4055.9177, abs=1e-4)
    assert fitted.account_count == 946
    assert fitted.mean == pytest.approx(35.17, abs=0.01)


def test_cdnow_standard_errors(fitted):
    assert list(fitted.standard_errors.values()) == pytest.approx(
        [1.190, 0.290, 4.160], rel=1e-3
    )


def test_cdnow_full_file():
    table = cdnow.summary(cdnow.WEEKS_39, "CDNOW_master.txt")
    model = fit_gamma_gamma(table.x, table.mean_repeat)
    assert [model.p, model.q, model.v] == pytest.approx(
        [6.275359, 3.624450, 14.983687], rel=1e-5
    )
    assert model.log_likelihood == pytest.approx(-40763.4763, abs=1e-3)


def test_expected_spend_of_the_first_ten_customers():
    """Hardie's note 025; its means are rounded to cents."""
    x = [2, 1, 0, 0, 0, 7, 1, 0, 2, 0]
    z = [22.35, 11.77, 0, 0, 0, 73.74, 11.77, 0, 25.55, 0]
    assert PUBLISHED.expected_value(x, z) == pytest.approx(
        [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17],
        abs=0.06,
    )


def test_nothing_known_gives_the_mean_of_all():
    assert PUBLISHED.expected_value([0], [np.nan])[0] == pytest.approx(PUBLISHED.mean)


def test_many_orders_give_the_own_mean():
    for own in (80.0, -80.0):
        assert PUBLISHED.expected_value([1e6], [own])[0] == pytest.approx(own, rel=1e-4)


def test_losses_stay_losses_but_moderate():
    few, many = PUBLISHED.expected_value([2, 40], [-50.0, -50.0])
    assert -50.0 < many < few < PUBLISHED.mean
    assert many < 0.0


def test_non_positive_means_do_not_enter_the_fit(fitted):
    table = cdnow.summary()
    x = np.append(table.x, [3, 4])
    z = np.append(table.mean_repeat, [-20.0, 0.0])
    assert fit_gamma_gamma(x, z) == fitted


@given(
    parameter(),
    parameter(1.01, 40.0),
    parameter(0.1, 1e4),
    st.integers(0, 5000),
    money,
    money,
)
def test_expectation_is_linear_and_between(p, q, v, x, low, step):
    model = GammaGamma(p, q, v)
    low_value, high_value = model.expected_value([x, x], [low, low + abs(step)])
    assert low_value <= high_value
    if x:
        ends = sorted([low, model.mean])
        slack = 1e-9 * (abs(low) + model.mean)
        assert ends[0] - slack <= low_value <= ends[1] + slack


def test_story_of_margins_is_recovered():
    rng = np.random.default_rng(5)
    orders = rng.integers(1, 9, 4000)
    means = np.empty(4000)
    for row, count in enumerate(orders):
        nu = rng.gamma(4.0, 1 / 50.0)
        means[row] = np.mean([rng.gamma(3.0, 1 / nu) for _ in range(count)])
    model = fit_gamma_gamma(orders, means)
    errors = np.array(list(model.standard_errors.values()))
    assert (
        np.abs(np.array([model.p, model.q, model.v]) - [3, 4, 50]) < 3 * errors
    ).all()


def test_unit_of_money_does_not_matter(fitted):
    table = cdnow.summary()
    cents = fit_gamma_gamma(table.x, table.mean_repeat * 100)
    assert [cents.p, cents.q, cents.v / 100] == pytest.approx(
        [fitted.p, fitted.q, fitted.v], rel=1e-8
    )


def test_stored_parameters_rebuild_the_model(fitted):
    assert GammaGamma.from_parameters(json.loads(json.dumps(asdict(fitted)))) == fitted
    with pytest.raises(BadParameterError, match="not a stored GammaGamma"):
        GammaGamma.from_parameters({"p": 1})


@pytest.mark.parametrize(("p", "q", "v"), [(0, 2, 1), (1, 1, 1), (1, 2, np.inf)])
def test_impossible_parameters_are_refused(p, q, v):
    with pytest.raises(BadParameterError):
        GammaGamma(p, q, v)


def test_faulty_vectors_are_named():
    with pytest.raises(BadHistoryError, match=r"frequency is negative \(row 0\)"):
        fit_gamma_gamma([-1], [1.0])
    with pytest.raises(BadHistoryError, match=r"mean_value holds.*\(row 1\)"):
        fit_gamma_gamma([0, 1], [np.nan, np.nan])
    with pytest.raises(BadHistoryError, match=r"mean_value must be numbers \(row 0\)"):
        fit_gamma_gamma([1, 2], ["x", 3.0])
    with pytest.raises(BadHistoryError, match="mean_value has 2 values for 3"):
        fit_gamma_gamma([1, 2, 3], [3.0, 4.0])
    with pytest.raises(BadHistoryError, match="mean_value has 1 values for 2"):
        PUBLISHED.expected_value([1, 2], [3.0])
    with pytest.raises(BadHistoryError, match="no account has a positive mean"):
        fit_gamma_gamma([1, 0], [-1.0, 5.0])


@pytest.mark.parametrize(
    ("x", "z", "step"),
    [
        ([], [], "assumed"),
        ([1], [30.0], "pooled"),
        ([1, 2], [-5.0, 0.0], "assumed"),
        ([1] * 400, [7.0] * 400, "assumed"),
        ([2, 3, 1, 1, 8], [20.0, 10.0, -4.0, 30.0, 12.0], "pooled"),
    ],
)
def test_the_ladder_always_answers(x, z, step):
    model, reached = fit_spend_with_ladder(x, z)
    assert reached == step
    assert np.isfinite(model.expected_value([0, 1, 9], [0.0, -10.0, 10.0])).all()


def test_all_means_equal_is_an_error_by_likelihood_alone():
    with pytest.raises(NotConvergedError):
        fit_gamma_gamma([1] * 400, [7.0] * 400)


def test_enough_accounts_need_no_prior():
    table = cdnow.summary()
    model, step = fit_spend_with_ladder(table.x + 1, table.mean_all)
    assert step == "individual"
    assert model.account_count == 2357 - (table.mean_all <= 0).sum()


def test_prior_fades_with_accounts(fitted):
    table = cdnow.summary()
    model = fit_gamma_gamma(table.x, table.mean_repeat, prior=SPEND_PRIOR)
    assert model.mean == pytest.approx(fitted.mean, rel=5e-3)


def test_priors_must_make_sense():
    with pytest.raises(BadParameterError, match="one spread"):
        LogNormalPrior((1.0,), ())
    with pytest.raises(BadParameterError, match="positive"):
        LogNormalPrior((1.0,), (0.0,))


def test_relative_means_average_to_one():
    draws = PUBLISHED.draw_relative_means(
        np.full(200_000, 3.0), np.random.default_rng(1)
    )
    assert draws.mean() == pytest.approx(1.0, abs=0.005)


def test_a_large_sample_is_led_by_a_thin_one_to_the_same_optimum(monkeypatch):
    rng = np.random.default_rng(9)
    x = rng.geometric(0.3, 6_000).astype(float)
    z = rng.gamma(4.0 * x) / (4.0 * x) * 60.0 / rng.gamma(3.0, 1.0, 6_000)
    straight = fit_gamma_gamma(x, z)
    monkeypatch.setattr(spend_likelihood, "FEW", 500)
    led = fit_gamma_gamma(x, z)
    assert (led.p, led.q, led.v) == pytest.approx(
        (straight.p, straight.q, straight.v), rel=1e-7
    )
    assert led.log_likelihood == pytest.approx(straight.log_likelihood, abs=1e-6)
