"""What happens in a customer's life: moves, births, new managers, rivals."""

from typing import Self

from django.db import models
from django.db.models.functions import Now

from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.users import User


class EventType(models.Model):
    """One kind of event in the firm's own catalogue."""

    key = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LifeEventQuerySet(models.QuerySet["LifeEvent"]):
    def visible_to(self, user: User) -> Self:
        """Keep events of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class LifeEvent(models.Model):
    """Something that happened to one account, or to a person there."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="life_events")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="life_events"
    )
    type = models.ForeignKey(EventType, models.PROTECT, related_name="events")
    occurred_on = models.DateField()
    note = models.TextField(blank=True, default="")
    source = models.CharField(max_length=40, default="typed")
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = LifeEventQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="event_once_per_source"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-occurred_on"], name="event_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.type} on {self.occurred_on}"
