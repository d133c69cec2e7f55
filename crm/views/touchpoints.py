"""The quick log: one line in, a contact with its cost and follow-up stored."""

import datetime as dt
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
from common.clock import business_today
from common.errors import DomainError
from common.htmx import wants_fragment
from common.panels import panels_for
from crm import permissions
from crm.forms.chips import chips
from crm.forms.touchpoints import LONGEST_LINE, MATCHES_SHOWN, QuickLogForm
from crm.models import Account, Touchpoint
from crm.queries.logged import effect
from crm.queries.radar import lately
from crm.queries.rates import hourly_cost_on
from crm.requests import SignedInRequest
from crm.services import touchpoints
from crm.services.touchpoints import price_of_minutes

SHORTEST_SEARCH = 2  # letters; one fits half of a large firm's accounts
ON_BODY = {"target": "body"}


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def quick_log(request: SignedInRequest) -> HttpResponse:
    """Show the form as a page of its own, or store what it says."""
    if request.method == "GET":
        return render(request, "crm/touchpoints/quick_log.html", _blank(request))
    form = QuickLogForm(request.POST, actor=request.user)
    is_valid = form.is_valid()
    before = form.chosen.last_contact_on if form.chosen else None
    stored = _store(request, form) if is_valid else None
    if stored is None:
        return show_again(request, form)
    return say_stored(request, stored, before=before)


def say_stored(
    request: SignedInRequest,
    stored: Touchpoint,
    *,
    before: dt.date | None,
    **more: Any,
) -> HttpResponse:
    """Say what a contact that was just logged changed, in a card or on the next page.

    `before` is the account's last contact as it was.
    """
    kind = stored.get_channel_display()
    text = f"Logged: {kind}, {stored.contact or stored.account}"
    if wants_fragment(request):
        context = {
            "effect": effect(stored, contact_before=before),
            "text": text,
            "panels": panels_for("logged", request.user),
            **more,
        }
        response = render(request, "crm/touchpoints/_saved.html", context)
        return trigger_client_event(response, "touchpoint-logged", ON_BODY)
    messages.success(request, text)
    return redirect(_timeline_url(stored))


@require_GET
@requires(permissions.LOG_TOUCHPOINTS)
def quick_log_form(request: SignedInRequest) -> HttpResponse:
    """Return the form alone, for the dialog."""
    return render(request, "crm/touchpoints/_form.html", _blank(request))


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def quick_log_preview(request: SignedInRequest) -> HttpResponse:
    """Say what was understood so far. A POST, so that no log file keeps the line."""
    form = QuickLogForm(request.POST, actor=request.user, assumes=True)
    return render(request, "crm/touchpoints/_preview.html", _understood(request, form))


@require_GET
@requires(permissions.LOG_TOUCHPOINTS)
def quick_log_accounts(request: SignedInRequest) -> HttpResponse:
    """Return the accounts whose name, city or number begin with the words typed."""
    words = request.GET.get("search", "")[:200].strip()
    words = words if len(words) >= SHORTEST_SEARCH else ""
    mine = Account.objects.active().visible_to(request.user)
    found = mine.matching(words).order_by("name", "pk") if words else mine.none()
    context = {"matches": list(found[:MATCHES_SHOWN]), "words": words}
    return render(request, "crm/touchpoints/_accounts.html", context)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def touchpoint_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Touchpoint.objects.visible_to(request.user).select_related("account")
    row = get_object_or_404(mine, pk=pk)
    try:
        touchpoints.undo_touchpoint(actor=request.user, touchpoint=row)
    except DomainError as error:
        text, level, status = error.message, "error", 422
    else:
        text, level, status = "Taken back. Its cost is reversed.", "success", 200
    if wants_fragment(request):
        context = {"text": text, "level": level}
        response = render(request, "common/_toast.html", context, status=status)
        return trigger_client_event(response, "touchpoint-undone", ON_BODY)
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect(_timeline_url(row))


def _store(request: SignedInRequest, form: QuickLogForm) -> Touchpoint | None:
    """Log what a valid form says; a refusal is shown in the form."""
    try:
        return touchpoints.log_touchpoint(actor=request.user, **form.values())
    except DomainError as error:
        form.add_refusal(error)
        return None


def _blank(request: SignedInRequest) -> dict[str, Any]:
    mine = Account.objects.active().visible_to(request.user)
    key = request.GET.get("account", "")
    account = get_object_or_404(mine, pk=int(key)) if key.isdecimal() else None
    line = request.GET.get("line", "")[:LONGEST_LINE].replace("\x00", "")
    form = QuickLogForm(actor=request.user, account=account, line=line)
    form.begin(
        channel=request.GET.get("channel", ""), contact=request.GET.get("contact", "")
    )
    return form_context(request, form)


def show_again(
    request: SignedInRequest, form: QuickLogForm, **more: Any
) -> HttpResponse:
    """Show a refused form with what is wrong."""
    is_fragment = wants_fragment(request)
    template = "_form.html" if is_fragment else "quick_log.html"
    context = form_context(request, form) | more
    return render(request, f"crm/touchpoints/{template}", context, status=422)


def form_context(request: SignedInRequest, form: QuickLogForm) -> dict[str, Any]:
    """Return what the templates of the form need; `log_url` says where else it goes."""
    return {
        "matches": form.matches,
        "words": "",
        "lately": lately(form.chosen, user=request.user) if form.chosen else [],
        **_understood(request, form),
    }


def _understood(request: SignedInRequest, form: QuickLogForm) -> dict[str, Any]:
    said = form.read() if form.is_bound else form.understood
    contact = form.chosen_contact()
    day = said.when.day if said.when else business_today()
    return {
        "form": form,
        "said": said,
        "contact": contact,
        "refusal": form.refusal(),
        "has_line": bool(form.typed.strip()),
        "chips": chips(
            said,
            people=form.people,
            contact=contact,
            word_count=len(form.typed.split()),
            cost=price_of_minutes(actor=request.user, minutes=said.minutes, day=day),
        ),
        "is_rate_known": hourly_cost_on(request.user, day) > 0,
    }


def _timeline_url(row: Touchpoint) -> str:
    return f"{reverse('crm:account_detail', args=[row.account_id])}?tab=timeline"
