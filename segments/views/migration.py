"""Migration: who went from which class to which between two nights."""

import csv
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.requests import Comparison, chosen_run, compared_run
from common.access import requires
from common.charts import Flow, Ribbon
from common.lists.sets import account_set_url
from common.templatetags.display import count, day, money, signed_money
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_CLASSES
from segments.queries import migration as queries
from segments.queries.migration import Cell, Migration
from segments.queries.sets import GONE, NEW

FIRST_LOOK = dt.timedelta(days=90)  # back, where nobody chose a day
NAMES_SHOWN = 20


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
    """Show the matrix, the flow and the biggest moves; a rep's are of own accounts."""
    chosen, comparison, found = _read(request)
    context: dict[str, Any] = {"chosen": chosen, "comparison": comparison}
    if found is not None:
        context |= {
            "found": found,
            "summary": _summary(found),
            "rows": _rows(found),
            "columns": [(key, *found.total_after(key)) for key in WorthClass],
            "chart": _flow(found),
            "movers": queries.movers(
                found.before, found.run, user=request.user, size=NAMES_SHOWN
            ),
            "sees_firm": request.user.sees_every_account,
        }
    return render(request, "segments/migration/page.html", context)


@require_GET
@requires(VIEW_CLASSES)
def export(request: SignedInRequest) -> HttpResponse:
    """Send the matrix as CSV, one row per cell."""
    _chosen, _comparison, found = _read(request)
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="migration.csv"'
    writer = csv.writer(response)
    writer.writerow(
        ["from_date", "to_date", "from", "to", "accounts", "clv_before", "clv_after"]
    )
    days = [found.before.as_of, found.run.as_of] if found else []
    for cell in _in_order(found) if found else []:
        writer.writerow(
            [
                *days,
                cell.was.value if cell.was else NEW,
                cell.becomes.value if cell.becomes else GONE,
                cell.accounts,
                cell.clv_before,
                cell.clv_after,
            ]
        )
    return response


def _read(request: SignedInRequest) -> tuple[Any, Comparison, Migration | None]:
    chosen = chosen_run(request)
    comparison = compared_run(request, chosen.run)
    if not request.GET.get("since") and chosen.run is not None:
        comparison = _first_look(comparison, chosen.run)
    if chosen.run is None or comparison.before is None:
        return chosen, comparison, None
    found = queries.migration(comparison.before, chosen.run, user=request.user)
    return chosen, comparison, found


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


def _rows(found: Migration) -> list[Row]:
    rows = []
    for key in _SIDES:
        accounts, clv = found.total_before(key) if key else (None, None)
        cells = [(cell, _url(found, cell)) for cell in found.row(key)]
        rows.append(Row(key, cells, accounts, clv))
    return rows


def _url(found: Migration, cell: Cell) -> str:
    if not cell.accounts:
        return ""
    return account_set_url(
        "moved",
        was=cell.was.value if cell.was else NEW,
        becomes=cell.becomes.value if cell.becomes else GONE,
        earlier=found.before.as_of.isoformat(),
        later=found.run.as_of.isoformat(),
    )


def _flow(found: Migration) -> Flow | None:
    cells = _in_order(found)
    if not cells:
        return None
    return Flow(
        key="migration",
        title="From class to class",
        summary="The wider a ribbon, the more accounts; each opens its names.",
        places=_places(cells),
        ribbons=[
            Ribbon(_left(cell), _right(cell), cell.accounts, _url(found, cell))
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
