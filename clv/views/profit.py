"""An account's profit and loss, down to order lines and ledger rows."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from clv.models import Assumptions, Valuation
from clv.permissions import VIEW_VALUES
from clv.queries import profit
from clv.requests import ChosenRun, chosen_run
from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from common.paging import Sort, keyset_page
from crm.models import Account
from crm.requests import SignedInRequest

ROWS_PER_PAGE = 25
LONGEST_KEY = 18  # digits
NEWEST_FIRST = Sort("day", "day", descending=True, parse=dt.date)


@require_GET
@requires(VIEW_VALUES)
def profit_and_loss(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the statement, and the rows behind the figure that was clicked."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    chosen = chosen_run(request)
    statement = _statement(account, chosen)
    context = {
        "account": account,
        "chosen": chosen,
        "statement": statement,
        **_reconciliation(account, chosen, statement),
        **_rows(request, account, statement),
    }
    return render_page(
        request,
        "clv/accounts/profit_and_loss.html",
        fragment="clv/accounts/_profit_rows.html",
        context=context,
    )


def _statement(account: Account, chosen: ChosenRun) -> profit.ProfitAndLoss:
    run = chosen.run
    assumptions = run.assumptions if run else Assumptions.objects.current()
    return profit.profit_and_loss(
        account=account,
        as_of=run.as_of if run else business_today(),
        margin_rate=assumptions.margin_rate_if_cost_unknown,
    )


def _reconciliation(
    account: Account, chosen: ChosenRun, statement: profit.ProfitAndLoss
) -> dict[str, Any]:
    """Compare with the profit that the run stored; they differ by later entries."""
    value = None
    if chosen.run is not None:
        value = Valuation.objects.of_run(chosen.run).filter(account=account).first()
    difference = statement.realised_profit - value.realised_profit if value else None
    return {"value": value, "difference": difference}


def _rows(
    request: SignedInRequest, account: Account, statement: profit.ProfitAndLoss
) -> dict[str, Any]:
    figure = request.GET.get("figure", "")
    if not figure:
        return {"figure": None, "page": None}
    if figure not in profit.FIGURES:
        raise Http404(figure)
    year = _year(request.GET.get("year", ""))
    rows = profit.rows_of_figure(
        account=account, as_of=statement.as_of, figure=figure, year=year
    )
    entry = request.GET.get("entry", "")
    if entry:
        rows = rows.filter(pk=_number(entry))
    page: Any = keyset_page(
        rows,
        sort=NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
        size=ROWS_PER_PAGE,
    )
    return {
        "figure": _named_row(statement, figure),
        "figure_key": figure,
        "figure_kind": _kind(figure),
        "year": year,
        "entry": entry,
        "amount": statement.amount(figure, year),
        "page": page,
    }


def _named_row(statement: profit.ProfitAndLoss, figure: str) -> profit.Row:
    for row in statement.rows:
        if row.key == figure:
            return row
    raise Http404(figure)


def _kind(figure: str) -> str:
    if figure in profit.LINE_FIGURES:
        return "lines"
    return "returns" if figure in profit.RETURN_FIGURES else "ledger"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY):
        raise Http404(text)
    return int(text)


def _year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == len("2026")):
        raise Http404(text)
    return int(text)
