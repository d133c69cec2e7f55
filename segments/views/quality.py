"""Data quality: what is missing, by the doubt about CLV that it leaves."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.queries.oddities import oddities_of
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.quality import Quality, quality_in
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS

# Missing facts are those of a night; they know no period.
ASKED = tuple(name for name in FIELDS if name not in {"from", "to"})
HEADER = (
    *("Missing fact", "Product", "Missing", "Unit", "Accounts", "CLV touched"),
    *("Less CLV at most", "More CLV at most", "Range", "Not measured", "What to do"),
)


@require_GET
@requires(VIEW_DASHBOARD)
def quality(request: SignedInRequest) -> HttpResponse:
    """Show what is missing, the widest doubt first."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    context = {
        "scope": scope,
        "quality": quality_in(scope) if scope.is_ready else None,
        "oddities": oddities_of(scope.run)
        if scope.run and scope.is_ready and scope.is_whole_firm
        else None,
    }
    status = 200 if scope.is_valid else 422
    return render(request, "segments/quality/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def quality_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream the missing facts, those of unit costs by product too."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    if not scope.is_valid:
        return csv_refused()
    found = quality_in(scope) if scope.is_ready else None
    return csv_file(
        "data-quality",
        HEADER,
        _rows(found) if found else (),
        as_of=scope.day,
        among=scope.text,
    )


def _rows(found: Quality) -> Iterator[tuple[Any, ...]]:
    for row in found.rows:
        yield (
            *(row.fact.title, "", row.things, row.fact.unit, row.accounts, row.clv),
            *(row.low, row.high, row.width, row.unmeasured, row.fact.todo),
        )
        for one in row.products:
            ends = (one.part.doubt.low, one.part.doubt.high) if one.part.doubt else ()
            low, high = (round(end, 2) for end in ends) if ends else (None, None)
            yield (
                *(row.fact.title, one.name, one.part.things, row.fact.unit),
                *(one.part.accounts, None, low, high, one.width, None, None),
            )
