"""The plan board: who follows which plan, what was done of it, and what it cost.

Adherence and exceptions are of touches that were due from `BOARD_DAYS` ago to
yesterday; what comes is due within a week from today. Spend is what plans posted this
calendar year, minutes included; budget is what the published version costs a year for
the days on which each account has followed the plan since 1 January.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Min, OuterRef

from campaigns.choices import (
    ExceptionKind,
    OwnerRole,
    TouchStatus,
    VersionStatus,
)
from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries.board_facts import (
    EXCEPTIONS,
    BoardFacts,
    Reason,
    Tally,
    facts_of,
    rows_of,
    since,
)
from campaigns.queries.board_touches import (
    AHEAD,
    BOARD_DAYS,
    LATE,
    touches_url,
)
from campaigns.queries.costs import HourlyCosts, PlanCost, hourly_costs, plan_cost
from common.lists.sets import account_set_url
from common.money import ZERO, to_cents
from common.templatetags.display import count, counted, share
from crm.models import User
from segments.choices import WorthClass

DAYS_PER_YEAR = 365
REASONS_SHOWN = 5

_FOLLOWED = """
SELECT s.plan_id, sum(least(coalesce(s.until, %(tomorrow)s), %(tomorrow)s)
    - greatest(s.since, %(year_begins)s, valid.since))
FROM campaigns_planassignment s
JOIN (SELECT unnest(%(plans)s::bigint[]) AS plan_id,
        unnest(%(valid)s::date[]) AS since) valid ON valid.plan_id = s.plan_id
WHERE (s.until IS NULL OR s.until > greatest(%(year_begins)s, valid.since))
    AND greatest(s.since, valid.since) <= %(today)s
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Touches that the plan asks for and that were not planned, by why."""

    kind: ExceptionKind
    touches: int
    url: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A tally with the addresses of the touches behind its numbers."""

    tally: Tally
    given: Mapping[str, Any]

    @property
    def urls(self) -> Mapping[str, str]:
        states = ("due", "done", LATE, AHEAD, *(str(one) for one in EXCEPTIONS))
        return {state: touches_url(state=state, **self.given) for state in states}


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """One plan as the board shows it; `version` is None while none is published."""

    plan: RetentionPlan
    version: PlanVersion | None
    followers: int
    lines: Lines
    cost: PlanCost | None
    spent: Decimal
    budget: Decimal | None
    is_draft: bool
    reasons: Sequence[Reason]
    withheld: Sequence[Withheld]

    @property
    def exceptions(self) -> int:
        """Return how many touches were left out, or not planned at all."""
        return self.lines.tally.exceptions + sum(one.touches for one in self.withheld)

    @property
    def url(self) -> str:
        return account_set_url("plan-followers", plan=self.plan.pk)

    @property
    def is_bare(self) -> bool:
        """Tell whether nothing was ever asked by it: no version, nobody, no cost."""
        is_used = self.followers or self.spent or self.exceptions
        return self.version is None and not is_used and self.lines.tally == Tally()

    @property
    def is_over(self) -> bool:
        return self.budget is not None and self.spent > self.budget


@dataclass(frozen=True, slots=True)
class ClassColumn:
    """One class, or the accounts that stand in none yet, with its plans.

    `drafts` is how many more plans there are that nobody published yet.
    """

    worth_class: WorthClass | None
    members: int
    without: int
    plans: Sequence[PlanColumn]
    drafts: int = 0

    @property
    def label(self) -> str:
        return str(self.worth_class.label) if self.worth_class else "Not yet classed"

    @property
    def key(self) -> str:
        return self.worth_class.value if self.worth_class else ""

    @property
    def tally(self) -> Tally:
        return sum((one.lines.tally for one in self.plans), Tally())

    @property
    def spent(self) -> Decimal:
        return sum((one.spent for one in self.plans), ZERO)

    @property
    def budget(self) -> Decimal | None:
        known = [one.budget for one in self.plans if one.budget is not None]
        return sum(known, ZERO) if known else None

    @property
    def has_plan(self) -> bool:
        return any(one.version is not None for one in self.plans)

    @property
    def members_url(self) -> str:
        return account_set_url("", **{"class": self.key}) if self.key else ""

    @property
    def without_url(self) -> str:
        return account_set_url("no-plan", worth_class=self.key) if self.key else ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """What one person, or one kind of touch, has done of what was asked."""

    label: str
    note: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class Board:
    """All plans by class, then by person and by touch."""

    today: dt.date
    since: dt.date
    columns: Sequence[ClassColumn]
    people: Sequence[BoardRow]
    touches: Sequence[BoardRow]

    @property
    def tally(self) -> Tally:
        return sum((one.tally for one in self.columns), Tally())

    @property
    def is_empty(self) -> bool:
        return not any(one.plans for one in self.columns)

    @property
    def without_plan(self) -> list[ClassColumn]:
        return [one for one in self.columns if one.worth_class and not one.has_plan]

    @property
    def sentence(self) -> str:
        tally = self.tally
        if not tally.due:
            said = "No touch was due yet."
        else:
            said = (
                f"{count(tally.done)} of {counted(tally.due, 'touch,touches')} were"
                f" done that were due within {BOARD_DAYS} days, {share(tally.share)}."
            )
        if tally.late:
            said += f" {count(tally.late)} {_are(tally.late)} late."
        return f"{said} {count(tally.ahead)} {_come(tally.ahead)} within a week."


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


def _come(many: int) -> str:
    return "comes" if many == 1 else "come"


