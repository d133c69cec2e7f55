import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from clv.engine.groups import Groups
from clv.engine.judging.backtest import MIX, MODELS, run_backtest
from clv.engine.judging.candidates import Known, fit_candidates
from clv.engine.judging.classes import measure_classes
from clv.engine.judging.drift import measure_drift
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.trials import NAIVE_RULES, horizons_for, try_origin
from clv.engine.judging.verdict import verdict
from tests.clv.judging.logs import AS_OF, START


def with_poison(log, after_day):
    """Add absurd purchases after a day to known and unknown accounts."""
    keep = log.until(after_day)
    rows = np.repeat(keep.accounts, np.diff(keep.starts))
    extra = np.concatenate([keep.accounts[::2], np.arange(900_000, 900_400)])
    days = after_day + 1 + np.arange(extra.size) % 40
    return PurchaseLog.check(
        np.concatenate([rows, extra, extra]),
        np.concatenate([keep.day, days, days + 3]),
        np.concatenate([keep.value, np.full(2 * extra.size, 1e9)]),
    )


def test_nothing_after_the_origin_changes_a_fit_or_a_forecast(log):
    origin = AS_OF - 182
    honest = try_origin(log, origin, 182)
    poisoned = try_origin(with_poison(log, origin), origin, 182)
    assert poisoned.outcome.counts.sum() != honest.outcome.counts.sum()
    assert poisoned.names == honest.names
    for name in honest.names:
        assert np.array_equal(poisoned.counts(name), honest.counts(name))
    assert np.array_equal(poisoned.last_values, honest.last_values)
    for name, model in honest.field.models.items():
        assert poisoned.field.models[name] == model


def test_rows_after_the_day_of_the_backtest_change_nothing(log, judged):
    again = run_backtest(with_poison(log, AS_OF), AS_OF)
    assert again == judged


def test_origins_lie_12_6_and_3_months_back_where_history_allows():
    assert horizons_for(1500) == [365, 182, 91]
    assert horizons_for(730) == [365, 182, 91]
    assert horizons_for(273) == [136, 68, 34]
    assert horizons_for(60) == [30, 15]
    assert horizons_for(20) == []


def test_every_candidate_is_scored_at_every_origin(judged):
    assert [o.horizon_days for o in judged.origins] == [365, 182, 91]
    assert sum(o.share for o in judged.origins) == pytest.approx(1.0)
    for origin in judged.origins:
        assert {MIX, *NAIVE_RULES, "bgnbd", "pareto_nbd"} <= set(origin.scores)
        assert set(origin.scores) | set(origin.dropped) >= {"mbg_cnbd", "nbd"}
        assert set(origin.money_scores) == {
            "gamma_gamma",
            "gamma_gamma_frequency",
            "own_mean",
            "last_value",
            MIX,
            MODELS,
        }


def test_the_mix_of_models_is_scored_as_what_values_accounts(judged):
    for origin in judged.origins:
        assert origin.scores[MODELS].rmse < origin.scores["last_period"].rmse
        assert origin.money_scores[MODELS].rmse < origin.money_scores["last_value"].rmse
        assert origin.model_coverage["0.8"] == pytest.approx(0.8, abs=0.03)
        assert origin.money_coverage["0.9"] == pytest.approx(0.9, abs=0.03)


def test_who_measures_more_sees_what_was_worked_with(log, judged):
    seen = []
    again = run_backtest(log, AS_OF, look=seen.append)
    assert again == judged
    [work] = seen
    assert work.choice == judged.choice
    for forecast, origin in zip(work.forecasts, judged.origins, strict=True):
        assert forecast.share == origin.share
        told = forecast.trial.mixed_counts(forecast.models).sum()
        assert told == pytest.approx(origin.scores[MODELS].forecast_total)


def test_the_result_is_plain_json(judged):
    stored = json.loads(json.dumps(asdict(judged)))
    assert stored["origins"][0]["scores"]["bgnbd"]["rmse"] > 0
    assert stored["choice"]["weights"] == judged.choice.weights


def test_the_mix_beats_the_rules_of_thumb(judged):
    for origin in judged.origins:
        naive = min(origin.scores[name].rmse for name in NAIVE_RULES)
        assert origin.scores[MIX].rmse < naive


def test_money_is_judged_with_the_mix_not_worse_than_the_best_by_much(judged):
    scores = judged.origins[0].money_scores
    best = min(s.rmse for name, s in scores.items() if name != MIX)
    assert scores[MIX].rmse < 1.01 * best
    assert sum(judged.money_weights.values()) == pytest.approx(1.0)


def test_too_little_history_gives_no_judgement():
    few = PurchaseLog.check([1, 2, 2], [START, START, START + 5], [1.0, 1.0, 1.0])
    assert run_backtest(few, START + 200) is None
    assert run_backtest(PurchaseLog.check([], [], []), AS_OF) is None


def test_a_candidate_that_cannot_be_fitted_drops_out_with_a_reason(log):
    known = Known.at(log, AS_OF - 182)
    field = fit_candidates(known, ["mbg_cnbd", "bgnbd"])
    assert "do not buy regularly" in field.dropped["mbg_cnbd"]
    assert list(field.models) == ["bgnbd"]


def test_identical_one_time_buyers_do_not_break_it():
    codes = np.arange(400)
    log = PurchaseLog.check(codes, START + codes % 60, np.ones(400))
    assert run_backtest(log, AS_OF) is None
    regular = np.tile(START + np.arange(0, 700, 30), 400)
    log = PurchaseLog.check(np.repeat(codes, 24), regular, np.ones(regular.size))
    result = run_backtest(log, START + 700)
    assert result.origins[0].scores[MIX].total_error == pytest.approx(0.0, abs=0.3)
    assert replace(result) == result


@pytest.mark.parametrize("seed", range(5))
def test_small_odd_firms_are_judged_without_complaint(seed):
    """Any money, any days, few accounts: all of it finite, all of it JSON."""
    rng = np.random.default_rng(seed)
    money = [
        rng.normal(10, 20, 300),
        rng.gamma(2, 10, 300),
        np.zeros(300),
        -rng.gamma(2, 10, 300),
        np.full(300, 1e9),
    ][seed]
    span = 60 + 200 * seed
    log = PurchaseLog.check(
        rng.integers(0, 80, 300), START + rng.integers(0, span, 300), money
    )
    seen = []
    result = run_backtest(log, START + span, look=seen.append)
    drift = measure_drift(seen[0])
    groups = Groups.check({"key": "Key"}, log.accounts[::9], log.accounts[::9] * 0)
    classes = measure_classes(seen[0], lambda _day: groups)
    for one in (result, drift, *classes):
        json.dumps(asdict(one), allow_nan=False)
    assert verdict(result.origins).light in {"green", "amber", "red"}
