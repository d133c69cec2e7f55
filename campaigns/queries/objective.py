"""A rep's objective: the CLV gained within a quarter, and how fast.

CLV gained is the CLV of the rep's accounts at the end less that at the start. It splits
exactly: margin that came in, costs that went out, and the change of what is expected.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from campaigns.choices import OwnerRole, TouchStatus
from campaigns.queries.consistency import rated_by
from campaigns.queries.experience import Rated
from campaigns.queries.today import Item, due_now
from clv.models import ValuationRun
from common.clock import business_today, day_ends_at
from common.kept import kept_list, kept_rows
from common.money import ZERO
from crm.choices import Care
from crm.models import Touchpoint, User
from crm.queries.agenda import WRITTEN
from segments.choices import WorthClass

MOST_HELPFUL = 3
QUARTERS_COMPARED = 4
QUARTERS_OFFERED = 8
MONTHS, QUARTERS = 3, 4
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter of the calendar."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> "Quarter":
        return cls(day.year, (day.month - 1) // MONTHS + 1)

    @classmethod
    def read(cls, text: str) -> "Quarter | None":
        """Return what a label such as 2026-Q4 names; None if it names none."""
        year, _, number = text.partition("-Q")
        known = year.isdecimal() and len(year) == len("2026") and number in set("1234")
        return cls(int(year), int(number)) if known and int(year) > 1 else None

    @property
    def label(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def starts_on(self) -> dt.date:
        return dt.date(self.year, MONTHS * self.number - 2, 1)

    @property
    def ends_on(self) -> dt.date:
        """Return its last day."""
        following = self.number == QUARTERS
        year = self.year + following
        month = 1 if following else MONTHS * self.number + 1
        return dt.date(year, month, 1) - ONE_DAY

    def before(self) -> "Quarter":
        return Quarter.of(self.starts_on - ONE_DAY)


@dataclass(frozen=True, slots=True)
class Gained:
    """The change of CLV between two nights; the three parts sum to it to the cent."""

    before: ValuationRun
    run: ValuationRun
    accounts: int
    clv_before: Decimal
    clv_after: Decimal
    margin: Decimal
    costs: Decimal
    expected: Decimal

    @property
    def total(self) -> Decimal:
        return self.clv_after - self.clv_before


@dataclass(frozen=True, slots=True)
class Speed:
    """Median days from due to done, and median hours to an answer; None if none was."""

    touches: int
    days: float | None
    letters: int
    answered: int
    hours: float | None


@dataclass(frozen=True, slots=True)
class CareShare:
    """What part of the contacts and their minutes was for one purpose."""

    care: str
    label: str
    contacts: int
    minutes: int
    share: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What one quarter brought, and how fast; None where nothing is known."""

    quarter: Quarter
    gained: Decimal | None
    hours: float
    speed: Speed

    @property
    def gained_per_hour(self) -> Decimal | None:
        if self.gained is None or not self.hours:
            return None
        return self.gained / Decimal(str(self.hours))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the key accounts that the plan asked a touch for, how many got one."""

    asked: int
    touched: int

    @property
    def share(self) -> float | None:
        return self.touched / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Objective:
    """What one rep did for CLV within one quarter."""

    owner: User
    quarter: Quarter
    elapsed: float
    gained: Gained | None
    speed: Speed
    care: Sequence[CareShare]
    coverage: Coverage
    rated: Rated | None
    paces: Sequence[Pace]
    helpful: Sequence[Item]

    @property
    def hours(self) -> float:
        """Return the hours of all contacts."""
        return sum(one.minutes for one in self.care) / 60

    @property
    def gained_per_hour(self) -> Decimal | None:
        if self.gained is None or not self.hours:
            return None
        return self.gained.total / Decimal(str(self.hours))


def objective(*, owner: User, quarter: Quarter, user: User) -> Objective:
    """Return `owner`'s quarter; what would help most only for the current one."""
    today = business_today()
    since, until = quarter.starts_on, min(quarter.ends_on, today)
    is_current = quarter == Quarter.of(today)
    gained, care = _gained(owner, quarter), _care(owner, since, until)
    pace = _pace(owner, quarter, today, gained=gained, care=care)
    return Objective(
        owner=owner,
        quarter=quarter,
        elapsed=_elapsed(quarter, today),
        gained=gained,
        speed=pace.speed,
        care=care,
        coverage=_coverage(owner, since, until),
        rated=rated_by(owner, since=since, until=until),
        paces=[pace, *_paces_before(owner, quarter, today)],
        helpful=_helpful(user, owner, today) if is_current else [],
    )


def offered(today: dt.date) -> list[Quarter]:
    """Return the quarters that may be chosen, the current one first."""
    quarters = [Quarter.of(today)]
    while len(quarters) < QUARTERS_OFFERED:
        quarters.append(quarters[-1].before())
    return quarters


def _paces_before(owner: User, quarter: Quarter, today: dt.date) -> list[Pace]:
    """Return the quarters before one, the latest first."""
    found: list[Pace] = []
    while len(found) < QUARTERS_COMPARED - 1:
        quarter = quarter.before()
        since, until = quarter.starts_on, min(quarter.ends_on, today)
        gained, care = _gained(owner, quarter), _care(owner, since, until)
        found.append(_pace(owner, quarter, today, gained=gained, care=care))
    return found


def _pace(
    owner: User,
    quarter: Quarter,
    today: dt.date,
    *,
    gained: Gained | None,
    care: Sequence[CareShare],
) -> Pace:
    return Pace(
        quarter,
        gained.total if gained else None,
        sum(one.minutes for one in care) / 60,
        _speed(owner, quarter.starts_on, min(quarter.ends_on, today)),
    )


