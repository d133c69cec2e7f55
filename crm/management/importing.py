"""What the import commands share: their options and how they report."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.errors import ImportRefusedError
from crm.services.imports.jobs import Report, Request
from crm.services.imports.staging import DECIMAL_MARKS

DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
LONGEST_SOURCE = 40


class ImportCommand(ABC, BaseCommand):
    """A command that loads one file; subclasses say with which service."""

    requires_system_checks = []

    @abstractmethod
    def load(self, request: Request) -> Report:
        """Load the file that `request` names."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            default="",
            metavar="COLUMN=FIELD,…",
            help="which column of the file is which field",
        )
        parser.add_argument(
            "--source",
            default="import",
            help="where the file comes from; its ids are unique within a source",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="report, but store nothing"
        )
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FILE",
            help="where refused rows go (default: FILE.refused.csv beside the file)",
        )
        parser.add_argument(
            "--delimiter",
            default="",
            help="comma, semicolon, tab, bar or one character (default: as it looks)",
        )
        parser.add_argument(
            "--decimal",
            default="",
            choices=("", *DECIMAL_MARKS),
            help="the decimal mark (default: the one that most numbers use)",
        )
        parser.add_argument(
            "--date-format",
            default="",
            metavar="FORMAT",
            help="such as DD/MM/YYYY (default: YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = self.load(_request(options))
        except ImportRefusedError as error:
            raise CommandError(error.message) from error
        self.stdout.write("\n".join(_lines(report, is_dry_run=options["dry_run"])))


def _request(options: dict[str, Any]) -> Request:
    delimiter = DELIMITER_WORDS.get(options["delimiter"], options["delimiter"])
    if len(delimiter) > 1 or delimiter in {'"', "\r", "\n"}:
        raise ImportRefusedError("The delimiter must be one character.")
    source = options["source"].strip()
    if not source or len(source) > LONGEST_SOURCE:
        raise ImportRefusedError(
            f"The source needs a name of at most {LONGEST_SOURCE} characters."
        )
    return Request(
        path=options["file"],
        source=source,
        columns=_columns(options["map"]),
        delimiter=delimiter,
        decimal=options["decimal"],
        date_format=options["date_format"],
        refused_path=options["refused"],
        is_dry_run=options["dry_run"],
    )


def _columns(text: str) -> dict[str, str]:
    columns = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, field = part.rpartition("=")
        if not equals or not name or not field:
            raise ImportRefusedError(f"--map expects column=field, got {part!r}.")
        columns[name.strip()] = field.strip()
    if len(set(columns.values())) < len(columns):
        raise ImportRefusedError("--map gives one field twice.")
    return columns


def _lines(report: Report, *, is_dry_run: bool) -> list[str]:
    lines = [f"Understood: {report.understood}."]
    if report.ignored:
        lines.append(f"Not used: {', '.join(report.ignored)}.")
    stored = "would be stored" if is_dry_run else "stored"
    lines.append(
        f"{report.read:,} rows read: {report.stored:,} {stored}, "
        f"{report.unchanged:,} unchanged, {report.refused:,} refused."
    )
    lines += report.hints
    lines += [f"  line {line}: {reason}" for line, reason in report.first_refused]
    more = report.refused - len(report.first_refused)
    if more > 0:
        lines.append(f"  and {more:,} more")
    if report.refused_file:
        lines.append(f"All refused rows: {report.refused_file}")
    return lines
