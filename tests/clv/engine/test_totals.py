import math

import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.judging.composed import CohortModel, Mixture
from clv.engine.models import fit_bgnbd, fit_nbd
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma
from clv.engine.totals import TotalDoubt, parameter_error, reach_of
from clv.engine.uncertainty import total_intervals
from tests.clv.engine import cdnow

SPEND = GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def histories():
    return cdnow.histories()


@pytest.fixture(scope="module")
def fitted(histories):
    return fit_bgnbd(histories)


def portfolio(model, histories, spend=SPEND):
    return Portfolio.check(
        model=model,
        spend=spend,
        histories=histories,
        order_count=histories.frequency + 1,
        mean_margin=30.0,
        annual_rate=0.1,
        horizon_days=365,
    )


def test_the_interval_is_the_formula():
    doubt = TotalDoubt(parameter_error=0.03, model_error=0.04)
    low, high = doubt.interval(900.0, margin=1000.0, variance=144.0, level=0.8)
    reach = 1.2815515655446004 * math.sqrt(144.0 + (0.05 * 1000.0) ** 2)
    assert (low, high) == pytest.approx((900 - reach, 900 + reach))


def test_levels_outside_are_refused():
    assert reach_of(0.95) == pytest.approx(1.959964, abs=1e-6)
    with pytest.raises(BadParameterError, match="between 0 and 1"):
        reach_of(1.0)


def test_of_one_model_it_is_what_total_intervals_say(fitted, histories):
    known = portfolio(fitted, histories)
    said = total_intervals(known, np.zeros(len(histories)))
    assert parameter_error(known) == pytest.approx(
        float(said.spread[0] / said.total[0]), rel=1e-3
    )
    assert 0.02 < parameter_error(known) < 0.1


def test_models_of_a_mix_err_together_and_cohorts_apart(fitted, histories):
    nbd = fit_nbd(histories)
    base = [parameter_error(portfolio(one, histories)) for one in (fitted, nbd)]
    totals = [
        float(
            one.discounted_purchases(histories, annual_rate=0.1, horizon_days=365)
            @ portfolio(one, histories).margin_per_order
        )
        for one in (fitted, nbd)
    ]
    mix = parameter_error(portfolio(Mixture((fitted, nbd), (0.75, 0.25)), histories))
    shares = [0.75 * totals[0], 0.25 * totals[1]]
    assert mix == pytest.approx(
        sum(e * s for e, s in zip(base, shares, strict=True)) / sum(shares), rel=1e-6
    )
    edge = float(np.median(histories.age_days))
    cohorts = CohortModel((fitted, fitted), (edge,))
    apart = parameter_error(portfolio(cohorts, histories))
    assert apart < base[0] < math.sqrt(2.0) * apart * 1.1


def test_nothing_known_of_parameters_leaves_nothing_open(histories):
    model = fit_bgnbd(histories)
    certain = type(model)(*model.parameters.tolist())
    assert parameter_error(portfolio(certain, histories)) == 0.0


def test_without_margin_it_is_none():
    rows = Histories.check([0], [0], [10])
    nobody = portfolio(fit_bgnbd(cdnow.histories()), rows)
    assert parameter_error(nobody) > 0
    lossy = Portfolio.check(
        model=nobody.model,
        spend=SPEND,
        histories=rows,
        order_count=1.0,
        mean_margin=-30.0,
        margin_per_order=-30.0,
        annual_rate=0.1,
        horizon_days=365,
    )
    assert parameter_error(lossy) == 0.0
