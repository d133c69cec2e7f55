"""Targeting health: whom we win by rep, source and quarter, and whom we lose."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.access import requires
from common.panels import panels_for
from common.spreadsheets import csv_file, csv_refused
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.policy import FEWEST_JUDGED, JUDGED_AFTER_DAYS
from segments.queries.scope import Scope
from segments.queries.targeting import Health, health_in

HEADER = ("By", "Cohort", "Customers", "Mean CLV", "95 % from", "to", "Against all")


@require_GET
@requires(VIEW_DASHBOARD)
def targeting(request: SignedInRequest) -> HttpResponse:
    """Show mean CLV of cohorts against all, and losses by reason and fit."""
    scope = Scope.read(request.GET, request.user)
    health = health_in(scope) if scope.is_ready else None
    context = {
        "scope": scope,
        "health": health,
        "panels": panels_for("targeting", request.user),
        "fewest": FEWEST_JUDGED,
        "judged_after": JUDGED_AFTER_DAYS,
    }
    status = 200 if scope.is_valid else 422
    return render(request, "segments/targeting/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def targeting_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream every cohort."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    health = health_in(scope) if scope.is_ready else None
    return csv_file(
        "targeting",
        HEADER,
        _rows(health) if health else (),
        as_of=scope.day,
        among=scope.text,
    )


def _rows(health: Health) -> Iterator[tuple[Any, ...]]:
    for table in health.tables:
        for one in table.cohorts:
            yield (
                table.title,
                one.label,
                one.customers,
                one.mean,
                one.low,
                one.high,
                one.verdict,
            )
