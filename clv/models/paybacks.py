"""Payback: what customers brought by month, and when those in debt pay back."""

from typing import Self

from django.db import models
from django.db.models import Q

from clv.choices import CohortKind
from clv.models.runs import ValuationRun
from crm.models import Account, User


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


class PaybackRangeQuerySet(models.QuerySet["PaybackRange"]):
    def visible_to(self, user: User) -> Self:
        """Keep ranges of accounts that `user` may see."""
        rows = self.filter(account__merged_into=None)
        return rows if user.sees_every_account else rows.filter(account__owner=user)


class PaybackRange(models.Model):
    """Between which days one account that has not paid back yet is expected to.

    Kept for the current run only: the central 80 % of its simulated futures; a day is
    None where these pay nothing back within the horizon. `probability` is the share of
    futures that do.
    """

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_index=False
    )
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_constraint=False
    )
    low_on = models.DateField(null=True)
    high_on = models.DateField(null=True)
    probability = models.FloatField()

    objects = PaybackRangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "account"], name="payback_range_once"
            ),
            models.CheckConstraint(
                condition=Q(probability__range=(0, 1)), name="payback_range_is_share"
            ),
        ]

    def __str__(self) -> str:
        return f"Payback of account {self.account_id} in run {self.run_id}"
