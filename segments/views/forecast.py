"""Margin by month and class, for managers and for finance."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ForecastMonth, ValuationRun
from clv.queries.deals import DealMonth, OpenDeals, open_deals
from clv.queries.forecast import Forecast, MonthBack, forecast_of
from clv.requests import ChosenRun, chosen_run
from common.access import requires
from common.clock import business_today, months_later
from common.lists.sets import account_set_url
from common.spreadsheets import csv_file
from crm.permissions import VIEW_DEALS
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.deal_sets import CUSTOMERS, PROSPECTS, deciding_url
from segments.queries.scope import Scope
from segments.queries.totals import class_tiles

ONE_DAY = dt.timedelta(days=1)
KNOWN = ("as_of", "class")  # what nights forecast by
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
    scope = Scope.read(request.GET, request.user, only=KNOWN)
    found = _forecast(scope) if scope.is_valid else None
    deals = None if scope.is_narrowed else _open_deals(request, chosen)
    names = NAMES
    if scope.worth_class is not None:
        names = {scope.worth_class.value: str(scope.worth_class.label)}
    context = {
        "scope": scope,
        "chosen": chosen,
        "forecast": found,
        "names": names,
        "whole_name": "All customers" if len(names) > 1 else "The class",
        "chart": found.chart() if found else None,
        "open_deals": deals,
        "back_months": _back_months(found) if found else [],
        "deal_months": _deal_months(deals) if deals else [],
        "classes": found.classes_chart(names) if found else None,
    }
    status = 200 if scope.is_valid else 400
    return render(request, "segments/forecast/page.html", context, status=status)


def _forecast(scope: Scope) -> Forecast | None:
    """Return the forecast of the firm or of the class that is asked for."""
    if scope.run is None:
        return None
    if scope.worth_class is None:
        return forecast_of(scope.run, list(NAMES))
    key = scope.worth_class.value
    tile = next(one for one in class_tiles(scope.run) if one.worth_class == key)
    return forecast_of(scope.run, [key], of=key, equity=tile.equity)


def _open_deals(request: SignedInRequest, chosen: ChosenRun) -> OpenDeals | None:
    """Return open deals beside today's forecast; a past night's had others."""
    if chosen.run is None or chosen.is_past or not request.user.has_perm(VIEW_DEALS):
        return None
    return open_deals(run=chosen.run, today=business_today())


def _back_months(found: Forecast) -> list[tuple[MonthBack, str, str]]:
    """Return past months with who ordered in them and who ordered first."""
    named = []
    night = {} if found.run.is_current else {"as_of": found.run.as_of}
    for one in found.back:
        last = months_later(one.month, 1) - ONE_DAY
        days = {"since": one.month, "until": last, **night}
        urls = (account_set_url("sold", **days), account_set_url("won", **days))
        named.append((one, *urls))
    return named


def _deal_months(deals: OpenDeals) -> list[tuple[DealMonth, str, str]]:
    """Return the months with the lists of prospects and of customers behind them."""
    return [
        (one, deciding_url(one, PROSPECTS), deciding_url(one, CUSTOMERS))
        for one in deals.months
    ]


@require_GET
@requires(VIEW_DASHBOARD)
def forecast_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream every month of the horizon, for the firm and each class."""
    scope = Scope.read(request.GET, request.user, only=KNOWN)
    run = scope.run
    if run is None or not scope.is_valid:
        raise Http404("no run")
    return csv_file(
        "forecast",
        EXPORT_HEADER,
        _rows(run, scope.worth_class),
        as_of=run.as_of,
        among=scope.text,
    )


def _rows(run: ValuationRun, key: WorthClass | None) -> Iterator[tuple[Any, ...]]:
    rows = ForecastMonth.objects.filter(run=run).order_by("worth_class", "month")
    if key is not None:
        rows = rows.filter(worth_class=key)
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
