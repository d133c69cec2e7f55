"""Retention plans: one per worth class, versioned, made of costed touches."""

import uuid
from decimal import Decimal
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q

from campaigns.choices import BudgetHead, Cadence, OwnerRole, VersionStatus
from common.versions import Timestamped, Versioned
from crm.choices import Care, Channel
from crm.models import User
from segments.choices import WorthClass


class RetentionPlan(Timestamped):
    """What a class gets. One plan per class; its versions say what, since when."""

    worth_class = models.CharField(
        max_length=20, choices=WorthClass.choices, unique=True
    )
    name = models.CharField(max_length=150)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class PlanVersionQuerySet(models.QuerySet["PlanVersion"]):
    def published(self) -> Self:
        return self.filter(status=VersionStatus.PUBLISHED)

    def drafts(self) -> Self:
        return self.filter(status=VersionStatus.DRAFT)


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class PlanVersion(Versioned):
    """One state of a plan: a draft that is edited, the published one, or an old one."""

    plan = models.ForeignKey(RetentionPlan, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    valid_from = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)

    objects = PlanVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"], name="version_number_once"
            ),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(status=VersionStatus.PUBLISHED),
                name="version_one_published",
            ),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(status=VersionStatus.DRAFT),
                name="version_one_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}, version {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.status == VersionStatus.DRAFT


class TouchTemplate(models.Model):
    """One kind of touch that a plan version asks for: what, how often, at what cost.

    `lineage` stays the same when a version is copied, so that a touch already planned
    under the old version is not planned again under the new one. A unit cost that is
    not known is empty and keeps the version from being published.
    """

    version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="touches")
    lineage = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=150)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    cadence = models.CharField(max_length=10, choices=Cadence.choices)
    times = models.PositiveSmallIntegerField(
        default=1, help_text="how many in each period"
    )
    unit_cost = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True
    )
    minutes = models.PositiveSmallIntegerField(default=0)
    owner_role = models.CharField(max_length=10, choices=OwnerRole.choices)
    head = models.CharField(max_length=20, choices=BudgetHead.choices)
    care = models.CharField(max_length=1, choices=Care.choices, blank=True, default="")
    content = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "lineage"], name="touch_lineage_once"
            ),
            models.CheckConstraint(
                condition=Q(unit_cost=None) | Q(unit_cost__gte=Decimal(0)),
                name="touch_unit_cost_not_below_0",
            ),
            models.CheckConstraint(
                condition=Q(times__range=(1, 31)), name="touch_times_1_to_31"
            ),
        ]

    def __str__(self) -> str:
        return self.title
