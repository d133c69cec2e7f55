"""Profit and loss of the firm by class, product, rep, source, territory or type."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from common.access import requires
from common.charts import Chart, Column, Series
from common.htmx import render_page
from common.lists.sets import AMONG
from common.spreadsheets import csv_file, csv_refused
from common.templatetags.display import money, share
from crm.requests import SignedInRequest
from segments.choices import ProfitBy, ProfitEvery
from segments.permissions import VIEW_DASHBOARD
from segments.queries.profit import KINDS, Line, Profit, profit_of
from segments.queries.profit_facts import NO_KEY
from segments.queries.scope import Scope

MOST_BARS = 25
MOST_LINES = 200
TWO = 2  # points that make a line


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind of cost, with the list of who bore it and the rows behind it."""

    name: str
    amount: Decimal
    url: str
    ledger_url: str


@require_GET
@requires(VIEW_DASHBOARD)
def profit_choose(request: SignedInRequest) -> HttpResponse:
    """Go to the page that the sentence asks for; the filters go along."""
    given = request.GET.copy()
    by = given.pop("by", [ProfitBy.CLASS.value])[-1]
    every = given.pop("every", [ProfitEvery.QUARTER.value])[-1]
    if by not in ProfitBy.values or every not in ProfitEvery.values:
        raise Http404(by)
    query = given.urlencode()
    address = reverse("segments:profit", args=[by, every])
    return redirect(f"{address}?{query}" if query else address)


@require_GET
@requires(VIEW_DASHBOARD)
def profit(request: SignedInRequest, by: str, every: str) -> HttpResponse:
    """Show the statement by one dimension and by time."""
    scope, chosen = Scope.read(request.GET, request.user), _chosen(by, every)
    context: dict[str, Any] = {
        "scope": scope,
        "by": chosen[0],
        "every": chosen[1],
        "dimensions": ProfitBy,
        "stretches": ProfitEvery,
        "found": None,
    }
    if scope.is_valid:
        found = profit_of(scope, *chosen)
        lines = [_linked(one, found, scope) for one in found.lines]
        stretches = [_linked_stretch(one, found, scope) for one in found.stretches]
        context |= {
            "found": found,
            "lines": lines[:MOST_LINES],
            "hidden_count": max(0, len(lines) - MOST_LINES),
            "sentence": _sentence(found),
            "chart": _by_chart(replace(found, lines=lines)),
            "stretch_lines": stretches,
            "course": _course_chart(replace(found, stretches=stretches)),
            "kinds": _kinds(found, scope),
        }
    return render_page(
        request,
        "segments/profit/page.html",
        fragment="segments/profit/_body.html",
        context=context,
    )


@require_GET
@requires(VIEW_DASHBOARD)
def profit_export(request: SignedInRequest, by: str, every: str) -> HttpResponseBase:
    """Stream the statement: every line with every kind of cost."""
    scope, chosen = Scope.read(request.GET, request.user), _chosen(by, every)
    if not scope.is_valid:
        return csv_refused()
    found = profit_of(scope, *chosen)
    name = f"profit-by-{by}-{found.since}-{found.until}"
    header = (
        chosen[0].label.capitalize(),
        "Customers who ordered",
        "Revenue",
        "Cost of goods",
        "of it assumed",
        "Margin",
        *KINDS.values(),
        "Contribution",
    )
    return csv_file(name, header, _csv_rows(found), as_of=scope.day, among=scope.text)


def _csv_rows(found: Profit) -> Iterator[tuple[Any, ...]]:
    rows = [*found.lines, *([found.unspread] if found.unspread else []), found.total]
    for one in [*rows, *found.stretches]:
        yield (
            one.label,
            one.accounts,
            one.revenue,
            one.goods,
            one.assumed,
            one.margin,
            *(one.costs.get(kind, 0) if one.costs_are_known else "" for kind in KINDS),
            one.contribution,
        )


def _chosen(by: str, every: str) -> tuple[ProfitBy, ProfitEvery]:
    if by not in ProfitBy.values or every not in ProfitEvery.values:
        raise Http404(by)
    return ProfitBy(by), ProfitEvery(every)


