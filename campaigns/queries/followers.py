"""Who would follow a plan: how many accounts, and what margin is expected of them.

The same rule as `services.following` acts by: of several automatic plans that fit an
account the one that names most counts, of as many the one with a relationship type,
then a territory, then a tag, then the older. Whom somebody put on a plan by hand
follows that one; a newcomer who was classed meanwhile is welcomed to the end first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef

from campaigns.choices import VersionStatus
from campaigns.models import PlanAssignment, RetentionPlan
from campaigns.queries.costs import member_counts
from clv.models import ValuationRun
from common.clock import business_today
from common.kept import kept_count, kept_rows
from common.money import to_cents
from common.templatetags.display import count
from crm.choices import Stage
from crm.models import Account

WITHDRAWN = "The plan was withdrawn."  # as `services.following` says


@dataclass(frozen=True, slots=True)
class Following:
    """Who would follow a plan.

    `expected_margin_year` is the mean of those that the current run valued; None where
    it valued none of them.
    """

    accounts: int
    expected_margin_year: Decimal | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many accounts left a plan, and how many of them follow another now."""

    accounts: int
    elsewhere: int

    @property
    def sentence(self) -> str:
        if not self.accounts:
            return "Nobody followed it."
        left = f"{count(self.accounts)} account{'s' * (self.accounts != 1)} left it"
        if self.elsewhere == self.accounts:
            return f"{left}, and went over to another plan."
        if not self.elsewhere:
            follow = "follows" if self.accounts == 1 else "follow"
            return f"{left}, and {follow} no plan now."
        return (
            f"{left}: {count(self.elsewhere)} went over to another plan,"
            f" {count(self.accounts - self.elsewhere)} follow none now."
        )


def left_today(plan: RetentionPlan) -> Leaving:
    """Return who left `plan` since it was withdrawn today, and who follows another."""
    left = PlanAssignment.objects.filter(
        plan=plan, until=business_today(), ended_because=WITHDRAWN
    )
    open_ones = PlanAssignment.objects.open().filter(account_id=OuterRef("account_id"))
    counted = left.order_by().aggregate(
        accounts=Count("account", distinct=True),
        elsewhere=Count("account", distinct=True, filter=Exists(open_ones)),
    )
    return Leaving(**counted)


def following(plan: RetentionPlan) -> Following:
    """Return who would follow `plan` if it were published, beside all that are."""
    if plan.is_automatic:
        return _ask(FITTING, [plan], _published(besides=plan))[plan.pk]
    return _ask(BY_HAND, [plan], [])[plan.pk]


def follower_counts(plans: Sequence[RetentionPlan]) -> dict[int, int]:
    """Return how many accounts would follow each plan; in a fixed number of queries.

    Accounts of refined plans are counted; the plan of the whole class has the others,
    for as long as those refined plans are published.
    """
    by_hand = dict(
        PlanAssignment.objects.open()
        .filter(is_by_hand=True)
        .order_by()
        .values_list("plan")
        .annotate(n=Count("pk"))
        .values_list("plan", "n")
    )
    automatic = [plan for plan in plans if plan.is_automatic]
    published = _published()
    taking = [plan for plan in published if plan.is_refined]
    refined = {plan.pk: plan for plan in [*automatic, *taking] if plan.is_refined}
    found = {
        pk: row.accounts for pk, row in _refined([*refined.values()], published).items()
    }
    taken = _taken()
    rest = _class_counts()
    for plan in taking:
        rest[plan.worth_class] -= found[plan.pk]
    for plan in automatic:
        if not plan.is_refined:
            others = rest[plan.worth_class] - taken.get(plan.worth_class, 0)
            found[plan.pk] = max(others, 0 if plan.worth_class else _keeping(plan))
    return {
        plan.pk: found[plan.pk] if plan.is_automatic else by_hand.get(plan.pk, 0)
        for plan in plans
    }


def _keeping(plan: RetentionPlan) -> int:
    """Return who follows a newcomers' plan, also those who were classed meanwhile."""
    return PlanAssignment.objects.open().filter(plan=plan).count()


def _refined(
    plans: Sequence[RetentionPlan], published: Sequence[RetentionPlan]
) -> Mapping[int, Following]:
    return _ask(FITTING, plans, published) if plans else {}


def _class_counts() -> dict[str, int]:
    """Return the members of each class; under no class the accounts without one."""
    counts = member_counts()
    active = kept_count(Account.objects.active().exclude(stage=Stage.FORMER))
    return counts | {"": max(active - sum(counts.values()), 0)}


def _taken() -> dict[str, int]:
    """Return by class how many follow another plan, by hand or a welcome, or none."""
    found: Counter[str] = Counter()
    for worth_class, taken in kept_rows(TAKEN, {"former": Stage.FORMER.value}):
        found[worth_class] += taken
    return found


