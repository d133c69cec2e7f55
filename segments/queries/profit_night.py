"""What the night keeps of profit and loss, so that its page need not sum up a year.

Of the last twelve months every cell is kept by month, for each dimension: of the whole
firm, and of each class, rep, territory and industry. It counts until something is
booked, ordered or sent back after it, or an account or its class is changed; at a large
firm until the next night, which the page says. For a period of one's own, and for what
is narrowed twice, the rows are summed anew.
"""

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone

from clv.models import ValuationRun
from common.kept import marks_of
from segments.choices import ProfitBy
from segments.models import StoredFigures
from segments.queries.narrowed import name_of, part_of
from segments.queries.profit_cells import WHOLE, tables_of
from segments.queries.profit_facts import (
    Cell,
    Facts,
    Params,
    Table,
    unspread_of,
)
from segments.queries.scope import Period, Scope, usual_period
from segments.queries.stored import stored_rows

PROFIT = "profit"
NOTHING = Table({}, {}, {})
Row = list[object]
MOST_CELLS = 20_000  # of more the page is the smaller part of the work
READ = (
    "crm_ledgerentry",
    "crm_orderline",
    "crm_orderreturn",
    "crm_account",
    "segments_membership",
)


def block_of(by: ProfitBy, within: str = WHOLE, key: str = "") -> str:
    """Return the name of a breakdown of the firm, or of one value of a dimension."""
    if within == WHOLE:
        return f"{PROFIT}-{by.value}"
    return name_of(PROFIT, f"{by.value} {within}", key)


def profit_blocks(run: ValuationRun) -> list[StoredFigures]:
    """Return every breakdown as blocks to keep; lines and costs are read once.

    Parts of the firm are those of now: only the current run keeps them.
    """
    made_at, begun = timezone.now(), time.perf_counter()
    marks: Row = list(marks_of(*READ))
    days = _days(usual_period(run.as_of), run)
    unspread = unspread_of("month", days)
    blocks = []
    for by, within, tables in tables_of(days, is_split=run.is_current):
        kept = dict(tables)
        if within == WHOLE:
            kept[""] = replace(tables.get("", NOTHING), unspread=unspread)
        blocks += [
            StoredFigures(
                run=run,
                block=block_of(by, within, key),
                rows=profit_rows(marks, table),
                made_at=made_at,
            )
            for key, table in kept.items()
            if key or within == WHOLE
        ]
    took = time.perf_counter() - begun
    for block in blocks:
        block.seconds = took
    return blocks


def profit_rows(marks: Row, table: Table) -> list[Row]:
    """Return a breakdown as rows to keep: marks of what was read, accounts, cells."""
    if len(table.cells) > MOST_CELLS:
        return []
    return [
        marks,
        list(map(list, table.accounts.items())),
        [[day.isoformat(), _said(costs)] for day, costs in table.unspread.items()],
        *([key, day.isoformat(), *_kept(cell)] for (key, day), cell in _cells(table)),
    ]


def facts_of(scope: Scope, by: ProfitBy, every: str) -> Table | None:
    """Return what the night kept for a page, None where the rows have to be summed."""
    run, part = scope.run, part_of(scope)
    if run is None or part is None or scope.has_period or scope.day != run.as_of:
        return None
    found = stored_rows(run, block_of(by, *part), marks_of(*READ))
    if found is None:
        return None
    accounts, unspread, *cells = found
    return _table(accounts, unspread, cells, every)


def _days(period: Period, run: ValuationRun) -> Params:
    day = dt.date.max if run.is_current else run.as_of
    return {"day": day, "since": period.since, "until": period.until}


def _cells(table: Table) -> Iterable[tuple[Cell, Facts]]:
    return sorted(table.cells.items())


def _kept(cell: Facts) -> list[object]:
    sums = (cell.revenue, cell.refunds, cell.goods, cell.recovered, cell.unknown)
    return [*map(str, sums), _said(cell.costs)]


def _said(costs: Any) -> dict[str, str]:
    return {kind: str(amount) for kind, amount in costs.items()}


def _table(accounts: Any, unspread: Any, cells: Any, every: str) -> Table:
    """Join months to the stretches of the page."""
    joined: dict[Cell, Facts] = {}
    for key, day, *sums, costs in cells:
        revenue, refunds, goods, recovered, unknown = map(Decimal, sums)
        facts = Facts(revenue, refunds, goods, recovered, unknown, _read(costs))
        cell = joined.setdefault((key, _begins(day, every)), Facts())
        cell.add(facts)
    left: dict[dt.date, dict[str, Decimal]] = {}
    for day, costs in unspread:
        kinds = left.setdefault(_begins(day, every), {})
        for kind, amount in _read(costs).items():
            kinds[kind] = kinds.get(kind, Decimal(0)) + amount
    return Table(joined, dict(accounts), left)


def _read(costs: Any) -> dict[str, Decimal]:
    return {kind: Decimal(amount) for kind, amount in costs.items()}


def _begins(day: str, every: str) -> dt.date:
    month = dt.date.fromisoformat(day)
    first = {"year": 1, "quarter": (month.month - 1) // 3 * 3 + 1}
    return month.replace(month=first.get(every, month.month))
