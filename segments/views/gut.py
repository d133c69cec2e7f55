"""Gut versus data: name the best accounts blind, submit them, then compare."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from clv.models import ValuationRun
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from common.paging import Sort, keyset_page
from common.spreadsheets import csv_file
from crm.requests import SignedInRequest
from segments.forms.gut import FindForm, NameForm
from segments.models import Nomination
from segments.permissions import NOMINATE_ACCOUNTS, VIEW_CLASSES, VIEW_DASHBOARD
from segments.queries.gut import (
    Compared,
    agreement_chart,
    compared,
    desk_of,
    nominable,
    sides_of,
)
from segments.queries.gut_team import GutTeam, gut_team
from segments.services import gut as services

REFUSED = 422
OFFERED_AT_ONCE = 20
BY_NAME = Sort("name", "name", descending=False)
HEADER = (
    *("Person", "Quarter", "As of", "Accounts", "Named", "In both", "Agreement"),
    *("By chance", "In both by CLV", "Months on", "Gut brought", "Data brought"),
    "Who was right",
)


@require_GET
@requires(VIEW_CLASSES)
def gut(request: SignedInRequest) -> HttpResponse:
    """Show what one may name this quarter, without any figure, and one's own lists."""
    context = _context(request, FindForm(request.GET))
    return render_page(
        request,
        "segments/gut/page.html",
        fragment="segments/gut/_desk.html",
        context=context,
    )


@require_POST
@requires(NOMINATE_ACCOUNTS)
def gut_name(request: SignedInRequest) -> HttpResponse:
    """Put one account on the list, or take it off."""
    form = NameForm(request.POST, user=request.user)
    problem = _name(request, form)
    if not wants_fragment(request) and not problem:
        return redirect("segments:gut")
    template = "segments/gut/_desk.html"
    if not wants_fragment(request):
        template = "segments/gut/page.html"
    status = REFUSED if problem else 200
    return render(request, template, _context(request, form, problem), status=status)


@require_POST
@requires(NOMINATE_ACCOUNTS)
def gut_submit(request: SignedInRequest) -> HttpResponse:
    """Freeze the list and show it beside what the data says."""
    try:
        nomination = services.submit(actor=request.user)
    except DomainError as error:
        context = _context(request, FindForm({}), error.message)
        return render(request, "segments/gut/page.html", context, status=REFUSED)
    messages.success(request, "Submitted. It stays as it is.")
    return redirect("segments:gut_detail", pk=nomination.pk)


@require_GET
@requires(VIEW_CLASSES)
def gut_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one submitted list beside the best accounts by their figures."""
    seen = Nomination.objects.visible_to(request.user).submitted()
    nomination = get_object_or_404(seen.select_related("author"), pk=pk)
    (found,) = compared([nomination], business_today())
    context = {"found": found, "sides": sides_of(nomination)}
    return render(request, "segments/gut/detail.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def gut_everybody(request: SignedInRequest) -> HttpResponse:
    """Show who agrees with the data how far, over time."""
    context = {"team": gut_team(business_today())}
    return render(request, "segments/gut/team.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def gut_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream every list, one line for each look back."""
    today = business_today()
    return csv_file("gut", HEADER, _lines(gut_team(today)), as_of=today)


def _name(request: SignedInRequest, form: NameForm) -> str:
    """Do what the form says; return why not, else nothing."""
    if not form.is_valid():
        return "There is no such account of yours."
    act = services.unname_account
    if form.cleaned_data["is_named"]:
        act = services.name_account
    try:
        act(actor=request.user, account=form.cleaned_data["account"])
    except DomainError as error:
        return error.message
    return ""


def _context(
    request: SignedInRequest, form: FindForm, problem: str = ""
) -> dict[str, Any]:
    today = business_today()
    desk = desk_of(request.user, today)
    context: dict[str, Any] = {
        "desk": desk,
        "form": form,
        "problem": problem,
        "may_name": request.user.has_perm(NOMINATE_ACCOUNTS),
        "sees_all": request.user.has_perm(VIEW_DASHBOARD),
    }
    if not desk.is_submitted:
        context["page"] = _offered(request, form.text)
    if not wants_fragment(request):
        mine = Nomination.objects.submitted().filter(author=request.user)
        history = compared(list(mine), today)
        context |= {
            "history": history,
            "chart": agreement_chart(history, "your lists"),
        }
    return context


def _offered(request: SignedInRequest, text: str) -> Any:
    """Return accounts to name in the order of their names, which says nothing."""
    rows = nominable(request.user, ValuationRun.objects.current()).matching(text)
    return keyset_page(
        rows,
        sort=BY_NAME,
        cursor=request.GET.get("cursor", ""),
        size=OFFERED_AT_ONCE,
    )


def _lines(team: GutTeam) -> Iterator[tuple[Any, ...]]:
    for row in team.rows:
        for one in row.submitted:
            yield from _cells(one)


def _cells(found: Compared) -> Iterator[tuple[Any, ...]]:
    nomination, agreement = found.nomination, found.agreement
    for later in found.later:
        yield (
            *(str(nomination.author), found.quarter_name, nomination.as_of),
            *(agreement.among, agreement.size, agreement.both),
            *(round(agreement.share, 4), round(agreement.by_chance, 4)),
            *(nomination.both_by_clv, later.months, later.gut, later.data),
            later.winner or later.sentence,
        )
