"""Sufficient statistics: all that the models need to know of an account's past."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q

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


# The account and its sums as `AccountSummary.packed` has them: one behind the other,
# big-endian, days as days since 1970-01-01.
PACKED = (
    ("account_id", "bigint"),
    ("first_on", "date"),
    ("last_on", "date"),
    ("order_days", "integer"),
    ("order_count", "integer"),
    ("revenue", "bigint"),
    ("margin_known", "bigint"),
    ("revenue_cost_unknown", "bigint"),
    ("revenue_year", "bigint"),
    ("margin_known_year", "bigint"),
    ("revenue_cost_unknown_year", "bigint"),
    ("cost_year", "bigint"),
    ("cost_to_win", "bigint"),
    ("cost_delivery", "bigint"),
    ("cost_returns", "bigint"),
    ("cost_credit", "bigint"),
    ("cost_account_management", "bigint"),
    ("cost_marketing", "bigint"),
    ("cost_service", "bigint"),
    ("cost_other", "bigint"),
    ("paid_back_on", "date"),
    ("next_change_on", "date"),
)
NO_DAY = -(2**31)  # where a day is not known
SENT = {
    "bigint": "int8send(%(expressions)s)",
    "integer": "int4send(%(expressions)s)",
    "date": f"int4send(coalesce(%(expressions)s - DATE '1970-01-01', {NO_DAY}))",
}


class Packed(Func):
    """Columns as the server would send them, in one value without their lengths."""

    arg_joiner = " || "
    template = "%(expressions)s"

    def __init__(self, *columns: tuple[str, str]) -> None:
        super().__init__(
            *(Func(F(name), template=SENT[kind]) for name, kind in columns),
            output_field=models.BinaryField(),
        )


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
    # All of them in one value: read many times faster than as many columns.
    packed = models.GeneratedField(
        expression=Packed(*PACKED),
        output_field=models.BinaryField(),
        db_persist=True,
    )

    class Meta:
        verbose_name_plural = "account summaries"
        indexes = [
            # Whose sums change tonight although nothing was entered.
            models.Index(fields=["next_change_on"], name="summary_by_next_change"),
        ]

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
