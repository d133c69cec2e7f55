"""What plans ask for and was not planned, with the reason."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.choices import ExceptionKind
from campaigns.models.plans import TouchTemplate
from crm.models import Account, Touchpoint, User


class TouchExceptionQuerySet(models.QuerySet["TouchException"]):
    def visible_to(self, user: User) -> Self:
        """Keep exceptions of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class TouchException(models.Model):
    """One touch that a plan asked of one account and that was not planned, and why.

    So touches planned and exceptions together are what the plans ask for. What can be
    planned later after all, as when somebody agrees, loses its exception. A contact
    that `touchpoint` names counts for one touch only, and for good.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    template = models.ForeignKey(TouchTemplate, models.CASCADE, related_name="+")
    lineage = models.UUIDField()
    period = models.CharField(max_length=16)
    due_on = models.DateField(help_text="the day that it would have had")
    kind = models.CharField(max_length=20, choices=ExceptionKind.choices)
    reason = models.CharField(max_length=300)
    touchpoint = models.ForeignKey(
        Touchpoint, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TouchExceptionQuerySet.as_manager()

    class Meta:
        ordering = ["-due_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "lineage", "period"],
                name="exception_once_per_period",
            ),
            models.UniqueConstraint(
                fields=["touchpoint"],
                condition=Q(touchpoint__isnull=False),
                name="exception_contact_counts_once",
            ),
        ]
        indexes = [models.Index(fields=["due_on", "kind"], name="exception_by_day")]

    def __str__(self) -> str:
        return f"{self.template_id} not for {self.account_id} on {self.due_on}"
