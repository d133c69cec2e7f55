"""The hours that account owners have for touches, and what plans ask of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from campaigns import policy
from campaigns.choices import OwnerRole
from campaigns.models import PlanningRule, PlanVersion, RepCapacity
from campaigns.queries.costs import PlanCost, hourly_costs, plan_cost
from common.money import ZERO
from crm.models import User


@dataclass(frozen=True, slots=True)
class RepHours:
    """Hours a week: what a plan asks for, what the others do, what there is."""

    people: int
    capacity: Decimal
    plan: Decimal
    other_plans: Decimal

    @property
    def asked(self) -> Decimal:
        return self.plan + self.other_plans

    @property
    def plan_a_year(self) -> Decimal:
        return self.plan * policy.WEEKS_PER_YEAR

    @property
    def is_too_much(self) -> bool:
        return self.asked > self.capacity


def rep_capacity() -> tuple[int, Decimal]:
    """Return how many account owners there are, and their hours a week together."""
    usual = PlanningRule.objects.current().hours_a_week
    reps = User.objects.filter(is_active=True, groups__name=OwnerRole.REP)
    own = RepCapacity.objects.filter(user=OuterRef("pk")).values("hours_a_week")
    hours = Coalesce(Subquery(own), Value(usual))
    found = reps.aggregate(people=Count("pk"), hours=Sum(hours))
    return found["people"], found["hours"] or ZERO


def hours_a_week(cost: PlanCost) -> Decimal:
    """Return what a costed version asks of the owners of all who follow it."""
    return cost.rep_hours / policy.WEEKS_PER_YEAR


def hours_of_plans(counts: Mapping[int, int], *, besides: int | None = None) -> Decimal:
    """Return what all published plans ask of account owners, but for one."""
    hourly = hourly_costs()
    versions = PlanVersion.objects.published().exclude(plan_id=besides)
    costs = (
        plan_cost(
            version.touches.all(),
            hourly=hourly,
            members=counts.get(version.plan_id, 0),
            runs_days=version.runs_days,
        )
        for version in versions.prefetch_related("touches")
    )
    return sum(map(hours_a_week, costs), ZERO)
