"""Migration: who went from which class to which between two nights."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.requests import Comparison, compared_run
from common.access import requires
from common.charts import Flow, Ribbon
from common.spreadsheets import csv_file, csv_refused
from common.templatetags.display import count, day, money, signed_money
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_CLASSES
from segments.queries import migration as queries
from segments.queries.flows import movers
from segments.queries.migration import Cell, Migration
from segments.queries.scope import Scope
from segments.queries.scope_form import BETWEEN_NIGHTS
from segments.queries.sets import GONE, NEW

FIRST_LOOK = dt.timedelta(days=90)  # back, where nobody chose a day
NAMES_SHOWN = 20
HEADER = (
    *("from_date", "to_date", "from", "to", "accounts", "clv_before", "clv_after"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix: where accounts stood, and its cells with their links."""

    key: WorthClass | None
    cells: list[tuple[Cell, str]]
    accounts: int | None
    clv: Any


@require_GET
@requires(VIEW_CLASSES)
def page(request: SignedInRequest) -> HttpResponse:
    """Show the matrix, the flow and the biggest moves of the accounts in scope."""
    scope = _scope(request)
    comparison, found = _read(request, scope)
    context: dict[str, Any] = {"scope": scope, "comparison": comparison}
    if found is not None:
        context |= {
            "found": found,
            "summary": _summary(found),
            "rows": _rows(found, scope),
            "columns": [(key, *found.total_after(key)) for key in WorthClass],
            "chart": _flow(found, scope),
            "movers": movers(found.before, found.run, scope=scope, size=NAMES_SHOWN),
            "sees_firm": request.user.sees_every_account,
            "query": scope.query(**{"from": found.before.as_of}),
            "query_before": scope.query(**{"from": None, "as_of": found.before.as_of}),
        }
    status = 200 if scope.is_valid else 400
    return render(request, "segments/migration/page.html", context, status=status)


@require_GET
@requires(VIEW_CLASSES)
def export(request: SignedInRequest) -> HttpResponseBase:
    """Send the matrix as CSV, one row per cell."""
    scope = _scope(request)
    if not scope.is_valid:
        return csv_refused()
    _comparison, found = _read(request, scope)
    rows = _csv_rows(found) if found else ()
    return csv_file("migration", HEADER, rows, as_of=scope.day, among=scope.text)


def _csv_rows(found: Migration) -> Iterator[tuple[Any, ...]]:
    for cell in _in_order(found):
        yield (
            found.before.as_of,
            found.run.as_of,
            cell.was.value if cell.was else NEW,
            cell.becomes.value if cell.becomes else GONE,
            cell.accounts,
            cell.clv_before,
            cell.clv_after,
        )


def _scope(request: SignedInRequest) -> Scope:
    """Read the filter bar; `since` is what older addresses call `from`."""
    given = request.GET.dict()
    since = given.pop("since", "")
    return Scope.read({"from": since, **given}, request.user, only=BETWEEN_NIGHTS)


def _read(
    request: SignedInRequest, scope: Scope
) -> tuple[Comparison | None, Migration | None]:
    run = scope.run
    if run is None or not scope.is_valid:
        return None, None
    comparison = compared_run(request, run, since=scope.since)
    if scope.since is None:
        comparison = _first_look(comparison, run)
    if comparison.before is None:
        return comparison, None
    return comparison, queries.migration(comparison.before, run, scope=scope)


def _first_look(comparison: Comparison, run: ValuationRun) -> Comparison:
    """Look a quarter back, or to the first night."""
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    before = (
        earlier.filter(as_of__lte=run.as_of - FIRST_LOOK).order_by("-as_of").first()
    )
    before = before or earlier.order_by("as_of").first()
    return Comparison(before=before, days=comparison.days)


def _in_order(found: Migration) -> list[Cell]:
    cells = [found.cell(was, to) for was in _SIDES for to in _SIDES if was or to]
    return [cell for cell in cells if cell.accounts]


_SIDES = (*WorthClass, None)


def _rows(found: Migration, scope: Scope) -> list[Row]:
    rows = []
    for key in _SIDES:
        accounts, clv = found.total_before(key) if key else (None, None)
        cells = [(cell, _url(found, cell, scope)) for cell in found.row(key)]
        rows.append(Row(key, cells, accounts, clv))
    return rows


def _url(found: Migration, cell: Cell, scope: Scope) -> str:
    if not cell.accounts:
        return ""
    return scope.list_url(
        "moved",
        was=cell.was.value if cell.was else NEW,
        becomes=cell.becomes.value if cell.becomes else GONE,
        earlier=found.before.as_of.isoformat(),
        later=found.run.as_of.isoformat(),
    )


def _flow(found: Migration, scope: Scope) -> Flow | None:
    cells = _in_order(found)
    if not cells:
        return None
    return Flow(
        key="migration",
        title="From class to class",
        summary="The wider a ribbon, the more accounts; each opens its names.",
        places=_places(cells),
        ribbons=[
            Ribbon(_left(cell), _right(cell), cell.accounts, _url(found, cell, scope))
            for cell in cells
        ],
        columns=["From", "To", "Accounts", "CLV before", "CLV after", "Change"],
        rows=[
            [
                _left(cell),
                _right(cell).removeprefix("→ "),
                count(cell.accounts),
                money(cell.clv_before),
                money(cell.clv_after),
                signed_money(cell.clv_change),
            ]
            for cell in cells
        ],
    )


def _places(cells: list[Cell]) -> list[tuple[str, str]]:
    left = {cell.was for cell in cells}
    right = {cell.becomes for cell in cells}
    places = [(_left(Cell(key, key)), _tone(key)) for key in _SIDES if key in left]
    places += [(_right(Cell(key, key)), _tone(key)) for key in _SIDES if key in right]
    return places


def _left(cell: Cell) -> str:
    return str(cell.was.label) if cell.was else "New"


def _right(cell: Cell) -> str:
    return f"→ {cell.becomes.label if cell.becomes else 'Gone'}"


def _tone(key: WorthClass | None) -> str:
    return f"class-{key.value}" if key else "line-strong"


def _summary(found: Migration) -> str:
    risen = sum(cell.accounts for cell in found.risen)
    fallen = sum(cell.accounts for cell in found.fallen)
    return (
        f"From {day(found.before.as_of)} to {day(found.run.as_of)}"
        f" {count(risen)} rose and {count(fallen)} fell;"
        f" {count(found.new)} came anew, {count(found.gone)} went."
    )
