"""Judging: once a week, the forecasts are held against what really came."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from clv.choices import Light, RunKind
from clv.engine.judging.backtest import LEAST_ACCOUNTS, Backtest, run_backtest
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.selection import Choice
from clv.engine.judging.trials import HORIZONS_DAYS, horizons_for
from clv.models import Judgement, ValuationRun
from clv.policy import DAYS_BETWEEN_JUDGEMENTS
from clv.queries.purchases import purchase_log
from clv.services.execution import Done, Work
from clv.services.scrutiny import ClassesOn, Scrutiny, no_classes
from common.clock import business_today


def judge(work: Work, *, classes_on: ClassesOn = no_classes) -> Done:
    """Judge the models by what came, unless that was done within the week.

    `classes_on` tells which class each account stood in on a day.

    A night without enough history says what is missing, and the next night tries
    again.
    """
    run = work.run
    if run.kind != RunKind.NIGHTLY or not run.is_current:
        return Done(detail={"skipped": "only a current night is judged"})
    if (business_today() - run.as_of).days > DAYS_BETWEEN_JUDGEMENTS:
        return Done(detail={"skipped": "a night made up for long after its day"})
    judged = _judged_before(run).first()
    if judged is not None and (run.as_of - judged.as_of).days < DAYS_BETWEEN_JUDGEMENTS:
        return Done(0, {"skipped": f"judged on {judged.as_of.isoformat()}"})
    log = purchase_log(
        as_of=run.as_of, margin_rate=run.assumptions.margin_rate_if_cost_unknown
    )
    scrutiny = Scrutiny(classes_on)
    result = run_backtest(
        log,
        run.as_of.toordinal(),
        previous=_choice_of(judged) if judged else None,
        look=scrutiny.look,
    )
    found = _found(result, scrutiny, log, run.as_of)
    with work.lease.fenced():
        Judgement.objects.filter(light=Light.UNKNOWN).delete()
        Judgement.objects.update_or_create(run=run, defaults=found)
    return Done(
        0 if result is None else result.account_count, {"light": str(found["light"])}
    )


def _judged_before(run: ValuationRun) -> QuerySet[Judgement]:
    """Return the judgements before that of `run`, newest first."""
    known = Judgement.objects.exclude(light=Light.UNKNOWN).exclude(run=run)
    return known.filter(as_of__lte=run.as_of)


def _choice_of(judged: Judgement) -> Choice:
    return Choice(**judged.result["choice"])


def _found(
    result: Backtest | None, scrutiny: Scrutiny, log: PurchaseLog, as_of: dt.date
) -> dict[str, Any]:
    if result is not None:
        return {"as_of": as_of, **scrutiny.found(result)}
    return {
        "as_of": as_of,
        "light": Light.UNKNOWN,
        "sentence": _what_is_missing(log, as_of.toordinal()),
        "result": {},
        "brief": {},
    }


def _what_is_missing(log: PurchaseLog, as_of_day: int) -> str:
    """Say why the back-test had nothing to judge by."""
    if not len(log):
        return "There are no orders yet, so nothing can be judged."
    reach = log.reach_days(as_of_day)
    horizons = horizons_for(reach, HORIZONS_DAYS)
    if not horizons:
        return (
            f"Orders reach back {reach} days. Judging takes some months, so that a part"
            " of them can be held out and forecast."
        )
    known = max(len(log.until(as_of_day - days)) for days in horizons)
    if known < LEAST_ACCOUNTS:
        return (
            f"Only {known} accounts had ordered {min(horizons)} days ago. Judging takes"
            f" at least {LEAST_ACCOUNTS}."
        )
    return (
        f"Nobody ordered in the last {max(horizons)} days, so there is nothing to hold"
        " the forecasts against."
    )
