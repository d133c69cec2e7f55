"""Who would have too much on a day, which accounts would hear too often, and the rest.

Only what is scarce is read: people who are short of hours or away, and accounts near
what they may hear from us. Days are counted from the first day of the span, which is 0:
there may be a million touches to find days for.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from campaigns.choices import OwnerRole, TouchStatus
from campaigns.models import Absence, PlanningRule, RepCapacity
from campaigns.services.candidates import TABLE, Span
from crm import policy as crm_policy
from crm.choices import Direction

WEEK_DAYS = 7
OPEN_DAYS_A_WEEK = 5
_MINUTES = 60


class Candidate(NamedTuple):
    """One touch that looks for a day, from `earliest` to before `latest`.

    Where it is not `is_often`, all touches of the account together are no more than it
    may have within a week, so that any day will do for the account.
    """

    id: int
    account_id: int
    person_id: int | None
    minutes: int
    is_direct: bool
    due_on: int
    earliest: int
    latest: int
    is_often: bool


@dataclass(slots=True)
class Load:
    """What stands: minutes of people, and touches and contacts by account.

    `weekday` is the first day's, which tells where weeks begin.
    """

    weekday: int
    day_minutes: dict[tuple[int, int], int] = field(default_factory=dict)
    week_minutes: dict[tuple[int, int], int] = field(default_factory=dict)
    touches: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def week(self, day: int) -> int:
        """Return the number of the week that a day lies in."""
        return (day + self.weekday) // WEEK_DAYS

    def add(self, person: int | None, day: int, minutes: int) -> None:
        if person is None or not minutes:
            return
        for kept, key in (
            (self.day_minutes, (person, day)),
            (self.week_minutes, (person, self.week(day))),
        ):
            kept[key] = kept.get(key, 0) + minutes


@dataclass(frozen=True, slots=True)
class Limits:
    """What people and accounts have room for."""

    minutes_a_week: dict[int, int]
    usual_minutes: int
    away: set[tuple[int, int]]
    touches_a_week: int
    contact_caps: dict[int, int]

    def of(self, person: int) -> int:
        return self.minutes_a_week.get(person, self.usual_minutes)

    def is_away(self, person: int | None, day: int) -> bool:
        return person is not None and (
            (person, day) in self.away or not self.of(person)
        )


@dataclass(frozen=True, slots=True)
class Contention:
    """Candidates that may not fit on their day, and what they compete with."""

    found: list[Candidate]
    limits: Limits
    load: Load


def contention(span: Span, rule: PlanningRule) -> Contention | None:
    """Return what may not fit; None where everything does."""
    limits = _limits(span, rule)
    parameters = _parameters(span, rule, limits)
    with connection.cursor() as cursor:
        cursor.execute(_CONTENDED, parameters)
        found = list(map(Candidate._make, cursor.fetchall()))
    if not found:
        return None
    accounts = sorted({one.account_id for one in found if one.is_often})
    limits.contact_caps.update(_contact_caps(span, accounts))
    return Contention(found, limits, _load(found, accounts, span, parameters))


def _limits(span: Span, rule: PlanningRule) -> Limits:
    last = span.ends_on
    absences = Absence.objects.filter(starts_on__lt=last, ends_on__gte=span.as_of)
    away = {
        (absence.user_id, day)
        for absence in absences
        for day in range(
            max((absence.starts_on - span.as_of).days, 0),
            (min(absence.ends_on, last) - span.as_of).days + 1,
        )
    }
    hours = RepCapacity.objects.values_list("user", "hours_a_week")
    return Limits(
        minutes_a_week={user: int(week * _MINUTES) for user, week in hours},
        usual_minutes=int(rule.hours_a_week * _MINUTES),
        away=away,
        touches_a_week=rule.touches_a_week,
        contact_caps={},
    )


def _parameters(span: Span, rule: PlanningRule, limits: Limits) -> dict[str, Any]:
    return span.parameters | {
        "touches_a_week": rule.touches_a_week,
        "usual_minutes": limits.usual_minutes,
        "person": list(limits.minutes_a_week),
        "person_minutes": list(limits.minutes_a_week.values()),
        "away": sorted({person for person, _ in limits.away}),
        "due": TouchStatus.DUE,
        "done": TouchStatus.DONE,
        "rep": OwnerRole.REP,
        "week": WEEK_DAYS - 1,
        "refusable": sorted(crm_policy.REFUSABLE_CHANNELS),
        "unanswered": sorted(crm_policy.OUTCOMES_WITHOUT_CONTACT),
        "out": Direction.OUT,
        "zone": settings.TIME_ZONE,
        "cap_days": crm_policy.CAP_WINDOW.days,
    }


def _contact_caps(span: Span, accounts: list[int]) -> dict[int, int]:
    """Return the most contacts in 30 days where everybody there set a limit."""
    with connection.cursor() as cursor:
        cursor.execute(_CAPS, {"accounts": accounts, "as_of": span.as_of})
        return {account: int(cap) for account, cap in cursor.fetchall()}


def _load(
    found: list[Candidate], accounts: list[int], span: Span, parameters: dict[str, Any]
) -> Load:
    """Count what stands already, and the candidates that keep their day."""
    load = Load(span.as_of.weekday())
    chosen = parameters | {
        "chosen": [one.id for one in found],
        "some_accounts": accounts,
        "people": sorted({one.person_id for one in found if one.person_id}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES_PLANNED, chosen)
        for person, day, minutes in cursor.fetchall():
            load.add(person, day, int(minutes))
        cursor.execute(_TOUCHES_PLANNED, chosen)
        for account, day, is_direct in cursor.fetchall():
            load.touches[account].append(day)
            if is_direct:
                load.contacts[account].append(day)
        cursor.execute(_CONTACTS_MADE, chosen)
        for account, day in cursor.fetchall():
            load.contacts[account].append(day)
    return load


# Minutes that stand planned for a person on a day; who does a touch is who it was given
# to, else the owner for touches of reps.
_PLANNED_FOR = """
    SELECT coalesce(t.assigned_to_id,
            CASE WHEN t.owner_role = %(rep)s THEN a.owner_id END) AS person_id,
        t.due_on, tt.minutes
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id AND tt.minutes > 0
    JOIN crm_account a ON a.id = t.account_id
    WHERE t.status = %(due)s AND t.due_on >= %(as_of)s::date - %(week)s
