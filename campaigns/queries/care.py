"""The care of one account: its plan's touches this year, and what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from django.db.models import Exists, OuterRef, Sum

from campaigns.choices import TouchStatus
from campaigns.models import Delivery, PlanAssignment, PlannedTouch, PlanVersion
from campaigns.queries.costs import (
    PlanCost,
    hourly_costs,
    plan_cost,
    touches_a_year,
)
from common.money import ZERO
from crm.models import Account, LedgerEntry
from segments.choices import WorthClass
from segments.models import Membership

NEXT_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """One touch of this year in the strip: done, skipped, late or due."""

    touch: PlannedTouch
    kind: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One kind of touch through the year."""

    title: str
    marks: Sequence[Mark]
    done: int
    asked: int | None

    @property
    def is_of_campaign(self) -> bool:
        return any(mark.touch.template.campaign_id for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Care:
    """What the plan asks for an account, what was done, and what comes next."""

    worth_class: WorthClass | None
    assignment: PlanAssignment | None
    version: PlanVersion | None
    strips: Sequence[Strip]
    following: Sequence[PlannedTouch]
    has_class_plan: bool
    cost: PlanCost | None
    spent: Decimal
    fell_due: int
    done: int

    def is_dearer_than(self, justified: Decimal) -> bool:
        """Tell whether a year of the plan costs more than is justified."""
        return self.cost is not None and self.cost.per_customer > justified


def care(account: Account, *, today: dt.date) -> Care:
    """Return the plan that the account follows and its touches of this year."""
    stands = Membership.objects.open().filter(account=account).first()
    worth_class = WorthClass(stands.worth_class) if stands else None
    assignment = (
        PlanAssignment.objects.open()
        .filter(account=account)
        .select_related("plan", "assigned_by")
        .first()
    )
    version = _published(assignment)
    rows = list(
        PlannedTouch.objects.filter(account=account)
        .exclude(status=TouchStatus.CANCELLED)
        .filter(due_on__gte=dt.date(today.year, 1, 1))
        .select_related("template")
        .annotate(has_mail_under_way=_mail_under_way())
        .order_by("due_on", "pk")
    )
    this_year = [row for row in rows if row.due_on.year == today.year]
    due = [row for row in rows if row.status == TouchStatus.DUE]
    fell_due = [row for row in this_year if row.due_on < today]
    return Care(
        worth_class=worth_class,
        assignment=assignment,
        version=version,
        strips=_strips(this_year, version, today),
        following=due[:NEXT_SHOWN],
        has_class_plan=version is not None or _has_plan(worth_class),
        cost=_cost(version),
        spent=_spent(account, today),
        fell_due=len(fell_due),
        done=sum(row.status == TouchStatus.DONE for row in fell_due),
    )


def _mail_under_way() -> Exists:
    """Tell of each touch whether its mail is under way: one question for all."""
    return Exists(Delivery.objects.under_way().filter(touch=OuterRef("pk")))


def _published(assignment: PlanAssignment | None) -> PlanVersion | None:
    if assignment is None:
        return None
    versions = PlanVersion.objects.published().select_related("plan")
    versions = versions.prefetch_related("touches")
    return versions.filter(plan=assignment.plan_id).first()


def _has_plan(worth_class: WorthClass | None) -> bool:
    published = PlanVersion.objects.published().filter(plan__is_automatic=True)
    return published.filter(plan__worth_class=worth_class or "").exists()


def _cost(version: PlanVersion | None) -> PlanCost | None:
    if version is None:
        return None
    return plan_cost(
        version.touches.all(), hourly=hourly_costs(), runs_days=version.runs_days
    )


def _spent(account: Account, today: dt.date) -> Decimal:
    """Return what touches of plans have cost this year, minutes included."""
    rows = LedgerEntry.objects.filter(
        account=account,
        incurred_on__range=(dt.date(today.year, 1, 1), today),
        touchpoint__in=PlannedTouch.objects.filter(
            account=account, touchpoint__isnull=False
        ).values("touchpoint"),
    )
    return rows.aggregate(spent=Sum("amount"))["spent"] or ZERO


def _strips(
    rows: Sequence[PlannedTouch], version: PlanVersion | None, today: dt.date
) -> list[Strip]:
    """Return one strip per touch: those of the plan first, then former ones."""
    by_lineage: dict[object, list[PlannedTouch]] = {}
    asked: dict[object, int] = {}
    titles: dict[object, str] = {}
    for template in version.touches.all() if version else ():
        by_lineage[template.lineage] = []
        titles[template.lineage] = template.title
        asked[template.lineage] = ceil(touches_a_year(template))
    for row in rows:
        by_lineage.setdefault(row.lineage, []).append(row)
        titles.setdefault(row.lineage, row.template.title)
    return [
        Strip(
            title=titles[lineage],
            marks=[Mark(touch, _kind(touch, today)) for touch in touches],
            done=sum(touch.status == TouchStatus.DONE for touch in touches),
            asked=asked.get(lineage),
        )
        for lineage, touches in by_lineage.items()
    ]


def _kind(touch: PlannedTouch, today: dt.date) -> str:
    if touch.status == TouchStatus.DUE and touch.due_on < today:
        return "late"
    return touch.status
