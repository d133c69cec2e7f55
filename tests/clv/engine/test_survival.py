"""How long customers take to pay back: published figures, limits, properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadParameterError
from clv.engine.survival import (
    NOT_REACHED,
    kaplan_meier,
    mean_course,
    month_of_payback,
)

# Weeks in remission under 6-MP (Freireich et al. 1963); + was still in remission.
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
STILL_WELL = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
# Klein and Moeschberger (2003), table 4.1: week, share in remission, standard error.
PUBLISHED = [
    (6, 0.857, 0.076),
    (7, 0.807, 0.087),
    (10, 0.753, 0.096),
    (13, 0.690, 0.107),
    (16, 0.627, 0.114),
    (22, 0.538, 0.128),
    (23, 0.448, 0.135),
]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

counts = st.lists(st.integers(0, 20), min_size=1, max_size=30)


def by_month(days):
    return np.bincount(days, minlength=36)


def test_the_published_table_of_remission():
    found = kaplan_meier(by_month(RELAPSED), by_month(STILL_WELL))
    for week, share, error in PUBLISHED:
        assert found.share[week] == pytest.approx(share, abs=6e-4)
        assert found.standard_error[week] == pytest.approx(error, abs=6e-4)
    assert found.watched[[6, 7, 10, 23]].tolist() == [21.0, 17.0, 15.0, 6.0]
    assert found.months_until(0.5) == 23.0
    assert found.months_until(0.6) == NOT_REACHED
    assert kaplan_meier(by_month(PLACEBO), np.zeros(36)).months_until(0.5) == 8.0


def test_where_all_are_watched_to_the_end_it_is_the_plain_share():
    found = kaplan_meier([2, 0, 3, 5], np.zeros(4))
    assert found.share.tolist() == pytest.approx([0.8, 0.8, 0.5, 0.0])
    assert found.months_until(0.5) == 2.0
    assert found.months_until(1.0) == 3.0
    n, p = 10, 0.8  # Greenwood is the binomial error then
    assert found.standard_error[0] == pytest.approx((p * (1 - p) / n) ** 0.5)
    assert found.standard_error[3] == 0.0


def test_nobody_and_nobody_paid_back():
    assert kaplan_meier([0, 0], [0, 0]).share.tolist() == [1.0, 1.0]
    assert kaplan_meier([0, 0], [3, 4]).months_until(0.01) == NOT_REACHED
    assert kaplan_meier([], []).months_until(0.5) == NOT_REACHED


@given(counts, st.data())
def test_more_patience_never_makes_fewer_pay_back(events, data):
    lost = data.draw(st.lists(st.integers(0, 20), min_size=len(events)))[: len(events)]
    found = kaplan_meier(events, lost)
    assert (np.diff(found.share, prepend=1.0) <= 0.0).all()
    assert ((found.share >= 0.0) & (found.share <= 1.0)).all()
    # Between taking those not paid back for lost causes and leaving them out.
    whole = sum(events) + sum(lost)
    if whole and sum(events):
        paid = np.cumsum(events)
        assert (1.0 - found.share >= paid / whole - 1e-9).all()
        assert (1.0 - found.share <= paid / sum(events) + 1e-9).all()


@given(counts)
def test_counting_everybody_twice_changes_nothing_but_the_error(events):
    lost = events[::-1]
    once = kaplan_meier(events, lost)
    twice = kaplan_meier(2 * np.array(events), 2 * np.array(lost))
    assert twice.share == pytest.approx(once.share)
    assert twice.standard_error * 2**0.5 == pytest.approx(once.standard_error)


def test_the_mean_course_by_hand():
    """Three cost 30, 60, 90 to win and bring 40 a month; the last one is too young."""
    course = mean_course([-180, 120, 80, 80], [3, 3, 2, 2])
    assert course.tolist() == [-60.0, -20.0, 20.0, 60.0]
    assert month_of_payback(course) == 2.0


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=24), st.integers(1, 50))
def test_where_all_lived_through_it_the_course_is_the_mean_of_totals(sums, accounts):
    course = mean_course(sums, [accounts] * len(sums))
    assert course[-1] == pytest.approx(sum(sums) / accounts, abs=1e-6)


def test_the_course_ends_where_nobody_is_old_enough():
    assert mean_course([-5, 2, 0, 9], [1, 1, 0, 1]).tolist() == [-5.0, -3.0]
    assert mean_course([], []).size == 0


@pytest.mark.parametrize(
    ("course", "month"),
    [
        ([], NOT_REACHED),
        ([-3, -1], NOT_REACHED),
        ([-3, 1, -1], NOT_REACHED),
        ([-3, 0], 1.0),
        ([-3, 1, -1, 2], 3.0),
        ([5, 6], 0.0),
    ],
)
def test_paid_back_is_from_when_on_it_stays(course, month):
    assert month_of_payback(course) == month


@pytest.mark.parametrize(
    "call",
    [
        lambda: kaplan_meier([1], [1, 2]),
        lambda: kaplan_meier([-1], [1]),
        lambda: kaplan_meier([1], [float("nan")]),
        lambda: mean_course([1, 2], [1]),
        lambda: mean_course([1], [-1]),
        lambda: kaplan_meier([1], [1]).months_until(0.0),
        lambda: kaplan_meier([1], [1]).months_until(1.5),
    ],
)
def test_what_cannot_be_is_refused(call):
    with pytest.raises(BadParameterError):
        call()
