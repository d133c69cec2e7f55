"""Firms at the edge of what the models can say: exact answers, or a reason."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import betaln

from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories
from clv.engine.ladder import ASSUMED, INDIVIDUAL, POOLED, fit_with_ladder
from clv.engine.models import (
    FAMILIES,
    BgNbd,
    Contracts,
    MbgNbd,
    Opportunities,
    family,
    fit_bgbb,
    fit_bgnbd,
    fit_sbg,
)
from clv.engine.spend import fit_spend_with_ladder
from tests.clv.engine import cdnow

TEN_YEARS = 3652.5
every_model = pytest.mark.parametrize("name", FAMILIES)


@every_model
def test_when_all_are_identical_all_are_worth_the_same(name):
    firm = Histories.check([5.0] * 500, 200.0, 300.0)
    fit = fit_with_ladder(firm, name=name)
    assert fit.step in {POOLED, ASSUMED}
    assert "failed" in fit.reason or "unknown" in fit.reason
    orders = fit.model.expected_purchases(firm, horizon_days=365)
    assert (orders == orders[0]).all()
    # They bought 5 times in 300 days, and the last silence is no longer than usual.
    assert 0.5 < orders[0] < 365 * 6 / 300
    alone = fit.model.expected_purchases(firm.take(np.array([7])), horizon_days=365)
    assert alone[0] == orders[0]


@every_model
def test_when_all_have_left_little_is_left(name):
    rng = np.random.default_rng(4)
    x = rng.integers(2, 9, 400).astype(float)
    firm = Histories.check(x, 8.0 * x, 3_000.0)
    fit = fit_with_ladder(firm, name=name)
    alive = fit.model.probability_alive(firm)
    orders = fit.model.expected_purchases(firm, horizon_days=365)
    if name == "nbd":  # knows no leaving: all that is left is a slow pace
        assert (alive == 1.0).all()
        assert orders.sum() < 1.3 * x.sum() * 365 / 3_000
    else:
        assert alive.max() < 0.05
        assert orders.sum() < 0.05 * 400


@every_model
def test_when_nobody_came_back_the_models_say_so(name):
    firm = Histories.check(np.zeros(400), 0.0, np.arange(400.0) % 300 + 30)
    with pytest.raises(NotConvergedError):
        family(name).fit(firm)
    fit = fit_with_ladder(firm, name=name)
    assert fit.step == POOLED
    alive = fit.model.probability_alive(firm)
    if name in {"bgnbd", "nbd"}:
        assert (alive == 1.0).all()  # nobody can leave before a second purchase
    else:
        assert (alive < 1.0).all()
    orders = fit.model.expected_purchases(firm, horizon_days=365)
    assert 0.0 < orders.max() < 2.0


def test_a_young_firm_without_leavers_gets_a_reason_not_a_model():
    """As the first 40 weeks of apparel, where a and b run off together."""
    rng = np.random.default_rng(2)
    age = np.full(600, 280.0)
    x = rng.poisson(rng.gamma(1.2, 1 / 250, 600) * age).astype(float)
    recency = np.where(x > 0, np.rint(age * rng.beta(np.maximum(x, 1), 1.0)), 0.0)
    firm = Histories.check(x, np.clip(recency, x > 0, age), age)
    with pytest.raises(NotConvergedError, match=r"flat|bound|rest"):
        fit_bgnbd(firm)
    fit = fit_with_ladder(firm, name="bgnbd")
    assert fit.step == POOLED
    assert fit.reason.startswith("Maximum likelihood failed")
    assert fit_with_ladder(firm, name="nbd").step == INDIVIDUAL


@every_model
@pytest.mark.parametrize("x", [700.0, 100_000.0])
def test_heavy_buyers_have_finite_futures(name, x):
    model = family(name).model(*family(name).prior.medians)
    heavy = Histories.check([x, x], [730.0, 500.0], 730.0)
    for answer in (
        model.probability_alive(heavy),
        model.expected_purchases(heavy, horizon_days=TEN_YEARS),
        model.discounted_purchases(heavy, annual_rate=0.1),
        model.expected_alive_days(heavy, annual_rate=0.1, horizon_days=TEN_YEARS),
    ):
        assert np.isfinite(answer).all()
        assert (answer >= 0.0).all()
    alive = model.probability_alive(heavy)
    assert alive[0] > 0.99  # bought today
    if name != "nbd":
        assert alive[1] < 1e-6  # silent for 230 days at hundreds a year


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
def test_a_hundred_thousand_orders_have_the_exact_expectation(kind):
    """Beside the integral over the chance to leave, taken in ln p."""
    model = kind(0.7, 56.0, 0.8, 3.0)
    x, age, horizon = 100_000.0, 3_650.0, 365.0
    k, A, a = model.r + x, model.alpha + age, model.a
    b = model.b + x + kind.FIRST_CHANCES

    def part(u):
        p = np.exp(u)
        density = a * u + (b - 1.0) * np.log1p(-p) - betaln(a, b)
        return np.exp(density) * -np.expm1(-k * np.log1p(p * horizon / A)) / p

    one = Histories.check([x], age, age)
    alive = model.probability_alive(one)[0]
    exact = alive * quad(part, -40.0, np.log(1e-2), limit=400, epsrel=1e-12)[0]
    expected = model.expected_purchases(one, horizon_days=horizon)[0]
    assert expected == pytest.approx(exact, rel=1e-8)
    assert expected < x / age * horizon


def test_a_fit_comes_to_rest_beside_a_hundred_thousand_orders():
    known = cdnow.histories()
    firm = Histories.check(
        np.append(known.frequency, 100_000.0),
        np.append(known.recency_days, 272.0),
        np.append(known.age_days, 272.9),
    )
    model = fit_bgnbd(firm)
    assert np.isfinite(model.log_likelihood)
    assert model.r < fit_bgnbd(known).r  # paces differ more than before
    assert all(0 < error < 1 for error in model.standard_errors.values())


@every_model
def test_a_weight_of_three_is_three_accounts(name):
    one = cdnow.histories().take(np.arange(0, 2_357, 3))
    thrice = one.take(np.repeat(np.arange(len(one)), 3))
    weighted = Histories.check(
        one.frequency, one.recency_days, one.age_days, np.full(len(one), 3.0)
    )
    ours, theirs = family(name).fit(weighted), family(name).fit(thrice)
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-8)
    if name != "mbg_cnbd":  # unknown without the gaps
        assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-11)
    assert ours.account_count == theirs.account_count == 3 * len(one)


@every_model
def test_weights_may_sum_to_one(name):
    one = cdnow.histories().take(np.arange(0, 2_357, 3))
    shares = Histories.check(
        one.frequency, one.recency_days, one.age_days, 1.0 / len(one)
    )
    ours, theirs = family(name).fit(shares), family(name).fit(one)
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-8)


def test_weights_of_contracts_and_opportunities_are_counts():
    renewals, ended = np.array([0, 1, 3, 3]), np.array([1, 1, 0, 1])
    counts = np.array([40, 25, 60, 10])
    row = np.repeat(np.arange(4), counts)
    ours = fit_sbg(Contracts.check(renewals, ended, counts))
    theirs = fit_sbg(Contracts.check(renewals[row], ended[row]))
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-8)
    given = pd.read_csv(cdnow.data_file("donations.csv"))
    counts = np.maximum(given["weights"] // 40, 1)
    row = np.repeat(np.arange(len(given)), counts)
    columns = [given[name].to_numpy() for name in ("frequency", "recency", "periods")]
    ours = fit_bgbb(Opportunities.check(*columns, counts))
    theirs = fit_bgbb(Opportunities.check(*(column[row] for column in columns)))
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-6)


def test_margins_that_are_all_the_same_stay_what_they_are():
    model, step = fit_spend_with_ladder(np.full(500, 4.0), np.full(500, 80.0))
    assert step in {"pooled", "assumed"}
    expected = model.expected_value([4.0, 0.0], [80.0, 0.0])
    assert expected == pytest.approx([80.0, 80.0], rel=0.02)
