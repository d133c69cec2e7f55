"""What a draft would cost, ask of people, and have to earn; also while it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from campaigns.choices import BudgetHead
from campaigns.engine.costs import BreakEven, break_even
from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries.capacity import (
    RepHours,
    hours_a_week,
    hours_of_plans,
    rep_capacity,
)
from campaigns.queries.costs import hourly_costs
from campaigns.queries.followers import Following, follower_counts, following
from campaigns.queries.plans import Change, Version, changes, costed, with_cost
from common.money import ZERO


@dataclass(frozen=True, slots=True)
class HeadLine:
    """One budget head for one customer and year, before and after."""

    label: str
    before: Decimal | None
    after: Decimal


@dataclass(frozen=True, slots=True)
class Effect:
    """A version beside another that it would replace, if there is one.

    `even` is what it must earn with one customer within a year to pay for itself;
    `more` what it costs more than the other, below 0 what it saves.
    """

    after: Version
    before: Version | None
    changes: Sequence[Change]
    heads: Sequence[HeadLine]
    following: Following
    even: BreakEven
    hours: RepHours
    unpriced: Sequence[str]

    @property
    def more(self) -> Decimal | None:
        if self.before is None:
            return None
        return self.after.cost.per_customer - self.before.cost.per_customer


@dataclass(frozen=True, slots=True)
class Ground:
    """What an effect rests on and does not change while touches are typed."""

    following: Following
    people: int
    capacity: Decimal
    other_plans: Decimal


def ground(plan: RetentionPlan) -> Ground:
    """Return who would follow `plan`, and what all other plans ask of people."""
    plans = RetentionPlan.objects.filter(versions__status="published")
    counts = follower_counts(list(plans.exclude(pk=plan.pk)))
    people, capacity = rep_capacity()
    return Ground(
        following=following(plan),
        people=people,
        capacity=capacity,
        other_plans=hours_of_plans(counts, besides=plan.pk),
    )


def effect(
    version: PlanVersion,
    before: PlanVersion | None,
    on: Ground,
    *,
    touches: Sequence[TouchTemplate] | None = None,
) -> Effect:
    """Return what `version` does, with other `touches` than its own if given."""
    count = on.following.accounts
    rows = list(version.touches.all()) if touches is None else touches
    after = costed(version, rows, hourly_costs(), count)
    old = with_cost(before, count) if before else None
    return Effect(
        after=after,
        before=old,
        changes=changes(after, old),
        heads=_heads(after, old),
        following=on.following,
        even=break_even(
            cost_per_customer=after.cost.per_customer,
            expected_margin_year=on.following.expected_margin_year,
        ),
        hours=RepHours(
            people=on.people,
            capacity=on.capacity,
            plan=hours_a_week(after.cost),
            other_plans=on.other_plans,
        ),
        unpriced=[touch.title for touch in rows if touch.unit_cost is None],
    )


def _heads(after: Version, before: Version | None) -> list[HeadLine]:
    old: Mapping[str, Decimal] = before.cost.by_head if before else {}
    return [
        HeadLine(
            label=head.label,
            before=old.get(head.value, ZERO) if before else None,
            after=after.cost.by_head.get(head.value, ZERO),
        )
        for head in BudgetHead
    ]
