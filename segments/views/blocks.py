"""The blocks of the value page, each fetched by itself, and each of them as CSV."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.permissions import VIEW_PAYBACK
from common.access import requires
from common.spreadsheets import csv_file
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries import heat, value_charts
from segments.queries.blocks import BLOCKS
from segments.queries.cohorts import cohorts_by_relationship, cohorts_of
from segments.queries.effort import quarters_of
from segments.queries.loyalty import loyalty_names
from segments.queries.paybacks import paybacks_in
from segments.queries.scope import Scope
from segments.queries.spread import bars_of, whale_of
from segments.views import charts

Build = Callable[[Scope], dict[str, Any]]


def _balance(scope: Scope) -> dict[str, Any]:
    quarters = quarters_of(scope)
    return {
        "quarters": quarters,
        "effort": value_charts.effort_chart(quarters, scope),
        "gains": value_charts.gains_chart(quarters, scope),
        "ratio": value_charts.ratio_chart(quarters, scope),
        "shared": sum(one.shared for one in quarters),
    }


def _cohorts(scope: Scope) -> dict[str, Any]:
    found = cohorts_of(scope)
    if found is None or not found.all:
        return {"maps": []}
    maps = [heat.retention_map(scope, found), heat.margin_map(scope, found)]
    return {"cohorts": found, "maps": maps}


def _retention(scope: Scope) -> dict[str, Any]:
    return {
        "chart": value_charts.retention_chart(cohorts_by_relationship(scope)),
        "loyalty": loyalty_names(scope),
    }


def _spread(scope: Scope) -> dict[str, Any]:
    return {
        "whale": charts.whale_chart(whale_of(scope), scope),
        "future": charts.future_value_chart(bars_of(scope), scope=scope),
    }


def _paybacks(scope: Scope) -> dict[str, Any]:
    """Show when customers in scope pay back; the page behind it knows no period."""
    found = paybacks_in(scope)
    can_open = scope.user.has_perm(VIEW_PAYBACK)
    query = scope.query(**{"from": None, "to": None})
    return {
        "payback_query": query,
        "payback_more": f"&{query[1:]}" if query else "",
        "paybacks": found,
        "chart": found.firm.chart() if found else None,
        "can_open": can_open,
    }


SHOWN: Mapping[str, Build] = {
    "balance": _balance,
    "spread": _spread,
    "cohorts": _cohorts,
    "retention": _retention,
    "paybacks": _paybacks,
}


@require_GET
@requires(VIEW_DASHBOARD)
def value_block(request: SignedInRequest, key: str) -> HttpResponse:
    """Show one block for the accounts and the night that the filter bar asks for."""
    if key not in SHOWN:
        raise Http404(key)
    scope = Scope.read(request.GET, request.user)
    if not scope.is_ready:
        return render(request, "segments/value/_no_night.html", {"key": key})
    context = {"scope": scope, "key": key, **SHOWN[key](scope)}
    return render(request, f"segments/value/_{key}.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def value_export(
    request: SignedInRequest, key: str
) -> HttpResponse | StreamingHttpResponse:
    """Stream a block's table, or say what cannot be read."""
    if key not in BLOCKS:
        raise Http404(key)
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return render(
            request, "segments/value/refused.html", {"scope": scope}, status=400
        )
    if scope.run is None:
        raise Http404("no run")
    block = BLOCKS[key]
    return csv_file(
        key, block.columns, block.rows(scope), as_of=scope.run.as_of, among=scope.text
    )
