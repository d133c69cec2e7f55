"""What needs somebody beside plans and promises, what was put off, what is settled."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.choices import AlertKind
from crm.models import Account, User


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(closed_on=None)

    def visible_to(self, user: User) -> Self:
        """Keep alerts of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class Alert(models.Model):
    """Something about one account that the night found and a person should know.

    `subject` tells occasions of one kind apart, such as the last order that the silence
    began with: the same occasion never comes up twice. The night closes what no longer
    holds, and says why.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    subject = models.CharField(max_length=60)
    raised_on = models.DateField()
    reason = models.CharField(max_length=400)
    closed_on = models.DateField(null=True, blank=True)
    closed_because = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject"], name="alert_once_per_occasion"
            ),
        ]
        indexes = [
            models.Index(
                fields=["raised_on"],
                condition=Q(closed_on=None),
                name="alert_open_by_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id} on {self.raised_on}"


class Snooze(models.Model):
    """An item of Today that one person put off until a day; it comes back by itself."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    source = models.CharField(max_length=20)
    item = models.CharField(max_length=60)
    until = models.DateField()
    reason = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "source", "item"], name="snooze_once_per_item"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.item} until {self.until}"


class SettledItem(models.Model):
    """An item of Today that somebody settled, where no record of its own says so."""

    source = models.CharField(max_length=20)
    item = models.CharField(max_length=60)
    settled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "item"], name="settled_once_per_item"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.item}"
