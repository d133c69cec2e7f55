import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.models import BgBb, Opportunities, fit_bgbb
from clv.engine.models.bgbb import BGBB_PRIOR
from tests.clv.engine import cdnow
from tests.clv.engine.strategies import parameter

PUBLISHED = BgBb(1.203528, 0.7497260, 0.6567808, 2.783796)


@pytest.fixture(scope="module")
def donations():
    table = pd.read_csv(cdnow.data_file("donations.csv"))
    return Opportunities.check(
        table.frequency, table.recency, table.periods, table.weights
    )


@pytest.fixture(scope="module")
def fitted(donations):
    return fit_bgbb(donations)


def test_donations_give_the_published_parameters(fitted):
    """Fader, Hardie & Shang 2010; BTYD's vignette."""
    assert fitted.parameters == pytest.approx([1.204, 0.750, 0.657, 2.783], abs=6e-4)
    assert fitted.parameters == pytest.approx(PUBLISHED.parameters, rel=2e-4)
    assert fitted.log_likelihood == pytest.approx(-33225.58, abs=5e-3)


def test_expectation_of_a_new_donor():
    """Hardie's note 010, in pymc-marketing's tests."""
    new = Opportunities.check([0], [0], [0])
    got = [PUBLISHED.expected_purchases(new, opportunities=n)[0] for n in range(1, 12)]
    assert got == pytest.approx(
        [
            0.4985,
            0.9233,
            1.2969,
            1.6323,
            1.9381,
            2.2202,
            2.4826,
            2.7285,
            2.9603,
            3.1798,
            3.3887,
        ],
        abs=2e-4,
    )


def test_conditional_expectation():
    """BTYD's vignette."""
    two = Opportunities.check([0, 4], [0, 5], [6, 6])
    got = PUBLISHED.expected_purchases(two, opportunities=10)
    assert got == pytest.approx([0.1302169, 3.627858], rel=1e-5)


def test_holdout_total(donations, fitted):
    five_years = fitted.expected_purchases(donations, opportunities=5)
    assert five_years @ donations.weights == pytest.approx(12_884.2, abs=0.1)


def test_chance_alive_next_year():
    """Table 6 of the paper."""
    three = Opportunities.check([0, 2, 6], [0, 4, 6], [6, 6, 6])
    got = PUBLISHED.probability_alive(three)
    assert got == pytest.approx([0.11, 0.59, 0.93], abs=5e-3)


def test_discounted_residual_transactions():
    """Direct sums for (1.20, 0.75, 0.66, 2.78) at 10 %."""
    rows = Opportunities.check([3, 1, 2, 3, 4, 5, 6], [4, 6, 6, 6, 6, 6, 6], [6] * 7)
    got = BgBb(1.20, 0.75, 0.66, 2.78).discounted_purchases(
        rows, rate_per_opportunity=0.1
    )
    assert got == pytest.approx(
        [1.621379, 1.802045, 2.621156, 3.440267, 4.259379, 5.078490, 5.897601],
        abs=2e-6,
    )


def test_chances_of_all_histories_sum_to_one():
    """Every sequence of 5 opportunities with its (x, t_x)."""
    codes = (np.arange(32)[:, None] >> np.arange(5)) & 1
    last = np.where(codes.any(axis=1), 5 - np.argmax(codes[:, ::-1], axis=1), 0)
    rows = Opportunities.check(codes.sum(axis=1), last, np.full(32, 5))
    assert np.exp(PUBLISHED.log_likelihoods(rows)).sum() == pytest.approx(1.0)


def test_stored_parameters_rebuild_the_model(fitted):
    assert BgBb.from_parameters(json.loads(json.dumps(asdict(fitted)))) == fitted


def test_one_donor_is_enough_with_a_prior():
    one = Opportunities.check([1], [2], [3])
    model = fit_bgbb(one, prior=BGBB_PRIOR)
    assert np.isfinite(model.expected_purchases(one, opportunities=9)).all()
    with pytest.raises(NotConvergedError):
        fit_bgbb(Opportunities.check([0] * 50, [0] * 50, [3] * 50))


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (([3], [2], [4]), "contradict"),
        (([0], [2], [4]), "contradict"),
        (([1], [5], [4]), "recency exceeds count"),
        (([0.5], [1], [4]), "frequency must be whole"),
        (([1], [1], [4], [0]), "weights"),
    ],
)
def test_a_fault_is_named(columns, fault):
    with pytest.raises(BadHistoryError, match=fault):
        Opportunities.check(*columns)


