"""Levers: the value tree, what moving them would bring, and what was promised."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from clv.requests import ChosenRun, chosen_run
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page
from common.lists.sets import account_set_url
from common.spreadsheets import csv_file
from crm.requests import SignedInRequest
from segments.forms.levers import ClassForm, LeverForm, MarketForm, ScenarioForm
from segments.models import LeverScenario
from segments.permissions import SAVE_SCENARIOS, VIEW_DASHBOARD
from segments.queries.delivered import Delivered, delivered
from segments.queries.lever_words import lever_moved, lever_name
from segments.queries.levers import (
    LeverBoard,
    lever_board,
    lever_boards,
    parts_chart,
    parts_of,
)
from segments.queries.overdue import overdue_buyers
from segments.queries.value_tree import flat, tree_of
from segments.services import levers as services
from segments.services.levers import Promise
from segments.services.market import Market, ranking_in

REFUSED = 422
MOST_COMPARED = 4
TREE_HEADER = ("Node", "Split by", "Amount", "How")
SCENARIO_HEADER = (
    *("Scenario", "Customers", "As of", "Equity before", "Equity after", "Change"),
    *("80 % from", "to", "Promised by", "Promised", "Due"),
)


@require_GET
@requires(VIEW_DASHBOARD)
def levers(request: SignedInRequest) -> HttpResponse:
    """Show the value tree and the levers; the address says how far they are moved."""
    chosen, board, chooser = _board(request)
    context: dict[str, Any] = {"chosen": chosen, "chooser": chooser, "board": board}
    if board is not None:
        boards = lever_boards(board.run)
        key = board.base.worth_class
        context |= _moved(request, board)
        context |= {
            "tree": tree_of(board, boards),
            "overdue": overdue_buyers(board.run, key),
            "overdue_url": account_set_url(
                "overdue", **_given(chosen), **({"class": key} if key else {})
            ),
            "scenario_form": ScenarioForm(initial={"due_on": None}),
            "can_save": request.user.has_perm(SAVE_SCENARIOS),
            "saved": LeverScenario.objects.standing().count(),
        }
    return render(request, "segments/levers/page.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def lever_outcome(request: SignedInRequest) -> HttpResponse:
    """Show what the levers bring as they stand."""
    _, board, _ = _board(request)
    if board is None:
        raise Http404("nothing is kept of that night")
    context = _moved(request, board)
    status = 200 if context["form"].is_valid() else REFUSED
    return render(request, "segments/levers/_outcome.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def tree_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream every node of the value tree."""
    _, board, _ = _board(request)
    if board is None:
        raise Http404("nothing is kept of that night")
    rows = flat(tree_of(board, lever_boards(board.run)))
    return csv_file("value-tree", TREE_HEADER, rows, as_of=board.run.as_of)


@require_POST
@requires(SAVE_SCENARIOS)
def scenario_save(request: SignedInRequest) -> HttpResponse:
    """Keep the levers as they stand, with a promise where one is given."""
    chosen, board, chooser = _board(request, request.POST)
    if board is None:
        raise Http404("nothing is kept of that night")
    form, given = LeverForm(request.POST, board=board), ScenarioForm(request.POST)
    if form.is_valid() and given.is_valid():
        if not form.moved():
            given.add_error(None, "Move a lever first; as it stands nothing changes.")
        else:
            try:
                return _saved(request, board, form, given)
            except DomainError as error:
                given.add_error(error.field or None, error.message)
    context = {
        **_outcome_of(form, board),
        "chosen": chosen,
        "chooser": chooser,
        "board": board,
        "can_save": True,
        "tree": tree_of(board, lever_boards(board.run)),
        "overdue": overdue_buyers(board.run, board.base.worth_class),
        "overdue_url": account_set_url("overdue"),
        "scenario_form": given,
        "saved": LeverScenario.objects.standing().count(),
    }
    return render(request, "segments/levers/page.html", context, status=REFUSED)


def _saved(
    request: SignedInRequest, board: LeverBoard, form: LeverForm, given: ScenarioForm
) -> HttpResponse:
    wanted = given.cleaned_data
    by = wanted["promised_by"]
    scenario = services.save_scenario(
        actor=request.user,
        name=wanted["name"],
        note=wanted["note"],
        base=board.base,
        levers=form.moved(),
        outcome=board.outcome(form.moved()).found,
        promise=Promise(by, wanted["due_on"], wanted["promised"]) if by else None,
    )
    messages.success(request, f"Kept: {scenario.name}.")
    return redirect("segments:scenario_detail", pk=scenario.pk)


