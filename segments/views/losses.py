"""Who costs more than they bring, tenure, and sources of customers."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.access import requires
from common.charts import Chart, Column, Series
from common.spreadsheets import csv_file, csv_refused
from common.templatetags.display import count, counted, money, number
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries import losses
from segments.queries.scope import Scope
from segments.queries.sources import SourceLine, Sources, sources_of
from segments.queries.tenure import tenure_of

LOSS_HEADER = ("Account", "Revenue", "Margin", "Costs", "Result")
TENURE_HEADER = ("Year", "Customers", "Revenue", "Cost to serve", "Per 1 of revenue")
SOURCE_HEADER = (
    "Source",
    "Customers",
    "CLV",
    "Cost to win",
    "of it without an order",
    "Worth per 1 spent",
    "Payback, months",
    "The next 1 spent",
)
FETCHED_AT_ONCE = 2_000


@require_GET
@requires(VIEW_DASHBOARD)
def loss_list(request: SignedInRequest) -> HttpResponse:
    """Show losing customers, the dearest first, and what went below the line."""
    scope = Scope.read(request.GET, request.user)
    context: dict[str, Any] = {"scope": scope, "totals": None, "page": None}
    if scope.is_ready:
        days = {"since": scope.period.since, "until": scope.period.until}
        context |= {
            "totals": losses.loss_totals(scope),
            "page": losses.net_losses(scope, request.GET.get("cursor", "")),
            "below": losses.below_the_line(scope),
            "loss_url": scope.list_url("net-loss"),
            "below_url": scope.list_url("below-the-line", **days),
        }
    return render(request, "segments/profit/losses.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def loss_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream all losing customers."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    return _file(scope, "losses", LOSS_HEADER, _loss_rows(losses.losing(scope)))


def _loss_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    rows = rows.select_related("account").order_by("result", "account")
    for one in rows.iterator(chunk_size=FETCHED_AT_ONCE):
        yield (
            one.account.name,
            one.revenue_year,
            one.margin_year,
            one.cost_year,
            one.result,
        )


@require_GET
@requires(VIEW_DASHBOARD)
def tenure(request: SignedInRequest) -> HttpResponse:
    """Show cost to serve per unit of revenue by year of the relationship."""
    scope = Scope.read(request.GET, request.user)
    found = tenure_of(scope) if scope.is_ready else None
    chart = found.chart() if found else None
    context = {"scope": scope, "found": found, "chart": chart}
    return render(request, "segments/profit/tenure.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def tenure_export(request: SignedInRequest) -> HttpResponseBase:
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    found = tenure_of(scope)
    rows = (
        (one.label, one.customers, one.revenue, one.cost, _rounded(one.ratio, 4))
        for one in found.years
    )
    return _file(scope, "cost-by-tenure", TENURE_HEADER, rows)


@require_GET
@requires(VIEW_DASHBOARD)
def source_list(request: SignedInRequest) -> HttpResponse:
    """Show what each source costs and brings."""
    scope = Scope.read(request.GET, request.user)
    found = sources_of(scope) if scope.is_ready else None
    context: dict[str, Any] = {"scope": scope, "found": found}
    if found is not None:
        context |= {"sentence": _said(found), "chart": _chart(found)}
    return render(request, "segments/profit/sources.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def source_export(request: SignedInRequest) -> HttpResponseBase:
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    rows = (
        (
            one.label,
            one.customers,
            one.clv,
            one.cost,
            one.cost_open,
            _rounded(one.ratio, 2),
            one.payback_months,
            _rounded(one.marginal, 2),
        )
        for one in sources_of(scope).lines
    )
    return _file(scope, "sources", SOURCE_HEADER, rows)


def _said(found: Sources) -> str:
    """Answer first: which source returns most, which least."""
    known = [one for one in found.lines if one.ratio is not None and one.customers]
    if not known:
        return "No source has both customers and a cost to win in the ledger yet."
    best = max(known, key=lambda one: one.ratio or 0)
    word = "brings most" if (best.ratio or 0) > 0 else "is the best, and below nothing"
    said = f"{best.label} {word}: {_ratio(best)} of worth per 1 spent on winning"
    worst = min(known, key=lambda one: one.ratio or 0)
    if worst is not best:
        said += f"; {worst.label} least: {_ratio(worst)}"
    return (
        f"{said}. {counted(found.customers, 'customer')}, {money(found.cost)} to win."
    )


def _ratio(one: SourceLine) -> str:
    return number(None if one.ratio is None else float(one.ratio))


def _chart(found: Sources) -> Chart | None:
    known = [one for one in found.lines if one.ratio is not None]
    if not known:
        return None
    return Chart(
        key="sources",
        title="Worth per 1 spent on winning, by source",
        summary="Worth is CLV before the cost to win; the cost is the ledger’s.",
        labels=[one.label for one in known],
        series=[
            Series("Worth per 1 spent", [float(one.ratio or 0) for one in known], "bar")
        ],
        x_title="Source",
        write=_exact,
        columns_beside=(
            Column("Customers", [count(one.customers) for one in known]),
            Column("Cost to win", [money(one.cost) for one in known]),
        ),
    )


def _exact(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _rounded(value: Any, places: int) -> Any:
    return None if value is None else round(value, places)


def _file(
    scope: Scope, name: str, header: tuple[str, ...], rows: Any
) -> StreamingHttpResponse:
    return csv_file(name, header, rows, as_of=scope.day, among=scope.text)
