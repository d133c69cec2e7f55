from functools import partial

import numpy as np
import pytest

from clv.engine.groups import Groups
from clv.engine.judging.backtest import run_backtest
from clv.engine.judging.candidates import fit_candidates
from clv.engine.judging.classes import measure_classes, places_on_top
from tests.clv.judging.logs import AS_OF

fit_few = partial(fit_candidates, names=("bgnbd", "nbd"))
NAMES = {"key": "Key", "rest": "Rest"}
NOBODY = Groups.check(NAMES, [], [])


def groups_of(log, every):
    return Groups.check(NAMES, log.accounts, (log.accounts % every > 0).astype(int))


@pytest.mark.parametrize(
    ("values", "size", "places"),
    [
        ([3.0, 1.0, 2.0], 1, [1, 0, 0]),
        ([3.0, 1.0, 2.0], 3, [1, 1, 1]),
        ([2.0, 2.0, 2.0, 2.0], 1, [0.25] * 4),
        ([5.0, 1.0, 1.0, 0.0], 2, [1, 0.5, 0.5, 0]),
        ([-1.0, -2.0], 1, [1, 0]),
    ],
)
def test_places_on_top_share_what_is_tied(values, size, places):
    assert places_on_top(np.array(values), size).tolist() == places
    assert sum(places) == size


def test_classes_add_up_to_the_firm(log, seen, judged):
    reports = measure_classes(seen, lambda _day: groups_of(log, 5))

    assert len(reports) == len(judged.origins) == 3
    for report, origin in zip(reports, judged.origins, strict=True):
        assert report.is_of_today is False
        assert [one.key for one in report.classes] == ["key", "rest"]
        firm = origin.scores["models"]
        assert sum(c.account_count for c in report.classes) == origin.account_count
        assert sum(c.forecast for c in report.classes) == pytest.approx(
            firm.forecast_total
        )
        assert sum(c.actual for c in report.classes) == firm.actual_total
        inside = sum(c.coverage * c.account_count for c in report.classes)
        covered = origin.model_coverage["0.8"] * origin.account_count
        assert inside == pytest.approx(covered)
        # Classes by number are no classes by worth: all are forecast alike.
        for one in report.classes:
            assert one.coverage == pytest.approx(0.8, abs=0.06)
            assert one.money_coverage == pytest.approx(0.8, abs=0.06)


def test_hits_are_counted_on_both_lists(log, seen):
    [longest, *_] = measure_classes(seen, lambda _day: groups_of(log, 5))
    forecast = seen.forecasts[0]
    told, came = forecast.money["models"], forecast.trial.outcome.values
    size = longest.hits.size

    best = {*np.argsort(-came)[:size].tolist()}
    top = {*np.argsort(-told, kind="stable")[:size].tolist()}

    key_share = (forecast.trial.known.log.accounts % 5 == 0).mean()
    assert size == round(key_share * came.size)
    assert longest.hits.forecast == pytest.approx(len(best & top), abs=1.0)
    assert longest.hits.best == size
    assert longest.hits.forecast > longest.hits.rule > size * size / came.size


def test_todays_classes_stand_in_where_nobody_had_one(log, seen):
    today = groups_of(log, 3)

    reports = measure_classes(seen, lambda day: today if day == AS_OF else NOBODY)

    assert all(report.is_of_today for report in reports)
    assert reports == measure_classes(
        seen, lambda day: today if day == AS_OF else NOBODY
    )


def test_without_any_class_the_best_tenth_is_looked_for(seen):
    reports = measure_classes(seen, lambda _day: NOBODY)

    for report in reports:
        assert [one.name for one in report.classes] == ["No class yet"]
        assert report.hits.size == round(0.1 * report.hits.account_count)


def test_a_firm_of_one_class_and_few_accounts(log):
    few = log.sample(60)
    seen = []
    assert run_backtest(few, AS_OF, look=seen.append, fit=fit_few) is not None

    [report, *_] = measure_classes(seen[0], lambda _day: groups_of(few, 1))

    assert [one.key for one in report.classes] == ["key"]
    assert report.hits.size == report.hits.account_count
    assert report.hits.forecast == report.hits.best
