"""Days for touches that would be too many at once: for a person, or for an account.

Most touches keep the day that `candidates` gave them. Here are only those of people who
would have more minutes than hours on some day, or who are away, and those of accounts
that would hear from us more often than they may. Each goes to the nearest day on which
it fits, the ones with the least time left first; what may wait is left for a later
night, which sees further.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from campaigns.choices import ExceptionKind
from campaigns.models import PlanningRule
from campaigns.queries.open_days import OpenDays
from campaigns.services.candidates import TABLE, Span
from campaigns.services.contention import (
    OPEN_DAYS_A_WEEK,
    WEEK_DAYS,
    Candidate,
    Limits,
    Load,
    contention,
    monday,
)
from campaigns.services.stand_ins import stand_in_for_absent
from crm import policy as crm_policy

_ONE_DAY = dt.timedelta(days=1)


def place(span: Span, rule: PlanningRule, calendar: OpenDays) -> None:
    """Find days for candidates that do not fit on theirs; leave the others alone."""
    scarce = contention(span, rule)
    if scarce is None:
        return
    placing = _Placing(span, calendar, scarce.limits, scarce.load)
    placed = placing.run(scarce.found)
    _write(placed)
    stand_in_for_absent(placed.left_alone)


@dataclass(slots=True)
class _Placed:
    """Which candidates move where, wait, are too many, or have nobody there."""

    moved: list[tuple[int, dt.date]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    left_alone: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Placing:
    """One round of finding days."""

    span: Span
    calendar: OpenDays
    limits: Limits
    load: Load

    def run(self, found: list[Candidate]) -> _Placed:
        placed = _Placed()
        for one in sorted(found, key=lambda c: (c.latest, -c.minutes, c.id)):
            day = next((d for d in self._days(one) if self._fits(one, d)), None)
            if day is None and self._may_wait(one):
                placed.waiting.append(one.id)
                continue
            day = day or self._least_bad(one)
            if day is None:
                placed.refused.append(one.id)
                continue
            if one.minutes and self.limits.is_away(one.person_id, day):
                placed.left_alone.append(one.id)
            self._take(one, day)
            if day != one.due_on:
                placed.moved.append((one.id, day))
        return placed

    def _may_wait(self, one: Candidate) -> bool:
        """Tell whether an open day of its time lies beyond what is planned today."""
        return self.calendar.next_open(self.span.ends_on) < one.latest

    def _days(self, one: Candidate) -> Iterator[dt.date]:
        """Yield the open days that it may have: from its own on, then before it."""
        first = max(one.earliest, self.span.as_of)
        last = min(one.latest, self.span.ends_on) - _ONE_DAY
        yield one.due_on
        for start, step in ((one.due_on, _ONE_DAY), (one.due_on, -_ONE_DAY)):
            day = start + step
            while first <= day <= last:
                if self.calendar.is_open(day):
                    yield day
                day += step

    def _fits(self, one: Candidate, day: dt.date) -> bool:
        return self._has_hours(one, day) and self._may_hear(one, day)

    def _has_hours(self, one: Candidate, day: dt.date) -> bool:
        """Tell whether the person is there and has time; a first touch always fits."""
        person = one.person_id
        if person is None or not one.minutes:
            return True
        if self.limits.is_away(person, day):
            return False
        week = self.limits.of(person)
        on_day = self.load.day_minutes.get((person, day), 0)
        in_week = self.load.week_minutes.get((person, monday(day)), 0)
        return (not on_day or on_day + one.minutes <= week // OPEN_DAYS_A_WEEK) and (
            not in_week or in_week + one.minutes <= week
        )

    def _may_hear(self, one: Candidate, day: dt.date) -> bool:
        touches = self.load.touches[one.account_id]
        if not _has_room(touches, day, WEEK_DAYS, self.limits.touches_a_week):
            return False
        cap = self.limits.contact_caps.get(one.account_id)
        if cap is None or not one.is_direct:
            return True
        contacts = self.load.contacts[one.account_id]
        return _has_room(contacts, day, crm_policy.CAP_WINDOW.days, cap)

    def _least_bad(self, one: Candidate) -> dt.date | None:
        """Return the day with the fewest minutes, where an account may hear from us.

        Hours are what people plan with: when the time of a touch ends, it stands beyond
        them. What an account allows is never exceeded.
        """
        days = [day for day in self._days(one) if self._may_hear(one, day)]
        there = [d for d in days if not self.limits.is_away(one.person_id, d)] or days
        person = one.person_id or 0
        return min(
            there,
            key=lambda d: (self.load.day_minutes.get((person, d), 0), d),
            default=None,
        )

    def _take(self, one: Candidate, day: dt.date) -> None:
        self.load.add(one.person_id, day, one.minutes)
        self.load.touches[one.account_id].append(day)
        if one.is_direct:
            self.load.contacts[one.account_id].append(day)


def _has_room(days: list[dt.date], day: dt.date, window: int, most: int) -> bool:
    """Tell whether one more on `day` keeps every `window` days at `most` or fewer."""
    near = sorted(d for d in days if abs((d - day).days) < window)
    near_with = sorted([*near, day])
    return all(
        (near_with[n + most] - near_with[n]).days >= window
        for n in range(len(near_with) - most)
    )


def _write(placed: _Placed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} c SET due_on = m.day FROM unnest(%s::bigint[], %s::date[])"
            " AS m(id, day) WHERE m.id = c.id",
            [[one for one, _ in placed.moved], [day for _, day in placed.moved]],
        )
        cursor.execute(
            f"DELETE FROM {TABLE} WHERE id = ANY(%s::bigint[])", [placed.waiting]
        )
        cursor.execute(
            f"UPDATE {TABLE} SET kind = %s, reason = %s WHERE id = ANY(%s::bigint[])",
            [
                ExceptionKind.CAPPED,
                "More would reach the account than it may hear from us.",
                placed.refused,
            ],
        )
