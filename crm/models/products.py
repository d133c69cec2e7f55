"""What we sell, what customers have of it, and how they use it."""

from typing import Self

import pghistory
from django.db import models
from django.db.models import Q

from common.versions import Timestamped, Versioned
from crm.choices import HoldingStatus
from crm.models.accounts import Account
from crm.models.users import User

LONGEST_TERM = 120  # months


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class Product(Versioned):
    """One thing we sell. A unit cost that is not known is empty, never zero.

    What is sold by term is a contract: its holdings end, and are renewed or not.
    """

    sku = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=300)
    category = models.CharField(max_length=100, blank=True, default="")
    list_price = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True
    )
    unit_cost = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True
    )
    complements = models.ManyToManyField("self", blank=True, symmetrical=True)
    upgrade_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="upgrades_from"
    )
    is_active = models.BooleanField(default=True)
    term_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="months of one term of a contract; empty if not sold by term",
    )

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(unit_cost=None) | Q(unit_cost__gte=0))
                & (Q(list_price=None) | Q(list_price__gte=0)),
                name="product_amounts_not_below_0",
            ),
            models.CheckConstraint(condition=~Q(sku=""), name="product_has_a_sku"),
            models.CheckConstraint(
                condition=Q(term_months=None) | Q(term_months__range=(1, LONGEST_TERM)),
                name="product_term_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HoldingQuerySet(models.QuerySet["Holding"]):
    def visible_to(self, user: User) -> Self:
        """Keep holdings of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def on_hand(self) -> Self:
        return self.filter(status=HoldingStatus.ACTIVE)


class Holding(Versioned):
    """What a customer has of one product, since when and until when.

    A contract that is renewed gets a new holding, which replaces the one that ends;
    moving the end of the old one says the same without keeping when.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="holdings")
    product = models.ForeignKey(Product, models.PROTECT, related_name="holdings")
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    acquired_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=HoldingStatus.choices, default=HoldingStatus.ACTIVE
    )
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces"
    )

    objects = HoldingQuerySet.as_manager()

    class Meta:
        ordering = ["-acquired_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("acquired_on")),
                name="holding_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="holding_quantity_above_0"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class Usage(Timestamped):
    """How much one holding was used in one month, by one metric."""

    holding = models.ForeignKey(Holding, models.CASCADE, related_name="usage")
    metric = models.CharField(max_length=60)
    month = models.DateField(help_text="first day of the month")
    value = models.DecimalField(max_digits=14, decimal_places=3)
    value_note = models.TextField(
        blank=True, default="", help_text="what the customer says it is worth to them"
    )

    class Meta:
        ordering = ["-month", "metric"]
        constraints = [
            models.UniqueConstraint(
                fields=["holding", "metric", "month"], name="usage_once_a_month"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="usage_month_is_its_first_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.month:%Y-%m}: {self.value}"
