"""The class of an account on its page, which belongs to `crm`."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from common.access import requires
from crm.models import Account
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.models import Membership
from segments.permissions import VIEW_CLASSES
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


def _panel(request: SignedInRequest, pk: int, template: str) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    held = list(
        Membership.objects.filter(account=account).order_by("-since")[
            :MEMBERSHIPS_SHOWN
        ]
    )
    now = held[0] if held and held[0].until is None else None
    say_todays_reasons(ValuationRun.objects.current(), held)
    context = {
        "account": account,
        "membership": now,
        "worth_class": WorthClass(now.worth_class) if now else None,
        "history": held,
    }
    return render(request, template, context)
