"""Keeping when customers pay back: ranges each night, what months brought each week."""

import datetime as dt
from typing import Any

from clv.models import PaybackMonth, ValuationRun
from clv.policy import PAYBACK_COUNTED_EVERY_DAYS, VALUES_KEPT_DAYS
from clv.queries.payback_months import payback_months
from clv.queries.paybacks import newest_count
from clv.services.execution import Done, Work
from clv.services.payback import keep_ranges
from clv.services.steps import recall
from clv.services.summaries import list_families


def count(work: Work) -> Done:
    """Keep when accounts in debt pay back; count what months brought about once a week.

    Late entries change past months, so all are counted anew. Courses older than values
    are kept are dropped.
    """
    detail: dict[str, Any] = {}
    if work.run.is_current:
        inputs, models = recall(work)
        with work.lease.fenced():
            detail["ranges"] = keep_ranges(work.run, inputs, models)
    if _is_fresh(work.run):
        return Done(0, detail | {"skipped": "counted within the week"})
    with work.lease.fenced():
        rows = payback_months(work.run, list_families())
        PaybackMonth.objects.filter(run=work.run).delete()
        PaybackMonth.objects.bulk_create(rows, batch_size=2000)
        oldest = work.run.as_of - dt.timedelta(days=VALUES_KEPT_DAYS)
        PaybackMonth.objects.filter(run__as_of__lt=oldest).delete()
    return Done(len(rows), detail)


def _is_fresh(run: ValuationRun) -> bool:
    counted = newest_count(run.as_of)
    if counted is None or counted.pk == run.pk:
        return False
    age = (run.as_of - counted.as_of).days
    return 0 < age < PAYBACK_COUNTED_EVERY_DAYS