def _published(besides: RetentionPlan | None = None) -> list[RetentionPlan]:
    rows = RetentionPlan.objects.filter(
        is_automatic=True, versions__status=VersionStatus.PUBLISHED
    )
    return [plan for plan in rows if besides is None or plan.pk != besides.pk]


def _ask(
    sql: str, plans: Sequence[RetentionPlan], rivals: Sequence[RetentionPlan]
) -> dict[int, Following]:
    run = ValuationRun.objects.current()
    parameters = {
        **_columns("plan", plans),
        **_columns("rival", rivals),
        "run": run.pk if run else 0,
        "former": Stage.FORMER,
    }
    found = {
        pk: Following(accounts, None if mean is None else to_cents(mean))
        for pk, accounts, mean in kept_rows(sql, parameters)
    }
    return {plan.pk: found.get(plan.pk, Following(0, None)) for plan in plans}


def _columns(name: str, plans: Sequence[RetentionPlan]) -> dict[str, Any]:
    """Return plans as arrays, one per column."""
    return {
        f"{name}_id": [plan.pk for plan in plans],
        f"{name}_class": [plan.worth_class for plan in plans],
        f"{name}_type": [plan.relationship_type for plan in plans],
        f"{name}_territory": [plan.territory_id for plan in plans],
        f"{name}_tag": [plan.tag_id for plan in plans],
        f"{name}_named": [_named(plan) for plan in plans],
    }


def _named(plan: RetentionPlan) -> int:
    """Return how much a plan names; of as much, the earlier word weighs more."""
    named = list(map(bool, (plan.relationship_type, plan.territory_id, plan.tag_id)))
    return sum(named) * 8 + 4 * named[0] + 2 * named[1] + named[2]


def _rows(name: str) -> str:
    return f"""unnest(
        %({name}_id)s::bigint[], %({name}_class)s::text[], %({name}_type)s::text[],
        %({name}_territory)s::bigint[], %({name}_tag)s::bigint[],
        %({name}_named)s::int[]
    ) AS {name}(id, worth_class, type, territory, tag, named)"""


def _fits(name: str) -> str:
    """Return the condition under which a row of `_rows` fits an account."""
    return f"""
        ({name}.type = '' OR {name}.type = a.relationship_type)
        AND ({name}.territory IS NULL OR {name}.territory = a.territory_id)
        AND ({name}.tag IS NULL OR EXISTS (
            SELECT FROM crm_account_tags worn
            WHERE worn.account_id = a.id AND worn.tag_id = {name}.tag))"""


FITTING = f"""
SELECT plan.id, count(*), avg(v.expected_margin_year)
FROM crm_account a
LEFT JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
JOIN {_rows("plan")} ON plan.worth_class = coalesce(m.worth_class, '')
LEFT JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
WHERE a.merged_into_id IS NULL AND a.stage <> %(former)s AND {_fits("plan")}
  AND NOT EXISTS (
    SELECT FROM {_rows("rival")}
    WHERE rival.worth_class = plan.worth_class AND rival.id <> plan.id
      AND (rival.named, -rival.id) > (plan.named, -plan.id) AND {_fits("rival")})
  AND NOT EXISTS (
    SELECT FROM campaigns_planassignment hand
    WHERE hand.account_id = a.id AND hand.until IS NULL AND hand.is_by_hand)
  AND (plan.worth_class = '' OR NOT EXISTS (
    SELECT FROM campaigns_planassignment kept
    JOIN campaigns_retentionplan welcome ON welcome.id = kept.plan_id
    WHERE kept.account_id = a.id AND kept.until IS NULL AND welcome.worth_class = ''))
GROUP BY plan.id
"""

BY_HAND = f"""
SELECT plan.id, count(*), avg(v.expected_margin_year)
FROM {_rows("plan")}
JOIN campaigns_planassignment hand ON hand.plan_id = plan.id AND hand.until IS NULL
LEFT JOIN clv_valuation v ON v.account_id = hand.account_id AND v.run_id = %(run)s
GROUP BY plan.id
"""

TAKEN = """
SELECT coalesce(m.worth_class, ''), count(*)
FROM campaigns_planassignment hand
LEFT JOIN segments_membership m ON m.account_id = hand.account_id AND m.until IS NULL
WHERE hand.until IS NULL AND (hand.is_by_hand OR (m.worth_class IS NOT NULL
    AND hand.plan_id IN (
        SELECT id FROM campaigns_retentionplan WHERE worth_class = '')))
GROUP BY 1
UNION ALL
SELECT m.worth_class, count(*)
FROM crm_account a JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
WHERE a.stage = %(former)s
GROUP BY 1
"""
