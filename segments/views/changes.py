"""Why the value of the firm and of its classes changed."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.queries.changes import ValueChange
from clv.requests import chosen_run, compared_run
from clv.services import changes as firm_changes
from common.access import requires
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.digest import week_until
from segments.services import changes

Split = Callable[[ValuationRun, ValuationRun], ValueChange | None]


@require_GET
@requires(VIEW_DASHBOARD)
def firm_change(request: SignedInRequest) -> HttpResponse:
    """Show why the CLV of all accounts changed since an earlier run."""

    def split(run: ValuationRun, before: ValuationRun) -> ValueChange | None:
        return firm_changes.change_of_firm(run=run, before=before)

    return _page(request, "segments/value/_why.html", {}, split)


@require_GET
@requires(VIEW_DASHBOARD)
def class_change(request: SignedInRequest, key: str) -> HttpResponse:
    """Show why the CLV of a class changed: who came and left, and what moved."""
    if key not in WorthClass.values:
        raise Http404(key)
    worth_class = WorthClass(key)

    def split(run: ValuationRun, before: ValuationRun) -> ValueChange | None:
        return changes.change_of_class(worth_class=worth_class, run=run, before=before)

    context: dict[str, object] = {"worth_class": worth_class}
    return _page(request, "segments/classes/_why.html", context, split)


@require_GET
@requires(VIEW_DASHBOARD)
def week(request: SignedInRequest) -> HttpResponse:
    """Name the classes that moved within a week, and why."""
    chosen = chosen_run(request)
    found = week_until(chosen.run) if chosen.run else None
    context = {"chosen": chosen, "week": found}
    return render(request, "segments/value/_week.html", context)


def _page(
    request: SignedInRequest, template: str, context: dict[str, object], split: Split
) -> HttpResponse:
    chosen = chosen_run(request)
    comparison = compared_run(request, chosen.run)
    change = None
    if chosen.run is not None and comparison.before is not None:
        change = split(chosen.run, comparison.before)
    context |= {
        "chosen": chosen,
        "comparison": comparison,
        "change": change,
        "chart": change.chart("change") if change else None,
    }
    return render(request, template, context)
