"""Sequences before ends: a planted one is found, shuffled ones are not."""

import numpy as np
import pytest

from segments.engine import sequences
from segments.engine.sequences import (
    NO_SECOND,
    AtRisk,
    Ends,
    Happenings,
    draw_sets,
    find_patterns,
    study,
)

WINDOW = 60
KINDS = 6


def simulate(rng, *, accounts=1500, days=900, rate=0.0005, ratio=1.0):
    """A story told day by day: kind 2 raises the daily chance to leave, for 60 days.

    Written without the engine: each account has a class, joins on some day, has
    happenings at random, and may leave on any day.
    """
    joined = rng.integers(0, 400, size=accounts)
    stratum = rng.integers(1, 4, size=accounts)
    daily = np.array([0.004, 0.002, 0.002, 0.001, 0.0005, 0.003])
    happened = rng.random((accounts, days, KINDS)) < daily
    raised = np.zeros((accounts, days), dtype=bool)
    for lag in range(1, WINDOW + 1):
        raised[:, lag:] |= happened[:, :-lag, 2]
    chance = rate * np.where(raised, ratio, 1.0) * stratum[:, None] / 2
    leaves = rng.random((accounts, days)) < chance
    leaves &= np.arange(days) > joined[:, None]
    left = np.where(leaves.any(axis=1), leaves.argmax(axis=1), days)
    account, day, kind = np.nonzero(happened)
    is_gone = left < days
    number = np.arange(accounts)
    return (
        Ends(number[is_gone], left[is_gone]),
        AtRisk(number, stratum, joined, left, joined),
        Happenings(account, kind, day),
    )


def report(rng, told):
    ends, at_risk, happenings = told
    sets = draw_sets(ends, at_risk, rng=rng)
    return find_patterns(study(sets, happenings, kinds=KINDS, window_days=WINDOW))


def single(found, kind):
    return next(f for f in found.findings if (f.first, f.then) == (kind, NO_SECOND))


def test_a_planted_happening_is_found_with_its_ratio_inside_the_interval():
    rng = np.random.default_rng(11)
    found = report(rng, simulate(rng, ratio=6.0))
    planted = single(found, 2)
    assert found.findings[0].first == 2 or found.findings[0].then == 2
    assert planted.comparison.low <= 6.0 <= planted.comparison.high
    assert planted.q_value < 0.001
    assert 1 <= planted.lead[0] <= planted.lead[1] <= planted.lead[2] <= WINDOW
    sure = {f.first for f in found.findings if f.q_value <= 0.05 and f.then < 0}
    assert sure == {2}


def test_a_planted_order_is_found_and_the_other_order_is_not():
    """Before every other end 0 comes ten days before 1; elsewhere both as they fall."""
    rng = np.random.default_rng(5)
    ends, at_risk, happenings = simulate(rng, accounts=800, rate=0.0008)
    half = rng.random(ends.account.size) < 0.5
    who, when = ends.account[half], ends.day[half]
    told = Happenings(
        np.concatenate([happenings.account, who, who]),
        np.concatenate([happenings.kind, 0 * who + 3, 0 * who + 4]),
        np.concatenate([happenings.day, when - 20, when - 10]),
    )
    found = report(rng, (ends, at_risk, told))
    pairs = {(f.first, f.then): f for f in found.findings}
    assert pairs[3, 4].q_value < 0.001
    assert pairs[3, 4].lead[1] == 10
    assert (4, 3) not in pairs or pairs[4, 3].q_value > 0.001


def test_shuffled_happenings_give_false_alarms_no_more_often_than_stated():
    """Under no relation at all, any sure finding is false: at most 5 % of tries."""
    alarms, chances = 0, []
    ends, at_risk, told = simulate(
        np.random.default_rng(2), accounts=400, days=500, rate=0.001
    )
    sets = draw_sets(ends, at_risk, rng=np.random.default_rng(0))
    for seed in range(60):
        who = np.random.default_rng(seed).permutation(400)[told.account]
        shuffled = Happenings(who, told.kind, told.day)
        found = find_patterns(study(sets, shuffled, kinds=KINDS, window_days=WINDOW))
        alarms += any(f.q_value <= 0.05 for f in found.findings)
        chances += [f.comparison.p_value for f in found.findings if f.then < 0]
    # 60 tries at 5 %: more than eight have a chance below 1 %.
    assert alarms <= 8
    assert 0.02 <= np.mean(np.array(chances) <= 0.05) <= 0.08


