"""Experience: how contacts went, how consistently, and through which channels."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries.experience import Experience, Rated, experience_in
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope

HEADER = (
    *("By", "Name", "Rated contacts", "Mean", "Worst tenth", "Spread"),
    *("People", "Information", "Deliverables"),
)


@require_GET
@requires(VIEW_DASHBOARD)
def experience(request: SignedInRequest) -> HttpResponse:
    """Show ratings by class, rep and channel, and the channels used by class."""
    scope = Scope.read(request.GET, request.user)
    found = experience_in(scope) if scope.is_valid else None
    context = {"scope": scope, "experience": found}
    status = 200 if scope.is_valid else 422
    return render(request, "campaigns/experience/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def experience_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream every group with its ratings."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    found = experience_in(scope) if scope.is_valid else None
    return csv_file(
        "experience",
        HEADER,
        _rows(found) if found else (),
        as_of=scope.day,
        among=scope.text,
    )


def _rows(found: Experience) -> Iterator[tuple[Any, ...]]:
    whole = [found.whole] if found.whole else []
    for title, rows in (
        ("All", whole),
        ("Class", found.classes),
        ("Rep", found.owners),
        ("Channel", found.channels),
    ):
        for row in rows:
            yield (title, *_cells(row))


def _cells(row: Rated) -> tuple[Any, ...]:
    figures = (row.mean, row.worst_tenth, row.spread)
    parts = (row.people, row.information, row.deliverables)
    rounded = (None if one is None else round(one, 2) for one in (*figures, *parts))
    return (row.label, row.contacts, *rounded)
