"""Imports: which file was loaded, and what became of each of its rows."""

from django.db import models

from common.versions import Timestamped
from crm.import_choices import ImportKind, ImportStatus
from crm.models.users import User


class ImportJob(Timestamped):
    """One load of one file. read = stored + unchanged + refused, always."""

    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    source = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    status = models.CharField(
        max_length=10, choices=ImportStatus.choices, default=ImportStatus.RUNNING
    )
    rows_read = models.PositiveIntegerField(default=0)
    rows_stored = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True, default="")
    delimiter = models.CharField(max_length=1, blank=True, default="")
    header = models.JSONField(default=list, help_text="as the file has it")
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.status}"


class RefusedRow(models.Model):
    """One refused row: its line in the file, why, and what it held.

    What it held is forgotten after a while (`policy.REFUSED_ROWS_KEPT_DAYS`): it may
    name people, and nobody mends it any more.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="refused_rows")
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    raw = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["line", "pk"]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
