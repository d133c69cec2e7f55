"""Margins learnt from single orders, by frequency, with losses and slips of the pen."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.spend import (
    SPEND_PRIOR,
    GammaGamma,
    fit_single_orders,
    fit_spend_with_ladder,
    left_out,
)
from clv.engine.spend_habits import (
    OrderSums,
    SpendHabits,
    fit_spend,
    learn_from_orders,
    learn_habits,
)
from clv.engine.spend_likelihood import (
    log_likelihood,
    sample_of_means,
    sample_of_orders,
    scale_of,
)
from clv.engine.spend_screen import largest_expected
from tests.clv.engine import cdnow

ABSURD = 999_999_999.99


def told(rng, size, *, slope=0.0, p=3.0, q=4.0, v=50.0):
    """Orders of `size` accounts, margin by margin: count, starts, values."""
    count = 1.0 + rng.geometric(0.25, size)
    nu = rng.gamma(q, 1.0 / (v * (count / 4.0) ** slope))
    value = rng.gamma(p, 1.0, int(count.sum())) / np.repeat(nu, count.astype(int))
    starts = np.append(0, np.cumsum(count)).astype(np.intp)
    return count, starts, value


def sums_of(story):
    return OrderSums.of(story[1], story[2])


@pytest.fixture(scope="module")
def by_pace():
    return told(np.random.default_rng(3), 6000, slope=0.35)


@pytest.fixture(scope="module")
def fitted(by_pace):
    sums = sums_of(by_pace)
    return fit_single_orders(sums.count, sums.total, sums.log_total)


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("of_orders", [True, False])
def test_gradient_is_the_slope_of_the_likelihood(size, of_orders):
    sums = sums_of(told(np.random.default_rng(1), 60))
    sample = sample_of_means(sums.count, sums.total / sums.count)
    if of_orders:
        sample = sample_of_orders(sums.count, sums.total, sums.log_total)
    point = np.array([0.8, 0.9, -0.4, 0.2])[:size]
    _, gradient = log_likelihood(sample, point)
    for place, step in enumerate(np.eye(size) * 1e-5):
        above, below = (log_likelihood(sample, point + s)[0] for s in (step, -step))
        assert gradient[place] == pytest.approx((above - below) / 2e-5, rel=1e-6)


def test_single_orders_and_their_pace_are_recovered(fitted):
    errors = fitted.standard_errors
    assert list(errors) == ["p", "q", "v", "slope"]
    assert abs(fitted.p - 3.0) < 3 * errors["p"]
    assert abs(fitted.q - 4.0) < 3 * errors["q"]
    assert abs(fitted.slope - 0.35) < 3 * errors["slope"]
    four = fitted.v * np.exp(fitted.log_turn(np.array([4.0])))[0]
    assert four == pytest.approx(50.0, rel=0.06)


def test_without_a_pace_there_is_no_slope():
    slopes = [
        fit_single_orders(*vars_of(sums_of(told(np.random.default_rng(seed), 800))))
        for seed in range(8)
    ]
    assert sum(model.slope == 0.0 for model in slopes) >= 7
    assert {len(model.log_covariance) for model in slopes} <= {3, 4}


def vars_of(sums):
    return sums.count, sums.total, sums.log_total


def test_a_slope_of_zero_is_the_model_of_the_paper():
    plain = GammaGamma(6.25, 3.74, 15.44)
    turned = replace(plain, slope=0.0, reference=7.0)
    x, z = np.array([0.0, 1, 5, 80]), np.array([0.0, 20, -3, 90])
    assert np.array_equal(plain.expected_value(x, z), turned.expected_value(x, z))
    small = replace(plain, slope=1e-9, reference=7.0)
    assert small.expected_value(x, z) == pytest.approx(plain.expected_value(x, z))


def test_single_orders_tell_the_scatter_that_means_mistake():
    """Where the small accounts are much alike, means look as if nothing scattered."""
    count, starts, value = told(np.random.default_rng(5), 4000)
    value = value.copy()
    for row in np.flatnonzero(count == 2):
        own = value[starts[row] : starts[row + 1]]
        own *= 16.0 / own.mean()
    sums = OrderSums.of(starts, value + 1e-9)
    from_orders, _ = learn_from_orders(sums)
    from_means, _ = fit_spend_with_ladder(sums.count, sums.total / sums.count)
    assert from_orders.p == pytest.approx(3.0, abs=0.3)
    assert from_means.p > 2 * from_orders.p


def test_unit_of_money_does_not_matter_by_orders_either(by_pace, fitted):
    sums = OrderSums.of(by_pace[1], by_pace[2] * 100)
    cents = fit_single_orders(*vars_of(sums))
    assert [cents.p, cents.q, cents.v / 100, cents.slope] == pytest.approx(
        [fitted.p, fitted.q, fitted.v, fitted.slope], rel=1e-6
    )


def test_an_account_not_seen_yet_brings_the_mean_of_an_order(by_pace, fitted):
    """Who buys more often counts more often: the mean is over orders."""
    sums = sums_of(by_pace)
    scale = np.exp(fitted.log_turn(sums.count))
    over_orders = (sums.count * scale).sum() / sums.count.sum()
    assert over_orders == pytest.approx(1.0, rel=1e-9)
    assert fitted.expected_value([0], [0.0])[0] == pytest.approx(fitted.mean)
    assert fitted.mean == pytest.approx(sums.total.sum() / sums.count.sum(), rel=0.05)


def test_pace_removes_the_bias_of_small_and_of_large_accounts(by_pace, fitted):
    """Without it, all accounts are pulled to one mean that fits neither."""
    count, starts, value = by_pace
    total = np.add.reduceat(value, starts[:-1])
    truth = (50.0 * (count / 4.0) ** 0.35 + total) * 3.0 / (3.0 * count + 3.0)
    sums = sums_of(by_pace)
    plain = fit_single_orders(*vars_of(sums), prior=SPEND_PRIOR.with_strength(0.01))
    assert plain.slope == 0.0
    for rows, bias in ((count == 2, 0.04), (count >= 8, -0.01)):
        told_by = [
            model.expected_value(count, total / count)[rows].sum() / truth[rows].sum()
            for model in (fitted, plain)
        ]
        assert told_by[0] == pytest.approx(1.0, abs=0.01)
        assert (told_by[1] - 1.0) / bias > 1.0


def test_cdnow_by_single_orders():
    """Over 23,570 accounts: the scatter of single orders is far from that of means."""
    days = cdnow.days("CDNOW_master.txt")
    seen = days[days.day <= np.datetime64(cdnow.WEEKS_39)].sort_values(["account"])
    count = seen.groupby("account").size().to_numpy()
    starts = np.append(0, np.cumsum(count)).astype(np.intp)
    model, step = learn_from_orders(OrderSums.of(starts, seen.value.to_numpy()))
    assert step == "individual"
    assert [model.p, model.q, model.slope] == pytest.approx(
        [3.622, 4.537, 0.139], abs=0.002
    )


# -- Losses --------------------------------------------------------------------------


def test_losses_lower_the_mean_of_all_and_of_loss_makers_only():
    x, z = np.full(500, 4.0), np.random.default_rng(2).gamma(3.0, 20.0, 500)
    gains, _ = fit_spend_with_ladder(x, z)
    model, _ = fit_spend_with_ladder(np.append(x, [4.0] * 50), np.append(z, [-30] * 50))
    assert model.loss_share == pytest.approx(50 / 550)
    assert model.loss_mean == pytest.approx(-30.0)
    assert model.profitable_mean == pytest.approx(gains.mean)
    whole = (z.sum() - 50 * 30) / 550
    assert model.mean == pytest.approx(whole, rel=0.02)
    assert model.expected_value([4], [25.0]) == pytest.approx(
        gains.expected_value([4], [25.0])
    )
    assert model.expected_value([4], [-25.0])[0] < gains.expected_value([4], [-25.0])[0]


def test_a_firm_that_only_loses_expects_losses():
    model, step = fit_spend_with_ladder([1, 4, 9], [-20.0, -30.0, 0.0])
    assert step == "assumed"
    assert model.mean == pytest.approx(-140 / 14)
    few, many = model.expected_value([1, 400], [-20.0, -20.0])
    assert -20.0 < few < -9.0
    assert many == pytest.approx(-20.0, rel=0.01)


@given(st.integers(1, 400), st.floats(-500, 500), st.floats(0, 500))
@settings(max_examples=60)
def test_more_margin_is_never_worth_less(orders, mean, more):
    model = GammaGamma(
        2.5, 3.0, 60.0, slope=0.2, reference=5.0, loss_share=0.1, loss_mean=-40.0
    )
    low, high = model.expected_value([orders] * 2, [mean, mean + more])
    assert low <= high + 1e-9


# -- Slips of the pen ----------------------------------------------------------------


@pytest.mark.parametrize("absurd", [ABSURD, -ABSURD])
@pytest.mark.parametrize("size", [12, 60, 1500])
def test_one_absurd_account_does_not_move_the_others(absurd, size):
    rng = np.random.default_rng(4)
    x = 1.0 + rng.geometric(0.3, size)
    z = rng.gamma(3.0 * x) / x / rng.gamma(4.0, 1.0 / 150.0, size)
    clean = fit_spend(x, z)
    odd = fit_spend(np.append(x, 2.0), np.append(z, absurd))
    assert odd.left_out.tolist() == [size]
    assert clean.left_out.tolist() == []
    assert odd.model == clean.model
    own = odd.model.expected_value([2.0], [absurd])[0]
    assert own / absurd > 0.5


@pytest.mark.parametrize("factor", [20.0, 100.0, 1e3, 1e4, 1e6])
def test_large_accounts_move_the_others_little_whatever_their_size(factor):
    rng = np.random.default_rng(4)
    x = 1.0 + rng.geometric(0.3, 1000)
    z = rng.gamma(3.0 * x) / x / rng.gamma(4.0, 1.0 / 150.0, 1000)
    clean = fit_spend(x, z).model.expected_value(x, z)
    odd = fit_spend(np.append(x, 3.0), np.append(z, factor * np.median(z)))
    now = odd.model.expected_value(x, z)
    assert now == pytest.approx(clean, rel=0.1)
    assert now.sum() == pytest.approx(clean.sum(), rel=0.01)


@pytest.mark.parametrize("q", [1.6, 3.0])
def test_honest_giants_stay(q):
    for seed in range(5):
        _, starts, value = told(np.random.default_rng(seed), 5000, q=q)
        sums = OrderSums.of(starts, value)
        assert not left_out(sums.count, sums.total / sums.count).size


def test_nobody_is_odd_in_the_real_file():
    table = cdnow.summary(cdnow.WEEKS_39, "CDNOW_master.txt")
    assert not left_out(table.x + 1, table.mean_all).size


def test_of_two_accounts_neither_is_the_odd_one():
    assert largest_expected(np.array([1.0, 1e9])) == np.inf
    assert not left_out([1, 1], [1.0, ABSURD]).size
    assert not left_out([], []).size


# -- Habits --------------------------------------------------------------------------


def test_habits_keep_the_story_and_find_todays_level(by_pace):
    sums = sums_of(by_pace)
    habits = learn_habits(sums, own_share=0.0, by_orders=True)
    assert habits.step == "individual"
    today = fit_spend(sums.count, 1.5 * sums.total / sums.count, habits=habits)
    assert today.step == "individual"
    assert today.model.v == pytest.approx(1.5 * habits.model.v, rel=0.01)
    kept = [today.model.p, today.model.q, today.model.slope]
    assert kept == [habits.model.p, habits.model.q, habits.model.slope]


def test_the_level_is_the_likeliest_one(by_pace, fitted):
    sums = sums_of(by_pace)
    mean = sums.total / sums.count
    turn = fitted.log_turn(sums.count)
    v = scale_of(sums.count, mean, turn, p=fitted.p, q=fitted.q)
    sample = sample_of_means(sums.count, mean)
    log_v = np.log(v / sample.unit)
    log_v += fitted.slope * (sample.log_reference - np.log(fitted.reference))
    point = np.array([np.log(fitted.p), np.log(fitted.q - 1), log_v, fitted.slope])
    _, gradient = log_likelihood(sample, point)
    assert abs(gradient[2]) < 1e-6 * sums.count.size


def test_habits_survive_storage(by_pace):
    habits = learn_habits(sums_of(by_pace), own_share=0.25, by_orders=True)
    assert SpendHabits.from_stored(json.loads(json.dumps(asdict(habits)))) == habits
    assert SpendHabits.from_stored(None) is None
    means = SpendHabits(own_share=0.5)
    assert SpendHabits.from_stored(json.loads(json.dumps(asdict(means)))) == means


def test_the_own_mean_counts_beyond_the_model_as_the_habits_say(by_pace):
    sums = sums_of(by_pace)
    mean = sums.total / sums.count
    plain = fit_spend(sums.count, mean).model
    shared = fit_spend(sums.count, mean, habits=SpendHabits(own_share=0.25)).model
    assert shared.expected_value([3, 0], [90.0, 0.0]) == pytest.approx(
        [
            0.75 * plain.expected_value([3], [90.0])[0] + 0.25 * 90.0,
            plain.mean,
        ]
    )


def test_nothing_to_learn_from_leaves_no_model():
    nothing = OrderSums.of(np.array([0, 2]), np.array([-5.0, 0.0]))
    assert learn_habits(nothing, own_share=0.1, by_orders=True) == SpendHabits(
        own_share=0.1
    )
    same = OrderSums.of(np.arange(401), np.full(400, 7.0))
    with pytest.raises(NotConvergedError):
        learn_from_orders(same)
    assert OrderSums.of(np.zeros(1, np.intp), np.zeros(0)).count.size == 0
    assert fit_spend([], [], habits=SpendHabits(GammaGamma(3, 3, 9))).step == "assumed"


def test_faulty_orders_are_named():
    with pytest.raises(BadHistoryError, match="as many totals"):
        fit_single_orders([], [], [])
    with pytest.raises(BadHistoryError, match="without a positive margin"):
        fit_single_orders([1, 0], [5.0, 0.0], [1.0, 0.0])
    for fault in ({"slope": np.nan}, {"own_share": 1.1}, {"loss_mean": 1.0}):
        with pytest.raises(BadParameterError):
            GammaGamma(2, 2, 2, **fault)
