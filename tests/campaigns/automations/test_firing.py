"""An automation decides each cause once, says why, and does all of it or nothing."""

import datetime as dt
import random

import pytest
from django.db import OperationalError
from django.utils import timezone

from campaigns.models import Automation, AutomationCursor, Delivery, Firing
from campaigns.services.automations import actions, firing, rules
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import Notification, Task
from tests import make
from tests.campaigns.automations.conftest import (
    CASE,
    ORDER,
    TASK,
    outcomes,
    run,
    switch,
)

KEY_ONLY = {"kind": "class", "op": "is", "wanted": ["current_key"]}


@pytest.fixture
def account(rep):
    return make.account(name="Berg", owner=rep)


def order(account, **fields):
    return make.order(account=account, on=business_today(), **fields)


def test_an_order_makes_the_task_of_the_owner_once(make_rule, account, rep, marketer):
    rule = make_rule()
    order(account)

    assert (run(rule), run(rule)) == (1, 0)

    task = Task.objects.get()
    assert (task.title, task.owner, task.account) == ("Call Berg", rep, account)
    assert task.due_on == business_today() + dt.timedelta(days=2)
    assert (task.kind, task.priority, task.created_by) == ("call", "high", marketer)
    fired = Firing.objects.get()
    assert (fired.status, fired.results[0]["done"]) == ("fired", True)
    assert fired.trigger_text.startswith("Order of ")


def test_what_happened_before_it_was_switched_on_is_no_cause(make_rule, account):
    rule = make_rule(is_on=False)
    order(account)
    rules.switch_on(actor=make.user("marketer"), automation=rule)

    assert run(rule) == 0
    assert outcomes(rule) == []


def test_asked_for_the_past_it_begins_on_that_day(make_rule, account, marketer):
    rule = make_rule(is_on=False)
    order(account)
    rules.switch_on(actor=marketer, automation=rule, since=business_today())

    assert run(rule) == 1


def test_a_condition_that_fails_is_written_down_with_what_is_there(make_rule, account):
    rule = make_rule(conditions=[KEY_ONLY])
    make.membership(account=account, worth_class="general")
    order(account)

    assert run(rule) == 0

    row = Firing.objects.get()
    assert row.status == "not_met"
    assert row.reason == "Class is Current key: it is General."
    assert not Task.objects.exists()


def test_a_cause_is_decided_for_good(make_rule, account):
    """Conditions that hold later do not bring an old order back."""
    rule = make_rule(conditions=[KEY_ONLY])
    order(account)
    run(rule)
    make.membership(account=account, worth_class="current_key")

    assert run(rule) == 0
    order(account)
    assert run(rule) == 1


def test_switched_off_it_does_nothing_more(make_rule, account, marketer):
    rule = make_rule()
    order(account)
    rules.switch_off(actor=marketer, automation=rule)

    assert run(rule) == 0
    assert outcomes(rule) == []


def deadly(monkeypatch, dice, module, name):
    """Let a function die before or after its work, now and then."""
    real = getattr(module, name)

    def call(*given, **named):
        if dice.random() < 0.25:
            raise OperationalError("killed before")
        result = real(*given, **named)
        if dice.random() < 0.25:
            raise OperationalError("killed after")
        return result

    monkeypatch.setattr(module, name, call)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_point_it_does_everything_once(make_rule, rep, monkeypatch, seed):
    """Each kill rolls back to before the firing; the next worker goes on there."""
    dice = random.Random(seed)  # noqa: S311
    make_rule(actions=[TASK, {**TASK, "title": "Second"}])
    accounts = [make.account(owner=rep) for _ in range(4)]
    for one in accounts:
        order(one)

    for module, name in (
        (actions, "perform"),
        (actions, "prepare"),
        (firing, "verdicts"),
    ):
        deadly(monkeypatch, dice, module, name)
    kills = 0
    for _ in range(120):
        try:
            firing.run_all()
        except OperationalError:
            kills += 1
    monkeypatch.undo()
    firing.run_all()

    assert kills > 3
    assert Firing.objects.filter(status="fired").count() == 4
    for one in accounts:
        titles = Task.objects.filter(account=one).values_list("title", flat=True)
        assert sorted(titles) == sorted([f"Call {one.name}", "Second"])


def test_a_worker_that_was_away_for_days_loses_nothing(make_rule, account):
    rule = make_rule()
    long_ago = timezone.now() - dt.timedelta(days=5)
    AutomationCursor.objects.update(started_at=long_ago, seen_until=long_ago)
    late = order(account)
    type(late).objects.filter(pk=late.pk).update(
        created_at=long_ago + dt.timedelta(hours=1), ordered_on=long_ago.date()
    )
    order(account)

    assert run(rule) == 2


def test_a_row_that_shows_up_late_is_found(make_rule, account):
    """A long transaction commits rows stamped before the cursor's last look."""
    rule = make_rule()
    run(rule)
    cursor = AutomationCursor.objects.get()
    assert cursor.seen_until <= timezone.now() - firing.OVERLAP

    order(account)

    assert run(rule) == 1


