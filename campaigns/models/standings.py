"""Standings: what lists sort accounts by, side by side, for one run."""

from typing import Any

from django.db import models

from clv.models import ValuationRun
from crm.models import Account


def money(*, null: bool = False) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2, null=null)


class StandingQuerySet(models.QuerySet["Standing"]):
    def of_run(self, run: ValuationRun) -> "StandingQuerySet":
        """Keep one run's standings: one partition of the table."""
        return self.filter(run_id=run.pk)


class Standing(models.Model):
    """One account's class, worth, change and next touch, as the current run has them.

    Written by the night for sorting only, partitioned by run; each figure is kept where
    it belongs as well. Only `next_touch_on` moves during the day.
    """

    pk = models.CompositePrimaryKey("run_id", "account_id")
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
    class_rank = models.SmallIntegerField(null=True)
    clv = money()
    trend = money(null=True)
    realised_profit = money()
    revenue_year = money()
    margin_year = money()
    cost_year = money()
    care_left = money(null=True)
    # None for who has never ordered.
    probability_alive = models.FloatField(null=True)
    # The day on which it has paid back, or is expected to.
    paid_back_by = models.DateField(null=True)
    order_count = models.IntegerField()
    last_order_on = models.DateField(null=True)
    next_touch_on = models.DateField(null=True)

    objects = StandingQuerySet.as_manager()

    class Meta:
        # Django cannot express a partitioned table: a migration makes it.
        managed = False
        db_table = "campaigns_standing"

    def __str__(self) -> str:
        return f"Account {self.account_id} in run {self.run_id}"
