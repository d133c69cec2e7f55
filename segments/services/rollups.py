"""What the night sums up for the value pages, behind everything that was published."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from django.db import transaction

from clv.models import ValuationRun
from common.kept import prune
from segments.models import CohortCell, StoredFigures, ValueTotal
from segments.policy import COHORTS_COUNTED_EVERY_DAYS, COHORTS_KEPT_DAYS
from segments.queries import (
    cohorts,
    effort,
    loyalty,
    paybacks,
    quality_facts,
    spread,
    worth,
)
from segments.queries.findings import MARGIN
from segments.queries.narrowed import drop_older
from segments.queries.picked import Picked
from segments.queries.profit_night import PROFIT, profit_blocks
from segments.queries.spread_within import spread_blocks
from segments.queries.stored import allow_memory, timed, timed_parts
from segments.services.changes_within import WHY

BATCH = 2000
Rows = Callable[[ValuationRun], list[Any]]
RowsWithin = Callable[[ValuationRun], Mapping[str, list[Any]]]
NO_ROWS: Mapping[str, Rows] = MappingProxyType({})
NO_PARTS: Mapping[str, RowsWithin] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows each kind of sum has; None of cohorts counted some days ago."""

    totals: int
    blocks: int
    cells: int | None

    @property
    def rows(self) -> int:
        return self.totals + self.blocks + (self.cells or 0)


@transaction.atomic
def write_rollups(
    run: ValuationRun,
    *,
    more: Mapping[str, Rows] = NO_ROWS,
    within: Mapping[str, RowsWithin] = NO_PARTS,
) -> Written:
    """Sum up a published run; again replaces what it had. Comes after classing.

    `more` are blocks of other apps: what returns the rows of each; `within` those of
    which each part of the firm has its own, by the name before the colon. The log of
    changes is cut short before, since sums are stored with the marks that it gives.
    """
    prune()
    allow_memory()
    ValueTotal.objects.filter(run=run).delete()
    totals = worth.total_rows(run)
    ValueTotal.objects.bulk_create(totals, batch_size=BATCH)
    blocks = _blocks(run, more)
    for rows in within.values():
        blocks += timed_parts(run, rows)
    kept = StoredFigures.objects.filter(run=run)
    for others in (f"{cohorts.COHORTS}:", f"{WHY}:", MARGIN):
        kept = kept.exclude(block__startswith=others)
    kept.delete()
    StoredFigures.objects.bulk_create(blocks)
    if run.is_current:
        parts = (loyalty.LOYALTY, effort.EFFORT, effort.GAINS, PROFIT, *within)
        parts += (spread.WHALE, spread.FUTURE, paybacks.WAITS, paybacks.MONTHS)
        drop_older(run.pk, parts)
    return Written(len(totals), len(blocks), _cells(run))


def _blocks(run: ValuationRun, more: Mapping[str, Rows]) -> list[StoredFigures]:
    picked = Picked(run)
    found: dict[str, Any] = {
        **_parted(run, picked),
        spread.WHALE: spread.whale_rows(picked),
        quality_facts.QUALITY: quality_facts.quality_rows(picked),
        spread.FUTURE: spread.future_rows(picked),
    }
    found |= spread_blocks(run) | paybacks.payback_blocks(run)
    made = profit_blocks(run)
    made += [timed(run, key, partial(rows, run)) for key, rows in more.items()]
    others = (StoredFigures(run=run, block=key, rows=one) for key, one in found.items())
    return [*made, *others]


def _parted(run: ValuationRun, picked: Picked) -> dict[str, Any]:
    """Return what the current run keeps of each part as well, others of the firm."""
    nights = effort.nights_of(cohorts.quarter_of(run.as_of), run)
    start = nights[0] if nights is not None and nights[1] == run else None
    if run.is_current:
        gains = effort.gain_blocks(picked, start) if start else {}
        return gains | loyalty.loyalty_blocks(picked) | effort.effort_blocks(picked)
    found: dict[str, Any] = {
        loyalty.LOYALTY: loyalty.loyalty_rows(picked),
        effort.EFFORT: effort.effort_rows(picked),
    }
    if start:
        found[effort.GAINS] = [[start.pk], *effort.gain_rows(picked, start)]
    return found


def _cells(run: ValuationRun) -> int | None:
    """Count the cohorts about once a week: quarters hardly move from night to night.

    Late entries change past quarters, so all are counted anew.
    """
    if _is_fresh(run):
        return None
    CohortCell.objects.filter(run=run).delete()
    kept = StoredFigures.objects.filter(run=run)
    kept.filter(block__startswith=f"{cohorts.COHORTS}:").delete()
    cells, parts = _counted(run)
    CohortCell.objects.bulk_create(cells, batch_size=BATCH)
    StoredFigures.objects.bulk_create(
        StoredFigures(run=run, block=name, rows=rows) for name, rows in parts.items()
    )
    if run.is_current:
        drop_older(run.pk, [cohorts.COHORTS])
    oldest = run.as_of - dt.timedelta(days=COHORTS_KEPT_DAYS)
    CohortCell.objects.filter(run__as_of__lt=oldest).delete()
    return len(cells) + len(parts)


def _counted(run: ValuationRun) -> tuple[list[CohortCell], dict[str, Any]]:
    """Count the cohorts of the firm, and of its parts where they are those of now."""
    if not run.is_current:
        return cohorts.count_cells(Picked(run)), {}
    found = cohorts.cell_blocks(Picked(run))
    return cohorts.cells_from(run, found.pop(cohorts.COHORTS)), found


def _is_fresh(run: ValuationRun) -> bool:
    nights = ValuationRun.objects.published().filter(as_of__lte=run.as_of)
    counted = nights.filter(pk__in=CohortCell.objects.values("run"))
    newest = counted.order_by("-as_of", "-pk").first()
    if newest is None or newest.pk == run.pk:
        return False
    return 0 < (run.as_of - newest.as_of).days < COHORTS_COUNTED_EVERY_DAYS
