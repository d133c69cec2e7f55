"""The budget: what care costs by head and class, spent, planned and justified."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries import budget as queries
from common.access import requires
from common.charts import Chart, Series
from common.clock import business_today
from common.spreadsheets import csv_file, csv_refused
from common.templatetags.display import day
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope

HEADER = ("Class", "Members", "Head", "Spent", "Planned for a year", "Justified")


@require_GET
@requires(VIEW_DASHBOARD)
def budget(request: SignedInRequest) -> HttpResponse:
    """Show four heads for each class."""
    scope = Scope.read(request.GET, request.user, only=queries.ASKED)
    context: dict[str, Any] = {"scope": scope, "found": None, "chart": None, "over": ""}
    if scope.is_valid:
        found = queries.budget(scope)
        over = [str(row.worth_class.label) for row in found.rows if row.is_over]
        context |= {
            "found": found,
            "over": " and ".join(over),
            "chart": _chart(found),
            "is_part": queries.Asked.of(scope).part is not None,
        }
    status = 200 if scope.is_valid else 422
    return render(request, "campaigns/budget/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def budget_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream each class by head, for the accounts of the filter bar."""
    scope = Scope.read(request.GET, request.user, only=queries.ASKED)
    if not scope.is_valid:
        return csv_refused()
    lines = _lines(queries.budget(scope))
    return csv_file("budget", HEADER, lines, as_of=business_today(), among=scope.text)


def _lines(found: queries.Budget) -> Iterator[tuple[Any, ...]]:
    for row in found.rows:
        for cell in row.cells:
            yield (
                row.worth_class.label,
                row.members,
                cell.label,
                cell.spent,
                cell.planned,
                cell.justified,
            )


def _chart(found: queries.Budget) -> Chart | None:
    if not found.spent and not found.planned:
        return None
    return Chart(
        key="budget",
        title="Spent, planned and justified, by class",
        summary=f"Spent from {day(found.since)} to {day(found.until)}; planned and"
        " justified for a year.",
        labels=[str(row.worth_class.label) for row in found.rows],
        series=[
            Series("Spent", [_float(row.spent) for row in found.rows], "bar"),
            Series(
                "Planned", [_float(row.planned) for row in found.rows], "bar", "chart-2"
            ),
            Series(
                "Justified",
                [_float(row.justified) for row in found.rows],
                "bar",
                "chart-3",
            ),
        ],
        x_title="Class",
        urls=[row.spent_url for row in found.rows],
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
