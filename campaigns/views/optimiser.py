"""The optimiser: money and hours in, the best plans out; searches kept, and drafts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns import permissions
from campaigns.forms.optimiser import KeepSearchForm, OptimiserForm
from campaigns.models import KeptSearch
from campaigns.queries.best_plans import BestPlans
from campaigns.queries.optimiser import Board
from campaigns.queries.plan_search import best_plans, usual_ask
from campaigns.services import optimiser as services
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page
from common.spreadsheets import csv_file
from common.templatetags.display import money, number
from crm.requests import SignedInRequest

HEADER = (
    *("Class", "Followers of", "Who", "Accounts", "Gets", "Status"),
    *("Cost a year", "Rep hours a week", "Net gain a year", "Gets today"),
)
LEAST_SLIDER = 100
REFUSED = 422


@require_GET
@requires(permissions.OPTIMISE_PLANS)
def optimiser(request: SignedInRequest) -> HttpResponse:
    """Show the best plans within money and hours, beside today's."""
    context = _searched(services.board(), request.GET)
    form = context.get("form")
    context |= {
        "keep_form": KeepSearchForm(),
        "kept_count": KeptSearch.objects.count(),
        "asked": request.GET.urlencode(),
    }
    return render_page(
        request,
        "campaigns/optimiser/page.html",
        fragment="campaigns/optimiser/_outcome.html",
        context=context,
        status=REFUSED if form is not None and form.errors else 200,
    )


@require_GET
@requires(permissions.OPTIMISE_PLANS)
def optimiser_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream what each group of accounts would get."""
    found = _searched(services.board(), request.GET).get("found")
    return _csv("best-plans", found)


@require_POST
@requires(permissions.OPTIMISE_PLANS)
def search_keep(request: SignedInRequest) -> HttpResponse:
    """Keep the search as it stands under a name."""
    board = services.board()
    context = _searched(board, request.POST)
    form, keep_form = context.get("form"), KeepSearchForm(request.POST)
    if form is not None and form.is_valid() and keep_form.is_valid():
        try:
            kept = services.keep_search(
                actor=request.user, name=keep_form.cleaned_data["name"], ask=form.ask()
            )
        except DomainError as error:
            keep_form.add_error(None, error.message)
        else:
            messages.success(request, f"Kept: {kept.name}.")
            return redirect("campaigns:search_detail", pk=kept.pk)
    context |= {
        "keep_form": keep_form,
        "kept_count": KeptSearch.objects.count(),
        "asked": "",
    }
    return render(request, "campaigns/optimiser/page.html", context, status=REFUSED)


@require_GET
@requires(permissions.OPTIMISE_PLANS)
def search_list(request: SignedInRequest) -> HttpResponse:
    """Show who kept which search, and which were made drafts."""
    kept = KeptSearch.objects.select_related("author", "applied_by")
    return render(request, "campaigns/optimiser/searches.html", {"searches": kept})


@require_GET
@requires(permissions.OPTIMISE_PLANS)
def search_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one search as it was kept."""
    kept = _kept(pk)
    context = {
        "kept": kept,
        "found": services.answer_of(kept),
        "applied": services.applied_of(kept),
        "can_apply": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    return render(request, "campaigns/optimiser/search.html", context)


@require_GET
@requires(permissions.OPTIMISE_PLANS)
def search_export(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    return _csv(f"best-plans-{pk}", services.answer_of(_kept(pk)))


@require_POST
@requires(permissions.CHANGE_PLANS)
def search_apply(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make drafts of a kept search."""
    kept = _kept(pk)
    version = request.POST.get("version", "")
    try:
        applied = services.apply_search(
            actor=request.user,
            kept=kept,
            expected_version=int(version) if version.isdecimal() else None,
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:search_detail", pk=pk)
    made = len(applied.drafts)
    said = f"{made} draft{'' if made == 1 else 's'} made."
    if applied.left:
        said += f" {len(applied.left)} left to you: look below."
    messages.success(request, said)
    return redirect("campaigns:search_detail", pk=pk)


def _kept(pk: int) -> KeptSearch:
    kept = KeptSearch.objects.select_related("author", "applied_by")
    return get_object_or_404(kept, pk=pk)


def _searched(board: Board | None, given: QueryDict) -> dict[str, Any]:
    """Return the form and, where it is valid, what was found."""
    if board is None or not board.groups:
        return {"board": board, "form": None, "found": None}
    usual = usual_ask(board)
    form = OptimiserForm(given, usual=usual)
    found = best_plans(board, form.ask()) if form.is_valid() else None
    return {
        "board": board,
        "form": form,
        "found": found,
        "limits": [
            _slider(form["money"], usual.money, f"Today’s cost {money(usual.money)}."),
            _slider(
                form["hours"], usual.hours, f"There are {number(float(usual.hours))}."
            ),
        ],
    }


def _slider(
    field: BoundField, usual: Decimal, said: str
) -> tuple[BoundField, int, int, str]:
    """Return a limit with how far its slider goes, its step, and what is usual."""
    most = max(int(usual) * 2, LEAST_SLIDER)
    step = max(10 ** (len(str(most)) - 3), 1)
    return field, -(-most // step) * step, step, said


def _csv(name: str, found: BestPlans | None) -> StreamingHttpResponse:
    return csv_file(
        name, HEADER, _lines(found) if found else (), as_of=business_today()
    )


def _lines(found: BestPlans) -> Iterator[tuple[Any, ...]]:
    for line in found.lines:
        for part in line.parts:
            yield (
                *(line.class_label, line.label, part.who, part.accounts),
                *(part.label, part.status, part.sums.cost),
                *(round(part.sums.hours, 2), part.sums.gain, line.today_label),
            )
