"""The budget: what care costs by head and class, spent, planned and justified."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries import budget as queries
from common.access import requires
from common.charts import Chart, Series
from common.spreadsheets import csv_lines
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD

HEADER = ("Class", "Members", "Head", "Spent", "Planned for a year", "Justified")


@require_GET
@requires(VIEW_DASHBOARD)
def budget(request: SignedInRequest) -> HttpResponse:
    """Show four heads for each class."""
    found = queries.budget()
    over = [str(row.worth_class.label) for row in found.rows if row.is_over]
    context = {"found": found, "over": " and ".join(over), "chart": _chart(found)}
    return render(request, "campaigns/budget/page.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def budget_export(request: SignedInRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        csv_lines(HEADER, _lines(queries.budget())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="budget.csv"'},
    )


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
        summary="Spent within twelve months, planned and justified for a year.",
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
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
