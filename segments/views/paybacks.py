"""When customers pay back what they cost: by quarter of first order and by source."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.choices import CohortKind
from clv.permissions import VIEW_PAYBACK
from clv.queries.paybacks import SOURCES, Cohort, Paybacks, cohort_rows
from common.access import requires
from common.htmx import render_page
from common.paging import Sort, keyset_page
from common.spreadsheets import csv_file
from crm.requests import SignedInRequest
from segments.queries.paybacks import ASKED, list_url, paybacks_in
from segments.queries.scope import Scope

ROWS_PER_PAGE = 50
UNKNOWN = "unknown"  # in addresses, for customers whose source is not known
DEEPEST_FIRST = Sort(
    "realised_profit",
    "realised_profit",
    descending=False,
    parse=Decimal,
    tie_breaker="account_id",
)
EXPORT_HEADER = (
    "By",
    "Customers of",
    "Customers",
    "Cost to win",
    "Paid back",
    "Not yet",
    "Share paid back",
    "Months until half have paid back",
    "Months until the mean is paid back",
)


@require_GET
@requires(VIEW_PAYBACK)
def payback(request: SignedInRequest) -> HttpResponse:
    """Show the course of one cohort, all customers at first, and the table of all."""
    scope = _scope(request)
    context: dict[str, Any] = {"scope": scope, "paybacks": None}
    found = paybacks_in(scope)
    if found is not None:
        cohort = _named(request, found)
        context |= {"paybacks": found, "cohort": cohort, "chart": cohort.chart()}
    answer = render_page(
        request,
        "segments/paybacks/page.html",
        fragment="segments/paybacks/_course.html",
        context=context,
    )
    answer.status_code = 200 if scope.is_valid else 422
    return answer


@require_GET
@requires(VIEW_PAYBACK)
def payback_accounts(request: SignedInRequest) -> HttpResponse:
    """List the customers of a cohort, those who owe most first."""
    scope = _scope(request)
    if not scope.is_ready:
        raise Http404("no run, or a filter that cannot be read")
    kind, key = _cohort_of(request)
    mine = scope.values().select_related("account__owner")
    rows = cohort_rows(mine, kind, key)
    state = request.GET.get("state", "")
    if state == "paid-back":
        rows = rows.exclude(paid_back_on=None)
    elif state == "not-yet":
        rows = rows.filter(paid_back_on=None)
    context = {
        "scope": scope,
        "title": _title(kind, key),
        "state": state,
        "list_url": list_url(scope, kind, key, state),
        "page": keyset_page(
            rows,
            sort=DEEPEST_FIRST,
            cursor=request.GET.get("cursor", ""),
            size=ROWS_PER_PAGE,
        ),
    }
    return render(request, "segments/paybacks/accounts.html", context)


@require_GET
@requires(VIEW_PAYBACK)
def payback_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream the table of cohorts, of the accounts of the filter bar."""
    scope = _scope(request)
    found = paybacks_in(scope)
    if found is None:
        raise Http404("no run, or a filter that cannot be read")
    return csv_file(
        "payback",
        EXPORT_HEADER,
        _lines(found),
        as_of=found.run.as_of,
        among=scope.text,
    )


def _scope(request: SignedInRequest) -> Scope:
    return Scope.read(request.GET, request.user, only=ASKED)


def _lines(found: Paybacks) -> Iterator[tuple[Any, ...]]:
    for one in found.cohorts:
        part = one.share_paid_back
        yield (
            CohortKind(one.kind).label,
            one.label,
            one.customers,
            one.cost_to_win,
            one.paid_back,
            one.not_yet,
            None if part is None else round(part, 4),
            one.months_until_half,
            one.months_until_mean,
        )


def _cohort_of(request: HttpRequest) -> tuple[str, str]:
    """Return the cohort that the address names, all customers if it names none."""
    if quarter := request.GET.get(CohortKind.QUARTER.value):
        return CohortKind.QUARTER.value, quarter
    if source := request.GET.get(CohortKind.SOURCE.value):
        return CohortKind.SOURCE.value, "" if source == UNKNOWN else source
    return CohortKind.FIRM.value, ""


def _named(request: HttpRequest, found: Paybacks) -> Cohort:
    cohort = found.named(*_cohort_of(request))
    if cohort is None:
        raise Http404("no such customers")
    return cohort


def _title(kind: str, key: str) -> str:
    if kind == CohortKind.SOURCE and key not in SOURCES:
        raise Http404(key)
    if kind == CohortKind.SOURCE:
        return f"Customers by source: {SOURCES[key]}"
    return f"Customers of {key}" if key else "All customers"
