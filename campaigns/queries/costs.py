"""What plans cost: per customer and year, by budget head, and for a whole class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count

from campaigns import policy
from campaigns.choices import BudgetHead, OwnerRole
from campaigns.engine.costs import cost_of_one, touches_per_year
from campaigns.models import PlanVersion, TouchTemplate
from common.clock import business_today
from common.money import ZERO, to_cents
from crm.models import User
from crm.queries.rates import hourly_cost_of_row
from segments.choices import WorthClass
from segments.models import Membership

HourlyCosts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a version costs for one customer and year, to the cent.

    `by_head` sums to `per_customer`. `is_complete` is false while a unit cost is not
    known; the amounts then leave that touch out.
    """

    per_customer: Decimal
    by_head: Mapping[str, Decimal]
    touches_per_year: int
    minutes_per_year: int
    is_complete: bool
    members: int

    @property
    def whole_class(self) -> Decimal:
        """Return what the plan costs for all members within a year."""
        return self.per_customer * self.members

    @property
    def heads(self) -> list[tuple[str, Decimal]]:
        """Return label and money of each budget head that pays something."""
        return [
            (head.label, self.by_head[head.value])
            for head in BudgetHead
            if self.by_head.get(head.value)
        ]


def hourly_costs() -> dict[str, Decimal]:
    """Return the mean hourly cost of the people of each role that does touches."""
    people = User.objects.filter(is_active=True, groups__name__in=OwnerRole.values)
    means = dict(
        people.order_by()
        .values_list("groups__name")
        .annotate(mean=Avg(hourly_cost_of_row(business_today())))
        .values_list("groups__name", "mean")
    )
    return {
        role: to_cents(means.get(role) or policy.HOURLY_COST_IF_NOBODY)
        for role in OwnerRole.values
    }


def member_counts() -> dict[str, int]:
    """Return how many accounts stand in each class today."""
    rows = Membership.objects.open().order_by().values_list("worth_class")
    counts = dict(rows.annotate(n=Count("pk")))
    return {key: counts.get(key, 0) for key in WorthClass.values}


def yearly_cost(touch: TouchTemplate, hourly: HourlyCosts) -> Decimal | None:
    """Return what one touch costs for one customer and year; None if not known."""
    if touch.unit_cost is None:
        return None
    one = cost_of_one(
        unit_cost=touch.unit_cost,
        minutes=touch.minutes,
        hourly_cost=hourly[touch.owner_role],
    )
    times = touches_per_year(cadence=touch.cadence, times=touch.times)
    return to_cents(one * times)


def plan_cost(
    touches: Iterable[TouchTemplate], *, hourly: HourlyCosts, members: int = 0
) -> PlanCost:
    """Return what the touches of one version cost."""
    by_head: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    a_year = minutes = 0
    is_complete = True
    for touch in touches:
        cost = yearly_cost(touch, hourly)
        is_complete = is_complete and cost is not None
        by_head[touch.head] += cost or ZERO
        times = touches_per_year(cadence=touch.cadence, times=touch.times)
        a_year += times
        minutes += times * touch.minutes
    return PlanCost(
        per_customer=sum(by_head.values(), ZERO),
        by_head=dict(by_head),
        touches_per_year=a_year,
        minutes_per_year=minutes,
        is_complete=is_complete,
        members=members,
    )


def version_cost(version: PlanVersion) -> PlanCost:
    """Return what a version costs for its class as it stands today."""
    members = member_counts()[version.plan.worth_class]
    return plan_cost(version.touches.all(), hourly=hourly_costs(), members=members)
