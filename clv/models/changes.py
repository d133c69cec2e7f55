"""Why values changed from one run to the next, summed up by the night."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from clv.models.runs import ValuationRun


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=18, decimal_places=2)


class ChangeRollup(models.Model):
    """The change of CLV of the firm, or of one class, between two runs, in parts.

    `worth_class` is empty for the firm. `moved` is what members who came and left
    brought and took along, at their CLV of the run before; the seven parts are what
    changed for the members of the later run.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    before = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, blank=True, default="")
    clv_before = money()
    clv_after = money()
    moved = money()
    orders = money()
    margin = money()
    cost = money()
    retention = money()
    expansion = money()
    assumptions = money()
    model = money()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "before", "worth_class"], name="change_rollup_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    clv_after=F("clv_before")
                    + F("moved")
                    + F("orders")
                    + F("margin")
                    + F("cost")
                    + F("retention")
                    + F("expansion")
                    + F("assumptions")
                    + F("model")
                ),
                name="change_rollup_parts_sum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_class or 'firm'}: run {self.before_id} to {self.run_id}"
