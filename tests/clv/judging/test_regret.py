"""The table of regrets, on small simulated firms."""

import datetime as dt
import math

import numpy as np
import pytest

from benchmarks.regret import (
    Distance,
    _distance,
    missed,
    regret_of,
    summary,
    table,
)
from benchmarks.regret_sets import (
    BG_NBD,
    REGULAR,
    START,
    public_cases,
    simulated,
)
from clv.engine.judging.scores import score

EVEN = Distance(rmse=0.0, deviance=0.0, naive=-0.1, total=0.05)


@pytest.fixture(scope="module")
def small():
    return simulated("few", BG_NBD, 150, 364, 182, seed=1)


@pytest.fixture(scope="module")
def judged(small):
    return regret_of(small)


def test_a_simulated_set_is_the_same_each_time(small):
    again = simulated("few", BG_NBD, 150, 364, 182, seed=1)
    assert np.array_equal(again.log.day, small.log.day)
    assert np.array_equal(again.log.value, small.log.value)
    assert small.log.first_days.max() < START + 182
    assert small.log.day.max() < START + 364 + 182


def test_regular_customers_buy_regularly():
    gaps = np.diff(simulated("", REGULAR, 1, 3650, 10, seed=2).log.day)
    assert gaps.size > 10
    assert gaps.std() / gaps.mean() < 0.8  # Erlang-3: 0.58, Poisson: 1


def test_a_small_firm_is_judged_as_seen_then(small, judged):
    """Nothing that came later moves the mix that is judged."""
    assert judged.accounts == 150
    later = small.log.day > small.origin_day
    assert later.any()
    assert judged.mix.naive < 0.0
    assert judged.models.naive < 0.0
    assert 0.5 < judged.orders[0] < judged.orders[1] <= 1.0


def test_distances_are_those_to_the_best_single_candidate():
    """Errors by hand: 2 of four, 4 of four, and 3 of four orders off by 1."""
    came = np.array([1.0, 2.0, 3.0, 4.0])

    def off(count):
        return score(came + (np.arange(4) < count), came, is_count=True)

    singles = {"bgnbd": off(2), "last_period": off(4), "rate": off(4)}
    singles["cohort_mean"] = off(4)
    found = _distance(off(3), singles)
    assert found.rmse == pytest.approx(math.sqrt(3 / 2) - 1.0)
    assert found.naive == pytest.approx(math.sqrt(3 / 4) - 1.0)
    assert found.total == pytest.approx(0.3)
    terms = [1.0 - y * math.log((y + 1.0) / y) for y in (1.0, 2.0, 3.0)]
    assert found.deviance == pytest.approx(sum(terms) / sum(terms[:2]) - 1.0)


def test_goals_are_missed_by_name():
    assert missed([EVEN, EVEN]) == []
    worse = Distance(rmse=0.03, deviance=0.02, naive=0.001, total=0.0)
    assert missed([EVEN, worse]) == [
        "mean RMSE regret above 1 %",
        "worst RMSE regret above 2 %",
        "mean deviance regret above 0.5 %",
        "worse than a rule of thumb",
    ]
    assert summary("models", [EVEN]).endswith("all goals met")


def test_the_table_tells_every_set(judged):
    lines = table([judged, judged])
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| Simulated few | 150 |")


def test_public_sets_are_read_as_published(tmp_path, capsys):
    (tmp_path / "CDNOW_sample.txt").write_text(
        " 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n"
        " 00021 0002 19971013  2   14.96\n",
        encoding="ascii",
    )
    (tmp_path / "apparel_orders.csv").write_text(
        "id,date,amt\n1,2005-01-02,230.3\n1,2005-09-06,84.39\n", encoding="utf-8"
    )
    cases = list(public_cases(tmp_path))
    assert [case.name for case in cases] == [
        "CDNOW sample",
        "Apparel, 104 weeks",
        "Apparel, 3 years",
    ]
    log = cases[0].log
    assert log.accounts.tolist() == [1, 2]
    assert log.value.tolist() == [29.33, 29.73, 14.96]
    assert cases[0].origin_day == dt.date(1997, 9, 30).toordinal()
    assert cases[1].log.first_days.tolist() == [dt.date(2005, 1, 2).toordinal()]
    told = capsys.readouterr().out
    assert "left out: no grocery_orders.csv" in told
