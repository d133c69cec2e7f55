import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.models import Contracts, Sbg, fit_sbg
from clv.engine.models.sbg import SBG_PRIOR
from tests.clv.engine.strategies import parameter

HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)


@pytest.mark.parametrize(
    ("survivors", "parameters", "log_likelihood", "after_twelve"),
    [
        (HIGH_END, (0.668088, 3.806094), -1611.1581, 0.3780),
        (REGULAR, (0.704077, 1.182041), -1680.2652, 0.1700),
    ],
)
def test_published_cohorts(survivors, parameters, log_likelihood, after_twelve):
    """Fader & Hardie 2007: 0.668, 3.806 and 0.704, 1.182."""
    model = fit_sbg(Contracts.from_survivors(survivors))
    assert model.parameters == pytest.approx(parameters, rel=3e-6)
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=1e-4)
    assert model.survival([12])[0] == pytest.approx(after_twelve, abs=1e-4)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (Sbg(3.80, 15.20), (3.31, 3.45, 3.59, 3.72, 3.84)),
        (Sbg(0.067, 0.267), (7.68, 9.46, 9.86, 10.06, 10.19)),
    ],
)
def test_discounted_residual_lifetime(model, published):
    """Fader & Hardie 2010, table 3, at 10 %, after 1 to 5 periods."""
    got = model.discounted_renewals([0, 1, 2, 3, 4], rate_per_period=0.1)
    assert got == pytest.approx(published, abs=0.011)


def test_retention_rises_with_age():
    model = Sbg(0.668, 3.806)
    retention = model.probability_renewed([0, 1, 5, 1e9])
    assert (np.diff(retention) > 0).all()
    assert retention[0] == pytest.approx(3.806 / 4.474)
    assert retention[-1] == pytest.approx(1.0)


def test_survival_is_the_product_of_retentions():
    model = Sbg(0.668, 3.806)
    product = np.cumprod(model.probability_renewed(np.arange(8)))
    assert model.survival(np.arange(1, 9)) == pytest.approx(product)
    later = model.survival([3], renewals=2.0)[0]
    assert later == pytest.approx(product[4] / product[1])


def test_running_contracts_of_any_age_count():
    """Two cohorts of different age fit like their two likelihoods together."""
    old, young = (
        Contracts.from_survivors(HIGH_END),
        Contracts.from_survivors((500, 430)),
    )
    both = Contracts.check(
        np.append(old.renewals, young.renewals),
        np.append(old.has_ended, young.has_ended),
        np.append(old.weights, young.weights),
    )
    assert fit_sbg(both).account_count == 1500
    rows = np.repeat(np.arange(len(both)), both.weights.astype(int))
    plain = Contracts.check(both.renewals[rows], both.has_ended[rows])
    assert fit_sbg(plain).parameters == pytest.approx(fit_sbg(both).parameters)


def test_nobody_left_is_an_error_and_a_prior_helps():
    contracts = Contracts.check([3] * 200, [0] * 200)
    with pytest.raises(NotConvergedError):
        fit_sbg(contracts)
    loyal = fit_sbg(contracts, prior=SBG_PRIOR)
    assert loyal.probability_renewed([3])[0] > 0.97
    one = fit_sbg(Contracts.check([0], [1]), prior=SBG_PRIOR)
    assert 0 < one.probability_renewed([0])[0] < 1


def test_faults_are_named():
    with pytest.raises(BadHistoryError, match="renewals must be whole"):
        Contracts.check([0.5], [0])
    with pytest.raises(BadHistoryError, match="has_ended"):
        Contracts.check([1], [2])
    with pytest.raises(BadHistoryError, match="weights"):
        Contracts.check([1], [1], [-1])
    with pytest.raises(BadHistoryError, match="must not grow"):
        Contracts.from_survivors([10, 11])
    with pytest.raises(BadHistoryError, match="no contract"):
        fit_sbg(Contracts.check([], []))
    with pytest.raises(BadParameterError, match="periods"):
        Sbg(1, 1).expected_renewals([0], periods=-1)
    with pytest.raises(BadParameterError, match="renewals"):
        Sbg(1, 1).expected_renewals([-1], periods=1)


def test_stored_parameters_rebuild_the_model():
    model = fit_sbg(Contracts.from_survivors(REGULAR))
    assert Sbg.from_parameters(json.loads(json.dumps(asdict(model)))) == model


@given(parameter(), parameter(), st.integers(0, 50), st.floats(0.01, 1.0))
def test_older_contracts_are_worth_more(alpha, beta, renewals, rate):
    young, old = Sbg(alpha, beta).discounted_renewals(
        [renewals, renewals + 1], rate_per_period=rate
    )
    assert 0 < young <= old * (1 + 1e-12) <= (1 + 1 / rate) * (1 + 1e-9)


def test_the_story_comes_true():
    rng = np.random.default_rng(10)
    renewals, ended, later = [], [], 0
    for _ in range(5000):
        theta = rng.beta(0.9, 3.0)
        seen = rng.integers(1, 8)
        lived = 0
        while lived < seen + 4 and rng.random() >= theta:
            lived += 1
        renewals.append(min(lived, seen))
        ended.append(float(lived < seen))
        later += max(0, lived - seen)
    contracts = Contracts.check(renewals, ended)
    truth = Sbg(0.9, 3.0)
    running = contracts.has_ended == 0
    expected = truth.expected_renewals(contracts.renewals[running], periods=4).sum()
    assert expected == pytest.approx(later, rel=0.03)
    model = fit_sbg(contracts)
    errors = np.sqrt(np.diag(model.log_covariance))
    assert np.abs(np.log(model.parameters / truth.parameters) / errors).max() < 3.5


def test_a_rate_of_next_to_nothing_has_the_undiscounted_answer():
    """``(beta + t) / (alpha - 1)`` renewals are still to come, for alpha above 1."""
    model = Sbg(3.0, 5.0)
    ever = model.discounted_renewals([0, 4, 0], rate_per_period=1e-12)
    assert ever == pytest.approx([2.5, 4.5, 2.5], rel=1e-9)


def test_the_whole_future_is_what_long_horizons_come_to():
    model = Sbg(0.668, 3.806)
    ages = [0, 1, 7, 30]
    whole = model.discounted_renewals(ages, rate_per_period=0.1)
    long = model.discounted_renewals(ages, rate_per_period=0.1, periods=400)
    assert whole == pytest.approx(long, rel=1e-10)


@pytest.mark.parametrize("survivors", [(), (1_000, 500, -5)])
def test_survivors_are_counts(survivors):
    with pytest.raises(BadHistoryError, match="at least one"):
        Contracts.from_survivors(survivors)


def test_survival_looks_ahead_only():
    model = Sbg(0.668, 3.806)
    with pytest.raises(BadParameterError, match="ahead"):
        model.survival([1, -1])
    with pytest.raises(BadParameterError, match="renewals"):
        model.survival([1], renewals=-1)
