"""The manager's page: what the customers are worth, and what moved."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.requests import chosen_run
from common.access import requires
from common.lists.sets import account_set_url
from common.panels import panels_for
from crm.models import Account
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries import changes as queries
from segments.queries import totals
from segments.queries.scope import Scope
from segments.queries.tiles import headline_of, tiles_of
from segments.queries.worth import history_of
from segments.views import charts

TOP_CUSTOMERS = 10
NAMES_PER_LIST = 6


@require_GET
@requires(VIEW_DASHBOARD)
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Show who matters most, what all are worth, and blocks that load by themselves.

    What cannot be read in the address is said at its field, and nothing is shown.
    """
    scope = Scope.read(request.GET, request.user)
    context: dict[str, Any] = {"scope": scope, "chosen": chosen_run(request)}
    if scope.run is None:
        context["has_accounts"] = Account.objects.exists()
    elif scope.is_valid:
        tiles = tiles_of(scope)
        history = history_of(scope)
        top = totals.top_in(scope, size=TOP_CUSTOMERS)
        context |= {
            "head": headline_of(scope, tiles),
            "equity": totals.equity_of(history),
            "equity_range": totals.equity_range(scope.run),
            "equity_change": totals.change_of(history),
            "before": history[-2].as_of if len(history) > 1 else None,
            "chart": charts.equity_chart(history),
            "tiles": tiles,
            "top": top,
            "top_is_worth": any(one.value.clv > 0 for one in top),
            "top_url": scope.list_url(sort="-clv", customers=1),
            "customers_url": scope.list_url(customers=1),
            "accounts_url": scope.list_url(),
            "tile_panels": panels_for("class-tile", request.user),
            "panels": panels_for("value", request.user),
            "side_panels": panels_for("value-side", request.user),
        }
    status = 200 if scope.is_valid else 400
    return render(request, "segments/value/dashboard.html", context, status=status)


@require_GET
@requires(VIEW_DASHBOARD)
def changes(request: SignedInRequest) -> HttpResponse:
    """Show what the run changed against the one before it."""
    run = chosen_run(request).run
    before = totals.previous_run(run) if run else None
    is_of_all = Scope.read(request.GET, request.user).is_narrowed
    context: dict[str, object] = {"run": run, "before": before, "is_of_all": is_of_all}
    if run is not None and before is not None:
        context |= {
            "change": queries.equity_change(run, before),
            "equity_url": _equity_url(run, before),
            "counts": queries.move_counts(run),
            "moves": queries.biggest_moves(run, size=NAMES_PER_LIST),
            "risers": queries.biggest_movers(
                run, before, rising=True, size=NAMES_PER_LIST
            ),
            "fallers": queries.biggest_movers(
                run, before, rising=False, size=NAMES_PER_LIST
            ),
        }
    return render(request, "segments/value/_changes.html", context)


def _equity_url(run: ValuationRun, before: ValuationRun) -> str:
    """Return the list behind a part of the change, to be told which."""
    past = {} if run.is_current else {"as_of": run.as_of}
    days = {"since": before.as_of, "until": run.as_of}
    return account_set_url("equity", **days, **past)
