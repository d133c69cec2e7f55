"""Why the value of the firm and of its classes changed."""

import datetime as dt
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.queries.changes import LABELS, ValueChange
from clv.requests import chosen_run, compared_run
from clv.services import changes as firm_changes
from common.access import requires
from common.lists.sets import account_set_url
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.digest import week_until
from segments.queries.scope import Scope
from segments.queries.worth import is_class_alone
from segments.services import changes
from segments.services.cause_names import CauseNames, names_of_cause
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
        key = scope.worth_class
        if key is None:
            return change_within(scope, run=run, before=before)
        if is_class_alone(scope):
            return changes.change_of_class(worth_class=key, run=run, before=before)
        # As on the page of the class: who came and left counts, and is named.
        others = {k: v for k, v in scope.parameters.items() if k != "class"}
        among = Scope.read(others, request.user)
        return changes.change_within_class(
            among, worth_class=key, run=run, before=before
        )

    kept = {k: v for k, v in scope.parameters.items() if k != "as_of"}
    context: dict[str, object] = {"scope": scope, "kept": kept}
    context["changed_url"] = scope.list_url("changed")
    since = scope.period.since if scope.has_period else None
    names = {k: v for k, v in kept.items() if k not in {"from", "to"}}
    return _page(
        request,
        "segments/value/_why.html",
        context,
        split,
        since=since,
        names=names,
    )


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
        request,
        "segments/classes/_why.html",
        context,
        split,
        since=scope.since,
        names=kept | {"class": worth_class.value},
    )


@require_GET
@requires(VIEW_DASHBOARD)
def cause_names(request: SignedInRequest) -> HttpResponse:
    """Name whom one cause of the change moved most, with the sum of the others."""
    given = request.GET.dict()
    cause, key = given.get("cause", "orders"), given.get("class", "")
    if cause not in LABELS or (key and key not in WorthClass.values):
        raise Http404(cause)
    worth_class = WorthClass(key) if key else None
    scope = Scope.read({k: v for k, v in given.items() if k != "class"}, request.user)
    comparison = compared_run(request, scope.run)
    context: dict[str, object] = {"scope": scope, "comparison": comparison}
    context |= {"worth_class": worth_class, "label": LABELS[cause]}
    if scope.is_ready and scope.run is not None and comparison.before is not None:
        found = names_of_cause(
            scope,
            cause,
            worth_class=worth_class,
            run=scope.run,
            before=comparison.before,
        )
        context |= {"found": found, "list_url": _list_url(found)}
    return render(request, "segments/value/names.html", context)


def _list_url(found: CauseNames | None) -> str:
    if found is None or not found.named:
        return ""
    return account_set_url(
        "these", ids=",".join(str(o.account.pk) for o in found.named)
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
    names: Mapping[str, str],
) -> HttpResponse:
    """Show a change; `names` are the parameters that lead to the names of a cause."""
    chosen = chosen_run(request)
    comparison = compared_run(request, chosen.run, since=since)
    change = None
    url_of: Callable[[str], str] | None = None
    if chosen.run is not None and comparison.before is not None:
        change = split(chosen.run, comparison.before)
        url_of = _url_of(names, chosen.run, comparison.before)
    context |= {
        "chosen": chosen,
        "comparison": comparison,
        "change": change,
        "chart": change.chart("change", url_of) if change else None,
    }
    return render(request, template, context)


def _url_of(
    names: Mapping[str, str], run: ValuationRun, before: ValuationRun
) -> Callable[[str], str]:
    """Return what tells the address of the names that a cause moved."""
    days = {"since": before.as_of.isoformat(), "as_of": run.as_of.isoformat()}

    def url(cause: str) -> str:
        query = urlencode({"cause": cause, **names, **days})
        return f"{reverse('segments:cause_names')}?{query}"

    return url
