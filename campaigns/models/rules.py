"""When plans may reach people: closed days, quiet hours, caps, and rep hours."""

import datetime as dt
from decimal import Decimal

import pghistory
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.models import User


class PlanningRuleQuerySet(models.QuerySet["PlanningRule"]):
    def current(self) -> "PlanningRule":
        """Return the newest rule, which counts, or what counts before the first."""
        return self.order_by("-pk").first() or PlanningRule()


class PlanningRule(models.Model):
    """One version of when touches may fall; the newest counts, none is changed.

    `collision_days`: a contact of the same kind that was made by hand so many days
    before a touch is due counts instead of it. `touches_a_week` is the most that plans
    ask of one account within seven days. Mail leaves outside the quiet hours only.
    """

    country = models.CharField(
        max_length=2, blank=True, default="DE", help_text="ISO 3166-1, empty: none"
    )
    region = models.CharField(max_length=10, blank=True, default="")
    quiet_from = models.TimeField(default=dt.time(19))
    quiet_until = models.TimeField(default=dt.time(8))
    collision_days = models.PositiveSmallIntegerField(default=10)
    touches_a_week = models.PositiveSmallIntegerField(default=3)
    hours_a_week = models.DecimalField(
        max_digits=4,
        decimal_places=1,
        default=Decimal(16),
        help_text="a rep's hours for planned touches, unless said otherwise",
    )
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PlanningRuleQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(touches_a_week__gte=1), name="planning_rule_one_a_week"
            ),
            models.CheckConstraint(
                condition=Q(hours_a_week__range=(0, 80)),
                name="planning_rule_hours_0_to_80",
            ),
        ]

    def __str__(self) -> str:
        return f"Planning rule {self.pk}"


class ClosedDay(models.Model):
    """A day on which the firm is closed, beside public holidays."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class RepCapacity(Versioned):
    """How many hours a week one person has for planned touches."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    hours_a_week = models.DecimalField(max_digits=4, decimal_places=1)

    class Meta:
        verbose_name_plural = "rep capacities"
        constraints = [
            models.CheckConstraint(
                condition=Q(hours_a_week__range=(0, 80)), name="capacity_0_to_80"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.hours_a_week} h a week"


class Absence(models.Model):
    """Days on which a person does no touches; theirs fall before or after."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last day away")

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} away {self.starts_on} to {self.ends_on}"
