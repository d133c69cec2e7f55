"""Goals of customers, what shows that they come nearer, and what that is worth."""

from typing import Any, Self

import pghistory
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.choices import GoalStatus
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.tasks import Task
from crm.models.users import User

PURSUED = (GoalStatus.OPEN, GoalStatus.ON_TRACK, GoalStatus.AT_RISK)


class OfAccountQuerySet(models.QuerySet[Any]):
    """Rows that belong to one account."""

    def visible_to(self, user: User) -> Self:
        """Keep what concerns accounts that `user` may see."""
        rows = self.filter(account__merged_into=None)
        return rows if user.sees_every_account else rows.filter(account__owner=user)


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class ClientGoal(Versioned):
    """Something a customer wants to reach, whoever of us looks after it."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="goals")
    title = models.CharField(max_length=300)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="goals"
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="goals")
    status = models.CharField(
        max_length=10, choices=GoalStatus.choices, default=GoalStatus.OPEN
    )
    target_on = models.DateField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    next_step = models.ForeignKey(
        Task, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="goal_has_a_title")
        ]
        indexes = [
            models.Index(
                fields=["owner", "review_on"],
                condition=Q(status__in=PURSUED),
                name="goal_to_review",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pursued(self) -> bool:
        return self.status in PURSUED


class GoalEvidence(models.Model):
    """What was seen on one day of a goal, and what it was worth to the customer.

    Never edited: who withdraws one marks it void.
    """

    goal = models.ForeignKey(ClientGoal, models.CASCADE, related_name="evidence")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    noted_on = models.DateField()
    text = models.TextField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-noted_on", "-pk"]
        indexes = [
            models.Index(fields=["account", "-noted_on"], name="evidence_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.text[:40]} on {self.noted_on}"
