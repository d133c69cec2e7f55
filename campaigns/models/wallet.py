"""What care was measured to secure, and decisions to spend where it does not pay."""

from decimal import Decimal
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from campaigns.choices import GateChoice, GateOccasion, channel_words
from campaigns.models.plans import RetentionPlan
from crm.choices import Channel
from crm.models import User
from segments.choices import WorthClass


class MeasuredEffectQuerySet(models.QuerySet["MeasuredEffect"]):
    def current(self) -> Self:
        """Keep those that count: neither corrected nor withdrawn."""
        return self.filter(retired_at=None)


class MeasuredEffect(models.Model):
    """One version of what care was measured to secure, for one plan, class or channel.

    `effect` is the share of a year's expected margin that care secured, with the ends
    of its interval; where it counts it stands instead of the assumed retention effect.
    None is edited: a correction is a new version that retires the one before.
    """

    plan = models.ForeignKey(
        RetentionPlan, models.PROTECT, null=True, blank=True, related_name="+"
    )
    worth_class = models.CharField(
        max_length=20, choices=WorthClass.choices, blank=True, default=""
    )
    channel = models.CharField(
        max_length=10, choices=Channel.choices, blank=True, default=""
    )
    number = models.PositiveIntegerField(default=1, help_text="which version it is")
    effect = models.DecimalField(max_digits=5, decimal_places=4)
    low = models.DecimalField(max_digits=5, decimal_places=4)
    high = models.DecimalField(max_digits=5, decimal_places=4)
    accounts = models.PositiveIntegerField(help_text="measured, both groups together")
    measured_from = models.DateField()
    measured_until = models.DateField()
    source = models.CharField(max_length=300, help_text="how it was measured")
    reason = models.CharField(max_length=300, help_text="why this version was recorded")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_because = models.CharField(max_length=300, blank=True, default="")

    objects = MeasuredEffectQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan__isnull=False, worth_class="", channel="")
                | (Q(plan=None, channel="") & ~Q(worth_class=""))
                | (Q(plan=None, worth_class="") & ~Q(channel="")),
                name="effect_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(low__gte=Decimal(-1), high__lte=Decimal(1))
                & Q(low__lte=F("effect"), high__gte=F("effect")),
                name="effect_within_its_interval",
            ),
            models.CheckConstraint(
                condition=Q(measured_until__gte=F("measured_from")),
                name="effect_period_ends_later",
            ),
            models.UniqueConstraint(
                fields=["plan", "worth_class", "channel"],
                condition=Q(retired_at=None),
                nulls_distinct=False,
                name="effect_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"Measured effect of {self.subject}, version {self.number}"

    @property
    def subject(self) -> str:
        """Name what was measured."""
        if self.plan is not None:
            return f"plan {self.plan}"
        if self.worth_class:
            return f"class {self.get_worth_class_display()}"
        return f"channel {channel_words(self.channel)}"


class GateDecision(models.Model):
    """What somebody decided when a spend did not pay for some of its accounts.

    `below` are the accounts for which it does not; sums are of all, or of those.
    """

    occasion = models.CharField(max_length=12, choices=GateOccasion.choices)
    subject = models.CharField(max_length=200)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    choice = models.CharField(max_length=10, choices=GateChoice.choices)
    reason = models.CharField(max_length=300, blank=True, default="")
    cheaper_channel = models.CharField(
        max_length=10, choices=Channel.choices, blank=True, default=""
    )
    accounts = models.PositiveIntegerField()
    below = ArrayField(models.BigIntegerField(), default=list)
    cost_each = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=18, decimal_places=2)
    cost_below = models.DecimalField(max_digits=18, decimal_places=2)
    gain_below = models.DecimalField(max_digits=18, decimal_places=2)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(choice=GateChoice.OVERRIDE) | ~Q(reason=""),
                name="gate_override_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(choice=GateChoice.CHEAPER) | ~Q(cheaper_channel=""),
                name="gate_cheaper_names_a_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()}: {self.subject}"

    @property
    def cheaper_name(self) -> str:
        """Name the cheaper channel as plans do."""
        return channel_words(self.cheaper_channel)
