"""Orders, their lines, and what came back: where margin comes from."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Round

from common.versions import Versioned
from crm.choices import OrderStatus
from crm.models.accounts import Account
from crm.models.products import Product
from crm.models.users import User


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: User) -> Self:
        """Keep orders of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def confirmed(self) -> Self:
        return self.filter(status=OrderStatus.CONFIRMED)


class Order(Versioned):
    """One purchase by one account on one day.

    `source` and `external_id` name it where it came from, so that loading it twice
    stores it once. Orders are cancelled, never deleted.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="orders")
    ordered_on = models.DateField()
    status = models.CharField(
        max_length=10, choices=OrderStatus.choices, default=OrderStatus.CONFIRMED
    )
    source = models.CharField(max_length=40, default="api")
    external_id = models.CharField(max_length=100)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-ordered_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="order_once_per_source"
            ),
            # Target of the lines' composite foreign key (migration 0002).
            models.UniqueConstraint(
                fields=["id", "account", "ordered_on", "status"],
                name="order_facts_for_lines",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "ordered_on"], name="order_by_account"),
            models.Index(fields=["updated_at"], name="order_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class OrderLine(models.Model):
    """One product on one order.

    Account, day and status repeat the order's; a composite foreign key with ON UPDATE
    CASCADE keeps them equal. So worth is summed from one table, in index order.
    `revenue` is quantity × unit price − discount. A unit cost that is not known is
    empty, and the night prices it with the stated margin assumption.
    """

    order = models.ForeignKey(
        Order, models.CASCADE, related_name="lines", db_constraint=False
    )
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    ordered_on = models.DateField()
    status = models.CharField(max_length=10, choices=OrderStatus.choices)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="lines"
    )
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    discount = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal("0.00")
    )
    unit_cost = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True
    )
    revenue = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price") - F("discount"), precision=2),
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )
    cost = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_cost"), precision=2),
        output_field=models.DecimalField(max_digits=14, decimal_places=2, null=True),
        db_persist=True,
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="line_quantity_above_0"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0)
                & Q(discount__gte=0)
                & (Q(unit_cost=None) | Q(unit_cost__gte=0)),
                name="line_amounts_not_below_0",
            ),
        ]
        indexes = [
            # The night counts orders per day in this order, without sorting.
            models.Index(
                fields=["account", "ordered_on", "order"],
                include=["revenue", "cost", "status"],
                name="line_worth_by_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class OrderReturn(models.Model):
    """Goods of one line that came back: a row of its own, never an edit of the line.

    `refund` lowers revenue; `cost_recovered` is the value of what can be sold again.
    Both are credited to the day of the return.
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="returns")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    returned_on = models.DateField()
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    refund = models.DecimalField(max_digits=14, decimal_places=2)
    cost_recovered = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal("0.00")
    )
    reason = models.CharField(max_length=200, blank=True, default="")
    source = models.CharField(max_length=40, default="api")
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-returned_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="return_once_per_source"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(refund__gte=0)
                & Q(cost_recovered__gte=0),
                name="return_amounts_not_below_0",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="return_by_change")]

    def __str__(self) -> str:
        return f"{self.quantity} back on {self.returned_on}"
