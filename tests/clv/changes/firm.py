"""Runs whose values are really worked out, without the machinery of the night."""

import datetime as dt

from django.db import connection

from clv.choices import RunKind, RunStatus
from clv.models import Assumptions, ValuationRun
from clv.queries.inputs import staged_inputs
from clv.services import summaries
from clv.services.fitting import fit_models
from clv.services.learnt import Models
from clv.services.leases import Lease
from clv.services.partitions import (
    attach,
    complete,
    input_table,
    prepare,
    store,
)
from clv.services.results import Terms
from clv.services.valuing import value_inputs

EARLIER, TODAY = dt.date(2026, 6, 29), dt.date(2026, 6, 30)


def valued(as_of=TODAY, *, like=None, current=True, assumptions=None):
    """Value what the database holds; `like` takes over the models of a run."""
    if current:
        ValuationRun.objects.filter(is_current=True).update(is_current=False)
    run = ValuationRun.objects.create(
        as_of=as_of,
        kind=RunKind.NIGHTLY,
        status=RunStatus.PUBLISHED,
        is_current=current,
        assumptions=assumptions or Assumptions.objects.current(),
    )
    lease = Lease(run.pk, 1)
    table = input_table(lease)
    summaries.stage_past(table=table, basis=summaries.Basis.of(run))
    inputs = staged_inputs(table, as_of)
    models = (
        Models.from_parameters(like.parameters)
        if like
        else fit_models(inputs, names=["bgnbd"])
    )
    results = value_inputs(inputs, models, Terms.of(run.assumptions, as_of))
    prepare(lease)
    store(lease, inputs, results, as_of)
    complete(lease)
    attach(lease)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {table}")
    run.model_name, run.parameters = models.name, models.as_parameters()
    run.save()
    return run
