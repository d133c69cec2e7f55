"""Runs: what each night did, what one is doing now, and asking for one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from clv.models import ValuationRun
from clv.models.runs import RunQuerySet
from clv.permissions import START_RUNS, VIEW_RUNS
from clv.queries.runs import run_report
from clv.services import runs
from common.access import requires
from common.htmx import render_page
from common.paging import Sort, keyset_page
from crm.requests import SignedInRequest

ROWS_PER_PAGE = 30
NEWEST_FIRST = Sort("newest", "pk", descending=True, parse=int)


@require_GET
@requires(VIEW_RUNS)
def run_list(request: SignedInRequest) -> HttpResponse:
    """Show all runs, newest first, and the one being worked on."""
    page = keyset_page(
        ValuationRun.objects.for_everybody().select_related("requested_by"),
        sort=NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
        size=ROWS_PER_PAGE,
    )
    return render_page(
        request,
        "clv/runs/list.html",
        fragment="clv/runs/_table.html",
        context={
            "page": page,
            "newest": ValuationRun.objects.open().order_by("pk").first(),
            "may_start": request.user.has_perm(START_RUNS),
        },
    )


@require_GET
@requires(VIEW_RUNS)
def run_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one run: steps, coverage, what moved, the fitted models, why it failed."""
    run = get_object_or_404(_shown(), pk=pk)
    context = {
        "report": run_report(run),
        "may_start": request.user.has_perm(START_RUNS),
    }
    return render(request, "clv/runs/detail.html", context)


@require_GET
@requires(VIEW_RUNS)
def run_status(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how far a run is; the piece asks again until the run is closed."""
    run = get_object_or_404(_shown(), pk=pk)
    return render(request, "clv/runs/_status.html", {"report": run_report(run)})


def _shown() -> RunQuerySet:
    return ValuationRun.objects.for_everybody().with_people()


@require_POST
@requires(START_RUNS)
def run_start(request: SignedInRequest) -> HttpResponse:
    """Ask for a run of today: one row; a worker finds it."""
    run = runs.request_run(actor=request.user)
    return redirect("clv:run_detail", pk=run.pk)


@require_POST
@requires(START_RUNS)
def run_repeat(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a repetition from stored inputs, to see that the results are the same."""
    stored = get_object_or_404(ValuationRun.objects.with_values(), pk=pk)
    rerun = runs.rerun_from_stored(actor=request.user, run_id=stored.pk)
    return redirect("clv:run_detail", pk=rerun.pk)
