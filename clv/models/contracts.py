"""What a run knew and said of accounts under contract."""

from typing import Any

from django.db import models

from clv.models.runs import ValuationRun
from crm.models import Account, Product


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2)


class ContractValuation(models.Model):
    """One account that one run valued by its contract, beside its `Valuation`.

    The account's contract is the one that ends last of those that have not run out, or
    the last one that has. Inputs are stored with the result, so that the run can be
    repeated: margin since the contract began, from what is sold by term (fee) and from
    everything else, on how many days either came.
    """

    run = models.ForeignKey(
        ValuationRun, models.CASCADE, related_name="+", db_constraint=False
    )
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_constraint=False
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    started_on = models.DateField()
    ends_on = models.DateField()
    term_days = models.PositiveIntegerField()
    has_ended = models.BooleanField()
    fee_margin = money()
    fee_days = models.PositiveIntegerField()
    other_margin = money()
    other_days = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "account"], name="contract_valued_once_a_run"
            )
        ]

    def __str__(self) -> str:
        return f"Contract of account {self.account_id} in run {self.run_id}"
