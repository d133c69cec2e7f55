"""What we sell, what goes with it, and what takes its place."""

import pghistory
from django.db import models
from django.db.models import Q

from common.versions import Timestamped, Versioned

LONGEST_TERM = 120  # months
LONGEST_LIFE = 600  # months


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
    complements = models.ManyToManyField(
        "self", through="Complement", blank=True, symmetrical=True
    )
    upgrade_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="upgrades_from"
    )
    upgrade_reason = models.CharField(
        max_length=300, blank=True, default="", db_default=""
    )
    is_active = models.BooleanField(default=True)
    life_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="months one is usually used; empty if not known",
    )
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
            models.CheckConstraint(
                condition=Q(life_months=None) | Q(life_months__range=(1, LONGEST_LIFE)),
                name="product_life_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Complement(Timestamped):
    """One direction of "these two go together"; the other direction is a row too."""

    from_product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    to_product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        db_table = "crm_product_complements"
        constraints = [
            models.UniqueConstraint(
                fields=["from_product", "to_product"], name="complement_once"
            ),
            models.CheckConstraint(
                condition=~Q(from_product=models.F("to_product")),
                name="complement_is_another_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_product_id} with {self.to_product_id}"