@require_GET
@requires(VIEW_DASHBOARD)
def scenario_list(request: SignedInRequest) -> HttpResponse:
    """Show the scenarios, those that are ticked side by side."""
    scenarios = list(_scenarios())
    ticked = {pk for pk in request.GET.getlist("compare") if pk.isdecimal()}
    compared = [one for one in scenarios if str(one.pk) in ticked][:MOST_COMPARED]
    context = {
        "scenarios": scenarios,
        "compared": compared,
        "rows": _side_by_side(compared),
        "today": business_today(),
    }
    return render(request, "segments/levers/scenarios.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def scenario_export(request: SignedInRequest) -> StreamingHttpResponse:
    return csv_file("scenarios", SCENARIO_HEADER, _scenario_rows(), as_of=None)


@require_GET
@requires(VIEW_DASHBOARD)
def scenario_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one scenario: what was moved and promised, and what came."""
    kept = LeverScenario.objects.select_related("promised_by", "author")
    scenario = get_object_or_404(kept, pk=pk)
    found: Delivered = delivered(scenario, business_today())
    context = {
        "scenario": scenario,
        "parts": parts_of(scenario.parts),
        "chart": parts_chart(
            "scenario", scenario.parts, "What each lever was to bring."
        ),
        "delivered": found,
        "levers": _words(scenario),
        "can_save": request.user.has_perm(SAVE_SCENARIOS),
    }
    return render(request, "segments/levers/scenario.html", context)


@require_POST
@requires(SAVE_SCENARIOS)
def scenario_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a scenario away."""
    scenario = get_object_or_404(LeverScenario.objects.standing(), pk=pk)
    services.archive_scenario(actor=request.user, scenario=scenario)
    messages.success(request, f"Put away: {scenario.name}.")
    return redirect("segments:scenario_list")


@require_GET
@requires(VIEW_DASHBOARD)
def market(request: SignedInRequest) -> HttpResponse:
    """Rank all customers anew in another market."""
    chosen = chosen_run(request)
    form = MarketForm(request.GET)
    is_asked = any(request.GET.get(name) for name in form.fields)
    context: dict[str, Any] = {"chosen": chosen, "form": form, "is_asked": is_asked}
    status = 200
    if chosen.run is not None and is_asked:
        if form.is_valid():
            context["ranking"] = ranking_in(chosen.run, _market(form))
        else:
            status = REFUSED
    return render_page(
        request,
        "segments/levers/market.html",
        fragment="segments/levers/_ranking.html",
        context=context,
        status=status,
    )


def _market(form: MarketForm) -> Market:
    def share(name: str) -> float:
        return float(form.cleaned_data[name] or 0) / 100

    rate = form.cleaned_data["annual_rate"]
    return Market(
        annual_rate=None if rate is None else rate / 100,
        leaving=share("leaving"),
        price=share("price"),
        goods=share("goods"),
    )


def _board(
    request: SignedInRequest, given: Any = None
) -> tuple[ChosenRun, LeverBoard | None, ClassForm]:
    """Return the night, the board of the class asked for, and the chooser."""
    given = given if given is not None else request.GET
    chosen, chooser = chosen_run(request), ClassForm(given)
    if chosen.run is None or not chooser.is_valid():
        return chosen, None, chooser
    key = chooser.cleaned_data["worth_class"]
    return chosen, lever_board(chosen.run, key), chooser


def _moved(request: SignedInRequest, board: LeverBoard) -> dict[str, Any]:
    return _outcome_of(LeverForm(request.GET, board=board), board)


def _outcome_of(form: LeverForm, board: LeverBoard) -> dict[str, Any]:
    shown = board.outcome(form.moved() if form.is_valid() else {})
    return {"form": form, "groups": form.groups(), "shown": shown}


def _given(chosen: ChosenRun) -> dict[str, Any]:
    if chosen.run is None or not chosen.is_past:
        return {}
    return {"as_of": chosen.run.as_of}


def _scenarios() -> Any:
    kept = LeverScenario.objects.standing()
    return kept.select_related("promised_by", "author")


def _side_by_side(compared: list[LeverScenario]) -> list[tuple[str, list[Any]]]:
    """Return the parts of the scenarios as rows, one cell for each of them."""
    labels: dict[str, dict[int, Any]] = {}
    for one in compared:
        for part in parts_of(one.parts):
            labels.setdefault(part.label, {})[one.pk] = part.amount
    return [
        (label, [cells.get(one.pk) for one in compared])
        for label, cells in labels.items()
    ]


def _words(scenario: LeverScenario) -> list[tuple[str, str]]:
    return [
        (lever_name(key), lever_moved(key, by)) for key, by in scenario.levers.items()
    ]


def _scenario_rows() -> Iterator[tuple[Any, ...]]:
    for one in _scenarios():
        yield (
            *(one.name, one.class_label, one.as_of, one.equity_before),
            *(one.equity_after, one.change, one.change_low, one.change_high),
            *(str(one.promised_by or ""), one.promised, one.due_on),
        )
