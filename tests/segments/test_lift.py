"""Lift: a planted trait is found with its interval, shuffled ones are not."""

import numpy as np
import pytest

from segments.engine.lift import over_represented


def found(inside, overall, *, members=200, everybody=2000):
    return over_represented(
        with_trait=np.array(inside),
        members=members,
        with_trait_in_all=np.array(overall),
        everybody=everybody,
    )


def test_a_planted_trait_is_found_and_its_lift_lies_in_its_interval():
    result = found([100, 20], [400, 200])
    assert result.lift == pytest.approx([2.5, 1.0])
    assert list(result.kept) == [True, False]
    assert result.low[0] < 2.5 < result.high[0]
    assert (result.low[0], result.high[0]) == pytest.approx((2.156, 2.844), abs=0.001)


def test_what_chance_deals_out_is_hardly_ever_kept():
    chance = np.random.default_rng(7)
    kept = 0
    for _ in range(50):
        traits = chance.random((2000, 40)) < 0.2
        inside = traits[:200].sum(axis=0)
        kept += found(inside, traits.sum(axis=0)).kept.any()
    assert kept <= 6  # 5 % of the fifty are expected


@pytest.mark.parametrize(
    ("inside", "overall", "members"),
    [([4], [4], 200), ([20], [30], 29)],
    ids=["fewer than five have it", "fewer than thirty members"],
)
def test_small_numbers_tell_nothing(inside, overall, members):
    assert not found(inside, overall, members=members).kept.any()


def test_nobody_and_nothing_have_no_lift():
    assert not found([0], [10], members=0).kept.any()
    assert found([], []).lift.size == 0
