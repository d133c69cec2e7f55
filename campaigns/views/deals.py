"""Deals: the board by stage, the list, one deal, and those of one account."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns.forms.deals import DealFilterForm
from campaigns.queries import deals as queries
from clv.queries.deals import stage_chances
from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from crm import permissions
from crm.choices import DealStatus
from crm.models import Account, Deal, DealStage, Task, Touchpoint
from crm.requests import SignedInRequest

CONTACTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of the list; `sort` is what a click on it asks for."""

    title: str
    key: str = ""
    sort: str = ""
    direction: str = ""
    is_number: bool = False


HEADINGS = (
    Heading("Deal", "title"),
    Heading("Account", "account"),
    Heading("Stage", "stage"),
    Heading("Margin", "-margin", is_number=True),
    Heading("Expected", is_number=True),
    Heading("Customer’s CLV", is_number=True),
    Heading("In stage", "since", is_number=True),
    Heading("Decision", "close"),
    Heading("Owner"),
)


@require_GET
@requires(permissions.VIEW_DEALS)
def deal_board(request: SignedInRequest) -> HttpResponse:
    """Show open deals by stage, with what each is worth and whose it is."""
    return render_page(
        request,
        "campaigns/deals/board.html",
        fragment="campaigns/deals/_board.html",
        context=board_context(request),
    )


def board_context(request: SignedInRequest) -> dict[str, Any]:
    """Return what the board needs, as its own address filters it."""
    form = DealFilterForm(request.GET, user=request.user)
    wanted = replace(form.wanted(), status=DealStatus.OPEN.value, stage=None)
    return {
        "form": form,
        "is_filtered": wanted.is_narrow,
        "board": queries.board(user=request.user, wanted=wanted),
        "stages": list(DealStage.objects.filter(is_active=True)),
        "can_change": request.user.has_perm(permissions.CHANGE_DEALS),
        "can_change_stages": request.user.has_perm(permissions.CHANGE_DEAL_STAGES),
        "shows_owner": request.user.sees_every_account,
        "today": business_today(),
    }


@require_GET
@requires(permissions.VIEW_DEALS)
def deal_list(request: SignedInRequest) -> HttpResponse:
    form = DealFilterForm(request.GET, user=request.user)
    wanted = form.wanted()
    page = queries.deal_page(
        user=request.user, wanted=wanted, cursor=request.GET.get("cursor", "")
    )
    return render_page(
        request,
        "campaigns/deals/list.html",
        fragment="campaigns/deals/_list.html",
        context={
            "form": form,
            "is_filtered": wanted.is_narrow or wanted.status != DealStatus.OPEN,
            "headings": _headings(wanted.sort),
            "page": page,
            "count": queries.deals_of(request.user, wanted).count(),
            "can_change": request.user.has_perm(permissions.CHANGE_DEALS),
            "today": business_today(),
        },
    )


def _headings(wanted: str) -> list[Heading]:
    sort = queries.sort_of(wanted)
    found = []
    for heading in HEADINGS:
        key = heading.key.removeprefix("-")
        if not key or key != sort.key:
            found.append(replace(heading, sort=heading.key))
            continue
        other = key if sort.descending else f"-{key}"
        direction = "descending" if sort.descending else "ascending"
        found.append(replace(heading, sort=other, direction=direction))
    return found


@require_GET
@requires(permissions.VIEW_DEALS)
def deal_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    deal = visible_deal(request, pk)
    contacts = Touchpoint.objects.filter(
        account=deal.account_id, occurred_at__gte=deal.created_at, voided_at=None
    ).select_related("user", "contact")
    context = {
        "card": queries.deal_card(deal),
        "deal": deal,
        "lines": deal.lines.select_related("product"),
        "changes": deal.changes.select_related("stage", "was_stage", "changed_by"),
        "tasks": Task.objects.open().filter(deal=deal).select_related("owner"),
        "contacts": contacts.order_by("-occurred_at")[:CONTACTS_SHOWN],
        "stages": list(DealStage.objects.filter(is_active=True)),
        "can_change": request.user.has_perm(permissions.CHANGE_DEALS),
        "may_catalogue": request.user.has_perm(permissions.CHANGE_CATALOGUES),
        "may_log": request.user.has_perm(permissions.LOG_TOUCHPOINTS),
        "today": business_today(),
    }
    return render(request, "campaigns/deals/detail.html", context)


@require_GET
@requires(permissions.VIEW_DEALS)
def account_deals(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the box of deals on the account page."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    rows = Deal.objects.open().filter(account=account).with_sums()
    context = {
        "account": account,
        "cards": queries.cards(rows.select_related("account", "stage", "owner")),
        "closed": Deal.objects.closed().filter(account=account).count(),
        "can_change": request.user.has_perm(permissions.CHANGE_DEALS),
        "today": business_today(),
    }
    return render(request, "campaigns/deals/_account.html", context)


@require_GET
@requires(permissions.VIEW_DEALS)
def deal_stages(request: SignedInRequest) -> HttpResponse:
    """Show the stages with what the firm's own deals say of each."""
    context = {
        "chances": list(stage_chances().values()),
        "reasons": queries.loss_reasons(),
        "can_change": request.user.has_perm(permissions.CHANGE_DEAL_STAGES),
    }
    return render(request, "campaigns/deals/stages.html", context)


def visible_deal(request: SignedInRequest, pk: int) -> Deal:
    rows = Deal.objects.visible_to(request.user)
    found: Deal = get_object_or_404(
        rows.select_related("account", "stage", "owner", "contact"), pk=pk
    )
    return found
