"""Models of opportunities and renewals, asked in days and yearly rates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadParameterError
from clv.engine.models import BgBb, Contracts, InDays, Opportunities, Sbg

DONORS = BgBb(1.203528, 0.7497260, 0.6567808, 2.783796)
YEARLY = InDays(DONORS, 365.25)
NEW = Opportunities.check([0], [0], [0])
SEEN = Opportunities.check([0, 1, 6], [0, 6, 6], [6, 6, 6])


@pytest.mark.parametrize(("years", "published"), [(1, 0.4985), (3, 1.2969)])
def test_donations_of_whole_years_are_the_published_ones(years, published):
    """Hardie's note 010."""
    got = YEARLY.expected_purchases(NEW, horizon_days=years * 365.25)
    assert got == pytest.approx([published], abs=2e-4)
    later = YEARLY.expected_purchases(NEW, horizon_days=years * 365.25 + 364.0)
    assert later == pytest.approx(got, rel=1e-15)


def test_nothing_is_expected_before_the_first_opportunity():
    assert YEARLY.expected_purchases(SEEN, horizon_days=365.0).tolist() == [0.0] * 3


def test_donors_are_alive_and_discounted_as_by_opportunity():
    assert (
        YEARLY.probability_alive(SEEN).tolist()
        == DONORS.probability_alive(SEEN).tolist()
    )
    whole = YEARLY.discounted_purchases(SEEN, annual_rate=0.1)
    by_step = DONORS.discounted_purchases(SEEN, rate_per_opportunity=0.1)
    assert whole == pytest.approx(by_step, rel=1e-12)
    five = YEARLY.discounted_purchases(SEEN, annual_rate=0.1, horizon_days=1827.0)
    steps = DONORS.discounted_purchases(SEEN, rate_per_opportunity=0.1, opportunities=5)
    assert five == pytest.approx(steps, rel=1e-12)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (Sbg(3.80, 15.20), (3.31, 3.45, 3.59, 3.72, 3.84)),
        (Sbg(0.067, 0.267), (7.68, 9.46, 9.86, 10.06, 10.19)),
    ],
)
def test_contracts_are_worth_the_published_lifetime_a_year_on(model, published):
    """Fader & Hardie 2010, table 3, at 10 %: there the renewal is due at once."""
    running = Contracts.check([0, 1, 2, 3, 4], [0] * 5)
    got = InDays(model, 365.25).discounted_purchases(running, annual_rate=0.1)
    assert got * 1.1 == pytest.approx(published, abs=0.011)


def test_what_has_ended_is_renewed_no_more():
    contracts = Contracts.check([2, 2], [0, 1])
    monthly = InDays(Sbg(0.668, 3.806), 30.4375)
    assert monthly.probability_alive(contracts).tolist() == [1.0, 0.0]
    got = monthly.expected_purchases(contracts, horizon_days=91.3125)
    first, second, third = (5.806 / 6.474, 6.806 / 7.474, 7.806 / 8.474)
    sum_of_three = first * (1 + second * (1 + third))
    assert got == pytest.approx([sum_of_three, 0.0], rel=1e-12)


@given(
    st.floats(1.0, 1000.0),
    st.integers(0, 40),
    st.floats(0.0, 0.9),
)
def test_any_length_of_a_period_is_the_sum_over_its_opportunities(
    period_days, periods, annual_rate
):
    got = InDays(DONORS, period_days).discounted_purchases(
        SEEN, annual_rate=annual_rate, horizon_days=periods * period_days
    )
    rate = math.expm1(math.log1p(annual_rate) / 365.25 * period_days)
    steps = DONORS.discounted_purchases(
        SEEN, rate_per_opportunity=rate, opportunities=periods
    )
    assert np.array_equal(got, steps) or got == pytest.approx(steps, rel=1e-12)


@pytest.mark.parametrize("period_days", [0.0, -1.0, math.inf, math.nan, "long"])
def test_a_period_is_some_days(period_days):
    with pytest.raises(BadParameterError, match="period_days"):
        InDays(DONORS, period_days)


def test_what_it_cannot_answer_is_refused():
    with pytest.raises(BadParameterError, match="horizon_days"):
        YEARLY.expected_purchases(SEEN, horizon_days=-1.0)
    with pytest.raises(BadParameterError, match="100,000 periods"):
        InDays(DONORS, 0.001).expected_purchases(SEEN, horizon_days=365.0)
    with pytest.raises(BadParameterError, match="no finite value at a rate of 0"):
        YEARLY.discounted_purchases(SEEN, annual_rate=0.0)
    with pytest.raises(BadParameterError, match="Opportunities"):
        YEARLY.probability_alive(Contracts.check([0], [0]))
    with pytest.raises(BadParameterError, match="Contracts"):
        InDays(Sbg(1.0, 2.0), 30.0).probability_alive(NEW)
