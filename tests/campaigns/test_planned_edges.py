"""What gets into the way of planning: leap days, new versions, owners who left."""

import datetime as dt
import itertools
import threading
from collections import Counter

import numpy as np
import pytest
from django.db import OperationalError, connection
from django.db.models import Count

from campaigns.choices import ExceptionKind, TouchStatus
from campaigns.models import (
    ClosedDay,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RetentionPlan,
    TouchException,
    TouchTemplate,
)
from campaigns.services import plans
from campaigns.services.planning import plan_touches
from crm.choices import Stage
from crm.models import Touchpoint
from segments.models import Membership
from tests import make

YEAR = 2028  # a leap year


FIRST, LAST = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)


LONG_AGO = dt.date(2020, 1, 1)


WEEK = dt.timedelta(days=7)


CLASSES = ("current_key", "potential_key", "general", "never_profitable")


@pytest.fixture
def freeze_day(monkeypatch):
    """Let plans be published on a day of the test's own."""
    return lambda day: monkeypatch.setattr(plans, "business_today", lambda: day)


def nights(first, last):
    day = first
    while day <= last:
        yield day
        day += WEEK


LIVE = PlannedTouch.objects.exclude(status=TouchStatus.CANCELLED)


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
