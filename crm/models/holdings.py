"""What customers have, how they use it, and what they say it is worth to them."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q

from common.clock import months_later
from common.versions import Timestamped, Versioned
from crm.choices import HoldingStatus, ValueSource
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.products import Product
from crm.models.users import User


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

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="holdings", db_index=False
    )
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
    serial_number = models.CharField(
        max_length=100, blank=True, default="", db_default=""
    )
    note = models.TextField(blank=True, default="", db_default="")
    order_line = models.OneToOneField(
        "OrderLine",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="holding",
        help_text="the line it was made from, if it was",
    )
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    external_id = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="its number where it was imported from",
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
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="holding_once_per_source",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "acquired_on"], name="holding_by_account"),
            models.Index(fields=["account", "ends_on"], name="holding_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    def term_ends_on(self, today: dt.date) -> dt.date | None:
        """Return when the running term ends, None if the product is not sold by term.

        A contract without an end on record runs on to its next anniversary.
        """
        term = self.product.term_months
        if self.ends_on is not None or term is None:
            return self.ends_on if term else None
        due, terms = months_later(self.acquired_on, term), 1
        while due <= today:
            terms += 1
            due = months_later(self.acquired_on, terms * term)
        return due


class UsageQuerySet(models.QuerySet["Usage"]):
    def visible_to(self, user: User) -> Self:
        """Keep the use of what accounts have that `user` may see."""
        if user.sees_every_account:
            return self
        return self.filter(holding__account__owner=user)


class Usage(Timestamped):
    """How much one holding was used in one month, by one metric."""

    holding = models.ForeignKey(Holding, models.CASCADE, related_name="usage")
    metric = models.CharField(max_length=60)
    month = models.DateField(help_text="first day of the month")
    value = models.DecimalField(max_digits=14, decimal_places=3)
    value_note = models.TextField(
        blank=True, default="", help_text="what the customer says it is worth to them"
    )

    objects = UsageQuerySet.as_manager()

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


class UsageTarget(Timestamped):
    """How much of one metric a month was agreed for one holding."""

    holding = models.ForeignKey(Holding, models.CASCADE, related_name="targets")
    metric = models.CharField(max_length=60)
    value = models.DecimalField(max_digits=14, decimal_places=3)

    class Meta:
        ordering = ["metric"]
        constraints = [
            models.UniqueConstraint(
                fields=["holding", "metric"], name="usage_target_once"
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0), name="usage_target_above_0"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value} a month"


class StatedValueQuerySet(models.QuerySet["StatedValue"]):
    def visible_to(self, user: User) -> Self:
        """Keep what was said at accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class StatedValue(Timestamped):
    """What a customer says that something is worth to them, in their own words.

    `amount` is money a year as they put it, empty if they named none. The product is
    empty when they spoke of all that we do.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="stated_values")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.TextField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    stated_on = models.DateField()
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(
        max_length=12, choices=ValueSource.choices, default=ValueSource.TALK
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = StatedValueQuerySet.as_manager()

    class Meta:
        ordering = ["-stated_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(words=""), name="stated_value_has_words"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0),
                name="stated_value_not_below_0",
            ),
        ]

    def __str__(self) -> str:
        return self.words[:60]