def test_bad_arguments_are_refused():
    one = Opportunities.check([1], [1], [2])
    with pytest.raises(BadParameterError, match="whole future"):
        PUBLISHED.discounted_purchases(one, rate_per_opportunity=0.0)
    with pytest.raises(BadParameterError, match="rate"):
        PUBLISHED.discounted_purchases(one, rate_per_opportunity=-1.0)
    with pytest.raises(BadParameterError, match="opportunities"):
        PUBLISHED.expected_purchases(one, opportunities=-1)
    with pytest.raises(BadHistoryError, match="no account"):
        fit_bgbb(Opportunities.check([], [], []))


@st.composite
def donors(draw):
    count = draw(st.integers(0, 30))
    last = draw(st.integers(0, count))
    x = draw(st.integers(1, last)) if last else 0
    return Opportunities.check([x], [last], [count])


@given(donors(), parameter(), parameter(), parameter(), parameter())
def test_expectations_are_bounded(one, alpha, beta, gamma, delta):
    model = BgBb(alpha, beta, gamma, delta)
    orders = model.expected_purchases(one, opportunities=10)[0]
    alive = model.probability_alive(one)[0]
    assert 0.0 <= alive <= 1.0 + 1e-9
    assert 0.0 <= orders <= 10.0 * alive + 1e-9


def test_the_story_comes_true():
    rng = np.random.default_rng(9)
    rows, later = [], []
    for _ in range(6000):
        p, theta = rng.beta(1.5, 1.0), rng.beta(0.8, 4.0)
        uses, alive = [], True
        for _ in range(12):
            alive = alive and rng.random() >= theta
            uses.append(alive and rng.random() < p)
        seen = np.flatnonzero(uses[:7])
        rows.append((seen.size, seen[-1] + 1 if seen.size else 0))
        later.append(sum(uses[7:]))
    x, last = np.array(rows).T
    histories = Opportunities.check(x, last, np.full(6000, 7))
    truth = BgBb(1.5, 1.0, 0.8, 4.0)
    expected = truth.expected_purchases(histories, opportunities=5).sum()
    assert expected == pytest.approx(sum(later), rel=0.03)
    model = fit_bgbb(histories)
    errors = np.sqrt(np.diag(model.log_covariance))
    assert np.abs(np.log(model.parameters / truth.parameters) / errors).max() < 3.5


def test_the_whole_future_is_what_long_horizons_come_to(donations):
    model = BgBb(1.20, 0.75, 0.66, 2.78)
    whole = model.discounted_purchases(donations, rate_per_opportunity=0.1)
    long = model.discounted_purchases(
        donations, rate_per_opportunity=0.1, opportunities=400
    )
    assert whole == pytest.approx(long, rel=1e-10)


def test_a_rate_of_next_to_nothing_has_the_undiscounted_answer():
    """Who leaves soon enough buys ``alpha/(alpha+beta) * delta/(gamma-1)`` times ever.

    One opportunity after the other, a rate of 1e-12 would be 4e13 of them.
    """
    new = Opportunities.check([0], [0], [0])
    model = BgBb(1.2, 0.8, 3.0, 5.0)
    ever = model.discounted_purchases(new, rate_per_opportunity=1e-12)[0]
    assert ever == pytest.approx(0.6 * 5.0 / 2.0, rel=1e-9)


def test_thousands_of_opportunities_stay_finite():
    """The likelihood of one such history is far below the smallest float."""
    busy = Opportunities.check([1_500], [3_000], [3_000])
    alive = PUBLISHED.probability_alive(busy)[0]
    chance = (PUBLISHED.alpha + 1_500) / (PUBLISHED.alpha + PUBLISHED.beta + 3_000)
    next_one = PUBLISHED.expected_purchases(busy, opportunities=1)[0]
    assert alive > 0.999
    assert next_one == pytest.approx(alive * chance, rel=1e-9)


def test_each_account_gets_the_answer_of_its_own_history(donations):
    rows = np.random.default_rng(5).integers(0, len(donations), 400)
    many = Opportunities.check(
        donations.frequency[rows], donations.recency[rows], donations.count[rows]
    )
    for ask in (
        PUBLISHED.probability_alive,
        lambda h: PUBLISHED.expected_purchases(h, opportunities=5),
        lambda h: PUBLISHED.discounted_purchases(h, rate_per_opportunity=0.1),
    ):
        assert np.array_equal(ask(many), ask(donations)[rows])


@pytest.mark.parametrize("steps", [-1, 1.5, np.nan, np.inf, None, "3"])
def test_opportunities_are_a_whole_number(donations, steps):
    with pytest.raises(BadParameterError, match="opportunities must be a whole number"):
        PUBLISHED.expected_purchases(donations, opportunities=steps)
