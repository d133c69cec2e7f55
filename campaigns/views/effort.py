"""Allocation: hours and money by class and rep, as they are and as recommended."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries.effort import Effort, EffortRow, effort_in
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.permissions import LOG_TOUCHPOINTS
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope

HEADER = (
    *("By", "Name", "Customers", "Hours", "Hours recommended"),
    *("Money", "Money recommended", "Justified care", "Per hour", "Per unit of money"),
)


@require_GET
@requires(VIEW_DASHBOARD)
def allocation(request: SignedInRequest) -> HttpResponse:
    """Show where effort goes, where it would earn most, and whom to move it to."""
    scope = Scope.read(request.GET, request.user)
    context = {
        "scope": scope,
        "effort": effort_in(scope) if scope.is_ready else None,
        "can_add": request.user.has_perm(LOG_TOUCHPOINTS),
    }
    status = 200 if scope.is_valid else 422
    return render(request, "campaigns/allocation/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def allocation_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream classes and reps with hours and money."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    effort = effort_in(scope) if scope.is_ready else None
    return csv_file(
        "allocation",
        HEADER,
        _rows(effort) if effort else (),
        as_of=scope.day,
        among=scope.text,
    )


def _rows(effort: Effort) -> Iterator[tuple[Any, ...]]:
    for title, rows in (
        ("All", [effort.whole]),
        ("Class", effort.classes),
        ("Rep", effort.owners),
    ):
        for row in rows:
            yield (title, *_cells(row))


def _cells(row: EffortRow) -> tuple[Any, ...]:
    return (
        row.label,
        row.customers,
        round(row.hours, 2),
        round(row.hours_recommended, 2),
        round(row.money, 2),
        round(row.money_recommended, 2),
        round(row.justified, 2),
        None if row.per_hour is None else round(row.per_hour, 2),
        None if row.per_money is None else round(row.per_money, 2),
    )
