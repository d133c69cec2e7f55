"""Plans side by side: what each class gets, what it costs, what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from campaigns import policy
from campaigns.choices import VersionStatus
from campaigns.models import PlannedTouch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries.costs import (
    HourlyCosts,
    PlanCost,
    hourly_costs,
    member_counts,
    plan_cost,
    yearly_cost,
)
from segments.choices import WorthClass

# What a marketer may change of a touch, as the page names it.
COMPARED = {
    "title": "title",
    "channel": "channel",
    "cadence": "cadence",
    "times": "times",
    "unit_cost": "unit cost",
    "minutes": "minutes",
    "owner_role": "who",
    "head": "budget",
    "care": "aim",
    "content": "content",
}


@dataclass(frozen=True, slots=True)
class TouchLine:
    """One touch of a version with its cost for one customer and year."""

    touch: TouchTemplate
    yearly: Decimal | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a plan with its lines and its cost."""

    version: PlanVersion
    lines: Sequence[TouchLine]
    cost: PlanCost


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One class with its plan; `published` is None where it has none."""

    worth_class: WorthClass
    plan: RetentionPlan | None
    members: int
    published: Version | None
    draft: Version | None
    touches_ahead: int


@dataclass(frozen=True, slots=True)
class Change:
    """One touch that a draft adds, drops or changes."""

    kind: str
    title: str
    words: str
    before: Decimal | None
    after: Decimal | None


def class_plans(*, today: dt.date) -> list[ClassPlan]:
    """Return the four classes, most valuable first, in a fixed number of queries."""
    hourly, members = hourly_costs(), member_counts()
    ahead = _touches_ahead(today)
    plans = {plan.worth_class: plan for plan in RetentionPlan.objects.all()}
    versions = _current_versions(hourly, members)
    return [
        ClassPlan(
            worth_class=key,
            plan=plans.get(key),
            members=members[key],
            published=versions.get((key.value, VersionStatus.PUBLISHED)),
            draft=versions.get((key.value, VersionStatus.DRAFT)),
            touches_ahead=ahead.get(key, 0),
        )
        for key in WorthClass
    ]


def class_plan(worth_class: WorthClass, *, today: dt.date) -> ClassPlan:
    """Return one class with its plan."""
    found = class_plans(today=today)
    return next(one for one in found if one.worth_class == worth_class)


def with_cost(version: PlanVersion) -> Version:
    """Return any version with what it would cost today."""
    members = member_counts()[version.plan.worth_class]
    return _costed(version, hourly_costs(), members)


def changes(draft: Version, published: Version | None) -> list[Change]:
    """Return how a draft differs from what is published, touch by touch."""
    old = {line.touch.lineage: line for line in published.lines} if published else {}
    new = {line.touch.lineage: line for line in draft.lines}
    found = []
    for lineage, line in new.items():
        before = old.get(lineage)
        if before is None:
            found.append(Change("Added", line.touch.title, "", None, line.yearly))
        elif words := _differences(before.touch, line.touch):
            found.append(
                Change("Changed", line.touch.title, words, before.yearly, line.yearly)
            )
    dropped = [line for lineage, line in old.items() if lineage not in new]
    found += [
        Change("Dropped", line.touch.title, "", line.yearly, None) for line in dropped
    ]
    return found


def _differences(old: TouchTemplate, new: TouchTemplate) -> str:
    """Name what differs, as in: unit cost 4.80 → 5.20, content."""
    parts = []
    for name, label in COMPARED.items():
        if getattr(old, name) == getattr(new, name):
            continue
        if name == "content":
            parts.append(label)
        else:
            parts.append(f"{label} {_shown(old, name)} → {_shown(new, name)}")
    return ", ".join(parts)


def _shown(touch: TouchTemplate, name: str) -> str:
    display = getattr(touch, f"get_{name}_display", None)
    value = display() if display else getattr(touch, name)
    return "unknown" if value is None else str(value)


def _current_versions(
    hourly: HourlyCosts, members: dict[str, int]
) -> dict[tuple[str, str], Version]:
    rows = PlanVersion.objects.exclude(status=VersionStatus.ARCHIVED)
    rows = rows.select_related("plan", "author").prefetch_related("touches")
    return {
        (row.plan.worth_class, row.status): _costed(
            row, hourly, members[row.plan.worth_class]
        )
        for row in rows
    }


def _costed(version: PlanVersion, hourly: HourlyCosts, members: int) -> Version:
    touches = list(version.touches.all())
    return Version(
        version=version,
        lines=[TouchLine(touch, yearly_cost(touch, hourly)) for touch in touches],
        cost=plan_cost(touches, hourly=hourly, members=members),
    )


def _touches_ahead(today: dt.date) -> dict[str, int]:
    until = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    due = PlannedTouch.objects.due().filter(due_on__lt=until)
    rows = due.order_by().values_list("template").annotate(n=Count("pk"))
    by_template = dict(rows.values_list("template", "n"))
    classes = TouchTemplate.objects.filter(pk__in=by_template).values_list(
        "pk", "version__plan__worth_class"
    )
    totals: dict[str, int] = {}
    for pk, worth_class in classes:
        totals[worth_class] = totals.get(worth_class, 0) + by_template[pk]
    return totals
