"""Where margin is lost that need not be: the ten dearest places."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.access import requires
from common.charts import Chart, Column, Series
from common.spreadsheets import csv_file, csv_refused
from common.templatetags.display import money
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.opportunities import Opportunities, opportunities
from segments.queries.scope import Scope

HEADER = ("Where", "Why", "Worked out as", "Accounts", "Money")


@require_GET
@requires(VIEW_DASHBOARD)
def opportunity_list(request: SignedInRequest) -> HttpResponse:
    """Show the levers with their formula and the accounts behind each."""
    scope = Scope.read(request.GET, request.user)
    found = opportunities(scope) if scope.is_valid else None
    context: dict[str, Any] = {
        "scope": scope,
        "found": found,
        "chart": _chart(found) if found else None,
    }
    return render(request, "segments/profit/opportunities.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def opportunity_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream the levers; money that is not known stays empty."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    found = opportunities(scope)
    rows = [
        (one.label, one.cause.label, one.formula, one.accounts, one.money)
        for one in [*found.levers, *found.unknown]
    ]
    return csv_file(
        "margin-opportunities", HEADER, rows, as_of=scope.day, among=scope.text
    )


def _chart(found: Opportunities) -> Chart | None:
    if not found.levers:
        return None
    best = found.levers[0]
    return Chart(
        key="opportunities",
        title="Margin that need not be lost",
        summary=f"{money(best.money)} in the dearest, {money(found.total)} in all.",
        labels=[f"{n}. {one.label}" for n, one in enumerate(found.levers, 1)],
        series=[
            Series("Money", [float(one.money or 0) for one in found.levers], "bar")
        ],
        x_title="Where",
        columns_beside=(Column("Why", [one.cause.label for one in found.levers]),),
    )
