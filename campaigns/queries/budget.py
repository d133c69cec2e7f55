"""What care costs by budget head and class: spent, planned, and justified."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from campaigns.choices import BudgetHead
from campaigns.models import PlanAssignment, PlanVersion, RetentionPlan
from campaigns.queries.costs import PlanCost, hourly_costs, member_counts, plan_cost
from campaigns.queries.followers import follower_counts
from campaigns.queries.wallet import Responses
from clv.models import ValuationRun
from common.clock import business_today
from common.kept import kept_list, kept_rows
from common.lists.sets import AccountSet, Given
from common.money import ZERO, to_cents
from common.templatetags.display import day
from crm.models import Account
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import WorthClass
from segments.models import Membership
from segments.permissions import VIEW_DASHBOARD
from segments.queries.opportunities import positional
from segments.queries.profit_facts import IS_AMONG, accounts_in, opening
from segments.queries.scope import Period, Scope, usual_period
from segments.queries.scope_form import FIELDS, NARROWING

OUTSIDE = "outside"

# Of today's plans and classes, so that there is no looking back to another day.
ASKED = tuple(name for name in FIELDS if name != "as_of")

# The ledger has no kind of its own for retention: what a touch of that head cost is
# told by the touch. Kinds that no head pays for stand outside of the four.
HEAD = """CASE
            WHEN e.source = 'plan' AND t.head IS NOT NULL THEN t.head
            WHEN e.kind IN ('marketing', 'account_management', 'service') THEN e.kind
            ELSE 'outside' END"""
LEDGER = """
    FROM crm_ledgerentry e
    LEFT JOIN survivor s ON s.member_id = e.account_id
    LEFT JOIN LATERAL (
        SELECT t.head FROM campaigns_plannedtouch p
        JOIN campaigns_touchtemplate t ON t.id = p.template_id
        WHERE e.source = 'plan' AND p.touchpoint_id = e.touchpoint_id LIMIT 1
    ) t ON true"""
WITHIN = """
    WHERE e.account_id IS NOT NULL AND e.incurred_on BETWEEN %(since)s AND %(until)s"""
SPENT = f"""
    SELECT coalesce(m.worth_class, ''), {HEAD} AS head, sum(e.amount)
    {LEDGER}
    LEFT JOIN segments_membership m ON m.until IS NULL
        AND m.account_id = coalesce(s.account_id, e.account_id)
    {WITHIN}{{among}}
    GROUP BY 1, 2"""
SPENT_ON = f"""
    SELECT coalesce(s.account_id, e.account_id) {LEDGER} {WITHIN}
        AND (%(head)s = {HEAD} OR %(head)s = '' AND {HEAD} <> 'outside')
    GROUP BY 1 HAVING sum(e.amount) <> 0"""

# For one class where `only` is given, else for each.
JUSTIFIED = """
    SELECT m.worth_class, sum({justified})
    FROM clv_valuation v
    JOIN segments_membership m ON m.account_id = v.account_id AND m.until IS NULL
    {joins} WHERE v.run_id = %(run)s{among}
        AND (%(only)s::text IS NULL OR m.worth_class = %(only)s) GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class BudgetCell:
    """One head of one class. Planned is None where no plan is published."""

    head: str
    label: str
    spent: Decimal
    planned: Decimal | None
    justified: Decimal | None
    url: str = ""


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
    members_url: str = ""
    spent_url: str = ""

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


@dataclass(frozen=True, slots=True)
class Asked:
    """Which accounts the budget is of and of which days; `scope` is None for all."""

    scope: Scope | None
    period: Period

    @classmethod
    def of(cls, scope: Scope | None) -> "Asked":
        usual = usual_period(business_today())
        is_given = scope is not None and scope.has_period
        return cls(scope, scope.period if scope and is_given else usual)

    @property
    def part(self) -> Scope | None:
        """Return the scope of a part; a class alone is a row of the whole."""
        scope = self.scope
        if scope is None:
            return None
        is_more = any(name in scope.parameters for name in NARROWING if name != "class")
        return scope if is_more or not scope.user.sees_every_account else None

    @property
    def classes(self) -> list[WorthClass]:
        only = self.scope.worth_class if self.scope else None
        return [one for one in WorthClass if only in {None, one}]

    def url(self, worth_class: WorthClass, key: str = "", **given: str) -> str:
        if self.scope is None:
            return ""
        return self.scope.list_url(key, **{"class": worth_class.value, **given})

    def spent_url(self, worth_class: WorthClass, head: str = "") -> str:
        days = {"since": str(self.period.since), "until": str(self.period.until)}
        return self.url(worth_class, "care-spent", head=head, **days)


