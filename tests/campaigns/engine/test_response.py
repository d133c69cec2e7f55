"""The response of margin to care: limits, properties, and numbers found otherwise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from campaigns.engine.response import justified, justified_share, marginal, secured

MARGINS = st.floats(0.01, 1e9)
SPENDS = st.floats(0, 1e9)
SHARES = st.floats(0, 1)
SCALES = st.floats(0.001, 1)
ASSUMED = {"effect": 0.15, "scale": 0.05}


def test_one_example_by_hand():
    """Of 4,000, 15 % can be secured; 200 (the scale) secure 63 % of these 600."""
    assert secured(spend=200, margin_year=4000, **ASSUMED) == pytest.approx(
        600 * (1 - 0.36787944117144233), rel=1e-12
    )
    # 0.05 * 4000 * ln 3
    assert justified(margin_year=4000, margin=9000, **ASSUMED) == pytest.approx(
        219.72245773362197, rel=1e-12
    )


@pytest.mark.parametrize(
    ("effect", "scale", "margin"),
    [(0.15, 0.05, 4000), (0.4, 0.01, 250), (0.9, 0.6, 12), (0.06, 0.05, 1e7)],
)
def test_a_search_finds_the_same_best_spend(effect, scale, margin):
    def loss(spend):
        return spend - secured(
            spend=spend, margin_year=margin, effect=effect, scale=scale
        )

    found = minimize_scalar(
        loss, bounds=(0, margin), method="bounded", options={"xatol": 1e-9 * margin}
    )
    best = justified(margin_year=margin, margin=margin, effect=effect, scale=scale)
    assert best == pytest.approx(found.x, rel=1e-4)


@given(MARGINS, SCALES, st.floats(0.001, 1))
def test_the_next_unit_pays_just_until_there(margin, scale, effect):
    best = float(justified(margin_year=margin, margin=1e12, effect=effect, scale=scale))
    slope = float(marginal(spend=best, margin_year=margin, effect=effect, scale=scale))
    if effect > scale:
        assert slope == pytest.approx(1, rel=1e-6)
    else:
        assert best == 0
        assert slope <= 1


@given(MARGINS, st.floats(0, 1e9), SHARES, SCALES)
def test_never_more_than_is_expected_and_than_can_be_secured(
    margin, whole, effect, scale
):
    best = justified(margin_year=margin, margin=whole, effect=effect, scale=scale)
    assert 0 <= best <= whole
    assert best <= effect * margin / math.e * (1 + 1e-9)


@given(SPENDS, SPENDS, MARGINS, SHARES, SCALES)
def test_it_rises_and_rises_ever_less(one, other, margin, effect, scale):
    low, high = sorted((one, other))
    mid = (low + high) / 2
    numbers = {"margin_year": margin, "effect": effect, "scale": scale}
    below, between, above = secured(spend=[low, mid, high], **numbers)
    assert below <= between <= above <= effect * margin
    assert between - below >= above - between - 1e-9 * margin


@given(SPENDS, MARGINS, MARGINS, SHARES, SCALES)
def test_a_larger_margin_secures_and_justifies_more(spend, one, other, effect, scale):
    small, large = sorted((one, other))
    less, more = secured(
        spend=spend, margin_year=[small, large], effect=effect, scale=scale
    )
    assert less <= more * (1 + 1e-12) + 1e-9
    less, more = justified(
        margin_year=[small, large], margin=1e12, effect=effect, scale=scale
    )
    assert less <= more


@given(SPENDS, MARGINS, SCALES)
def test_without_effect_care_secures_and_justifies_nothing(spend, margin, scale):
    assert secured(spend=spend, margin_year=margin, effect=0, scale=scale) == 0
    assert justified(margin_year=margin, margin=margin, effect=0, scale=scale) == 0


@pytest.mark.parametrize("margin", [0, -500])
def test_where_a_loss_is_expected_nothing_is_secured(margin):
    assert secured(spend=100, margin_year=margin, **ASSUMED) == 0
    assert marginal(spend=0, margin_year=margin, **ASSUMED) == 0
    assert justified(margin_year=margin, margin=margin, **ASSUMED) == 0


def test_money_that_came_back_secures_nothing():
    assert secured(spend=-100, margin_year=4000, **ASSUMED) == 0


def test_it_is_greatest_where_the_scale_is_the_eth_part_of_the_effect():
    scales = np.linspace(0.001, 0.2, 2000)
    shares = justified_share(effect=0.15, scale=scales)
    assert shares.max() == pytest.approx(0.15 / math.e, rel=1e-5)
    assert scales[shares.argmax()] == pytest.approx(0.15 / math.e, abs=1e-4)


@pytest.mark.parametrize(("effect", "scale"), [(1.1, 0.05), (-0.1, 0.05), (0.1, 0)])
def test_refused_are_shares_outside_of_their_range(effect, scale):
    with pytest.raises(ValueError, match=r"effect must lie|scale must be"):
        justified_share(effect=effect, scale=scale)
