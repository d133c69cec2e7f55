"""Sufficient statistics: all that the models need to know of an account's past."""

from typing import Any

from django.db import models

from crm.models import Account


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2, db_default=0)


class AccountSummary(models.Model):
    """One account's orders and costs up to `as_of`, kept up to date by the night.

    Days with orders are purchases, so several orders on one day count once in
    `order_days`. `margin_known` and `revenue_cost_unknown` are kept apart, so that a
    changed margin assumption needs no new reading of the lines. `_year` sums cover the
    365 days up to `as_of`. Costs are split by what drives them: winning, each order,
    or time.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="+"
    )
    as_of = models.DateField()
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    order_days = models.IntegerField(db_default=0)
    order_count = models.IntegerField(db_default=0)
    revenue = money()
    margin_known = money()
    revenue_cost_unknown = money()
    revenue_year = money()
    margin_known_year = money()
    revenue_cost_unknown_year = money()
    cost_to_win = money()
    cost_per_order_kinds = money()
    cost_over_time_kinds = money()
    cost_year = money()
    paid_back_on = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "account summaries"

    def __str__(self) -> str:
        return f"{self.account_id} as of {self.as_of}"
