"""What the database says of touches, spend and followers, for the plan board."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from campaigns.choices import OwnerRole, TouchStatus
from campaigns.models import TouchTemplate
from campaigns.queries.board_touches import AHEAD, BOARD_DAYS, DAYS_AHEAD, LATE
from common.kept import kept_rows
from common.money import ZERO
from crm.choices import Stage

MOST_REASONS = 500
EXCEPTIONS = (TouchStatus.SKIPPED, TouchStatus.EXPIRED, TouchStatus.CANCELLED)

_TALLY = """
SELECT t.template_id, t.owner_role,
    coalesce(t.assigned_to_id, CASE WHEN t.owner_role = %(rep)s THEN a.owner_id END),
    CASE WHEN t.status <> %(due)s THEN t.status
        WHEN t.due_on < %(today)s THEN %(late)s ELSE %(ahead)s END,
    t.due_on < %(today)s, count(*)
FROM campaigns_plannedtouch t JOIN crm_account a ON a.id = t.account_id
WHERE t.due_on >= %(since)s AND t.due_on < %(week_ends)s
    AND a.merged_into_id IS NULL
GROUP BY 1, 2, 3, 4, 5
"""
_REASONS = """
SELECT t.template_id, t.status, t.reason, count(*)
FROM campaigns_plannedtouch t JOIN crm_account a ON a.id = t.account_id
WHERE t.due_on >= %(since)s AND t.due_on < %(today)s
    AND t.status = ANY (%(exceptions)s) AND a.merged_into_id IS NULL
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3 LIMIT %(most)s
"""
_WITHHELD = """
SELECT t.template_id, t.kind, count(*)
FROM campaigns_touchexception t JOIN crm_account a ON a.id = t.account_id
WHERE t.due_on >= %(since)s AND t.due_on < %(week_ends)s
    AND a.merged_into_id IS NULL
GROUP BY 1, 2
"""
# A contact that was taken back opens its touch again, so both rows fall out.
_SPENT = """
SELECT t.template_id, sum(e.amount)
FROM crm_ledgerentry e
JOIN campaigns_plannedtouch t ON t.touchpoint_id = e.touchpoint_id
WHERE e.incurred_on BETWEEN %(year_begins)s AND %(today)s
GROUP BY 1
"""
_FOLLOWERS = """
SELECT m.worth_class, s.plan_id, count(*), count(*) FILTER (WHERE a.stage <> %(former)s)
FROM segments_membership m JOIN crm_account a ON a.id = m.account_id
LEFT JOIN campaigns_planassignment s
    ON s.account_id = m.account_id AND s.until IS NULL
WHERE m.until IS NULL
GROUP BY 1, 2
"""
_NEWCOMERS = """
SELECT s.plan_id, count(*) FROM campaigns_planassignment s
WHERE s.until IS NULL AND NOT EXISTS (
    SELECT FROM segments_membership m
    WHERE m.account_id = s.account_id AND m.until IS NULL)
GROUP BY 1
"""


@dataclass(slots=True)
class Tally:
    """Touches by what became of them; those cancelled were not asked for after all."""

    done: int = 0
    late: int = 0
    ahead: int = 0
    skipped: int = 0
    expired: int = 0
    cancelled: int = 0

    def add(self, state: str, touches: int) -> None:
        setattr(self, state, getattr(self, state) + touches)

    @property
    def due(self) -> int:
        return self.done + self.late + self.skipped + self.expired

    @property
    def share(self) -> float | None:
        return self.done / self.due if self.due else None

    @property
    def exceptions(self) -> int:
        return self.skipped + self.expired + self.cancelled

    def __add__(self, other: "Tally") -> "Tally":
        names = ("done", "late", "ahead", "skipped", "expired", "cancelled")
        return Tally(**{n: getattr(self, n) + getattr(other, n) for n in names})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why touches were left out, and how many for that reason."""

    status: TouchStatus
    reason: str
    touches: int


@dataclass(slots=True)
class BoardFacts:
    """What the database says, before it is told apart by class, person and touch."""

    templates: Mapping[int, TouchTemplate] = field(default_factory=dict)
    by_plan: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_person: dict[tuple[str, int | None], Tally] = field(
        default_factory=lambda: defaultdict(Tally)
    )
    by_touch: dict[Any, Tally] = field(default_factory=lambda: defaultdict(Tally))
    reasons: dict[int, list[Reason]] = field(default_factory=lambda: defaultdict(list))
    withheld: dict[tuple[int, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    spent: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    followers: dict[tuple[str, int | None], int] = field(default_factory=dict)
    without: dict[str, int] = field(default_factory=dict)  # former customers need none


def since(today: dt.date) -> dt.date:
    """Return the first day whose touches count for adherence."""
    return today - dt.timedelta(days=BOARD_DAYS)


def facts_of(today: dt.date) -> BoardFacts:
    """Return everything that is counted, in six questions."""
    given = {
        "today": today,
        "tomorrow": today + dt.timedelta(days=1),
        "since": since(today),
        "week_ends": today + dt.timedelta(days=DAYS_AHEAD),
        "year_begins": dt.date(today.year, 1, 1),
        "due": TouchStatus.DUE,
        "former": Stage.FORMER,
        "rep": OwnerRole.REP,
        "late": LATE,
        "ahead": AHEAD,
        "exceptions": [str(one) for one in EXCEPTIONS],
        "most": MOST_REASONS,
    }
    tallied, reasons = rows_of(_TALLY, given), rows_of(_REASONS, given)
    spent, withheld = rows_of(_SPENT, given), rows_of(_WITHHELD, given)
    templates = TouchTemplate.objects.select_related(
        "version__plan", "campaign"
    ).in_bulk([row[0] for row in (*tallied, *reasons, *spent, *withheld)])
    facts = BoardFacts(templates=templates)
    for template, role, person, state, is_past, touches in tallied:
        if not is_past and state != AHEAD:
            continue  # done or left out before its day: told when that has come
        plan = templates[template].version.plan_id
        facts.by_plan[plan].add(state, touches)
        facts.by_person[role, person].add(state, touches)
        facts.by_touch[plan, templates[template].lineage].add(state, touches)
    for template, status, reason, touches in reasons:
        facts.reasons[templates[template].version.plan_id].append(
            Reason(TouchStatus(status), reason, touches)
        )
    for template, kind, touches in withheld:
        facts.withheld[templates[template].version.plan_id, kind] += touches
    for template, amount in spent:
        facts.spent[templates[template].version.plan_id] += amount
    following = rows_of(_FOLLOWERS, given)
    facts.followers = {(row[0], row[1]): row[2] for row in following}
    facts.without = {row[0]: row[3] for row in following if row[1] is None}
    facts.followers |= {("", row[0]): row[1] for row in rows_of(_NEWCOMERS, given)}
    return facts


def rows_of(sql: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, given)
