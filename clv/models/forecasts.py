"""Margin by month: what a night expects of customers, and what came."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clv.models.runs import ValuationRun


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=18, decimal_places=2)


class ForecastMonth(models.Model):
    """What one run expects of its customers in one month, in one class or in all.

    `worth_class` is empty for the firm. Money is not discounted; the interval is that
    of the margin. The first month begins the day after the run's, the last ends with
    the horizon. Customers still to be won are not in it.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, blank=True, default="")
    month = models.DateField(help_text="its first day")
    orders = models.FloatField()
    margin = money()
    cost = money()
    margin_low = money()
    margin_high = money()

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "worth_class", "month"], name="forecast_month_once"
            ),
            models.CheckConstraint(
                condition=Q(margin_low__lte=F("margin_high")),
                name="forecast_month_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_class or 'firm'} in {self.month:%Y-%m}, run {self.run_id}"


class ActualMonth(models.Model):
    """What one whole month brought: margin of its lines less what came back in it.

    `margin_known` is that of accounts whose first order came before the month,
    `margin_new` that of the others.
    """

    month = models.DateField(unique=True, help_text="its first day")
    margin_known = money()
    margin_new = money()
    counted_on = models.DateField()
    counted_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
