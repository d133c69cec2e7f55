"""Every list: the page, its fragment, its sums, its columns, and the way out as CSV."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from campaigns.queries.lists.base import Listing
from campaigns.queries.lists.kinds import KINDS, Kind
from campaigns.queries.lists.views import Shelf
from common.access import requires
from common.clock import business_today
from common.htmx import render_page, wants_fragment
from common.lists.sets import AMONG
from common.spreadsheets import csv_file
from crm import permissions
from crm.models import ListPreference
from crm.requests import SignedInRequest
from crm.services import audit, saved_views


def kind_of(key: str) -> Kind:
    try:
        return KINDS[key]
    except KeyError:
        raise Http404(key) from None


def show_list(request: SignedInRequest, key: str, **more: Any) -> HttpResponse:
    """Show one list as its address says; a bare address opens as its reader set it."""
    kind = kind_of(key)
    if not wants_fragment(request) and (better := _own_address(request, kind)):
        return redirect(better)
    listing = kind.make(request.user, request.GET)
    page = listing.page(request.GET.get("cursor", ""))
    can_change = kind.may_change(request.user)
    columns_url = reverse("campaigns:list_columns", args=[kind.key.value])
    cells_url = columns_url.removesuffix("columns/")
    shelf = Shelf(user=request.user, listing=listing, current=request.GET.get("view"))
    context = {
        "kind": kind,
        "listing": listing,
        "form": listing.form,
        "page": page,
        "rows": listing.shown(page.rows, edit_at=cells_url if can_change else ""),
        **_totals(listing, exact=False),
        "shelf": shelf,
        "here": reverse(kind.url_name),
        "run": getattr(listing, "run", None),
        "as_of": listing.form.given("as_of")
        if "as_of" in listing.form.fields
        else None,
        "new_count": listing.new_count(),
        "can_change": can_change,
        "edit_at": cells_url,
        **_offered(request, kind),
        "may_share": request.user.has_perm(permissions.SHARE_VIEWS),
        "today": business_today(),
        **more,
    }
    return render_page(
        request,
        "campaigns/lists/list.html",
        fragment="campaigns/lists/_list.html",
        context=context,
        status=404 if listing.refusal else 200,
    )


def _totals(listing: Listing, *, exact: bool) -> dict[str, Any]:
    totals = listing.exact_totals() if exact else listing.totals()
    return {"totals": totals, "foot": listing.foot(totals)}


def _own_address(request: SignedInRequest, kind: Kind) -> str:
    """Return the address that spells out what the reader set, empty if this one does.

    So an address that is copied shows a colleague the same.
    """
    if "columns" in request.GET:
        return ""
    rows = ListPreference.objects.filter(user=request.user, list_key=kind.key)
    preference = rows.select_related("opens_with").first()
    if preference is None:
        return ""
    given = QueryDict(request.GET.urlencode(), mutable=True)
    view = preference.opens_with
    if view is not None and not given:
        given = QueryDict(view.query, mutable=True)
        given["view"] = str(view.pk)
    if preference.columns and "columns" not in given:
        given["columns"] = ",".join(preference.columns)
    if given.urlencode() == request.GET.urlencode():
        return ""
    return f"{reverse(kind.url_name)}?{given.urlencode(safe=',')}"


def export_list(request: SignedInRequest, key: str) -> StreamingHttpResponse:
    """Stream the whole list as it is seen: same columns, filters and order."""
    kind = kind_of(key)
    listing = kind.make(request.user, request.GET)
    if listing.refusal:
        raise Http404(listing.refusal)
    audit.record(
        actor=request.user, action="list.exported", list=key, query=listing.query
    )
    run = getattr(listing, "run", None)
    titles = [column.title for column in listing.columns]
    if run is None:
        name = f"{listing.file_name}-{business_today()}"
        return csv_file(name, titles, _values(listing), as_of=None)
    said = ", ".join(
        one.text if one.key == AMONG else f"{one.label} {one.text}"
        for one in listing.chips
    )
    return csv_file(
        listing.file_name,
        titles,
        _values(listing),
        as_of=run.as_of,
        among=said or "all accounts",
    )


def _values(listing: Listing) -> Iterator[list[Any]]:
    for row in listing.every_row():
        yield [column.export(row) for column in listing.columns]


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def list_totals(request: SignedInRequest, key: str) -> HttpResponse:
    """Return the exact count and sums of a long list, however long they take."""
    kind = kind_of(key)
    listing = kind.make(request.user, request.GET)
    context = {
        "kind": kind,
        "listing": listing,
        **_totals(listing, exact=True),
        "can_choose": bool(kind.actions(request.user)),
    }
    return render(request, "campaigns/lists/_totals.html", context)


def _offered(request: SignedInRequest, kind: Kind) -> dict[str, Any]:
    """Return what may be done with many rows; where nothing is, none can be chosen."""
    actions = kind.actions(request.user)
    return {
        "actions": actions,
        "can_choose": bool(actions),
        "can_add_to_plan": "add_plan" in dict(actions),
        "can_add_to_campaign": "add_campaign" in dict(actions),
    }


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def list_columns(request: SignedInRequest, key: str) -> HttpResponse:
    """Remember which columns are wanted in which order, and show them."""
    kind = kind_of(key)
    given = QueryDict(request.POST.get("query", "").removeprefix("?"), mutable=True)
    listing = kind.make(request.user, given)
    known = {column.key for column in listing.offered}
    wanted = [one for one in request.POST.getlist("column") if one in known]
    if "usual" in request.POST:
        wanted = []
    saved_views.choose_columns(actor=request.user, list_key=key, columns=wanted)
    changed = {**listing.parameters, "columns": ",".join(wanted)}
    changed["view"] = request.POST.get("view", "")
    query = urlencode({k: v for k, v in changed.items() if v}, safe=",")
    address = reverse(kind.url_name)
    return redirect(f"{address}?{query}" if query else f"{address}?view=all")
