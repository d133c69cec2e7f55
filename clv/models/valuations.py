"""Values: what one run says of one account, with all that went into it."""

from typing import Any, Self

from django.db import models
from django.db.models.fields.related import ForeignObject

from clv.choices import BreakEven, LadderStep
from clv.models.likegroups import LikeGroup
from clv.models.runs import ValuationRun
from crm.models import Account, User


def money(*, null: bool = False) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2, null=null)


class ValuationQuerySet(models.QuerySet["Valuation"]):
    def of_run(self, run: ValuationRun) -> Self:
        """Keep one run's values: one partition of the table."""
        return self.filter(run_id=run.pk)

    def prospects(self) -> Self:
        """Keep accounts that had not ordered, with the customers like them."""
        return self.filter(order_days=0).select_related("like")

    def visible_to(self, user: User) -> Self:
        """Keep values of accounts that `user` may see."""
        rows = self.filter(account__merged_into=None)
        return rows if user.sees_every_account else rows.filter(account__owner=user)


class Valuation(models.Model):
    """One account's worth in one run. Partitioned by run; never changed once published.

    clv = realised_profit + future_value, and future_value = expected_margin -
    expected_cost, to the cent. future_spread is its standard deviation, which sets of
    accounts add up in squares. Expected amounts are discounted over the run's horizon.
    The inputs are stored beside the results, so that a run can be repeated from them.
    """

    pk = models.CompositePrimaryKey("run_id", "account_id")
    # No constraint on the run: runs attach and drop whole partitions, and a foreign key
    # would lock the table of runs for each.
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
    # Inputs, as of the run's day.
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    order_days = models.IntegerField()
    order_count = models.IntegerField()
    revenue = money()
    revenue_cost_unknown = money()
    margin = money()
    revenue_year = money()
    margin_year = money()
    cost_to_win = money()
    cost_per_order_kinds = money()
    cost_over_time_kinds = money()
    cost_year = money()
    # Cost to serve by kind, and a number for the class of the day before. Runs from
    # before these were kept have none.
    cost_delivery = money(null=True)
    cost_returns = money(null=True)
    cost_credit = money(null=True)
    cost_account_management = money(null=True)
    cost_marketing = money(null=True)
    cost_service = money(null=True)
    cost_other = money(null=True)
    group_code = models.SmallIntegerField(null=True)
    paid_back_on = models.DateField(null=True)
    trait_code = models.BigIntegerField(db_default=0)
    # Results.
    ladder_step = models.CharField(max_length=10, choices=LadderStep.choices)
    probability_alive = models.FloatField(null=True)
    expected_orders = models.FloatField()
    expected_orders_year = models.FloatField()
    expected_margin = money()
    expected_margin_year = money()
    expected_cost = money()
    expected_cost_year = money()
    future_value = money()
    future_low = money()
    future_high = money()
    future_spread = models.FloatField(null=True)  # unknown in early runs
    realised_profit = money()
    clv = money()
    break_even = models.CharField(max_length=12, choices=BreakEven.choices)
    break_even_on = models.DateField(null=True)
    # Customers like it, for accounts without orders; no column of its own.
    like = ForeignObject(
        LikeGroup,
        models.DO_NOTHING,
        from_fields=("run", "trait_code"),
        to_fields=("run", "trait_code"),
        related_name="+",
    )

    objects = ValuationQuerySet.as_manager()

    class Meta:
        # Django cannot express a partitioned table: migration 0003 makes it.
        managed = False
        db_table = "clv_valuation"

    def __str__(self) -> str:
        return f"Account {self.account_id} in run {self.run_id}"
