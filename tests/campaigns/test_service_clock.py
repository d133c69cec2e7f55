"""The clock of a case: service levels, the queue, warnings, escalation."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campaigns.choices import ClockState
from campaigns.engine.service_clock import Clock, in_words
from campaigns.errors import CannotPublishLevelsError, StaleLevelsError
from campaigns.models import CaseAlarm, ServiceLevel, ServiceVersion
from campaigns.queries.service import (
    STATES,
    levels_now,
    standing_of,
    standings,
    with_clocks,
)
from campaigns.services import case_watch, service_levels
from config.schedule import watch_cases
from crm.models import Case, Notification
from crm.services import case_steps
from segments.models import Membership
from tests import make

BERLIN = ZoneInfo("Europe/Berlin")


def minutes_now():
    rows = ServiceLevel.objects.filter(version=ServiceVersion.objects.current())
    return {
        (one.worth_class, one.urgency): (one.answer_minutes, one.resolve_minutes)
        for one in rows
    }


def stand(case):
    (standing,) = standings([Case.objects.get(pk=case.pk)])
    return standing


# -- The engine ------------------------------------------------------------------------


def test_a_clock_says_what_is_left_and_when_it_is_near():
    clock = Clock(allowed=3_600, used=2_700)
    assert (clock.left, clock.is_breached) == (900, False)
    assert clock.is_near(0.25)
    assert not clock.is_near(0.2)
    late = Clock(allowed=3_600, used=3_600)
    assert (late.is_breached, late.is_near(0.25), late.share_used) == (True, False, 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (-9_000, "2 h 30 min"),
        (172_800, "2 d"),
        (180_000, "2 d 2 h"),
    ],
)
def test_lengths_of_time_are_said_shortly(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("night", "hours"), [(dt.date(2026, 3, 28), 23), (dt.date(2026, 10, 24), 25)]
)
def test_a_night_of_summer_time_counts_the_hours_that_pass(db, night, hours):
    """The same time of the day after is 23 or 25 hours on, not 24."""
    opened = dt.datetime.combine(night, dt.time(12), tzinfo=BERLIN)
    case = make.case(opened_at=opened)
    now = dt.datetime.combine(night + dt.timedelta(1), dt.time(12), tzinfo=BERLIN)
    standing = standing_of(case, "general", levels_now(), now)
    assert standing.resolve.used == hours * 3_600


# -- Levels ----------------------------------------------------------------------------


def test_the_class_and_the_urgency_decide(db):
    case = make.case(hours=3, urgency="high")
    levels, now = levels_now(), timezone.now()
    states = {
        key: standing_of(case, key, levels, now).state
        for key in ("current_key", "potential_key", "general", "")
    }
    assert states == {
        "current_key": ClockState.BREACHED,  # 2 hours until the first answer
        "potential_key": ClockState.WARNING,  # 4 hours
        "general": ClockState.RUNNING,  # 8 hours
        "": ClockState.RUNNING,  # of an account that nobody has classed
    }


def test_a_change_of_class_changes_the_clock_at_once(db):
    case = make.case(hours=3, urgency="high")
    held = make.membership(account=case.account, worth_class="general")
    assert stand(case).state == ClockState.RUNNING
    Membership.objects.filter(pk=held.pk).update(worth_class="current_key")
    found = stand(case)
    assert found.state == ClockState.BREACHED
    assert found.said.startswith("First answer: 1 h")
    assert found.why == (
        "Overdue. First answer within 2 h for Current key, high. Weight 4 × 3 = 12."
    )


def test_new_levels_count_at_once_and_keep_the_old_version(manager):
    case = make.case(hours=1)
    changed = minutes_now() | {("", "normal"): (30, 60)}
    before = ServiceVersion.objects.current()
    version = service_levels.publish_levels(
        actor=manager, minutes=changed, reason="We are faster", based_on=before.pk
    )
    assert stand(case).state == ClockState.BREACHED
    assert before.levels.count() == version.levels.count() == 20
    with pytest.raises(StaleLevelsError):
        service_levels.publish_levels(
            actor=manager, minutes=changed, reason="Mine", based_on=before.pk
        )
    assert ServiceVersion.objects.current() == version


@pytest.mark.parametrize(
    ("change", "share", "reason"),
    [
        ({("general", "low"): (0, 60)}, "0.25", "Why"),
        ({("general", "low"): (90, 60)}, "0.25", "Why"),
        ({("general", "low"): (90, 10**7)}, "0.25", "Why"),
        ({("gold", "low"): (30, 60)}, "0.25", "Why"),
        ({}, "1", "Why"),
        ({}, "0.25", " "),
    ],
)
def test_impossible_levels_are_refused(manager, change, share, reason):
    with pytest.raises(CannotPublishLevelsError):
        service_levels.publish_levels(
            actor=manager,
            minutes=minutes_now() | change,
            reason=reason,
            warning_share=Decimal(share),
        )
    assert ServiceVersion.objects.count() == 1


# -- The queue -------------------------------------------------------------------------


def test_the_database_and_the_page_say_the_same(db):
    now = timezone.now()
    make.case(hours=1)
    make.case(hours=200)
    make.case(hours=20, urgency="high", first_answered_at=now)
    make.case(hours=60, first_answered_at=now, paused_seconds=3_600)
    make.case(hours=95, first_answered_at=now)
    make.case(hours=30, status="waiting", waiting_since=now)
    make.case(hours=30, status="resolved", resolved_at=now)
    make.case(sender="@somebody", hours=25)
    rows = list(with_clocks(Case.objects.all()).order_by("s_place", "pk"))
    found = standings(rows)
    assert [STATES[row.s_state] for row in rows] == [one.state for one in found]
    assert {one.state for one in found} == set(ClockState)
    assert [one.case.pk for one in found] == [
        one.case.pk
        for one in sorted(found, key=lambda s: (s.rank, -s.weight, s.case.pk))
    ]


def test_breached_cases_come_first_then_class_times_urgency(db):
    general, key = make.account(), make.account()
    make.membership(account=general, worth_class="general")
    make.membership(account=key, worth_class="current_key")
    late = make.case(account=general, hours=300, urgency="low")
    of_key = make.case(account=key, urgency="normal", first_answered_at=timezone.now())
    urgent = make.case(account=key, urgency="urgent", first_answered_at=timezone.now())
    small = make.case(account=general, urgency="low")
    rows = with_clocks(Case.objects.all()).order_by("s_place", "pk")
    assert list(rows) == [late, urgent, of_key, small]


# -- The watch -------------------------------------------------------------------------


def test_the_owner_is_warned_and_the_manager_told_once_each(rep, manager):
    case = make.case(account=make.account(owner=rep), hours=23)  # of 24 to answer
    assert case_watch.watch() == 1
    assert "left for the first answer" in Notification.objects.get(user=rep).text
    assert case_watch.watch() == 0
    Case.objects.filter(pk=case.pk).update(
        opened_at=timezone.now() - dt.timedelta(hours=26)
    )
    watch_cases()
    watch_cases()  # the message came twice
    case.refresh_from_db()
    assert case.escalated_to == manager
    assert case.owner == rep
    told = Notification.objects.get(user=manager)
    assert "the first answer is 2 h late" in told.text
    assert told.actor is None
    alarms = CaseAlarm.objects.order_by("pk").values_list("clock", "state", "told")
    assert list(alarms) == [
        ("answer", "warning", rep.pk),
        ("answer", "breached", manager.pk),
    ]


def test_a_case_of_somebody_who_left_warns_the_manager(rep, manager):
    make.case(account=make.account(owner=rep), hours=23)
    rep.is_active = False
    rep.save()
    assert case_watch.watch() == 1
    assert Notification.objects.get().user == manager


def test_another_urgency_after_the_breach_says_nothing_twice(rep, manager):
    case = make.case(account=make.account(owner=rep), hours=26)
    assert case_watch.watch() == 1
    Case.objects.filter(pk=case.pk).update(urgency="low")  # 48 hours now
    assert stand(case).state == ClockState.RUNNING
    assert case_watch.watch() == 0
    Case.objects.filter(pk=case.pk).update(urgency="urgent")
    assert stand(case).state == ClockState.BREACHED
    assert case_watch.watch() == 1  # the resolution; the answer was told before
    assert set(CaseAlarm.objects.values_list("clock", flat=True)) == {
        "answer",
        "resolve",
    }


def test_nobody_is_told_while_the_customer_is_asked(rep, manager):
    case = make.case(account=make.account(owner=rep), hours=1)
    case_steps.wait_for_customer(actor=rep, case=case)
    Case.objects.filter(pk=case.pk).update(
        opened_at=timezone.now() - dt.timedelta(days=30),
        waiting_since=timezone.now() - dt.timedelta(days=29, hours=23),
    )
    assert case_watch.watch() == 0
    assert stand(case).state == ClockState.PAUSED


def test_what_was_resolved_long_ago_is_closed(db):
    old, new = (
        make.case(
            hours=24 * days,
            status="resolved",
            resolved_at=timezone.now() - dt.timedelta(days=days),
        )
        for days in (15, 13)
    )
    case_watch.watch()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.status, new.status) == ("closed", "resolved")
    assert old.entries.get().author is None
