"""The plan optimiser: equal to brute force, within its limits, never worse than today.

Brute force tries every combination and knows nothing of the solver.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.engine.optimiser import (
    Group,
    Limits,
    Option,
    Status,
    Totals,
    optimise,
    today_of,
    together,
    totals_of,
)


def brute_force(groups, limits):
    """Return the greatest gain of all combinations that keep the limits, or None."""
    gains = [
        totals.gain
        for chosen in itertools.product(*(group.options for group in groups))
        if (totals := totals_of(chosen)).keeps(limits)
    ]
    return max(gains, default=None)


def options(most, *, least_gain):
    amounts = st.tuples(
        st.integers(0, most), st.integers(0, most), st.integers(least_gain, most)
    )
    return st.lists(amounts, min_size=1, max_size=4).map(
        lambda rows: [Option(f"o{n}", *row) for n, row in enumerate(rows)]
    )


@st.composite
def problems(draw, most=10_000):
    groups = [
        Group(f"g{n}", found, draw(st.sampled_from([None, *(o.key for o in found)])))
        for n, found in enumerate(
            draw(st.lists(options(most, least_gain=-most), max_size=4))
        )
    ]
    limits = Limits(draw(st.integers(0, 2 * most)), draw(st.integers(0, 2 * most)))
    return groups, limits


@given(problems())
@settings(max_examples=60, deadline=None)
def test_small_cases_equal_brute_force(problem):
    groups, limits = problem
    found, best = optimise(groups, limits), brute_force(groups, limits)
    if best is None:
        assert (found.status, found.chosen) == (Status.INFEASIBLE, {})
        return
    assert found.status == Status.BEST
    assert found.totals.gain == best
    assert set(found.chosen) == {group.key for group in groups}
    assert totals_of(list(found.chosen.values())) == found.totals
    assert found.totals.keeps(limits)
    assert found.bound >= best - 1e-3


@given(problems(most=10**13))
@settings(max_examples=30, deadline=None)
def test_absurd_amounts_never_break_a_limit_nor_fall_behind_today(problem):
    groups, limits = problem
    found = optimise(groups, limits)
    today = list(today_of(groups).values())
    if len(today) == len(groups) and totals_of(today).keeps(limits):
        assert found.chosen or not groups
        assert found.totals.gain >= totals_of(today).gain
    assert found.totals.keeps(limits)
    best = brute_force(groups, limits)
    if best is None:
        assert found.status == Status.INFEASIBLE
    else:
        assert found.totals.gain <= best


def firm(*, today=None):
    """Ten key accounts and a hundred general ones; visits cost most and bring most."""
    nothing = Option("nothing", 0, 0, 0)
    return [
        Group(
            "key",
            [
                nothing,
                Option("calls", 500, 600, 900),
                Option("visits", 1_500, 900, 2_000),
            ],
            today,
        ),
        Group("general", [nothing, Option("calls", 5_000, 6_000, 4_000)], today),
    ]


def test_by_hand():
    """With 2,000 cents visits of the key ones fit, and calls of the general do not."""
    found = optimise(firm(), Limits(2_000, 10_000))
    assert {key: one.key for key, one in found.chosen.items()} == {
        "key": "visits",
        "general": "nothing",
    }
    assert found.totals == Totals(1_500, 900, 2_000)


def test_zero_money_leaves_what_costs_nothing():
    found = optimise(firm(), Limits(0, 10_000))
    assert found.status == Status.BEST
    assert found.totals == Totals(0, 0, 0)


def test_what_loses_is_not_chosen_however_much_money_there_is():
    groups = [Group("g", [Option("nothing", 0, 0, 0), Option("gold", 100, 10, -5)])]
    assert optimise(groups, Limits(10**9, 10**9)).chosen["g"].key == "nothing"


def test_what_must_stay_may_not_fit():
    held = [Group("g", [Option("today", 100, 10, 50)], "today")]
    found = optimise(held, Limits(99, 10))
    assert (found.status, found.chosen, found.totals.gain) == (Status.INFEASIBLE, {}, 0)


def test_nobody_needs_nothing():
    found = optimise([], Limits(100, 100))
    assert (found.status, found.totals, found.binding) == (
        Status.BEST,
        Totals(0, 0, 0),
        (),
    )


def test_a_group_without_options_makes_it_infeasible():
    assert optimise([Group("g", [])], Limits(1, 1)).status == Status.INFEASIBLE


def test_the_price_of_money_is_the_slope_of_the_gain():
    """Money buys calls at 0.80 a cent once the visits, at 1.33, are paid."""
    found = optimise(firm(), Limits(3_000, 10**6))
    assert found.binding == ("money",)
    assert found.prices.cent == pytest.approx(0.8)
    assert found.prices.minute == 0


def test_the_price_of_an_hour_is_told_where_hours_are_short():
    found = optimise(firm(), Limits(10**6, 3_900))
    assert found.binding == ("time",)
    assert found.prices.minute == pytest.approx(4_000 / 6_000)


def test_nothing_binds_where_there_is_plenty():
    found = optimise(firm(), Limits(10**6, 10**6))
    assert found.binding == ()
    assert found.totals.gain == 6_000


@given(problems())
@settings(max_examples=20, deadline=None)
def test_more_money_never_brings_less(problem):
    groups, limits = problem
    more = optimise(groups, Limits(limits.cents + 1_000, limits.minutes))
    less = optimise(groups, limits)
    assert not less.chosen or more.totals.gain >= less.totals.gain


def test_groups_together_get_the_same():
    """Apart one group would have calls and the other nothing; together calls lose."""
    apart = [
        Group("a", [Option("nothing", 0, 0, 0), Option("calls", 10, 1, 5)], "calls"),
        Group("b", [Option("nothing", 0, 0, 0), Option("calls", 10, 1, -9)], "calls"),
    ]
    assert optimise(apart, Limits(99, 99)).totals.gain == 5
    (joint,) = together(apart, {"a": "ab", "b": "ab"})
    assert joint.today == "calls"
    assert optimise([joint], Limits(99, 99)).chosen["ab"].key == "nothing"


def test_groups_together_share_only_common_options():
    apart = [
        Group("a", [Option("nothing", 0, 0, 0), Option("calls", 1, 1, 1)], "calls"),
        Group("b", [Option("nothing", 0, 0, 0)], "nothing"),
    ]
    (joint,) = together(apart, {"a": "ab", "b": "ab"})
    assert [one.key for one in joint.options] == ["nothing"]
    assert joint.today is None


@pytest.mark.parametrize(
    ("groups", "limits"),
    [
        ([], Limits(-1, 0)),
        ([], Limits(0, -1)),
        ([Group("g", [Option("o", -1, 0, 0)])], Limits(0, 0)),
        ([Group("g", [Option("o", 0, 0, 0)] * 2)], Limits(0, 0)),
        ([Group("g", []), Group("g", [])], Limits(0, 0)),
    ],
)
def test_impossible_problems_are_refused(groups, limits):
    with pytest.raises(ValueError, match="must"):
        optimise(groups, limits)
