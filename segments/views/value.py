"""The manager's page: what the customers are worth, and what moved."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.requests import chosen_run
from common.access import requires
from common.panels import panels_for
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD
from segments.queries import changes as queries
from segments.queries import spread as spreads
from segments.queries import totals
from segments.views import charts

TOP_CUSTOMERS = 10
NAMES_PER_LIST = 6


@require_GET
@requires(VIEW_DASHBOARD)
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Show customer equity, the classes and the best customers as of a run."""
    chosen = chosen_run(request)
    context: dict[str, object] = {"chosen": chosen}
    if chosen.run is not None:
        history = totals.equity_history(chosen.run)
        tiles = totals.class_tiles(chosen.run)
        context |= {
            "equity": totals.equity_of(history),
            "equity_range": totals.equity_range(chosen.run),
            "equity_change": totals.change_of(history),
            "before": totals.previous_run(chosen.run),
            "chart": charts.equity_chart(history),
            "tiles": tiles,
            "customers": sum(tile.customers for tile in tiles),
            "accounts": sum(tile.accounts for tile in tiles),
            "margin_year": sum(tile.margin_year for tile in tiles),
            "cost_year": sum(tile.cost_year for tile in tiles),
            "top": totals.top_customers(chosen.run, request.user, size=TOP_CUSTOMERS),
            "tile_panels": panels_for("class-tile", request.user),
            "panels": panels_for("value", request.user),
        }
    return render(request, "segments/value/dashboard.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def spread(request: SignedInRequest) -> HttpResponse:
    """Show the whale curve and the distribution of future value."""
    run = chosen_run(request).run
    context = {
        "whale": charts.whale_chart(spreads.whale_curve(run)) if run else None,
        "future": (
            charts.future_value_chart(spreads.future_value_bars(run)) if run else None
        ),
    }
    return render(request, "segments/value/_spread.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def changes(request: SignedInRequest) -> HttpResponse:
    """Show what the run changed against the one before it."""
    run = chosen_run(request).run
    before = totals.previous_run(run) if run else None
    context: dict[str, object] = {"run": run, "before": before}
    if run is not None and before is not None:
        context |= {
            "change": queries.equity_change(run, before),
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
