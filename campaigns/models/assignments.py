"""Who follows which plan, since when, and why."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.models.plans import RetentionPlan
from crm.models import Account, User
from segments.choices import WorthClass


class PlanAssignmentQuerySet(models.QuerySet["PlanAssignment"]):
    def open(self) -> Self:
        return self.filter(until=None)

    def visible_to(self, user: User) -> Self:
        """Keep assignments of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class PlanAssignment(models.Model):
    """One account on one plan, from one day to another; open while it follows it.

    The night writes those of automatic plans, from class and refinement. One by hand
    has who did it and why; it goes before every automatic one until the end of
    `ends_on`, or until the class changes where no day is named. `worth_class` is the
    one that the account stood in when it began, empty before the first night.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    plan = models.ForeignKey(RetentionPlan, models.PROTECT, related_name="assignments")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    is_by_hand = models.BooleanField(default=False)
    worth_class = models.CharField(
        max_length=20,
        choices=WorthClass.choices,
        blank=True,
        default="",
        db_default="",
    )
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    ended_because = models.CharField(max_length=300, blank=True, default="")
    assigned_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PlanAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(until=None),
                name="assignment_one_open",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")),
                name="assignment_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["plan", "account"],
                condition=Q(until=None),
                name="assignment_open_by_plan",
            ),
            models.Index(fields=["account", "since"], name="assignment_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.plan_id} since {self.since}"
