"""Periods and slots: they tile the calendar."""

import datetime as dt
import itertools
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.cadence import (
    anchors_of,
    anniversary_in,
    longest_gap_days,
    period_ends_on,
    period_of,
    slots,
    slots_of,
)
from campaigns.engine.costs import break_even, cost_of_one, touches_per_year

days = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))
cadences = st.sampled_from(["week", "month", "quarter", "year"])


@dataclass(frozen=True)
class Terms:
    cadence: str
    times: int = 1
    every: int = 1
    offset_days: int = 0


calendar_terms = st.builds(
    Terms,
    cadence=st.sampled_from(["week", "month", "quarter", "year", "weeks"]),
    times=st.integers(1, 31),
    every=st.integers(1, 104),
)
anniversaries = st.builds(
    Terms, cadence=st.just("anniversary"), offset_days=st.integers(-180, 180)
)
onboarding = st.builds(
    Terms, cadence=st.just("onboarding"), offset_days=st.integers(0, 730)
)
# Every 29 February is as likely as all other days together.
anchors = st.one_of(days, st.sampled_from([dt.date(y, 2, 29) for y in (2000, 2024)]))


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


# -- Cadences of weeks, anniversaries and onboarding -----------------------------------


@given(terms=calendar_terms, day=days)
def test_each_day_is_in_one_slot_of_a_calendar_cadence(terms, day):
    """Slots of a fine cadence share days; then there are as many as touches."""
    year = dt.timedelta(days=400)
    around = list(slots_of(terms, day - year, day + year))
    for one, after in itertools.pairwise(around):
        assert one.starts_on <= after.starts_on
        assert one.ends_on >= after.starts_on, "no day is left out"
    labels = [slot.period for slot in around]
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 16
    assert list(slots_of(terms, day, day)) == [
        slot for slot in around if slot.starts_on <= day < slot.ends_on
    ]


@given(day=days, every=st.integers(1, 104))
def test_blocks_of_weeks_follow_each_other_for_ever(day, every):
    block = period_of("weeks", day, every=every)
    after = period_of("weeks", block.ends_on, every=every)
    assert block.starts_on <= day < block.ends_on == after.starts_on
    assert block.starts_on.isoweekday() == 1
    assert (block.ends_on - block.starts_on).days == 7 * every
    assert block.label < after.label


@given(terms=calendar_terms, day=days)
def test_a_label_tells_when_its_period_ends(terms, day):
    for slot in slots_of(terms, day, day):
        assert period_ends_on(slot.period) == slot.period_ends_on


@given(terms=st.one_of(anniversaries, onboarding), day=days, anchor=anchors)
def test_the_end_of_other_labels_depends_on_the_day(terms, day, anchor):
    for slot in slots_of(terms, day, day + 30 * DAY, anchor):
        assert len(slot.period) <= 16
        assert period_ends_on(slot.period, due_on=slot.starts_on) >= slot.period_ends_on
        with pytest.raises(ValueError, match="depends on the day"):
            period_ends_on(slot.period)


@given(terms=anniversaries, first=days, anchor=anchors)
def test_ten_years_hold_an_anniversary_each(terms, first, anchor):
    """Counted over ten years from the anchor's own on, wherever the offset lies."""
    found = list(
        slots_of(terms, anchor, anchor.replace(day=1) + 3700 * DAY, anchor=anchor)
    )
    labels = [slot.period for slot in found]
    assert labels == sorted(set(labels))
    assert 9 <= len(found) <= 11
    for slot in found:
        year = int(slot.period[:4])
        assert year > anchor.year
        due = anniversary_in(year, anchor.month, anchor.day)
        assert slot.starts_on == due + terms.offset_days * DAY
        if terms.offset_days < 0:
            assert slot.period_ends_on <= due + DAY, "not after the day itself"


