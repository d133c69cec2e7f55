"""The metrics of one account on a page of its own."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns.queries.metrics import metrics_of
from clv.permissions import VIEW_VALUES
from common.access import requires
from crm.models import Account
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def account_metrics(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show every figure that is kept about an account, its formula and its age."""
    accounts = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(accounts, pk=pk)
    context = {"account": account, "groups": metrics_of(account)}
    return render(request, "campaigns/metrics/page.html", context)