def _elapsed(quarter: Quarter, today: dt.date) -> float:
    days = (quarter.ends_on - quarter.starts_on).days + 1
    gone = (min(today, quarter.ends_on) - quarter.starts_on).days + 1
    return max(gone, 0) / days


def _gained(owner: User, quarter: Quarter) -> Gained | None:
    """Compare the last night before the quarter with its last night so far.

    Without a night before, the first night within stands for it.
    """
    runs = ValuationRun.objects
    run = runs.as_of(quarter.ends_on)
    before = runs.as_of(quarter.starts_on - ONE_DAY) or (
        runs.kept().filter(as_of__gte=quarter.starts_on).order_by("as_of").first()
    )
    if run is None or before is None or before.as_of >= run.as_of:
        return None
    (row,) = _rows(_GAINED, {"run": run.pk, "before": before.pk, "owner": owner.pk})
    return Gained(before, run, *row)


# An account that came within the quarter began at nothing.
_GAINED = """
SELECT count(*), coalesce(sum(b.clv), 0), coalesce(sum(v.clv), 0),
    coalesce(sum(v.margin - coalesce(b.margin, 0)), 0),
    -coalesce(sum((v.margin - v.realised_profit)
        - coalesce(b.margin - b.realised_profit, 0)), 0),
    coalesce(sum(v.future_value - coalesce(b.future_value, 0)), 0)
FROM crm_account a
JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
LEFT JOIN clv_valuation b ON b.account_id = a.id AND b.run_id = %(before)s
WHERE a.owner_id = %(owner)s AND a.merged_into_id IS NULL
"""


def _speed(owner: User, since: dt.date, until: dt.date) -> Speed:
    span = {
        "owner": owner.pk,
        "since": day_ends_at(since - ONE_DAY),
        "until": day_ends_at(until),
        "done": TouchStatus.DONE,
        "written": [channel.value for channel in WRITTEN],
        "zone": settings.TIME_ZONE,
    }
    ((touches, days),) = _rows(_DAYS, span)
    ((letters, answered, hours),) = _rows(_HOURS, span)
    return Speed(touches, days, letters, answered, hours)


_DAYS = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (
    ORDER BY (t.closed_at AT TIME ZONE %(zone)s)::date - t.due_on)
FROM campaigns_plannedtouch t
WHERE t.closed_by_id = %(owner)s AND t.status = %(done)s AND t.owner_role = 'rep'
  AND t.closed_at >= %(since)s AND t.closed_at < %(until)s
"""
_HOURS = """
SELECT count(*), count(answer.at), percentile_cont(0.5) WITHIN GROUP (
    ORDER BY extract(epoch FROM answer.at - t.occurred_at) / 3600)
    FILTER (WHERE answer.at IS NOT NULL)
FROM crm_touchpoint t
JOIN crm_account a ON a.id = t.account_id AND a.owner_id = %(owner)s
LEFT JOIN LATERAL (
    SELECT o.occurred_at AS at FROM crm_touchpoint o
    WHERE o.account_id = t.account_id AND o.direction = 'out'
      AND o.outcome <> 'no_answer' AND o.voided_at IS NULL
      AND o.occurred_at >= t.occurred_at
    ORDER BY o.occurred_at, o.id LIMIT 1
) answer ON true
WHERE t.direction = 'in' AND t.voided_at IS NULL AND t.outcome = ''
  AND t.channel = ANY(%(written)s)
  AND t.occurred_at >= %(since)s AND t.occurred_at < %(until)s
"""


def _care(owner: User, since: dt.date, until: dt.date) -> list[CareShare]:
    rows = Touchpoint.objects.standing().filter(
        user=owner,
        occurred_at__gte=day_ends_at(since - ONE_DAY),
        occurred_at__lt=day_ends_at(until),
    )
    sums = (
        rows.order_by()
        .values_list("care")
        .annotate(n=Count("pk"), minutes=Coalesce(Sum(F("minutes")), 0))
    )
    found = {care: (n, minutes) for care, n, minutes in kept_list(sums)}
    total = sum(n for n, _ in found.values())
    return [
        CareShare(care.value, str(care.label), n, minutes, n / total)
        for care in Care
        for n, minutes in [found.get(care.value, (0, 0))]
        if total
    ]


def _coverage(owner: User, since: dt.date, until: dt.date) -> Coverage:
    ((asked, touched),) = _rows(
        _COVERAGE,
        {
            "owner": owner.pk,
            "since": since,
            "until": until,
            "keys": [WorthClass.CURRENT_KEY.value, WorthClass.POTENTIAL_KEY.value],
            "done": TouchStatus.DONE,
            "cancelled": TouchStatus.CANCELLED,
            "rep": OwnerRole.REP,
        },
    )
    return Coverage(asked, touched)


_COVERAGE = """
SELECT count(*), count(*) FILTER (WHERE account.touched) FROM (
    SELECT bool_or(t.status = %(done)s) AS touched
    FROM campaigns_plannedtouch t
    JOIN crm_account a ON a.id = t.account_id AND a.owner_id = %(owner)s
        AND a.merged_into_id IS NULL
    JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
        AND m.worth_class = ANY(%(keys)s)
    WHERE t.owner_role = %(rep)s AND t.status <> %(cancelled)s
      AND t.due_on BETWEEN %(since)s AND %(until)s
    GROUP BY t.account_id
) account
"""


def _helpful(user: User, owner: User, today: dt.date) -> list[Item]:
    """Return the items with the largest gain, of as many different accounts."""
    seen: set[int] = set()
    found = []
    for item in due_now(user=user, owner=owner, today=today):
        if item.account is None or item.account.pk in seen or item.gain <= ZERO:
            continue
        seen.add(item.account.pk)
        found.append(item)
    return found[:MOST_HELPFUL]


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, parameters)
