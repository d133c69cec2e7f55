"""Why the value of the firm and of its classes changed."""

import datetime as dt
from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.queries.changes import ValueChange
from clv.requests import chosen_run, compared_run
from clv.services import changes as firm_changes
from common.access import requires
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.digest import week_until
from segments.queries.scope import Scope
from segments.queries.worth import is_class_alone
from segments.services import changes
from segments.services.changes_within import change_within
from segments.views.asked import class_scope

Split = Callable[[ValuationRun, ValuationRun], ValueChange | None]


@require_GET
@requires(VIEW_DASHBOARD)
def firm_change(request: SignedInRequest) -> HttpResponse:
    """Show why the CLV of the accounts in scope changed since an earlier run."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return render(request, "segments/value/_no_night.html", {"key": "why"})

    def split(run: ValuationRun, before: ValuationRun) -> ValueChange | None:
        if scope.is_whole_firm:
            return firm_changes.change_of_firm(run=run, before=before)
        if scope.worth_class is not None and is_class_alone(scope):
            key = scope.worth_class
            return changes.change_of_class(worth_class=key, run=run, before=before)
        return change_within(scope, run=run, before=before)

    kept = {k: v for k, v in scope.parameters.items() if k != "as_of"}
    context: dict[str, object] = {"scope": scope, "kept": kept}
    context["changed_url"] = scope.list_url("changed")
    since = scope.period.since if scope.has_period else None
    return _page(request, "segments/value/_why.html", context, split, since=since)


@require_GET
@requires(VIEW_DASHBOARD)
def class_change(request: SignedInRequest, key: str) -> HttpResponse:
    """Show why the CLV of a class changed: who came and left, and what moved."""
    among = class_scope(request, key)
    worth_class, scope = among.worth_class, among.bar
    if not scope.is_valid:
        return render(request, "segments/value/_no_night.html", {"key": "why"})

    def split(run: ValuationRun, before: ValuationRun) -> ValueChange | None:
        if scope.is_whole_firm:
            return changes.change_of_class(
                worth_class=worth_class, run=run, before=before
            )
        return changes.change_within_class(
            scope, worth_class=worth_class, run=run, before=before
        )

    kept = {k: v for k, v in scope.parameters.items() if k not in {"as_of", "from"}}
    context: dict[str, object] = {"worth_class": worth_class, "kept": kept}
    context["scope"] = scope
    return _page(
        request, "segments/classes/_why.html", context, split, since=scope.since
    )


@require_GET
@requires(VIEW_DASHBOARD)
def week(request: SignedInRequest) -> HttpResponse:
    """Name the classes that moved within a week, and why."""
    chosen = chosen_run(request)
    scope = Scope.read(request.GET, request.user)
    found = week_until(chosen.run) if chosen.run else None
    moved = [
        one
        for one in (found.moved if found else ())
        if scope.worth_class in {None, one.worth_class}
    ]
    context = {
        "chosen": chosen,
        "week": found,
        "moved": moved,
        "is_of_all": scope.is_narrowed and not is_class_alone(scope),
    }
    return render(request, "segments/value/_week.html", context)


def _page(
    request: SignedInRequest,
    template: str,
    context: dict[str, object],
    split: Split,
    *,
    since: dt.date | None = None,
) -> HttpResponse:
    chosen = chosen_run(request)
    comparison = compared_run(request, chosen.run, since=since)
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
