"""A contact that was logged wrong: correct it, or take it back with a reason."""

import copy

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from common.access import requires
from common.errors import DomainError, StaleRecordError
from crm import permissions
from crm.forms.corrections import CorrectionForm, VoidForm
from crm.models import Touchpoint
from crm.requests import SignedInRequest
from crm.services import corrections, touchpoints


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def touchpoint_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _touchpoint(request, pk)
    form = CorrectionForm(request.POST or None, instance=copy.copy(row))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            corrections.correct_touchpoint(
                actor=request.user,
                touchpoint=row,
                expected_fingerprint=form.cleaned_data["fingerprint"],
                **form.values(),
            )
        except StaleRecordError as error:
            form.add_error(None, error.message)
            status = 409
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Corrected. Its cost follows.")
            return redirect(_timeline(row))
    status = 422 if form.errors and status == 200 else status  # noqa: PLR2004
    return _show(request, row, form, VoidForm(), status=status)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def touchpoint_void(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a contact back that never was."""
    row = _touchpoint(request, pk)
    form = VoidForm(request.POST)
    if form.is_valid():
        try:
            corrections.void_touchpoint(
                actor=request.user, touchpoint=row, reason=form.cleaned_data["reason"]
            )
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Taken back. Its cost is reversed.")
            return redirect(_timeline(row))
    correction = CorrectionForm(instance=copy.copy(row))
    return _show(request, row, correction, form, status=422)


def _refuse(form: BaseForm, error: DomainError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _touchpoint(request: SignedInRequest, pk: int) -> Touchpoint:
    mine = Touchpoint.objects.visible_to(request.user).standing()
    mine = mine.filter(account__merged_into=None)
    return get_object_or_404(mine.select_related("account", "user"), pk=pk)


def _show(
    request: SignedInRequest,
    row: Touchpoint,
    form: CorrectionForm,
    void_form: VoidForm,
    *,
    status: int,
) -> HttpResponse:
    context = {
        "touchpoint": row,
        "form": form,
        "void_form": void_form,
        "cost": touchpoints.price_of_minutes(
            actor=row.user or request.user,
            minutes=row.minutes,
            day=timezone.localtime(row.occurred_at).date(),
        ),
        "timeline_url": _timeline(row),
    }
    return render(request, "crm/touchpoints/edit.html", context, status=status)


def _timeline(row: Touchpoint) -> str:
    return f"{reverse('crm:account_detail', args=[row.account_id])}?tab=timeline"
