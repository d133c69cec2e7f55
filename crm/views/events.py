"""Events of an account: one line to add, correct, remove, and undo of each."""

import copy
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)
from django_htmx.http import trigger_client_event

from common.access import requires
from common.editing import Difference, kept_note
from common.errors import DomainError, StaleRecordError
from common.htmx import wants_fragment
from crm import permissions
from crm.forms.events import EventForm
from crm.models import Account, LifeEvent
from crm.queries.editors import names_since
from crm.queries.events import events as events_of
from crm.requests import SignedInRequest
from crm.services import events

ON_BODY = {"target": "body"}


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_events(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the list of events anew, after one changed."""
    account = _account(request, pk)
    return render(request, "crm/events/_list.html", list_context(request, account))


def list_context(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {
        "account": account,
        "events": events_of(account),
        "may_log": request.user.has_perm(permissions.LOG_TOUCHPOINTS),
        "may_catalogue": request.user.has_perm(permissions.CHANGE_CATALOGUES),
    }


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def event_create(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = EventForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            event = events.create_event(
                actor=request.user, account=account, **form.values()
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            undo = reverse("crm:event_remove", args=[event.pk])
            fresh = EventForm(account=account)
            return _saved(request, account, fresh, f"{event.type} added.", undo)
    return _form(request, account, form, None)


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def event_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    account = event.account
    form = EventForm(request.POST or None, instance=copy.copy(event), account=account)
    status, differences = 200, []
    if request.method == "POST" and form.is_valid():
        try:
            events.change_event(
                actor=request.user,
                event=event,
                expected_version=form.cleaned_data["version"],
                **form.values(),
            )
        except StaleRecordError:
            who = names_since(event, form.seen_at, request.user)
            status, differences = 409, form.show_conflict(event, who)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            undo = reverse("crm:event_undo", args=[event.pk])
            said = f"Event changed. {kept_note(form, names_since, request.user)}"
            return _saved(request, account, None, said.strip(), undo)
    return _form(request, account, form, event, differences, status)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def event_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    undo = reverse("crm:event_restore", args=[event.pk])
    return _act(request, event, events.remove_event, f"{event.type} removed.", undo)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def event_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    return _act(request, event, events.restore_event, f"{event.type} is back.", "")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def event_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    return _act(request, event, events.undo_change, "Changed back.", "")


def _act(
    request: SignedInRequest,
    event: LifeEvent,
    act: Callable[..., LifeEvent],
    said: str,
    undo_url: str,
) -> HttpResponse:
    """Do it, and answer with a toast that can undo it."""
    try:
        act(actor=request.user, event=event)
    except DomainError as error:
        text, level, status, undo_url = error.message, "error", 422, ""
    else:
        text, level, status = said, "success", 200
    if wants_fragment(request):
        context = {"text": text, "level": level, "undo_url": undo_url}
        response = render(request, "common/_toast.html", context, status=status)
        return trigger_client_event(response, "event-changed", ON_BODY)
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect(_tab(event.account))


def _form(
    request: SignedInRequest,
    account: Account,
    form: EventForm,
    event: LifeEvent | None,
    differences: list[Difference] | None = None,
    status: int = 200,
) -> HttpResponse:
    is_fragment = wants_fragment(request)
    template = "crm/events/_form.html" if is_fragment else "crm/events/form.html"
    status = 422 if form.errors and status == 200 else status  # noqa: PLR2004
    context = {
        "form": form,
        "account": account,
        "event": event,
        "differences": differences or [],
    }
    return render(request, template, context, status=status)


def _saved(
    request: SignedInRequest,
    account: Account,
    form: EventForm | None,
    text: str,
    undo_url: str,
) -> HttpResponse:
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect(_tab(account))
    context = {"form": form, "account": account, "text": text, "undo_url": undo_url}
    response = render(request, "crm/events/_saved.html", context)
    response = trigger_client_event(response, "event-changed", ON_BODY)
    return trigger_client_event(response, "dialog-done", ON_BODY)


def _account(request: SignedInRequest, pk: int) -> Account:
    return get_object_or_404(Account.objects.active().visible_to(request.user), pk=pk)


def _event(request: SignedInRequest, pk: int) -> LifeEvent:
    mine = LifeEvent.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("account", "type"), pk=pk)


def _tab(account: Account) -> str:
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab=events"
