"""The class of an account on its page, which belongs to `crm`."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.requests import ChosenRun, chosen_run
from common.access import requires
from common.clock import business_today
from crm.models import Account
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.models import Membership, Override
from segments.permissions import OVERRIDE_CLASSES, VIEW_CLASSES
from segments.queries.history import account_nights
from segments.queries.reasons import say_todays_reasons

MEMBERSHIPS_SHOWN = 12


@require_GET
@requires(VIEW_CLASSES)
def account_class(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the class, its reason, and the classes before it."""
    return _panel(request, pk, "segments/accounts/_class.html")


@require_GET
@requires(VIEW_CLASSES)
def account_header(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the class badge with its reason in the account's header."""
    return _panel(request, pk, "segments/accounts/_header.html")


@require_GET
@requires(VIEW_CLASSES)
def account_history(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what each night said of the account, newest first."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    context = {
        "account": account,
        "chosen": chosen_run(request),
        "nights": account_nights(account),
    }
    return render(request, "segments/accounts/_history.html", context)


def _panel(request: SignedInRequest, pk: int, template: str) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    chosen = chosen_run(request)
    memberships = Membership.objects.filter(account=account)
    if chosen.is_past and chosen.run is not None:
        memberships = memberships.filter(since__lte=chosen.run.as_of)
    held = list(memberships.order_by("-since")[:MEMBERSHIPS_SHOWN])
    now = held[0] if held and _stands(held[0], chosen) else None
    say_todays_reasons(ValuationRun.objects.current(), held)
    context = {
        "account": account,
        "chosen": chosen,
        "membership": now,
        "worth_class": WorthClass(now.worth_class) if now else None,
        "history": held,
        "by_hand": None if chosen.is_past else _by_hand(account),
        "may_set": request.user.has_perm(OVERRIDE_CLASSES),
    }
    return render(request, template, context)


def _by_hand(account: Account) -> Override | None:
    """Return the override that stands, whether a night has seen it or not."""
    rows = Override.objects.open().select_related("author")
    return rows.filter(account=account, expires_on__gte=business_today()).first()


def _stands(membership: Membership, chosen: ChosenRun) -> bool:
    """Tell whether the newest membership held on the day that is shown."""
    if chosen.is_before_all:
        return False
    if chosen.run is None or not chosen.is_past:
        return membership.until is None
    return membership.until is None or membership.until > chosen.run.as_of
