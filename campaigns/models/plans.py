"""Retention plans: versioned, made of costed touches, and who follows them."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Self

import pghistory
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from campaigns.choices import (
    NEWCOMERS,
    BudgetHead,
    Cadence,
    OwnerRole,
    VersionStatus,
    channel_inside,
    channel_words,
)
from campaigns.models.campaigns import Campaign
from common.clock import business_today
from common.versions import Versioned
from crm.choices import Care, Channel, RelationshipType
from crm.models import EventType, Tag, Territory, User
from segments.choices import WorthClass


class RetentionPlanQuerySet(models.QuerySet["RetentionPlan"]):
    def followable(self) -> Self:
        """Leave out the plans of touches that automations and campaigns ask for."""
        never = PlanVersion.objects.filter(
            plan=OuterRef("pk"), status=VersionStatus.ARCHIVED, published_at=None
        )
        return self.filter(~Exists(never))


class RetentionPlan(Versioned):
    """What a class gets, or a part of it; the versions say what, since when.

    Where it is automatic, every account of the class that fits follows it: of several
    plans the one that names most (relationship type, territory, tag) counts. Without a
    class it is for accounts that no night has classed yet. A plan that is not automatic
    is followed only by accounts that somebody put on it.
    """

    worth_class = models.CharField(
        max_length=20, choices=WorthClass.choices, blank=True, default=""
    )
    name = models.CharField(max_length=150)
    is_automatic = models.BooleanField(default=True, db_default=True)
    relationship_type = models.CharField(
        max_length=20,
        choices=RelationshipType.choices,
        blank=True,
        default="",
        db_default="",
        help_text="empty: every type",
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="+"
    )
    tag = models.ForeignKey(
        Tag,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="the tag that marks a persona",
    )

    objects = RetentionPlanQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["worth_class", "relationship_type", "territory", "tag"],
                condition=Q(is_automatic=True),
                nulls_distinct=False,
                name="plan_once_for_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_refined(self) -> bool:
        """Tell whether it is for a part of its class only."""
        return bool(self.relationship_type or self.territory_id or self.tag_id)

    @property
    def key(self) -> str:
        """Return what stands for it in addresses: its class, or else its number."""
        if self.is_refined or not self.is_automatic:
            return str(self.pk)
        return self.worth_class or NEWCOMERS

    @property
    def class_label(self) -> str:
        return WorthClass(self.worth_class).label if self.worth_class else "Newcomers"

    @property
    def audience(self) -> str:
        """Say who follows it, as in: Current key: Partner, North, tagged Loyal."""
        if not self.is_automatic:
            return "only whom somebody puts on it"
        parts = [self.get_relationship_type_display() if self.relationship_type else ""]
        parts.append(str(self.territory) if self.territory else "")
        parts.append(f"tagged {self.tag}" if self.tag else "")
        named = ", ".join(part for part in parts if part)
        return f"{self.class_label}: {named or 'all whom no refined plan takes'}"


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
    ended_on = models.DateField(
        null=True, blank=True, help_text="the first day on which it is not in force"
    )
    runs_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="how long an account follows it; empty: as long as it fits",
    )
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

    @property
    def begins_later(self) -> bool:
        """Tell whether it is published, but not in force yet."""
        today = business_today()
        is_published = self.status == VersionStatus.PUBLISHED
        return is_published and self.valid_from is not None and self.valid_from > today

    @property
    def in_force_until(self) -> dt.date | None:
        """Return the last day of an old version that a later one has not replaced yet.

        None of any other version, and of one that never came into force.
        """
        if self.status != VersionStatus.ARCHIVED or not (
            self.valid_from and self.ended_on
        ):
            return None
        last, today = self.ended_on - dt.timedelta(days=1), business_today()
        return last if self.valid_from <= today <= last else None


class TouchTerms(models.Model):
    """What one kind of touch is, how often it comes, and what it costs.

    `times` counts within a week, month, quarter or year. `every` is the number of weeks
    between two touches of a cadence in weeks. `offset_days` is the day after the first
    contact for onboarding, and the days after (below 0: before) an anniversary;
    `event_type` is the event whose anniversary it is, empty for the day on which the
    account became a customer. What comes once comes `offset_days` after the start of
    its campaign.
    """

    title = models.CharField(max_length=150)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    cadence = models.CharField(max_length=12, choices=Cadence.choices)
    times = models.PositiveSmallIntegerField(
        default=1, help_text="how many in each period"
    )
    every = models.PositiveSmallIntegerField(default=1, db_default=1)
    offset_days = models.SmallIntegerField(default=0, db_default=0)
    event_type = models.ForeignKey(
        EventType, models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit_cost = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True
    )
    minutes = models.PositiveSmallIntegerField(default=0)
    owner_role = models.CharField(max_length=10, choices=OwnerRole.choices)
    head = models.CharField(max_length=20, choices=BudgetHead.choices)
    care = models.CharField(max_length=1, choices=Care.choices, blank=True, default="")
    topic = models.CharField(
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text="the topic that a person must not have refused",
    )
    subject = models.CharField(max_length=200, blank=True, default="", db_default="")
    content = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def channel_name(self) -> str:
        """Name the channel as plans do: a message that one asks for is an SMS."""
        return channel_words(self.channel)

    @property
    def channel_inside(self) -> str:
        """Name the channel inside a sentence."""
        return channel_inside(self.channel)

    @property
    def often(self) -> str:
        """Say how often it comes, as in: twice a quarter."""
        if self.cadence == Cadence.ONCE:
            return self._day_of_campaign
        if self.cadence == Cadence.ONBOARDING:
            return f"on day {self.offset_days} after the first contact"
        if self.cadence == Cadence.ANNIVERSARY:
            return self._anniversary
        times = {1: "once", 2: "twice"}.get(self.times, f"{self.times} times")
        if self.cadence == Cadence.WEEKS and self.every > 1:
            many = "" if self.times == 1 else f"{times} "
            return f"{many}every {self.every} weeks"
        period = "week" if self.cadence == Cadence.WEEKS else self.cadence
        return f"{times} a {period}"

    @property
    def _day_of_campaign(self) -> str:
        if self.offset_days == 0:
            return "once, on the campaign's first day"
        unit = "day" if self.offset_days == 1 else "days"
        return f"once, {self.offset_days} {unit} after the campaign's start"

    @property
    def _anniversary(self) -> str:
        event = self.event_type.name if self.event_type else "becoming a customer"
        days = abs(self.offset_days)
        if days == 0:
            return f"on the anniversary of “{event}”"
        side = "before" if self.offset_days < 0 else "after"
        unit = "day" if days == 1 else "days"
        return f"{days} {unit} {side} the anniversary of “{event}”"


class WithEventType(models.Manager["TouchTemplate"]):
    """Brings the event type along, whose name is part of how often a touch comes."""

    def get_queryset(self) -> models.QuerySet["TouchTemplate"]:
        return super().get_queryset().select_related("event_type")


class LibraryTouch(TouchTerms, Versioned):
    """A touch that is kept ready, to be put into any draft."""

    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        ordering = ["title", "pk"]
        verbose_name_plural = "library touches"
        constraints = [
            models.UniqueConstraint(Lower("title"), name="library_touch_title_once"),
        ]


class TouchTemplate(TouchTerms):
    """One kind of touch that a plan version asks for.

    `lineage` stays the same when a version is copied, so that a touch already planned
    under the old version is not planned again under the new one. A unit cost that is
    not known is empty and keeps the version from being published. Touches of a
    campaign belong to a version that nobody follows, as those of automations do.
    """

    version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="touches")
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, blank=True, related_name="touches"
    )
    lineage = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField(default=0)

    objects = WithEventType()

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
            models.CheckConstraint(
                condition=Q(every__range=(1, 104)), name="touch_every_1_to_104"
            ),
            models.CheckConstraint(
                condition=Q(campaign=None) & ~Q(cadence=Cadence.ONCE)
                | Q(campaign__isnull=False, cadence=Cadence.ONCE),
                name="touch_once_in_campaigns",
            ),
        ]

    @property
    def asked_by(self) -> str:
        """Name what asks for it: its campaign, or else its plan."""
        return str(self.campaign or self.version.plan)

    def as_logged(self, title: str) -> str:
        """Return what the log and the ledger call it; a campaign is named."""
        return f"Campaign “{self.campaign}”: {title}" if self.campaign else title
