"""The steps of a run that belong to `clv`, but for those with a module of their own."""

import dataclasses
from dataclasses import asdict
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, Sum

from clv.choices import RunKind, RunStatus
from clv.engine.judging.composed import fitted_accounts
from clv.errors import RunFailedError
from clv.models import Valuation, ValuationRun
from clv.queries.contracts import past_contracts, stage_contracts, staged_contracts
from clv.queries.inputs import Inputs, accounts_known_on, staged_inputs
from clv.queries.summaries import NO_GROUPS
from clv.services import (
    likegroups,
    newcomers,
    pairs,
    partitions,
    selfcheck,
    sharing,
    summaries,
)
from clv.services.execution import Done, Work, call_nobody, finish_as
from clv.services.fitting import fit_models
from clv.services.guidance import guidance_for
from clv.services.learnt import Models
from clv.services.oddities import odd_amounts
from clv.services.partitions import input_table, value_table
from clv.services.results import NOT_IN_DIGEST, Terms
from clv.services.shards import Outcome
from clv.services.totals import equity_metrics
from clv.services.valuing import common_of, newcomers_of
from common.templatetags.display import counted

CUSTOMERS = Q(order_days__gt=0)


def summarise(work: Work, groups: str = NO_GROUPS) -> Done:
    """Bring the sums up to the run's day, or work out a past day beside them.

    `groups` comes from above: the query of `summaries.Basis`.
    """
    basis = summaries.Basis.of(work.run, groups)
    with work.lease.fenced():
        partitions.drop_earlier(work.lease)
        if summaries.hold_for(work.run.as_of):
            done = summaries.refresh_summaries(
                as_of=basis.as_of, margin_rate=basis.margin_rate
            )
            detail: dict[str, Any] = {"changed": done.changed, "full": done.full}
            if selfcheck.is_due(work.run) and not done.full:
                found = selfcheck.check_and_mend(bring_up=False)
                detail["self_check"] = found.as_detail()
            source = summaries.current(basis)
            inputs = summaries.inputs_after(done, basis)
            rows = done.accounts
        else:
            source = input_table(work.lease)
            summaries.stage_past(table=source, basis=basis)
            inputs = staged_inputs(source, basis.as_of)
            detail = {"changed": 0, "full": True, "past": True}
            rows = len(inputs)
        detail["contracts"] = stage_contracts(
            run_id=work.run.pk,
            inputs=source,
            as_of=work.run.as_of,
            margin_rate=work.run.assumptions.margin_rate_if_cost_unknown,
        )
        present = accounts_known_on(work.run.as_of).count()
        ValuationRun.objects.filter(pk=work.run.pk).update(accounts_present=present)
    agreed = staged_contracts(work.run.pk, work.run.as_of)
    work.inputs = dataclasses.replace(inputs, contracts=agreed)
    return Done(rows, detail)


def take_stored(work: Work) -> Done:
    """Take the inputs that the run to be repeated has stored, and its models."""
    stored = _repeated(work)
    table = input_table(work.lease)
    with work.lease.fenced():
        partitions.drop_earlier(work.lease)
        summaries.stage_stored(table=table, run_id=stored.pk)
        ValuationRun.objects.filter(pk=work.run.pk).update(
            accounts_present=_count(table),
            model_name=stored.model_name,
            parameters=stored.parameters,
        )
    work.inputs = inputs_of(work, stored)
    work.models = models_of(stored)
    return Done(len(work.inputs))


def models_of(stored: ValuationRun) -> Models:
    """Return what a run has learnt, as it has stored it."""
    return dataclasses.replace(
        Models.from_parameters(stored.parameters),
        likeness=likegroups.stored_likeness(stored.pk),
    )


def fit(work: Work) -> Done:
    """Learn the models of the night and keep their parameters with the run."""
    prior = work.run.assumptions.typical_customer
    models = fit_models(
        _inputs(work),
        terms=Terms.of(work.run.assumptions, work.run.as_of),
        guidance=guidance_for(work.run),
        prior=prior,
        drivers=work.run.assumptions.drivers_by_kind,
        past=past_contracts(work.run.as_of),
    )
    work.models = models
    with work.lease.fenced():
        ValuationRun.objects.filter(pk=work.run.pk).update(
            model_name=models.name,
            parameters=models.as_parameters() | {"prior": asdict(prior)},
        )
    return Done(int(fitted_accounts(models.buying)), {"reason": models.reason})


def value(work: Work) -> Done:
    """Value every account and store the values where nobody looks yet."""
    inputs = _inputs(work)
    terms = Terms.of(work.run.assumptions, work.run.as_of)
    models = _models(work)
    by_code = newcomers_of(models, terms)
    found = pairs.pairs_of(inputs, models, terms)

    detail: dict[str, Any] = {}

    def keep_beside() -> None:
        if work.run.kind in {RunKind.RERUN, RunKind.PREVIEW}:
            return
        likeness = newcomers.likeness_of(models)
        with work.lease.fenced():
            pairs.stage(work.lease, found)
            likegroups.store(work.run, likeness, by_code, inputs=inputs)
        detail["oddities"] = odd_amounts(inputs, models)

    common = common_of(found, models, terms)
    job = sharing.Job(work.lease, models, terms, by_code, common)
    is_shared = work.run.kind in sharing.SHARED
    work.valued = sharing.value_all(
        job,
        inputs,
        call_helpers=work.call_helpers if is_shared else call_nobody,
        meanwhile=keep_beside,
    )
    if work.valued.rows != len(inputs):
        raise RunFailedError(f"{work.valued.rows} of {len(inputs)} values were stored.")
    with work.lease.fenced():
        partitions.complete(work.lease)
    return Done(work.valued.rows, detail)


