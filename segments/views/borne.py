"""The box beside the preview of an allocation: which classes would bear it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from common.access import requires
from crm.models import AllocationRule
from crm.permissions import CHANGE_LEDGER
from crm.queries import allocation
from crm.requests import SignedInRequest, asked_period
from segments.queries.borne import borne_by_class


@require_GET
@requires(CHANGE_LEDGER)
def allocation_classes(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show each class's share of the costs that the page is about."""
    rule = get_object_or_404(AllocationRule, pk=pk)
    start, end, chosen = asked_period(request, allocation.first_open_month(rule))
    costs = allocation.unspread(rule, start, end, chosen) if start and end else []
    context = {"shares": borne_by_class(rule, costs)}
    return render(request, "segments/allocations/_classes.html", context)
