"""A simulated year: what plans ask for is planned or documented, and nothing twice."""

import datetime as dt
import itertools
from collections import Counter
from decimal import Decimal

import holidays
import numpy as np
import pytest
from django.db import connection
from django.db.models import Sum

from campaigns.choices import ExceptionKind, TouchStatus
from campaigns.engine.cadence import slots_of
from campaigns.models import (
    Absence,
    ClosedDay,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RepCapacity,
    TouchException,
    TouchTemplate,
)
from campaigns.services import class_wide, plans
from campaigns.services.planning import plan_touches
from crm.models import EventType, LedgerEntry, LifeEvent, Touchpoint
from segments.models import Membership
from tests import make

YEAR = 2028  # a leap year
FIRST, LAST = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)
LONG_AGO = dt.date(2020, 1, 1)
WEEK = dt.timedelta(days=7)
CLASSES = ("current_key", "potential_key", "general", "never_profitable")
# Cadences beside the quarters, months and years of the ready plans.
MORE = (
    {"title": "Round call", "channel": "phone", "cadence": "weeks", "every": 3},
    {"title": "Years with us", "channel": "post", "cadence": "anniversary"},
    {"title": "Founded", "channel": "event", "cadence": "anniversary"},
    {"title": "First visit", "channel": "visit", "cadence": "onboarding"},
)


class KilledError(Exception):
    """Stands for a planner that dies in the middle of its work."""


def kill_at(number):
    """Let the database work `number` statements, then end it."""
    left = itertools.count(number, -1)

    def wrapper(execute, sql, params, many, context):
        if next(left) == 0:
            raise KilledError
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


@pytest.fixture
def freeze_day(monkeypatch):
    """Let plans be published on a day of the test's own."""
    return lambda day: monkeypatch.setattr(plans, "business_today", lambda: day)


@pytest.fixture
def firm(ready, db):
    """60 accounts in four classes, three reps, and what gets into the way."""
    event = EventType.objects.create(key="founded", name="Founded")
    current = PlanVersion.objects.published().get(plan__worth_class="current_key")
    for more in MORE:
        TouchTemplate.objects.create(
            version=current,
            **more,
            unit_cost=Decimal("2.00"),
            minutes=10,
            owner_role="rep",
            head="retention",
            offset_days=20 if more["cadence"] == "onboarding" else 0,
            event_type=event if more["title"] == "Founded" else None,
        )
    reps = [make.user("rep") for _ in range(3)]
    RepCapacity.objects.create(user=reps[0], hours_a_week=10)
    Absence.objects.create(
        user=reps[1], starts_on=dt.date(YEAR, 5, 1), ends_on=dt.date(YEAR, 5, 19)
    )
    for day in (27, 28, 29):
        ClosedDay.objects.create(day=dt.date(YEAR, 12, day), name="Inventory")
    accounts = []
    for n, key in zip(range(60), itertools.cycle(CLASSES), strict=False):
        account = make.account(owner=reps[n % 3], acquired_on=dt.date(2024, 2, 29))
        make.membership(account=account, worth_class=key, since=LONG_AGO)
        LifeEvent.objects.create(
            account=account, type=event, occurred_on=dt.date(2020, 1 + n % 12, 14)
        )
        accounts.append(account)
    silent, refuses, capped = accounts[0], accounts[4], accounts[8]
    make.contact(account=silent, do_not_contact=True)
    contact = make.contact(account=refuses)
    contact.consents.create(channel="post", is_granted=False)
    make.contact(account=capped, contact_cap=1)
    return accounts


def nights(first, last):
    day = first
    while day <= last:
        yield day
        day += WEEK


def asked_of(account, worth_class, first=FIRST, last=LAST):
    """Return what the plan of a class asks of an account in whole slots of a year."""
    version = PlanVersion.objects.published().get(plan__worth_class=worth_class)
    founded = LifeEvent.objects.get(account=account).occurred_on
    anchors = {"Years with us": account.acquired_on, "Founded": founded}
    return {
        (touch.lineage, slot.period)
        for touch in version.touches.all()
        for slot in slots_of(
            touch, first, last, anchors.get(touch.title, account.acquired_on)
        )
        if first <= slot.starts_on and slot.period_ends_on <= last + dt.timedelta(1)
    }


def keys(rows, account):
    return Counter(rows.filter(account=account).values_list("lineage", "period"))


LIVE = PlannedTouch.objects.exclude(status=TouchStatus.CANCELLED)


