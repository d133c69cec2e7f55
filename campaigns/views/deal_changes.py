"""Deals change: begun, edited, moved, won with their order, lost with a reason."""

import copy
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)
from django_htmx.http import trigger_client_event

from campaigns.forms.deals import (
    DealForm,
    LoseForm,
    OrderForm,
    WinForm,
    line_forms,
    typed_discount,
)
from campaigns.queries.discounts import weigh_discount
from campaigns.views.deals import board_context, visible_deal
from common.access import requires
from common.editing import tell_kept
from common.errors import DomainError, StaleRecordError
from common.htmx import wants_fragment
from crm import permissions
from crm.choices import DealStatus
from crm.models import Account, Deal, DealChange, DealStage
from crm.queries.editors import names_since
from crm.requests import SignedInRequest
from crm.services import deal_moves, deals
from crm.views.submitting import field_of

ACCOUNTS_OFFERED = 20


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEALS)
def deal_create(request: SignedInRequest) -> HttpResponse:
    """Add a deal; without an account ask for it first."""
    mine = Account.objects.active().visible_to(request.user)
    given = request.GET.get("account", "")
    account = mine.filter(pk=int(given)).first() if given.isdecimal() else None
    if account is None:
        search = request.GET.get("search", "").strip()
        context = {
            "search": search,
            "accounts": mine.matching(search)[:ACCOUNTS_OFFERED] if search else [],
        }
        return render(request, "campaigns/deals/choose_account.html", context)
    form = DealForm(request.POST or None, account=account, actor=request.user)
    lines = line_forms(request.POST or None, None)
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        try:
            deal = deals.create_deal(
                actor=request.user,
                account=account,
                lines=lines.lines(),
                **form.values(),
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect("campaigns:deal_detail", deal.pk)
    return _form_page(request, form, lines, account=account)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEALS)
def deal_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    deal = visible_deal(request, pk)
    # The form writes into its instance; the service must compare with what is stored.
    form = DealForm(
        request.POST or None,
        instance=copy.copy(deal),
        account=deal.account,
        actor=request.user,
    )
    lines = line_forms(request.POST or None, deal)
    status, differences = 0, []
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        try:
            deals.change_deal(
                actor=request.user,
                deal=deal,
                expected_version=form.cleaned_data["version"],
                lines=lines.lines(),
                **form.values(),
            )
        except StaleRecordError:
            who = names_since(deal, form.seen_at, request.user)
            status, differences = 409, form.show_conflict(deal, who)
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            tell_kept(request, form, names_since)
            return redirect("campaigns:deal_detail", deal.pk)
    more = {"deal": deal, "differences": differences}
    return _form_page(request, form, lines, account=deal.account, status=status, **more)


def _form_page(
    request: SignedInRequest,
    form: DealForm,
    lines: Any,
    *,
    account: Account,
    status: int = 0,
    **more: Any,
) -> HttpResponse:
    is_wrong = bool(form.errors) or (lines.is_bound and not lines.is_valid())
    context = {
        "form": form,
        "lines": lines,
        "account": account,
        "deal": None,
        "differences": [],
        "weighed": weigh_discount(account, lines.discount),
        "is_typed": lines.is_bound,
    }
    return render(
        request,
        "campaigns/deals/form.html",
        context | more,
        status=status or (422 if is_wrong else 200),
    )


@require_GET
@requires(permissions.CHANGE_DEALS)
def account_discount(request: SignedInRequest, pk: int) -> HttpResponse:
    """Weigh the discounts of a deal while they are typed."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    weighed = weigh_discount(account, typed_discount(request.GET))
    context = {"weighed": weighed, "is_typed": True}
    return render(request, "campaigns/deals/_discount.html", context)


# -- Moves -----------------------------------------------------------------------------


@require_POST
@requires(permissions.CHANGE_DEALS)
def deal_move(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a deal into another stage; a card that was dragged gets the board anew."""
    deal = visible_deal(request, pk)
    wanted = request.POST.get("stage", "")
    stages = {str(stage.pk): stage for stage in DealStage.objects.all()}
    if wanted not in stages:
        return _after_move(
            request,
            deal,
            None,
            "There is no such stage.",
            status=HTTPStatus.BAD_REQUEST,
        )
    version = request.POST.get("version", "")
    try:
        change = deal_moves.move_deal(
            actor=request.user,
            deal=deal,
            stage=stages[wanted],
            expected_version=int(version) if version.isdecimal() else None,
        )
    except DomainError as error:
        is_stale = isinstance(error, StaleRecordError)
        status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.UNPROCESSABLE_ENTITY
        return _after_move(request, deal, None, error.message, status=status)
    text = f"{_brief(deal)}: now in {deal.stage}"
    return _after_move(request, deal, change, text if change else "")


