"""Margin by month and class, for managers and for finance."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ForecastMonth, ValuationRun
from clv.queries.deals import OpenDeals, open_deals
from clv.queries.forecast import Forecast, forecast_of
from clv.requests import ChosenRun, chosen_run
from common.access import requires
from common.clock import business_today
from common.spreadsheets import csv_lines
from crm.permissions import VIEW_DEALS
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD

NAMES = {str(value): str(label) for value, label in WorthClass.choices}
EXPORT_HEADER = (
    "Month",
    "Class",
    "Orders",
    "Margin",
    "Cost to serve",
    "Margin, 80 % from",
    "to",
)


@require_GET
@requires(VIEW_DASHBOARD)
def forecast(request: SignedInRequest) -> HttpResponse:
    """Show what a night expects by month, beside what past months brought."""
    chosen = chosen_run(request)
    found: Forecast | None = None
    if chosen.run is not None:
        found = forecast_of(chosen.run, list(NAMES))
    context = {
        "chosen": chosen,
        "forecast": found,
        "names": NAMES,
        "chart": found.chart() if found else None,
        "open_deals": _open_deals(request, chosen),
        "classes": found.classes_chart(NAMES) if found else None,
    }
    return render(request, "segments/forecast/page.html", context)


def _open_deals(request: SignedInRequest, chosen: ChosenRun) -> OpenDeals | None:
    """Return open deals beside today's forecast; a past night's had others."""
    if chosen.run is None or chosen.is_past or not request.user.has_perm(VIEW_DEALS):
        return None
    return open_deals(run=chosen.run, today=business_today())


@require_GET
@requires(VIEW_DASHBOARD)
def forecast_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream every month of the horizon, for the firm and each class."""
    run = chosen_run(request).run
    if run is None:
        raise Http404("no run")
    return StreamingHttpResponse(
        csv_lines(EXPORT_HEADER, _rows(run)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="forecast-{run.as_of}.csv"'
        },
    )


def _rows(run: ValuationRun) -> Iterator[tuple[Any, ...]]:
    rows = ForecastMonth.objects.filter(run=run).order_by("worth_class", "month")
    for row in rows:
        yield (
            row.month,
            NAMES.get(row.worth_class, "All customers"),
            row.orders,
            row.margin,
            row.cost,
            row.margin_low,
            row.margin_high,
        )
