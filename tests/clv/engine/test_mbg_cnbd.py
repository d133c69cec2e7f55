"""MBG/CNBD-k; at k = 1 it must be MBG/NBD, which is checked against the literature."""

import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models import MbgCnbd, MbgNbd, fit_mbg_cnbd, fit_mbgnbd
from clv.engine.models import mbg_cnbd as model_module
from clv.engine.models import thinned as thinned_module
from clv.engine.models.fitting import make_sample
from clv.engine.models.regular_likelihood import regular_log_likelihood
from tests.clv.engine import cdnow
from tests.clv.engine.stories import bgnbd_account, lives

ROWS = Histories.check([0, 0, 2, 40], [0, 0, 30, 300], [0, 90, 60, 303])

# New customers of 1 January to 30 March 2006 in the grocery data of BTYDplus, day by
# day from the last one; the calibration period ends on 31 December.
GROCERY = """
    21 13 28 6 5 30 21 13 16 28 5 4 17 22 21 24 14 13 9 13 18 23 20 21 6 4 25 19 16
    27 22 5 9 22 16 18 19 20 9 10 19 28 23 19 22 8 4 14 19 28 19 34 9 7 22 18 17 24
    25 8 8 29 24 25 19 32 7 8 20 16 26 22 14 8 7 12 34 29 22 27 6 5 21 17 17 24 20 2
    5
"""


@pytest.fixture(scope="module")
def regular():
    """Accounts that buy at every third event."""
    story = bgnbd_account(1.2, 12.0, 0.8, 3.0, leaves_at_first=True)
    rng = np.random.default_rng(30)
    return lives(rng, 6000, age=365, future=365, draw_account=story, shape=3)


def test_one_event_per_purchase_is_mbg_nbd():
    plain = fit_mbgnbd(cdnow.histories())
    same = fit_mbg_cnbd(cdnow.histories(), regularity=1)
    assert same.parameters == pytest.approx(plain.parameters, rel=1e-9)
    assert same.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    some = cdnow.histories().take(np.arange(0, 2357, 20))
    for rate, horizon in ((0.0, 273.0), (0.15, 1096.0), (0.15, None)):
        one, two = (
            model.flows(some, annual_rate=rate, horizon_days=horizon)
            for model in (plain, same)
        )
        assert two.orders == pytest.approx(one.orders, rel=1e-4)
        assert two.alive_days == pytest.approx(one.alive_days, rel=1e-4)


def test_orders_of_the_grocery_customers_in_their_second_year():
    """BTYDplus's vignette: 3,970, by the two-event model fitted to their first year."""
    joined = np.array(GROCERY.split(), dtype=float)
    assert joined.sum() == 1_525
    age = np.arange(276.0, 365.0)
    model = MbgCnbd(1.329175, 7 * 2.812551, 0.424709, 0.790029, regularity=2)
    orders, _ = model.curves(Histories.check([0], [0], [0]), np.append(age, age + 364))
    first, both = np.split(orders[0], 2)
    assert (joined @ (both - first)).round() == 3_970


def test_gradient_is_the_slope_of_the_likelihood():
    sample = make_sample(cdnow.histories())
    point, step = np.log([0.7, 9.0, 0.8, 2.0]), 1e-5
    _, gradient = regular_log_likelihood(sample, point, 3)
    for place in range(4):
        move = step * np.eye(4)[place]
        above, below = (
            regular_log_likelihood(sample, point + sign * move, 3)[0]
            for sign in (1, -1)
        )
        assert gradient[place] == pytest.approx((above - below) / (2 * step), rel=1e-5)


def test_the_story_comes_true(regular):
    truth = MbgCnbd(1.2, 12.0, 0.8, 3.0, regularity=3)
    alive = truth.probability_alive(regular.histories)
    assert alive.mean() == pytest.approx(regular.is_alive.mean(), abs=0.015)
    orders = truth.expected_purchases(regular.histories, horizon_days=365)
    assert orders.sum() == pytest.approx(regular.future_orders.sum(), rel=0.04)
    model = fit_mbg_cnbd(regular.histories, regularity=3)
    errors = np.sqrt(np.diag(model.log_covariance))
    assert np.abs(np.log(model.parameters / truth.parameters) / errors).max() < 3.5


def test_regularity_shows_in_the_likelihood():
    """Gaps of clockwork buyers: the sum of their logarithms tells k."""
    rng = np.random.default_rng(31)
    x, recency, gap_sum = [], [], 0.0
    for _ in range(1500):
        rate, p = rng.gamma(1.5, 1 / 15.0), rng.beta(0.8, 3.0)
        now, count = 0.0, 0
        while rng.random() >= p:
            gap = rng.gamma(3, 1 / rate)
            if now + gap > 365:
                break
            now, count, gap_sum = now + gap, count + 1, gap_sum + np.log(gap)
        x.append(count)
        recency.append(now)
    histories = Histories.check(x, recency, np.full(1500, 365.0))
    likelihoods = [
        fit_mbg_cnbd(histories, regularity=k, log_gap_sum=gap_sum).log_likelihood
        for k in range(1, 6)
    ]
    assert np.argmax(likelihoods) == 2


