"""The traffic light on the numbers, with its reason.

Rules, over the origins weighted by their share:

- red: the total of orders or margin was off by more than half; or accounts were
  forecast worse than by the better naive rule; or 80 % intervals held less than 65 %;
  or another candidate was better by more than 0.15 in ln RMSE + ln deviance, which a
  working mix never leaves on the table (0.09 at most on fourteen firms), but a broken
  one does; or accounts are ranked far worse than by a naive rule, as if they were mixed
  up; or those silent for long were forecast at least twice what came, with at least a
  tenth of all orders too many: who has left is not seen;
- amber: the total of orders was off by more than 20 %, or that of margin by more than
  30 %; or 80 % intervals missed by more than 5 points; or the ranking was worse than
  the naive one by more than 2 points of Gini;
- green otherwise.

The naive rules are last period's count and rate times horizon. Each fault has a code,
by which pages say what to do about it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from clv.engine.errors import BadParameterError
from clv.engine.judging.backtest import MIX, MODELS, OriginResult
from clv.engine.judging.scores import Score
from clv.engine.judging.trials import LAST_PERIOD, RATE

Light: TypeAlias = Literal["green", "amber", "red"]
LEVEL = "0.8"
TINY = 1e-12
THIN_SPACE = "\u202f"
FAR_OFF = 0.5  # an error that words should not pass over
DAYS_PER_MONTH = 30.4375
TOTAL, MONEY, RULE, NARROW, WIDE = "total", "money", "rule", "narrow", "wide"
MONEY_RANGES, OTHER_MODEL, RANKING = "money_ranges", "other_model", "ranking"
MIXED_UP, LEAVERS, DRIFT = "mixed_up", "leavers", "drift"
OPENING: dict[str, str] = {
    "green": "You can plan with these numbers.",
    "amber": "Plan with these numbers, but with care:",
    "red": "Do not plan with these numbers:",
}


@dataclass(frozen=True, slots=True)
class VerdictPolicy:
    """The numbers behind the light.

    Attributes
    ----------
    red_total_error, amber_total_error : float
        Of ``|forecast / actual - 1|``, orders.
    red_money_error, amber_money_error : float
        The same for margin.
    red_lag : float
        Behind the best other candidate, in ln RMSE + ln deviance.
    lowest_coverage : float
        Of 80 % intervals; below is red.
    coverage_tolerance : float
        Around 80 %; outside is amber.
    gini_tolerance, red_gini : float
        Below the better naive rule; beyond is amber, or red.
    leavers_factor, leavers_share : float
        Orders forecast over those that came from accounts silent for long, and the
        difference over all orders; beyond both is red.
    """

    red_total_error: float = 0.5
    amber_total_error: float = 0.2
    red_money_error: float = 0.5
    amber_money_error: float = 0.3
    red_lag: float = 0.15
    lowest_coverage: float = 0.65
    coverage_tolerance: float = 0.05
    gini_tolerance: float = 0.02
    red_gini: float = 0.15
    leavers_factor: float = 2.0
    leavers_share: float = 0.1


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a code, its light and a clause in plain words."""

    code: str
    light: Light
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Light and a sentence that can be repeated in a meeting.

    Attributes
    ----------
    light : "green", "amber" or "red"
    sentence : str
    total_error, skill, coverage, lag : float
        Weighted over the origins. Skill is 1 - RMSE over that of the better naive
        rule, so 0 is no better than it; the lag is that behind the best candidate.
    money_error : float or None
        None where no margin came.
    faults : tuple of Fault
        Those of the worst light only.
    """

    light: Light
    sentence: str
    total_error: float
    skill: float
    coverage: float
    lag: float
    money_error: float | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Means:
    """What the rules look at, weighted over the origins."""

    error: float
    money_error: float | None
    skill: float
    coverage: float
    money_coverage: float
    behind: float
    lag: float
    quiet_forecast: float
    quiet_actual: float
    actual: float


def verdict(
    results: Sequence[OriginResult],
    *,
    name: str = MODELS,
    policy: VerdictPolicy | None = None,
) -> Verdict:
    """Judge one forecast over the origins of a back-test.

    Parameters
    ----------
    results : sequence of OriginResult, at least one with orders in its hold-out
    name : str
        "models", which values accounts, "mix", or a candidate; margin, ranges and
        silent accounts are always those of "models".
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
    means = _means(judged, name)
    found = [*_order_faults(means, rules), *_money_faults(means, rules)]
    found += [*_account_faults(means, rules)]
    light = _worst(found)
    faults = tuple(one for one in found if one.light == light)
    return Verdict(
        light=light,
        sentence=_sentence(judged[0], judged[0].scores[name], means.skill, faults),
        total_error=means.error,
        skill=means.skill,
        coverage=means.coverage,
        lag=means.lag,
        money_error=means.money_error,
        faults=faults,
    )


def _worst(faults: Sequence[Fault]) -> Light:
    lights = {one.light for one in faults}
    if "red" in lights:
        return "red"
    return "amber" if lights else "green"


