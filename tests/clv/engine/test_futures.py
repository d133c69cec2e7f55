"""What is drawn or worked out once for a firm holds for any of its accounts."""

import numpy as np
import pytest

from clv.engine.common_futures import CommonFutures
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.judging.composed import CohortModel, Mixture
from clv.engine.models import BgNbd, MbgCnbd, MbgNbd, Nbd
from clv.engine.pairs import Pairs
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma
from clv.engine.uncertainty import common_intervals, value_intervals
from clv.engine.value import Values, outlook_of_pairs, value_accounts

DOUBT = tuple(map(tuple, np.eye(4) * 0.02))
STEADY = BgNbd(0.8, 40.0, 0.8, 3.0, log_covariance=DOUBT)
OLD = MbgNbd(1.2, 60.0, 0.6, 2.0)
REGULAR = MbgCnbd(0.8, 40.0, 0.8, 3.0, regularity=2, log_covariance=DOUBT)
BY_PAIR = {
    "one": STEADY,
    "cohorts": CohortModel((STEADY, OLD), (300.0,)),
    "mix": Mixture((STEADY, OLD, Nbd(0.7, 50.0)), (0.5, 0.3, 0.2)),
}
BY_HISTORY = {
    "regular": REGULAR,
    "cohorts of unlike regularity": CohortModel(
        (REGULAR, MbgCnbd(0.8, 10.0, 0.8, 3.0, regularity=5), OLD), (200.0, 450.0)
    ),
    "mix": Mixture((STEADY, REGULAR), (0.6, 0.4)),
}
EVERY = [*BY_PAIR.values(), *BY_HISTORY.values()]
SPEND = GammaGamma(6.25, 3.74, 15.44)
AHEAD = {"annual_rate": 0.1, "horizon_days": 900.0}


def firm(model, count=600):
    """Accounts of all ages, some of them with their orders within a few days."""
    chance = np.random.default_rng(3)
    age = chance.integers(0, 700, count)
    repeat = np.where(age > 0, chance.poisson(2.0, count), 0)
    recency = np.where(repeat > 0, chance.integers(0, np.maximum(age, 1)) + 1, 0)
    recency[:9], age[:9], repeat[:9] = 1, np.arange(1, 10), 2
    return Portfolio.check(
        model=model,
        spend=SPEND,
        histories=Histories.check(repeat, recency, age),
        order_count=repeat + 1,
        mean_margin=chance.gamma(3.0, 10.0, count) - 5.0,
        cost_per_order=2.0,
        cost_per_year=9.0,
        **AHEAD,
    )


def part_of(known, rows):
    names = ("order_count", "mean_margin", "cost_per_order", "cost_per_year")
    vectors = {name: getattr(known, name)[rows] for name in names}
    return Portfolio.check(
        model=known.model,
        spend=known.spend,
        histories=known.histories.take(rows),
        **vectors,
        **AHEAD,
    )


def stranger_of(repeat, age, count):
    return Portfolio.check(
        model=STEADY,
        spend=SPEND,
        histories=Histories.check([repeat], [min(repeat, 1) * age], [age]),
        order_count=[count],
        mean_margin=30.0,
        **AHEAD,
    )


def drawn_for(known, draws=200, **named):
    return CommonFutures.draw(
        Pairs.of(known.histories).by_week(),
        np.unique(known.order_count),
        model=known.model,
        spend=known.spend,
        rng=np.random.default_rng(5),
        draws=draws,
        pace_error=0.1,
        **AHEAD,
        **named,
    )


def valued(known, common=None):
    return value_accounts(
        model=known.model,
        histories=known.histories,
        margin_per_order=known.margin_per_order,
        cost_per_order=2.0,
        cost_per_year=9.0,
        common=common,
        **AHEAD,
    )


def digits(intervals):
    return np.stack([intervals.low, intervals.high, intervals.spread]).tolist()


