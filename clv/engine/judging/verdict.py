"""The traffic light on the numbers, with its reason.

Rules, over the origins weighted by their share:

- red: the total was off by more than half; or accounts were forecast worse than by the
  better naive rule; or 80 % intervals held less than 65 %; or another candidate was
  better by more than 0.15 in ln RMSE + ln deviance, which a working mix never leaves on
  the table (0.09 at most on fourteen firms), but a broken one does;
- amber: the total was off by more than 20 %; or 80 % intervals missed by more than 5
  points; or the ranking was worse than the naive one by more than 2 points of Gini;
- green otherwise.

The naive rules are last period's count and rate times horizon.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from clv.engine.errors import BadParameterError
from clv.engine.judging.backtest import MIX, MODELS, OriginResult
from clv.engine.judging.scores import Score
from clv.engine.judging.trials import LAST_PERIOD, RATE

Light: TypeAlias = Literal["green", "amber", "red"]
LEVEL = "0.8"
TINY = 1e-12
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class VerdictPolicy:
    """The numbers behind the light.

    Attributes
    ----------
    red_total_error, amber_total_error : float
        Of ``|forecast / actual - 1|``.
    red_lag : float
        Behind the best other candidate, in ln RMSE + ln deviance.
    lowest_coverage : float
        Of 80 % intervals; below is red.
    coverage_tolerance : float
        Around 80 %; outside is amber.
    gini_tolerance : float
        Below the better naive rule; beyond is amber.
    """

    red_total_error: float = 0.5
    amber_total_error: float = 0.2
    red_lag: float = 0.15
    lowest_coverage: float = 0.65
    coverage_tolerance: float = 0.05
    gini_tolerance: float = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """Light and one plain sentence.

    Attributes
    ----------
    light : "green", "amber" or "red"
    sentence : str
    total_error, skill, coverage, lag : float
        Weighted over the origins. Skill is 1 - RMSE over that of the better naive
        rule, so 0 is no better than it; the lag is that behind the best candidate.
    """

    light: Light
    sentence: str
    total_error: float
    skill: float
    coverage: float
    lag: float


def verdict(
    results: Sequence[OriginResult],
    *,
    name: str = MIX,
    policy: VerdictPolicy | None = None,
) -> Verdict:
    """Judge one forecast over the origins of a back-test.

    Parameters
    ----------
    results : sequence of OriginResult, at least one with orders in its hold-out
    name : str
        "mix", or a candidate; coverage is always that of the mix.
    policy : VerdictPolicy, optional

    Raises
    ------
    BadParameterError
        If nothing came in any hold-out: there is nothing to judge by.
    """
    rules = policy or VerdictPolicy()
    judged = [r for r in results if r.scores[name].total_error is not None]
    if not judged:
        raise BadParameterError("nothing was ordered in any hold-out")
    shares = [result.share for result in judged]

    def mean(values: Sequence[float]) -> float:
        return sum(s * v for s, v in zip(shares, values, strict=True)) / sum(shares)

    error = mean([_known(r.scores[name].total_error) for r in judged])
    skill = mean([1.0 - r.scores[name].rmse / _naive_rmse(r) for r in judged])
    coverage = mean([result.coverage[LEVEL] for result in judged])
    behind = mean([_naive_gini(r) - _known(r.scores[name].gini) for r in judged])
    lag = mean([_lag(result, name) for result in judged])
    faults = _red_faults(error, skill, coverage, rules)
    if lag > rules.red_lag:
        faults.append("another model does much better")
    light: Light = "red" if faults else "green"
    if not faults:
        faults = _amber_faults(error, coverage, behind, rules)
        light = "amber" if faults else "green"
    sentence = _sentence(judged[0], judged[0].scores[name], skill, faults)
    return Verdict(light, sentence, error, skill, coverage, lag)


def _red_faults(
    error: float, skill: float, coverage: float, rules: VerdictPolicy
) -> list[str]:
    faults = []
    if abs(error) > rules.red_total_error:
        faults.append("the total is far off")
    if skill < 0.0:
        faults.append("a rule of thumb does better")
    if coverage < rules.lowest_coverage:
        faults.append(f"80 % ranges held only {coverage:.0%}")
    return faults


def _amber_faults(
    error: float, coverage: float, behind: float, rules: VerdictPolicy
) -> list[str]:
    faults = []
    if abs(error) > rules.amber_total_error:
        faults.append(
            f"totals were {abs(error):.0%} too {_direction(error)} on average"
        )
    if abs(coverage - float(LEVEL)) > rules.coverage_tolerance:
        faults.append(f"80 % ranges held {coverage:.0%}")
    if behind > rules.gini_tolerance:
        faults.append("a rule of thumb ranks accounts better")
    return faults


def _sentence(
    longest: OriginResult, found: Score, skill: float, faults: Sequence[str]
) -> str:
    months = longest.horizon_days / DAYS_PER_MONTH
    span = f"{months:.0f} months" if months >= 2.0 else f"{longest.horizon_days} days"  # noqa: PLR2004 - below, months are too coarse
    error = found.forecast_total / found.actual_total - 1.0
    text = (
        f"Over {span}, {found.actual_total:,.0f} orders came where"
        f" {found.forecast_total:,.0f} were forecast"
        f" ({abs(error):.0%} too {_direction(error)});"
        f" per account the error is {abs(skill):.0%}"
        f" {'smaller' if skill >= 0.0 else 'larger'} than by the better rule of thumb."
    )
    if not faults:
        return text
    return f"{text} Beware: {'; '.join(faults)}."


def _direction(error: float) -> str:
    return "high" if error >= 0.0 else "low"


def _lag(result: OriginResult, name: str) -> float:
    others = [s for n, s in result.scores.items() if n not in (name, MIX, MODELS)]
    return _loss(result.scores[name]) - min(_loss(score) for score in others)


def _loss(score: Score) -> float:
    deviance = _known(score.deviance)
    return math.log(max(score.rmse, TINY)) + math.log(max(deviance, TINY))


def _naive_rmse(result: OriginResult) -> float:
    return max(min(result.scores[n].rmse for n in (LAST_PERIOD, RATE)), TINY)


def _naive_gini(result: OriginResult) -> float:
    return max(_known(result.scores[n].gini) for n in (LAST_PERIOD, RATE))


def _known(value: float | None) -> float:
    return 0.0 if value is None else value
