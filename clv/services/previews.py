"""Previews: the current run once more by other assumptions, and thrown away again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from clv.choices import RunKind, RunStatus
from clv.errors import NothingToValueError, RunFailedError
from clv.models import Assumptions, AssumptionsPreview, Valuation, ValuationRun
from clv.models.assumptions import LEARNT_FROM
from clv.queries.contracts import stage_contracts
from clv.services import partitions, steps, summaries
from clv.services.execution import Done, Work, finish_as
from clv.services.partitions import input_table, value_table
from crm.models import User


def compared_run() -> ValuationRun | None:
    """Return the run that previews start from: the current one, if it has values."""
    run = ValuationRun.objects.current()
    return run if run is not None and run.accounts_valued else None


@transaction.atomic
def request_preview(
    *, actor: User, numbers: Mapping[str, Any], based_on: Assumptions
) -> AssumptionsPreview:
    """Ask a worker for the effect of `numbers`; earlier previews of `actor` go.

    Raises
    ------
    NothingToValueError
        If no account has been valued yet.
    """
    compared = compared_run()
    if compared is None:
        raise NothingToValueError
    throw_away(author=actor)
    run = ValuationRun.objects.create(
        as_of=compared.as_of,
        kind=RunKind.PREVIEW,
        assumptions=based_on,
        requested_by=actor,
    )
    return AssumptionsPreview.objects.create(
        run=run, compared=compared, based_on=based_on, **numbers
    )


def throw_away(*, author: User) -> None:
    """Delete the previews of `author`; a worker on one of them stops by itself.

    Tables that it leaves are dropped by the sweep, since their run is gone.
    """
    ValuationRun.objects.filter(kind=RunKind.PREVIEW, requested_by=author).delete()


def seen_effect(
    *, author: User, numbers: Mapping[str, Any], based_on: Assumptions
) -> tuple[Decimal, Decimal] | None:
    """Return customer equity before and after, if `author` saw it for `numbers`."""
    preview = AssumptionsPreview.objects.filter(
        run__requested_by=author, run__status=RunStatus.PREVIEWED, based_on=based_on
    ).first()
    if preview is None or dict(preview.numbers) != dict(numbers):
        return None
    before, after = preview.result["totals"]["equity"]
    return Decimal(before), Decimal(after)


def take_inputs(work: Work) -> Done:
    """Take what the compared run has stored, at the rates that are tried."""
    preview = _preview(work)
    compared, table = preview.compared, input_table(work.lease)
    work.run.assumptions = preview.as_assumptions()
    was = compared.assumptions.numbers
    changed = {name for name, value in preview.numbers.items() if value != was[name]}
    is_repriced = "margin_rate_if_cost_unknown" in changed
    with work.lease.fenced():
        partitions.drop_earlier(work.lease)
        summaries.stage_stored(table=table, run_id=compared.pk)
        if is_repriced:
            _price_anew(table, preview)
        if preview.drivers_by_kind != compared.assumptions.drivers_by_kind:
            _drive_anew(table, preview)
    work.inputs = steps.inputs_of(work, preview.run if is_repriced else compared)
    if not changed & LEARNT_FROM:
        work.models = steps.models_of(compared)
    return Done(len(work.inputs))


def fit(work: Work) -> Done:
    """Learn the models anew where the numbers change them."""
    if work.models is not None:
        return Done(detail={"kept": "the models of the run compared with"})
    return steps.fit(work)


def _preview(work: Work) -> AssumptionsPreview:
    previews = AssumptionsPreview.objects.select_related("compared__assumptions")
    preview = previews.filter(run=work.run).first()
    if preview is None:
        raise RunFailedError("There is nothing to preview.")
    return preview


def _price_anew(table: str, preview: AssumptionsPreview) -> None:
    """Take another margin rate where costs are not known.

    Margins follow from what the run has stored, by the same rounding. Last year's
    part, the day of payback and margins under contract are worked out anew, from lines
    and ledger as they stand now.
    """
    run = preview.compared
    was = run.assumptions.margin_rate_if_cost_unknown
    rate = preview.margin_rate_if_cost_unknown
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.clv_priced")
        cursor.execute(
            "CREATE TEMPORARY TABLE clv_priced ON COMMIT DROP AS"
            " SELECT DISTINCT account_id FROM crm_orderline WHERE cost IS NULL"
        )
        cursor.execute("ANALYZE pg_temp.clv_priced")
        cursor.execute(
            f"""
            UPDATE {table} t SET
                margin = t.margin - round(%(was)s * t.revenue_cost_unknown, 2)
                    + round(%(rate)s * t.revenue_cost_unknown, 2),
                margin_year = t.margin_year
                    - round(%(was)s * (s.revenue_cost_unknown_year * 0.01), 2)
                    + round(%(rate)s * (s.revenue_cost_unknown_year * 0.01), 2),
                paid_back_on = s.paid_back_on
            FROM ({summaries.sums_select("pg_temp.clv_priced")}) s
            WHERE s.account_id = t.account_id
            """,
            summaries.parameters(run.as_of, rate) | {"was": was},
        )
        cursor.execute("DROP TABLE pg_temp.clv_priced")
    stage_contracts(
        run_id=preview.run_id, inputs=table, as_of=run.as_of, margin_rate=rate
    )


def _drive_anew(table: str, preview: AssumptionsPreview) -> None:
    """Sum the costs by other drivers.

    Raises
    ------
    RunFailedError
        If the run is from before costs were kept by kind.
    """
    values = Valuation.objects.of_run(preview.compared)
    if values.filter(cost_delivery=None).exists():
        raise RunFailedError(
            "The values shown are from before costs were kept by kind. The coming"
            " night keeps them; then the effect of drivers can be shown."
        )
    summaries.drive_anew(table, preview.drivers_by_kind)


def keep_effect(work: Work, result: Mapping[str, Any]) -> None:
    """Keep what a preview has found and drop its tables; call it under the lease."""
    AssumptionsPreview.objects.filter(run=work.run).update(result=dict(result))
    partitions.drop(value_table(work.lease))
    partitions.drop_staged(work.lease)
    finish_as(work, RunStatus.PREVIEWED, accounts_valued=len(work.inputs or ()))
