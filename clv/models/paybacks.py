"""Payback: what customers brought, month by month since their first order."""

from django.db import models

from clv.choices import CohortKind
from clv.models.runs import ValuationRun


class PaybackMonth(models.Model):
    """What the customers of one cohort brought in one month since their first order.

    Month 0 is what came before the first order, cost to win above all; month 1 begins
    with it. `customers` are those who lived through the whole month by the run's day,
    and `profit` is theirs: margin less all costs, not discounted.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=CohortKind.choices)
    key = models.CharField(max_length=20, blank=True, default="")
    month = models.IntegerField()
    customers = models.IntegerField()
    profit = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "key", "month"], name="payback_month_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Month {self.month} of {self.key or self.kind}, run {self.run_id}"