def publish(work: Work) -> Done:
    """Show the values: attach them, replace the day's earlier run, move the pointer.

    Runs in the transaction of its group. The pointer never moves back: the values of a
    past day are published as history.
    """
    partitions.attach(work.lease)
    partitions.drop_staged(work.lease)
    # The row of the current run is locked first, so that two cannot publish at once.
    before = ValuationRun.objects.select_for_update(no_key=True).current()
    becomes_current = before is None or work.run.as_of >= before.as_of
    totals = _check_totals(work)
    ValuationRun.objects.published().filter(as_of=work.run.as_of).update(
        status=RunStatus.SUPERSEDED, is_current=False, lease_until=None
    )
    if becomes_current:
        ValuationRun.objects.filter(is_current=True).update(is_current=False)
    finish_as(
        work,
        RunStatus.PUBLISHED,
        is_current=becomes_current,
        accounts_valued=totals["accounts"],
        digest=_valued(work).digest,
        metrics=_metrics(totals, before) | equity_metrics(totals, _models(work).doubt),
    )
    return Done(totals["accounts"], {"is_current": becomes_current})


def index(work: Work) -> Done:
    """Index the published values for lists, which until then are only slower.

    Each index is committed by itself, so that one that is built is used at once.
    """
    for name in partitions.LISTED_BY:
        with work.lease.fenced():
            partitions.index(work.run.pk, name)
    return Done()


def compare(work: Work) -> Done:
    """Compare the repeated values with the stored ones, row by row and by digest.

    Raises
    ------
    RunFailedError
        If anything differs.
    """
    stored, table = _repeated(work), value_table(work.lease)
    with work.lease.fenced():
        different = _differences(table, stored.pk)
        digest = _valued(work).digest
        if different or digest != stored.digest:
            raise RunFailedError(
                f"{counted(different, 'account')}"
                f" {'differs' if different == 1 else 'differ'}"
                f" from what run {stored.pk} has stored."
            )
        partitions.drop(table)
        partitions.drop_staged(work.lease)
        finish_as(
            work, RunStatus.CHECKED, accounts_valued=len(_inputs(work)), digest=digest
        )
    return Done(len(_inputs(work)), {"different": 0})


def inputs_of(work: Work, run: ValuationRun) -> Inputs:
    """Read the staged inputs; contracts stand with the run that stored them."""
    inputs = staged_inputs(input_table(work.lease), work.run.as_of)
    agreed = staged_contracts(run.pk, work.run.as_of)
    return dataclasses.replace(inputs, contracts=agreed)


def recall(work: Work) -> tuple[Inputs, Models]:
    """Return what the run knew and learnt, taken up again if a worker before it died.

    For steps after the values are published: their inputs stand beside them.
    """
    if work.inputs is None:
        stored = f"(SELECT * FROM clv_valuation WHERE run_id = {work.run.pk}) stored"
        work.inputs = dataclasses.replace(
            staged_inputs(stored, work.run.as_of),
            contracts=staged_contracts(work.run.pk, work.run.as_of),
        )
    if work.models is None:
        work.models = models_of(work.run)
    return work.inputs, work.models


def _inputs(work: Work) -> Inputs:
    if work.inputs is None:
        raise RunFailedError("There are no inputs.")
    return work.inputs


def _models(work: Work) -> Models:
    if work.models is None:
        raise RunFailedError("There are no models to value with.")
    return work.models


def _repeated(work: Work) -> ValuationRun:
    if work.run.rerun_of is None:
        raise RunFailedError("There is no run to repeat.")
    return work.run.rerun_of


def _valued(work: Work) -> Outcome:
    if work.valued is None:
        raise RunFailedError("There are no results.")
    return work.valued


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _check_totals(work: Work) -> dict[str, Any]:
    """Sum the attached values; they must be those that were worked out.

    Raises
    ------
    RunFailedError
        If rows or sums differ.
    """
    totals = Valuation.objects.of_run(work.run).aggregate(
        accounts=Count("account_id"),
        customers=Count("account_id", filter=CUSTOMERS),
        future=Sum("future_value"),
        equity=Sum("future_value", filter=CUSTOMERS),
        margin=Sum("expected_margin", filter=CUSTOMERS),
        variance=Sum(F("future_spread") * F("future_spread"), filter=CUSTOMERS),
        clv=Sum("clv"),
    )
    valued = _valued(work)
    if totals["accounts"] != valued.rows:
        raise RunFailedError("Not every value arrived in the database.")
    if int((totals["future"] or 0) * 100) != valued.future_cents:
        raise RunFailedError("The sum of the stored values is not what was worked out.")
    return totals


def _metrics(totals: dict[str, Any], before: ValuationRun | None) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "customers": totals["customers"],
        "equity": str(totals["equity"] or 0),
        "clv": str(totals["clv"] or 0),
    }
    if before is not None and "equity" in before.metrics:
        metrics |= {
            "before": before.pk,
            "before_as_of": before.as_of.isoformat(),
            "before_equity": before.metrics["equity"],
        }
    return metrics


def _differences(table: str, stored_id: int) -> int:
    columns = ", ".join(
        field.attname
        for field in Valuation._meta.concrete_fields
        if field.name not in {"pk", "run", *NOT_IN_DIGEST}
    )
    again = f"SELECT {columns} FROM {table}"
    stored = f"SELECT {columns} FROM clv_valuation WHERE run_id = %(run)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(DISTINCT account_id) FROM (({again} EXCEPT {stored})"
            f" UNION ALL ({stored} EXCEPT {again})) different",
            {"run": stored_id},
        )
        return int(cursor.fetchone()[0])