def budget(scope: Scope | None = None) -> Budget:
    """Return what care cost, the last twelve months at first, and a year of the plans.

    Of all accounts without a scope.
    """
    asked = Asked.of(scope)
    spent = _spent(asked)
    no_class = spent.pop("", {})
    is_of_all = len(asked.classes) == len(WorthClass)
    unclassed = sum(no_class.values(), ZERO) if is_of_all else ZERO
    run = ValuationRun.objects.select_related("assumptions").current()
    justified = _justified(run, part=asked.part) if run else {}
    plans, members = _plans(asked.part), _members(asked.part)
    rows = [
        _row(one, members[one.value], spent.get(one.value, {}), plans, justified, asked)
        for one in asked.classes
    ]
    return Budget(asked.period.since, asked.period.until, rows, unclassed)


def _row(
    worth_class: WorthClass,
    members: int,
    spent: Mapping[str, Decimal],
    plans: Mapping[str, Planned],
    justified: Mapping[str, Decimal],
    asked: Asked,
) -> BudgetRow:
    plan, limit = plans.get(worth_class.value), justified.get(worth_class.value)
    cells = [
        BudgetCell(
            head=head.value,
            label=str(head.label),
            spent=spent.get(head.value, ZERO),
            planned=plan.by_head[head.value] if plan else None,
            justified=_part(limit, plan, head),
            url=asked.spent_url(worth_class, head.value),
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
        members_url=asked.url(worth_class),
        spent_url=asked.spent_url(worth_class),
    )


def _part(
    limit: Decimal | None, plan: Planned | None, head: BudgetHead
) -> Decimal | None:
    if limit is None or plan is None or plan.total <= 0:
        return None
    return to_cents(limit * plan.by_head[head.value] / plan.total)


def _plans(part: Scope | None) -> dict[str, Planned]:
    """Return what all published plans of each class cost those who follow them."""
    rows = PlanVersion.objects.published().select_related("plan")
    versions = list(rows.prefetch_related("touches"))
    followers = _followers([one.plan for one in versions], part)
    hourly = hourly_costs()
    found: dict[str, Planned] = {}
    for one in versions:
        cost = plan_cost(
            one.touches.all(),
            hourly=hourly,
            members=followers.get(one.plan_id, 0),
            runs_days=one.runs_days,
        )
        found.setdefault(one.plan.worth_class, Planned()).add(cost)
    return found


def _followers(plans: Sequence[RetentionPlan], part: Scope | None) -> Mapping[int, int]:
    """Return who follows each plan; of a part of the firm those who do by now."""
    if part is None:
        return follower_counts(plans)
    rows = PlanAssignment.objects.open().filter(account__in=part.accounts())
    return dict(kept_list(rows.order_by().values_list("plan").annotate(n=Count("pk"))))


def _members(part: Scope | None) -> Mapping[str, int]:
    if part is None:
        return member_counts()
    rows = Membership.objects.open().filter(account__in=part.accounts()).order_by()
    counted = rows.values_list("worth_class").annotate(n=Count("pk"))
    return dict.fromkeys(WorthClass.values, 0) | dict(kept_list(counted))


def _spent(asked: Asked) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    where, named = accounts_in(asked.part) if asked.part else ("", {})
    among = IS_AMONG.format(rows="e") if where else ""
    given = {"since": asked.period.since, "until": asked.period.until, **named}
    statement = opening(where) + SPENT.format(among=among)
    for worth_class, head, amount in kept_rows(statement, given):
        found[worth_class][head] = amount
    return found


def justified_of(worth_class: WorthClass) -> Decimal | None:
    """Return the care of a year that is justified for the members of a class."""
    run = ValuationRun.objects.select_related("assumptions").current()
    if run is None:
        return None
    return _justified(run, only=worth_class.value).get(worth_class.value)


def _justified(
    run: ValuationRun, *, only: str | None = None, part: Scope | None = None
) -> dict[str, Decimal]:
    responses = Responses(run.assumptions)
    among, named = accounts_in(part, "v.account_id") if part else ("", {})
    statement = JUSTIFIED.format(
        justified=responses.justified_column(), joins=responses.joins(), among=among
    )
    rows = kept_rows(statement, {"run": run.pk, "only": only, **named})
    return {key: to_cents(amount) for key, amount in rows}


# -- The accounts behind the figures


def _spent_on(_user: Any, given: Given) -> QuerySet[Any]:
    params = {"since": given["since"], "until": given["until"], "head": given["head"]}
    sql, values = positional(WITH_SURVIVORS + SPENT_ON, params)
    ids = RawSQL(sql, values)  # noqa: S611  our own statement; values are parameters
    return Account.objects.order_by().filter(pk__in=ids).values("pk")


def _spent_on_title(given: Given) -> str:
    heads = {str(key): str(label) for key, label in BudgetHead.choices}
    head = heads.get(given["head"], "any head").lower()
    return (
        f"that care was spent on from {day(given['since'])} to {day(given['until'])},"
        f" {head}"
    )


CARE_SPENT = AccountSet(
    title=_spent_on_title,
    accounts=_spent_on,
    parameters={
        "since": forms.DateField,
        "until": forms.DateField,
        "head": lambda: forms.ChoiceField(choices=BudgetHead.choices, required=False),
    },
    permission=VIEW_DASHBOARD,
)
