"""Covariates of BG/BB and of the shifted-beta-geometric model."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import betaln

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.history import Histories
from clv.engine.models import (
    BgBb,
    BgNbd,
    Contracts,
    CovariateModel,
    Covariates,
    InDays,
    Opportunities,
    Sbg,
    fit_bgbb,
    fit_bgbb_with_covariates,
    fit_sbg,
    fit_sbg_with_covariates,
)
from clv.engine.models.covariate_fit import scales_of
from clv.engine.models.period_covariates import (
    shifted_contracts,
    shifted_opportunities,
)

YEAR = 365.25
BUYING, LEAVING, ENDING = 0.7, 0.9, -0.8


def flags(count, seed=1):
    return (np.random.default_rng(seed).random(count) < 0.4).astype(float)


def donors(count=6_000, seed=5):
    """Members buy more often, and leave sooner, by the log odds of the mean chance."""
    rng, member = np.random.default_rng(seed), flags(count)
    p = rng.beta(1.2, 0.75 * np.exp(-BUYING * member))
    theta = rng.beta(0.66, 2.8 * np.exp(-LEAVING * member))
    chances = rng.integers(4, 9, count)
    x, last, alive = np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    for step in range(1, 9):
        alive &= rng.random(count) >= theta
        bought = alive & (rng.random(count) < p) & (step <= chances)
        x += bought
        last[bought] = step
    return Opportunities.check(x, last, chances), member


def contracts(count=6_000, seed=6):
    """Large contracts end more rarely."""
    rng, large = np.random.default_rng(seed), flags(count)
    theta = rng.beta(0.9, 2.5 * np.exp(-ENDING * large))
    ends = rng.geometric(theta) - 1
    seen = rng.integers(1, 8, count)
    return Contracts.check(np.minimum(ends, seen), ends < seen), large


@pytest.fixture(scope="module")
def giving():
    histories, member = donors()
    columns = {"member": member}
    given = Covariates.check(len(histories), purchases=columns, leaving=columns)
    model = fit_bgbb_with_covariates(histories, given, period_days=YEAR)
    return model, histories, given


@pytest.fixture(scope="module")
def renewing():
    rows, large = contracts()
    given = Covariates.check(len(rows), leaving={"large": large})
    return fit_sbg_with_covariates(rows, given, period_days=YEAR), rows, given


def test_gradients_are_those_of_the_likelihood():
    histories, member = donors(400)
    numbers = np.random.default_rng(3).normal(size=400).round(1)
    both = {"member": member, "number": numbers}
    given = Covariates.check(400, purchases=both, leaving={"member": member})
    scales = scales_of(given, histories.weights)
    some, large = contracts(400)
    ending = Covariates.check(400, leaving={"large": large, "number": numbers})
    for rows, size in (
        (shifted_opportunities(histories, given, scales), 7),
        (shifted_contracts(some, ending, scales_of(ending, some.weights)), 4),
    ):
        point = np.random.default_rng(1).normal(0.2, 0.3, size)
        assert rows.log_likelihood(point)[1] == pytest.approx(
            approx_fprime(point, lambda at, of=rows: of.log_likelihood(at)[0], 1e-7),
            rel=2e-4,
            abs=1e-3,
        )


def test_the_coefficients_of_simulated_donors_are_found(giving):
    model, histories, _ = giving
    errors = model.standard_errors
    truth = {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}
    found = {name: getattr(model.base.model, name) for name in truth}
    found |= {f"purchases.{name}": effect for name, effect in model.purchase_effects}
    found |= {f"leaving.{name}": effect for name, effect in model.leaving_effects}
    truth |= {"purchases.member": BUYING, "leaving.member": LEAVING}
    assert list(found) == list(errors)
    for name, true in truth.items():
        assert abs(found[name] - true) < 3.5 * errors[name], name
    assert errors["purchases.member"] < 0.2 * BUYING
    assert errors["leaving.member"] < 0.2 * LEAVING
    assert model.log_likelihood > fit_bgbb(histories).log_likelihood + 50
    assert model.account_count == 6_000


def test_contracts_agree_with_a_search_over_the_likelihood_as_it_is_written(renewing):
    model, rows, given = renewing
    t, ended, large = rows.renewals, rows.has_ended, given.leaving[:, 0]

    def minus(point):
        alpha, beta, effect = np.exp(point[0]), np.exp(point[1]), point[2]
        own = beta * np.exp(-effect * large)
        return -(betaln(alpha + ended, own + t) - betaln(alpha, own)).sum()

    best = minimize(minus, [0.0, 1.0, 0.0], method="Nelder-Mead", tol=1e-10)
    (_, effect), sbg = model.leaving_effects[0], model.base.model
    assert [np.log(sbg.alpha), np.log(sbg.beta), effect] == pytest.approx(
        best.x, abs=1e-5
    )
    assert model.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    errors = model.standard_errors
    assert abs(effect - ENDING) < 3.5 * errors["leaving.large"] < 0.7 * abs(ENDING)
    assert abs(sbg.alpha - 0.9) < 3.5 * errors["alpha"]
    assert abs(sbg.beta - 2.5) < 3.5 * errors["beta"]


def test_without_covariates_they_are_the_plain_models():
    histories, _ = donors(1_500)
    some, _ = contracts(1_500)
    nothing = Covariates.check(1_500)
    for fitted, plain in (
        (
            fit_bgbb_with_covariates(histories, nothing, period_days=YEAR),
            fit_bgbb(histories),
        ),
        (fit_sbg_with_covariates(some, nothing, period_days=YEAR), fit_sbg(some)),
    ):
        assert fitted.base.model.parameters == pytest.approx(plain.parameters, rel=1e-6)
        assert fitted.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        assert fitted.standard_errors == pytest.approx(plain.standard_errors, rel=1e-4)


def test_answers_are_those_of_each_accounts_own_model(giving, renewing):
    model, histories, given = giving
    member = given.purchases[:, 0] > 0
    base, (_, buying), (_, leaving) = (
        model.base.model,
        model.purchase_effects[0],
        model.leaving_effects[0],
    )
    others = BgBb(
        base.alpha,
        base.beta * np.exp(-buying),
        base.gamma,
        base.delta * np.exp(-leaving),
    )
    contract, rows, of_large = renewing
    large = of_large.leaving[:, 0] > 0
    sbg = contract.base.model
    of_others = Sbg(sbg.alpha, sbg.beta * np.exp(-contract.leaving_effects[0][1]))
    for ask in (
        lambda one, *h: one.probability_alive(*h),
        lambda one, *h: one.expected_purchases(*h, horizon_days=1_000),
        lambda one, *h: one.discounted_purchases(*h, annual_rate=0.15),
    ):
        got = ask(model, histories, given)
        for mask, plain in ((member, others), (~member, base)):
            assert got[mask] == pytest.approx(
                ask(InDays(plain, YEAR), histories)[mask], rel=1e-12
            )
        got = ask(contract, rows, of_large)
        for mask, plain in ((large, of_others), (~large, sbg)):
            assert got[mask] == pytest.approx(
                ask(InDays(plain, YEAR), rows)[mask], rel=1e-12
            )


def test_an_effect_adds_to_the_log_odds_of_the_mean_chance():
    model = CovariateModel(InDays(BgBb(1.2, 0.8, 0.7, 3.0), YEAR), (("z", 0.5),), ())
    p = model.model_of(np.array([1.0]), np.array([])).model
    assert p.alpha / p.beta == pytest.approx(1.5 * np.exp(0.5))
    ending = CovariateModel(InDays(Sbg(0.7, 2.5), YEAR), (), (("w", -0.3),))
    theta = ending.model_of(np.array([]), np.array([2.0])).model
    assert theta.alpha / theta.beta == pytest.approx(0.7 / 2.5 * np.exp(-0.6))


def test_units_of_covariates_do_not_matter(renewing):
    model, rows, given = renewing
    other = Covariates.check(
        len(rows), leaving={"large": 1e6 * given.leaving[:, 0] + 5e6}
    )
    far = fit_sbg_with_covariates(rows, other, period_days=YEAR)
    assert far.log_likelihood == pytest.approx(model.log_likelihood, abs=1e-5)
    assert far.leaving_effects[0][1] * 1e6 == pytest.approx(
        model.leaving_effects[0][1], rel=1e-3
    )


def test_weights_count_rows_that_often():
    rows, large = contracts(800)
    given = Covariates.check(800, leaving={"large": large})
    twice = Contracts.check(rows.renewals, rows.has_ended, np.full(800, 2.0))
    one, two = (
        fit_sbg_with_covariates(each, given, period_days=YEAR) for each in (rows, twice)
    )
    assert two.leaving_effects[0][1] == pytest.approx(one.leaving_effects[0][1])
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood)
    assert two.account_count == 1_600


def test_faults_are_refused_with_a_reason(giving, renewing):
    _, histories, given = giving
    model, rows, of_large = renewing
    with pytest.raises(BadParameterError, match="sBG knows no purchases"):
        fit_sbg_with_covariates(rows, given, period_days=YEAR)
    with pytest.raises(BadParameterError, match="period_days must be above 0"):
        fit_sbg_with_covariates(rows, of_large, period_days=0.0)
    with pytest.raises(BadParameterError, match="period_days"):
        fit_bgbb_with_covariates(histories, given, period_days=float("nan"))
    with pytest.raises(BadHistoryError, match="for each history"):
        fit_bgbb_with_covariates(histories, Covariates.check(3), period_days=YEAR)
    with pytest.raises(BadHistoryError, match="no account"):
        fit_sbg_with_covariates(
            Contracts.check([], []), Covariates.check(0), period_days=YEAR
        )
    same = Covariates.check(len(rows), leaving={"large": 1.0})
    with pytest.raises(BadHistoryError, match="large is the same for every account"):
        fit_sbg_with_covariates(rows, same, period_days=YEAR)
    flag = of_large.leaving[:, 0]
    twice = Covariates.check(len(rows), leaving={"a": flag, "b": 2 * flag})
    with pytest.raises(NotConvergedError):
        fit_sbg_with_covariates(rows, twice, period_days=YEAR)
    with pytest.raises(BadParameterError, match="not of the kind of the fit"):
        model.probability_alive(
            Histories.check([0], [0], [9]), Covariates.check(1, leaving={"large": 1})
        )
    repeat = CovariateModel(BgNbd(0.8, 40.0, 0.9, 4.0), (), ())
    with pytest.raises(BadParameterError, match="not of the kind of the fit"):
        repeat.probability_alive(rows, Covariates.check(len(rows)))
