"""Key accounts with empty facets: whom we should get to know."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from common.access import requires
from common.clock import business_today
from crm.requests import SignedInRequest
from segments.permissions import VIEW_CLASSES
from segments.queries.facets import empty_facets


@require_GET
@requires(VIEW_CLASSES)
def facet_list(request: SignedInRequest) -> HttpResponse:
    run = ValuationRun.objects.current()
    found = empty_facets(request.user, run, business_today()) if run else None
    return render(request, "segments/facets/list.html", {"run": run, "found": found})
