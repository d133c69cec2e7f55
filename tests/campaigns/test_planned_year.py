"""A simulated year: what plans ask for is planned or documented, and nothing twice."""

import datetime as dt
import itertools
import threading
from collections import Counter
from decimal import Decimal

import holidays
import numpy as np
import pytest
from django.db import OperationalError, connection
from django.db.models import Count, Sum

from campaigns.choices import ExceptionKind, TouchStatus
from campaigns.engine.cadence import slots_of
from campaigns.models import (
    Absence,
    ClosedDay,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RepCapacity,
    RetentionPlan,
    TouchException,
    TouchTemplate,
)
from campaigns.services import class_wide, plans
from campaigns.services.planning import plan_touches
from crm.choices import Stage
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


def test_whoever_changes_class_every_night_has_each_touch_once(ready, member):
    account = member("general")
    night = dt.date(YEAR, 3, 1)
    pairs = itertools.cycle(("current_key", "general"))

    for n, key in zip(range(1, 31), pairs, strict=False):
        day = night + dt.timedelta(n)
        Membership.objects.open().filter(account=account).update(until=day)
        make.membership(account=account, worth_class=key, since=day)
        plan_touches(as_of=day)
        current = PlanAssignment.objects.open().get(account=account)
        assert current.plan.worth_class == key
        open_ones = PlannedTouch.objects.due().filter(account=account)
        assert not open_ones.exclude(template__version__plan=current.plan).exists()
        # Done the day it falls due; nothing that was done comes again.
        open_ones.filter(due_on__lte=day).update(
            status=TouchStatus.DONE, closed_at=dt.datetime(YEAR, 3, 1, tzinfo=dt.UTC)
        )

    assert PlanAssignment.objects.filter(account=account).count() == 30
    counted = LIVE.values("lineage", "period").annotate(n=Count("pk"))
    assert all(row["n"] == 1 for row in counted)


def test_29_february_is_congratulated_on_the_28th_in_other_years(ready, member):
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    TouchTemplate.objects.create(
        version=version,
        title="Years with us",
        channel="event",
        cadence="anniversary",
        unit_cost=1,
        owner_role="marketer",
        head="retention",
    )
    account = member("general", acquired_on=dt.date(2024, 2, 29))

    for year in (2027, 2028, 2029):
        plan_touches(as_of=dt.date(year, 2, 20))

    rows = LIVE.filter(account=account, template__title="Years with us")
    # A Sunday in 2027 waits for Monday; 29 February 2028 is a Tuesday.
    assert list(rows.order_by("due_on").values_list("due_on", flat=True)) == [
        dt.date(2027, 3, 1),
        dt.date(2028, 2, 29),
        dt.date(2029, 2, 28),
    ]


def test_a_version_published_under_way_keeps_done_touches_and_asks_each_once(
    ready, member, marketer, freeze_day
):
    freeze_day(dt.date(YEAR, 2, 1))
    accounts = [member("current_key") for _ in range(5)]
    for night in nights(dt.date(YEAR, 1, 1), dt.date(YEAR, 2, 1)):
        plan_touches(as_of=night)
        PlannedTouch.objects.due().filter(due_on__lte=night).update(
            status=TouchStatus.DONE, closed_at=dt.datetime(YEAR, 2, 1, tzinfo=dt.UTC)
        )
    plan = RetentionPlan.objects.get(worth_class="current_key")
    draft = plans.start_draft(actor=marketer, plan=plan)
    draft.touches.filter(title="Sales visit").update(minutes=45)
    plans.publish(actor=marketer, version=draft)

    for night in nights(dt.date(YEAR, 2, 2), dt.date(YEAR, 4, 10)):
        plan_touches(as_of=night)

    for account in accounts:
        rows = LIVE.filter(account=account, period__startswith=f"{YEAR}-Q1")
        titles = Counter(row.template.title for row in rows)
        assert titles == {"Printed magazine": 1, "Sales visit": 1}
    open_ones = PlannedTouch.objects.due().filter(due_on__gte=dt.date(YEAR, 2, 1))
    assert {t.template.version_id for t in open_ones} == {draft.pk}


