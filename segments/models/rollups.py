"""What a night sums up for the value pages, so that they need not look at everybody."""

from typing import Any

from django.db import models

from clv.models import ValuationRun
from crm.models import Account
from segments.choices import Dimension, LeverCause


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
    cohort. `margin` is that of orders of the quarter less what came back in it; with
    the parts of cents of an assumed margin, so that cells sum to the cent.
    """

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_index=False
    )
    worth_class = models.CharField(max_length=20)
    relationship_type = models.CharField(max_length=20, blank=True, default="")
    cohort = models.IntegerField(help_text="year × 4 + quarter from 0 to 3")
    age = models.IntegerField(help_text="quarters since the cohort's")
    buyers = models.PositiveIntegerField()
    margin = models.DecimalField(max_digits=24, decimal_places=6)

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
    made_at = models.DateTimeField(null=True, help_text="when its rows were read")
    seconds = models.FloatField(default=0.0, help_text="that summing up took")

    class Meta:
        verbose_name_plural = "stored figures"
        constraints = [
            models.UniqueConstraint(fields=["run", "block"], name="stored_figures_once")
        ]

    def __str__(self) -> str:
        return f"{self.block} of run {self.run_id}"


class LeverFinding(models.Model):
    """What one account has to do with one place where margin is lost.

    Of the twelve months up to the current run's day, partitioned by run. `is_hit` says
    that the account takes part; what does not may still count against the money.
    """

    pk = models.CompositePrimaryKey("run_id", "account_id", "cause", "key")
    run = models.ForeignKey(
        ValuationRun,
        models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    cause = models.CharField(max_length=20, choices=LeverCause.choices)
    key = models.CharField(max_length=20, help_text="id of the product, or the class")
    money = models.DecimalField(max_digits=40, decimal_places=20, null=True)
    usual = models.DecimalField(max_digits=40, decimal_places=20, null=True)
    base = models.DecimalField(max_digits=40, decimal_places=20, null=True)
    is_hit = models.BooleanField()

    class Meta:
        # Django cannot express a partitioned table: a migration makes it.
        managed = False
        db_table = "segments_leverfinding"

    def __str__(self) -> str:
        return f"{self.cause} {self.key}, account {self.account_id}"
