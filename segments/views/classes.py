"""One class of worth: its members and how value is spread in it."""

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from clv.models import Valuation, ValuationRun
from clv.requests import chosen_run
from common.access import requires
from common.htmx import render_page
from common.paging import Sort, keyset_page
from common.panels import panels_for
from crm.models import User
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.models import ClassPolicy, Membership
from segments.permissions import VIEW_CLASSES
from segments.queries import spread, totals
from segments.views import charts

MEMBERS_PER_PAGE = 50
BY_CLV = Sort("clv", "clv", descending=True, parse=Decimal, tie_breaker="account_id")


@require_GET
@requires(VIEW_CLASSES)
def class_detail(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the class as of a run; a rep sees the members they own."""
    if key not in WorthClass.values:
        raise Http404(key)
    worth_class = WorthClass(key)
    chosen = chosen_run(request)
    context: dict[str, Any] = {
        "worth_class": worth_class,
        "chosen": chosen,
        "policy": ClassPolicy.objects.current(),
        "panels": panels_for("class", request.user),
    }
    if chosen.run is not None:
        cursor = request.GET.get("cursor", "")
        context |= _members(chosen.run, worth_class, request.user, cursor)
        context |= _totals(chosen.run, worth_class, request.user)
    return render_page(
        request,
        "segments/classes/detail.html",
        fragment="segments/classes/_members.html",
        context=context,
    )


def _members(
    run: ValuationRun, worth_class: WorthClass, user: User, cursor: str
) -> dict[str, Any]:
    held = Membership.objects.on(run.as_of).filter(worth_class=worth_class)
    values = (
        Valuation.objects.of_run(run)
        .visible_to(user)
        .filter(account_id__in=held.values("account_id"))
        .select_related("account__owner")
    )
    page = keyset_page(values, sort=BY_CLV, cursor=cursor, size=MEMBERS_PER_PAGE)
    return {"page": page, "members": totals.with_classes(run, page.rows)}


def _totals(run: ValuationRun, worth_class: WorthClass, user: User) -> dict[str, Any]:
    """Return the firm's totals of the class; a rep does not get them."""
    if not user.sees_every_account:
        return {"tile": None, "chart": None}
    bars = spread.future_value_bars(run, worth_class)
    tiles = {tile.worth_class: tile for tile in totals.class_tiles(run)}
    tone = f"class-{worth_class.value}"
    return {
        "tile": tiles[worth_class],
        "chart": charts.future_value_chart(bars, tone=tone),
    }
