"""What care was measured to secure: the list, a new version, and withdrawing one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import permissions
from campaigns.forms.effects import EffectForm, WithdrawForm
from campaigns.models import MeasuredEffect
from campaigns.queries.wallet import Responses
from campaigns.services import effects as service
from common.access import requires
from common.errors import DomainError
from crm.requests import SignedInRequest

RETIRED_SHOWN = 50


@require_GET
@requires(permissions.VIEW_PLANS)
def effects(request: SignedInRequest) -> HttpResponse:
    """Show what was measured, and the assumption that counts for everybody else."""
    rows = MeasuredEffect.objects.select_related("plan", "author", "retired_by")
    context = {
        "assumed": Responses().assumed,
        "current": rows.current(),
        "retired": rows.exclude(retired_at=None)[:RETIRED_SHOWN],
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
        "can_take": request.user.has_perm(permissions.CHANGE_CAMPAIGNS),
    }
    return render(request, "campaigns/effects/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANS)
def effect_record(request: SignedInRequest) -> HttpResponse:
    """Record an effect, or correct the one that `of` names by a new version."""
    given = request.GET.get("of", "")
    current = None
    if given.isdecimal():
        current = MeasuredEffect.objects.current().filter(pk=int(given)).first()
    form = EffectForm(request.POST or None, current=current)
    if request.method == "POST" and form.is_valid():
        try:
            made = service.record_effect(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, error.message)
        else:
            messages.success(request, f"{made} counts from now on.")
            return redirect("campaigns:effects")
    context = {"form": form, "current": current}
    status = 422 if form.errors else 200
    return render(request, "campaigns/effects/form.html", context, status=status)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def effect_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    effect = get_object_or_404(MeasuredEffect, pk=pk)
    form = WithdrawForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        service.withdraw_effect(actor=request.user, effect=effect, reason=reason)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Withdrawn: what is assumed counts again.")
    return redirect("campaigns:effects")
