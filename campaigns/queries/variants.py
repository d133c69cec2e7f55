"""What accounts of a class could get instead of what they get: plans with their cost.

Every published version and every draft of any class's plan, every ready plan, and
nothing at all. What runs for some days only, such as onboarding, is no choice for a
class, and neither is the plan for accounts that no night has classed yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from typing import Any

from campaigns.choices import OwnerRole, VersionStatus
from campaigns.models import PlanVersion
from campaigns.queries.costs import HourlyCosts, hourly_costs, plan_cost
from common.money import ZERO
from segments.choices import WorthClass

NOTHING = "nothing"
VERSION, READY = "version", "ready"


@dataclass(frozen=True, slots=True)
class Variant:
    """One plan as an account would get it: whole cents and rep minutes a year.

    `key` is nothing, version:<id> or ready:<name>; `plan_id` is that of a version.
    """

    key: str
    label: str
    status: str
    cents: int = 0
    minutes: int = 0
    plan_id: int | None = None

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]

    @property
    def name(self) -> str:
        """Return which version or ready plan it is."""
        return self.key.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Variants:
    """Everything that could be chosen; `unpriced` names what has no cost yet."""

    nothing: Variant
    of_plan: Mapping[int, Variant]
    written: Sequence[Variant]
    ready: Mapping[str, Sequence[Variant]]
    unpriced: Sequence[str]

    def today(self, plan_id: int | None) -> Variant:
        """Return what followers of a plan get today; nothing if none is published."""
        return self.of_plan.get(plan_id or 0, self.nothing)

    def of(self, worth_class: str, today: Variant) -> list[Variant]:
        """Return the choices of a class, today's first; the first of equals counts."""
        everything = [today, self.nothing, *self.written]
        everything += self.ready.get(worth_class, ())
        return list({one.key: one for one in everything}.values())


def plan_variants(ready_plans: Mapping[str, Any]) -> Variants:
    """Return what could be chosen, costed by today's hourly costs.

    `ready_plans` are those of `campaigns.services.ready`, by their keys.
    """
    hourly = hourly_costs()
    versions = PlanVersion.objects.filter(
        status__in=(VersionStatus.PUBLISHED, VersionStatus.DRAFT),
        plan__worth_class__in=WorthClass.values,
    )
    versions = versions.select_related("plan").prefetch_related("touches")
    of_plan: dict[int, Variant] = {}
    lasting: list[Variant] = []
    drafts: list[Variant] = []
    unpriced: list[str] = []
    for version in versions.order_by("pk"):
        touches = list(version.touches.all())
        made = _variant(f"{VERSION}:{version.pk}", version, touches, hourly)
        if made is None:
            unpriced.append(str(version))
            continue
        is_draft = version.status == VersionStatus.DRAFT
        if not is_draft:
            of_plan[version.plan_id] = made
        if version.runs_days is None and touches:
            (drafts if is_draft else lasting).append(made)
    return Variants(
        nothing=Variant(NOTHING, "Nothing", NOTHING),
        of_plan=of_plan,
        written=[*lasting, *drafts],
        ready={key.value: _ready(key, ready_plans, hourly) for key in WorthClass},
        unpriced=unpriced,
    )


def _variant(
    key: str, version: PlanVersion, touches: Sequence[Any], hourly: HourlyCosts
) -> Variant | None:
    priced = _priced(touches, hourly, version.runs_days)
    if priced is None:
        return None
    status = str(VersionStatus(version.status).label).lower()
    return Variant(key, str(version), status, *priced, plan_id=version.plan_id)


def _ready(
    worth_class: WorthClass, ready_plans: Mapping[str, Any], hourly: HourlyCosts
) -> list[Variant]:
    found = []
    for key, ready in ready_plans.items():
        priced = _priced(ready.touches_for(worth_class), hourly)
        if ready.runs_days is None and priced is not None:
            found.append(Variant(f"{READY}:{key}", ready.name, "ready plan", *priced))
    return found


def _priced(
    touches: Iterable[Any], hourly: HourlyCosts, runs_days: int | None = None
) -> tuple[int, int] | None:
    """Return cents and rep minutes a year; None while a unit cost is not known.

    A part of a minute counts as a whole one, so that hours are never passed by it.
    """
    whole = plan_cost(touches, hourly=hourly, runs_days=runs_days)
    if not whole.is_complete:
        return None
    minutes = whole.minutes_by_role.get(OwnerRole.REP.value, ZERO)
    return int(whole.per_customer * 100), int(minutes.to_integral_value(ROUND_CEILING))
