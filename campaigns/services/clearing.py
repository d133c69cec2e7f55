"""Open touches leave days that turned out closed, or on which somebody is away.

Only at the moment when a day is closed or an absence is entered: what a person put on a
day afterwards stays there.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from campaigns.choices import OwnerRole
from campaigns.engine.cadence import period_ends_on
from campaigns.models import Absence, PlannedTouch
from campaigns.queries.open_days import OpenDays, open_days
from campaigns.services import standings
from common.clock import business_today
from crm.models import User
from crm.queries.responsible import managers_of

_ONE_DAY = dt.timedelta(days=1)
_NEAR = 14  # days; a touch that finds no day so near goes to who stands in


def clear_days(days: Iterable[dt.date]) -> int:
    """Move open touches off days that are closed now; return how many.

    Each goes to the next open day, or, where its period ends before, to the last one
    before it. One whose whole time is closed stays, and is late afterwards.
    """
    today = business_today()
    ahead = sorted(day for day in days if day >= today)
    if not ahead:
        return 0
    calendar = open_days(ahead[0], ahead[-1])
    rows = PlannedTouch.objects.due().filter(due_on__in=ahead)
    found = rows.order_by().values_list("due_on", "period").distinct()
    moved = 0
    for day, period in list(found):
        new = _nearest(day, period, calendar, today)
        if new != day:
            same = rows.filter(due_on=day, period=period)
            moved += same.update(due_on=new)
    if moved:
        standings.refresh_next_touches()
    return moved


def clear_absence(absence: Absence) -> int:
    """Move a person's open touches off the days they are away; return how many.

    Each goes to the day on which the person has the fewest, after the absence or before
    it, within its period. Where the person is away all that time, whoever stands in
    does it on its day.
    """
    today = business_today()
    rows = PlannedTouch.objects.due().filter(
        Q(assigned_to=absence.user)
        | Q(
            assigned_to=None,
            owner_role=OwnerRole.REP,
            account__owner=absence.user,
        ),
        due_on__range=(max(absence.starts_on, today), absence.ends_on),
    )
    touches = list(rows.select_related("account__territory").order_by("due_on", "pk"))
    if not touches:
        return 0
    days = _Days(
        open_days(today, absence.ends_on),
        _counts(absence.user, today),
        _away(absence.user, today),
    )
    for touch in touches:
        _clear_one(touch, absence, days, today)
    standings.refresh_next_touches([touch.account_id for touch in touches])
    return len(touches)


@dataclass(frozen=True, slots=True)
class _Days:
    """One person's days: which are open, how many touches each has, when away."""

    calendar: OpenDays
    counts: dict[dt.date, int]
    away: set[dt.date]

    def quietest(self, first: dt.date, last: dt.date) -> dt.date | None:
        """Return the day with the fewest touches."""
        span = range((last - first).days + 1)
        free = [
            day
            for day in (first + _ONE_DAY * n for n in span)
            if self.calendar.is_open(day) and day not in self.away
        ]
        return min(free, key=lambda day: (self.counts.get(day, 0), day), default=None)


def _clear_one(
    touch: PlannedTouch, absence: Absence, days: _Days, today: dt.date
) -> None:
    ends = period_ends_on(touch.period, due_on=touch.due_on) - _ONE_DAY
    after = absence.ends_on + _ONE_DAY
    last = min(ends, after + _ONE_DAY * (_NEAR - 1))
    day = days.quietest(after, last) if last >= after else None
    if day is None:
        before = max(today, touch.due_on - _ONE_DAY * _NEAR)
        day = days.quietest(before, absence.starts_on - _ONE_DAY)
    if day is not None:
        days.counts[day] = days.counts.get(day, 0) + 1
        touch.due_on = day
        touch.save(update_fields=["due_on"])
        return
    others = [
        person
        for person in managers_of(touch.account.territory)
        if person.pk != absence.user_id
    ]
    if others:
        touch.assigned_to = others[0]
        touch.reason = f"{absence.user} is away; it goes to {others[0]}."[:300]
        touch.save(update_fields=["assigned_to", "reason"])


def _counts(user: User, today: dt.date) -> dict[dt.date, int]:
    rows = PlannedTouch.objects.due().filter(due_on__gte=today)
    mine = rows.filter(
        Q(assigned_to=user)
        | Q(assigned_to=None, owner_role=OwnerRole.REP, account__owner=user)
    )
    counted = mine.order_by().values_list("due_on").annotate(n=Count("pk"))
    return dict(counted)


def _away(user: User, today: dt.date) -> set[dt.date]:
    rows = Absence.objects.filter(user=user, ends_on__gte=today)
    return {
        one.starts_on + _ONE_DAY * n
        for one in rows
        for n in range((one.ends_on - one.starts_on).days + 1)
    }


def _nearest(day: dt.date, period: str, calendar: OpenDays, today: dt.date) -> dt.date:
    later = calendar.next_open(day)
    if later < period_ends_on(period, due_on=day):
        return later
    earlier = calendar.previous_open(day)
    return earlier if earlier >= today else day
