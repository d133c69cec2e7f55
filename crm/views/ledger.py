"""The ledger: every cost with where it comes from; post, reverse, take out."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from common.spreadsheets import csv_lines
from common.templatetags.display import cents, day
from crm import permissions
from crm.forms.ledger import CostForm, LedgerFilterForm, ReversalForm
from crm.models import LedgerEntry
from crm.queries import ledger as queries
from crm.requests import SignedInRequest
from crm.services import audit, ledger
from crm.views.dialogs import ask

HEADER = (
    "Number",
    "Day",
    "Account number",
    "Account",
    "Kind",
    "Amount",
    "Document",
    "What for",
    "Comes from",
    "Rule",
    "Allocation",
    "Reverses",
    "Entered by",
)
FETCHED_AT_ONCE = 2_000


@require_GET
@requires(permissions.VIEW_LEDGER)
def ledger_list(request: SignedInRequest) -> HttpResponse:
    """Show the rows that the address asks for, and what they sum up to."""
    form = LedgerFilterForm(request.GET, user=request.user)
    wanted = form.wanted()
    context: dict[str, Any] = {
        "form": form,
        "wanted": wanted,
        "may_change": request.user.has_perm(permissions.CHANGE_LEDGER),
        "sees_all": request.user.sees_every_account,
        "is_empty": not LedgerEntry.objects.visible_to(request.user).exists(),
    }
    if wanted is not None:
        rows = queries.entries(request.user, wanted)
        context |= {
            "page": queries.entry_page(rows, request.GET.get("cursor", "")),
            "sums": queries.sums_of(rows),
        }
    return render_page(
        request,
        "crm/ledger/list.html",
        fragment="crm/ledger/_list.html",
        context=context,
    )


@require_POST
@requires(permissions.VIEW_LEDGER)
def ledger_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream all rows of the filter; the audit trail keeps who took them."""
    wanted = LedgerFilterForm(request.GET, user=request.user).wanted()
    if wanted is None:
        return HttpResponse("The filter cannot be read.", status=400)
    rows = queries.entries(request.user, wanted).order_by("incurred_on", "pk")
    audit.record(actor=request.user, action="ledger.exported", filter=str(wanted))
    name = f"ledger-{business_today().isoformat()}.csv"
    return StreamingHttpResponse(
        csv_lines(HEADER, _lines(rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_LEDGER)
def cost_create(request: SignedInRequest) -> HttpResponse:
    """Post one cost."""
    form = CostForm(
        request.POST or None,
        user=request.user,
        currency=settings.CURRENCY,
        initial={"account": request.GET.get("account", "")},
    )
    return ask(
        request,
        title="A cost",
        form=form,
        act=lambda: ledger.post_entry(actor=request.user, **form.cleaned_data),
        said="Cost posted.",
        back=reverse("crm:ledger_list"),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_LEDGER)
def cost_reverse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take one cost back by a row of the opposite amount."""
    mine = LedgerEntry.objects.visible_to(request.user)
    entry = get_object_or_404(mine, pk=pk)
    form = ReversalForm(request.POST or None)
    return ask(
        request,
        title=f"Reverse {cents(entry.amount)} of {day(entry.incurred_on)}",
        form=form,
        act=lambda: ledger.reverse_entry(
            actor=request.user, entry=entry, **form.cleaned_data
        ),
        said="Reversed by a row of the opposite amount.",
        back=reverse("crm:ledger_list"),
    )


def _lines(rows: Any) -> Iterator[tuple[Any, ...]]:
    told = rows.select_related("account", "rule", "created_by")
    for one in told.iterator(chunk_size=FETCHED_AT_ONCE):
        yield (
            one.pk,
            one.incurred_on,
            one.account.external_id if one.account else None,
            one.account.name if one.account else "the firm",
            one.get_kind_display(),
            one.amount,
            one.document,
            one.note,
            queries.origin_of(one).label,
            one.rule.name if one.rule else None,
            one.allocation_id,
            one.reverses_id,
            str(one.created_by) if one.created_by else one.source,
        )
