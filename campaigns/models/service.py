"""Service levels: how fast whose cases are answered and resolved, and what was told."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from campaigns.choices import CaseClock, ClockState
from crm.choices import CaseUrgency
from crm.models import Case, User
from segments.choices import WorthClass

NO_CLASS = ""  # of accounts that no night has classed yet, and of unknown senders
CLASSES = [*WorthClass.choices, (NO_CLASS, "Not classed yet")]


class ServiceVersionQuerySet(models.QuerySet["ServiceVersion"]):
    def current(self) -> "ServiceVersion | None":
        """Return the newest version, which counts."""
        return self.order_by("-pk").first()


class ServiceVersion(models.Model):
    """One version of the service levels. Never edited; the newest counts.

    `warning_share` is the share of the time allowed that is left when we warn.
    """

    warning_share = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal("0.250")
    )
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ServiceVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(warning_share__gt=0, warning_share__lt=1),
                name="service_warning_share_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.pk}"


class ServiceLevel(models.Model):
    """How soon cases of one class and urgency are answered and resolved, in minutes."""

    version = models.ForeignKey(ServiceVersion, models.CASCADE, related_name="levels")
    worth_class = models.CharField(max_length=20, choices=CLASSES, blank=True)
    urgency = models.CharField(max_length=6, choices=CaseUrgency.choices)
    answer_minutes = models.PositiveIntegerField()
    resolve_minutes = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "worth_class", "urgency"],
                include=["answer_minutes", "resolve_minutes"],
                name="service_level_once",
            ),
            models.CheckConstraint(
                condition=Q(answer_minutes__gt=0)
                & Q(resolve_minutes__gte=F("answer_minutes")),
                name="service_level_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_class} {self.urgency}"


class CaseAlarm(models.Model):
    """One word to somebody that a clock of a case ends soon or has ended: said once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    clock = models.CharField(max_length=10, choices=CaseClock.choices)
    state = models.CharField(max_length=10, choices=ClockState.choices)
    told = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    told_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "clock", "state"], name="case_alarm_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.clock} {self.state}"
