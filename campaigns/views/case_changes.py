"""Cases change: opened, edited, answered, resolved, escalated, handed over."""

import copy
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.cases import (
    CaseForm,
    CaseStepForm,
    EscalateForm,
    HandOverForm,
    MinutesForm,
)
from campaigns.views.cases import show_case, visible_case
from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.models import Account, Case, CaseEntry
from crm.requests import SignedInRequest
from crm.services import case_steps, cases
from crm.views.submitting import field_of, submit_changes

ACCOUNTS_OFFERED = 12


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CASES)
def case_create(request: SignedInRequest) -> HttpResponse:
    """Open a case; without an account ask for it first."""
    mine = Account.objects.active().visible_to(request.user)
    given = request.GET.get("account", "")
    account = mine.filter(pk=int(given)).first() if given.isdecimal() else None
    if account is None:
        context = _choice(request, request.GET.get("title", ""))
        return render(request, "campaigns/cases/choose_account.html", context)
    return _create(request, account)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CASES)
def account_case_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    return _create(request, get_object_or_404(mine, pk=pk))


def _create(request: SignedInRequest, account: Account) -> HttpResponse:
    named = {"title": request.GET.get("title", "")}
    form = CaseForm(request.POST or None, account=account, initial=named)
    if request.method == "POST" and form.is_valid():
        try:
            case = cases.open_case(actor=request.user, account=account, **form.values())
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            who = f"It is {case.owner}’s." if case.owner else "Nobody has it yet."
            messages.success(request, f"{case.number} is open. {who}")
            return redirect("campaigns:case_detail", case.pk)
    context: dict[str, Any] = {"case": None, "differences": []}
    context |= {"form": form, "account": account}
    status = 422 if form.errors else 200
    return render(request, "campaigns/cases/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CASES)
def case_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    case = visible_case(request, pk)
    # The form writes into its instance; the service must compare with what is stored.
    form = CaseForm(
        request.POST or None, instance=copy.copy(case), account=case.account
    )
    submitted = submit_changes(request, form, cases.change_case, case=case)
    if submitted.is_kept:
        return redirect("campaigns:case_detail", case.pk)
    context: dict[str, Any] = {
        "form": form,
        "case": case,
        "differences": submitted.differences,
    }
    context |= {"account": case.account}
    return render(
        request, "campaigns/cases/form.html", context, status=submitted.status
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CASES)
def case_claim(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say whose case it is that came from an unknown sender."""
    case = visible_case(request, pk)
    if case.account_id:
        return redirect("campaigns:case_detail", case.pk)
    if request.method == "POST":
        mine = Account.objects.active().visible_to(request.user)
        given = request.POST.get("account", "")
        account = get_object_or_404(mine, pk=int(given) if given.isdecimal() else 0)
        return _then(
            request,
            case,
            lambda: cases.change_case(actor=request.user, case=case, account=account),
            said=f"This is a case of {account.name[:80]} now.",
        )
    context = _choice(request, "") | {"case": case}
    return render(request, "campaigns/cases/choose_account.html", context)


def _choice(request: SignedInRequest, title: str) -> dict[str, Any]:
    mine = Account.objects.active().visible_to(request.user)
    search = request.GET.get("search", "").strip()[:200]
    found = mine.matching(search) if search else mine.order_by("-last_contact_on")
    return {
        "search": search,
        "title": title,
        "accounts": found[:ACCOUNTS_OFFERED],
        "case": None,
    }


# -- Steps -----------------------------------------------------------------------------


@require_POST
@requires(permissions.CHANGE_CASES)
def case_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Answer, note, wait, take up, resolve, open again or close, as was pressed."""
    case = visible_case(request, pk)
    form = CaseStepForm(request.POST)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, "Choose what is to be done.")
        return redirect("campaigns:case_detail", case.pk)
    if form.is_valid():
        try:
            said = act(request, case, form.cleaned_data)
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            messages.success(request, said)
            return redirect("campaigns:case_detail", case.pk)
    case = visible_case(request, pk)
    return show_case(request, case, form=form, status=422)


def _answer(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.answer_case(
        actor=request.user,
        case=case,
        text=said["text"],
        channel=said["channel"],
        minutes=said["minutes"],
        waits=said["waits"],
    )
    waits = " The clock stands until the customer writes." if said["waits"] else ""
    return f"Answer kept.{waits}"


def _note(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.add_note(
        actor=request.user, case=case, text=said["text"], minutes=said["minutes"]
    )
    return "Note kept."


def _wait(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.wait_for_customer(actor=request.user, case=case, text=said["text"])
    return "The clock stands until the customer writes."


def _resume(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.take_up(actor=request.user, case=case, text=said["text"], wrote=False)
    return "The clock runs again."


def _customer(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.take_up(
        actor=request.user, case=case, text=said["text"], channel=said["channel"]
    )
    return "Kept what the customer said; the clock runs."


def _resolve(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.resolve_case(
        actor=request.user,
        case=case,
        resolution=said["text"],
        minutes=said["minutes"],
    )
    return f"{case.number} is resolved."


def _reopen(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.reopen_case(actor=request.user, case=case, reason=said["text"])
    return f"{case.number} is open again."


def _close(request: SignedInRequest, case: Case, said: dict[str, Any]) -> str:
    case_steps.close_case(actor=request.user, case=case, text=said["text"])
    return f"{case.number} is closed."


Act = Callable[[SignedInRequest, Case, dict[str, Any]], str]
ACTS: dict[str, Act] = {
    "answer": _answer,
    "note": _note,
    "wait": _wait,
    "resume": _resume,
    "customer": _customer,
    "resolve": _resolve,
    "reopen": _reopen,
    "close": _close,
}


@require_POST
@requires(permissions.CHANGE_CASES)
def case_escalate(request: SignedInRequest, pk: int) -> HttpResponse:
    case = visible_case(request, pk)
    form = EscalateForm(request.POST, actor=request.user, prefix="up")
    if form.is_valid():
        said = form.cleaned_data
        try:
            case_steps.escalate_case(
                actor=request.user, case=case, to=said["to"], reason=said["text"]
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            messages.success(request, f"{case.escalated_to} was told.")
            return redirect("campaigns:case_detail", case.pk)
    return show_case(request, case, escalate=form, status=422)


@require_POST
@requires(permissions.CHANGE_CASES)
def case_hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    case = visible_case(request, pk)
    form = HandOverForm(request.POST, case=case, prefix="to")
    if form.is_valid():
        said = form.cleaned_data
        try:
            case_steps.hand_over(
                actor=request.user, case=case, owner=said["owner"], text=said["text"]
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            messages.success(request, f"{case.number} is {said['owner']}’s now.")
            return _back_to(request, case)
    return show_case(request, case, hand_over=form, status=422)


@require_POST
@requires(permissions.CHANGE_CASES)
def case_minutes(request: SignedInRequest, pk: int) -> HttpResponse:
    """Correct how long one thing took, and so what it cost."""
    entries = CaseEntry.objects.visible_to(request.user)
    entry = get_object_or_404(entries.select_related("case", "author"), pk=pk)
    form = MinutesForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Minutes lie between 0 and a day.")
        return redirect("campaigns:case_detail", entry.case_id)
    return _then(
        request,
        entry.case,
        lambda: case_steps.correct_minutes(
            actor=request.user, entry=entry, minutes=form.cleaned_data["minutes"]
        ),
        said="Corrected, and its cost with it.",
    )


def _then(
    request: SignedInRequest, case: Case, act: Callable[[], object], *, said: str
) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("campaigns:case_detail", case.pk)


def _back_to(request: SignedInRequest, case: Case) -> HttpResponse:
    """Return to the case while the person still sees it."""
    if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect("campaigns:case_detail", case.pk)
    return redirect("campaigns:case_list")
