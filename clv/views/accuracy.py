"""Accuracy: how good the forecasts were, by what really came."""

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import Judgement
from clv.permissions import VIEW_ACCURACY
from clv.queries import accuracy_charts as charts
from clv.queries.accuracy import Origin, Report, report_of
from clv.queries.judged import changes_of, nights
from clv.queries.lights import advice_on, standing
from common.access import requires
from common.clock import business_today
from common.spreadsheets import csv_lines
from crm.requests import SignedInRequest

NIGHTS_IN_TABLE = 26


@require_GET
@requires(VIEW_ACCURACY)
def accuracy(request: SignedInRequest) -> HttpResponse:
    """Show the newest judgement, the nights before it and, in a demo, the truth."""
    newest = _newest()
    report = report_of(newest) if newest else None
    history = nights() if newest else []
    context: dict[str, object] = {
        "judgement": newest,
        "standing": standing(business_today()),
        "report": report,
        "history": history[:NIGHTS_IN_TABLE],
        "changes": changes_of(history),
        "weights_chart": charts.weights_chart(history),
        "drift_chart": charts.drift_chart(history),
    }
    if report is not None:
        context |= {
            "advice": advice_on(report.faults),
            "order_chart": charts.order_chart(report.longest),
            "money_chart": charts.money_chart(report.longest),
            "weekly_chart": charts.weekly_chart(report.drift),
        }
    return render(request, "clv/accuracy/page.html", context)


@require_GET
@requires(VIEW_ACCURACY)
def alert(request: SignedInRequest) -> HttpResponse:
    """Tell managers on other pages that the light is not green, or no longer holds."""
    context = {"standing": standing(business_today())}
    return render(request, "clv/accuracy/_alert.html", context)


@require_GET
@requires(VIEW_ACCURACY)
def accuracy_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream the newest judgement, one row per day of the past and class."""
    newest = _newest()
    report = report_of(newest) if newest else None
    day = newest.as_of.isoformat() if newest else "none"
    return StreamingHttpResponse(
        csv_lines(EXPORT_HEADER, _export_rows(report)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="accuracy-{day}.csv"'},
    )


EXPORT_HEADER = (
    "Forecast on",
    "Until",
    "Class",
    "Accounts",
    "Orders forecast",
    "Orders came",
    "Orders forecast by rule",
    "Margin forecast",
    "Margin came",
    "Margin forecast by rule",
    "80 % ranges of orders held",
    "90 % ranges of orders held",
    "80 % ranges of margin held",
    "90 % ranges of margin held",
    "Gini",
    "Gini of rule",
    "Best tenth",
    "Best tenth of rule",
    "Key accounts",
    "Key accounts found",
    "Key accounts found by rule",
)


def _newest() -> Judgement | None:
    return Judgement.objects.select_related("run").first()


def _export_rows(report: Report | None) -> Iterator[tuple[object, ...]]:
    for origin in report.origins if report else ():
        yield _firm_row(origin)
        yield from _class_rows(origin)


def _firm_row(origin: Origin) -> tuple[object, ...]:
    hits = origin.report.hits
    return (
        origin.day,
        origin.until,
        "All",
        origin.account_count,
        origin.models.forecast_total,
        origin.models.actual_total,
        origin.naive.forecast_total,
        origin.money.forecast_total,
        origin.money.actual_total,
        origin.naive_money.forecast_total,
        origin.orders_80,
        origin.orders_90,
        origin.money_80,
        origin.money_90,
        origin.models.gini,
        origin.naive.gini,
        origin.models.top_decile,
        origin.naive.top_decile,
        hits.best,
        hits.forecast,
        hits.rule,
    )


def _class_rows(origin: Origin) -> Iterator[tuple[object, ...]]:
    """Yield the classes; what is measured for the firm only stays empty."""
    for row in origin.classes:
        one = row.score
        told = (one.name, one.account_count, one.forecast, one.actual, None)
        margin = (one.money_forecast, one.money_actual, None)
        ranges = (one.coverage, None, one.money_coverage, None)
        yield (
            origin.day,
            origin.until,
            *told,
            *margin,
            *ranges,
            one.gini,
            *6 * (None,),
        )