def test_a_defect_stops_one_firing_and_no_others(make_rule, rep, monkeypatch):
    rule = make_rule()
    bad, good = make.account(name="Bad", owner=rep), make.account(name="Ok", owner=rep)
    order(bad)
    order(good)
    real = actions.perform

    def broken(setting, *given):
        if setting.facts.account == bad:
            raise ZeroDivisionError
        return real(setting, *given)

    monkeypatch.setattr(actions, "perform", broken)

    assert run(rule) == 1
    assert sorted(outcomes(rule)) == [("Bad", "failed"), ("Ok", "fired")]
    assert Task.objects.get().account == good


def test_what_one_action_refuses_does_not_keep_the_others(make_rule, account):
    mail = {
        "kind": "email",
        "subject": "Thanks",
        "body": "Dear all",
        "topic": "",
        "cost": "0",
    }
    rule = make_rule(actions=[mail, TASK])
    order(account)

    assert run(rule) == 1

    row = Firing.objects.get()
    assert row.status == "failed"
    assert row.results[0]["said"] == "Nobody at this account is known."
    assert Task.objects.count() == 1
    assert not Delivery.objects.exists()


def test_a_mail_is_written_once_with_the_person_s_name(make_rule, account):
    mail = {
        "kind": "email",
        "subject": "Thank you, {{ first_name }}",
        "body": "Dear {{ contact }}, thank you.",
        "topic": "",
        "cost": "0.20",
    }
    rule = make_rule(actions=[mail])
    make.contact(account=account, name="Ann Lee", email="ann@example.test", influence=5)
    order(account)
    run(rule)
    run(rule)

    sent = Delivery.objects.get()
    assert (sent.subject, sent.address) == ("Thank you, Ann", "ann@example.test")
    assert sent.occasion == f"automation:{Firing.objects.get().pk}:0"


def test_people_are_told_and_only_those_who_may_see(make_rule, account, rep, manager):
    def told(who):
        return {"kind": "notify", "who": who, "text": "{{ account }} ordered"}

    rule = make_rule(actions=[told("owner"), told("manager")])
    order(account)
    run(rule)

    said = Notification.objects.filter(kind="automation").order_by("pk")
    assert [(n.user, n.text) for n in said] == [
        (rep, "A rule: Berg ordered"),
        (manager, "A rule: Berg ordered"),
    ]


def test_it_rests_for_an_account(make_rule, account):
    rule = make_rule(rest_days=30)
    order(account)
    order(account)

    assert run(rule) == 1
    assert [status for _, status in outcomes(rule)] == ["fired", "resting"]


def test_too_many_in_an_hour_stop_it_and_warn(make_rule, rep, marketer):
    rule = make_rule(limit_an_hour=2)
    for _ in range(4):
        order(make.account(owner=rep))

    assert run(rule) == 2

    rule.refresh_from_db()
    assert (
        rule.stopped_because == "It fired 2 times within an hour, which is its limit."
    )
    warned = Notification.objects.get(user=marketer, kind="automation")
    assert "was stopped" in warned.text
    assert run(rule) == 0

    rules.go_on(actor=marketer, automation=rule)
    assert run(rule) == 2
    assert Task.objects.count() == 4


def test_started_anew_what_waited_is_passed_over(make_rule, rep, marketer):
    rule = make_rule(limit_an_hour=1)
    for _ in range(3):
        order(make.account(owner=rep))
    run(rule)
    rule.refresh_from_db()
    rules.switch_on(actor=marketer, automation=rule)

    assert run(rule) == 0
    assert Task.objects.count() == 1


def test_another_trigger_starts_now_and_other_conditions_go_on(
    make_rule, account, marketer
):
    rule = make_rule()
    order(account)
    before = AutomationCursor.objects.get().started_at
    rules.change_automation(actor=marketer, automation=rule, conditions=[KEY_ONLY])
    assert AutomationCursor.objects.get().started_at == before

    rules.change_automation(actor=marketer, automation=rule, trigger=CASE)
    assert AutomationCursor.objects.get().started_at > before
    assert [v.number for v in rule.versions.all()] == [3, 2, 1]


def test_a_stale_change_changes_nothing(make_rule, marketer):
    rule = make_rule()
    with pytest.raises(StaleRecordError):
        rules.change_automation(
            actor=marketer, automation=rule, expected_version=99, rest_days=5
        )
    assert rule.versions.count() == 1


def test_an_order_of_a_merged_account_counts_for_the_survivor(make_rule, rep):
    rule = make_rule()
    survivor = make.account(name="Survivor", owner=rep)
    order(make.account(name="Twin", owner=rep, merged_into=survivor))

    run(rule)

    assert outcomes(rule) == [("Survivor", "fired")]


def test_removed_it_keeps_its_log_and_frees_its_name(make_rule, account, marketer):
    rule = make_rule()
    order(account)
    run(rule)
    rules.remove_automation(actor=marketer, automation=rule)
    make_rule(name="A rule", is_on=False)

    assert Automation.objects.kept().count() == 1
    assert Firing.objects.filter(automation=rule).count() == 1


def test_two_rules_decide_the_same_cause_each(make_rule, account, marketer):
    first, second = make_rule(), make_rule(name="Other", is_on=False)
    switch(second, actor=marketer)
    order(account)

    assert firing.run_all() == 2
    assert [len(outcomes(one)) for one in (first, second)] == [1, 1]
    assert ORDER["kind"] == "order_placed"