def _linked(one: Line, found: Profit, scope: Scope) -> Line:
    """Let a line open the accounts behind it; what nobody bears has none."""
    if found.by == ProfitBy.PRODUCT and one.key == NO_KEY:
        return one
    url = scope.list_url(
        "profit", by=found.by.value, at=one.key, since=found.since, until=found.until
    )
    return replace(one, url=url)


def _linked_stretch(one: Line, found: Profit, scope: Scope) -> Line:
    """Let a stretch of time open who bought or cost in its days within the period."""
    begins = dt.date.fromisoformat(one.key)
    days = {
        "since": max(begins, found.since),
        "until": min(found.every.last_day(begins), found.until),
    }
    return replace(one, url=scope.list_url("traded", **days))


def _kinds(found: Profit, scope: Scope) -> list[KindLine]:
    """Return each kind of cost with who bore it and the rows of the ledger."""
    days = {"since": found.since, "until": found.until}
    among = {} if scope.is_whole_firm else _among(scope)
    return [
        KindLine(
            name=name,
            amount=amount,
            url=scope.list_url("traded", kind=key, **days),
            ledger_url=reverse("crm:ledger_list", query={"kind": key, **days, **among}),
        )
        for key, name, amount in found.kinds
    ]


def _among(scope: Scope) -> dict[str, str]:
    """Name the accounts of the page to the ledger, which knows no classes."""
    kept = {k: v for k, v in scope.parameters.items() if k not in {"from", "to"}}
    return {AMONG: "of-page", **kept}


def _sentence(found: Profit) -> str:
    """Answer first: what was earned, who earned most, who lost."""
    total = found.total
    if found.is_empty:
        return "Nothing was sold and nothing was spent in this period."
    word = "earned" if total.contribution >= 0 else "lost"
    said = (
        f"{money(abs(total.contribution))} {word} on {money(total.revenue)} of revenue"
    )
    if total.part_of_revenue is not None:
        said += f" ({share(total.part_of_revenue)})"
    best = max(found.lines, key=lambda one: one.contribution, default=None)
    if best is not None and best.contribution > 0 and len(found.lines) > 1:
        word = "most came from" if total.contribution >= 0 else "best did"
        said += f"; {word} {best.label}: {money(best.contribution)}"
    losing = found.losing
    if losing and len(found.lines) > 1:
        worst = min(losing, key=lambda one: one.contribution)
        said += f". {worst.label} lost {money(-worst.contribution)}"
        if len(losing) > 1:
            said += f", {len(losing)} in all lost money"
    if found.unspread is not None:
        said += f". {money(found.unspread.to_serve + found.unspread.to_win)} of shared"
        said += " costs stand with nobody"
    return f"{said}."


def _by_chart(found: Profit) -> Chart | None:
    lines = [one for one in found.lines if one.key != NO_KEY or one.contribution]
    lines = lines[:MOST_BARS]
    if not lines:
        return None
    best = max(lines, key=lambda one: one.contribution)
    return Chart(
        key="profit-by",
        title=f"Contribution by {found.by.label}",
        summary=(
            f"{best.label} brought most: {money(best.contribution)}."
            if best.contribution > 0
            else f"Nothing here earned more than it cost; {best.label} lost"
            f"{' least' if len(lines) > 1 else ''}: {money(-best.contribution)}."
        ),
        labels=[one.label for one in lines],
        series=[
            Series("Contribution", [float(one.contribution) for one in lines], "bar")
        ],
        x_title=found.by.label.capitalize(),
        urls=[one.url for one in lines],
        columns_beside=(Column("Revenue", [money(one.revenue) for one in lines]),),
    )


def _course_chart(found: Profit) -> Chart | None:
    rows = found.stretches
    if len(rows) < TWO:
        return None
    return Chart(
        key="profit-course",
        title=f"Contribution by {found.every.label}",
        summary=(
            f"From {money(rows[0].contribution)} in {rows[0].label} to "
            f"{money(rows[-1].contribution)} in {rows[-1].label}; first and last may be"
            " cut short by the period."
        ),
        labels=[one.label for one in rows],
        series=[
            Series("Margin", [float(one.margin) for one in rows], "line", "chart-2"),
            Series("Contribution", [float(one.contribution) for one in rows], "area"),
        ],
        x_title=found.every.label.capitalize(),
        urls=[one.url for one in rows],
    )
