"""Margins as a night learns them: habits of the judgement, slips of the pen, losses."""

import json

import numpy as np
import pytest

from clv.engine.spend import GammaGamma
from clv.engine.spend_habits import SpendHabits
from clv.services.fitting import fit_models
from clv.services.guidance import Guidance
from clv.services.learnt import Models
from clv.services.valuing import value_inputs
from tests.clv.night.test_valuing import TERMS, inputs, random_firm

HABITS = SpendHabits(
    GammaGamma(
        3.0,
        3.5,
        9_999.0,
        slope=0.2,
        reference=6.0,
        log_covariance=((0.01, 0, 0, 0),) * 4,
    ),
    "individual",
    0.05,
)


def test_habits_of_the_judgement_value_the_night():
    firm = random_firm()
    models = fit_models(firm, guidance=Guidance(spend=HABITS))
    assert (models.spend.p, models.spend.q, models.spend.slope) == (3.0, 3.5, 0.2)
    assert models.spend.own_share == 0.05
    assert models.spend_step == "individual"
    seen = firm.margin.sum() / firm.order_days.sum() / 100
    assert models.spend.mean == pytest.approx(seen, rel=0.1)

    results = value_inputs(firm, models, TERMS)
    stored = Models.from_parameters(json.loads(json.dumps(models.as_parameters())))
    again = value_inputs(firm, stored, TERMS)
    assert again.digest(firm) == results.digest(firm)


def test_one_absurd_margin_changes_nobody_elses_number():
    firm, odd = random_firm(), random_firm()
    odd.margin[17] = 99_999_999_999 * odd.order_days[17]
    clean, models = fit_models(firm), fit_models(odd)
    [told] = models.left_out
    assert told["account_id"] == 18
    assert told["mean_margin"] == pytest.approx(999_999_999.99)
    assert "beyond belief" in told["reason"]
    assert clean.left_out == ()
    before = value_inputs(firm, clean, TERMS).expected_margin
    after = value_inputs(odd, models, TERMS).expected_margin
    others = np.arange(400) != 17
    assert after[others] == pytest.approx(before[others], rel=0.02)
    assert after[17] > 100 * before.sum()
    stored = Models.from_parameters(json.loads(json.dumps(models.as_parameters())))
    assert stored.left_out == models.left_out


def test_an_account_with_losses_may_go_on_losing():
    """It is expected to earn a little, like others; its interval reaches below zero."""
    firm = random_firm()
    firm.margin[3] = -10_000 * firm.order_days[3]
    firm.recency_days[3], firm.order_days[3] = firm.age_days[3] - 5, 6
    results = value_inputs(firm, fit_models(firm), TERMS)
    gain = results.future_low + results.expected_cost
    assert gain[3] < 0
    assert (np.delete(gain, 3) >= 0).all()


def test_a_firm_of_losses_expects_losses_of_newcomers_too():
    firm = inputs(
        401,
        age_days=[300] * 400 + [-1],
        recency_days=[200] * 400 + [0],
        order_days=[5] * 400 + [0],
        margin=[-50_000] * 400 + [0],
    )
    results = value_inputs(firm, fit_models(firm), TERMS)
    assert (results.expected_margin < 0).all()
    assert (results.future_low <= results.future_high).all()
