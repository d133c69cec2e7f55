"""What the business assumes; versioned, so that old numbers stay explicable."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clv.choices import PriorStrength
from clv.engine.priors import TypicalCustomer
from clv.policy import COST_DRIVERS
from common.versions import Versioned
from crm.models import User

# Numbers of which models are learnt; with the others models stay as they are.
TYPICAL = frozenset(
    {
        "prior_orders_per_year",
        "prior_share_leaving",
        "prior_margin_per_order",
        "prior_strength",
    }
)
DRIVERS = "cost_drivers"
LEARNT_FROM = TYPICAL | {"margin_rate_if_cost_unknown", DRIVERS}


def default_cost_drivers() -> dict[str, str]:
    return dict(COST_DRIVERS)


class AssumedNumbers(models.Model):
    """The numbers that people choose: every field of this class is one of them.

    What is said of a typical customer counts where there are too few customers to
    learn from; left empty, a weak prior of the engine stands in.
    """

    annual_rate = models.DecimalField(
        max_digits=6,
        decimal_places=4,
        default=Decimal("0.1000"),
        help_text="yearly discount rate, 0.10 is 10 %",
    )
    horizon_months = models.PositiveSmallIntegerField(default=36)
    margin_rate_if_cost_unknown = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.3000"),
        help_text="share of revenue taken as margin where a line has no unit cost",
    )
    retention_effect = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.1500"),
        help_text="share of a year's expected margin that care can at most secure",
    )
    response_scale = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.0500"),
        db_default=Decimal("0.0500"),
        help_text="spend on care, as a share of a year's expected margin, at which 63 %"
        " of what care can secure is secured",
    )
    prior_orders_per_year = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="days with orders a year of a typical customer, while a customer",
    )
    prior_share_leaving = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="share of typical customers that leave within a year",
    )
    prior_margin_per_order = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    prior_strength = models.PositiveSmallIntegerField(
        choices=PriorStrength.choices,
        default=PriorStrength.WEAK,
        help_text="how many times the engine's weak prior it counts",
    )
    cost_drivers = models.JSONField(
        default=default_cost_drivers,
        help_text="kind of cost to serve: grows with each order, or with each year",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(annual_rate__gte=0, annual_rate__lte=1)
                & Q(horizon_months__range=(1, 120))
                & Q(margin_rate_if_cost_unknown__range=(0, 1))
                & Q(retention_effect__range=(0, 1))
                & Q(response_scale__gt=0, response_scale__lte=1),
                name="%(class)s_in_range",
            ),
            models.CheckConstraint(
                condition=(
                    Q(prior_orders_per_year=None) | Q(prior_orders_per_year__gt=0)
                )
                & (
                    Q(prior_share_leaving=None)
                    | Q(prior_share_leaving__gt=0, prior_share_leaving__lt=1)
                )
                & (Q(prior_margin_per_order=None) | Q(prior_margin_per_order__gt=0))
                & Q(prior_strength__in=PriorStrength.values),
                name="%(class)s_prior_in_range",
            ),
        ]

    @classmethod
    def number_names(cls) -> tuple[str, ...]:
        """Return the names of the numbers, in the order in which they are written."""
        return tuple(field.name for field in AssumedNumbers._meta.fields)

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Return what is assumed, by name."""
        return {name: getattr(self, name) for name in self.number_names()}

    @property
    def typical_customer(self) -> TypicalCustomer:
        """Return what is said of customers, as the engine takes it."""
        return TypicalCustomer(
            orders_per_year=_as_float(self.prior_orders_per_year),
            share_leaving=_as_float(self.prior_share_leaving),
            margin_per_order=_as_float(self.prior_margin_per_order),
            strength=float(self.prior_strength),
        )

    @property
    def drivers_by_kind(self) -> dict[str, str]:
        """Return the driver of each kind; the default where a version names none."""
        return {
            kind: self.cost_drivers.get(kind, driver)
            for kind, driver in COST_DRIVERS.items()
        }


def _as_float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


class AssumptionsQuerySet(models.QuerySet["Assumptions"]):
    def current(self) -> "Assumptions":
        """Return the newest version; the first is made by a migration."""
        return self.latest("pk")


class Assumptions(AssumedNumbers):
    """One version of what is assumed; never edited, the newest counts.

    `equity_before` and `equity_after` are what its preview said of customer equity,
    where there was one.
    """

    reason = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    equity_before = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True
    )
    equity_after = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True
    )

    objects = AssumptionsQuerySet.as_manager()

    class Meta(AssumedNumbers.Meta):
        abstract = False
        ordering = ["-pk"]
        verbose_name_plural = "assumptions"

    def __str__(self) -> str:
        return f"Version {self.pk}"

    @property
    def equity_change(self) -> Decimal | None:
        if self.equity_before is None or self.equity_after is None:
            return None
        return self.equity_after - self.equity_before


class AssumptionsDraft(AssumedNumbers, Versioned):
    """What one person is about to publish; everybody has a draft of their own."""

    author = models.OneToOneField(User, models.CASCADE, related_name="+")
    based_on = models.ForeignKey(Assumptions, models.PROTECT, related_name="+")

    class Meta(AssumedNumbers.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"Draft of {self.author_id}"
