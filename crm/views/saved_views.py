"""Saved views of lists: keep, change, share, pin, open with, delete."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.choices import ListKey
from crm.models import SavedView
from crm.requests import SignedInRequest
from crm.services import saved_views

# They say where somebody is in a list, not what the list is.
PLACES = frozenset({"cursor", "view", "as_of"})


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def view_create(request: SignedInRequest, key: str) -> HttpResponse:
    """Keep what the list shows under a name."""
    try:
        view = saved_views.create_view(
            actor=request.user,
            list_key=key,
            name=request.POST.get("name", ""),
            query=_query(request),
            is_shared=bool(request.POST.get("is_shared")),
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_back(request))
    messages.success(request, f"Saved as “{view}”.")
    return redirect(_address(request, view))


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def view_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename a view, share it or not, or let it keep what the list shows now."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    changes: dict[str, Any] = {}
    if "keep" in request.POST:
        changes["query"] = _query(request)
    else:
        changes["name"] = request.POST.get("name", "")
        changes["is_shared"] = bool(request.POST.get("is_shared"))
    try:
        saved_views.change_view(actor=request.user, view=view, **changes)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_back(request))
    messages.success(request, f"“{view}” is saved.")
    return redirect(_address(request, view))


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def view_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    try:
        saved_views.delete_view(actor=request.user, view=view)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_back(request))
    messages.success(request, f"“{view}” is gone.")
    return redirect(f"{_page(request)}?view=all")


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def view_pin(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let a view stand above the list, or take it down."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    is_pinned = bool(request.POST.get("is_pinned"))
    saved_views.pin_view(actor=request.user, view=view, is_pinned=is_pinned)
    return redirect(_back(request))


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def view_open_with(request: SignedInRequest, key: str) -> HttpResponse:
    """Open this list with one view from now on, or with everything."""
    mine = SavedView.objects.visible_to(request.user).filter(list_key=key)
    wanted = request.POST.get("view", "")
    view = get_object_or_404(mine, pk=wanted) if wanted.isdecimal() else None
    if key in ListKey.values:
        saved_views.open_with(actor=request.user, list_key=key, view=view)
        said = f"This list opens with “{view}” now." if view else "It opens with all."
        messages.success(request, said)
    return redirect(_back(request))


def _query(request: SignedInRequest) -> str:
    """Return the filters, order and columns of the list that asked."""
    given = parse_qsl(request.POST.get("query", "").removeprefix("?"))
    return urlencode([(name, value) for name, value in given if name not in PLACES])


def _back(request: SignedInRequest) -> str:
    """Return the list as it was; only addresses of our own are followed."""
    address = request.POST.get("back", "")
    hosts = {request.get_host()}
    return address if url_has_allowed_host_and_scheme(address, hosts) else "/"


def _page(request: SignedInRequest) -> str:
    return _back(request).partition("?")[0]


def _address(request: SignedInRequest, view: SavedView) -> str:
    given = QueryDict(view.query, mutable=True)
    given["view"] = str(view.pk)
    return f"{_page(request)}?{given.urlencode()}"
