"""The lists of accounts, of the people there, and of what is to be done."""

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


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def contact_list(request: SignedInRequest) -> HttpResponse:
    return show_list(request, ListKey.CONTACTS)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def contact_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.CONTACTS)


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def task_list(request: SignedInRequest) -> HttpResponse:
    return show_list(request, ListKey.TASKS)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def task_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.TASKS)
