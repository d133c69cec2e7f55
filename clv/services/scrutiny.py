"""A closer look at a back-test: verdict, classes and drift, and all of it in brief."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from clv.choices import Light
from clv.engine.groups import Groups
from clv.engine.judging.backtest import MODELS, Backtest, OriginResult, Seen
from clv.engine.judging.classes import ClassReport, measure_classes
from clv.engine.judging.drift import Drift, measure_drift
from clv.engine.judging.verdict import (
    DRIFT,
    LEVEL,
    OPENING,
    Fault,
    Verdict,
    verdict,
)
from clv.models import ValuationRun
from clv.queries.truth import truth_of

ClassesOn: TypeAlias = Callable[[dt.date], Groups]


def no_classes(_day: dt.date) -> Groups:
    """Return no class for anybody: for callers that know none."""
    return Groups.check({}, [], [])


@dataclass(slots=True)
class Scrutiny:
    """Looks at what a back-test worked with, and tells what it found.

    `look` is handed to `run_backtest`; the rest may be asked once that has returned a
    result.
    """

    run: ValuationRun
    classes_on: ClassesOn
    classes: tuple[ClassReport, ...] = field(default=(), init=False)
    drift: Drift | None = field(default=None, init=False)

    def look(self, seen: Seen) -> None:
        """Measure classes and drift while the forecasts are at hand."""
        self.classes = measure_classes(
            seen, lambda day: self.classes_on(dt.date.fromordinal(day))
        )
        self.drift = measure_drift(seen)

    def found(self, result: Backtest) -> dict[str, Any]:
        """Return the fields of a judgement: light, sentence, result and brief."""
        said = verdict(result.origins)
        truth = truth_of(
            self.run,
            self.classes_on(self.run.as_of),
            model_error=result.money_error,
            part_error=result.part_error,
        )
        faults = [*said.faults, *self._alarms(said)]
        return {
            "light": Light(_light(said, faults)),
            "sentence": _sentence(said, faults),
            "result": {
                **asdict(result),
                "faults": [asdict(one) for one in faults],
                "classes": [asdict(one) for one in self.classes],
                "drift": asdict(self.drift) if self.drift else None,
                "truth": [asdict(one) for one in truth],
            },
            "brief": {
                "headline": _headline(said, faults),
                **self._brief(result, faults),
            },
        }

    def _alarms(self, said: Verdict) -> list[Fault]:
        """Return drift as a fault, unless something worse is wrong."""
        if self.drift is None or not self.drift.alarms or said.light == "red":
            return []
        return [Fault(DRIFT, "amber", alarm) for alarm in self.drift.alarms]

    def _brief(self, result: Backtest, faults: list[Fault]) -> dict[str, Any]:
        """Return the few numbers that charts over the nights show."""
        longest, choice = result.origins[0], result.choice
        return {
            "weights": dict(choice.weights),
            "model_weights": dict(choice.model_weights),
            "reason": choice.reason,
            "chosen_on": choice.chosen_on,
            "wins": choice.wins,
            "faults": [one.code for one in faults],
            **_scores(longest),
            "hit_rate": _hit_rate(self.classes[0]) if self.classes else None,
            **_drift_in_brief(self.drift),
        }


def _light(said: Verdict, faults: list[Fault]) -> str:
    return "amber" if said.light == "green" and faults else said.light


def _sentence(said: Verdict, faults: list[Fault]) -> str:
    """Return the verdict's sentence, with the first alarm of drift behind it."""
    alarms = [one.words for one in faults if one.code == DRIFT]
    if not alarms:
        return said.sentence
    opening, *rest = said.sentence.split(". ", 1)
    if said.light == "green":
        opening = f"{opening}, but look at what changed lately"
    return ". ".join([opening, *rest]) + f" {alarms[0]}"


def _headline(said: Verdict, faults: list[Fault]) -> str:
    """Return the light in one short sentence, with the first fault."""
    opening = OPENING[_light(said, faults)]
    return f"{opening} {faults[0].words.rstrip('.')}." if faults else opening


def _scores(longest: OriginResult) -> dict[str, Any]:
    score = longest.scores[MODELS]
    return {
        "total_error": score.total_error,
        "money_error": longest.money_scores[MODELS].total_error,
        "gini": score.gini,
        "top_decile": score.top_decile,
        "coverage": longest.model_coverage[LEVEL],
        "money_coverage": longest.shown_coverage[LEVEL],
    }


def _hit_rate(report: ClassReport) -> float | None:
    hits = report.hits
    return hits.forecast / hits.best if hits.best else None


def _drift_in_brief(drift: Drift | None) -> Mapping[str, Any]:
    if drift is None:
        return {}
    return {
        "gaps": {str(one.weeks): one.gap for one in drift.windows},
        "z": {str(one.weeks): one.z for one in drift.windows},
        "outside": drift.outside,
        "correlation": drift.correlation,
        "season": drift.season,
        "traits": {one.name: one.now for one in drift.traits},
        "alarms": list(drift.alarms),
    }
