"""People at an account, their part in decisions, and what they allow."""

import datetime as dt
from typing import Any, Self

import pghistory
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils import timezone

from common.folding import folded_vector, prefix_query
from common.telephones import LastDigits
from common.versions import Versioned
from crm.choices import Attitude, Channel, ConsentMeans, DecisionRole
from crm.models.accounts import Account
from crm.models.tags import Tag
from crm.models.users import User


def handles() -> SearchVector:
    """Return what the names in social networks are searched by."""
    return SearchVector("socials", config="simple")


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> Self:
        """Keep people at accounts that `user` may see."""
        rows = self.filter(account__merged_into=None)
        return rows if user.sees_every_account else rows.filter(account__owner=user)

    def matching(self, text: str) -> Self:
        """Keep people who have every word of `text` as a prefix of a word."""
        query = prefix_query(text)
        return self if query is None else self.filter(search=query)


@pghistory.track(
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["search", "updated_at"],
)
class Contact(Versioned):
    """One person at an account.

    Role, influence and attitude repeat the newest assessment. Who goes to another
    account gets a row there that points back through `moved_from`.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=300)
    title = models.CharField(max_length=150, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    decision_role = models.CharField(
        max_length=20, choices=DecisionRole.choices, blank=True, default=""
    )
    influence = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="1 little, 5 decisive; empty when not known",
    )
    attitude = models.CharField(
        max_length=10, choices=Attitude.choices, blank=True, default=""
    )
    needs = models.TextField(blank=True, default="")
    preferences = models.TextField(blank=True, default="")
    preferred_channel = models.CharField(
        max_length=10,
        choices=Channel.choices,
        blank=True,
        default="",
        db_default="",
    )
    preferred_time = models.CharField(
        max_length=100, blank=True, default="", db_default=""
    )
    language = models.CharField(max_length=40, blank=True, default="", db_default="")
    topics = models.CharField(max_length=200, blank=True, default="", db_default="")
    socials = models.JSONField(default=dict, blank=True)
    contact_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="contacts from us within 30 days at most; empty if they set no limit",
    )
    do_not_contact = models.BooleanField(default=False)
    do_not_contact_reason = models.CharField(
        max_length=200, blank=True, default="", db_default=""
    )
    left_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="predecessors"
    )
    moved_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="moves"
    )

    search = models.GeneratedField(
        expression=folded_vector("name", "email"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    tags = models.ManyToManyField(Tag, related_name="contacts", blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(influence=None) | models.Q(influence__range=(1, 5)),
                name="contact_influence_1_to_5",
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""), name="contact_has_a_name"
            ),
            models.CheckConstraint(
                condition=models.Q(contact_cap=None)
                | models.Q(contact_cap__range=(1, 100)),
                name="contact_cap_in_range",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="contact_search"),
            models.Index(fields=["name", "id"], name="contact_by_name"),
            # Who called or wrote: by address, last digits of the number, or handle.
            models.Index(Upper("email"), name="contact_by_email"),
            models.Index(LastDigits("phone"), name="contact_by_phone"),
            GinIndex(handles(), name="contact_by_handle"),
        ]

    def __str__(self) -> str:
        return self.name

    def has_left(self, today: dt.date) -> bool:
        return self.left_on is not None and self.left_on <= today


class OfContactQuerySet(models.QuerySet[Any]):
    """Rows that belong to one person."""

    def visible_to(self, user: User) -> Self:
        """Keep what concerns people at accounts that `user` may see."""
        rows = self.filter(contact__account__merged_into=None)
        if user.sees_every_account:
            return rows
        return rows.filter(contact__account__owner=user)


class Consent(models.Model):
    """One wish of one person about one channel and topic, with its proof.

    Never edited: a new wish is a new row, and the newest counts.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    topic = models.CharField(max_length=60, blank=True, default="")
    is_granted = models.BooleanField()
    wording = models.TextField(blank=True, default="")
    means = models.CharField(
        max_length=10,
        choices=ConsentMeans.choices,
        blank=True,
        default="",
        db_default="",
    )
    obtained_on = models.DateField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True, default="", db_default="")
    proof = models.CharField(max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfContactQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.channel}: {'yes' if self.is_granted else 'no'}"

    @property
    def said_on(self) -> dt.date:
        """Return the day it was said, which may be long before it was recorded."""
        return self.obtained_on or timezone.localtime(self.recorded_at).date()


class ContactAssessment(models.Model):
    """What somebody thought of one person's part and attitude on one day, and why.

    Never edited: a new judgement is a new row, and the newest day counts.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="assessments")
    decision_role = models.CharField(
        max_length=20, choices=DecisionRole.choices, blank=True, default=""
    )
    influence = models.PositiveSmallIntegerField(null=True, blank=True)
    attitude = models.CharField(
        max_length=10, choices=Attitude.choices, blank=True, default=""
    )
    judged_on = models.DateField()
    source = models.CharField(max_length=200, blank=True, default="")
    judged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfContactQuerySet.as_manager()

    class Meta:
        ordering = ["-judged_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(influence=None) | models.Q(influence__range=(1, 5)),
                name="assessment_influence_1_to_5",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} judged on {self.judged_on}"