@pytest.mark.parametrize("model", EVERY)
def test_an_account_has_its_interval_whoever_it_is_valued_with(model):
    known = firm(model)
    common = drawn_for(known)
    whole = digits(common_intervals(known, common))

    for rows in (np.arange(250), np.arange(250, 600), np.array([4, 17, 333])):
        got = digits(common_intervals(part_of(known, rows), common))

        assert got == np.array(whole)[:, rows].tolist()


@pytest.mark.parametrize("name", BY_PAIR)
def test_drawn_for_all_or_for_those_at_hand_all_have_the_same_intervals(name):
    known = firm(BY_PAIR[name])

    at_hand = value_intervals(known, rng=np.random.default_rng(5), pace_error=0.1)

    assert digits(common_intervals(known, drawn_for(known))) == digits(at_hand)


@pytest.mark.parametrize(
    ("name", "by_phase"),
    [*((name, True) for name in BY_HISTORY), ("regular", False), ("mix", False)],
)
def test_where_recency_shapes_futures_all_ways_agree_but_for_chance(name, by_phase):
    known = firm(BY_HISTORY[name], 80)

    once = common_intervals(known, drawn_for(known, 4000, by_phase=by_phase))
    at_hand = value_intervals(
        known, rng=np.random.default_rng(6), draws=4000, pace_error=0.1
    )

    scale = at_hand.spread.mean()
    assert once.spread == pytest.approx(at_hand.spread, rel=0.1, abs=0.1 * scale)
    assert once.low == pytest.approx(at_hand.low, rel=0.1, abs=0.1 * scale)
    assert once.high == pytest.approx(at_hand.high, rel=0.1, abs=0.15 * scale)


@pytest.mark.parametrize("name", BY_HISTORY)
def test_drawn_for_those_at_hand_the_same_have_the_same_intervals_again(name):
    known = firm(BY_HISTORY[name])
    some = part_of(known, np.arange(100, 300))

    one, two = (
        digits(common_intervals(some, drawn_for(known, by_phase=False)))
        for _ in range(2)
    )

    assert one == two
    assert one != digits(common_intervals(some, drawn_for(known)))


@pytest.mark.parametrize("model", EVERY)
def test_expectations_worked_out_once_are_those_of_each_account(model):
    known = firm(model)
    common = outlook_of_pairs(model, Pairs.of(known.histories), **AHEAD)

    for rows in (np.arange(600), np.arange(400, 500), np.array([5])):
        part = part_of(known, rows)
        alone, looked_up = valued(part), valued(part, common)
        for name in Values.__dataclass_fields__:
            assert getattr(looked_up, name).tolist() == getattr(alone, name).tolist()


def test_only_accounts_of_the_firm_can_be_looked_up():
    known = firm(STEADY)
    common = drawn_for(known)
    for repeat, age, count in ((0, 7007, 1), (90, 700, 1), (0, 7, 91)):
        stranger = stranger_of(repeat, age, count)
        with pytest.raises(BadParameterError, match="none of those"):
            common_intervals(stranger, common)
    outlook = outlook_of_pairs(STEADY, Pairs.of(known.histories), **AHEAD)
    with pytest.raises(BadParameterError, match="none of those"):
        valued(stranger_of(90, 700, 91), outlook)


def test_pairs_are_distinct_and_ascend():
    """11 and 10 days are 1.5 weeks or nearly so; 1 day with orders is a quarter."""
    histories = Histories.check(
        [2, 0, 1, 1, 1, 0], [5, 0, 1, 9, 11, 0], [70, 14, 1, 10, 11, 13]
    )

    pairs = Pairs.of(histories)

    assert pairs.frequency.tolist() == [0, 0, 1, 1, 1, 2]
    assert pairs.age_days.tolist() == [13, 14, 1, 10, 11, 70]
    for weekly in (pairs.by_week(), pairs.by_week().by_week()):
        assert weekly.frequency.tolist() == [0, 1, 1, 1, 2]
        assert weekly.age_days.tolist() == [14, 1.75, 7, 14, 70]
    assert Pairs.of(Histories.check([], [], [])).age_days.size == 0
