"""The list of accounts: what each is worth, and what happens next."""

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_POST

from campaigns.views.lists import export_list, show_list
from common.access import requires
from crm import permissions
from crm.choices import ListKey
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_list(request: SignedInRequest) -> HttpResponse:
    return show_list(request, ListKey.ACCOUNTS)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def account_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.ACCOUNTS)
