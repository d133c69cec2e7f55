"""What doing a thing is expected to gain, so that touches and all else compare."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    F,
    OuterRef,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from campaigns.engine.costs import cost_of_one
from campaigns.engine.justified import expected_gain, share_of_year
from campaigns.models import PlanVersion, TouchTemplate
from campaigns.queries.costs import hourly_costs, touches_a_year
from clv.models import Assumptions, Valuation, ValuationRun
from common.money import ZERO
from segments.models import Membership

PRECISE: Any = DecimalField(max_digits=30, decimal_places=12)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a row stands where it stands, in numbers."""

    effect_share: Decimal
    expected_margin_year: Decimal
    share_of_year: Decimal
    touches_per_year: Decimal
    cost: Decimal
    gain: Decimal

    @property
    def secured(self) -> Decimal:
        """Return what the touch secures before its cost."""
        return self.gain + self.cost

    @property
    def is_loss(self) -> bool:
        """Tell whether the touch costs more than it secures."""
        return self.gain < 0


@dataclass(frozen=True, slots=True)
class Year:
    """What a plan asks for within a year: how many touches, at what cost."""

    touches: Decimal
    cost: Decimal


class Weighing:
    """Knows what care can secure, in the database and for one row."""

    def __init__(self) -> None:
        self.run = ValuationRun.objects.select_related("assumptions").current()
        assumptions = self.run.assumptions if self.run else None
        self.effect = (assumptions or Assumptions.objects.current()).retention_effect
        self.hourly = hourly_costs()
        versions = PlanVersion.objects.select_related("plan")
        versions = versions.prefetch_related("touches")
        self.years: dict[int, Year] = {}
        self.by_class: dict[str, Year] = {}
        self.templates: dict[int, TouchTemplate] = {}
        for version in versions.filter(published_at__isnull=False):
            year = self._year(version)
            self.years[version.pk] = year
            self.templates |= {one.pk: one for one in version.touches.all()}
            if version.status == "published":
                self.by_class[version.plan.worth_class] = year

    # -- One row -----------------------------------------------------------------------

    def touch(
        self, template: TouchTemplate, margin_year: Decimal | None
    ) -> Reasons | None:
        """Return what a touch of a plan is expected to gain."""
        cost = self.cost(template)
        year = self.years.get(template.version_id, Year(touches=Decimal(1), cost=cost))
        return self._reasons(margin_year, self._share(template), year, cost)

    def other(self, worth_class: str, margin_year: Decimal | None) -> Reasons | None:
        """Return what anything else is expected to gain.

        It is no part of the plan: it counts as a mean touch of it, at no cost.
        """
        year = self.by_class.get(worth_class, Year(touches=Decimal(1), cost=ZERO))
        return self._reasons(margin_year, _mean_share(year), year, ZERO)

    def cost(self, template: TouchTemplate) -> Decimal:
        """Return what one touch costs, its minutes included."""
        return cost_of_one(
            unit_cost=template.unit_cost or ZERO,
            minutes=template.minutes,
            hourly_cost=self.hourly[template.owner_role],
        )

    # -- In the database ---------------------------------------------------------------

    def margin_year(self, account: str) -> Subquery:
        """Return a year's expected margin of the account that a column names."""
        values = Valuation.objects.filter(
            run_id=self.run.pk if self.run else 0, account_id=OuterRef(account)
        )
        return Subquery(values.values("expected_margin_year"))

    def class_of(self, account: str) -> Coalesce:
        """Return the class in which the account stands today, or nothing."""
        stands = Membership.objects.open().filter(account_id=OuterRef(account))
        return Coalesce(Subquery(stands.values("worth_class")[:1]), Value(""))

    def share_of_touch(self) -> Combinable:
        """Return the share of a year's care of a touch, by its template."""
        return self._by_template(self._share)

    def cost_of_touch(self) -> Combinable:
        """Return the cost of a touch, by its template."""
        return self._by_template(self.cost)

    def share_of_other(self, stands: str) -> Combinable:
        """Return the share of anything else, by the column of the account's class."""
        cases = [
            When(**{stands: key}, then=Value(_mean_share(year)))
            for key, year in self.by_class.items()
        ]
        return Case(*cases, default=Value(Decimal(1)), output_field=PRECISE)

    def gain(self, margin: str, share: str, cost: str) -> Combinable:
        """Return the expected gain; what is not valued gains nothing."""
        effect = Value(self.effect, output_field=PRECISE)
        secured = Greatest(F(margin), Value(ZERO)) * effect * F(share) - F(cost)
        return Coalesce(secured, Value(ZERO), output_field=PRECISE)

    def _by_template(self, of: Callable[[TouchTemplate], Decimal]) -> Combinable:
        cases = [
            When(template_id=pk, then=Value(of(template)))
            for pk, template in self.templates.items()
        ]
        return Case(*cases, default=Value(ZERO), output_field=PRECISE)

    def _share(self, template: TouchTemplate) -> Decimal:
        cost = self.cost(template)
        year = self.years.get(template.version_id, Year(touches=Decimal(1), cost=cost))
        return share_of_year(
            cost=cost, cost_of_year=year.cost, touches_per_year=year.touches
        )

    def _year(self, version: PlanVersion) -> Year:
        touches, cost = ZERO, ZERO
        for template in version.touches.all():
            times = touches_a_year(template, version.runs_days)
            touches += times
            cost += times * self.cost(template)
        return Year(touches=touches, cost=cost)

    def _reasons(
        self, margin_year: Decimal | None, share: Decimal, year: Year, cost: Decimal
    ) -> Reasons | None:
        if margin_year is None:
            return None
        gain = expected_gain(
            expected_margin_year=margin_year,
            effect_share=self.effect,
            share_of_year=share,
            cost=cost,
        )
        return Reasons(self.effect, margin_year, share, year.touches, cost, gain)


def _mean_share(year: Year) -> Decimal:
    return share_of_year(cost=ZERO, cost_of_year=ZERO, touches_per_year=year.touches)
