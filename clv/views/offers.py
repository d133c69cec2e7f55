"""What could be added: on the account page, on the board, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from clv.choices import OfferKind
from clv.forms.offers import BoardFilter, DismissForm
from clv.models import OfferDecision
from clv.permissions import DECIDE_OFFERS, VIEW_VALUES
from clv.queries.expansion_board import board, lacking, outcomes
from clv.queries.offers import offers_of
from clv.services import offers
from common.access import requires
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from crm.models import Account, Product
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def account_offers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what could come next for one account."""
    return _panel(request, _account(request, pk))


@require_POST
@requires(DECIDE_OFFERS)
def offer_accept(request: SignedInRequest, pk: int, offered: int) -> HttpResponse:
    """Take one offer up as a task."""
    account = _account(request, pk)
    product = get_object_or_404(Product, pk=offered)
    try:
        decision = offers.accept_offer(
            actor=request.user, account=account, offered=product
        )
    except DomainError as error:
        return _done(request, account, error=error.message)
    due = decision.task.due_on if decision.task else None
    return _done(request, account, said=f"{product}: a task is due", due=due)


@require_POST
@requires(DECIDE_OFFERS)
def offer_dismiss(request: SignedInRequest, pk: int, offered: int) -> HttpResponse:
    """Do not offer this product to the account for a while."""
    account = _account(request, pk)
    product = get_object_or_404(Product, pk=offered)
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _done(request, account, error="Say why it is not offered.")
    try:
        decision = offers.dismiss_offer(
            actor=request.user,
            account=account,
            offered=product,
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
        )
    except DomainError as error:
        return _done(request, account, error=error.message)
    said = f"{product} is not offered before"
    return _done(request, account, said=said, due=decision.silent_until)


@require_POST
@requires(DECIDE_OFFERS)
def offer_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a decision back."""
    mine = OfferDecision.objects.visible_to(request.user)
    decision = get_object_or_404(mine.select_related("account", "offered"), pk=pk)
    try:
        offers.withdraw_decision(actor=request.user, decision=decision)
    except DomainError as error:
        return _done(request, decision.account, error=error.message)
    said = f"{decision.offered} is offered again"
    return _done(request, decision.account, said=said)


@require_GET
@requires(VIEW_VALUES)
def expansion_board(request: SignedInRequest) -> HttpResponse:
    """Show the open offers by rep, with what they are expected to bring."""
    form = BoardFilter(request.GET, actor=request.user)
    wanted = form.cleaned_data if form.is_valid() else {}
    return render_page(
        request,
        "clv/expansions/board.html",
        fragment="clv/expansions/_board.html",
        context={
            "form": form,
            "is_filtered": any(wanted.values()),
            "board": board(
                request.user, wanted=wanted, cursor=request.GET.get("cursor", "")
            ),
            "can_decide": request.user.has_perm(DECIDE_OFFERS),
        },
    )


@require_GET
@requires(VIEW_VALUES)
def expansion_outcomes(request: SignedInRequest) -> HttpResponse:
    """Show what became of offers that were taken up, and why others were not."""
    found = outcomes(request.user, cursor=request.GET.get("cursor", ""))
    context = {"outcomes": found}
    return render_page(
        request,
        "clv/expansions/outcomes.html",
        fragment="clv/expansions/_outcomes.html",
        context=context,
    )


@require_GET
@requires(VIEW_VALUES)
def expansion_lacking(
    request: SignedInRequest, base: int, offered: int
) -> HttpResponse:
    """List the customers who have one product and not the other."""
    has = get_object_or_404(Product, pk=base)
    lacks = get_object_or_404(Product, pk=offered)
    is_upgrade = has.upgrade_to_id == lacks.pk
    kind = OfferKind.UPGRADE if is_upgrade else OfferKind.COMPLEMENT
    cursor = request.GET.get("cursor", "")
    context = {
        "base": has,
        "offered": lacks,
        "is_upgrade": is_upgrade,
        "page": lacking(
            request.user, base=has, offered=lacks, kind=kind, cursor=cursor
        ),
    }
    return render_page(
        request,
        "clv/expansions/lacking.html",
        fragment="clv/expansions/_lacking.html",
        context=context,
    )


def _account(request: SignedInRequest, pk: int) -> Account:
    mine = Account.objects.active().visible_to(request.user)
    return get_object_or_404(mine.select_related("owner"), pk=pk)


def _panel(
    request: SignedInRequest, account: Account, *, status: int = 200, **said: Any
) -> HttpResponse:
    context = {
        "account": account,
        "offers": offers_of(account),
        "dismiss": DismissForm(auto_id=False),
        "can_decide": request.user.has_perm(DECIDE_OFFERS),
        "error": said.get("error", ""),
        "said": said.get("said", ""),
        "due": said.get("due"),
    }
    return render(request, "clv/accounts/_offers.html", context, status=status)


def _done(request: SignedInRequest, account: Account, **said: Any) -> HttpResponse:
    """Answer with the panel anew, or go back to the tab it stands on."""
    error = said.get("error", "")
    if wants_fragment(request):
        return _panel(request, account, status=422 if error else 200, **said)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, f"{said['said']}.")
    tab = reverse("crm:account_detail", args=[account.pk])
    return redirect(f"{tab}?tab=products")
