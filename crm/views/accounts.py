"""The account page, its tabs, and the form behind "edit"."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_http_methods

from common import panels
from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from crm import permissions
from crm.choices import TaskStatus
from crm.forms.accounts import AccountForm
from crm.forms.events import EventForm
from crm.models import Account, Task, TimelineFilter
from crm.queries.completeness import facets_of
from crm.queries.headers import Header, header
from crm.queries.holdings import on_hand
from crm.queries.lifecycle import current_stay, relationship
from crm.queries.people import people, silenced
from crm.queries.products import bought
from crm.queries.radar import lately
from crm.queries.timeline import timeline
from crm.queries.usage import use
from crm.queries.wallet import wallet
from crm.requests import SignedInRequest
from crm.services import accounts
from crm.views.events import list_context
from crm.views.goals import goals_tab
from crm.views.journal import journal_tab
from crm.views.submitting import submit_changes
from crm.views.timeline import timeline_tab

RECENT = 5


@dataclass(frozen=True, slots=True)
class Tab:
    """One section of the account page: its template and what it needs to know.

    A live one loads itself anew when something was logged; one with a form does not,
    so that nothing half-typed is lost.
    """

    title: str
    template: str
    context: Callable[[SignedInRequest, Account], dict[str, Any]]
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class TabLink:
    """One tab's link."""

    key: str
    title: str
    is_current: bool
    query: str = ""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to a page about this account that an upper app owns."""

    title: str
    url: str
    key: str = ""


def _overview(request: SignedInRequest, account: Account) -> dict[str, Any]:
    tasks = Task.objects.filter(account=account, status=TaskStatus.OPEN)
    return {
        "panels": panels.panels_for("account", request.user),
        "side_panels": panels.panels_for("account-side", request.user),
        "tasks": tasks.select_related("owner").order_by("due_on", "pk"),
        "relationship": relationship(account),
        "recent": timeline(account, user=request.user, size=RECENT),
    }


def _people(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {"people": people(account)}


def _products(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {
        "on_hand": on_hand(account),
        "bought": bought(
            account,
            sort=request.GET.get("sort", ""),
            cursor=request.GET.get("cursor", ""),
        ),
        "wallet": wallet(account),
        "offers_panels": panels.panels_for("account-products", request.user),
        "unknown_cost_panels": panels.panels_for("account-unknown-cost", request.user),
    }


def _use(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {"use": use(account)}


def _cases(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {"case_panels": panels.panels_for("account-cases", request.user)}


def _events(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {"form": EventForm(account=account), **list_context(request, account)}


TABS = {
    "overview": Tab("Overview", "crm/accounts/_overview.html", _overview, is_live=True),
    "timeline": Tab(
        "Timeline", "crm/accounts/_timeline.html", timeline_tab, is_live=True
    ),
    "people": Tab("People", "crm/accounts/_people.html", _people, is_live=True),
    "products": Tab("Products", "crm/accounts/_products.html", _products),
    "use": Tab("Use", "crm/accounts/_use.html", _use),
    "events": Tab("Events", "crm/accounts/_events.html", _events),
    "cases": Tab("Cases", "crm/accounts/_cases.html", _cases, is_live=True),
    "goals": Tab("Goals", "crm/accounts/_goals.html", goals_tab, is_live=True),
    "journal": Tab("Journal", "crm/accounts/_journal.html", journal_tab, is_live=True),
}


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    if survivor := _survivor(request, pk):
        return redirect("crm:account_detail", survivor)
    account = get_object_or_404(_visible(request), pk=pk)
    key = request.GET.get("tab", "overview")
    key = key if key in TABS else "overview"
    return render_page(
        request,
        "crm/accounts/detail.html",
        fragment="crm/accounts/_body.html",
        context={
            **_header_context(request, account),
            "tabs": _tabs(request, key),
            "page_links": _page_links(request, account),
            "template": TABS[key].template,
            "is_live": TABS[key].is_live,
            **TABS[key].context(request, account),
        },
    )


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_header(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the head of the page anew, after something changed."""
    account = get_object_or_404(_visible(request), pk=pk)
    context = _header_context(request, account)
    return render(request, "crm/accounts/_header.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def account_create(request: SignedInRequest) -> HttpResponse:
    named = {"name": request.GET.get("name", "")}
    form = AccountForm(request.POST or None, actor=request.user, initial=named)
    if request.method == "POST" and form.is_valid():
        try:
            account = accounts.create_account(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("crm:account_detail", account.pk)
    status = 422 if form.errors else 200
    context: dict[str, Any] = {"form": form, "account": None, "differences": []}
    return render(request, "crm/accounts/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def account_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(_visible(request), pk=pk)
    # The form writes into its instance; the service must compare with what is stored.
    form = AccountForm(
        request.POST or None, instance=copy.copy(account), actor=request.user
    )
    submitted = submit_changes(request, form, accounts.change_account, account=account)
    if submitted.is_kept:
        return redirect("crm:account_detail", account.pk)
    context = {"form": form, "account": account, "differences": submitted.differences}
    return render(request, "crm/accounts/form.html", context, status=submitted.status)


def _tabs(request: SignedInRequest, current: str) -> list[TabLink]:
    """Return the tabs; the person's own filters stand behind the timeline."""
    saved = request.GET.get("saved", "")
    filters = list(TimelineFilter.objects.visible_to(request.user))
    is_saved = current == "timeline" and saved in {str(one.pk) for one in filters}
    links = []
    for key, tab in TABS.items():
        is_current = key == current and not is_saved
        links.append(TabLink(key, tab.title, is_current))
        if key == "timeline":
            links += [
                TabLink(
                    key="timeline",
                    title=one.name,
                    is_current=is_saved and saved == str(one.pk),
                    query=f"{one.query}&saved={one.pk}",
                )
                for one in filters
            ]
    return links


def _visible(request: SignedInRequest) -> Any:
    rows = Account.objects.active().visible_to(request.user)
    return rows.select_related("owner", "parent", "territory")


def _survivor(request: SignedInRequest, pk: int) -> int | None:
    """Return where an account went that was merged away: old links still lead there."""
    merged = Account.objects.exclude(merged_into=None).visible_to(request.user)
    return merged.filter(pk=pk).values_list("merged_into", flat=True).first()


def _header_context(request: SignedInRequest, account: Account) -> dict[str, Any]:
    head: Header = header(account)
    return {
        "header": head,
        "account": account,
        "silenced": silenced(account),
        "facets": facets_of([account.pk], head.today).get(account.pk, []),
        "lately": lately(account, user=request.user),
        "stay": current_stay(account),
        "acts": _links("account-act", request, account),
        "header_panels": panels.panels_for("account-header", request.user),
        "can_change": request.user.has_perm(permissions.CHANGE_ACCOUNTS),
        "may_log": request.user.has_perm(permissions.LOG_TOUCHPOINTS),
    }


def _page_links(request: SignedInRequest, account: Account) -> list[PageLink]:
    """Return links to pages that upper apps registered for an account."""
    return _links("account-page", request, account)


def _links(place: str, request: SignedInRequest, account: Account) -> list[PageLink]:
    links = []
    for page in panels.panels_for(place, request.user):
        try:
            links.append(
                PageLink(
                    page.title, reverse(page.url_name, args=[account.pk]), page.key
                )
            )
        except NoReverseMatch:  # an app that is not installed here
            continue
    return links