"""
_NEW = f"SELECT * FROM {TABLE} WHERE kind IS NULL"
# Touches of an account within a week before the span and after it.
_STANDING = """
    SELECT t.account_id, t.due_on, tt.channel
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id
    WHERE t.status IN (%(due)s, %(done)s)
      AND t.due_on >= %(as_of)s::date - %(cap_days)s
"""
# Who is short of time on a day or in a week, and which accounts would hear too often;
# accounts where everybody set a limit of their own are looked at in any case.
_CONTENDED = f"""
WITH new AS MATERIALIZED ({_NEW}), hours AS (
    SELECT * FROM unnest(%(person)s::bigint[], %(person_minutes)s::int[])
        AS h(person_id, minutes)
), burden AS (
    SELECT person_id, due_on, sum(minutes) AS minutes, count(*) AS touches FROM (
        SELECT person_id, due_on, minutes FROM new
        WHERE person_id IS NOT NULL AND minutes > 0
        UNION ALL
        SELECT * FROM ({_PLANNED_FOR}) planned
        WHERE person_id IN (SELECT person_id FROM new WHERE minutes > 0)
    ) both_kinds GROUP BY person_id, due_on
), short AS (
    SELECT b.person_id FROM burden b LEFT JOIN hours h USING (person_id)
    WHERE b.touches > 1
      AND b.minutes > coalesce(h.minutes, %(usual_minutes)s) / {OPEN_DAYS_A_WEEK}
    UNION
    SELECT b.person_id FROM burden b LEFT JOIN hours h USING (person_id)
    GROUP BY b.person_id, date_trunc('week', b.due_on), h.minutes
    HAVING sum(b.touches) > 1
        AND sum(b.minutes) > coalesce(h.minutes, %(usual_minutes)s)
    UNION
    SELECT unnest(%(away)s::bigint[])
    UNION
    SELECT person_id FROM hours WHERE minutes = 0
), heard AS (
    SELECT account_id FROM (
        SELECT account_id FROM new
        UNION ALL
        SELECT account_id FROM ({_STANDING}) standing
        WHERE due_on >= %(as_of)s::date - %(week)s
    ) both_kinds GROUP BY account_id HAVING count(*) > %(touches_a_week)s
    UNION
    SELECT account_id FROM crm_contact
    WHERE contact_cap IS NOT NULL AND left_on IS NULL
)
SELECT id, account_id, person_id, minutes, is_direct, due_on - %(as_of)s::date,
    earliest - %(as_of)s::date, latest - %(as_of)s::date,
    account_id IN (SELECT account_id FROM heard)
FROM new
WHERE (minutes > 0 AND person_id IN (SELECT person_id FROM short))
   OR account_id IN (SELECT account_id FROM heard)
"""
_CAPS = """
    SELECT account_id, sum(contact_cap) FROM crm_contact
    WHERE account_id = ANY(%(accounts)s::bigint[]) AND NOT do_not_contact
      AND (left_on IS NULL OR left_on > %(as_of)s::date)
    GROUP BY account_id HAVING bool_and(contact_cap IS NOT NULL)
"""
_OTHERS = "NOT (id = ANY(%(chosen)s::bigint[]))"
_MINUTES_PLANNED = f"""
    SELECT person_id, due_on - %(as_of)s::date, sum(minutes) FROM (
        SELECT * FROM ({_PLANNED_FOR}) planned
        UNION ALL
        SELECT person_id, due_on, minutes FROM ({_NEW}) new WHERE {_OTHERS}
    ) all_minutes
    WHERE person_id = ANY(%(people)s::bigint[]) GROUP BY 1, 2
"""
_TOUCHES_PLANNED = f"""
    SELECT account_id, due_on - %(as_of)s::date, channel = ANY(%(refusable)s)
    FROM ({_STANDING}) standing
    WHERE account_id = ANY(%(some_accounts)s::bigint[])
    UNION ALL
    SELECT account_id, due_on - %(as_of)s::date, is_direct FROM ({_NEW}) new
    WHERE account_id = ANY(%(some_accounts)s::bigint[]) AND {_OTHERS}
"""
# Contacts that count against limits and are no touches of plans, which count already.
_CONTACTS_MADE = """
    SELECT account_id, (occurred_at AT TIME ZONE %(zone)s)::date - %(as_of)s::date
    FROM crm_touchpoint
    WHERE account_id = ANY(%(some_accounts)s::bigint[]) AND voided_at IS NULL
      AND direction = %(out)s AND channel = ANY(%(refusable)s)
      AND outcome <> ALL(%(unanswered)s) AND source <> 'plan'
      AND occurred_at
        > (%(as_of)s::date - %(cap_days)s)::timestamp AT TIME ZONE %(zone)s
"""
