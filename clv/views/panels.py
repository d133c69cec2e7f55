"""Worth on the account page, which belongs to `crm`."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.permissions import VIEW_VALUES
from clv.queries.worth import AccountWorth, account_worth
from common.access import requires
from crm.models import Account
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def account_value(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what the account is worth and why."""
    return _panel(request, pk, "clv/accounts/_value.html")


@require_GET
@requires(VIEW_VALUES)
def account_header(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show worth and break-even as chips in the account's header."""
    return _panel(request, pk, "clv/accounts/_header.html")


def _panel(request: SignedInRequest, pk: int, template: str) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    run = ValuationRun.objects.select_related("assumptions").filter(is_current=True)
    return render(request, template, _context(account, run.first()))


def _context(account: Account, run: ValuationRun | None) -> dict[str, object]:
    worth: AccountWorth | None = None
    if run is not None:
        worth = account_worth(account=account, run=run)
    return {"account": account, "run": run, "worth": worth}
