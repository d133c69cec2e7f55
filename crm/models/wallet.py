"""Whom else customers buy from, and how much they spend in all."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from common.versions import Timestamped, Versioned
from crm.choices import EstimateSource
from crm.models.accounts import Account
from crm.models.products import Product
from crm.models.users import User


class Competitor(Versioned):
    """One firm that sells what we sell."""

    name = models.CharField(max_length=200)
    website = models.URLField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="competitor_name_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="competitor_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class PresenceQuerySet(models.QuerySet["CompetitorPresence"]):
    def visible_to(self, user: User) -> Self:
        """Keep what is known of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def present(self) -> Self:
        return self.filter(until=None)


class CompetitorPresence(Versioned):
    """Something that one account has from a competitor, since when and until when.

    `product` is what we sell in its place, if anything.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="competitors")
    competitor = models.ForeignKey(Competitor, models.PROTECT, related_name="presences")
    category = models.CharField(max_length=100, blank=True, default="")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+"
    )
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PresenceQuerySet.as_manager()

    class Meta:
        ordering = ["competitor__name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since=None)
                | Q(until=None)
                | Q(until__gte=models.F("since")),
                name="presence_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"{self.competitor_id} at {self.account_id}"


class EstimateQuerySet(models.QuerySet["WalletEstimate"]):
    def visible_to(self, user: User) -> Self:
        """Keep estimates of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class WalletEstimate(Timestamped):
    """How much one account spends a year on one category, with us and with others.

    Estimates are kept; the newest of a category counts. An empty amount says that
    what was thought is not believed any more: the spend is unknown again.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="wallet_estimates"
    )
    category = models.CharField(max_length=100)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    estimated_on = models.DateField()
    source = models.CharField(max_length=12, choices=EstimateSource.choices)
    note = models.CharField(max_length=300, blank=True, default="")
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = EstimateQuerySet.as_manager()

    class Meta:
        ordering = ["category", "-estimated_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0),
                name="wallet_estimate_above_0",
            ),
            models.CheckConstraint(
                condition=~Q(category=""), name="wallet_estimate_has_a_category"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.amount}"
