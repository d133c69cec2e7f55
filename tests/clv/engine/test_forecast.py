"""Margin by month: the calendar, the sums, the intervals."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine import forecast
from clv.engine.errors import BadParameterError
from clv.engine.forecast import Accounts, Months, monthly_course, monthly_interval
from clv.engine.history import Histories
from clv.engine.models import BgNbd

MODEL = BgNbd(r=0.6, alpha=60.0, a=0.8, b=2.5)


def accounts(count=300, groups=3, seed=1):
    rng = np.random.default_rng(seed)
    age = rng.integers(30, 900, count).astype(float)
    frequency = rng.integers(0, 8, count).astype(float)
    recency = np.where(frequency > 0, np.ceil(age * rng.uniform(0.1, 0.9, count)), 0.0)
    histories = Histories.check(frequency, recency, age)
    return Accounts(
        histories=histories,
        group=rng.integers(0, groups, count),
        groups=groups,
        orders=MODEL.expected_purchases(histories, horizon_days=1096.0),
        margin_per_order=rng.gamma(4.0, 25.0, count),
        cost_per_order=rng.gamma(2.0, 3.0, count),
        cost_per_year=rng.gamma(2.0, 20.0, count),
    )


ENDS = Months.ahead(dt.date(2026, 11, 20), 1096.0).ends


# -- The calendar -------------------------------------------------------------------


def test_months_run_from_the_next_day_to_the_horizon():
    months = Months.ahead(dt.date(2026, 11, 20), 60.0)
    assert [first.month for first in months.firsts] == [11, 12, 1]
    assert months.ends.tolist() == [10.0, 41.0, 60.0]


def test_after_the_last_of_a_month_the_next_one_begins():
    months = Months.ahead(dt.date(2026, 12, 31), 59.0)
    assert months.firsts == (dt.date(2027, 1, 1), dt.date(2027, 2, 1))
    assert months.ends.tolist() == [31.0, 59.0]


def test_a_horizon_within_the_month_is_one_month():
    months = Months.ahead(dt.date(2026, 11, 20), 5.0)
    assert (months.firsts, months.ends.tolist()) == ((dt.date(2026, 11, 1),), [5.0])


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.floats(0.5, 4_000.0))
def test_months_have_no_gap(as_of, horizon):
    months = Months.ahead(as_of, horizon)
    assert (np.diff(months.ends, prepend=0.0) > 0).all()
    assert months.ends[-1] == horizon
    assert all(first.day == 1 for first in months.firsts)
    assert len(set(months.firsts)) == len(months)


def test_no_horizon_is_refused():
    with pytest.raises(BadParameterError, match="horizon"):
        Months.ahead(dt.date(2026, 11, 20), 0.0)


# -- Sums ---------------------------------------------------------------------------


def test_months_sum_to_expected_orders_times_margin():
    given = accounts()
    course = monthly_course(given, MODEL, ENDS)
    for group in range(3):
        rows = given.group == group
        margin = (given.orders * given.margin_per_order)[rows].sum()
        assert course.margin[group].sum() == pytest.approx(margin, rel=1e-12)
        assert course.orders[group].sum() == pytest.approx(given.orders[rows].sum())


def test_cost_is_that_of_orders_and_of_years_alive():
    given = accounts()
    course = monthly_course(given, MODEL, ENDS)
    alive = MODEL.flows(
        given.histories, annual_rate=0.0, horizon_days=1096.0
    ).alive_days
    cost = given.orders * given.cost_per_order + alive / 365.25 * given.cost_per_year
    assert course.cost.sum() == pytest.approx(cost.sum(), rel=1e-9)


def test_each_month_is_what_the_model_says_of_each_account():
    given = accounts(40)
    course = monthly_course(given, MODEL, ENDS)
    curve = MODEL.purchase_curve(given.histories, ENDS)
    margin = np.diff(curve, axis=1, prepend=0.0) * given.margin_per_order[:, None]
    assert course.margin.sum(axis=0) == pytest.approx(margin.sum(axis=0), rel=1e-9)


def test_rounding_histories_bends_the_course_only_a_little(monkeypatch):
    given = accounts(2_000)
    exact = monthly_course(given, MODEL, ENDS)
    monkeypatch.setattr(forecast, "MOST_CURVES", 200)
    rounded = monthly_course(given, MODEL, ENDS)
    assert rounded.margin.sum(axis=1) == pytest.approx(exact.margin.sum(axis=1))
    assert rounded.margin == pytest.approx(exact.margin, rel=0.06)


def test_a_group_without_accounts_has_nothing():
    given = accounts(20, groups=1)
    more = Accounts(
        **{name: getattr(given, name) for name in given.__slots__} | {"groups": 2}
    )
    course = monthly_course(more, MODEL, ENDS)
    assert not course.margin[1].any()
    assert not course.cost[1].any()


# -- Intervals ----------------------------------------------------------------------


def deviations(low, high):
    return (high - low) / 2.0 / 1.2815515655446004


MARGIN, LUCK = np.array([10.0, 30.0, 60.0]), np.array([50.0, 100.0, 150.0])


def test_luck_alone_is_that_of_each_month():
    low, high = monthly_interval(MARGIN, LUCK, variance=300.0, relative=0.0)
    assert deviations(low, high) ** 2 == pytest.approx(LUCK)
    assert (low + high) / 2.0 == pytest.approx(MARGIN)


def test_what_lasts_moves_all_months_together():
    low, high = monthly_interval(MARGIN, LUCK, variance=1_300.0, relative=0.0)
    lasting = deviations(low, high) ** 2 - LUCK
    assert np.sqrt(lasting).sum() ** 2 == pytest.approx(1_000.0)


def test_luck_is_no_more_than_the_variance():
    low, high = monthly_interval(MARGIN, LUCK, variance=30.0, relative=0.0)
    assert deviations(low, high) ** 2 == pytest.approx(LUCK / 10.0)


def test_what_the_model_leaves_open_is_relative():
    low, high = monthly_interval(MARGIN, LUCK, variance=0.0, relative=0.1)
    assert deviations(low, high) == pytest.approx(0.1 * MARGIN)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0.0, 1e9)), min_size=1, max_size=20
    ),
    st.floats(0.0, 1e12),
    st.floats(0.0, 2.0),
)
def test_intervals_hold_what_is_expected(months, variance, relative):
    margin, luck = np.array(months).T
    low, high = monthly_interval(margin, luck, variance=variance, relative=relative)
    assert (low <= margin).all()
    assert (high >= margin).all()


def test_simulated_firms_come_within_their_range():
    """Of 60 simulated years of a firm the monthly ranges hold about four in five."""
    rng = np.random.default_rng(4)
    given = accounts(400, groups=1, seed=9)
    ends = Months.ahead(dt.date(2026, 12, 31), 365.0).ends
    orders = MODEL.expected_purchases(given.histories, horizon_days=365.0)
    given = Accounts(
        **{name: getattr(given, name) for name in given.__slots__} | {"orders": orders}
    )
    course = monthly_course(given, MODEL, ends)
    alive = MODEL.probability_alive(given.histories)
    shape = MODEL.r + given.histories.frequency
    scale = MODEL.alpha + given.histories.age_days
    leaving_b = MODEL.b + given.histories.frequency
    totals = np.zeros((60, ends.size))
    values = np.zeros((60, 400))
    for trial in range(60):
        rate = rng.gamma(shape) / scale * (rng.random(400) < alive)
        leaves = rng.beta(MODEL.a, leaving_b)
        gone = rng.exponential(1.0, 400) / np.maximum(rate * leaves, 1e-12)
        for month, (start, end) in enumerate(zip([0.0, *ends[:-1]], ends, strict=True)):
            lived = np.clip(np.minimum(gone, end) - start, 0.0, None)
            stays = rng.poisson(rate * (1 - leaves) * lived)
            bought = stays + ((gone > start) & (gone <= end))
            amount = bought * given.margin_per_order
            totals[trial, month] = amount.sum()
            values[trial] += amount
    variance = float(values.var(axis=0).sum())
    low, high = monthly_interval(
        course.margin[0], course.luck[0], variance=variance, relative=0.0
    )
    inside = ((totals >= low) & (totals <= high)).mean()
    assert 0.70 <= inside <= 0.90
    assert totals.mean(axis=0).sum() == pytest.approx(course.margin[0].sum(), rel=0.05)
