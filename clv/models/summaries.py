"""Sufficient statistics: all that the models need to know of an account's past."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from crm.models import Account


class CentsField(models.DecimalField):  # type: ignore[type-arg]  # not so at run time
    """An amount of money that the database keeps as whole cents.

    Millions of whole numbers are read, compared and written several times faster than
    decimals. Python sees currency units, as with other amounts.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bigint"

    def from_db_value(
        self, value: int | Decimal | None, *_context: object
    ) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.decimal_places)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001,FBT002 - as Django declares it
    ) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        if value is None or hasattr(value, "as_sql"):
            return value
        return int(Decimal(value).scaleb(self.decimal_places))


def money() -> CentsField:
    return CentsField(max_digits=14, decimal_places=2, db_default=0)


class AccountSummary(models.Model):
    """One account's orders and costs up to `as_of`, kept up to date by the night.

    A row stands until something of its account changes; `as_of` is the day it was last
    worked out, and `SummaryState` says for which day all rows together hold. Days with
    orders are purchases, so several orders on one day count once in `order_days`.
    `margin_known` and `revenue_cost_unknown` are kept apart, because the margin of the
    latter is an assumption. `_year` sums cover the 365 days up to `as_of`. Cost to
    serve is kept by kind; `cost_to_win` is what winning and starting cost.
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
    cost_delivery = money()
    cost_returns = money()
    cost_credit = money()
    cost_account_management = money()
    cost_marketing = money()
    cost_service = money()
    cost_other = money()
    cost_year = money()
    paid_back_on = models.DateField(null=True)
    next_change_on = models.DateField(
        null=True,
        help_text="the day on which the sums change although nothing is entered",
    )
    fingerprint = models.BigIntegerField(
        db_default=0,
        help_text="of all sums, as they are worked out in memory; 0 is not known",
    )

    class Meta:
        verbose_name_plural = "account summaries"

    def __str__(self) -> str:
        return f"{self.account_id} as of {self.as_of}"


class SummaryState(models.Model):
    """What all summaries together hold: one row, written with them.

    Everything entered before `changes_until` is in them, and `margin_rate` is the
    assumption that their `paid_back_on` rests on.
    """

    as_of = models.DateField()
    changes_until = models.DateTimeField()
    margin_rate = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="summary_state_one_row")
        ]

    def __str__(self) -> str:
        return f"Summaries as of {self.as_of}"
