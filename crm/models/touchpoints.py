"""Touchpoints: every contact with a customer, and what it cost in minutes."""

import hashlib
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.choices import Care, Channel, Direction, Outcome, Phase, TouchpointSource
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.users import User


class TouchpointQuerySet(models.QuerySet["Touchpoint"]):
    def visible_to(self, user: User) -> Self:
        """Keep touchpoints of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def standing(self) -> Self:
        """Keep what was not taken back."""
        return self.filter(voided_at=None)


def rating() -> "models.PositiveSmallIntegerField[int | None, int | None]":
    """Return a 1-to-5 rating column; empty means nobody rated."""
    return models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )


class Touchpoint(models.Model):
    """One contact with an account: call, mail, visit, post, note and so on.

    Undo marks it void and reverses the cost of its minutes; a correction keeps the
    former values in the audit trail, and reverses and posts the cost anew.
    `form_token` makes a resent form store it once. PID ratings say how People,
    Information and Deliverables were.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="touchpoints")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="touchpoints"
    )
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="touchpoints"
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    direction = models.CharField(
        max_length=3, choices=Direction.choices, blank=True, default=Direction.OUT
    )
    occurred_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True, default="")
    outcome = models.CharField(
        max_length=10, choices=Outcome.choices, blank=True, default=""
    )
    phase = models.CharField(
        max_length=6, choices=Phase.choices, blank=True, default=""
    )
    care = models.CharField(max_length=1, choices=Care.choices, blank=True, default="")
    rating_people = rating()
    rating_information = rating()
    rating_deliverables = rating()
    source = models.CharField(
        max_length=10, choices=TouchpointSource.choices, default=TouchpointSource.TYPED
    )
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    entry_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="from opening the log to Enter, where the browser told it",
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TouchpointQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(rating_people=None) | Q(rating_people__range=(1, 5)))
                & (Q(rating_information=None) | Q(rating_information__range=(1, 5)))
                & (Q(rating_deliverables=None) | Q(rating_deliverables__range=(1, 5))),
                name="touchpoint_ratings_1_to_5",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "-occurred_at", "-id"], name="touchpoint_by_account"
            ),
            # What was entered lately; rows are only ever added, so blocks are enough.
            BrinIndex(
                fields=["created_at"], name="touchpoint_by_entry", autosummarize=True
            ),
            # Today asks who wrote lately; few of all contacts come in.
            models.Index(
                fields=["occurred_at"],
                condition=Q(direction=Direction.IN, voided_at=None),
                name="touchpoint_incoming",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} on {self.occurred_at:%Y-%m-%d}"

    @property
    def fingerprint(self) -> str:
        """Return a short text that changes whenever the contact is corrected."""
        values = (
            *(self.contact_id, self.channel, self.direction, self.minutes, self.note),
            *(self.occurred_at.timestamp(), self.outcome, self.phase, self.care),
            *(self.rating_people, self.rating_information, self.rating_deliverables),
            self.voided_at,
        )
        return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
