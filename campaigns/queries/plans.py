"""Plans side by side: who gets what, what it costs, what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from campaigns import policy
from campaigns.choices import NEWCOMERS, VersionStatus
from campaigns.models import PlannedTouch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries.costs import (
    HourlyCosts,
    PlanCost,
    hourly_costs,
    member_counts,
    plan_cost,
    yearly_cost,
)
from campaigns.queries.followers import follower_counts
from common.kept import kept_list
from segments.choices import WorthClass

# What a marketer may change of a touch, as the page names it.
COMPARED = {
    "title": "title",
    "channel": "channel",
    "often": "how often",
    "unit_cost": "unit cost",
    "minutes": "minutes",
    "owner_role": "who",
    "head": "budget",
    "care": "aim",
    "topic": "topic",
    "subject": "subject",
    "content": "content",
}
# Too long to be shown beside each other.
LONG = frozenset({"subject", "content"})


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
class PlanCard:
    """One plan as it stands; `published` is None while nobody can follow it."""

    plan: RetentionPlan
    followers: int
    published: Version | None
    draft: Version | None
    touches_ahead: int

    @property
    def newest(self) -> Version | None:
        return self.published or self.draft


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One class, or the newcomers (no class), with its plans.

    `plan`, `published`, `draft` and `touches_ahead` are those of the plan for the whole
    class; `others` are its refined plans and those that are followed by hand only.
    """

    worth_class: WorthClass | None
    plan: RetentionPlan | None
    members: int
    followers: int
    published: Version | None
    draft: Version | None
    touches_ahead: int
    others: Sequence[PlanCard]

    @property
    def key(self) -> str:
        return self.worth_class.value if self.worth_class else NEWCOMERS

    @property
    def label(self) -> str:
        return self.worth_class.label if self.worth_class else "Newcomers"


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
    return [one for one in all_plans(today=today) if one.worth_class is not None]


def class_plan(worth_class: WorthClass, *, today: dt.date) -> ClassPlan:
    """Return one class with its plans."""
    found = class_plans(today=today)
    return next(one for one in found if one.worth_class == worth_class)


def all_plans(*, today: dt.date) -> list[ClassPlan]:
    """Return the four classes, and the newcomers, in a fixed number of queries."""
    plans = list(RetentionPlan.objects.followable().select_related("territory", "tag"))
    counts, members = follower_counts(plans), member_counts()
    hourly, ahead = hourly_costs(), _touches_ahead(today)
    versions = _current_versions(hourly, counts)
    cards = [
        PlanCard(
            plan=plan,
            followers=counts[plan.pk],
            published=versions.get((plan.pk, VersionStatus.PUBLISHED)),
            draft=versions.get((plan.pk, VersionStatus.DRAFT)),
            touches_ahead=ahead.get(plan.pk, 0),
        )
        for plan in plans
    ]
    classes: list[WorthClass | None] = [*WorthClass, None]
    return [_of_class(one, cards, members) for one in classes]


def _of_class(
    worth_class: WorthClass | None, cards: Sequence[PlanCard], members: dict[str, int]
) -> ClassPlan:
    key = worth_class.value if worth_class else ""
    mine = [card for card in cards if card.plan.worth_class == key]
    main = next((one for one in mine if one.plan.key == (key or NEWCOMERS)), None)
    return ClassPlan(
        worth_class=worth_class,
        plan=main.plan if main else None,
        members=members[key] if key else main.followers if main else 0,
        followers=main.followers if main else 0,
        published=main.published if main else None,
        draft=main.draft if main else None,
        touches_ahead=main.touches_ahead if main else 0,
        others=[card for card in mine if card is not main],
    )


def plan_card(plan: RetentionPlan, *, today: dt.date) -> PlanCard:
    """Return one plan as it stands."""
    followers = follower_counts([plan])[plan.pk]
    versions = _current_versions(hourly_costs(), {plan.pk: followers}, plan=plan)
    return PlanCard(
        plan=plan,
        followers=followers,
        published=versions.get((plan.pk, VersionStatus.PUBLISHED)),
        draft=versions.get((plan.pk, VersionStatus.DRAFT)),
        touches_ahead=_touches_ahead(today).get(plan.pk, 0),
    )


def with_cost(version: PlanVersion, followers: int) -> Version:
    """Return any version with what it would cost today."""
    return costed(version, list(version.touches.all()), hourly_costs(), followers)


def changes(draft: Version, published: Version | None) -> list[Change]:
    """Return how a version differs from another, touch by touch."""
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
        if name in LONG:
            parts.append(label)
        else:
            parts.append(f"{label} {_shown(old, name)} → {_shown(new, name)}")
    return ", ".join(parts)


def _shown(touch: TouchTemplate, name: str) -> str:
    display = getattr(touch, f"get_{name}_display", None)
    value = display() if display else getattr(touch, name)
    return "unknown" if value is None else str(value)


def costed(
    version: PlanVersion,
    touches: Sequence[TouchTemplate],
    hourly: HourlyCosts,
    followers: int,
) -> Version:
    """Return a version with the cost of touches, stored or only typed so far."""
    runs = version.runs_days
    return Version(
        version=version,
        lines=[TouchLine(touch, yearly_cost(touch, hourly, runs)) for touch in touches],
        cost=plan_cost(touches, hourly=hourly, members=followers, runs_days=runs),
    )


def _current_versions(
    hourly: HourlyCosts, followers: dict[int, int], plan: RetentionPlan | None = None
) -> dict[tuple[int, str], Version]:
    rows = PlanVersion.objects.exclude(status=VersionStatus.ARCHIVED)
    if plan is not None:
        rows = rows.filter(plan=plan)
    rows = rows.select_related("plan", "author").prefetch_related("touches")
    return {
        (row.plan_id, row.status): costed(
            row, list(row.touches.all()), hourly, followers[row.plan_id]
        )
        for row in rows
    }


def _touches_ahead(today: dt.date) -> dict[int, int]:
    """Return by plan how many touches are due within the horizon."""
    until = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    due = PlannedTouch.objects.due().filter(due_on__lt=until)
    rows = due.order_by().values_list("template").annotate(n=Count("pk"))
    by_template = dict(kept_list(rows.values_list("template", "n")))
    plans = TouchTemplate.objects.filter(pk__in=by_template).values_list(
        "pk", "version__plan_id"
    )
    totals: dict[int, int] = {}
    for pk, plan in plans:
        totals[plan] = totals.get(plan, 0) + by_template[pk]
    return totals
