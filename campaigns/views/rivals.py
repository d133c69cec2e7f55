"""The report of deals by competitor, and words that become a competitor."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.rivals import PeriodForm
from campaigns.queries.rivals import (
    MOST_DEALS,
    NOBODY,
    RivalReport,
    deals_against,
    rival_report,
)
from campaigns.views.deals import visible_deal
from common.access import requires
from common.errors import DomainError
from common.spreadsheets import csv_lines
from crm import permissions
from crm.requests import SignedInRequest
from crm.services import audit, wallet

HEADER = (
    "Competitor",
    "In the catalogue",
    "Won",
    "Lost",
    "Margin won",
    "Margin lost",
    "CLV won",
    "CLV lost",
)


@require_GET
@requires(permissions.VIEW_DEALS)
def rival_page(request: SignedInRequest) -> HttpResponse:
    """Show wins and losses by competitor, and the deals behind one of them."""
    form = PeriodForm.of(request.GET)
    report = rival_report(user=request.user, period=form.period())
    key = request.GET.get("competitor", "")
    chosen = next((row for row in report.rows if row.key == key), None)
    deals = (
        deals_against(user=request.user, period=report.period, key=chosen.key)
        if chosen
        else []
    )
    context = {
        "form": form,
        "report": report,
        "chosen": chosen,
        "deals": deals,
        "most_deals": MOST_DEALS,
        "nobody": NOBODY,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "campaigns/deals/rivals.html", context, status=status)


@require_POST
@requires(permissions.VIEW_DEALS)
def rival_export(request: SignedInRequest) -> StreamingHttpResponse:
    form = PeriodForm.of(request.GET)
    report = rival_report(user=request.user, period=form.period())
    until = report.period.until.isoformat()
    audit.record(
        actor=request.user,
        action="rivals.exported",
        since=report.period.since.isoformat(),
        until=until,
    )
    return StreamingHttpResponse(
        csv_lines(HEADER, _lines(report)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="competitors-{until}.csv"'
        },
    )


def _lines(report: RivalReport) -> Iterator[tuple[Any, ...]]:
    for row in report.rows:
        yield (
            row.name,
            "yes" if row.is_catalogued else "no",
            row.won,
            row.lost,
            row.margin_won,
            row.margin_lost,
            row.clv_won,
            row.clv_lost,
        )


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def rival_catalogue(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add the competitor that a deal names to the catalogue."""
    deal = visible_deal(request, pk)
    try:
        made = wallet.create_competitor(actor=request.user, name=deal.competitor)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"{made} is in the catalogue. Every deal that names it says so.",
        )
    return redirect("campaigns:deal_detail", deal.pk)
