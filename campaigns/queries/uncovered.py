"""What pages of worth say of plans: none there, dearer than justified, cases late."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef
from django.urls import reverse

from campaigns.choices import ClockState
from campaigns.models import PlanAssignment, PlanVersion
from campaigns.queries.budget import justified_of
from campaigns.queries.costs import hourly_costs, plan_cost
from campaigns.queries.service import STATES, with_clocks
from common.money import ZERO
from crm.choices import Stage
from crm.models import Account, Case, User
from segments.choices import WorthClass
from segments.models import Membership


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A class with members whom no published plan cares for by itself."""

    worth_class: WorthClass
    members: int


def classes_without_plan() -> list[Uncovered]:
    """Return the classes without a published plan for all of it.

    A plan for a part of a class leaves the others; where it leaves nobody, its class is
    not named. A class without any plan is named also while it has no members; before
    the first account nobody needs a plan, and none is named.
    """
    if not Account.objects.exists():
        return []
    published = PlanVersion.objects.published().filter(plan__is_automatic=True)
    rows = published.select_related("plan").only("plan")
    whole = {one.plan.worth_class for one in rows if not one.plan.is_refined}
    missing = [one for one in WorthClass if one.value not in whole]
    refined = {one.plan.worth_class for one in rows}
    found = [Uncovered(one, _left_alone(one)) for one in missing]
    return [one for one in found if one.members or one.worth_class not in refined]


def _left_alone(worth_class: WorthClass) -> int:
    """Return how many members of a class follow no plan; who left needs none."""
    follows = PlanAssignment.objects.open().filter(account=OuterRef("account"))
    members = Membership.objects.open().filter(worth_class=worth_class)
    members = members.exclude(account__stage=Stage.FORMER)
    return int(members.filter(~Exists(follows)).count())


@dataclass(frozen=True, slots=True)
class ClassCare:
    """What the plans of a class cost against what is justified, and its late cases."""

    planned: Decimal
    is_complete: bool
    followers: int
    justified: Decimal | None
    breached: int
    breached_url: str

    @property
    def is_over(self) -> bool:
        return self.justified is not None and self.planned > self.justified


def class_care(worth_class: WorthClass, user: User) -> ClassCare:
    """Return the yearly cost of the plans that the class follows today."""
    hourly = hourly_costs()
    published = PlanVersion.objects.published().filter(plan__worth_class=worth_class)
    versions = list(published.prefetch_related("touches"))
    rows = PlanAssignment.objects.open().filter(
        plan__in=[one.plan_id for one in versions]
    )
    counts = rows.order_by().values_list("plan").annotate(n=Count("pk"))
    followers: dict[int, int] = dict(counts)
    costs = [
        plan_cost(
            one.touches.all(),
            hourly=hourly,
            members=followers.get(one.plan_id, 0),
            runs_days=one.runs_days,
        )
        for one in versions
    ]
    return ClassCare(
        planned=sum((one.whole_class for one in costs), ZERO),
        is_complete=all(one.is_complete for one in costs),
        followers=sum(followers.values()),
        justified=justified_of(worth_class),
        breached=_breached(worth_class, user),
        breached_url=_cases_url(worth_class),
    )


def _breached(worth_class: WorthClass, user: User) -> int:
    """Return how many unsettled cases of the class are overdue."""
    members = Membership.objects.open().filter(worth_class=worth_class)
    rows = Case.objects.visible_to(user).unsettled()
    rows = rows.filter(account__in=members.values("account"))
    late = with_clocks(rows).filter(s_state=STATES.index(ClockState.BREACHED))
    return int(late.count())


def _cases_url(worth_class: WorthClass) -> str:
    query = urlencode({"class": worth_class.value, "clock": ClockState.BREACHED.value})
    return f"{reverse('campaigns:case_list')}?{query}"
