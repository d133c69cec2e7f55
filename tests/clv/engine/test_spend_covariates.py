"""Covariates of margin per order."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import gammaln

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.shifted import Scales
from clv.engine.spend import GammaGamma, fit_gamma_gamma
from clv.engine.spend_covariates import (
    CovariateGammaGamma,
    fit_gamma_gamma_with_covariates,
    shifted_means,
)
from tests.clv.engine import cdnow

P, Q, V, EFFECT, PER_SIZE = 6.0, 3.8, 15.0, 0.6, -0.002


@pytest.fixture(scope="module")
def firm():
    """Accounts of the web spend more per order, large ones a little less."""
    rng, count = np.random.default_rng(11), 4_000
    web = (rng.random(count) < 0.4).astype(float)
    size = np.round(rng.normal(250.0, 40.0, count))
    v = V * np.exp(EFFECT * web + PER_SIZE * size)
    nu = rng.gamma(Q, 1 / v)
    x = rng.integers(1, 9, count).astype(float)
    z = rng.gamma(P * x, 1 / (nu * x))
    return x, z, {"web": web, "size": size}


def test_gradient_is_the_slope_of_the_likelihood(firm):
    x, z, columns = firm
    some = np.stack(list(columns.values()), axis=1)[:300]
    scales = Scales.of(some, np.ones(300), tuple(columns), 2)
    rows = shifted_means(x[:300], z[:300], scales.applied(some))
    point = np.array([1.2, 0.7, 2.0, 0.3, -0.4])
    assert rows.log_likelihood(point)[1] == pytest.approx(
        approx_fprime(point, lambda at: rows.log_likelihood(at)[0], 1e-7), rel=1e-4
    )


def test_the_coefficients_of_a_simulated_firm_are_found(firm):
    model = fit_gamma_gamma_with_covariates(*firm)
    errors, effects = model.standard_errors, dict(model.effects)
    truth = {"p": P, "q": Q, "v": V, "web": EFFECT, "size": PER_SIZE}
    found = {"p": model.base.p, "q": model.base.q, "v": model.base.v} | effects
    assert list(found) == list(errors)
    for name, true in truth.items():
        assert abs(found[name] - true) < 3.5 * errors[name], name
    assert errors["web"] < 0.1 * EFFECT
    plain = fit_gamma_gamma(*firm[:2])
    assert model.log_likelihood > plain.log_likelihood + 50


def test_it_is_where_a_search_over_the_likelihood_as_it_is_written_ends(firm):
    x, z, web = firm[0][:500], firm[1][:500], firm[2]["web"][:500]

    def minus(point):
        p, q, v = np.exp(point[0]), 1 + np.exp(point[1]), np.exp(point[2])
        v_i, px = v * np.exp(point[3] * web), p * x
        return -(
            gammaln(px + q)
            - gammaln(px)
            - gammaln(q)
            + q * np.log(v_i)
            + (px - 1) * np.log(z)
            + px * np.log(x)
            - (px + q) * np.log(v_i + x * z)
        ).sum()

    start = [np.log(P), np.log(Q - 1), np.log(V), EFFECT]
    options = {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4_000, "maxfev": 4_000}
    best = minimize(minus, start, method="Nelder-Mead", options=options)
    model = fit_gamma_gamma_with_covariates(x, z, {"web": web})
    base, (_, effect) = model.base, model.effects[0]
    found = [np.log(base.p), np.log(base.q - 1), np.log(base.v), effect]
    assert found == pytest.approx(best.x, abs=1e-5)
    assert model.log_likelihood == pytest.approx(-best.fun, abs=1e-6)


def test_without_covariates_it_is_the_plain_model():
    rows = cdnow.summary()
    x, z = rows.x.to_numpy(float), rows.mean_repeat.to_numpy()
    plain, fitted = fit_gamma_gamma(x, z), fit_gamma_gamma_with_covariates(x, z, {})
    assert fitted.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert fitted.account_count == plain.account_count == 946
    assert fitted.standard_errors == pytest.approx(plain.standard_errors, rel=1e-4)
    assert fitted.expected_value(x, z, {}) == pytest.approx(
        plain.expected_value(x, z), rel=1e-6
    )


def test_money_and_covariates_may_be_in_any_unit(firm):
    x, z, columns = firm
    one = fit_gamma_gamma_with_covariates(x, z, columns)
    far = {"web": 1e6 * columns["web"] + 5e6, "size": columns["size"]}
    other = fit_gamma_gamma_with_covariates(x, 100 * z, far)
    assert dict(other.effects)["web"] * 1e6 == pytest.approx(
        dict(one.effects)["web"], rel=1e-6
    )
    assert other.log_likelihood == pytest.approx(
        one.log_likelihood - x.size * np.log(100), abs=1e-5
    )
    assert other.expected_value(x, 100 * z, far) == pytest.approx(
        100 * one.expected_value(x, z, columns), rel=1e-6
    )


def test_each_account_is_drawn_towards_the_mean_of_its_like():
    base = GammaGamma(P, Q, V)
    model = CovariateGammaGamma(base, (("web", EFFECT),))
    moved = GammaGamma(P, Q, V * np.exp(EFFECT))
    x, z = [0, 3, 0, 3, 3], [0, 40.0, 0, 40.0, -5.0]
    got = model.expected_value(x, z, {"web": [0, 0, 1, 1, 1]})
    assert got[:2] == pytest.approx(base.expected_value(x[:2], z[:2]), rel=1e-12)
    assert got[2:] == pytest.approx(moved.expected_value(x[2:], z[2:]), rel=1e-12)
    assert got[0] == pytest.approx(P * V / (Q - 1))
    assert model.standard_errors == {}


def test_losses_stay_out_of_the_fit_and_in_the_mean(firm):
    x, z, columns = firm
    web = {"web": columns["web"]}
    plain = fit_gamma_gamma_with_covariates(x, z, web)
    lost, more = np.append(z, [-8.0, -2.0]), np.append(x, [2.0, 3.0])
    both = {"web": np.append(columns["web"], [0.0, 0.0])}
    model = fit_gamma_gamma_with_covariates(more, lost, both)
    assert model.effects[0][1] == pytest.approx(plain.effects[0][1], rel=1e-9)
    assert model.base.loss_share == pytest.approx(5 / more.sum())
    assert model.base.loss_mean == pytest.approx(-22 / 5)


def test_faults_are_refused_with_a_reason(firm):
    x, z, columns = firm
    with pytest.raises(BadHistoryError, match="web is the same for every account"):
        fit_gamma_gamma_with_covariates(x, z, {"web": 1.0})
    with pytest.raises(BadHistoryError, match="web has 3 values"):
        fit_gamma_gamma_with_covariates(x, z, {"web": [1, 0, 1]})
    with pytest.raises(BadHistoryError, match="positive mean"):
        fit_gamma_gamma_with_covariates([1, 2], [-1.0, -2.0], {"web": [0, 1]})
    web = columns["web"]
    with pytest.raises(NotConvergedError):
        fit_gamma_gamma_with_covariates(x, z, {"a": web, "b": 2 * web})
    model = fit_gamma_gamma_with_covariates(x, z, columns)
    with pytest.raises(BadParameterError, match="not those of the fit"):
        model.expected_value(x, z, {"web": web})
    with pytest.raises(BadHistoryError, match="size"):
        model.expected_value(x, z, {"web": web, "size": np.nan})
