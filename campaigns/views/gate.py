"""The step "Should we?" before money is spent on many accounts, and what was decided."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns import permissions
from campaigns.choices import GateOccasion
from campaigns.errors import GateRefusedError, GateUndecidedError
from campaigns.forms.gate import GateForm
from campaigns.models import GateDecision
from campaigns.queries.gate import Gate
from campaigns.services import gate as service
from campaigns.services.gate import Verdict
from common.access import requires
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


def step(
    request: SignedInRequest,
    gate: Gate,
    *,
    occasion: GateOccasion,
    subject: str,
    back: str,
    action: str = "",
) -> HttpResponse | Verdict:
    """Return what was decided, or the page that asks.

    What the page before had posted goes along in hidden fields, so that the answer
    comes to the same view again; `action` is its address where it is another.
    """
    form = GateForm(gate=gate)
    refusal, status = "", 200
    if not gate.is_needed or GateForm.is_answered(request.POST):
        form = GateForm(request.POST, gate=gate) if gate.is_needed else form
        try:
            decision = form.decision() if form.is_bound and form.is_valid() else None
            if not form.errors:
                return service.decide(
                    actor=request.user,
                    gate=gate,
                    occasion=occasion,
                    subject=subject,
                    decision=decision,
                )
        except GateUndecidedError as error:
            refusal, form = error.message, GateForm(gate=gate)
        except GateRefusedError as error:
            form.add_error(f"gate_{error.field}" if error.field else None, error.message)
        status = 422
    context: dict[str, Any] = {
        "gate": gate,
        "form": form,
        "refusal": refusal,
        "subject": subject,
        "back": back,
        "action": action or request.get_full_path(),
        "carried": [
            (name, value)
            for name in request.POST
            if name not in OWN_FIELDS
            for value in request.POST.getlist(name)
        ],
    }
    return render(request, "campaigns/gate/page.html", context, status=status)


@require_GET
@requires(permissions.CHANGE_PLANS)
def gate_decisions(request: SignedInRequest) -> HttpResponse:
    """Show what was decided at the gate, the newest first."""
    rows = GateDecision.objects.select_related("actor")
    page = keyset_page(
        rows,
        sort=Sort("new", "pk", descending=True, parse=int),
        cursor=request.GET.get("cursor", ""),
        size=PAGE_SIZE,
    )
    return render(request, "campaigns/gate/decisions.html", {"page": page})
