"""Chance to win by stage: the beta-binomial posterior, by hand and at its limits."""

import numpy as np
import pytest
from scipy.stats import beta

from clv.engine.winning import chances_to_win


def test_the_mean_is_that_of_the_posterior():
    found = chances_to_win([0, 3, 90], [0, 1, 10], [0.1, 0.45, 0.5], 10.0)
    assert found.mean == pytest.approx([0.1, 7.5 / 14, 95 / 110])
    assert found.low[2] == pytest.approx(beta.ppf(0.1, 95, 15))
    assert found.high[2] == pytest.approx(beta.ppf(0.9, 95, 15))


def test_more_deals_narrow_the_interval_and_outweigh_the_prior():
    few = chances_to_win([4], [4], [0.1], 10.0)
    many = chances_to_win([4000], [4000], [0.1], 10.0)
    assert many.mean == pytest.approx([0.5], abs=0.001)
    assert few.mean < many.mean
    assert (many.high - many.low) < (few.high - few.low)


def test_the_interval_holds_what_it_says():
    """Of stages drawn from the prior, 80 % lie within their interval."""
    rng = np.random.default_rng(7)
    truth = rng.beta(2.5, 7.5, 4000)
    won = rng.binomial(20, truth)
    found = chances_to_win(won, 20 - won, np.full(4000, 0.25), 10.0)
    inside = np.mean((found.low <= truth) & (truth <= found.high))
    assert inside == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("won", "lost", "prior", "weight"),
    [
        ([-1], [0], [0.5], 10),
        ([0], [-1], [0.5], 10),
        ([0], [0], [0.0], 10),
        ([0], [0], [1.0], 10),
        ([0], [0], [0.5], 0),
        ([0], [0], [0.5], np.inf),
    ],
)
def test_what_cannot_be_is_refused(won, lost, prior, weight):
    with pytest.raises(ValueError, match=r"prior|counts"):
        chances_to_win(won, lost, prior, weight)
