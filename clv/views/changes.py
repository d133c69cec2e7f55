"""Why an account's value changed, on its page, which belongs to `crm`."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clv.permissions import VIEW_VALUES
from clv.requests import chosen_run, compared_run
from clv.services import changes
from common.access import requires
from crm.models import Account
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def account_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what changed between two runs, by cause."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    chosen = chosen_run(request)
    comparison = compared_run(request, chosen.run)
    change = None
    if chosen.run is not None and comparison.before is not None:
        change = changes.change_of_account(
            account=account, run=chosen.run, before=comparison.before
        )
    context = {
        "account": account,
        "chosen": chosen,
        "comparison": comparison,
        "change": change,
        "chart": change.chart("account-change") if change else None,
        "kept": {},
    }
    return render(request, "clv/accounts/_change.html", context)
