"""What the page about accuracy tells: a judgement in plain words and numbers."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FloatField
from django.db.models.functions import Cast

from clv.choices import Light
from clv.engine.judging.backtest import MIX, MODELS, OriginResult
from clv.engine.judging.scores import Decile, Score
from clv.engine.judging.trials import COHORT_MEAN, LAST_PERIOD, NAIVE_RULES, RATE
from clv.engine.judging.verdict import Verdict, verdict
from clv.models import Judgement
from common.charts import Chart, Series
from common.templatetags.display import count, number

MOST_JUDGEMENTS = 26  # half a year of weeks
NAMES: Mapping[str, str] = {
    "bgnbd": "BG/NBD",
    "mbgnbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "nbd": "NBD, nobody leaves",
    "mbg_cnbd": "MBG/CNBD-k, regular buyers",
    "bgnbd/cohort": "BG/NBD by cohort",
    "mbgnbd/cohort": "MBG/NBD by cohort",
    "pareto_nbd/cohort": "Pareto/NBD by cohort",
    LAST_PERIOD: "Rule: as many as last time",
    RATE: "Rule: own pace goes on",
    COHORT_MEAN: "Rule: as its cohort",
    MIX: "The mix",
    MODELS: "The mix of models",
}

CODES = re.compile(
    r"\b(?:"
    + "|".join(sorted({*NAMES} - {MIX, MODELS}, key=len, reverse=True))
    + r")\b"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """One day of the past from which the time since was forecast.

    `naive` is the better of two rules of thumb by its error per account;
    `against_rule` is how much larger the error of the mix is, below 0 where smaller.
    """

    day: dt.date
    until: dt.date
    account_count: int
    mix: Score
    naive: Score
    naive_name: str
    money: Score | None
    coverage_80: float
    coverage_90: float

    @property
    def against_rule(self) -> float | None:
        return self.mix.rmse / self.naive.rmse - 1.0 if self.naive.rmse else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model or rule: its share in the mix, its scores at the longest hold-out."""

    name: str
    is_rule: bool
    is_in_use: bool
    weight: float
    model_weight: float
    score: Score | None
    dropped: str


@dataclass(frozen=True, slots=True)
class Past:
    """One judgement in the history."""

    run_id: int
    as_of: dt.date
    light: Light
    total_error: float | None
    gini: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """One judgement with results.

    Attributes
    ----------
    origins : longest hold-out first
    candidates : heaviest first
    in_use : verdict on the model that today's values rest on, None where it has none
    """

    account_count: int
    origins: Sequence[Origin]
    candidates: Sequence[Candidate]
    reason: str
    chosen_on: dt.date
    in_use: Verdict | None
    in_use_name: str
    chart: Chart


def report_of(judgement: Judgement) -> Report | None:
    """Return what a judgement says; None where the history was too short for one."""
    stored = judgement.result
    if not stored or "drift" not in stored:
        return None  # too little history, or told by an earlier version
    results = [_result(one) for one in stored["origins"]]
    origins = [_origin(one) for one in results]
    used = judgement.run.model_name
    choice = stored["choice"]
    return Report(
        account_count=stored["account_count"],
        origins=origins,
        candidates=_candidates(results[0], choice, used),
        reason=in_words(choice["reason"]),
        chosen_on=dt.date.fromordinal(choice["chosen_on"]),
        in_use=_verdict_on(results, used),
        in_use_name=in_words(used),
        chart=_calibration_chart(origins[0]),
    )


def judgements() -> list[Past]:
    """Return the newest judgements without reading their whole results."""
    longest = "result__origins__0"
    rows = Judgement.objects.annotate(
        total_error=Cast(F(f"{longest}__scores__{MIX}__total_error"), FloatField()),
        gini=Cast(F(f"{longest}__scores__{MIX}__gini"), FloatField()),
        coverage=Cast(F(f"{longest}__coverage__0.8"), FloatField()),
    ).values_list("run_id", "as_of", "light", "total_error", "gini", "coverage")
    return [
        Past(run_id, as_of, Light(light), *scores)
        for run_id, as_of, light, *scores in rows[:MOST_JUDGEMENTS]
    ]


def in_words(text: str) -> str:
    """Write the names of candidates as pages do."""
    return CODES.sub(lambda found: NAMES[found[0]], text)


def _result(stored: Mapping[str, Any]) -> OriginResult:
    """Rebuild one origin as it was stored."""
    scores = {
        kind: {name: _score(one) for name, one in stored[kind].items()}
        for kind in ("scores", "money_scores")
    }
    quiet = Decile(**stored["quiet"])
    return OriginResult(**{**stored, **scores, "quiet": quiet})


def _score(stored: Mapping[str, Any]) -> Score:
    curve = tuple(Decile(**one) for one in stored["curve"])
    return Score(**{**stored, "curve": curve})


def _origin(result: OriginResult) -> Origin:
    name = min((LAST_PERIOD, RATE), key=lambda one: result.scores[one].rmse)
    return Origin(
        day=dt.date.fromordinal(result.origin_day),
        until=dt.date.fromordinal(result.origin_day + result.horizon_days),
        account_count=result.account_count,
        mix=result.scores[MIX],
        naive=result.scores[name],
        naive_name=NAMES[name],
        money=result.money_scores.get(MIX),
        coverage_80=result.coverage["0.8"],
        coverage_90=result.coverage["0.9"],
    )


def _candidates(
    longest: OriginResult, choice: Mapping[str, Any], used: str
) -> list[Candidate]:
    names = {*longest.scores, *longest.dropped, *choice["weights"]} - {MIX}
    found = [
        Candidate(
            name=NAMES.get(name, name),
            is_rule=name in NAIVE_RULES,
            is_in_use=name == used,
            weight=choice["weights"].get(name, 0.0),
            model_weight=choice["model_weights"].get(name, 0.0),
            score=longest.scores.get(name),
            dropped=longest.dropped.get(name, ""),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (-one.weight, one.is_rule, one.name))


def _verdict_on(results: Sequence[OriginResult], name: str) -> Verdict | None:
    judged = [one for one in results if name in one.scores]
    if not any(one.scores[name].total_error is not None for one in judged):
        return None
    return verdict(judged, name=name)


def _calibration_chart(longest: Origin) -> Chart:
    mix, curve = longest.mix, longest.mix.curve
    return Chart(
        key="calibration",
        title="Forecast against what came, by tenth of the accounts",
        summary=(
            f"Of the tenth forecast highest, {number(curve[0].forecast, 2)} orders per"
            f" account were forecast and {number(curve[0].actual, 2)} came; over all"
            f" {count(longest.account_count)} accounts"
            f" {count(round(mix.forecast_total))} were forecast and"
            f" {count(round(mix.actual_total))} came."
        ),
        labels=[str(place) for place in range(1, len(curve) + 1)],
        series=[
            Series("Forecast", [one.forecast for one in curve], "bar"),
            Series("Came", [one.actual for one in curve], "bar", "chart-2"),
        ],
        x_title="Tenth of the accounts, highest forecast first",
        write=orders,
    )


def orders(value: float | None) -> str:
    """Write orders per account."""
    return number(value, 2)
