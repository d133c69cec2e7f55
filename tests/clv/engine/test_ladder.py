import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.ladder import fit_with_ladder
from clv.engine.models import FAMILIES
from tests.clv.engine import cdnow
from tests.clv.engine.stories import bgnbd_account, lives

NAMES = list(FAMILIES)


def sensible(model, histories):
    orders = model.expected_purchases(histories, horizon_days=365)
    alive = model.probability_alive(histories)
    return (
        np.isfinite(orders).all()
        and (orders >= 0).all()
        and ((alive >= 0) & (alive <= 1)).all()
    )


@pytest.mark.parametrize("name", NAMES)
def test_enough_accounts_stand_on_their_own(name):
    answer = fit_with_ladder(cdnow.histories(), name=name)
    assert answer.step == "individual"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("columns", "step"),
    [
        (([], [], []), "assumed"),
        (([0], [0], [0]), "pooled"),
        (([0], [0], [30]), "pooled"),
        (([5], [300], [310]), "pooled"),
        (([0] * 50, [0] * 50, [100] * 50), "pooled"),
        (([0] * 900, [0] * 900, [400] * 900), "pooled"),
        (([9] * 900, [380] * 900, [400] * 900), "pooled"),
        (([9] * 900, [30] * 900, [400] * 900), "pooled"),
    ],
)
def test_every_firm_gets_sensible_numbers(name, columns, step):
    histories = Histories.check(*columns)
    answer = fit_with_ladder(histories, name=name)
    assert answer.step in {step, "assumed"}
    assert answer.reason.endswith(".")
    assert sensible(answer.model, histories)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "nbd"])
def test_a_new_firm_is_not_confident(name):
    """Three months, 20 accounts: numbers near the truth, errors wide."""
    story = bgnbd_account(0.8, 40.0, 0.8, 3.0)
    past = lives(np.random.default_rng(2), 20, age=90, future=365, draw_account=story)
    answer = fit_with_ladder(past.histories, name=name)
    assert answer.step == "pooled"
    assert "Only 20 accounts" in answer.reason
    orders = answer.model.expected_purchases(past.histories, horizon_days=365).sum()
    assert orders == pytest.approx(past.future_orders.sum(), rel=0.8)
    errors = np.sqrt(np.diag(answer.model.log_covariance))
    assert (errors > 0.15).all()


def test_identical_regular_buyers_keep_their_pace():
    histories = Histories.check([9] * 5000, [390] * 5000, [400] * 5000)
    answer = fit_with_ladder(histories)
    assert answer.step == "pooled"
    yearly = answer.model.expected_purchases(histories, horizon_days=365)[0]
    assert 6.0 < yearly < 9 / 400 * 365


def test_unknown_models_are_named():
    with pytest.raises(BadParameterError, match="no model is called 'arima'"):
        fit_with_ladder(Histories.check([], [], []), name="arima")


@st.composite
def firms(draw):
    ages = draw(st.lists(st.integers(0, 900), min_size=1, max_size=12))
    x = [draw(st.integers(0, min(age, 40))) for age in ages]
    recency = [
        draw(st.integers(1, age)) if n else 0 for n, age in zip(x, ages, strict=True)
    ]
    return Histories.check(x, recency, ages)


@settings(max_examples=10)
@given(firms())
def test_no_small_firm_breaks_the_ladder(histories):
    for name in NAMES:
        assert sensible(fit_with_ladder(histories, name=name).model, histories)
