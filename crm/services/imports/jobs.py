"""One import from start to end: its record, its lock, its report, its refused rows."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from common.errors import DomainError
from crm.import_choices import ImportKind, ImportStatus
from crm.models import ImportJob, User
from crm.services import audit
from crm.services.imports.reading import (
    DELIMITER_NAMES,
    Fields,
    Layout,
    read_layout,
    read_rows,
)
from crm.services.imports.refused import keep_refused, write_refused
from crm.services.imports.staging import ask, find_decimal_mark, run, stage

LOCK = 5_310_201  # one import at a time; others wait
ALIVE = 5_310_202  # held with its number by each import that runs


@dataclass(frozen=True, slots=True)
class Request:
    """What to load and how to read it."""

    path: Path
    source: str = "import"
    columns: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    decimal: str = ""
    date_format: str = ""
    refused_path: Path | None = None
    is_dry_run: bool = False
    job_id: int | None = None  # of the record that the rows are to name

    @property
    def refused_file(self) -> Path:
        return self.refused_path or self.path.with_name(f"{self.path.stem}.refused.csv")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows. read = stored + unchanged + refused."""

    read: int
    stored: int
    unchanged: int
    refused: int
    understood: str
    ignored: list[str]
    hints: list[str]
    first_refused: list[tuple[int, str]]
    refused_file: Path | None


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file. `load` turns the staged rows into facts.

    It is given the request and the decimal mark, leaves `problem` in the temporary
    table `rows` for every refused line, and returns rows stored and hints.
    """

    kind: ImportKind
    fields: Fields
    numbers: tuple[str, ...]
    check: Callable[[Layout], None]
    load: Callable[[Request, str], tuple[int, list[str]]]
    changed: tuple[type[models.Model], ...]


class _DryRunError(Exception):
    """Takes a rehearsal back."""


def run_import(importer: Importer, request: Request, *, actor: User | None) -> Report:
    """Load one file: all of its good rows in one transaction, or none.

    A repeat stores nothing new; a killed import leaves nothing behind but its record,
    which the next import marks as failed.

    Raises
    ------
    ImportRefusedError
        If the file cannot be understood; nothing is stored then.
    """
    layout = read_layout(
        request.path,
        importer.fields,
        columns=request.columns,
        delimiter=request.delimiter,
    )
    importer.check(layout)
    job = _open_job(importer, request, actor)
    try:
        report = _load(importer, request, layout, job)
    except BaseException as error:
        _fail(job, error)
        raise
    if not request.is_dry_run:
        for model in importer.changed:
            run(f"ANALYZE {model._meta.db_table}")
    return report


def _open_job(
    importer: Importer, request: Request, actor: User | None
) -> ImportJob | None:
    if request.is_dry_run:
        return None
    return ImportJob.objects.create(
        kind=importer.kind,
        source=request.source,
        file_name=request.path.name[:255],
        created_by=actor,
    )


def _load(
    importer: Importer, request: Request, layout: Layout, job: ImportJob | None
) -> Report:
    report: Report | None = None
    try:
        with transaction.atomic():
            _lift_limits()
            if job is not None:
                run("SELECT pg_advisory_xact_lock(%s, %s)", [ALIVE, job.pk])
            names = list(importer.fields.names)
            read = stage(read_rows(request.path, layout), layout, names)
            mark = find_decimal_mark(importer.numbers, request.decimal)
            run("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if job is not None:
                request = replace(request, job_id=job.pk)
            stored, hints = importer.load(request, mark)
            report = _report(request, layout, read, stored, hints, mark)
            _close_job(job, report, layout)
    except _DryRunError:
        pass
    assert report is not None  # noqa: S101  a rehearsal ends after its report
    return report


def _lift_limits() -> None:
    """Let a big file take its time, and wait for another import to end."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _report(
    request: Request,
    layout: Layout,
    read: int,
    stored: int,
    hints: list[str],
    mark: str,
) -> Report:
    refused = int(ask("SELECT count(*) FROM pg_temp.rows WHERE problem IS NOT NULL")[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, problem FROM pg_temp.rows WHERE problem IS NOT NULL "
            "ORDER BY line LIMIT 10"
        )
        first = [(int(line), str(reason)) for line, reason in cursor.fetchall()]
    return Report(
        read=read,
        stored=stored,
        unchanged=read - stored - refused,
        refused=refused,
        understood=f"{DELIMITER_NAMES.get(layout.delimiter, layout.delimiter)} between "
        f"columns, decimal {mark}; "
        + ", ".join(f"{layout.header[at]} = {f}" for f, at in layout.places.items()),
        ignored=layout.ignored,
        hints=hints,
        first_refused=first,
        refused_file=write_refused(request.refused_file, layout) if refused else None,
    )


def _close_job(job: ImportJob | None, report: Report, layout: Layout) -> None:
    if job is None:
        raise _DryRunError
    keep_refused(job)
    job.delimiter = layout.delimiter
    job.header = layout.header
    job.status = ImportStatus.DONE
    job.rows_read, job.rows_stored = report.read, report.stored
    job.rows_unchanged, job.rows_refused = report.unchanged, report.refused
    job.finished_at = job.updated_at = timezone.now()
    job.save()
    run(
        """UPDATE crm_importjob SET status = %s, finished_at = now(), failure = %s
           WHERE status = %s AND id <> %s
             AND pg_try_advisory_xact_lock(%s, id::integer)""",
        [
            ImportStatus.FAILED,
            "Interrupted; nothing of it was stored.",
            ImportStatus.RUNNING,
            job.pk,
            ALIVE,
        ],
    )
    audit.record(
        actor=job.created_by,
        action=f"import.{job.kind}",
        subject=job,
        file=job.file_name,
        read=report.read,
        stored=report.stored,
        refused=report.refused,
    )


def _fail(job: ImportJob | None, error: BaseException) -> None:
    if job is None or connection.needs_rollback:
        return
    known = isinstance(error, DomainError)
    with suppress(DatabaseError):  # the connection itself may be what failed
        ImportJob.objects.filter(pk=job.pk).update(
            status=ImportStatus.FAILED,
            failure=str(error) if known else f"{type(error).__name__}.",
            finished_at=timezone.now(),
        )
