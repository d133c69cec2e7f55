"""Agreement of two choices: by hand, at its limits, and against blind draws."""

import numpy as np
import pytest

from segments.engine.agreement import Agreement


def test_by_hand():
    found = Agreement(size=4, both=3, among=10)
    assert found.share == 0.75
    assert found.expected == pytest.approx(1.6)
    assert found.by_chance == pytest.approx(0.4)
    assert found.beyond_chance == pytest.approx((0.75 - 0.4) / 0.6)
    # (C(4,3) C(6,1) + C(4,4)) / C(10,4) = 25 / 210
    assert found.chance_of_as_many == pytest.approx(25 / 210)


def test_limits():
    assert Agreement(5, 5, 5).beyond_chance is None
    assert Agreement(5, 5, 20).beyond_chance == 1
    assert Agreement(5, 0, 20).chance_of_as_many == 1
    with pytest.raises(ValueError, match="both <= size"):
        Agreement(2, 3, 10)


def test_blind_draws_agree_as_often_as_it_says():
    random = np.random.default_rng(7)
    draws = [len(set(random.permutation(12)[:5]) & set(range(5))) for _ in range(4_000)]
    found = Agreement(5, 3, 12)
    assert np.mean(draws) == pytest.approx(found.expected, abs=0.05)
    assert np.mean([one >= 3 for one in draws]) == pytest.approx(
        found.chance_of_as_many, abs=0.02
    )
