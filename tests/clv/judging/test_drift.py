import math
from functools import partial

import numpy as np
import pytest

from clv.engine.judging.backtest import run_backtest
from clv.engine.judging.candidates import fit_candidates
from clv.engine.judging.drift import DriftPolicy, measure_drift
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.traits import spend_correlation
from clv.engine.judging.windows import (
    USUAL_SWING,
    acquisition_cohorts,
    past_weeks,
    swing,
    weekly,
)
from tests.clv.judging.logs import AS_OF, START

fit_few = partial(fit_candidates, names=("bgnbd", "nbd"))


def rows_of(log):
    codes = np.repeat(log.accounts, np.diff(log.starts))
    return codes, log.day, log.value


def looked_at(log, as_of=AS_OF):
    seen = []
    run_backtest(log, as_of, look=seen.append, fit=fit_few)
    return seen[0]


@pytest.fixture(scope="module")
def calm(seen):
    return measure_drift(seen)


def test_a_steady_firm_raises_no_alarm(calm):
    assert calm.alarms == ()
    assert [one.weeks for one in calm.windows] == [4, 8, 13]
    assert all(abs(one.z) < 3 for one in calm.windows)
    assert calm.outside == pytest.approx(0.2, abs=0.03)
    assert abs(calm.correlation) < 0.1
    assert calm.season is None  # 24 months of whole calendar months are not there
    assert {one.name for one in calm.traits} == {"pace", "loss"}
    assert all(one.z is not None and abs(one.z) < 2 for one in calm.traits)


def test_cohorts_and_weeks_add_up_to_the_window_of_the_firm(seen, calm):
    longest = calm.windows[-1]
    assert sum(one.forecast for one in calm.cohorts) == pytest.approx(longest.forecast)
    assert sum(one.actual for one in calm.cohorts) == longest.actual
    assert sum(one.account_count for one in calm.cohorts) == longest.account_count
    # The window of 13 weeks begins on the day of the origin.
    assert len(calm.weekly) == 13
    assert calm.weekly[-1].last_day == AS_OF
    assert sum(one.actual for one in calm.weekly) == longest.actual
    assert sum(one.forecast for one in calm.weekly) == pytest.approx(longest.forecast)


def test_what_comes_later_changes_nothing(log):
    codes, days, values = rows_of(log)
    codes = np.concatenate([codes, codes[::5]])
    days = np.concatenate([days, AS_OF + 1 + np.arange(codes.size - days.size) % 50])
    values = np.concatenate([values, np.full(codes.size - values.size, 1e9)])
    poisoned = PurchaseLog.check(codes, days, values)

    assert measure_drift(looked_at(poisoned)) == measure_drift(looked_at(log))


@pytest.mark.parametrize(("kept", "words"), [(0.3, "fewer"), (1.0, "more")])
def test_orders_that_fall_or_rise_at_once_are_told(log, kept, words):
    codes, days, values = rows_of(log)
    late = (days > AS_OF - 56) & (days <= AS_OF)
    if kept < 1.0:
        keep = ~late | (np.arange(days.size) % 10 < 10 * kept)
        changed = PurchaseLog.check(codes[keep], days[keep], values[keep])
    else:
        again = np.flatnonzero(late)
        extra = np.clip(days[again] - 9, AS_OF - 55, AS_OF)
        changed = PurchaseLog.check(
            np.concatenate([codes, codes[again]]),
            np.concatenate([days, extra]),
            np.concatenate([values, values[again]]),
        )

    drift = measure_drift(looked_at(changed))

    alarmed = [one for one in drift.windows if one.is_alarm]
    assert alarmed
    assert all((one.gap > 0) == (words == "more") for one in alarmed)
    assert f"% {words}, which chance does not explain" in drift.alarms[0]


def test_an_alarm_takes_more_than_chance_and_more_than_little(seen):
    calm = measure_drift(seen)
    firm = calm.windows[-1]
    spread = (firm.actual - firm.forecast) / firm.z
    # The scatter of accounts is at least Poisson's, and totals swing beside it.
    assert spread >= math.sqrt(firm.forecast)
    assert spread >= 0.9 * swing(past_weeks(seen), 13) * firm.forecast
    strict = DriftPolicy(most_outside=0.1, most_correlation=0.0)
    alarms = measure_drift(seen, strict).alarms
    assert any("left their 80" in alarm for alarm in alarms)
    assert any("per order (correlation" in alarm for alarm in alarms)


def test_the_swing_of_a_steady_firm_is_the_usual_one(seen):
    past = past_weeks(seen)
    assert past[-1].last_day <= AS_OF - 91
    for weeks in (4, 8, 13):
        assert swing(past, weeks) == pytest.approx(USUAL_SWING, abs=0.03)


def test_the_weeks_of_the_longest_origin_are_its_forecast(seen):
    longest = seen.forecasts[0]
    told = weekly(seen, longest)
    assert len(told) == 52
    rest = longest.trial.horizon_days - 52 * 7
    ahead = longest.trial.mixed_counts(longest.models).sum()
    assert sum(one.forecast for one in told) == pytest.approx(
        ahead, rel=0.01 + rest / 365
    )


def test_spend_that_follows_frequency_is_seen():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(100), 2 + np.arange(100) // 10)
    days = START + rng.permutation(100_000)[: codes.size]
    assert spend_correlation(PurchaseLog.check(codes, days, 1.0 + codes)) > 0.9
    assert spend_correlation(PurchaseLog.check(codes, days, 1e3 - codes)) < -0.9
    alike = PurchaseLog.check(codes, days, np.ones(codes.size))
    assert spend_correlation(alike) is None
    few = codes < 20
    few_buyers = PurchaseLog.check(codes[few], days[few], codes[few])
    assert spend_correlation(few_buyers) is None


def test_cohorts_are_quarters_or_years():
    start = np.datetime64("2019-11-15").astype(int) + 719_163
    days = start + np.array([0, 30, 100, 400])
    names = [name for name, _ in acquisition_cohorts(days)]
    assert names == ["2019 Q4", "2020 Q1", "2020 Q4"]
    days = start + 366 * np.arange(12)
    cohorts = acquisition_cohorts(days)
    assert [name for name, _ in cohorts] == ["until 2023", *map(str, range(2024, 2031))]
    assert sum(rows.sum() for _, rows in cohorts) == 12
    assert acquisition_cohorts(np.array([], dtype=np.int64)) == []


def test_a_short_history_has_one_short_window(log):
    cut = log.until(START + 120)
    seen = looked_at(cut, START + 120)
    drift = measure_drift(seen)
    assert [one.weeks for one in drift.windows] == [2]
    assert len(drift.weekly) == 2
