"""When touches may fall, as people read it: the year's days off, hours, exceptions."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q

from campaigns.choices import ExceptionKind
from campaigns.models import (
    Absence,
    ClosedDay,
    PlanningRule,
    RepCapacity,
    TouchException,
)
from campaigns.queries.open_days import public_holidays, weekend_of
from common.lists.sets import account_set_url
from crm.choices import Role
from crm.models import User

YEAR = dt.timedelta(days=365)
EXCEPTION_DAYS = 30


@dataclass(frozen=True, slots=True)
class DayOff:
    """One day of the coming year on which nothing falls; `own` can be opened again."""

    day: dt.date
    name: str
    own: ClosedDay | None
    is_weekend: bool


@dataclass(frozen=True, slots=True)
class PersonHours:
    """One person with their hours a week, and the days on which they are away."""

    user: User
    capacity: RepCapacity | None
    hours: Decimal
    absences: Sequence[Absence]


@dataclass(frozen=True, slots=True)
class ExceptionCount:
    """How many touches were not planned for one reason, and whose."""

    kind: ExceptionKind
    touches: int
    accounts: int
    url: str


def days_off(rule: PlanningRule, *, today: dt.date) -> list[DayOff]:
    """Return the holidays and closed days of the coming year, in order."""
    last = today + YEAR
    own = {one.day: one for one in ClosedDay.objects.filter(day__range=(today, last))}
    named: dict[dt.date, str] = {}
    for year in range(today.year, last.year + 1):
        named |= public_holidays(rule.country, rule.region, year)
    for day, closed in own.items():
        both = [named[day]] if day in named else []
        named[day] = "; ".join([*both, closed.name])
    weekend = weekend_of(rule.country)
    return [
        DayOff(day, name, own.get(day), day.weekday() in weekend)
        for day, name in sorted(named.items())
        if today <= day <= last
    ]


def people_hours(rule: PlanningRule, *, today: dt.date) -> list[PersonHours]:
    """Return reps, and whoever else has hours or is away, by name."""
    away: dict[int, list[Absence]] = {}
    for absence in Absence.objects.filter(ends_on__gte=today):
        away.setdefault(absence.user_id, []).append(absence)
    capacities = {one.user_id: one for one in RepCapacity.objects.all()}
    people = User.objects.filter(is_active=True).filter(
        Q(groups__name=Role.REP) | Q(pk__in=[*away, *capacities])
    )
    return [
        PersonHours(
            user=user,
            capacity=capacities.get(user.pk),
            hours=capacities[user.pk].hours_a_week
            if user.pk in capacities
            else rule.hours_a_week,
            absences=away.get(user.pk, []),
        )
        for user in people.distinct().order_by("name", "pk")
    ]


def exception_counts(user: User, *, today: dt.date) -> list[ExceptionCount]:
    """Return why touches due within 30 days around today were not planned."""
    span = dt.timedelta(days=EXCEPTION_DAYS)
    rows = TouchException.objects.visible_to(user).filter(
        due_on__range=(today - span, today + span)
    )
    counted = (
        rows.order_by()
        .values_list("kind")
        .annotate(touches=Count("pk"), accounts=Count("account", distinct=True))
        .order_by("-touches", "kind")
    )
    return [
        ExceptionCount(
            ExceptionKind(kind),
            touches,
            accounts,
            account_set_url("not-planned", kind=kind),
        )
        for kind, touches, accounts in counted
    ]