def test_silence_tells_sooner_of_regular_buyers():
    rows = Histories.check([10, 10, 10], [200, 200, 200], [205, 260, 400])
    shaky = MbgNbd(1.2, 36.0, 0.8, 3.0).probability_alive(rows)
    steady = MbgCnbd(1.2, 12.0, 0.8, 3.0, regularity=3).probability_alive(rows)
    assert (np.diff(steady) < 0).all()
    assert steady[1] < shaky[1]


def test_very_many_purchases_pass_into_the_smooth_form(monkeypatch):
    heavy = Histories.check([400], [998], [1000])
    model = MbgCnbd(1.2, 12.0, 0.3, 30.0, regularity=3)
    monkeypatch.setattr(thinned_module, "MANY_PURCHASES", 1e9)
    exact = model.expected_purchases(heavy, horizon_days=1000)
    monkeypatch.setattr(thinned_module, "MANY_PURCHASES", 300.0)
    smooth = model.expected_purchases(heavy, horizon_days=1000)
    assert smooth == pytest.approx(exact, rel=5e-3)


def test_likelihoods_are_only_comparable_with_gaps():
    assert fit_mbg_cnbd(cdnow.histories(), regularity=2).log_likelihood is None


@pytest.mark.parametrize("regularity", [0, 13])
def test_regularity_has_limits(regularity):
    with pytest.raises(BadParameterError, match="regularity"):
        fit_mbg_cnbd(ROWS, regularity=regularity)


def test_days_alive_add_up_over_short_gaps_as_over_long_ones():
    rows = Histories.check([0, 1, 5, 40], [0, 20, 90, 200], [1, 40, 120, 201])
    model = MbgCnbd(1.3, 15.0, 1.8, 15.0, regularity=3)
    months = np.append(np.arange(0.0, 1095.0, 30.4375), 1095.75)
    orders, days = model.curves(rows, months)
    for place in (0, 1, 12, 36):
        whole = model.flows(rows, annual_rate=0.0, horizon_days=months[place])
        assert days[:, place] == pytest.approx(whole.alive_days, abs=0.02)
        assert orders[:, place] == pytest.approx(whole.orders, abs=1e-9)


@pytest.mark.parametrize("k", [2, 4, 12])
@pytest.mark.parametrize("days", [1.0, 20.0])
def test_a_hundred_thousand_orders_are_answered_at_once(k, days):
    """Some 27 or 550 orders, (k-1)/(2k) fewer than at random: just after an order.

    Led by rounding, the sum over the orders ahead came to no end here.
    """
    heavy = Histories.check([100_000], 3_650.0, 3_650.0)
    regular = MbgCnbd(0.5, 5.0, 0.8, 3.0, regularity=k)
    random = MbgNbd(0.5, 5.0, 0.8, 3.0)
    one, other = (
        model.expected_purchases(heavy, horizon_days=days)[0]
        for model in (random, regular)
    )
    assert one - other == pytest.approx((k - 1) / (2 * k), abs=5e-3)


@pytest.mark.parametrize("k", [2, 12])
def test_the_smooth_form_meets_the_sums(monkeypatch, k):
    rows = Histories.check([3, 30, 700], [5, 30, 730], [5, 30, 730])
    model = MbgCnbd(0.5, 56.0 / k, 0.8, 3.0, regularity=k)
    smooth, exact = [], []
    for limit, curves in ((300.0, smooth), (1e9, exact)):
        monkeypatch.setattr(thinned_module, "MANY_PURCHASES", limit)
        curves.extend(model.curves(rows, [330.0, 1_000.0, 3_200.0]))
    assert smooth[0] == pytest.approx(exact[0], rel=1e-6)
    assert smooth[1] == pytest.approx(exact[1], rel=1e-6)


def test_the_smooth_form_knows_accounts_without_an_event(monkeypatch):
    """At a pace that may be next to nothing, 130 years ahead."""
    new, model = (
        Histories.check([0], 0.0, 5.0),
        MbgCnbd(0.3, 10.0, 0.8, 3.0, regularity=3),
    )
    smooth = model.expected_purchases(new, horizon_days=50_000.0)[0]
    monkeypatch.setattr(thinned_module, "MANY_PURCHASES", 1e9)
    exact = model.expected_purchases(new, horizon_days=50_000.0)[0]
    assert smooth == pytest.approx(exact, rel=3e-4)


def test_the_whole_future_of_old_regular_accounts(monkeypatch):
    """Beside four times as many nodes; at twelve, 2e-3 were lost."""
    old = Histories.check([9], 2_084.0, 4_000.0)
    model = MbgCnbd(1.28, 29.5, 0.48, 4.89, regularity=6)
    whole = model.discounted_purchases(old, annual_rate=0.15)[0]
    monkeypatch.setattr(model_module, "FAR_NODES", 160)
    fine = model.discounted_purchases(old, annual_rate=0.15)[0]
    assert whole == pytest.approx(fine, rel=5e-5)


@pytest.mark.parametrize("k", [0, 13, 1.5, None, "2"])
def test_regularity_is_a_small_whole_number(k):
    with pytest.raises(BadParameterError, match=r"whole number in 1\.\.12, not"):
        fit_mbg_cnbd(cdnow.histories(), regularity=k)