def _means(judged: Sequence[OriginResult], name: str) -> _Means:
    paid = [r for r in judged if r.money_scores[MODELS].total_error is not None]

    def mean(values: Sequence[float], over: Sequence[OriginResult] = judged) -> float:
        shares = [result.share for result in over]
        return sum(s * v for s, v in zip(shares, values, strict=True)) / sum(shares)

    return _Means(
        error=mean([_known(r.scores[name].total_error) for r in judged]),
        money_error=mean(
            [_known(r.money_scores[MODELS].total_error) for r in paid], paid
        )
        if paid
        else None,
        skill=mean([1.0 - r.scores[name].rmse / _naive_rmse(r) for r in judged]),
        coverage=mean([r.model_coverage[LEVEL] for r in judged]),
        money_coverage=mean([r.shown_coverage[LEVEL] for r in judged]),
        behind=mean([_naive_gini(r) - _known(r.scores[name].gini) for r in judged]),
        lag=mean([_lag(r, name) for r in judged]),
        quiet_forecast=mean([r.quiet.forecast * r.quiet.account_count for r in judged]),
        quiet_actual=mean([r.quiet.actual * r.quiet.account_count for r in judged]),
        actual=mean([r.scores[name].actual_total for r in judged]),
    )


def _order_faults(means: _Means, rules: VerdictPolicy) -> Iterator[Fault]:
    """Yield what is wrong with totals and ranges of orders."""
    size = abs(means.error)
    if size > rules.amber_total_error:
        light: Light = "red" if size > rules.red_total_error else "amber"
        yield Fault(TOTAL, light, f"the total of orders was {_off(means.error)}")
    surplus = means.quiet_forecast - means.quiet_actual
    if (
        means.quiet_forecast > rules.leavers_factor * means.quiet_actual
        and surplus > rules.leavers_share * means.actual
    ):
        words = (
            "accounts that had gone silent were counted on as if they stayed"
            f" ({means.quiet_forecast:.0f} orders forecast, {means.quiet_actual:.0f}"
            " came)"
        )
        yield Fault(LEAVERS, "red", words)
    yield from _range_faults(means, rules)


def _range_faults(means: _Means, rules: VerdictPolicy) -> Iterator[Fault]:
    words = f"80 % ranges of orders held only {share(means.coverage)}"
    if means.coverage < rules.lowest_coverage:
        yield Fault(NARROW, "red", words)
    elif means.coverage < float(LEVEL) - rules.coverage_tolerance:
        yield Fault(NARROW, "amber", words)
    elif means.coverage > float(LEVEL) + rules.coverage_tolerance:
        words = f"80 % ranges of orders are too wide: they held {share(means.coverage)}"
        yield Fault(WIDE, "amber", words)


def _money_faults(means: _Means, rules: VerdictPolicy) -> Iterator[Fault]:
    if means.money_error is not None:
        size = abs(means.money_error)
        if size > rules.amber_money_error:
            light: Light = "red" if size > rules.red_money_error else "amber"
            words = f"the total of margin was {_off(means.money_error)}"
            yield Fault(MONEY, light, words)
    missed = means.money_coverage - float(LEVEL)
    if abs(missed) > rules.coverage_tolerance:
        light = "red" if means.money_coverage < rules.lowest_coverage else "amber"
        words = f"80 % ranges of margin held {share(means.money_coverage)}"
        yield Fault(MONEY_RANGES, light, words)


def _account_faults(means: _Means, rules: VerdictPolicy) -> Iterator[Fault]:
    """Yield what is wrong account by account, against rules and other models."""
    if means.skill < 0.0:
        yield Fault(RULE, "red", "a rule of thumb forecasts accounts better")
    if means.lag > rules.red_lag:
        yield Fault(OTHER_MODEL, "red", "another model does much better")
    if means.behind > rules.red_gini:
        words = "accounts are mixed up: the forecast hardly tells good from bad ones"
        yield Fault(MIXED_UP, "red", words)
    elif means.behind > rules.gini_tolerance:
        yield Fault(RANKING, "amber", "a rule of thumb ranks accounts better")


def _off(error: float) -> str:
    """Say how far off a total was: in times where per cent would not be grasped."""
    if error >= 1.0:
        return f"far off, {1.0 + error:.1f} times what came"
    start = "far off, " if abs(error) > FAR_OFF else ""
    return f"{start}{share(abs(error))} too {_direction(error)} on average"


def _sentence(
    longest: OriginResult, found: Score, skill: float, faults: Sequence[Fault]
) -> str:
    opening = OPENING[faults[0].light if faults else "green"]
    clauses = "; ".join(fault.words for fault in faults)
    start = f"{opening} {clauses}." if faults else opening
    months = longest.horizon_days / DAYS_PER_MONTH
    span = f"{months:.0f} months" if months >= 2.0 else f"{longest.horizon_days} days"  # noqa: PLR2004 - below, months are too coarse
    error = found.forecast_total / found.actual_total - 1.0
    return (
        f"{start} Over {span}, {_count(found.actual_total)} orders came where"
        f" {_count(found.forecast_total)} were forecast"
        f" ({share(abs(error))} too {_direction(error)});"
        f" account by account the error is {share(abs(skill))}"
        f" {'smaller' if skill >= 0.0 else 'larger'} than by the better rule of thumb."
    )


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", THIN_SPACE)


def share(value: float) -> str:
    """Write a share between 0 and 1 as pages do."""
    return f"{100.0 * value:.0f}{THIN_SPACE}%"


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
