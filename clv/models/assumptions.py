"""What the business assumes; versioned, so that old numbers stay explicable."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.models import User


class AssumptionsQuerySet(models.QuerySet["Assumptions"]):
    def current(self) -> "Assumptions":
        """Return the newest version; the first is made by a migration."""
        return self.latest("pk")


class Assumptions(models.Model):
    """One version of the numbers that people choose; the newest counts."""

    annual_rate = models.DecimalField(
        max_digits=6,
        decimal_places=4,
        default=Decimal("0.1000"),
        help_text="yearly discount rate, 0.10 is 10 %",
    )
    horizon_months = models.PositiveSmallIntegerField(default=36)
    margin_rate_if_cost_unknown = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.3000"),
        help_text="share of revenue taken as margin where a line has no unit cost",
    )
    retention_effect = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.1500"),
        help_text="share of a year's expected margin that care can at most secure",
    )
    reason = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = AssumptionsQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "assumptions"
        constraints = [
            models.CheckConstraint(
                condition=Q(annual_rate__gte=0, annual_rate__lte=1)
                & Q(horizon_months__range=(1, 120))
                & Q(margin_rate_if_cost_unknown__range=(0, 1))
                & Q(retention_effect__range=(0, 1)),
                name="assumptions_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.pk}"
