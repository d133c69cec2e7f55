"""Prospects: whom to win first, and what winning each may cost."""

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_POST

from campaigns.views.lists import export_list, show_list
from clv.permissions import VIEW_VALUES
from common.access import requires
from crm.choices import ListKey
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def prospect_list(request: SignedInRequest) -> HttpResponse:
    """Show accounts without orders, those first that promise most."""
    return show_list(request, ListKey.PROSPECTS)


@require_POST
@requires(VIEW_VALUES)
def prospect_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.PROSPECTS)