def test_the_owner_who_left_is_stood_in_for_and_the_new_one_takes_over(
    ready, member, rep, manager, colleague
):
    account = member("current_key", owner=rep)
    day = dt.date(YEAR, 3, 6)
    plan_touches(as_of=day, horizon_days=26)
    visit = PlannedTouch.objects.get(template__title="Sales visit")
    assert visit.assigned_to is None
    rep.is_active = False
    rep.save()

    plan_touches(as_of=day, horizon_days=26)
    visit.refresh_from_db()
    assert visit.assigned_to == manager
    assert visit.reason == "The owner left; it goes to Mia Manager."
    account.owner = colleague
    account.save()
    plan_touches(as_of=day, horizon_days=26)

    visit.refresh_from_db()
    assert (visit.assigned_to, visit.reason) == (None, "")


def test_a_contact_by_hand_counts_once_for_a_touch_of_its_kind(ready, member, rep):
    account = member("general")
    TouchTemplate.objects.filter(title="Phone follow-up").update(cadence="week")
    day = dt.date(YEAR, 3, 6)  # a Monday
    call = Touchpoint.objects.create(
        account=account,
        user=rep,
        channel="phone",
        occurred_at=dt.datetime(YEAR, 3, 4, 12, tzinfo=dt.UTC),
    )

    plan_touches(as_of=day, horizon_days=21)
    plan_touches(as_of=day, horizon_days=21)

    counted = TouchException.objects.get()
    assert (counted.kind, counted.touchpoint) == (ExceptionKind.COUNTED, call)
    assert counted.reason == "The call of 2028-03-04 counts instead."
    calls = LIVE.filter(template__title="Phone follow-up")
    assert calls.count() == 2  # three weeks, and one of them is done

    later = calls.earliest("due_on")
    Touchpoint.objects.create(
        account=account,
        user=rep,
        channel="phone",
        occurred_at=dt.datetime.combine(
            later.due_on - dt.timedelta(1), dt.time(12), tzinfo=dt.UTC
        ),
    )
    plan_touches(as_of=later.due_on, horizon_days=7)

    later.refresh_from_db()
    assert later.status == TouchStatus.CANCELLED
    assert TouchException.objects.count() == 2


def test_whoever_agrees_later_loses_the_exception_and_gets_the_touch(ready, member):
    account = member("never_profitable")
    contact = make.contact(account=account)
    TouchTemplate.objects.filter(title="Yearly e-mail").update(topic="Offers")
    day = dt.date(YEAR, 12, 11)
    plan_touches(as_of=day, horizon_days=21)
    assert TouchException.objects.get().reason == (
        "Nobody there allows e-mail about Offers."
    )

    contact.consents.create(channel="email", topic="offers", is_granted=True)
    plan_touches(as_of=day, horizon_days=21)

    assert LIVE.filter(account=account).count() == 1
    assert not TouchException.objects.exists()


def test_a_week_of_closed_days_is_an_exception(ready, member):
    account = member("general", stage=Stage.CUSTOMER)
    TouchTemplate.objects.filter(title="Phone follow-up").update(cadence="week")
    monday = dt.date(YEAR, 3, 6)
    for n in range(5):
        ClosedDay.objects.create(day=monday + dt.timedelta(n), name="Moving")

    plan_touches(as_of=monday, horizon_days=7)

    calls = LIVE.filter(account=account, template__title="Phone follow-up")
    assert not calls.exists()
    found = TouchException.objects.get()
    assert (found.kind, found.period) == (ExceptionKind.NO_DAY, f"{YEAR}-W10/1")


@pytest.mark.django_db(transaction=True)
def test_a_planner_whose_session_is_ended_leaves_nothing_half_done():
    """The server itself ends the planner's session, at moments chosen by chance."""
    plans.ensure_plans()
    PlanVersion.objects.update(valid_from=LONG_AGO)
    for _ in range(20):
        account = make.account()
        make.membership(account=account, worth_class="current_key", since=LONG_AGO)
    day = dt.date(YEAR, 3, 6)
    rng = np.random.default_rng(11)
    ended = sum(_end_within(day, rng.uniform(0.0, 0.08)) for _ in range(6))

    plan_touches(as_of=day, horizon_days=26)

    assert ended > 0
    counted = LIVE.values("account", "lineage", "period").annotate(n=Count("pk"))
    assert {row["n"] for row in counted} == {1}
    assert PlannedTouch.objects.count() == 40
    assert PlanAssignment.objects.count() == 20


def _end_within(day, seconds):
    """Plan in another session and end it after a while; tell whether it was ended."""
    begun, failed = threading.Event(), []
    session = []

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            session.append(cursor.fetchone()[0])
        begun.set()
        try:
            plan_touches(as_of=day, horizon_days=26)
        except OperationalError:
            failed.append(True)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    threading.Event().wait(seconds)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", session)
    thread.join()
    return bool(failed)
