"""Worth on the account page, which belongs to `crm`."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clv.models import Assumptions, ValuationRun
from clv.permissions import VIEW_VALUES
from clv.queries.expansion import expansion_of
from clv.queries.marks import placed_marks
from clv.queries.prospects import prospect_of
from clv.queries.referrals import brought
from clv.queries.worth import AccountWorth, account_worth
from clv.requests import chosen_run
from clv.services.contract_terms import terms_of
from clv.services.payback import payback_of
from clv.services.tree import value_tree
from common.access import requires
from crm.models import Account
from crm.permissions import CHANGE_ACCOUNTS
from crm.queries.goals import delivered
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def account_value(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what the account is worth and why."""
    context = _context(request, pk)
    worth = context["worth"]
    if isinstance(worth, AccountWorth):
        value, run = worth.value, worth.run
        nights = [one.as_of for one in worth.past]
        context["marks"] = placed_marks(pk, nights)
        context["tree"] = value_tree(value=value, run=run)
        context["payback"] = payback_of(value=value, run=run)
        context["contract"] = terms_of(account_id=pk, run=run)
        context["expansion"] = expansion_of(account=worth.account, value=value, run=run)
    return render(request, "clv/accounts/_value.html", context)


@require_GET
@requires(VIEW_VALUES)
def account_header(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show worth and break-even as chips in the account's header."""
    return render(request, "clv/accounts/_header.html", _context(request, pk))


@require_GET
@requires(VIEW_VALUES)
def assumed_margin(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which margin is assumed where the cost of something sold is not known."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    current = ValuationRun.objects.select_related("assumptions").current()
    assumptions = current.assumptions if current else Assumptions.objects.current()
    context = {
        "account": account,
        "margin_rate": assumptions.margin_rate_if_cost_unknown,
    }
    return render(request, "clv/accounts/_assumed_margin.html", context)


@require_GET
@requires(VIEW_VALUES)
def referrals(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show whom the account recommended us to, and what they are worth."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    context = {
        "account": account,
        "came_through": mine.filter(referrals=account).first(),
        "brought": brought(account, request.user),
        "can_change": request.user.has_perm(CHANGE_ACCOUNTS),
    }
    return render(request, "clv/accounts/_referrals.html", context)


@require_GET
@requires(VIEW_VALUES)
def both_sides(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what our work was worth to the customer beside what they are worth to us."""
    context = _context(request, pk)
    context["delivered"] = delivered(pk)
    return render(request, "clv/accounts/_both_sides.html", context)


def _context(request: SignedInRequest, pk: int) -> dict[str, object]:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    chosen, worth = chosen_run(request), None
    if chosen.run is not None:
        worth = account_worth(account=account, run=chosen.run)
    return {
        "account": account,
        "chosen": chosen,
        "run": chosen.run,
        "worth": worth,
        "prospect": prospect_of(worth.value) if worth else None,
    }
