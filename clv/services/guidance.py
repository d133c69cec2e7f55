"""What the back-tests of earlier nights say of how to value tonight."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clv.engine.judging.calibration import USUAL_MODEL_ERROR, Calibration
from clv.engine.seasons import Seasons, no_seasons
from clv.engine.spend_habits import SpendHabits
from clv.models import Judgement, ValuationRun
from clv.policy import INTERVAL_LEVEL


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a run takes from the newest judgement of a day before its own.

    Attributes
    ----------
    judged_on : date or None
        None before the first judgement: everything else is then the usual.
    weights : weight by model; empty for the likelier of the usual two
    regularity : events per purchase of regular buyers, where there are any
    seasons : month factors; off below two years of history
    level : what to ask of intervals so that they hold `INTERVAL_LEVEL`
    model_error, part_error : relative sd of totals around what came, for the firm and
        for parts of it; the first also for the pace that all accounts share
    spend : how orders scatter inside accounts and whether margin follows pace; None
        for a fit to the means of accounts
    """

    judged_on: dt.date | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    regularity: int | None = None
    seasons: Seasons = field(default_factory=no_seasons)
    level: float = INTERVAL_LEVEL
    model_error: float = USUAL_MODEL_ERROR
    part_error: float = USUAL_MODEL_ERROR
    spend: SpendHabits | None = None


def guidance_for(run: ValuationRun) -> Guidance:
    """Return what was known of the models before the day of `run`.

    Runs of one day are guided alike, whenever they are worked out, and no run by a
    judgement of its own day or of a later one.
    """
    judged = Judgement.objects.usable().filter(as_of__lt=run.as_of).first()
    return Guidance() if judged is None else _of(judged)


def _of(judged: Judgement) -> Guidance:
    found: Mapping[str, Any] = judged.result
    places = tuple(found["money_calibration"]["places"])
    return Guidance(
        judged_on=judged.as_of,
        weights=found["choice"]["model_weights"],
        regularity=found.get("regularity"),
        seasons=stored_seasons(found.get("seasons")),
        level=Calibration(places).level(INTERVAL_LEVEL),
        model_error=found["money_error"],
        part_error=found.get("part_error", found["money_error"]),
        spend=SpendHabits.from_stored(found.get("spend")),
    )


def stored_seasons(stored: Mapping[str, Any] | None) -> Seasons:
    """Rebuild seasons from ``dataclasses.asdict``; None stands for none."""
    if stored is None:
        return no_seasons()
    return Seasons(**{**stored, "factors": tuple(stored["factors"])})
