"""Events of one account: what happened, what comes, and marks for its curves."""

import calendar
import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from common.clock import business_today
from common.marks import Mark
from crm import policy
from crm.models import Account, EventType, LifeEvent


@dataclass(frozen=True, slots=True)
class Coming:
    """An event ahead: known to come, or the yearly return of one that was."""

    event: LifeEvent
    on: dt.date
    years: int  # since the event; 0 for one that lies ahead itself


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one account, newest first, and what is to come, soonest first."""

    rows: list[LifeEvent]
    coming: list[Coming]


def events(account: Account) -> Events:
    """Return the standing events of `account` in one query."""
    rows = LifeEvent.objects.standing().filter(account=account)
    found = list(rows.select_related("type", "contact", "created_by"))
    return Events(rows=found, coming=coming_of(found, business_today()))


def coming_of(rows: list[LifeEvent], today: dt.date) -> list[Coming]:
    """Return what of `rows` comes within EVENTS_TOLD_AHEAD, or returns by the year."""
    found = []
    for row in rows:
        on = next_return(row, today) if row.type.recurs_yearly else row.occurred_on
        if today <= on <= today + policy.EVENTS_TOLD_AHEAD:
            found.append(Coming(row, on, on.year - row.occurred_on.year))
    return sorted(found, key=lambda one: (one.on, one.event.pk))


def next_return(event: LifeEvent, today: dt.date) -> dt.date:
    """Return the next yearly return; 29 February falls on the 28th between."""
    born = event.occurred_on
    if born >= today:
        return born
    day = _in_year(born, today.year)
    return day if day >= today else _in_year(born, today.year + 1)


def _in_year(day: dt.date, year: int) -> dt.date:
    return day.replace(
        year=year, day=min(day.day, calendar.monthrange(year, day.month)[1])
    )


def marks(account_id: int, since: dt.date, until: dt.date) -> list[Mark]:
    """Return the account's events as marks for a curve over time."""
    rows = LifeEvent.objects.standing().filter(
        account_id=account_id, occurred_on__range=(since, until)
    )
    return [
        Mark(
            on=row.occurred_on,
            text=f"{row.type}: {row.note}" if row.note else str(row.type),
            tone=row.type.tone,
        )
        for row in rows.select_related("type").order_by("occurred_on", "pk")
    ]


def event_types() -> QuerySet[EventType]:
    """Return the catalogue with `used_count`, those in use first."""
    rows = EventType.objects.annotate(used_count=Count("events"))
    return rows.order_by("-is_active", "name", "pk")
