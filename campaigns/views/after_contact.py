"""What a contact just logged did for the plan, in the card that says it was saved."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns import permissions
from campaigns.models import PlannedTouch
from campaigns.queries.after_contact import after_contact
from campaigns.services import touches
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import wants_fragment
from crm.models import Touchpoint
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.VIEW_PLANS)
def touchpoint_effect(request: SignedInRequest, pk: int) -> HttpResponse:
    return _show(request, _touchpoint(request, pk))


@require_POST
@requires(permissions.DO_TOUCHES)
def touch_fulfil(request: SignedInRequest, pk: int) -> HttpResponse:
    """Count a contact that was logged as the touch of the plan that was chosen."""
    logged = _touchpoint(request, pk)
    key = request.POST.get("touch", "")
    mine = PlannedTouch.objects.visible_to(request.user)
    rows = mine.filter(account_id=logged.account_id)
    touch = rows.filter(pk=int(key)).first() if key.isdecimal() else None
    if touch is None:
        return _show(request, logged, problem="This touch is gone.")
    problem = ""
    try:
        touches.fulfil(actor=request.user, touch=touch, touchpoint=logged)
    except DomainError as error:
        problem = error.message
    if not wants_fragment(request):
        account = reverse("crm:account_detail", args=[logged.account_id])
        return redirect(f"{account}?tab=timeline")
    response = _show(request, logged, problem=problem)
    return trigger_client_event(response, "touch-fulfilled", {"target": "body"})


def _show(
    request: SignedInRequest, touchpoint: Touchpoint, *, problem: str = ""
) -> HttpResponse:
    today = business_today()
    context = {
        "after": after_contact(touchpoint, user=request.user, day=today),
        "touchpoint": touchpoint,
        "today": today,
        "can_do": request.user.has_perm(permissions.DO_TOUCHES),
        "problem": problem,
    }
    status = 422 if problem else 200
    template = "campaigns/panels/_after_contact.html"
    return render(request, template, context, status=status)


def _touchpoint(request: SignedInRequest, pk: int) -> Touchpoint:
    mine = Touchpoint.objects.visible_to(request.user)
    mine = mine.filter(account__merged_into=None).select_related("account")
    return get_object_or_404(mine, pk=pk)
