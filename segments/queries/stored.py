"""Rows that a night kept for a page, as long as they count."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from clv.models import ValuationRun
from common import older
from segments.models import StoredFigures

# What the night sums up is sorted and hashed in memory rather than on disk.
NIGHT_MEMORY = "128MB"


def allow_memory() -> None:
    """Let the statements of this transaction sort within memory; for nights only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{NIGHT_MEMORY}'")


def stored_rows(
    run: ValuationRun, block: str, marks: Sequence[Any]
) -> list[Any] | None:
    """Return what follows the marks in a block; None where it has to be summed anew.

    It counts until a row behind it changes, and at a large firm until the next night,
    which the page then says, see `common.older`.
    """
    found = StoredFigures.objects.filter(run=run, block=block).first()
    if found is None or not found.rows:
        return None
    stands = found.rows[0] == list(marks)
    if stands or (found.made_at is not None and may_be_older(found)):
        return list(found.rows[1:])
    return None


def may_be_older(found: StoredFigures) -> bool:
    made_at = found.made_at or timezone.now()
    return older.may_be_given(made_at=made_at, seconds=found.seconds)


def timed(
    run: ValuationRun, block: str, work: Callable[[], list[Any]]
) -> StoredFigures:
    """Return a block as `work` sums it up, with how long that took."""
    made_at, begun = timezone.now(), time.perf_counter()
    rows = work()
    took = time.perf_counter() - begun
    return StoredFigures(run=run, block=block, rows=rows, made_at=made_at, seconds=took)


def timed_parts(
    run: ValuationRun, work: Callable[[ValuationRun], Mapping[str, list[Any]]]
) -> list[StoredFigures]:
    """Return blocks that were summed up together, each with how long all took."""
    made_at, begun = timezone.now(), time.perf_counter()
    found = work(run)
    took = time.perf_counter() - begun
    return [
        StoredFigures(run=run, block=name, rows=rows, made_at=made_at, seconds=took)
        for name, rows in found.items()
    ]
