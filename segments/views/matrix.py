"""The value matrix: revenue rank against CLV rank, and others like the best."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from clv.models import Valuation
from common.access import requires
from common.spreadsheets import csv_file, csv_refused
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries.corners import CORNERS
from segments.queries.matrix import Shown, matrix_in, members
from segments.queries.scope import Scope
from segments.queries.similar import similar_to

HEADER = (
    *("Corner", "Account", "Owner", "Revenue rank", "CLV rank"),
    *("Revenue to date", "CLV", "Biggest cost", "Cost to date"),
)
LONGEST_NUMBER = 18


@require_GET
@requires(VIEW_DASHBOARD)
def matrix(request: SignedInRequest) -> HttpResponse:
    """Show the four corners with names, and how revenue and CLV rank."""
    scope = Scope.read(request.GET, request.user)
    shown = matrix_in(scope) if scope.is_ready else None
    context = {"scope": scope, "shown": shown}
    status = 200 if scope.is_valid else 422
    return render(request, "segments/matrix/page.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def matrix_export(request: SignedInRequest) -> HttpResponseBase:
    """Stream the names at the top of each corner."""
    scope = Scope.read(request.GET, request.user)
    if not scope.is_valid:
        return csv_refused()
    shown = matrix_in(scope) if scope.is_ready else None
    return csv_file(
        "value-matrix",
        HEADER,
        _rows(shown) if shown else (),
        as_of=scope.day,
        among=scope.text,
    )


def _rows(shown: Shown) -> Iterator[tuple[Any, ...]]:
    for corner in shown.corners:
        for one in corner.movers:
            yield (
                corner.kind.title,
                one.account.name,
                str(one.account.owner or ""),
                one.revenue_rank,
                one.clv_rank,
                one.revenue,
                one.clv,
                one.biggest_cost,
                one.cost,
            )


@require_GET
@requires(VIEW_DASHBOARD)
def similar(request: SignedInRequest) -> HttpResponse:
    """Show the prospects most like the customers of a corner, or like one account."""
    scope = Scope.read(request.GET, request.user)
    key = request.GET.get("corner", "")
    corner = next((one for one in CORNERS if one.key == key), None)
    account = _account(request, scope)
    if scope.run is None or (corner is None and account is None):
        return redirect("segments:matrix")
    customers = account or members(scope, corner.key if corner else "")
    context = {
        "scope": scope,
        "corner": corner,
        "like": account.select_related("account").get().account if account else None,
        "similar": similar_to(request.user, scope.run, customers),
    }
    return render(request, "segments/matrix/similar.html", context)


def _account(request: SignedInRequest, scope: Scope) -> Any:
    """Return the value of the account that is asked for; 404 for a colleague's."""
    text = request.GET.get("account", "")
    if not text or scope.run is None:
        return None
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise Http404("no such account")
    values = Valuation.objects.of_run(scope.run).visible_to(request.user)
    mine = values.filter(account_id=int(text))
    if not mine.exists():
        raise Http404("no such account")
    return mine
