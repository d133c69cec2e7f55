"""What the page about accuracy tells: a judgement in plain words and numbers."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clv.engine.judging.backtest import MIX, MODELS, OriginResult
from clv.engine.judging.classes import ClassReport, ClassScore, Hits
from clv.engine.judging.drift import Drift
from clv.engine.judging.money import LAST_VALUE
from clv.engine.judging.scores import Decile, Score
from clv.engine.judging.traits import Trait
from clv.engine.judging.trials import COHORT_MEAN, LAST_PERIOD, NAIVE_RULES, RATE
from clv.engine.judging.verdict import Fault, Verdict, verdict
from clv.engine.judging.windows import Week, Window
from clv.models import Judgement
from clv.queries.truth import TruthRow, restored_truth

NAMES: Mapping[str, str] = {
    "bgnbd": "BG/NBD",
    "mbgnbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "nbd": "NBD, nobody leaves",
    "mbg_cnbd": "MBG/CNBD-k, regular buyers",
    "own_pace": "Own pace, leaving as others do",
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

    Attributes
    ----------
    models, money : Score
        Of orders and of margin, by what values accounts.
    naive, naive_money : Score
        Of the better of two rules of thumb by its error per account, and of margin as
        last time.
    order_ranges, money_ranges : share of accounts inside, by level as text
        Margin at the level that account pages show.
    report : ClassReport
    """

    day: dt.date
    until: dt.date
    account_count: int
    models: Score
    naive: Score
    naive_name: str
    money: Score
    naive_money: Score
    order_ranges: Mapping[str, float]
    money_ranges: Mapping[str, float]
    report: ClassReport

    @property
    def against_rule(self) -> float | None:
        """Return how much larger the error per account is, below 0 where smaller."""
        return self.models.rmse / self.naive.rmse - 1.0 if self.naive.rmse else None

    @property
    def orders_80(self) -> float:
        return self.order_ranges["0.8"]

    @property
    def orders_90(self) -> float:
        return self.order_ranges["0.9"]

    @property
    def money_80(self) -> float:
        return self.money_ranges["0.8"]

    @property
    def money_90(self) -> float:
        return self.money_ranges["0.9"]

    @property
    def classes(self) -> Sequence["ClassRow"]:
        return [ClassRow(one) for one in self.report.classes]

    @property
    def hit_rate(self) -> float | None:
        """Return the share of the best accounts that the forecast had on top."""
        return _share(self.report.hits.forecast, self.report.hits.best)

    @property
    def rule_hit_rate(self) -> float | None:
        return _share(self.report.hits.rule, self.report.hits.best)

    @property
    def chance_hit_rate(self) -> float | None:
        return _share(self.report.hits.size, self.report.hits.account_count)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class at one origin, with its errors."""

    score: ClassScore

    @property
    def order_error(self) -> float | None:
        return _gap(self.score.forecast, self.score.actual)

    @property
    def money_error(self) -> float | None:
        return _gap(self.score.money_forecast, self.score.money_actual)


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
class Report:
    """One judgement with results.

    Attributes
    ----------
    origins : longest hold-out first
    candidates : heaviest first
    faults : what the light is about
    alone : verdict on the one model that values accounts today, None where a mix does
    truth : the firm and its classes against the demo firm's truth, if there is one
    """

    account_count: int
    origins: Sequence[Origin]
    candidates: Sequence[Candidate]
    reason: str
    chosen_on: dt.date
    faults: Sequence[Fault]
    alone: Verdict | None
    alone_name: str
    drift: Drift
    truth: Sequence[TruthRow]

    @property
    def longest(self) -> Origin:
        return self.origins[0]


def report_of(judgement: Judgement) -> Report | None:
    """Return what a judgement says; None where it has no results to tell of.

    The history was too short for one, or the judgement is so old that its results were
    thrown away, or an earlier version left it.
    """
    stored = judgement.result
    if not stored or "truth" not in stored:
        return None
    results = [_result(one) for one in stored["origins"]]
    reports = [_class_report(one) for one in stored["classes"]]
    origins = [_origin(*pair) for pair in zip(results, reports, strict=True)]
    used = judgement.run.model_name
    choice = stored["choice"]
    return Report(
        account_count=stored["account_count"],
        origins=origins,
        candidates=_candidates(results[0], choice, used),
        reason=in_words(choice["reason"]),
        chosen_on=dt.date.fromordinal(choice["chosen_on"]),
        faults=[Fault(**one) for one in stored["faults"]],
        alone=_verdict_on(results, used),
        alone_name=in_words(used),
        drift=_drift(stored["drift"]),
        truth=restored_truth(stored),
    )


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


def _class_report(stored: Mapping[str, Any]) -> ClassReport:
    return ClassReport(
        origin_day=stored["origin_day"],
        is_of_today=stored["is_of_today"],
        hits=Hits(**stored["hits"]),
        classes=tuple(ClassScore(**one) for one in stored["classes"]),
    )


def _drift(stored: Mapping[str, Any]) -> Drift:
    parts = {
        "windows": tuple(Window(**one) for one in stored["windows"]),
        "cohorts": tuple(Window(**one) for one in stored["cohorts"]),
        "weekly": tuple(Week(**one) for one in stored["weekly"]),
        "traits": tuple(Trait(**one) for one in stored["traits"]),
        "alarms": tuple(stored["alarms"]),
    }
    return Drift(**{**stored, **parts})


def _origin(result: OriginResult, report: ClassReport) -> Origin:
    name = min((LAST_PERIOD, RATE), key=lambda one: result.scores[one].rmse)
    return Origin(
        day=dt.date.fromordinal(result.origin_day),
        until=dt.date.fromordinal(result.origin_day + result.horizon_days),
        account_count=result.account_count,
        models=result.scores[MODELS],
        naive=result.scores[name],
        naive_name=NAMES[name],
        money=result.money_scores[MODELS],
        naive_money=result.money_scores[LAST_VALUE],
        order_ranges=result.model_coverage,
        money_ranges=result.shown_coverage,
        report=report,
    )


def _candidates(
    longest: OriginResult, choice: Mapping[str, Any], used: str
) -> list[Candidate]:
    names = {*longest.scores, *longest.dropped, *choice["weights"]} - {MIX, MODELS}
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
    return sorted(found, key=lambda one: (-one.model_weight, one.is_rule, one.name))


def _verdict_on(results: Sequence[OriginResult], name: str) -> Verdict | None:
    """Judge a single model that values accounts by itself."""
    judged = [one for one in results if name in one.scores]
    if name in {MIX, MODELS} or not any(
        one.scores[name].total_error is not None for one in judged
    ):
        return None
    return verdict(judged, name=name)


def _gap(forecast: float, actual: float) -> float | None:
    return forecast / actual - 1.0 if actual > 0.0 else None


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
