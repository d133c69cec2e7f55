"""CARE: effort and CLV gained by what the effort was for."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.permissions import VIEW_TODAY
from campaigns.queries.care_report import (
    ASKED,
    TAGS,
    CareReport,
    CareRow,
    care_report,
    is_of_a_part,
)
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.requests import SignedInRequest
from segments.queries.scope import Scope

HEADER = ("Purpose", "Accounts", "Contacts", "Hours", "Money", "CLV gained", "Per hour")


@require_GET
@requires(VIEW_TODAY)
def care(request: SignedInRequest) -> HttpResponse:
    """Show the four purposes and the rest; a rep sees their own accounts."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    context = {
        "scope": scope,
        "report": care_report(scope) if scope.is_ready else None,
        "tags": TAGS,
        "is_part": scope.is_valid and is_of_a_part(scope),
    }
    status = 200 if scope.is_valid else 422
    return render(request, "campaigns/care/page.html", context, status=status)


@require_GET
@requires(VIEW_TODAY)
def care_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream the rows that the page shows."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    if not scope.is_valid:
        return csv_refused()
    found = care_report(scope) if scope.is_ready else None
    return csv_file(
        "care",
        HEADER,
        _lines(found) if found else (),
        as_of=scope.day,
        among=scope.text,
    )


def _lines(found: CareReport) -> Iterator[tuple[Any, ...]]:
    for row in (*found.rows, found.total):
        yield _cells(row)


def _cells(row: CareRow) -> tuple[Any, ...]:
    return (
        *(row.label, row.accounts, row.contacts, round(row.hours, 2), row.money),
        row.gain,
        None if row.per_hour is None else round(row.per_hour, 2),
    )
