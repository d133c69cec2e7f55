"""Judgements night by night: lights, scores, choices of models.

Read from what each judgement keeps in brief, never from whole results.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clv.choices import Light
from clv.models import Judgement
from clv.queries.accuracy import NAMES, in_words
from common.templatetags.display import share

MOST_NIGHTS = 90


@dataclass(frozen=True, slots=True)
class Night:
    """One judgement; `brief` is empty where nothing could be judged."""

    run_id: int
    as_of: dt.date
    light: Light
    brief: Mapping[str, Any]

    @property
    def total_error(self) -> float | None:
        return self.brief.get("total_error")

    @property
    def money_error(self) -> float | None:
        return self.brief.get("money_error")

    @property
    def gini(self) -> float | None:
        return self.brief.get("gini")

    @property
    def coverage(self) -> float | None:
        return self.brief.get("coverage")

    @property
    def hit_rate(self) -> float | None:
        return self.brief.get("hit_rate")

    @property
    def alarms(self) -> Sequence[str]:
        alarms: list[str] = self.brief.get("alarms", [])
        return alarms


@dataclass(frozen=True, slots=True)
class Change:
    """A night from which on another mix valued accounts, and why."""

    run_id: int
    as_of: dt.date
    mix: str
    reason: str
    challenger_wins: int


def nights() -> list[Night]:
    """Return the newest judgements, newest first."""
    rows = Judgement.objects.values_list("run_id", "as_of", "light", "brief")
    return [
        Night(run_id, as_of, Light(light), brief)
        for run_id, as_of, light, brief in rows[:MOST_NIGHTS]
    ]


def changes_of(history: Sequence[Night]) -> list[Change]:
    """Return when the choice of models changed, or was first made, newest first."""
    return list(_changes(history))[::-1]


def _changes(history: Sequence[Night]) -> Iterator[Change]:
    before = None
    for night in judged(history):
        chosen_on = night.brief["chosen_on"]
        if chosen_on != before:
            yield Change(
                run_id=night.run_id,
                as_of=night.as_of,
                mix=mix_in_words(night.brief["model_weights"]),
                reason=in_words(night.brief["reason"]),
                challenger_wins=night.brief["wins"],
            )
        before = chosen_on


def mix_in_words(weights: Mapping[str, float]) -> str:
    """Name the models of a mix with their shares, heaviest first."""
    heavy = sorted(weights.items(), key=lambda one: -one[1])
    return ", ".join(f"{NAMES.get(name, name)} {share(w)}" for name, w in heavy)


def judged(history: Sequence[Night]) -> list[Night]:
    """Return the nights that have something to tell, oldest first."""
    return [night for night in reversed(history) if night.brief]
