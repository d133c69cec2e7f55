"""The report of work that several people did with the same customers."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from common.access import requires
from common.clock import business_today
from common.spreadsheets import csv_lines
from crm import permissions, policy
from crm.queries.radar import overlap_totals, overlaps
from crm.requests import SignedInRequest
from crm.services import audit

MOST_SHOWN = 100
HEADER = ("Account", "By", "At", "Channel", "Minutes", "Minutes spent twice")


@require_GET
@requires(permissions.VIEW_OVERLAP)
def overlap(request: SignedInRequest) -> HttpResponse:
    """Show the accounts that several people contacted within the window."""
    context = {
        "rows": overlaps(request.user, most=MOST_SHOWN),
        "totals": overlap_totals(request.user),
        "window_days": policy.DUPLICATE_WINDOW.days,
        "days": policy.OVERLAP_REPORTED.days,
    }
    return render(request, "crm/overlap/page.html", context)


@require_POST
@requires(permissions.VIEW_OVERLAP)
def overlap_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream all contacts of the report; the audit trail keeps who took them."""
    day = business_today().isoformat()
    audit.record(actor=request.user, action="overlap.exported", as_of=day)
    return StreamingHttpResponse(
        csv_lines(HEADER, _lines(request)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="overlap-{day}.csv"'},
    )


def _lines(request: SignedInRequest) -> Iterator[tuple[Any, ...]]:
    """Yield one line per contact; the minutes spent twice stand in each account's."""
    for row in overlaps(request.user):
        for contact in row.contacts:
            yield (
                row.account.name,
                str(contact.user),
                contact.occurred_at.isoformat(timespec="minutes"),
                contact.get_channel_display(),
                contact.minutes,
                row.minutes,
            )
