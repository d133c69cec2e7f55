"""The pre-call brief: one printable page about one account."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns.queries.brief import brief
from common.access import requires
from common.clock import business_today
from crm import permissions
from crm.models import Account
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_brief(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show everything one should know before a call, on one page."""
    mine = Account.objects.active().visible_to(request.user).select_related("owner")
    account = get_object_or_404(mine, pk=pk)
    today = business_today()
    context = {"account": account, "brief": brief(account, today=today), "today": today}
    return render(request, "campaigns/brief/page.html", context)
