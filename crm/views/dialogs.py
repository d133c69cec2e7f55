"""A form as a page of its own, or in the dialog of the page that asked for it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from common.editing import kept_note
from common.errors import DomainError, StaleRecordError
from common.htmx import wants_fragment
from common.versions import Versioned
from crm.queries.editors import names_since
from crm.requests import SignedInRequest
from crm.views.submitting import field_of

ON_BODY = {"target": "body"}
REFUSED, STALE = 422, 409


def ask(
    request: SignedInRequest,
    *,
    title: str,
    form: Any,
    act: Callable[[], Any],
    said: str,
    back: str,
    stored: Versioned | None = None,
) -> HttpResponse:
    """Show `form`; once it is valid do `act`, then go `back` or close the dialog.

    `stored` is the record whose version the form carries: on a conflict its values
    stand beside what was entered.
    """
    status, differences = 200, []
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            try:
                act()
            except StaleRecordError as error:
                status = STALE
                if stored is None:
                    form.add_error(None, error.message)
                else:
                    who = names_since(stored, form.seen_at, request.user)
                    differences = form.show_conflict(stored, who)
            except DomainError as error:
                form.add_error(field_of(form, error), error.message)
            else:
                said = f"{said} {kept_note(form, names_since, request.user)}".strip()
                return _done(request, said, back)
    name = "_form.html" if wants_fragment(request) else "page.html"
    context = {
        "title": title,
        "form": form,
        "back": back,
        "differences": differences,
    }
    return render(request, f"crm/dialogs/{name}", context, status=status)


def acted(
    request: SignedInRequest, *, act: Callable[[], Any], said: str, back: str
) -> HttpResponse:
    """Do what a button asks; answer with a toast, or go `back` with a message."""
    text, level, status = said, "success", 200
    try:
        act()
    except DomainError as error:
        text, level, status = error.message, "error", REFUSED
    if wants_fragment(request):
        context = {"text": text, "level": level}
        response = render(request, "common/_toast.html", context, status=status)
        return trigger_client_event(response, "account-changed", ON_BODY)
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect(back)


def _done(request: SignedInRequest, said: str, back: str) -> HttpResponse:
    if not wants_fragment(request):
        messages.success(request, said)
        return redirect(back)
    response = render(request, "crm/dialogs/_done.html", {"text": said})
    response = trigger_client_event(response, "account-changed", ON_BODY)
    return trigger_client_event(response, "dialog-done", ON_BODY)
