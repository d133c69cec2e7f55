"""Periods and slots: they tile the calendar."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.cadence import period_of, slots
from campaigns.engine.costs import cost_of_one, touches_per_year

days = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))
cadences = st.sampled_from(["week", "month", "quarter", "year"])


@pytest.mark.parametrize(
    ("cadence", "day", "label", "starts_on", "ends_on"),
    [
        ("week", (2026, 11, 21), "2026-W47", (2026, 11, 16), (2026, 11, 23)),
        ("week", (2027, 1, 1), "2026-W53", (2026, 12, 28), (2027, 1, 4)),
        ("month", (2026, 12, 31), "2026-12", (2026, 12, 1), (2027, 1, 1)),
        ("month", (2024, 2, 29), "2024-02", (2024, 2, 1), (2024, 3, 1)),
        ("quarter", (2026, 11, 21), "2026-Q4", (2026, 10, 1), (2027, 1, 1)),
        ("year", (2026, 11, 21), "2026", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_the_period_of_a_day(cadence, day, label, starts_on, ends_on):
    period = period_of(cadence, dt.date(*day))
    assert period.label == label
    assert (period.starts_on, period.ends_on) == (
        dt.date(*starts_on),
        dt.date(*ends_on),
    )


@given(cadence=cadences, day=days)
def test_periods_follow_each_other_without_gap(cadence, day):
    period = period_of(cadence, day)
    after = period_of(cadence, period.ends_on)
    assert period.starts_on <= day < period.ends_on == after.starts_on
    assert period_of(cadence, period.starts_on) == period
    assert period.label < after.label


@given(cadence=cadences, day=days, times=st.integers(1, 31))
def test_slots_stay_within_their_period_and_hold_a_day(cadence, day, times):
    period = period_of(cadence, day)
    found = list(slots(cadence, times, period.starts_on, period.ends_on - DAY))
    assert [slot.number for slot in found] == list(range(1, times + 1))
    assert found[0].starts_on == period.starts_on
    assert found[-1].ends_on == period.ends_on
    for slot in found:
        assert period.starts_on <= slot.starts_on < slot.ends_on <= period.ends_on
        assert slot.period_ends_on == period.ends_on
        assert len(slot.period) <= 12


DAY = dt.timedelta(days=1)


def test_two_visits_of_a_quarter_are_in_its_halves():
    first, second = slots("quarter", 2, dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    assert (first.period, second.period) == ("2026-Q4/1", "2026-Q4/2")
    assert first.ends_on == second.starts_on == dt.date(2026, 11, 16)


def test_only_slots_that_touch_the_window_are_given():
    found = slots("month", 2, dt.date(2026, 11, 20), dt.date(2026, 12, 3))
    assert [slot.period for slot in found] == ["2026-11/2", "2026-12/1"]


def test_an_unknown_cadence_is_refused():
    with pytest.raises(KeyError):
        period_of("decade", dt.date(2026, 1, 1))


def test_cost_of_a_visit_by_hand():
    """30 for the road and 90 minutes at 60 an hour."""
    cost = cost_of_one(unit_cost=Decimal(30), minutes=90, hourly_cost=Decimal(60))
    assert cost == 120
    assert touches_per_year(cadence="quarter", times=2) == 8
