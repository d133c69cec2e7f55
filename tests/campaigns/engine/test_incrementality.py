"""The effect of a campaign: published, at its limits, in general, and simulated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.incrementality import difference, half_width, share_to_spare

# Student's sleep data (Biometrika 1908), as R has it.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

values = st.lists(
    st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), min_size=2, max_size=30
)


def test_the_interval_is_that_of_a_published_example():
    """`t.test(extra ~ group, sleep)` of the R manual: -3.3654832 to 0.2054832."""
    found = difference(FIRST, SECOND, is_skewed=False)
    assert found.low == pytest.approx(-3.3654832, abs=1e-7)
    assert found.high == pytest.approx(0.2054832, abs=1e-7)
    assert (found.mean_with, found.mean_without) == pytest.approx((0.75, 2.33))


@pytest.mark.parametrize(("touched", "spared"), [([], []), ([1.0], FIRST), (FIRST, [])])
def test_of_fewer_than_two_nothing_is_said(touched, spared):
    assert difference(touched, spared) is None


def test_groups_without_any_spread_differ_exactly():
    found = difference([5.0, 5.0, 5.0], [2.0, 2.0])
    assert (found.low, found.effect, found.high) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        difference([1.0, bad], [1.0, 2.0])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_lies_between_0_and_1(level):
    with pytest.raises(ValueError, match="level"):
        difference(FIRST, SECOND, level=level)


@given(values, values)
def test_the_groups_changed_round_turn_the_effect_round(one, other):
    there, back = difference(one, other), difference(other, one)
    assert there.effect == pytest.approx(-back.effect, rel=1e-9, abs=1e-6)
    assert there.low == pytest.approx(-back.high, rel=1e-9, abs=1e-6)
    assert there.low <= there.effect <= there.high


@given(values, values, st.floats(min_value=-1e5, max_value=1e5))
def test_what_every_account_gets_has_no_effect(one, other, more):
    before = difference(one, other)
    after = difference([x + more for x in one], [x + more for x in other])
    assert after.effect == pytest.approx(before.effect, abs=1e-3)


def _orders(rng, n):
    """Margins as firms have them: some buy nothing, and a few a lot."""
    return rng.binomial(1, 0.6, n) * rng.lognormal(5.0, 0.8, n)


def test_a_planted_effect_is_recovered():
    rng = np.random.default_rng(7)
    touched = _orders(rng, 9_000) + 25.0
    found = difference(touched, _orders(rng, 1_000))
    assert found.low < 25.0 < found.high
    assert found.low > 0


def test_the_interval_holds_the_truth_in_its_nominal_share():
    """Without any effect about 5 of 100 intervals lie beside 0, half of them above."""
    rng = np.random.default_rng(20_261_122)
    beside = above = 0
    rounds = 2_000
    for _ in range(rounds):
        found = difference(_orders(rng, 300), _orders(rng, 60))
        beside += not found.low <= 0.0 <= found.high
        above += found.low > 0
    assert 0.035 <= beside / rounds <= 0.07
    assert 0.015 <= above / rounds <= 0.035


def test_what_is_not_skewed_has_the_interval_of_welch():
    bell = [-3.0, -1.0, 0.0, 1.0, 3.0]
    there = difference(bell, [x * 2 for x in bell])
    plain = difference(bell, [x * 2 for x in bell], is_skewed=False)
    assert (there.low, there.high) == pytest.approx((plain.low, plain.high))


def test_sparing_half_tells_most_and_nobody_tells_nothing():
    widths = [
        half_width(accounts=1_000, share=share, spread=100.0)
        for share in (0.0, 0.1, 0.3, 0.5)
    ]
    assert widths[0] == math.inf
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(1.959964 * 100 * 2 / math.sqrt(1_000), rel=1e-6)


@given(
    st.integers(min_value=50, max_value=100_000),
    st.floats(min_value=1.0, max_value=1e4),
    st.floats(min_value=1.0, max_value=1e4),
)
def test_the_share_to_spare_tells_it_as_well_as_wanted(accounts, spread, wanted):
    share = share_to_spare(accounts=accounts, spread=spread, wanted=wanted)
    if share is None:
        best = half_width(accounts=accounts, share=0.5, spread=spread)
        assert best > wanted
    elif share * accounts >= 1:
        assert 0 < share <= 0.5
        got = half_width(accounts=accounts, share=share, spread=spread)
        assert got == pytest.approx(wanted, rel=1e-6)


def test_the_simulated_width_is_the_one_foretold():
    rng = np.random.default_rng(3)
    effects = [
        rng.normal(0, 50, 900).mean() - rng.normal(0, 50, 100).mean()
        for _ in range(4_000)
    ]
    foretold = half_width(accounts=1_000, share=0.1, spread=50.0)
    assert np.quantile(np.abs(effects), 0.95) == pytest.approx(foretold, rel=0.05)


@pytest.mark.parametrize(("accounts", "wanted"), [(0, 1.0), (100, 0.0), (4, 1.0)])
def test_what_cannot_be_told_needs_no_share(accounts, wanted):
    assert share_to_spare(accounts=accounts, spread=100.0, wanted=wanted) is None
