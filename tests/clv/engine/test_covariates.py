from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.history import Histories
from clv.engine.models import (
    BgNbd,
    CovariateModel,
    Covariates,
    MbgCnbd,
    MbgNbd,
    Nbd,
    ParetoNbd,
    family,
    fit_with_covariates,
)
from clv.engine.models.covariate_fit import scales_of, shifted_histories
from tests.clv.engine import cdnow

FAMILIES = {
    "bgnbd": BgNbd(0.8, 40.0, 0.9, 4.0),
    "mbgnbd": MbgNbd(0.8, 40.0, 0.9, 4.0),
    "pareto_nbd": ParetoNbd(0.8, 40.0, 0.7, 120.0),
    "nbd": Nbd(0.8, 40.0),
    "mbg_cnbd": MbgCnbd(0.8, 20.0, 0.9, 4.0, regularity=2),
}
WITH_LEAVING = [name for name in FAMILIES if name != "nbd"]


def covariates(count, *, seed=2, leaving=True):
    """A flag and a number of another size; leaving follows the flag."""
    rng = np.random.default_rng(seed)
    flag = (rng.random(count) < 0.4).astype(float)
    size = np.round(rng.normal(250.0, 40.0, count) / 20) * 20
    return Covariates.check(
        count,
        purchases={"web": flag, "size": size},
        leaving={"web": flag} if leaving else {},
    )


def simulated(name, effects, *, count, seed):
    """Tell each account's story with its own parameters."""
    base = FAMILIES[name]
    given = covariates(count, seed=seed, leaving=name != "nbd")
    rng = np.random.default_rng(seed)
    x, recency = np.zeros(count), np.zeros(count)
    age = np.floor(rng.uniform(200, 900, count))
    rows, place = np.unique(given.both(), axis=0, return_inverse=True)
    for number, row in enumerate(rows):
        part = np.flatnonzero(place.ravel() == number)
        model = effects_model(base, effects, row)
        x[part], recency[part] = tell(rng, model, age[part])
    return Histories.check(x, recency, age), given


def tell(rng, model, age):
    """Let accounts buy and leave until their age; return repeats and recency."""
    size, values = age.size, {one: getattr(model, one) for one in model.PARAMETERS}
    rate = rng.gamma(values["r"], 1 / values["alpha"], size)
    chance, ends = np.zeros(size), age.copy()
    if "a" in values:
        chance = rng.beta(values["a"], values["b"], size)
    if "s" in values:
        death = rng.exponential(1 / rng.gamma(values["s"], 1 / values["beta"], size))
        ends = np.minimum(ends, death)
    x, recency, now = np.zeros(size), np.zeros(size), np.zeros(size)
    active, k = np.arange(size), getattr(model, "regularity", 1)
    if isinstance(model, MbgNbd | MbgCnbd):
        active = active[rng.random(size) >= chance]
    while active.size:
        now[active] += rng.gamma(k, 1 / rate[active])
        active = active[now[active] <= ends[active]]
        x[active] += 1
        recency[active] = now[active]
        active = active[rng.random(active.size) >= chance[active]]
    return x, recency


def plain_fit(name, histories):
    """Fit without covariates; only differences of likelihoods count below."""
    gaps = {"log_gap_sum": 0.0} if name == "mbg_cnbd" else {}
    return family(name).fit(histories, **gaps)


