"""Keeping margin by month: what a night expects, and what past months brought."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from clv.engine.forecast import Months, monthly_interval
from clv.engine.groups import NO_GROUP, Groups
from clv.models import ActualMonth, ForecastMonth, ValuationRun
from clv.policy import (
    ACTUAL_MONTHS_KEPT,
    ACTUALS_COUNTED_EVERY_DAYS,
    INTERVAL_LEVEL,
)
from clv.queries.forecast import actual_margins, expectations, month_before
from clv.services.execution import Done, Work
from clv.services.forecasting import (
    Grouped,
    Known,
    course_of,
    months_of,
    variance_of,
)
from clv.services.results import Terms
from clv.services.steps import recall

ClassesOn = Callable[[dt.date], Groups]
Floats = NDArray[np.float64]
CENT = Decimal("0.01")
FIRM = ""


def write(work: Work, *, classes_on: ClassesOn) -> Done:
    """Keep what the run expects by class and month; again replaces it.

    Comes after classing. `classes_on` is handed down: classes belong to an app above.
    """
    rows = _forecast(work, classes_on(work.run.as_of))
    with work.lease.fenced():
        ForecastMonth.objects.filter(run=work.run).delete()
        ForecastMonth.objects.bulk_create(rows)
        counted = _count_actuals(work.run)
    return Done(len(rows), {"months_counted": counted})


def _forecast(work: Work, classes: Groups) -> list[ForecastMonth]:
    inputs, models = recall(work)
    terms = Terms.of(work.run.assumptions, work.run.as_of)
    customers = np.flatnonzero(inputs.order_days > 0)
    orders, spread = np.zeros(len(inputs)), np.zeros(len(inputs))
    orders[customers], spread[customers] = expectations(work.run)
    known = Known(inputs, models, terms, orders, spread)
    number = classes.of(inputs.account_id)
    nowhere = len(classes.keys)  # who stands in no class counts in the firm alone
    groups = Grouped(np.where(number == NO_GROUP, nowhere, number), nowhere + 1)
    course, variance = course_of(known, groups), variance_of(known, groups)
    parts = np.stack([course.orders, course.margin, course.cost, course.luck])
    parts[1:3] = parts[1:3].round(2)  # cents, so that classes sum to the firm
    months, relative = months_of(terms), models.doubt.relative
    rows: list[ForecastMonth] = []
    for place, key in enumerate(classes.keys):
        doubt = float(variance[place]), relative
        rows += _months(work.run, key, months, parts[:, place], doubt)
    doubt = float(variance.sum()), relative
    rows += _months(work.run, FIRM, months, parts.sum(axis=1), doubt)
    return rows


def _months(
    run: ValuationRun,
    key: str,
    months: Months,
    parts: Floats,
    doubt: tuple[float, float],
) -> Iterator[ForecastMonth]:
    """Yield one group's months; `parts` are orders, margin, cost and luck."""
    variance, relative = doubt
    low, high = monthly_interval(
        parts[1],
        parts[3],
        variance=variance,
        relative=relative,
        level=INTERVAL_LEVEL,
    )
    for place, month in enumerate(months.firsts):
        yield ForecastMonth(
            run=run,
            worth_class=key,
            month=month,
            orders=round(float(parts[0, place]), 6),
            margin=_money(parts[1, place]),
            cost=_money(parts[2, place]),
            margin_low=_money(low[place]),
            margin_high=_money(high[place]),
        )


def _count_actuals(run: ValuationRun) -> int:
    """Count what whole months before the run's day brought, about once a week.

    Late entries change a month, so all that are kept are counted anew. Returns how
    many were counted; a run of the past counts none that is known already.
    """
    until = (run.as_of + dt.timedelta(days=1)).replace(day=1)  # exclusive
    newest = ActualMonth.objects.order_by("-month").first()
    if newest is not None and newest.month >= month_before(until):
        age = (run.as_of - newest.counted_on).days
        if newest.month >= until or age < ACTUALS_COUNTED_EVERY_DAYS:
            return 0
    found = actual_margins(
        since=month_before(until, ACTUAL_MONTHS_KEPT),
        until=until,
        margin_rate=run.assumptions.margin_rate_if_cost_unknown,
    )
    ActualMonth.objects.all().delete()
    rows = [
        ActualMonth(
            month=month, margin_known=known, margin_new=new, counted_on=run.as_of
        )
        for month, known, new in found
    ]
    return len(ActualMonth.objects.bulk_create(rows))


def _money(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(CENT)
