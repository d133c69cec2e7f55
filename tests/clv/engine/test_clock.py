import datetime as dt

import numpy as np
import pytest

from clv.engine.clock import Clock
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadHistoryError
from clv.engine.seasons import Seasons

TODAY = dt.date(2026, 6, 30).toordinal()
QUIET_SUMMER = Seasons(
    factors=(1.2, 1.2, 1.2, 1.0, 1.0, 0.4, 0.4, 0.4, 1.2, 1.3, 1.3, 1.4), is_on=True
)
CLOCK = Clock(QUIET_SUMMER, TODAY)


def ints(*values):
    return np.array(values, dtype=np.int64)


def test_without_seasons_it_is_the_calendar():
    got = Clock().histories(ints(3, 1), ints(40, 0), ints(90, 7))
    assert got.frequency.tolist() == [2, 0]
    assert got.recency_days.tolist() == [40, 0]
    assert got.age_days.tolist() == [90, 7]
    assert Clock().ahead(1095.75) == 1095.75
    assert Clock().back(np.array([5.0, np.inf])).tolist() == [5.0, np.inf]


def test_days_pass_as_fast_as_orders_come():
    """June 2026 has thirty days of factor 0.4; a mean year has 365.25."""
    year = sum(
        factor * days
        for factor, days in zip(
            QUIET_SUMMER.factors,
            (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
            strict=True,
        )
    )
    got = CLOCK.histories(ints(2), ints(10), ints(30))
    assert got.age_days[0] == pytest.approx(30 * 0.4 * 365.25 / year)
    assert got.recency_days[0] == pytest.approx(10 * 0.4 * 365.25 / year)


def test_four_years_back_are_four_years():
    whole = CLOCK.histories(ints(1), ints(0), ints(1461)).age_days[0]
    assert whole == pytest.approx(1461, abs=0.5)


def test_an_account_has_the_same_digits_whoever_stands_beside_it():
    alone = CLOCK.histories(ints(3), ints(200), ints(400))
    beside = CLOCK.histories(ints(1, 3), ints(0, 200), ints(2900, 400))
    assert alone.age_days[0] == beside.age_days[1]
    assert alone.recency_days[0] == beside.recency_days[1]


@pytest.mark.parametrize("years", [1, 3, 10])
def test_whole_years_ahead_are_whole_years(years):
    assert CLOCK.ahead(years * DAYS_PER_YEAR) == years * DAYS_PER_YEAR


def test_half_a_year_ahead_depends_on_the_season():
    assert CLOCK.ahead(61.0) == pytest.approx(61 * 0.4, rel=0.01)  # July and August
    in_september = Clock(QUIET_SUMMER, dt.date(2026, 8, 31).toordinal())
    assert in_september.ahead(61.0) > 70


def test_back_undoes_ahead():
    days = np.array([0.0, 1.0, 40.5, 200.0, 365.25, 800.0, 1095.75])
    there = np.array([CLOCK.ahead(one) for one in days])
    assert CLOCK.back(there) == pytest.approx(days, abs=1e-9)
    assert CLOCK.back(np.array([np.inf])).tolist() == [np.inf]


def test_histories_that_are_none_are_refused_on_any_clock():
    for clock in (Clock(), CLOCK):
        with pytest.raises(BadHistoryError, match="recency_days exceeds age_days"):
            clock.histories(ints(2), ints(50), ints(40))