@pytest.mark.parametrize(
    ("year", "day"),
    [(2025, dt.date(2025, 2, 28)), (2028, dt.date(2028, 2, 29))],
)
def test_a_day_in_leap_years_is_kept_on_the_28th_in_others(year, day):
    terms = Terms("anniversary")
    [slot] = slots_of(
        terms, dt.date(year, 2, 1), dt.date(year, 3, 1), dt.date(2024, 2, 29)
    )
    assert (slot.starts_on, slot.period) == (day, f"{year}-A0229")


@given(terms=onboarding, anchor=anchors)
def test_onboarding_comes_once_on_its_day(terms, anchor):
    [slot] = slots_of(terms, anchor, anchor + 1000 * DAY, anchor)
    assert slot.starts_on == anchor + terms.offset_days * DAY
    assert slot.period == "onboarding"


@pytest.mark.parametrize("cadence", ["anniversary", "onboarding"])
def test_without_its_day_an_account_is_asked_for_nothing(cadence):
    first = dt.date(2026, 1, 1)
    assert list(slots_of(Terms(cadence), first, first + 500 * DAY)) == []


@given(
    terms=st.one_of(anniversaries, onboarding),
    first=days,
    length=st.integers(0, 40),
    anchor=anchors,
)
def test_joining_by_anchor_finds_what_walking_accounts_finds(
    terms, first, length, anchor
):
    last = first + length * DAY
    keys = {anchor.isoformat(), f"{anchor.month:02}-{anchor.day:02}"}
    joined = [
        slot
        for key, slot in anchors_of(terms, first, last)
        if key in keys
        and (terms.cadence == "onboarding" or int(slot.period[:4]) > anchor.year)
    ]
    assert joined == list(slots_of(terms, first, last, anchor))


def test_what_was_missed_may_still_be_done_within_a_week():
    terms, anchor = Terms("onboarding", offset_days=3), dt.date(2026, 11, 2)
    seventh, last = dt.date(2026, 11, 11), dt.date(2026, 11, 30)
    assert [slot.starts_on.day for slot in slots_of(terms, seventh, last, anchor)] == [
        5
    ]
    assert list(slots_of(terms, seventh + DAY, last, anchor)) == []


@given(terms=calendar_terms, day=days)
def test_nobody_waits_longer_than_said(terms, day):
    """Who joins on any day meets a whole slot within the gap twice over."""
    gap = longest_gap_days(terms) * DAY
    starts = [slot.starts_on for slot in slots_of(terms, day, day + 2 * gap)]
    assert any(day <= start <= day + gap for start in starts)


def test_gaps_of_the_other_cadences():
    assert longest_gap_days(Terms("anniversary", offset_days=-7)) == 366
    assert longest_gap_days(Terms("onboarding", offset_days=14)) == 15


# -- Money -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "times", "every", "runs_days", "a_year"),
    [
        ("week", 1, 1, None, 52),
        ("quarter", 2, 1, None, 8),
        ("weeks", 1, 4, None, 13),
        ("weeks", 1, 104, None, Decimal("0.5")),
        ("anniversary", 1, 1, 30, 1),
        ("onboarding", 1, 1, 90, 1),
        ("month", 1, 1, 730, 12),
        ("week", 1, 1, 73, Decimal("10.4")),
    ],
)
def test_touches_of_a_year(cadence, times, every, runs_days, a_year):
    found = touches_per_year(
        cadence=cadence, times=times, every=every, runs_days=runs_days
    )
    assert found == a_year


def test_a_plan_breaks_even_at_its_cost():
    even = break_even(cost_per_customer=Decimal(50), expected_margin_year=Decimal(400))
    assert (even.uplift, even.share) == (50, Decimal("0.125"))


@pytest.mark.parametrize("margin", [None, Decimal(0), Decimal(-3)])
def test_no_share_of_nothing_pays(margin):
    even = break_even(cost_per_customer=Decimal(50), expected_margin_year=margin)
    assert (even.uplift, even.share) == (50, None)
