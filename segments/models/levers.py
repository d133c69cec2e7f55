"""Levers: what they act on, by class and night, and the scenarios that people keep."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q

from clv.models import ValuationRun
from common.versions import Versioned
from crm.models import User
from segments.choices import WorthClass


class LeverBase(models.Model):
    """What levers act on in one class in one run; of all customers where it is empty.

    `sums` are discounted expectations (`clv.engine.levers.Sums`), `newcomer` what one
    more customer brings. `facts` is what the year up to the run's day says of prices,
    products, contacts and costs by kind.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, blank=True, default="")
    customers = models.PositiveIntegerField()
    equity = models.DecimalField(max_digits=18, decimal_places=2)
    variance = models.FloatField()
    sums = models.JSONField()
    newcomer = models.JSONField()
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "worth_class"], name="lever_base_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.worth_class or 'all customers'} in run {self.run_id}"


class ScenarioQuerySet(models.QuerySet["LeverScenario"]):
    def standing(self) -> Self:
        """Keep the scenarios that nobody has put away."""
        return self.filter(archived_at=None)


class LeverScenario(Versioned):
    """Levers somebody moved, what that was to bring, and who promised it by when.

    What was expected is kept as it was on `as_of`; what came is read from the runs
    since (`segments.queries.delivered`).
    """

    name = models.CharField(max_length=120)
    note = models.CharField(max_length=500, blank=True, default="")
    worth_class = models.CharField(
        max_length=20, choices=WorthClass.choices, blank=True, default=""
    )
    levers = models.JSONField()
    as_of = models.DateField(help_text="the night that the levers were moved on")
    equity_before = models.DecimalField(max_digits=18, decimal_places=2)
    equity_after = models.DecimalField(max_digits=18, decimal_places=2)
    change_low = models.DecimalField(max_digits=18, decimal_places=2)
    change_high = models.DecimalField(max_digits=18, decimal_places=2)
    parts = models.JSONField(help_text="effect of each lever in cents")
    promised_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    promised = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(promised_by=None, due_on=None, promised=None)
                | Q(
                    promised_by__isnull=False,
                    due_on__isnull=False,
                    promised__isnull=False,
                ),
                name="scenario_promise_is_whole",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def change(self) -> Decimal:
        return self.equity_after - self.equity_before

    @property
    def is_promised(self) -> bool:
        return self.promised is not None

    @property
    def class_label(self) -> str:
        if not self.worth_class:
            return "All customers"
        return str(WorthClass(self.worth_class).label)
