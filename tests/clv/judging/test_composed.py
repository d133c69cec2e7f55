import json

import numpy as np
import pytest

from clv.engine.errors import BadParameterError, NotConvergedError
from clv.engine.history import Histories
from clv.engine.judging.candidates import (
    Known,
    cohort_edges,
    fit_candidates,
    fit_field,
    mixture_of,
)
from clv.engine.judging.composed import CohortModel, Mixture, restore, store
from clv.engine.models import BgNbd, MbgNbd, Nbd
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma
from clv.engine.uncertainty import value_intervals
from tests.clv.judging.logs import AS_OF

YOUNG, OLD = BgNbd(0.8, 40.0, 0.8, 3.0), MbgNbd(1.2, 60.0, 0.6, 2.0)
ROWS = Histories.check([0, 3, 1, 6], [0, 80, 150, 300], [50, 99, 200, 330])
COHORTS = CohortModel((YOUNG, OLD), (100.0,))
MIX = Mixture((YOUNG, OLD, Nbd(0.7, 50.0)), (0.5, 0.3, 0.2))


def test_each_cohort_gets_its_own_model():
    got = COHORTS.expected_purchases(ROWS, horizon_days=100)
    young = YOUNG.expected_purchases(ROWS, horizon_days=100)
    old = OLD.expected_purchases(ROWS, horizon_days=100)
    assert got.tolist() == [young[0], young[1], old[2], old[3]]


def test_a_mix_expects_the_weighted_mean():
    want = sum(
        w * m.discounted_purchases(ROWS, annual_rate=0.1)
        for m, w in zip(MIX.models, MIX.weights, strict=True)
    )
    got = MIX.discounted_purchases(ROWS, annual_rate=0.1)
    assert got == pytest.approx(want)
    alive = sum(
        w * m.probability_alive(ROWS)
        for m, w in zip(MIX.models, MIX.weights, strict=True)
    )
    assert MIX.probability_alive(ROWS) == pytest.approx(alive)
    orders, _ = MIX.curves(ROWS, [0.0, 50.0, 400.0])
    end = MIX.expected_purchases(ROWS, horizon_days=400)
    assert orders[:, 2] == pytest.approx(end)


@pytest.mark.parametrize("model", [COHORTS, MIX])
def test_simulated_futures_have_the_expected_mean(model):
    many = ROWS.take(np.repeat(np.arange(4), 4000))
    got = model.simulate(
        many, horizon_days=200, rng=np.random.default_rng(0), draws=20
    ).orders
    means = got.reshape(4, 4000 * 20).mean(axis=1)
    assert means == pytest.approx(
        model.expected_purchases(ROWS, horizon_days=200), rel=0.03
    )
    alive = np.ones(len(many), dtype=bool)
    orders, days = model.sample_while_alive(many, 200.0, np.random.default_rng(1))
    flows = model.flows(ROWS, annual_rate=0.0, horizon_days=200)
    chance = model.probability_alive(ROWS)
    assert alive.all()
    assert orders.reshape(4, -1).mean(axis=1) == pytest.approx(
        flows.orders / chance, rel=0.06
    )
    assert days.reshape(4, -1).mean(axis=1) == pytest.approx(
        flows.alive_days / chance, rel=0.03
    )


@pytest.mark.parametrize("model", [COHORTS, MIX])
def test_composed_models_come_back_from_json(model):
    again = restore(json.loads(json.dumps(store(model))))
    assert again == model


@pytest.mark.parametrize("model", [COHORTS, MIX])
def test_intervals_work_on_composed_models(model):
    known = Portfolio.check(
        model=model,
        spend=GammaGamma(6.25, 3.74, 15.44),
        histories=ROWS,
        order_count=ROWS.frequency + 1,
        mean_margin=30.0,
        annual_rate=0.1,
        horizon_days=365,
    )
    got = value_intervals(known, rng=np.random.default_rng(0))
    assert (got.high > got.low).all()


def test_cohorts_have_about_equally_many_accounts(log):
    known = Known.at(log, AS_OF)
    edges = cohort_edges(known.histories)
    sizes = np.bincount(np.searchsorted(edges, known.histories.age_days, side="right"))
    assert sizes.size == 3
    assert sizes.min() > 0.9 * sizes.max()
    model = fit_candidates(known, ["bgnbd/cohort"]).models["bgnbd/cohort"]
    assert isinstance(model, CohortModel)
    assert model.edges == edges


def test_impossible_compositions_are_refused():
    with pytest.raises(BadParameterError, match="one edge between"):
        CohortModel((YOUNG, OLD), ())
    with pytest.raises(BadParameterError, match="ascending"):
        CohortModel((YOUNG, OLD, YOUNG), (2.0, 1.0))
    with pytest.raises(BadParameterError, match="one weight for each"):
        Mixture((YOUNG,), (0.5, 0.5))
    with pytest.raises(BadParameterError, match="add up to 1"):
        Mixture((YOUNG, OLD), (0.5, 0.4))


def test_the_chosen_mix_is_fitted_to_histories_alone(log):
    known = Known.at(log, AS_OF)
    field = fit_field(known.histories, ["bgnbd", "nbd", "mbg_cnbd"])
    assert "mbg_cnbd" in field.dropped
    got = mixture_of(field, {"bgnbd": 0.6, "nbd": 0.2, "mbg_cnbd": 0.2})
    assert got.models == (field.models["bgnbd"], field.models["nbd"])
    assert got.weights == pytest.approx((0.75, 0.25))
    assert mixture_of(field, {"nbd": 0.1, "gone": 0.9}) is field.models["nbd"]
    with pytest.raises(NotConvergedError, match="none of the chosen"):
        mixture_of(field, {"gone": 1.0})
