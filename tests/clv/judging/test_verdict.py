from dataclasses import replace

import pytest

from clv.engine.errors import BadParameterError
from clv.engine.judging.backtest import MODELS, run_backtest
from clv.engine.judging.candidates import Field, fit_candidates
from clv.engine.judging.verdict import VerdictPolicy, verdict
from tests.clv.judging.logs import AS_OF


def sabotaged(*names):
    """Add a BG/NBD with parameters three times what was fitted to a healthy field."""

    def fit(known):
        models = fit_candidates(known).models
        fitted = models["bgnbd"]
        moved = {name: 3 * getattr(fitted, name) for name in names}
        return Field({**models, "broken": replace(fitted, **moved)}, {})

    return fit


def alone(fit):
    """Keep the broken model only."""

    def fit_alone(known):
        return Field({"broken": fit(known).models["broken"]}, {})

    return fit_alone


def test_data_from_the_model_itself_are_green(judged):
    got = verdict(judged.origins)
    assert got.light == "green"
    assert abs(got.total_error) < 0.1
    assert got.skill > 0.1
    assert got.coverage == pytest.approx(0.8, abs=0.03)
    assert abs(got.money_error) < 0.15
    came = f"{judged.origins[0].scores[MODELS].actual_total:,.0f}"
    came = came.replace(",", "\u202f")
    start = f"You can plan with these numbers. Over 12 months, {came} orders came where"
    assert got.sentence.startswith(start)
    assert got.faults == ()


@pytest.mark.parametrize("names", [("r", "alpha", "a", "b"), ("r",), ("a",)])
def test_parameters_times_three_are_red(log, names):
    result = run_backtest(
        log, AS_OF, candidates=["broken"], fit=sabotaged(*names), most_accounts=10_000
    )
    got = verdict(result.origins)
    assert got.light == "red"
    assert "another model does much better" in got.sentence


def test_a_broken_model_without_healthy_company_is_red_too(log):
    result = run_backtest(log, AS_OF, candidates=["broken"], fit=alone(sabotaged("a")))
    got = verdict(result.origins)
    assert got.light == "red"
    assert got.sentence.startswith("Do not plan with these numbers: the total of")
    assert "too low on average" in got.sentence
    assert "total" in {fault.code for fault in got.faults}


def test_a_single_candidate_can_be_judged(judged):
    assert verdict(judged.origins, name="nbd").light == "red"
    assert verdict(judged.origins, name="bgnbd").light == "green"


def test_rules_are_arguments(judged):
    strict = VerdictPolicy(amber_total_error=0.0)
    got = verdict(judged.origins, policy=strict)
    assert got.light == "amber"
    assert "on average" in got.sentence
    assert got.sentence.startswith("Plan with these numbers, but with care:")
    strict = VerdictPolicy(lowest_coverage=0.99)
    assert "held only" in verdict(judged.origins, policy=strict).sentence


def test_without_any_order_there_is_no_verdict():
    with pytest.raises(BadParameterError, match="nothing was ordered"):
        verdict([])
