"""The catalogue of stages and of reasons for losing, for who may change it."""

import copy

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.deals import ReasonForm, StageForm
from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.models import DealLossReason, DealStage
from crm.requests import SignedInRequest
from crm.services import deal_catalogue

CATALOGUE = "campaigns:deal_stages"


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEAL_STAGES)
def stage_create(request: SignedInRequest) -> HttpResponse:
    form = StageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deal_catalogue.create_stage(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(CATALOGUE)
    return _page(request, form, "New stage")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEAL_STAGES)
def stage_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    stage = get_object_or_404(DealStage, pk=pk)
    form = StageForm(request.POST or None, instance=copy.copy(stage))
    if request.method == "POST" and form.is_valid():
        try:
            deal_catalogue.change_stage(
                actor=request.user,
                stage=stage,
                expected_version=form.cleaned_data["version"],
                **form.values(),
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(CATALOGUE)
    return _page(request, form, f"Stage {stage}")


@require_POST
@requires(permissions.CHANGE_DEAL_STAGES)
def stage_shift(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move one stage up or down by one place."""
    stage = get_object_or_404(DealStage, pk=pk)
    is_up = request.POST.get("to") == "up"
    by = deal_catalogue.UP if is_up else deal_catalogue.DOWN
    deal_catalogue.shift_stage(actor=request.user, stage=stage, by=by)
    return redirect(CATALOGUE)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEAL_STAGES)
def reason_create(request: SignedInRequest) -> HttpResponse:
    return _reason(request, None)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEAL_STAGES)
def reason_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    return _reason(request, get_object_or_404(DealLossReason, pk=pk))


def _reason(request: SignedInRequest, reason: DealLossReason | None) -> HttpResponse:
    initial = {}
    if reason is not None:
        initial = {"name": reason.name, "is_active": reason.is_active}
    form = ReasonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            deal_catalogue.save_reason(
                actor=request.user, reason=reason, **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"Kept: {form.cleaned_data['name']}")
            return redirect(CATALOGUE)
    return _page(request, form, f"Reason {reason}" if reason else "New reason")


def _page(request: SignedInRequest, form: object, title: str) -> HttpResponse:
    is_wrong = bool(getattr(form, "errors", None))
    context = {"form": form, "title": title}
    return render(
        request,
        "campaigns/deals/stage_form.html",
        context,
        status=422 if is_wrong else 200,
    )
