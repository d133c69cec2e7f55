"""The care of one account: its plan's touches this year, and what is justified."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from django.db.models import Sum

from campaigns import policy
from campaigns.choices import TouchStatus
from campaigns.engine.justified import JustifiedSpend, justified_spend
from campaigns.models import PlannedTouch, PlanVersion
from campaigns.queries.costs import touches_a_year
from clv.models import Valuation, ValuationRun
from common.money import ZERO
from crm.choices import CostKind
from crm.models import Account, LedgerEntry
from segments.choices import WorthClass
from segments.models import Membership

# What counts as care. Winning, delivering and taking goods back is not chosen freely.
CARE_KINDS = (CostKind.MARKETING, CostKind.ACCOUNT_MANAGEMENT, CostKind.SERVICE)
NEXT_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Justified:
    """What may be spent on an account, and the numbers that it rests on."""

    spend: JustifiedSpend
    effect_share: Decimal
    expected_margin_year: Decimal


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


def justified(account: Account, *, today: dt.date) -> Justified | None:
    """Return what is justified this year; None before the account is valued."""
    run = ValuationRun.objects.select_related("assumptions").current()
    if run is None:
        return None
    value = Valuation.objects.of_run(run).filter(account_id=account.pk).first()
    if value is None:
        return None
    spend = justified_spend(
        expected_margin_year=value.expected_margin_year,
        expected_margin=value.expected_margin,
        effect_share=run.assumptions.retention_effect,
        used=_spent(account, today),
    )
    return Justified(
        spend, run.assumptions.retention_effect, value.expected_margin_year
    )


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


def _spent(account: Account, today: dt.date) -> Decimal:
    """Return the cost of care in the window that ends today."""
    since = today - dt.timedelta(days=policy.SPEND_WINDOW_DAYS)
    rows = LedgerEntry.objects.filter(
        account=account,
        kind__in=CARE_KINDS,
        incurred_on__gt=since,
        incurred_on__lte=today,
    )
    return rows.aggregate(spent=Sum("amount"))["spent"] or ZERO


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
