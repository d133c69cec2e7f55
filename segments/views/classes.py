"""One class of worth: its members and how value is spread in it."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from clv.models import Valuation, ValuationRun
from common.access import requires
from common.htmx import render_page
from common.kept import kept_list
from common.paging import Sort, keyset_page
from common.panels import panels_for
from crm.requests import SignedInRequest
from segments.models import ClassPolicy, Membership
from segments.permissions import VIEW_CLASSES
from segments.queries import spread, totals
from segments.queries.class_scope import ClassScope
from segments.queries.tiles import tiles_of
from segments.views import charts
from segments.views.asked import class_scope

MEMBERS_PER_PAGE = 50
BY_CLV = Sort("clv", "clv", descending=True, parse=Decimal, tie_breaker="account_id")


@require_GET
@requires(VIEW_CLASSES)
def class_detail(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the class in the scope of the bar; a rep sees the members they own."""
    among = class_scope(request, key)
    scope = among.bar
    context: dict[str, Any] = {
        "worth_class": among.worth_class,
        "scope": scope,
        "policy": ClassPolicy.objects.current(),
        "panels": panels_for("class", request.user),
    }
    if scope.run is not None and scope.is_valid:
        cursor = request.GET.get("cursor", "")
        context |= _members(among, scope.run, cursor) | _totals(among, scope.run)
    return render_page(
        request,
        "segments/classes/detail.html",
        fragment="segments/classes/_members.html",
        context=context,
        status=200 if scope.is_valid else 400,
    )


def _members(among: ClassScope, run: ValuationRun, cursor: str) -> dict[str, Any]:
    held = Membership.objects.on(run.as_of).filter(worth_class=among.worth_class)
    values = (
        Valuation.objects.of_run(run)
        .visible_to(among.bar.user)
        .filter(account_id__in=held.values("account_id"))
        .select_related("account__owner")
    )
    if among.bar.is_narrowed:
        values = values.filter(account_id__in=among.bar.accounts().values("pk"))
    if not cursor:
        values = values.filter(account_id__in=_first(values))
    page = keyset_page(values, sort=BY_CLV, cursor=cursor, size=MEMBERS_PER_PAGE)
    return {"page": page, "members": totals.with_classes(run, page.rows)}


def _first(values: QuerySet[Valuation]) -> list[int]:
    """Return who begins the list: many of other classes may stand above them."""
    ordered = values.order_by("-clv", "account_id").values_list("account_id", flat=True)
    return kept_list(ordered[: MEMBERS_PER_PAGE + 1])


def _totals(among: ClassScope, run: ValuationRun) -> dict[str, Any]:
    """Return the totals of the class in scope; a rep does not get them."""
    if not among.bar.user.sees_every_account:
        return {"tile": None, "chart": None}
    (tile,) = tiles_of(among.inside)
    if among.bar.is_whole_firm:
        bars = spread.future_value_bars(run, among.worth_class)
    else:
        bars = spread.bars_of(among.inside)
    tone = f"class-{among.worth_class.value}"
    chart = charts.future_value_chart(bars, tone=tone, scope=among.inside)
    return {"tile": tile, "chart": chart}
