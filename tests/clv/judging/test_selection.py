from dataclasses import replace

import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.judging import selection
from clv.engine.judging.candidates import candidate_names
from clv.engine.judging.selection import (
    Choice,
    choose,
    cross_fitted,
    loss_of,
    mix_loss,
    origin_shares,
    stacked_weights,
)
from clv.engine.judging.trials import NAIVE_RULES, try_origin
from tests.clv.judging.logs import AS_OF

NAMES = [*candidate_names(), *NAIVE_RULES]


@pytest.fixture(scope="module")
def trials(log):
    known = log.until(AS_OF)
    return [try_origin(known, AS_OF - days, days) for days in (365, 182)]


def test_weights_are_a_mix_without_crumbs(trials):
    weights = stacked_weights(trials, NAMES)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0.005
    assert set(weights) <= set(NAMES)


def test_a_mix_that_loses_a_little_is_not_called_better(trials, monkeypatch):
    best, other = {"bgnbd": 1.0}, {"bgnbd": 0.5, "nbd": 0.5}
    losses = {frozenset(best): 1.000, frozenset(other): 1.003}
    monkeypatch.setattr(
        selection, "loss_of", lambda _trials, w: losses.get(frozenset(w), 2.0)
    )
    reason = selection._reason(trials, other)
    assert "within 0.3% of the best single candidate, bgnbd" in reason
    assert "better" not in reason


def test_the_mix_loses_least_where_it_was_fitted(trials):
    weights = stacked_weights(trials, NAMES, shrinkage=1e-6)
    mixed = loss_of(trials, weights)
    assert all(mixed <= loss_of(trials, {n: 1.0}) + 1e-4 for n in trials[0].names)


def test_strong_shrinkage_gives_everybody_the_same(trials):
    weights = stacked_weights(trials, ["bgnbd", "nbd", "rate"], shrinkage=1e6)
    assert list(weights.values()) == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_the_gradient_of_the_loss_is_its_slope(trials):
    stack = trials[0].stack(["bgnbd", "nbd", "last_period"])
    at = np.array([0.5, 0.3, 0.2])
    slope = mix_loss(stack, at)[1]
    for place in range(3):
        step = np.eye(3)[place] * 1e-6
        rise = mix_loss(stack, at + step)[0] - mix_loss(stack, at - step)[0]
        assert rise / 2e-6 == pytest.approx(slope[place], rel=1e-4, abs=1e-7)


def test_long_holdouts_count_more(trials):
    shares = origin_shares(trials)
    assert shares[0] == pytest.approx(365**2 / (365**2 + 182**2))


def test_cross_fitted_weights_come_from_the_other_origins(trials):
    first, second = cross_fitted(trials, NAMES)
    assert first == stacked_weights(trials[1:], NAMES)
    assert second == stacked_weights(trials[:1], NAMES)
    alone = cross_fitted(trials[:1], ["bgnbd", "rate"])
    assert alone == [{"bgnbd": 0.5, "rate": 0.5}]


def test_a_mix_without_any_candidate_is_refused(trials):
    with pytest.raises(BadParameterError, match="no candidate has a forecast"):
        stacked_weights(trials, ["arima"])


def test_the_choice_is_recorded_with_its_reason(trials):
    choice = choose(trials, NAMES, as_of_day=AS_OF)
    assert choice.chosen_on == AS_OF
    assert choice.wins == 0
    assert "2 hold-outs" in choice.reason
    assert not set(choice.model_weights) & set(NAIVE_RULES)


BAD = Choice({"rate": 1.0}, {"nbd": 1.0}, "An old choice.", chosen_on=5)


def test_a_challenger_must_win_twice_in_a_row(trials):
    first = choose(trials, NAMES, previous=BAD, as_of_day=AS_OF)
    assert (first.weights, first.wins, first.chosen_on) == ({"rate": 1.0}, 1, 5)
    assert "takes over if it wins again" in first.reason
    second = choose(trials, NAMES, previous=first, as_of_day=AS_OF + 7)
    assert second.weights != {"rate": 1.0}
    assert (second.wins, second.chosen_on) == (0, AS_OF + 7)


def test_wins_count_once_in_seven_days_however_often_it_races(trials):
    choice = choose(trials, NAMES, previous=BAD, as_of_day=AS_OF)
    for later in range(1, 7):
        choice = choose(trials, NAMES, previous=choice, as_of_day=AS_OF + later)
        assert (choice.weights, choice.wins) == ({"rate": 1.0}, 1)
        assert choice.beaten_on == AS_OF
        assert "counts once in 7 days" in choice.reason


def test_a_lost_race_sets_the_challenger_back(trials):
    good = choose(trials, NAMES, as_of_day=5)
    again = choose(trials, NAMES, previous=replace(good, wins=1), as_of_day=6)
    assert (again.wins, again.chosen_on, again.weights) == (0, 5, good.weights)
    assert "stays" in again.reason


def test_a_choice_of_vanished_candidates_is_replaced_at_once(trials):
    gone = Choice({"arima": 1.0}, {}, "Gone.", chosen_on=5)
    assert choose(trials, NAMES, previous=gone, as_of_day=6).chosen_on == 6