def effects_model(base, effects, row):
    pace = row[:2] @ effects["purchases"]
    values = dict(zip(base.PARAMETERS, base.parameters.tolist(), strict=True))
    values["alpha"] *= np.exp(-pace)
    if row.size > 2:
        away = row[2] * effects["leaving"]
        for key, sign in (("a", 1), ("b", 1), ("beta", -1)):
            if key in values:
                values[key] *= np.exp(sign * away)
    return replace(base, **values)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_are_those_of_the_likelihood(name):
    histories = cdnow.histories().take(np.arange(300))
    given = covariates(300, leaving=name != "nbd")
    scales = scales_of(given, histories.weights)
    k = getattr(FAMILIES[name], "regularity", 1)
    rows = shifted_histories(histories, given, scales, name=name, unit_days=5.0, k=k)
    size = len(FAMILIES[name].PARAMETERS) + scales.means.size
    point = np.random.default_rng(1).normal(0.3, 0.3, size)
    gradient = rows.log_likelihood(point)[1]
    assert gradient == pytest.approx(
        approx_fprime(point, lambda at: rows.log_likelihood(at)[0], 1e-7),
        rel=2e-4,
        abs=1e-3,
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_without_covariates_it_is_the_plain_model(name):
    histories = cdnow.histories()
    plain = plain_fit(name, histories)
    none = Covariates.check(len(histories))
    fitted = fit_with_covariates(histories, none, name=name, log_gap_sum=0.0)
    assert fitted.base.parameters == pytest.approx(plain.parameters, rel=1e-6)
    assert fitted.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert list(fitted.standard_errors.values()) == pytest.approx(
        list(plain.standard_errors.values()), rel=1e-4
    )
    assert fitted.expected_purchases(histories, none, horizon_days=365) == (
        pytest.approx(plain.expected_purchases(histories, horizon_days=365), rel=1e-5)
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_covariates_that_say_nothing_change_little(name):
    histories = cdnow.histories()
    noise = np.random.default_rng(8).normal(size=len(histories))
    columns = {"noise": noise}
    given = Covariates.check(
        len(histories), purchases=columns, leaving={} if name == "nbd" else columns
    )
    plain = plain_fit(name, histories)
    fitted = fit_with_covariates(histories, given, name=name, log_gap_sum=0.0)
    gained = fitted.log_likelihood - plain.log_likelihood
    assert 0.0 <= gained < 5.0  # two more coefficients gain 1 on average
    effect = dict(fitted.purchase_effects)["noise"]
    assert abs(effect) < 3 * fitted.standard_errors["purchases.noise"]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_coefficients_of_a_simulated_firm_are_found(name):
    truth = {"purchases": np.array([0.6, 0.004]), "leaving": 0.8}
    histories, given = simulated(name, truth, count=4_000, seed=4)
    fitted = fit_with_covariates(histories, given, name=name, log_gap_sum=0.0)
    errors = fitted.standard_errors
    effects = dict(fitted.purchase_effects)
    for key, true in zip(("web", "size"), truth["purchases"], strict=True):
        assert abs(effects[key] - true) < 3.5 * errors[f"purchases.{key}"]
        assert errors[f"purchases.{key}"] < 0.2 * abs(true)
    if name != "nbd":
        leaving = dict(fitted.leaving_effects)["web"]
        assert abs(leaving - truth["leaving"]) < 3.5 * errors["leaving.web"]
    off = (fitted.base.parameters - FAMILIES[name].parameters) / np.array(
        [errors[one] for one in fitted.base.PARAMETERS]
    )
    assert np.abs(off).max() < 3.5
    plain = plain_fit(name, histories)
    assert fitted.log_likelihood > plain.log_likelihood + 50


@pytest.mark.parametrize("name", WITH_LEAVING)
def test_units_of_covariates_do_not_matter(name):
    histories = cdnow.histories()
    flag = (np.arange(len(histories)) % 3 == 0).astype(float)
    one, other = (
        fit_with_covariates(
            histories,
            Covariates.check(
                len(histories), purchases={"z": values}, leaving={"z": values}
            ),
            name=name,
            log_gap_sum=0.0,
        )
        for values in (flag, 1e6 * flag + 5e6)
    )
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-5)
    assert dict(other.purchase_effects)["z"] * 1e6 == pytest.approx(
        dict(one.purchase_effects)["z"], rel=1e-3
    )


def test_answers_are_those_of_each_accounts_own_model():
    histories = Histories.check([0, 3, 3, 9], [0, 90, 90, 200], [300, 300, 300, 250])
    given = Covariates.check(
        4, purchases={"web": [0, 0, 1, 1]}, leaving={"web": [0, 0, 1, 1]}
    )
    fitted = CovariateModel(
        base=FAMILIES["bgnbd"],
        purchase_effects=(("web", 0.5),),
        leaving_effects=(("web", -0.3),),
    )
    plain = FAMILIES["bgnbd"]
    moved = BgNbd(0.8, 40 * np.exp(-0.5), 0.9 * np.exp(-0.3), 4 * np.exp(-0.3))
    for ask in (
        lambda model, *h: model.probability_alive(*h),
        lambda model, *h: model.expected_purchases(*h, horizon_days=100),
        lambda model, *h: model.discounted_purchases(*h, annual_rate=0.1),
    ):
        got = ask(fitted, histories, given)
        assert got[:2] == pytest.approx(ask(plain, histories)[:2], rel=1e-12)
        assert got[2:] == pytest.approx(ask(moved, histories)[2:], rel=1e-12)
    assert fitted.standard_errors == {}


def test_faults_are_refused_by_name():
    histories = cdnow.histories().take(np.arange(50))
    with pytest.raises(BadHistoryError, match="web has 3 values"):
        Covariates.check(50, purchases={"web": [1, 2, 3]})
    same = Covariates.check(50, purchases={"web": 1.0})
    with pytest.raises(BadHistoryError, match="web is the same for every account"):
        fit_with_covariates(histories, same)
    given = covariates(50)
    with pytest.raises(BadParameterError, match="nbd knows no leaving"):
        fit_with_covariates(histories, given, name="nbd")
    with pytest.raises(BadParameterError, match="regularity must be a whole number"):
        fit_with_covariates(histories, given, name="mbg_cnbd", regularity=0)
    with pytest.raises(BadParameterError, match="no model is called 'bgbb'"):
        fit_with_covariates(histories, given, name="bgbb")
    with pytest.raises(BadHistoryError, match="for each history"):
        fit_with_covariates(histories, covariates(49))
    fitted = CovariateModel(FAMILIES["nbd"], (("web", 0.1),), ())
    with pytest.raises(BadParameterError, match="not those of the fit"):
        fitted.probability_alive(histories, given)


def test_covariates_that_repeat_each_other_are_not_identified():
    histories = cdnow.histories()
    flag = (np.arange(len(histories)) % 2).astype(float)
    given = Covariates.check(len(histories), purchases={"a": flag, "b": 2 * flag})
    with pytest.raises(NotConvergedError):
        fit_with_covariates(histories, given)


def test_regular_buyers_keep_their_regularity():
    """Without the gaps the likelihood of k > 1 is unknown; k = 1 is MBG/NBD."""
    histories = cdnow.histories()
    flag = (np.arange(len(histories)) % 3 == 0).astype(float)
    given = Covariates.check(len(histories), purchases={"z": flag}, leaving={"z": flag})
    third = fit_with_covariates(histories, given, name="mbg_cnbd", regularity=3)
    assert third.base.regularity == 3
    assert third.log_likelihood is None
    same = fit_with_covariates(histories, given, name="mbg_cnbd", regularity=1)
    plain = fit_with_covariates(histories, given, name="mbgnbd")
    assert same.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert same.base.parameters == pytest.approx(plain.base.parameters, rel=1e-6)
    assert same.standard_errors == pytest.approx(plain.standard_errors, rel=1e-4)


def test_nobody_has_no_answer():
    nobody, nothing = Histories.check([], [], []), Covariates.check(0)
    model = CovariateModel(FAMILIES["bgnbd"], (), ())
    assert model.probability_alive(nobody, nothing).size == 0


def test_checked_covariates_cannot_be_changed():
    given = covariates(5)
    with pytest.raises(ValueError, match="read-only"):
        given.purchases[0, 0] = 9.0
