"""Rows of a file that were refused: kept with their reasons, to be mended.

Mended, such a file can be imported again: its first two columns are ignored.
"""

import csv
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection
from django.utils import timezone

from crm import policy
from crm.models import ImportJob, RefusedRow
from crm.services.imports.reading import Layout, split_cells
from crm.services.imports.staging import run

MOST_REFUSED_KEPT = 10_000  # rows in the database; the file has all
LONGEST_REASON = 300
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
FETCH = 5_000
BEFORE = ("line", "reason")  # columns before those of the file


def keep_refused(job: ImportJob) -> None:
    """Keep refused rows to be mended, and forget what those of old files held."""
    run(
        """INSERT INTO crm_refusedrow (job_id, line, reason, raw)
           SELECT %s, line, left(r.problem, %s), s.raw
           FROM pg_temp.rows r JOIN pg_temp.stage s USING (line)
           WHERE r.problem IS NOT NULL ORDER BY line LIMIT %s""",
        [job.pk, LONGEST_REASON, MOST_REFUSED_KEPT],
    )
    latest = timezone.now() - dt.timedelta(days=policy.REFUSED_ROWS_KEPT_DAYS)
    old = RefusedRow.objects.filter(job__created_at__lt=latest).exclude(raw="")
    old.update(raw="")


def write_refused(path: Path, layout: Layout) -> Path:
    """Write all refused rows beside their line and reason, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    statement = (
        "SELECT s.line, r.problem, s.raw FROM pg_temp.rows r "
        "JOIN pg_temp.stage s USING (line) WHERE r.problem IS NOT NULL ORDER BY s.line"
    )
    with (
        fresh.open("w", encoding="utf-8", newline="") as file,
        connection.chunked_cursor() as cursor,
    ):
        writer = csv.writer(file, delimiter=layout.delimiter)
        writer.writerow([*BEFORE, *layout.header])
        cursor.execute(statement)
        while rows := cursor.fetchmany(FETCH):
            writer.writerows(_cells(row, layout.delimiter) for row in rows)
    fresh.replace(path)
    return path


def kept_rows(job: ImportJob) -> Iterator[list[str]]:
    """Yield the header and the kept rows of a file, as `write_refused` writes them."""
    yield [*BEFORE, *job.header]
    rows = job.refused_rows.values_list("line", "reason", "raw")
    for row in rows.iterator(FETCH):
        yield _cells(row, job.delimiter)


def _cells(row: Sequence[object], delimiter: str) -> list[str]:
    line, reason, raw = (str(cell) for cell in row)
    if not raw:
        return [line, reason]
    try:
        cells = split_cells(raw, delimiter)
    except csv.Error:
        cells = [raw]
    return [line, reason, *(_harmless(cell) for cell in cells)]


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running a cell; plain negative numbers stay."""
    is_number = cell.lstrip("+-").replace(".", "", 1).replace(",", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and not is_number else cell
