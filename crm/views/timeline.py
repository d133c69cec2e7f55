"""The timeline of an account, its filters, and what is pinned to its top."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import wants_fragment
from crm import permissions
from crm.forms.timeline import TimelineFilterForm
from crm.models import Account, Contact, TimelineFilter, Touchpoint
from crm.queries.headers import header
from crm.queries.timeline import beginning, pinned, read_cursor, timeline
from crm.requests import SignedInRequest
from crm.services import pins, timeline_filters

PEOPLE_SUGGESTED = 50


def timeline_part(request: SignedInRequest, account: Account) -> dict[str, Any]:
    """Return one part of the stream, and its end where it ends."""
    form = TimelineFilterForm(request.GET, user=request.user)
    wanted = form.wanted()
    before = request.GET.get("before", "")
    part = timeline(account, user=request.user, wanted=wanted, before=before)
    return {
        "form": form,
        "query": form.query(),
        "is_filtered": not wanted.is_everything,
        "timeline": part,
        "beginning": None if part.older else beginning(account, user=request.user),
    }


def timeline_tab(request: SignedInRequest, account: Account) -> dict[str, Any]:
    """Return everything on the timeline's tab."""
    context = timeline_part(request, account)
    begins = context["beginning"] or beginning(account, user=request.user)
    people = Contact.objects.filter(account=account).order_by("name", "pk")
    before = request.GET.get("before", "")
    return context | {
        "years": range(business_today().year, begins.on.year - 1, -1) if begins else [],
        "year": before if before.isdecimal() and read_cursor(before) else "",
        "pinned": pinned(account),
        "people_names": people.values_list("name", flat=True)[:PEOPLE_SUGGESTED],
        "saved": _saved(request),
    }


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_timeline(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the next, older part of the timeline."""
    account = _account(request, pk)
    context = {
        "header": header(account),
        "may_log": request.user.has_perm(permissions.LOG_TOUCHPOINTS),
        **timeline_part(request, account),
    }
    return render(request, "crm/accounts/_timeline_part.html", context)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def filter_save(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep the filter that the form carries as a tab of the person's own."""
    account = _account(request, pk)
    form = TimelineFilterForm(request.POST, user=request.user)
    query = form.query()
    try:
        kept = timeline_filters.save_filter(
            actor=request.user, name=request.POST.get("name", ""), query=query
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_tab(account, query))
    messages.success(request, f"“{kept.name}” is a tab on every account now.")
    return redirect(_tab(account, query, saved=str(kept.pk)))


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def filter_list(request: SignedInRequest) -> HttpResponse:
    """Show the person's own filters, to rename, order and delete them."""
    rows = TimelineFilter.objects.visible_to(request.user)
    context = {"filters": list(rows)}
    return render(request, "crm/timeline/filters.html", context)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def filter_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename, move or delete one of the person's own filters."""
    row = get_object_or_404(TimelineFilter.objects.visible_to(request.user), pk=pk)
    act = request.POST.get("act", "")
    try:
        if act == "delete":
            timeline_filters.delete_filter(actor=request.user, timeline_filter=row)
            messages.success(request, f"“{row.name}” is deleted.")
        elif act in {"earlier", "later"}:
            places = -1 if act == "earlier" else 1
            timeline_filters.move_filter(
                actor=request.user, timeline_filter=row, places=places
            )
        else:
            name = request.POST.get("name", "")
            timeline_filters.rename_filter(
                actor=request.user, timeline_filter=row, name=name
            )
            messages.success(request, f"It is called “{row.name}” now.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("crm:filter_list")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def touchpoint_pin(request: SignedInRequest, pk: int) -> HttpResponse:
    return _pinned(request, pk, is_up=True)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def touchpoint_unpin(request: SignedInRequest, pk: int) -> HttpResponse:
    return _pinned(request, pk, is_up=False)


def _pinned(request: SignedInRequest, pk: int, *, is_up: bool) -> HttpResponse:
    """Pin or unpin, and let the timeline load itself anew."""
    rows = Touchpoint.objects.visible_to(request.user).select_related("account")
    row = get_object_or_404(rows, pk=pk)
    try:
        if is_up:
            pins.pin_contact(actor=request.user, touchpoint=row)
        else:
            pins.unpin_contact(actor=request.user, touchpoint=row)
    except DomainError as error:
        text, level, status = error.message, "error", 422
    else:
        text = "Pinned to the top." if is_up else "Taken down."
        level, status = "success", 200
    if wants_fragment(request):
        context = {"text": text, "level": level}
        response = render(request, "common/_toast.html", context, status=status)
        return trigger_client_event(response, "timeline-changed", {"target": "body"})
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect(_tab(row.account, ""))


def _account(request: SignedInRequest, pk: int) -> Account:
    rows = Account.objects.active().visible_to(request.user)
    account: Account = get_object_or_404(rows.select_related("owner"), pk=pk)
    return account


def _saved(request: SignedInRequest) -> TimelineFilter | None:
    """Return the kept filter that the address names, if it is the person's own."""
    asked = request.GET.get("saved", "")
    if not asked.isdecimal():
        return None
    rows = TimelineFilter.objects.visible_to(request.user)
    return rows.filter(pk=min(int(asked), 2**63 - 1)).first()


def _tab(account: Account, query: str, **more: str) -> str:
    said = [part for part in (query, urlencode(more)) if part]
    url = reverse("crm:account_detail", args=[account.pk])
    return "&".join([f"{url}?tab=timeline", *said])
