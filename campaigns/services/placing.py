"""Days for touches that would be too many at once: for a person, or for an account.

Most touches keep the day that `candidates` gave them. Here are only those of people who
would have more minutes than hours on some day, or who are away, and those of accounts
that would hear from us more often than they may. Each goes to the nearest day on which
it fits, the ones with the least time left first; what may wait is left for a later
night, which sees further.
"""

import bisect
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
)
from campaigns.services.stand_ins import stand_in_for_absent
from crm import policy as crm_policy


def place(span: Span, rule: PlanningRule, calendar: OpenDays) -> None:
    """Find days for candidates that do not fit on theirs; leave the others alone."""
    scarce = contention(span, rule)
    if scarce is None:
        return
    placing = _Placing(
        days=span.days,
        open_days=[n for n in range(span.days) if calendar.is_open(span.day(n))],
        next_open=(calendar.next_open(span.ends_on) - span.as_of).days,
        limits=scarce.limits,
        load=scarce.load,
    )
    placed = placing.run(scarce.found)
    _write(span, placed)
    stand_in_for_absent(placed.left_alone)


@dataclass(slots=True)
class _Placed:
    """Which candidates move where, wait, are too many, or have nobody there."""

    moved: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    left_alone: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Placing:
    """One round of finding days; `next_open` is the first open day after the span."""

    days: int
    open_days: list[int]
    next_open: int
    limits: Limits
    load: Load

    def run(self, found: list[Candidate]) -> _Placed:
        placed = _Placed()
        for one in sorted(found, key=lambda c: (c.latest, -c.minutes, c.id)):
            day = next((d for d in self._days(one) if self._fits(one, d)), None)
            # An open day of its time lies beyond what is planned today: it may wait.
            if day is None and self.next_open < one.latest:
                placed.waiting.append(one.id)
                continue
            if day is None:
                day = self._least_bad(one)
            if day is None:
                placed.refused.append(one.id)
                continue
            if one.minutes and self.limits.is_away(one.person_id, day):
                placed.left_alone.append(one.id)
            self._take(one, day)
            if day != one.due_on:
                placed.moved.append((one.id, day))
        return placed

    def _days(self, one: Candidate) -> Iterator[int]:
        """Yield the open days that it may have: from its own on, then before it."""
        yield one.due_on
        days = self.open_days
        first = bisect.bisect_left(days, one.earliest)
        end = bisect.bisect_left(days, one.latest)
        yield from days[max(bisect.bisect_right(days, one.due_on), first) : end]
        before = min(bisect.bisect_left(days, one.due_on), end)
        yield from reversed(days[first:before])

    def _fits(self, one: Candidate, day: int) -> bool:
        return self._has_hours(one, day) and self._may_hear(one, day)

    def _has_hours(self, one: Candidate, day: int) -> bool:
        """Tell whether the person is there and has time; a first touch always fits."""
        person, minutes = one.person_id, one.minutes
        if person is None or not minutes:
            return True
        limits, load = self.limits, self.load
        week = limits.of(person)
        in_week = load.week_minutes.get((person, load.week(day)), 0)
        if in_week and in_week + minutes > week:
            return False
        on_day = load.day_minutes.get((person, day), 0)
        if on_day and on_day + minutes > week // OPEN_DAYS_A_WEEK:
            return False
        return not limits.is_away(person, day)

    def _may_hear(self, one: Candidate, day: int) -> bool:
        if not one.is_often:
            return True
        touches = self.load.touches[one.account_id]
        if not _has_room(touches, day, WEEK_DAYS, self.limits.touches_a_week):
            return False
        cap = self.limits.contact_caps.get(one.account_id)
        if cap is None or not one.is_direct:
            return True
        contacts = self.load.contacts[one.account_id]
        return _has_room(contacts, day, crm_policy.CAP_WINDOW.days, cap)

    def _least_bad(self, one: Candidate) -> int | None:
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

    def _take(self, one: Candidate, day: int) -> None:
        self.load.add(one.person_id, day, one.minutes)
        if not one.is_often:
            return
        self.load.touches[one.account_id].append(day)
        if one.is_direct:
            self.load.contacts[one.account_id].append(day)


def _has_room(days: list[int], day: int, window: int, most: int) -> bool:
    """Tell whether one more on `day` keeps every `window` days at `most` or fewer."""
    if len(days) < most:
        return True
    near = sorted([*(d for d in days if abs(d - day) < window), day])
    return all(near[n + most] - near[n] >= window for n in range(len(near) - most))


def _write(span: Span, placed: _Placed) -> None:
    with connection.cursor() as cursor:
        if placed.moved:
            ids, days = zip(*placed.moved, strict=True)
            cursor.execute(
                f"UPDATE {TABLE} c SET due_on = %s::date + m.day"
                " FROM unnest(%s::bigint[], %s::int[]) AS m(id, day)"
                " WHERE m.id = c.id",
                [span.as_of, list(ids), list(days)],
            )
        if placed.waiting:
            cursor.execute(
                f"DELETE FROM {TABLE} WHERE id = ANY(%s::bigint[])", [placed.waiting]
            )
        if placed.refused:
            cursor.execute(
                f"UPDATE {TABLE} SET kind = %s, reason = %s"
                " WHERE id = ANY(%s::bigint[])",
                [
                    ExceptionKind.CAPPED,
                    "More would reach the account than it may hear from us.",
                    placed.refused,
                ],
            )