def test_nothing_on_the_day_or_after_it_counts_and_nothing_before_the_window():
    ends = Ends(np.array([1]), np.array([100]))
    number = np.array([1, 2])
    at_risk = AtRisk(
        number,
        np.array([1, 1]),
        np.array([0, 0]),
        np.array([100, 500]),
        np.array([0, 0]),
    )
    sets = draw_sets(ends, at_risk, rng=np.random.default_rng(0))
    days = np.array([39, 40, 99, 100, 101])
    told = Happenings(np.ones(5, dtype=np.int64), np.arange(5), days)
    found = study(sets, told, kinds=5, window_days=60)
    assert found.exposed(0).tolist() == [False, False]
    assert [bool(found.exposed(k)[0]) for k in range(5)] == [
        *(False, True, True, False, False)
    ]
    assert found.exposed(1, 2)[0]
    assert not found.exposed(2, 1)[0]
    assert not found.exposed(1, 1)[0]


def test_comparables_were_like_it_on_the_day_and_had_no_end_then():
    rng = np.random.default_rng(4)
    ends, at_risk, _ = simulate(rng, rate=0.001)
    sets = draw_sets(ends, at_risk, rng=rng)
    assert sets.count + sets.unmatched == ends.account.size
    of = {int(a): n for n, a in enumerate(at_risk.account)}
    for start, size in zip(sets.starts, sets.sizes, strict=True):
        members = [of[int(a)] for a in sets.account[start : start + size]]
        day = sets.day[start]
        assert len(set(members)) == size <= 1 + sequences.CONTROLS
        assert {int(at_risk.stratum[m]) for m in members} == {
            int(at_risk.stratum[members[0]])
        }
        assert at_risk.until[members[0]] == day
        assert all(at_risk.until[m] > day for m in members[1:])
        assert all(at_risk.joined[m] < day for m in members)
        tenure = day - 1 - at_risk.joined[members]
        assert np.abs(tenure - tenure[0]).max() <= max(90, tenure[0] / 4)


@pytest.mark.parametrize("what", ["no ends", "nobody comparable"])
def test_without_ends_or_comparables_there_is_nothing_to_find(what):
    rng = np.random.default_rng(0)
    none = np.empty(0, dtype=np.int64)
    one = np.array([1])
    at_risk = AtRisk(one, one, one * 0, one * 50, one * 0)
    ends = Ends(none, none) if what == "no ends" else Ends(one, one * 50)
    sets = draw_sets(ends, at_risk, rng=rng)
    found = find_patterns(
        study(sets, Happenings(one, one * 0, one * 40), kinds=1, window_days=60)
    )
    assert sets.count == 0
    assert sets.unmatched == ends.account.size
    assert found.findings == ()


def test_what_was_seen_too_rarely_is_counted_and_not_tested():
    rng = np.random.default_rng(8)
    ends, at_risk, happenings = simulate(rng, accounts=300)
    rare = Happenings(happenings.account[:0], happenings.kind[:0], happenings.day[:0])
    few = Happenings(ends.account[:3], np.zeros(3, dtype=np.int64), ends.day[:3] - 5)
    sets = draw_sets(ends, at_risk, rng=rng)
    assert find_patterns(study(sets, rare, kinds=2, window_days=60)).too_few == 0
    found = find_patterns(study(sets, few, kinds=2, window_days=60))
    assert (found.findings, found.too_few) == ((), 1)


def test_an_account_with_many_ends_counts_once():
    ends = Ends(np.array([1, 1, 1, 2]), np.array([50, 60, 70, 65]))
    number = np.arange(1, 30)
    at_risk = AtRisk(number, number * 0, number * 0, number * 0 + 900, number * 0)
    sets = draw_sets(ends, at_risk, rng=np.random.default_rng(0))
    assert sorted(sets.account[sets.starts].tolist()) == [1, 2]
    assert sets.found == 4
