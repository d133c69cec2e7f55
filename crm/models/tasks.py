"""Tasks: something one person promised to do for an account by a day."""

from typing import Self

import pghistory
from django.db import models
from django.db.models import Q

from common.versions import Versioned
from crm.choices import TaskKind, TaskPriority, TaskStatus
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.deals import Deal
from crm.models.touchpoints import Touchpoint
from crm.models.users import User


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> Self:
        """Keep tasks of accounts that `user` may see, and the user's own."""
        if user.sees_every_account:
            return self
        return self.filter(Q(account__owner=user) | Q(owner=user))

    def open(self) -> Self:
        return self.filter(status=TaskStatus.OPEN)


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class Task(Versioned):
    """One thing to do by one person on or before one day."""

    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="tasks")
    title = models.CharField(max_length=300)
    due_on = models.DateField()
    due_at = models.TimeField(
        null=True,
        blank=True,
        help_text="in the company's zone; empty for the whole day",
    )
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    kind = models.CharField(
        max_length=10,
        choices=TaskKind.choices,
        default=TaskKind.TODO,
        db_default=TaskKind.TODO,
    )
    priority = models.CharField(
        max_length=10,
        choices=TaskPriority.choices,
        default=TaskPriority.NORMAL,
        db_default=TaskPriority.NORMAL,
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    deal = models.ForeignKey(
        Deal, models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    status = models.CharField(
        max_length=10, choices=TaskStatus.choices, default=TaskStatus.OPEN
    )
    done_at = models.DateTimeField(null=True, blank=True)
    touchpoint = models.ForeignKey(
        Touchpoint,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="follow_ups",
        help_text="the contact in which it was promised",
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=TaskStatus.DONE, done_at__isnull=False)
                | (~Q(status=TaskStatus.DONE) & Q(done_at=None)),
                name="task_done_has_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["owner", "due_on"],
                condition=Q(status=TaskStatus.OPEN),
                name="task_open_by_owner",
            ),
            models.Index(
                fields=["account", "-done_at"],
                condition=Q(status=TaskStatus.DONE),
                name="task_done_by_account",
            ),
            models.Index(fields=["due_on", "id"], name="task_by_day"),
        ]

    def __str__(self) -> str:
        return self.title
