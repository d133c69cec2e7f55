import datetime as dt

import numpy as np
import pytest

from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.judging.candidates import Known, fit_candidates
from clv.engine.judging.seasonality import month_starts, seasons_of
from clv.engine.seasons import Seasons, fit_seasons, month_index, month_of
from tests.clv.judging.logs import START, simulated_log

TRUE = np.array([0.7, 0.7, 0.8, 0.9, 1.0, 1.0, 0.9, 0.9, 1.0, 1.1, 1.4, 1.6])


def counts(months, *, level=400.0, factors=TRUE, growth=0.0, seed=0):
    at = np.arange(months)
    mean = level * factors[at % 12] * np.exp(growth * at / 12)
    return at + 360, np.random.default_rng(seed).poisson(mean)


def test_month_factors_come_back_despite_growth():
    got = fit_seasons(*counts(36, growth=0.4))
    assert got.is_on
    assert np.array(got.factors) == pytest.approx(TRUE, abs=0.06)
    assert np.mean(got.factors) == pytest.approx(1.0)
    assert got.log_trend == 0.0


def test_without_seasons_the_factors_stay_near_1():
    months, seen = counts(24, level=30, factors=np.ones(12))
    assert np.abs(np.array(fit_seasons(months, seen).factors) - 1).max() < 0.12


def test_below_24_months_the_factor_is_off():
    got = fit_seasons(*counts(23))
    assert not got.is_on
    assert got.factor(738_000, 30) == 1.0
    assert got.factors == (1.0,) * 12
    assert got.clock(np.array([738_000, 738_010])).tolist() == [738_000, 738_010]


def test_a_trend_is_applied_on_demand_only_for_a_year():
    got = fit_seasons(*counts(48, growth=0.2, factors=np.ones(12)), with_trend=True)
    assert got.log_trend == pytest.approx(0.2, abs=0.02)
    near, far = got.factor(738_000, 730), got.factor(738_000, 3650)
    assert near < far < np.exp(0.21)


def test_exposure_takes_growth_out():
    months, seen = counts(36, growth=0.5)
    got = fit_seasons(months, seen, np.exp(0.5 * np.arange(36) / 12), with_trend=True)
    assert abs(got.log_trend) < 0.05


def test_the_factor_of_a_horizon_is_the_mean_of_its_days():
    seasons = Seasons(tuple(TRUE.tolist()), is_on=True)
    end_of_year = dt.date(2023, 12, 31).toordinal()
    assert seasons.factor(end_of_year, 31) == pytest.approx(0.7)
    assert seasons.factor(end_of_year, 59) == pytest.approx(0.7)
    assert seasons.factor(end_of_year, 366) == pytest.approx(1.0, abs=0.01)
    with pytest.raises(BadParameterError, match="horizon_days"):
        seasons.factor(end_of_year, 0)


def test_the_clock_runs_as_fast_as_orders_come():
    seasons = Seasons(tuple(TRUE.tolist()), is_on=True)
    days = [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 12, 31)]
    at = seasons.clock(np.array([day.toordinal() for day in days]))
    assert at[1] - at[0] == pytest.approx(29 * 0.7)
    assert at[2] - at[0] == pytest.approx(335 * 1.0224, rel=0.01)
    assert np.diff(at).min() > 0


def test_months_are_those_of_the_calendar():
    days = [dt.date(1969, 12, 31), dt.date(1970, 1, 1), dt.date(2024, 2, 29)]
    ordinals = np.array([day.toordinal() for day in days])
    assert month_of(ordinals).tolist() == [11, 0, 1]
    assert month_index(ordinals).tolist() == [-1, 0, 649]
    assert month_starts(np.array([0, 649])).tolist() == [
        dt.date(1970, 1, 1).toordinal(),
        dt.date(2024, 2, 1).toordinal(),
    ]


@pytest.mark.parametrize(
    ("months", "seen", "exposure", "fault"),
    [
        ([1, 3], [1, 1], None, "consecutive"),
        ([1, 2], [1, -1], None, "counts must be"),
        ([1, 2], [1, 1], [1, 0], "exposures above 0"),
        ([1, 2], [1], None, "values for"),
    ],
)
def test_faulty_months_are_refused(months, seen, exposure, fault):
    with pytest.raises(BadHistoryError, match=fault):
        fit_seasons(months, seen, exposure)


def test_the_seasonal_clock_halves_the_error_of_a_seasonal_firm():
    """Three years that end with the busy months; quiet ones follow."""
    log = simulated_log(np.random.default_rng(1), 2500, days=1096, month_factors=TRUE)
    origin = START + 1096
    known = Known.at(log, origin)
    assert known.seasons.is_on
    came = log.outcome(known.log, origin, 120).counts.sum()
    rows = known.rows.histories
    model = fit_candidates(known, ["bgnbd"]).models["bgnbd"]
    days = known.clock_days(120)
    with_clock = model.expected_purchases(rows, horizon_days=days) @ rows.weights
    plain = known.log.histories(origin)
    blind = fit_candidates(
        Known(known.log, origin, Seasons(), plain, known.rows), ["bgnbd"]
    ).models["bgnbd"]
    without = blind.expected_purchases(plain, horizon_days=120).sum()
    assert abs(with_clock / came - 1) < 0.5 * abs(without / came - 1)


def test_a_log_without_rows_has_no_season(tiny):
    assert not seasons_of(tiny.until(0), 0).is_on
    assert not seasons_of(tiny, 130).is_on