def test_a_year_with_fifty_kills_plans_or_documents_all_that_is_asked(firm, manager):
    rng = np.random.default_rng(7)
    kill_on = Counter(rng.integers(0, 54, 50).tolist())
    done = Counter()
    moved = dt.date(YEAR, 7, 1)
    swapped = firm[1], firm[2]  # potential key to current key, general to potential

    for n, night in enumerate(nights(FIRST, LAST + 2 * WEEK)):
        if moved <= night < moved + WEEK:
            for account, key in zip(swapped, CLASSES, strict=False):
                Membership.objects.open().filter(account=account).update(until=night)
                make.membership(account=account, worth_class=key, since=night)
        for _ in range(kill_on[n]):
            with pytest.raises(KilledError), kill_at(int(rng.integers(1, 20))):
                plan_touches(as_of=night)
        plan_touches(as_of=night)
        if n % 8 == 7:
            done += do_what_is_due(night, manager)

    for account in set(firm) - set(swapped):
        key = Membership.objects.open().get(account=account).worth_class
        asked = asked_of(account, key)
        planned, left_out = keys(LIVE, account), keys(TouchException.objects, account)
        assert max(planned.values()) == 1
        assert not planned.keys() & left_out.keys()
        assert asked <= planned.keys() | left_out.keys()
    assert_documented(firm)
    assert_days_and_limits(firm)
    for account in swapped:
        assert_swapped(account, moved)
    assert_ledger(done, manager)


def do_what_is_due(night, actor):
    """Do what is due, for each touch at once; return how many of each were done."""
    due = PlannedTouch.objects.due().filter(due_on__lte=night)
    templates = TouchTemplate.objects.filter(pk__in=due.values("template"))
    return Counter(
        {
            template.pk: class_wide.complete_all(
                actor=actor, template=template, until=night
            ).done
            for template in templates
        }
    )


def assert_documented(firm):
    """Who wants no post gets the rest; who wants nothing gets visits only."""
    silent, refuses, capped = firm[0], firm[4], firm[8]
    kinds = {
        account: set(
            TouchException.objects.filter(account=account).values_list(
                "kind", flat=True
            )
        )
        for account in (silent, refuses, capped)
    }
    assert kinds[silent] == {ExceptionKind.DO_NOT_CONTACT}
    assert kinds[refuses] == {ExceptionKind.NO_CONSENT}
    assert kinds[capped] <= {ExceptionKind.CAPPED}
    channels = LIVE.filter(account=silent).values_list("template__channel", flat=True)
    assert set(channels) <= {"visit", "event"}
    assert not LIVE.filter(account=refuses, template__channel="post").exists()
    assert not TouchException.objects.filter(reason="").exists()


def assert_days_and_limits(firm):
    closed = set(holidays.country_holidays("DE", years=[YEAR, YEAR + 1]))
    closed |= set(ClosedDay.objects.values_list("day", flat=True))
    days = set(LIVE.values_list("due_on", flat=True))
    assert not {day for day in days if day.weekday() > 4 or day in closed}
    away = Absence.objects.get()
    theirs = LIVE.filter(owner_role="rep", account__owner=away.user, assigned_to=None)
    span = (away.starts_on, away.ends_on)
    assert not theirs.filter(template__minutes__gt=0, due_on__range=span).exists()
    stood_in = LIVE.filter(assigned_to__isnull=False)
    assert {t.reason for t in stood_in} <= {
        "",
        f"{away.user} is away; it goes to Mia Manager.",
    }
    assert stood_in.exists()
    for account in firm:
        of_one = sorted(LIVE.filter(account=account).values_list("due_on", flat=True))
        fourth = zip(of_one, of_one[3:], strict=False)
        assert all((later - first).days >= 7 for first, later in fourth)
    in_weeks = (
        LIVE.filter(
            owner_role="rep", account__owner__in=RepCapacity.objects.values("user")
        )
        .order_by()
        .values_list("due_on__iso_year", "due_on__week")
        .annotate(minutes=Sum("template__minutes"))
    )
    assert max(minutes for *_, minutes in in_weeks) <= 600


def assert_swapped(account, moved):
    """The open touches went with the old plan; from then on it is the new one's."""
    first = PlanAssignment.objects.filter(account=account).earliest("since", "pk")
    now = PlanAssignment.objects.open().get(account=account)
    assert (first.until, now.since) == (now.since, now.since)
    assert now.reason == first.ended_because
    assert now.reason.startswith("Class changed from")
    old = PlannedTouch.objects.filter(
        account=account, template__version__plan=first.plan, due_on__gte=now.since
    )
    assert {t.status for t in old} <= {TouchStatus.CANCELLED}
    assert {t.reason for t in old} <= {first.ended_because}
    planned = keys(LIVE, account)
    left_out = keys(TouchException.objects, account)
    assert max(planned.values()) == 1
    key = Membership.objects.open().get(account=account).worth_class
    asked = asked_of(account, key, first=now.since)
    assert asked <= planned.keys() | left_out.keys()


def assert_ledger(done, actor):
    """Costs are touches done x (unit cost + minutes at the hourly cost)."""
    assert sum(done.values()) > 250
    assert PlannedTouch.objects.filter(status=TouchStatus.DONE).count() == sum(
        done.values()
    )
    expected = Decimal(0)
    for template in TouchTemplate.objects.filter(pk__in=done):
        minutes = (actor.hourly_cost * template.minutes / 60).quantize(Decimal("0.01"))
        expected += done[template.pk] * (template.unit_cost + minutes)
    spent = LedgerEntry.objects.aggregate(total=Sum("amount"))["total"]
    assert spent == expected
    assert Touchpoint.objects.count() == sum(done.values())
