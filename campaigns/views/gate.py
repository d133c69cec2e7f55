"""The step "Should we?" before money is spent on many, and what was decided."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns import permissions
from campaigns.errors import GateRefusedError, GateUndecidedError
from campaigns.forms.gate import GateForm
from campaigns.models import GateDecision
from campaigns.queries.gate import Gate
from campaigns.services.gate import Decision
from common.access import requires
from common.htmx import render_page
from common.paging import Sort, keyset_page
from crm.requests import SignedInRequest

OWN_FIELDS = frozenset(
    {
        "csrfmiddlewaretoken",
        "gate_choice",
        "gate_cheaper",
        "gate_reason",
        "gate_below",
    }
)
PAGE_SIZE = 50
Done = TypeVar("Done")


def step(
    request: SignedInRequest,
    gate: Gate,
    *,
    act: Callable[[Decision | None], Done],
    subject: str,
    back: str,
    action: str = "",
    fragment: str = "",
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse | Done:
    """Do what was asked for, or return the page that asks what to do about whom.

    `act` is the service's: it decides at the gate itself, in its own transaction. What
    the page before had posted goes along in hidden fields, so that the answer comes to
    the same view again; `action` is its address where it is another. `fragment` asks
    in place of a part of a page, and `extra` is what it needs besides.
    """
    if not gate.is_needed:
        return act(None)
    form, refusal, status = GateForm(gate=gate), "", 200
    if GateForm.is_answered(request.POST):
        form, status = GateForm(request.POST, gate=gate), 422
        if form.is_valid():
            try:
                return act(form.decision())
            except GateUndecidedError as error:
                form, refusal = GateForm(gate=gate), error.message
            except GateRefusedError as error:
                field = f"gate_{error.field}" if error.field else None
                form.add_error(field, error.message)
    context = {
        "gate": gate,
        "form": form,
        "refusal": refusal,
        "subject": subject,
        "back": back,
        "action": action or request.get_full_path(),
        "carried": _carried(request),
        **(extra or {}),
    }
    page = "campaigns/gate/page.html"
    if not fragment:
        return render(request, page, context, status=status)
    return render_page(request, page, fragment=fragment, context=context, status=status)


def _carried(request: SignedInRequest) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name in request.POST
        if name not in OWN_FIELDS
        for value in request.POST.getlist(name)
    ]


@require_GET
@requires(permissions.CHANGE_PLANS)
def gate_decisions(request: SignedInRequest) -> HttpResponse:
    """Show what was decided at the gate, the newest first."""
    page = keyset_page(
        GateDecision.objects.select_related("actor"),
        sort=Sort("new", "pk", descending=True, parse=int),
        cursor=request.GET.get("cursor", ""),
        size=PAGE_SIZE,
    )
    return render(request, "campaigns/gate/decisions.html", {"page": page})
