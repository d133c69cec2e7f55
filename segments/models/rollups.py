"""What a night sums up for the value pages, so that they need not look at everybody."""

from typing import Any

from django.db import models

from clv.models import ValuationRun
from segments.choices import Dimension


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=18, decimal_places=2)


class ValueTotal(models.Model):
    """One class in one run, of one owner, territory, industry or relationship type.

    `key` names it: the id of owner or territory, the word of the others, and nothing
    where the account has none. The rows of a dimension sum to the class.
    """

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_index=False
    )
    dimension = models.CharField(max_length=20, choices=Dimension.choices)
    key = models.CharField(max_length=100, blank=True, default="")
    worth_class = models.CharField(max_length=20)
    accounts = models.PositiveIntegerField()
    customers = models.PositiveIntegerField(help_text="accounts that ever ordered")
    clv = money()
    customer_equity = money()
    expected_margin = money()
    realised_profit = money()
    margin_year = money()
    cost_year = money()
    variance = models.FloatField(
        null=True, help_text="of customer equity; unknown where a spread is"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "dimension", "key", "worth_class"],
                name="value_total_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} in run {self.run_id}"


class CohortCell(models.Model):
    """The customers won in one quarter, at one age in quarters, as one run counted.

    Age 0 is the quarter of the first order itself; `buyers` of age 0 is the size of the
    cohort. `margin` is that of orders of the quarter less what came back in it.
    """

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_index=False
    )
    worth_class = models.CharField(max_length=20)
    relationship_type = models.CharField(max_length=20, blank=True, default="")
    cohort = models.IntegerField(help_text="year × 4 + quarter from 0 to 3")
    age = models.IntegerField(help_text="quarters since the cohort's")
    buyers = models.PositiveIntegerField()
    margin = money()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "worth_class", "relationship_type", "cohort", "age"],
                name="cohort_cell_once",
            )
        ]

    def __str__(self) -> str:
        return f"Cohort {self.cohort} at {self.age}, run {self.run_id}"


class StoredFigures(models.Model):
    """The rows of one block of the value page as a run left them."""

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_index=False
    )
    block = models.CharField(max_length=20)
    rows = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "stored figures"
        constraints = [
            models.UniqueConstraint(fields=["run", "block"], name="stored_figures_once")
        ]

    def __str__(self) -> str:
        return f"{self.block} of run {self.run_id}"