@require_POST
@requires(permissions.CHANGE_DEALS)
def deal_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take one move back; the toast that offered it says so."""
    mine = Deal.objects.visible_to(request.user)
    changes = DealChange.objects.filter(deal__in=mine)
    change = get_object_or_404(changes.select_related("was_stage", "deal"), pk=pk)
    try:
        deal = deal_moves.undo_change(actor=request.user, change=change)
    except DomainError as error:
        text, level, status = error.message, "error", 422
    else:
        text, level, status = f"Taken back: {_brief(deal)}", "success", 200
    if wants_fragment(request):
        context = {"text": text, "level": level}
        answer = render(request, "common/_toast.html", context, status=status)
        return trigger_client_event(answer, "deal-moved", {"target": "body"})
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect("campaigns:deal_detail", change.deal_id)


@require_POST
@requires(permissions.CHANGE_DEALS)
def deal_reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    deal = visible_deal(request, pk)
    return _act(
        request,
        deal,
        lambda: deal_moves.reopen_deal(actor=request.user, deal=deal),
        said=f"Open again in {deal.stage}.",
    )


@require_POST
@requires(permissions.CHANGE_DEALS)
def deal_unlink(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the link to its order off; the order stays."""
    deal = visible_deal(request, pk)
    return _act(
        request,
        deal,
        lambda: deal_moves.unlink_order(actor=request.user, deal=deal),
        said="The order is not linked any more. It stays as it is.",
    )


def _act(
    request: SignedInRequest, deal: Deal, act: Callable[[], object], *, said: str
) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("campaigns:deal_detail", deal.pk)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEALS)
def deal_lose(request: SignedInRequest, pk: int) -> HttpResponse:
    deal = visible_deal(request, pk)
    form = LoseForm(
        request.POST or None,
        initial={"version": deal.version, "competitor": deal.competitor},
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            change = deal_moves.lose_deal(
                actor=request.user,
                deal=deal,
                reason=said["reason"],
                competitor=said["competitor"],
                note=said["note"],
                expected_version=said["version"],
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            messages.success(
                request, f"Lost: {_brief(deal)}", extra_tags=_undo_url(change)
            )
            return redirect("campaigns:deal_board")
    return _closing_page(request, deal, form, "campaigns/deals/lose.html")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEALS)
def deal_win(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close a deal as won, and say at once which order it became."""
    deal = visible_deal(request, pk)
    may_order = request.user.has_perm(permissions.CHANGE_ORDERS)
    form = WinForm(
        request.POST or None,
        deal=deal,
        may_order=may_order,
        initial={"version": deal.version, "competitor": deal.competitor},
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            with transaction.atomic():
                change = deal_moves.win_deal(
                    actor=request.user,
                    deal=deal,
                    competitor=said["competitor"],
                    note=said["note"],
                    expected_version=said["version"],
                )
                _take_order(request, deal, said)
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            undo = _undo_url(change) if said["how"] == OrderForm.LATER else ""
            messages.success(request, f"Won: {_brief(deal)}", extra_tags=undo)
            return redirect("campaigns:deal_detail", deal.pk)
    return _closing_page(request, deal, form, "campaigns/deals/win.html")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_DEALS)
def deal_order(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which order a deal became that was won before."""
    deal = visible_deal(request, pk)
    may_order = request.user.has_perm(permissions.CHANGE_ORDERS)
    form = OrderForm(request.POST or None, deal=deal, may_order=may_order)
    if request.method == "POST" and form.is_valid():
        try:
            _take_order(request, deal, form.cleaned_data)
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect("campaigns:deal_detail", deal.pk)
    return _closing_page(
        request, deal, form, "campaigns/deals/order.html", status=DealStatus.WON
    )


def _take_order(request: SignedInRequest, deal: Deal, said: dict[str, Any]) -> None:
    if said["how"] == OrderForm.PLACE:
        deal_moves.order_deal(
            actor=request.user, deal=deal, ordered_on=said["ordered_on"]
        )
    elif said["how"] == OrderForm.LINK:
        deal_moves.link_order(actor=request.user, deal=deal, order=said["order"])


def _closing_page(
    request: SignedInRequest,
    deal: Deal,
    form: Any,
    template: str,
    *,
    status: str = DealStatus.OPEN,
) -> HttpResponse:
    deal.refresh_from_db()
    if not form.errors and (deal.status != status or deal.order_id):
        messages.info(request, f"This deal is {deal.get_status_display().lower()}.")
        return redirect("campaigns:deal_detail", deal.pk)
    context = {"deal": deal, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)


def _brief(deal: Deal) -> str:
    return f"{deal.title[:60]}, {deal.account.name[:60]}"


def _undo_url(change: DealChange) -> str:
    return reverse("campaigns:deal_undo", args=[change.pk])


def _after_move(
    request: SignedInRequest,
    deal: Deal,
    change: DealChange | None,
    text: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    undo_url = _undo_url(change) if change else ""
    level = "success" if status == HTTPStatus.OK else "error"
    if wants_fragment(request):
        context = board_context(request) | {
            "toast": text,
            "toast_level": level,
            "undo_url": undo_url,
            "moved": deal,
        }
        return render(request, "campaigns/deals/_moved.html", context, status=status)
    if text:
        kind = messages.DEFAULT_LEVELS[level.upper()]
        messages.add_message(request, kind, text, extra_tags=undo_url)
    wanted = request.POST.get("then", "")
    if wanted == "board":
        return redirect("campaigns:deal_board")
    return redirect("campaigns:deal_detail", deal.pk)
