"""What plans cost: per customer and year, by budget head, and for a whole class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count

from campaigns import policy
from campaigns.choices import BudgetHead, OwnerRole
from campaigns.engine.costs import cost_of_one, touches_per_year
from campaigns.models import PlanVersion
from campaigns.models.plans import TouchTerms
from common.clock import business_today
from common.kept import kept_list
from common.money import ZERO, to_cents
from crm.models import User
from crm.queries.rates import hourly_cost_of_row
from segments.choices import WorthClass
from segments.models import Membership

HourlyCosts = Mapping[str, Decimal]
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a version costs for one customer and year, to the cent.

    `by_head` sums to `per_customer`. `is_complete` is false while a unit cost is not
    known; the amounts then leave that touch out. Whoever follows a plan for less than
    a year costs that part of it.
    """

    per_customer: Decimal
    by_head: Mapping[str, Decimal]
    touches_per_year: Decimal
    minutes_by_role: Mapping[str, Decimal]
    is_complete: bool
    members: int

    @property
    def minutes_per_year(self) -> Decimal:
        return sum(self.minutes_by_role.values(), ZERO)

    @property
    def rep_hours(self) -> Decimal:
        """Return the hours a year that all members ask of account owners."""
        minutes = self.minutes_by_role.get(OwnerRole.REP, ZERO)
        return minutes * self.members / MINUTES_PER_HOUR

    @property
    def whole_class(self) -> Decimal:
        """Return what the plan costs for all members within a year."""
        return self.per_customer * self.members

    @property
    def heads(self) -> list[tuple[str, Decimal]]:
        """Return label and money of each of the four budget heads."""
        return [(head.label, self.by_head.get(head.value, ZERO)) for head in BudgetHead]


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
    counts = dict(kept_list(rows.annotate(n=Count("pk"))))
    return {key: counts.get(key, 0) for key in WorthClass.values}


def cost_of_touch(touch: TouchTerms) -> Decimal:
    """Return what one touch costs with the time of who does it, in cents."""
    return to_cents(
        cost_of_one(
            unit_cost=touch.unit_cost or ZERO,
            minutes=touch.minutes,
            hourly_cost=hourly_costs()[touch.owner_role],
        )
    )


def touches_a_year(touch: TouchTerms, runs_days: int | None = None) -> Decimal:
    """Return how often a touch comes within a year to who follows the plan."""
    return touches_per_year(
        cadence=touch.cadence, times=touch.times, every=touch.every, runs_days=runs_days
    )


def yearly_cost(
    touch: TouchTerms, hourly: HourlyCosts, runs_days: int | None = None
) -> Decimal | None:
    """Return what one touch costs for one customer and year; None if not known."""
    if touch.unit_cost is None:
        return None
    one = cost_of_one(
        unit_cost=touch.unit_cost,
        minutes=touch.minutes,
        hourly_cost=hourly[touch.owner_role],
    )
    return to_cents(one * touches_a_year(touch, runs_days))


def plan_cost(
    touches: Iterable[TouchTerms],
    *,
    hourly: HourlyCosts,
    members: int = 0,
    runs_days: int | None = None,
) -> PlanCost:
    """Return what the touches of one version cost."""
    by_head: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    minutes: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    a_year = ZERO
    is_complete = True
    for touch in touches:
        cost = yearly_cost(touch, hourly, runs_days)
        is_complete = is_complete and cost is not None
        by_head[touch.head] += cost or ZERO
        times = touches_a_year(touch, runs_days)
        a_year += times
        minutes[touch.owner_role] += times * touch.minutes
    return PlanCost(
        per_customer=sum(by_head.values(), ZERO),
        by_head=dict(by_head),
        touches_per_year=a_year,
        minutes_by_role=dict(minutes),
        is_complete=is_complete,
        members=members,
    )


def version_cost(version: PlanVersion) -> PlanCost:
    """Return what a version costs for its class as it stands today."""
    members = member_counts().get(version.plan.worth_class, 0)
    return plan_cost(
        version.touches.all(),
        hourly=hourly_costs(),
        members=members,
        runs_days=version.runs_days,
    )
