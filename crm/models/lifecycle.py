"""Stages of the relationship with an account, and what each type of it offers."""

import pghistory
from django.db import models
from django.db.models import F, Q

from common.versions import Versioned
from crm.choices import RelationshipType, Stage
from crm.models.accounts import Account
from crm.models.goals import OfAccountQuerySet
from crm.models.users import User


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class LifecycleStage(Versioned):
    """One stage: the rule by which accounts enter it, and what to do with them there.

    An account is in the first stage by `position` whose every stated condition holds;
    a condition that is empty asks nothing.
    """

    key = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    play = models.TextField(blank=True, default="")
    account_stage = models.CharField(
        max_length=10, choices=Stage.choices, blank=True, default=""
    )
    orders_from = models.PositiveIntegerField(null=True, blank=True)
    idle_days_from = models.PositiveIntegerField(null=True, blank=True)
    customer_days_to = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class LifecycleStay(models.Model):
    """One account in one stage, from one day to another; open while it is there.

    Who set it by hand stands in `set_by`; without one a rule did, and the next night
    may move the account on.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="stays")
    stage = models.ForeignKey(LifecycleStage, models.PROTECT, related_name="stays")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    set_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(until=None), name="one_open_stay"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="stay_ends_after_its_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage_id} since {self.since}"


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class RelationshipProfile(Versioned):
    """What one type of relationship offers: to the customer, and to us."""

    key = models.CharField(max_length=20, choices=RelationshipType.choices, unique=True)
    for_them = models.TextField(blank=True, default="")
    for_us = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.get_key_display()
