"""The plan board: what each class gets, whether it is done, what it costs."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.models import PlannedTouch
from campaigns.queries.board import Board, BoardRow, board
from campaigns.queries.board_touches import (
    AHEAD,
    DUE,
    LATE,
    TouchesForm,
    board_touches,
    by_day_and_worth,
    days_with_touches,
)
from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from common.lists.sets import account_set_url
from common.paging import Page, segmented_page
from common.spreadsheets import csv_file
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD

PER_PAGE = 50
REFUSED = 422
HEADER = (
    *("By", "Name", "Plan or class", "Members", "Due", "Done", "Late", "Next week"),
    *("Skipped", "Expired", "Cancelled", "Spent this year", "Budget to date"),
)


@require_GET
@requires(VIEW_DASHBOARD)
def plan_board(request: SignedInRequest) -> HttpResponse:
    """Show the plans by class, and adherence by person and by touch."""
    context = {"board": board(today=business_today())}
    return render(request, "campaigns/board/page.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def board_export(request: SignedInRequest) -> StreamingHttpResponse:
    today = business_today()
    return csv_file("plans", HEADER, _lines(board(today=today)), as_of=today)


@require_GET
@requires(VIEW_DASHBOARD)
def board_touch_list(request: SignedInRequest) -> HttpResponse:
    """Show the touches behind one figure of the board."""
    # Who asks for no state gets the one that the form shows chosen first.
    form = TouchesForm({"state": DUE, **request.GET.dict()})
    context: dict[str, Any] = {"form": form, "page": None}
    if form.is_valid():
        context |= {
            "page": _page(request, form),
            "is_to_do": form.cleaned_data["state"] in {LATE, AHEAD},
            "accounts_url": _accounts_url(form.cleaned_data),
        }
    return render_page(
        request,
        "campaigns/board/touches.html",
        fragment="campaigns/board/_touches.html",
        context=context,
        status=200 if form.is_valid() else REFUSED,
    )


def _page(request: SignedInRequest, form: TouchesForm) -> Page[PlannedTouch]:
    today, state = business_today(), form.cleaned_data["state"]
    rows = board_touches(form.cleaned_data, user=request.user, today=today)
    rows = rows.select_related(
        "account", "account__owner", "assigned_to", "closed_by", "template"
    )
    return segmented_page(
        by_day_and_worth(rows, state=state, today=today),
        name=f"{state}-{today}",
        cursor=request.GET.get("cursor", ""),
        size=PER_PAGE,
        skip=days_with_touches(rows, state=state, today=today),
    )


def _accounts_url(given: dict[str, Any]) -> str:
    plan = given["plan"]
    known = {**given, "plan": plan.pk if plan else None}
    return account_set_url("plan-touches", **{k: v for k, v in known.items() if v})


def _lines(found: Board) -> Iterator[tuple[Any, ...]]:
    for column in found.columns:
        for one in column.plans:
            tally = one.lines.tally
            yield (
                *("Plan", str(one.plan), column.label, one.followers, tally.due),
                *(tally.done, tally.late, tally.ahead, tally.skipped, tally.expired),
                *(tally.cancelled, one.spent, one.budget),
            )
    for by, rows in (("Person", found.people), ("Touch", found.touches)):
        for row in rows:
            yield _cells(by, row)


def _cells(by: str, row: BoardRow) -> tuple[Any, ...]:
    tally = row.lines.tally
    return (
        *(by, row.label, row.note, None, tally.due, tally.done, tally.late),
        *(tally.ahead, tally.skipped, tally.expired, tally.cancelled, None, None),
    )
