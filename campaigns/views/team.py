"""The team: CLV gained by rep, how fast, and how satisfied customers are."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.permissions import VIEW_TODAY
from campaigns.queries.team import ASKED, Row, Team, team_in
from campaigns.queries.team_plot import plot_of
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.policy import OVERLAP_REPORTED
from crm.requests import SignedInRequest
from segments.queries.scope import Scope

HEADER = (
    *("Rep", "CLV gained", "Won deals", "Won deals amount", "Gained per hour"),
    *("Hours", "Contacts without minutes", "Plan touches due", "Done", "PID mean"),
    *("PID worst tenth", "Rated contacts", "Hours spent twice", "Accounts"),
    *("Entries that nobody typed", "Seconds to log, median"),
)


@require_GET
@requires(VIEW_TODAY)
def team(request: SignedInRequest) -> HttpResponse:
    """Show one row per rep and the firm; a rep sees the own row and the firm's."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    found = team_in(scope) if scope.is_ready else None
    context = {
        "scope": scope,
        "team": found,
        "plot": plot_of(found.rows) if found else None,
        "days": OVERLAP_REPORTED.days,
    }
    status = 200 if scope.is_valid else 422
    return render(request, "campaigns/team/page.html", context, status=status)


@require_GET
@requires(VIEW_TODAY)
def team_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream the rows that the page shows."""
    scope = Scope.read(request.GET, request.user, only=ASKED)
    if not scope.is_valid:
        return csv_refused()
    found = team_in(scope) if scope.is_ready else None
    return csv_file(
        "team", HEADER, _rows(found) if found else (), as_of=scope.day, among=scope.text
    )


def _rows(found: Team) -> Iterator[tuple[Any, ...]]:
    rest = [found.unattributed] if found.unattributed else []
    for row in (*found.rows, *rest, found.firm):
        yield _cells(row)


def _cells(row: Row) -> tuple[Any, ...]:
    return (
        *(row.label, row.gained, row.won, row.won_amount),
        None if row.per_hour is None else round(row.per_hour, 2),
        *(round(row.hours, 2), row.untimed, row.due, row.done),
        *(row.rated.mean, row.rated.worst_tenth, row.rated.contacts),
        *(round(row.twice_hours, 2), row.accounts, row.automated_share),
        row.seconds,
    )
