"""What happens in a customer's life: moves, births, new managers, rivals."""

from typing import Self

from django.db import models
from django.db.models import Q

from common.versions import Versioned
from crm.choices import EventIcon, EventTone, Importance
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.users import User


class EventType(Versioned):
    """One kind of event in the firm's own catalogue.

    One that was used is retired, not deleted, so that the past keeps its words.
    """

    key = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    icon = models.CharField(
        max_length=30,
        choices=EventIcon.choices,
        default=EventIcon.CALENDAR,
        db_default=EventIcon.CALENDAR,
    )
    importance = models.PositiveSmallIntegerField(
        choices=Importance.choices,
        default=Importance.USUAL,
        db_default=Importance.USUAL,
    )
    tone = models.CharField(
        max_length=10,
        choices=EventTone.choices,
        default=EventTone.NEUTRAL,
        db_default=EventTone.NEUTRAL,
    )
    recurs_yearly = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="event_type_has_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class LifeEventQuerySet(models.QuerySet["LifeEvent"]):
    def visible_to(self, user: User) -> Self:
        """Keep events of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def standing(self) -> Self:
        """Keep what was not removed."""
        return self.filter(voided_at=None)


class LifeEvent(Versioned):
    """Something that happened to one account, or to a person there.

    Who removes one can bring it back; until then nothing shows it.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="life_events")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="life_events"
    )
    type = models.ForeignKey(EventType, models.PROTECT, related_name="events")
    occurred_on = models.DateField()
    note = models.TextField(blank=True, default="")
    source = models.CharField(max_length=40, default="typed")
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
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
            models.Index(fields=["account", "-occurred_on"], name="event_by_account"),
            models.Index(fields=["updated_at"], name="event_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.type} on {self.occurred_on}"
