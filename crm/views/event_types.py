"""The catalogue of events: what kinds there are, how they look, which are retired."""

import copy
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.forms.events import EventTypeForm
from crm.models import EventType
from crm.queries.events import event_types as catalogue
from crm.requests import SignedInRequest
from crm.services import event_types
from crm.views.submitting import submit_changes


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def event_type_list(request: SignedInRequest) -> HttpResponse:
    form = EventTypeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = event_types.create_event_type(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"{made} is in the catalogue.")
            return redirect("crm:event_type_list")
    context = {"form": form, "types": catalogue()}
    status = 422 if form.errors else 200
    return render(request, "crm/event_types/list.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def event_type_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(EventType, pk=pk)
    form = EventTypeForm(request.POST or None, instance=copy.copy(stored))
    submitted = submit_changes(
        request, form, event_types.change_event_type, event_type=stored
    )
    if submitted.is_kept:
        messages.success(request, f"{stored} was changed.")
        return redirect("crm:event_type_list")
    context = {"form": form, "type": stored, "differences": submitted.differences}
    return render(
        request, "crm/event_types/form.html", context, status=submitted.status
    )


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def event_type_retire(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, event_types.retire_event_type, "is retired")


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def event_type_reinstate(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, event_types.reinstate_event_type, "is offered again")


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def event_type_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, event_types.delete_event_type, "is deleted")


def _act(
    request: SignedInRequest, pk: int, act: Callable[..., Any], said: str
) -> HttpResponse:
    stored = get_object_or_404(EventType, pk=pk)
    try:
        act(actor=request.user, event_type=stored)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{stored} {said}.")
    return redirect("crm:event_type_list")
