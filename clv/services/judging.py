"""Judging: every night, the forecasts are held against what really came."""

import datetime as dt
from typing import Any

from clv.choices import Light, RunKind
from clv.engine.judging.backtest import LEAST_ACCOUNTS, Backtest, run_backtest
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.selection import Choice
from clv.engine.judging.trials import HORIZONS_DAYS, horizons_for
from clv.models import Judgement, ValuationRun
from clv.policy import JUDGEMENTS_WHOLE_DAYS
from clv.queries.purchases import purchase_log
from clv.services.execution import Done, Work
from clv.services.scrutiny import ClassesOn, Scrutiny, no_classes
from common.templatetags.display import counted


def judge(work: Work, *, classes_on: ClassesOn = no_classes) -> Done:
    """Judge the models by what came: the last thing that a night does.

    `classes_on` tells which class each account stood in on a day. A night without
    enough history says what is missing.
    """
    run = work.run
    if run.kind != RunKind.NIGHTLY or not run.is_current:
        return Done(detail={"skipped": "only a current night is judged"})
    log = purchase_log(
        as_of=run.as_of,
        margin_rate=run.assumptions.margin_rate_if_cost_unknown,
        account_count=run.metrics["customers"],
    )
    scrutiny = Scrutiny(run, classes_on)
    result = run_backtest(
        log,
        run.as_of.toordinal(),
        previous=_choice_before(run),
        look=scrutiny.look,
    )
    found = _found(result, scrutiny, log, run.as_of)
    with work.lease.fenced():
        Judgement.objects.filter(light=Light.UNKNOWN).delete()
        Judgement.objects.update_or_create(run=run, defaults=found)
        _keep_what_is_shown(run.as_of)
    return Done(
        0 if result is None else result.account_count, {"light": str(found["light"])}
    )


def _choice_before(run: ValuationRun) -> Choice | None:
    """Return the choice in force, with the races that it has lost."""
    judged = Judgement.objects.usable().filter(as_of__lt=run.as_of).first()
    return Choice(**judged.result["choice"]) if judged else None


def _keep_what_is_shown(as_of: dt.date) -> None:
    """Empty old results; light, sentence and brief stay."""
    old = as_of - dt.timedelta(days=JUDGEMENTS_WHOLE_DAYS)
    Judgement.objects.filter(as_of__lt=old).exclude(result={}).update(result={})


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
            f"Only {counted(known, 'account')} had ordered"
            f" {counted(min(horizons), 'day')} ago. Judging takes"
            f" at least {LEAST_ACCOUNTS}."
        )
    return (
        f"Nobody ordered in the last {max(horizons)} days, so there is nothing to hold"
        " the forecasts against."
    )
