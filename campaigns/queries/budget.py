"""What care costs by budget head and class: spent, planned, and justified."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from campaigns.choices import BudgetHead
from campaigns.models import PlanVersion
from campaigns.queries.costs import PlanCost, hourly_costs, member_counts, plan_cost
from campaigns.queries.followers import follower_counts
from campaigns.queries.wallet import Responses
from clv.models import ValuationRun
from common.clock import business_today, months_later
from common.kept import kept_rows
from common.money import ZERO, to_cents
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import WorthClass

OUTSIDE = "outside"

# The ledger has no kind of its own for retention: what a touch of that head cost is
# told by the touch. Kinds that no head pays for stand outside of the four.
SPENT = """
    SELECT coalesce(m.worth_class, ''), CASE
            WHEN e.source = 'plan' AND t.head IS NOT NULL THEN t.head
            WHEN e.kind IN ('marketing', 'account_management', 'service') THEN e.kind
            ELSE 'outside' END AS head,
        sum(e.amount)
    FROM crm_ledgerentry e
    LEFT JOIN survivor s ON s.member_id = e.account_id
    LEFT JOIN segments_membership m ON m.until IS NULL
        AND m.account_id = coalesce(s.account_id, e.account_id)
    LEFT JOIN LATERAL (
        SELECT t.head FROM campaigns_plannedtouch p
        JOIN campaigns_touchtemplate t ON t.id = p.template_id
        WHERE e.source = 'plan' AND p.touchpoint_id = e.touchpoint_id LIMIT 1
    ) t ON true
    WHERE e.account_id IS NOT NULL AND e.incurred_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2"""

# For one class where `only` is given, else for each.
JUSTIFIED = """
    SELECT m.worth_class, sum({justified})
    FROM clv_valuation v
    JOIN segments_membership m ON m.account_id = v.account_id AND m.until IS NULL
    {joins} WHERE v.run_id = %(run)s
        AND (%(only)s::text IS NULL OR m.worth_class = %(only)s) GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class BudgetCell:
    """One head of one class. Planned is None where no plan is published."""

    head: str
    label: str
    spent: Decimal
    planned: Decimal | None
    justified: Decimal | None


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One class, with what is justified for it as a whole.

    A head's part of that follows what the plan of the class spends on the head.
    """

    worth_class: WorthClass
    members: int
    cells: Sequence[BudgetCell]
    outside: Decimal
    justified: Decimal | None
    is_complete: bool

    @property
    def spent(self) -> Decimal:
        return sum((one.spent for one in self.cells), ZERO)

    @property
    def planned(self) -> Decimal | None:
        known = [one.planned for one in self.cells if one.planned is not None]
        return sum(known, ZERO) if known else None

    @property
    def is_over(self) -> bool:
        """Whether the plan asks for more than is justified."""
        planned, justified = self.planned, self.justified
        return planned is not None and justified is not None and planned > justified


@dataclass(frozen=True, slots=True)
class Budget:
    """All classes; spent with what stands outside is what accounts bear."""

    since: dt.date
    until: dt.date
    rows: Sequence[BudgetRow]
    unclassed: Decimal

    @property
    def spent(self) -> Decimal:
        return sum((one.spent for one in self.rows), ZERO)

    @property
    def outside(self) -> Decimal:
        return sum((one.outside for one in self.rows), ZERO)

    @property
    def borne(self) -> Decimal:
        return self.spent + self.outside + self.unclassed

    @property
    def planned(self) -> Decimal:
        return sum((one.planned or ZERO for one in self.rows), ZERO)

    @property
    def justified(self) -> Decimal | None:
        known = [one.justified for one in self.rows if one.justified is not None]
        return sum(known, ZERO) if known else None


@dataclass(slots=True)
class Planned:
    """What a year of a class's plans costs, by budget head."""

    by_head: defaultdict[str, Decimal] = field(
        default_factory=lambda: defaultdict(lambda: ZERO)
    )
    is_complete: bool = True

    def add(self, cost: PlanCost) -> None:
        for head, amount in cost.by_head.items():
            self.by_head[head] += amount * cost.members
        self.is_complete = self.is_complete and cost.is_complete

    @property
    def total(self) -> Decimal:
        return sum(self.by_head.values(), ZERO)


def budget() -> Budget:
    """Return the last twelve months beside what a year of the plans costs."""
    until = business_today()
    since = months_later(until, -12) + dt.timedelta(days=1)
    spent = _spent(since, until)
    unclassed = sum(spent.pop("", {}).values(), ZERO)
    run = ValuationRun.objects.select_related("assumptions").current()
    justified = _justified(run) if run else {}
    plans, members = _plans(), member_counts()
    rows = [
        _row(one, members[one.value], spent.get(one.value, {}), plans, justified)
        for one in WorthClass
    ]
    return Budget(since, until, rows, unclassed)


def _row(
    worth_class: WorthClass,
    members: int,
    spent: Mapping[str, Decimal],
    plans: Mapping[str, Planned],
    justified: Mapping[str, Decimal],
) -> BudgetRow:
    plan, limit = plans.get(worth_class.value), justified.get(worth_class.value)
    cells = [
        BudgetCell(
            head=head.value,
            label=str(head.label),
            spent=spent.get(head.value, ZERO),
            planned=plan.by_head[head.value] if plan else None,
            justified=_part(limit, plan, head),
        )
        for head in BudgetHead
    ]
    return BudgetRow(
        worth_class=worth_class,
        members=members,
        cells=cells,
        outside=spent.get(OUTSIDE, ZERO),
        justified=limit,
        is_complete=plan.is_complete if plan else True,
    )


def _part(
    limit: Decimal | None, plan: Planned | None, head: BudgetHead
) -> Decimal | None:
    if limit is None or plan is None or plan.total <= 0:
        return None
    return to_cents(limit * plan.by_head[head.value] / plan.total)


def _plans() -> dict[str, Planned]:
    """Return what all published plans of each class cost those who follow them."""
    rows = PlanVersion.objects.published().select_related("plan")
    versions = list(rows.prefetch_related("touches"))
    followers, hourly = follower_counts([one.plan for one in versions]), hourly_costs()
    found: dict[str, Planned] = {}
    for one in versions:
        cost = plan_cost(
            one.touches.all(),
            hourly=hourly,
            members=followers[one.plan_id],
            runs_days=one.runs_days,
        )
        found.setdefault(one.plan.worth_class, Planned()).add(cost)
    return found


def _spent(since: dt.date, until: dt.date) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    given = {"since": since, "until": until}
    for worth_class, head, amount in kept_rows(WITH_SURVIVORS + SPENT, given):
        found[worth_class][head] = amount
    return found


def justified_of(worth_class: WorthClass) -> Decimal | None:
    """Return the care of a year that is justified for the members of a class."""
    run = ValuationRun.objects.select_related("assumptions").current()
    if run is None:
        return None
    return _justified(run, only=worth_class.value).get(worth_class.value)


def _justified(run: ValuationRun, *, only: str | None = None) -> dict[str, Decimal]:
    responses = Responses(run.assumptions)
    statement = JUSTIFIED.format(
        justified=responses.justified_column(), joins=responses.joins()
    )
    rows = kept_rows(statement, {"run": run.pk, "only": only})
    return {key: to_cents(amount) for key, amount in rows}
