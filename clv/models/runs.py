"""Valuation runs: each values every account as of one day, or leaves no trace."""

import datetime as dt
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clv.choices import RunKind, RunStatus
from clv.models.assumptions import Assumptions
from crm.models import User


class RunQuerySet(models.QuerySet["ValuationRun"]):
    def published(self) -> Self:
        """Keep what counted on its day, also where only its totals are left."""
        return self.filter(status=RunStatus.PUBLISHED)

    def kept(self) -> Self:
        """Keep the published runs whose values are still there."""
        return self.published().filter(has_values=True)

    def for_everybody(self) -> Self:
        """Leave out previews, which belong to who asked and are thrown away."""
        return self.exclude(kind=RunKind.PREVIEW)

    def with_values(self) -> Self:
        """Keep the runs whose values are stored."""
        return self.filter(
            status__in=[RunStatus.PUBLISHED, RunStatus.SUPERSEDED], has_values=True
        )

    def open(self) -> Self:
        """Keep the runs that wait for a worker or have one."""
        return self.for_everybody().filter(
            status__in=[RunStatus.QUEUED, RunStatus.RUNNING]
        )

    def with_people(self) -> Self:
        """Read who asked, what was assumed and what is repeated along with the run."""
        return self.select_related("requested_by", "assumptions", "rerun_of")

    def current(self) -> "ValuationRun | None":
        """Return the run whose values pages show, or None before the first night."""
        return self.filter(is_current=True).first()

    def as_of(self, day: dt.date) -> "ValuationRun | None":
        """Return the newest run of `day` or before it that is kept."""
        return self.kept().filter(as_of__lte=day).order_by("-as_of", "-pk").first()

    def before(self, run: "ValuationRun") -> "ValuationRun | None":
        """Return the newest run of a day before that of `run` that is kept."""
        return self.kept().filter(as_of__lt=run.as_of).order_by("-as_of").first()


class ValuationRun(models.Model):
    """One valuation of every account as of one day.

    A worker claims a run by raising `token` and taking a lease; every later write of
    that worker carries the token, so one whose lease ran out can write nothing more.
    Values live in the run's own partition and are seen only once it is published.
    """

    as_of = models.DateField()
    kind = models.CharField(max_length=10, choices=RunKind.choices)
    status = models.CharField(
        max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED
    )
    is_current = models.BooleanField(default=False)
    assumptions = models.ForeignKey(Assumptions, models.PROTECT, related_name="+")
    rerun_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reruns"
    )
    requested_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True, default="")
    accounts_present = models.PositiveIntegerField(null=True, blank=True)
    accounts_valued = models.PositiveIntegerField(null=True, blank=True)
    model_name = models.CharField(max_length=40, blank=True, default="")
    parameters = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="")
    has_values = models.BooleanField(
        default=True, help_text="false once the values of an old run were dropped"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=Q(is_current=True),
                name="run_one_is_current",
            ),
            models.UniqueConstraint(
                fields=["as_of"],
                condition=Q(status=RunStatus.PUBLISHED),
                name="run_one_published_per_day",
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status=RunStatus.RUNNING),
                name="run_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(status=RunStatus.PUBLISHED),
                name="run_current_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} as of {self.as_of}"

    @property
    def is_open(self) -> bool:
        """Whether something is still going to happen, planning included."""
        return (
            self.status in {RunStatus.QUEUED, RunStatus.RUNNING}
            or self.lease_until is not None
        )

    @property
    def seconds(self) -> float | None:
        """Return how long it took from the first claim to the result."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def equity(self) -> Decimal | None:
        """Return the future value of all customers, once published."""
        return Decimal(self.metrics["equity"]) if "equity" in self.metrics else None


class RunStep(models.Model):
    """One step of one run: when it began and ended, how many rows it wrote."""

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="step_once_per_run")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def seconds(self) -> float | None:
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class DueSlot(models.Model):
    """Work of one day that is to be done once, whoever asked for it.

    Whoever inserts that of a night first starts the night; nobody else does.
    """

    kind = models.CharField(max_length=20)
    business_date = models.DateField()
    run = models.ForeignKey(ValuationRun, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "business_date"], name="due_slot_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_date}"
