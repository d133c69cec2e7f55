"""Accounts: the firms and people we win, serve and lose."""

from typing import Self

import pghistory
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from common.folding import folded_vector, prefix_query
from common.telephones import LastDigits
from common.versions import Timestamped, Versioned
from crm.choices import (
    AccountKind,
    AdvocateStatus,
    AttributeType,
    LossReason,
    RelationshipType,
    SizeBand,
    Source,
    Stage,
)
from crm.models.tags import Tag
from crm.models.users import Territory, User


class AccountQuerySet(models.QuerySet["Account"]):
    def active(self) -> Self:
        """Keep the accounts that were not merged away."""
        return self.filter(merged_into=None)

    def visible_to(self, user: User) -> Self:
        """Keep what `user` may see: a rep what they own, everybody else all."""
        if user.sees_every_account:
            return self
        return self.filter(owner=user)

    def matching(self, text: str) -> Self:
        """Keep accounts that have every word of `text` as a prefix of a word."""
        query = prefix_query(text)
        return self if query is None else self.filter(search=query)


@pghistory.track(
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["search", "last_contact_on", "updated_at"],
)
class Account(Versioned):
    """One firm or person we sell to, hope to, or used to.

    A merged duplicate keeps its row and points at the survivor through
    `merged_into`, so old links and audit events still resolve.
    """

    name = models.CharField(max_length=300)
    kind = models.CharField(
        max_length=10,
        choices=AccountKind.choices,
        db_default=AccountKind.FIRM,
        default=AccountKind.FIRM,
    )
    stage = models.CharField(
        max_length=10, choices=Stage.choices, default=Stage.PROSPECT
    )
    relationship_type = models.CharField(
        max_length=20, choices=RelationshipType.choices, blank=True, default=""
    )
    industry = models.CharField(max_length=80, blank=True, default="")
    size_band = models.CharField(
        max_length=10, choices=SizeBand.choices, blank=True, default=""
    )
    street = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="and number"
    )
    postcode = models.CharField(max_length=20, blank=True, default="", db_default="")
    city = models.CharField(max_length=100, blank=True, default="")
    region = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    website = models.URLField(blank=True, default="")
    note = models.TextField(blank=True, default="")

    owner = models.ForeignKey(  # its index is account_by_owner
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        db_index=False,
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    source = models.CharField(
        max_length=20, choices=Source.choices, blank=True, default=""
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    referred_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    advocate_status = models.CharField(
        max_length=10,
        choices=AdvocateStatus.choices,
        blank=True,
        default="",
        db_default="",
    )
    won_from = models.CharField(max_length=100, blank=True, default="")
    acquired_on = models.DateField(null=True, blank=True)
    lost_on = models.DateField(null=True, blank=True)
    loss_reason = models.CharField(
        max_length=20, choices=LossReason.choices, blank=True, default=""
    )
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    attributes = models.JSONField(default=dict, blank=True)
    tags = models.ManyToManyField(Tag, related_name="accounts", blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates"
    )
    # Kept by services/touchpoints.py, so that lists can sort on it.
    last_contact_on = models.DateField(null=True, blank=True, editable=False)
    search = models.GeneratedField(
        expression=folded_vector("name", "city", "external_id"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], name="account_external_id_unique"
            ),
            models.CheckConstraint(
                condition=Q(lost_on=None)
                | Q(acquired_on=None)
                | Q(lost_on__gte=models.F("acquired_on")),
                name="account_lost_after_acquired",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=models.F("id")),
                name="account_not_merged_into_itself",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="account_has_a_name"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="account_search"),
            models.Index(fields=["name", "id"], name="account_by_name"),
            models.Index(fields=["last_contact_on", "id"], name="account_by_contact"),
            # Lists sort and narrow by these; each serves both directions.
            models.Index(fields=["owner", "id"], name="account_by_owner"),
            # With what keeps merged ones out, so that counting reads no row.
            models.Index(
                fields=["city", "id"], include=["merged_into"], name="account_by_city"
            ),
            models.Index(
                fields=["industry", "id"],
                include=["merged_into"],
                name="account_by_industry",
            ),
            models.Index(fields=["stage", "id"], name="account_by_stage"),
            models.Index(LastDigits("phone"), name="account_by_phone"),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeDefinition(Timestamped):
    """One extra field that the firm keeps on accounts, with its type."""

    key = models.SlugField(max_length=50, unique=True)
    label = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=AttributeType.choices)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
