"""Matched sets: a published example, limits, properties, and control of discoveries."""

import numpy as np
import pytest

from segments.engine.matched import BadSetsError, benjamini_hochberg, compare


def sets(counts):
    """Arrays of sets from {(size, exposed, case exposed): how many}."""
    rows = [key for key, n in counts.items() for _ in range(n)]
    return tuple(np.array(part, dtype=np.int64) for part in zip(*rows, strict=True))


# Endometrial cancer and oestrogens in Los Angeles, 63 cases with four controls each:
# Breslow & Day (1980), section 5.3: 3, 17, 16, 15, 5 sets with an exposed case and 0
# to 4 exposed controls; 0, 4, 1, 1, 1 sets whose case was not exposed.
LOS_ANGELES = sets(
    {(5, 1 + m, 1): n for m, n in enumerate((3, 17, 16, 15, 5))}
    | {(5, m, 0): n for m, n in enumerate((0, 4, 1, 1, 1))}
)


def test_the_published_matched_study_comes_out():
    """The authors' conditional estimate is 7.95, of logarithm 2.07 with error 0.42."""
    found = compare(*LOS_ANGELES)
    assert found.ratio == pytest.approx(7.95, abs=0.01)
    assert np.log(found.ratio) == pytest.approx(2.074, abs=0.002)
    assert found.low == pytest.approx(np.exp(2.074 - 1.96 * 0.421), rel=0.15)
    assert found.high == pytest.approx(np.exp(2.074 + 1.96 * 0.421), rel=0.15)
    assert found.informative == 58
    assert found.p_value < 1e-6


def test_pairs_come_out_as_their_quotient():
    """For pairs the conditional estimate is b / c (McNemar's setting)."""
    found = compare(*sets({(2, 1, 1): 29, (2, 1, 0): 3, (2, 2, 1): 7, (2, 0, 0): 24}))
    assert found.ratio == pytest.approx(29 / 3)
    assert found.informative == 32
    # The score interval of a binomial share is Wilson's; psi is share / (1 - share).
    z, n, p = 1.959964, 32, 29 / 32
    middle, spread = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n**2)
    ends = (middle + np.array([-spread, spread])) / (1 + z * z / n)
    assert [found.low, found.high] == pytest.approx(list(ends / (1 - ends)), rel=1e-6)


def test_pairs_have_the_mid_p_of_a_fair_coin():
    """Eight of ten: 2 (P(X > 8) + P(X = 8) / 2) = 2 (11 + 22.5) / 1024."""
    found = compare(*sets({(2, 1, 1): 8, (2, 1, 0): 2}))
    assert found.p_value == pytest.approx(2 * (11 + 22.5) / 1024)


def test_one_side_alone_has_no_end():
    only = compare(*sets({(5, 1, 1): 12}))
    assert (only.ratio, only.high) == (np.inf, np.inf)
    assert only.low > 1
    never = compare(*sets({(5, 1, 0): 40}))
    assert (never.ratio, never.low) == (0.0, 0.0)
    assert never.high < 1


def test_sets_without_a_difference_say_nothing():
    found = compare(*sets({(5, 0, 0): 30, (5, 5, 1): 3}))
    assert found.informative == 0
    assert found.p_value == 1.0
    assert np.isnan(found.ratio)


@pytest.mark.parametrize("bad", [(1, 1, 1), (3, 4, 1), (3, 0, 1), (3, 3, 0)])
def test_sets_that_cannot_be_are_refused(bad):
    with pytest.raises(BadSetsError):
        compare(*sets({bad: 1}))


def test_the_ratio_is_found_again_and_lies_in_its_interval_as_often_as_promised():
    rng = np.random.default_rng(7)
    ratio, inside, tries = 3.0, 0, 200
    for _ in range(tries):
        exposed = rng.binomial(5, 0.3, size=120)
        says = (exposed > 0) & (exposed < 5)
        chance = np.where(
            says, ratio * exposed / (ratio * exposed + 5 - exposed), exposed == 5
        )
        case = (rng.random(120) < chance).astype(np.int64)
        found = compare(np.full(120, 5), exposed, case)
        inside += found.low <= ratio <= found.high
    assert 0.92 <= inside / tries <= 0.98


def test_the_normal_approximation_meets_the_exact_one():
    rng = np.random.default_rng(3)
    exposed = rng.integers(1, 5, size=401)
    case = (rng.random(401) < 1.25 * exposed / (1.25 * exposed + 5 - exposed)) * 1
    full = compare(np.full(401, 5), exposed, case)
    fewer = compare(np.full(400, 5), exposed[:400], case[:400])
    assert full.p_value == pytest.approx(fewer.p_value, rel=0.35)


# Benjamini & Hochberg (1995), section 4: fifteen tests of a study of heart attacks.
PUBLISHED = np.array(
    [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
        *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
)


def test_the_published_procedure_rejects_the_four_it_rejects():
    adjusted = benjamini_hochberg(PUBLISHED)
    assert (adjusted <= 0.05).sum() == 4
    assert adjusted[3] == pytest.approx(0.0095 * 15 / 4)
    assert adjusted[-1] == 1.0


def test_adjusted_values_keep_the_order_given_and_of_none_there_are_none():
    shuffled = np.random.default_rng(1).permutation(15)
    assert benjamini_hochberg(PUBLISHED[shuffled]) == pytest.approx(
        benjamini_hochberg(PUBLISHED)[shuffled]
    )
    assert benjamini_hochberg(np.empty(0)).size == 0
