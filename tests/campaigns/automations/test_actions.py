"""Actions that reach into plans: touches outside them, and plans by hand."""

import datetime as dt
from decimal import Decimal

import pytest

from campaigns.choices import TouchStatus
from campaigns.models import (
    Automation,
    Firing,
    LibraryTouch,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
)
from campaigns.queries.automations.rules import checked
from campaigns.services import plans, touches
from campaigns.services.automations.demo import switch_on_examples
from campaigns.services.automations.ready import EXAMPLES
from campaigns.services.planning import expire_touches, plan_touches
from common.clock import business_today
from crm.models import LedgerEntry
from tests import make
from tests.campaigns.automations.conftest import run


@pytest.fixture
def account(rep):
    return make.account(name="Berg", owner=rep)


@pytest.fixture
def letter(db):
    return LibraryTouch.objects.create(
        title="Welcome parcel",
        channel="post",
        cadence="year",
        unit_cost=Decimal("12.50"),
        owner_role="marketer",
        head="retention",
    )


def order(account):
    return make.order(account=account, on=business_today())


def test_a_touch_stands_in_today_and_survives_the_night(
    make_rule, account, letter, marketer
):
    rule = make_rule(actions=[{"kind": "touch", "touch": str(letter.pk), "days": 1}])
    order(account)
    assert run(rule) == 1

    touch = PlannedTouch.objects.get()
    assert touch.due_on > business_today()
    assert touch.template.unit_cost == letter.unit_cost
    plans.ensure_plans()
    today = business_today()
    expire_touches(as_of=today)
    plan_touches(as_of=today)
    touch.refresh_from_db()
    assert touch.status == TouchStatus.DUE

    touches.complete(actor=marketer, touch=touch)
    assert LedgerEntry.objects.get(kind="marketing").amount == letter.unit_cost


def test_an_account_is_put_on_a_plan_with_the_reason(make_rule, account):
    plans.ensure_plans()
    make.membership(account=account, worth_class="general")
    plan = plans_in_force()
    rule = make_rule(actions=[{"kind": "plan", "plan": str(plan.pk), "days": "30"}])
    order(account)
    run(rule)

    assert Firing.objects.get().status == "fired", Firing.objects.get().results
    follows = PlanAssignment.objects.open().get(account=account)
    assert (follows.plan, follows.is_by_hand) == (plan, True)
    assert follows.ends_on == business_today() + dt.timedelta(days=30)
    assert follows.reason.startswith("Automation “A rule”: Order of ")


def plans_in_force():
    version = PlanVersion.objects.published().first()
    PlanVersion.objects.filter(pk=version.pk).update(valid_from=dt.date(2020, 1, 1))
    return version.plan


def test_a_task_of_an_owner_who_left_goes_to_the_manager(make_rule, rep, manager):
    account = make.account(owner=rep)
    rep.is_active = False
    rep.save()
    rule = make_rule()
    order(account)
    run(rule)

    assert f"for {manager}" in Firing.objects.get().results[0]["said"]


def test_a_wallet_without_enough_left_keeps_it_from_firing(make_rule, account):
    make.valuation(account=account, expected_margin="0.00")
    rule = make_rule(conditions=[{"kind": "wallet", "amount": "10"}])
    order(account)
    run(rule)

    row = Firing.objects.get()
    assert (row.status, "is left" in row.reason) == ("not_met", True)


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_example_is_sound(db, key):
    example = EXAMPLES[key]
    rule = checked(
        name=example.name,
        trigger=example.trigger,
        conditions=example.conditions,
        actions=example.actions,
    )
    assert rule.errors == {}


def test_the_demo_firm_has_two_that_are_on(marketer):
    switch_on_examples()

    assert sorted(Automation.objects.values_list("name", "is_on")) == [
        ("A key customer has a problem", True),
        ("No order in 60 days", True),
    ]