def board(*, today: dt.date) -> Board:
    """Return the board in a fixed number of questions, however many touches."""
    facts = facts_of(today)
    hourly = hourly_costs()
    versions = {
        one.plan_id: one
        for one in PlanVersion.objects.published().prefetch_related("touches")
    }
    draft = PlanVersion.objects.filter(plan=OuterRef("pk"), status=VersionStatus.DRAFT)
    rows = RetentionPlan.objects.followable().select_related("territory", "tag")
    plans = list(rows.annotate(is_draft=Exists(draft)))
    costs = {key: _cost(one, hourly) for key, one in versions.items()}
    budgets = _budgets(costs, today)
    columns = [
        _column(facts, plan, versions.get(plan.pk), costs.get(plan.pk), budgets)
        for plan in plans
    ]
    return Board(
        today=today,
        since=since(today),
        columns=_classes(facts, columns),
        people=_people(facts),
        touches=_touches(facts),
    )


def _cost(version: PlanVersion, hourly: HourlyCosts) -> PlanCost:
    return plan_cost(version.touches.all(), hourly=hourly, runs_days=version.runs_days)


def _budgets(costs: Mapping[int, PlanCost], today: dt.date) -> dict[int, Decimal]:
    """Return what each published plan should have cost this year up to today."""
    valid = dict(
        PlanVersion.objects.filter(plan__in=costs, valid_from__isnull=False)
        .order_by()
        .values_list("plan")
        .annotate(since=Min("valid_from"))
    )
    given = {
        "plans": list(valid),
        "valid": list(valid.values()),
        "today": today,
        "tomorrow": today + dt.timedelta(days=1),
        "year_begins": dt.date(today.year, 1, 1),
    }
    days: dict[int, int] = {row[0]: row[1] for row in rows_of(_FOLLOWED, given)}
    return {
        plan: to_cents(cost.per_customer * days.get(plan, 0) / DAYS_PER_YEAR)
        for plan, cost in costs.items()
    }


def _column(
    facts: BoardFacts,
    plan: RetentionPlan,
    version: PlanVersion | None,
    cost: PlanCost | None,
    budgets: Mapping[int, Decimal],
) -> PlanColumn:
    followers = (n for (_, key), n in facts.followers.items() if key == plan.pk)
    return PlanColumn(
        plan=plan,
        version=version,
        followers=sum(followers),
        lines=Lines(facts.by_plan.get(plan.pk, Tally()), {"plan": plan.pk}),
        cost=cost,
        spent=facts.spent.get(plan.pk, ZERO),
        budget=budgets.get(plan.pk),
        is_draft=getattr(plan, "is_draft", False),
        reasons=_merged(facts.reasons.get(plan.pk, ()))[:REASONS_SHOWN],
        withheld=_withheld(facts, plan),
    )


def _withheld(facts: BoardFacts, plan: RetentionPlan) -> list[Withheld]:
    found = [
        Withheld(
            kind,
            facts.withheld[plan.pk, kind],
            account_set_url("plan-withheld", plan=plan.pk, kind=kind.value),
        )
        for kind in ExceptionKind
        if (plan.pk, kind) in facts.withheld
    ]
    return sorted(found, key=lambda one: -one.touches)


def _merged(reasons: Iterable[Reason]) -> list[Reason]:
    """Return the reasons of all touches of a plan, the most frequent first."""
    sums: dict[tuple[TouchStatus, str], int] = defaultdict(int)
    for one in reasons:
        sums[one.status, one.reason] += one.touches
    found = [Reason(status, text, n) for (status, text), n in sums.items()]
    return sorted(found, key=lambda one: (-one.touches, one.status, one.reason))


def _classes(facts: BoardFacts, plans: Sequence[PlanColumn]) -> list[ClassColumn]:
    found = []
    for key in (*WorthClass, None):
        name = key.value if key else ""
        of_class = [one for one in plans if one.plan.worth_class == name]
        mine = [one for one in of_class if not one.is_bare]
        stand = {plan: n for (of, plan), n in facts.followers.items() if of == name}
        if key is None and not mine:
            continue
        found.append(
            ClassColumn(
                worth_class=key,
                members=sum(stand.values()),
                without=facts.without.get(name, 0),
                plans=sorted(mine, key=lambda one: (one.plan.is_refined, one.plan.pk)),
                drafts=sum(one.is_bare and one.is_draft for one in of_class),
            )
        )
    return found


def _people(facts: BoardFacts) -> list[BoardRow]:
    people = User.objects.in_bulk([key for _, key in facts.by_person if key])
    roles = {
        OwnerRole.REP.value: "Accounts of nobody",
        OwnerRole.MANAGER.value: "Management",
        OwnerRole.MARKETER.value: "Marketing",
    }
    sums: dict[Any, Tally] = defaultdict(Tally)
    for (role, person), tally in facts.by_person.items():
        sums[person or role] += tally
    found = [
        BoardRow(
            label=str(people[key]) if key in people else roles[key],
            note="",
            lines=Lines(tally, {"person": key}),
        )
        for key, tally in sums.items()
    ]
    return sorted(found, key=_worst_first)


def _touches(facts: BoardFacts) -> list[BoardRow]:
    newest: dict[Any, TouchTemplate] = {}
    for template in sorted(facts.templates.values(), key=lambda one: one.pk):
        newest[template.version.plan_id, template.lineage] = template
    found = [
        BoardRow(
            label=newest[key].title,
            note=newest[key].asked_by,
            lines=Lines(tally, {"plan": key[0], "lineage": key[1]}),
        )
        for key, tally in facts.by_touch.items()
    ]
    return sorted(found, key=_worst_first)


def _worst_first(row: BoardRow) -> tuple[bool, float, str]:
    done = row.lines.tally.share
    return done is None, done or 0.0, row.label
