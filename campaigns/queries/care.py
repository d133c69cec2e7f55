"""The care of one account: its plan's touches this year, and what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from campaigns.choices import TouchStatus
from campaigns.models import PlannedTouch, PlanVersion
from campaigns.queries.costs import touches_a_year
from crm.models import Account
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


@dataclass(frozen=True, slots=True)
class Care:
    """What the plan asks for an account, what was done, and what comes next."""

    worth_class: WorthClass | None
    version: PlanVersion | None
    strips: Sequence[Strip]
    following: Sequence[PlannedTouch]


def care(account: Account, *, today: dt.date) -> Care:
    """Return the plan of the account's class and its touches of this year."""
    stands = Membership.objects.open().filter(account=account).first()
    worth_class = WorthClass(stands.worth_class) if stands else None
    version = _published(worth_class)
    rows = list(
        PlannedTouch.objects.filter(account=account)
        .exclude(status=TouchStatus.CANCELLED)
        .filter(due_on__gte=dt.date(today.year, 1, 1))
        .select_related("template")
        .order_by("due_on", "pk")
    )
    this_year = [row for row in rows if row.due_on.year == today.year]
    due = [row for row in rows if row.status == TouchStatus.DUE]
    return Care(
        worth_class=worth_class,
        version=version,
        strips=_strips(this_year, version, today),
        following=due[:NEXT_SHOWN],
    )


def _published(worth_class: WorthClass | None) -> PlanVersion | None:
    versions = PlanVersion.objects.published().select_related("plan")
    versions = versions.prefetch_related("touches")
    return versions.filter(plan__worth_class=worth_class or "").first()


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
