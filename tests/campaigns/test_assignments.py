"""Who follows which plan: by class and refinement, and by hand."""

import datetime as dt

import pytest

from campaigns.choices import TouchStatus
from campaigns.errors import CannotAssignError
from campaigns.models import (
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RetentionPlan,
    TouchTemplate,
)
from campaigns.services import plans
from campaigns.services.assignments import (
    assign_by_hand,
    follow_classes,
    take_off,
    undo_assignment,
)
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.choices import Stage
from crm.errors import BulkRefusedError
from crm.models import AuditEvent, BulkEdit, Tag, Task, Territory
from crm.services.accounts import create_account
from segments.models import Membership
from tests import make

LONG_AGO = dt.date(2020, 1, 1)
DAY = dt.date(2026, 11, 18)


def plan_for(worth_class="", *, title="Welcome call", runs_days=None, **fields):
    """A published plan with one call a week, unless told otherwise."""
    touch = {
        "channel": "phone",
        "cadence": "week",
        "unit_cost": 1,
        "owner_role": "rep",
        "head": "retention",
        **fields.pop("touch", {}),
    }
    plan = RetentionPlan.objects.create(
        worth_class=worth_class, **{"name": title, **fields}
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        status="published",
        valid_from=LONG_AGO,
        runs_days=runs_days,
    )
    TouchTemplate.objects.create(version=version, title=title, **touch)
    return plan


def followed(account):
    found = PlanAssignment.objects.open().filter(account=account).first()
    return found and found.plan.name


def move(account, worth_class, *, on):
    Membership.objects.open().filter(account=account).update(until=on)
    make.membership(account=account, worth_class=worth_class, since=on)


def due_titles(account):
    rows = PlannedTouch.objects.due().filter(account=account)
    return set(rows.values_list("template__title", flat=True))


# -- By class and refinement -----------------------------------------------------------


def test_each_account_follows_the_plan_of_its_class_and_only_changes_are_written(
    ready, member
):
    general, key = member("general"), member("current_key")
    unclassed = make.account()

    first = follow_classes(as_of=DAY)
    second = follow_classes(as_of=DAY)

    assert (first.begun, first.ended) == (3, 0)
    assert (second.begun, second.ended) == (0, 0)
    by_class = dict(
        PlanVersion.objects.published().values_list("plan__worth_class", "plan__name")
    )
    assert followed(general) == by_class["general"]
    assert followed(key) == by_class["current_key"]
    assert followed(unclassed) == by_class[""]


def test_of_several_plans_the_one_that_names_most_counts(ready, member):
    north = Territory.objects.create(name="North")
    vip = Tag.objects.create(name="VIP")
    plan_for("general", name="North", territory=north)
    plan_for("general", name="Partners", relationship_type="partnership")
    plan_for("general", name="Persona in the north", territory=north, tag=vip)
    plan_for("general", name="Only by hand", is_automatic=False)
    plain = member()
    in_north = member(territory=north)
    both = member(territory=north, relationship_type="partnership")
    persona = member(territory=north, relationship_type="partnership")
    persona.tags.add(vip)

    follow_classes(as_of=DAY)

    assert followed(plain) not in {"North", "Only by hand"}
    assert followed(in_north) == "North"
    assert followed(both) == "Partners"  # the type goes before the territory
    assert followed(persona) == "Persona in the north"  # two go before one


def test_a_plan_without_published_version_is_followed_by_nobody(
    ready, member, marketer
):
    account = member()
    follow_classes(as_of=DAY)
    version = PlanVersion.objects.published().get(plan__worth_class="general")

    plans.archive(actor=marketer, version=version)
    follow_classes(as_of=DAY)

    assert followed(account) is None
    assert PlanAssignment.objects.get().ended_because == "The plan was withdrawn."


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"stage": Stage.FORMER}, "Not a customer any more."),
        ({"merged": True}, "Merged into another account."),
    ],
)
def test_who_is_gone_follows_none(ready, member, fields, because):
    account = member()
    follow_classes(as_of=DAY)
    if fields.pop("merged", False):
        fields["merged_into"] = make.account()
    type(account).objects.filter(pk=account.pk).update(**fields)

    follow_classes(as_of=DAY)

    ended = PlanAssignment.objects.get(account=account)
    assert (ended.until, ended.ended_because) == (DAY, because)


def test_a_plan_that_runs_for_days_gives_way_to_the_next_one(ready, member):
    plan_for("general", name="Win back", runs_days=30, relationship_type="partnership")
    account = member(relationship_type="partnership")
    follow_classes(as_of=DAY)
    assert followed(account) == "Win back"

    follow_classes(as_of=DAY + dt.timedelta(29))
    assert followed(account) == "Win back"
    follow_classes(as_of=DAY + dt.timedelta(30))

    assert followed(account) not in {None, "Win back"}
    ran = PlanAssignment.objects.get(plan__name="Win back")
    assert ran.ended_because == "The plan ran its 30 days."
    assert follow_classes(as_of=DAY + dt.timedelta(31)).begun == 0


# -- From day 0 on ---------------------------------------------------------------------


def test_a_new_account_has_its_onboarding_on_day_0(ready, manager):
    account = create_account(actor=manager, name="New firm")

    today = business_today()
    touch = PlannedTouch.objects.filter(account=account).earliest("due_on")
    assert followed(account) == "Onboarding"
    assert due_titles(account) == {"Welcome e-mail", "Welcome call"}
    assert today <= touch.due_on <= today + dt.timedelta(3)

    make.membership(account=account, worth_class="current_key", since=today)
    plan_touches(as_of=today)
    assert followed(account) == "Onboarding"  # for its days, whatever the class
    touch.refresh_from_db()
    assert touch.status == TouchStatus.DUE

    follow_classes(as_of=today + dt.timedelta(60))
    assert followed(account) == "Magazine and visits"


def test_without_a_newcomers_plan_nothing_happens_on_day_0(ready, manager):
    PlanVersion.objects.filter(plan__worth_class="").update(status="archived")

    account = create_account(actor=manager, name="New firm")

    assert followed(account) is None


# -- By hand ---------------------------------------------------------------------------


def test_by_hand_swaps_open_touches_at_once_and_keeps_promises(ready, member, manager):
    account = member("current_key")
    today = business_today()
    plan_touches(as_of=today, horizon_days=92)
    before = due_titles(account)
    task = Task.objects.create(
        account=account, title="Send offer", due_on=today, owner=manager
    )
    special = plan_for(
        "general", name="Special", title="Weekly call", is_automatic=False
    )

    done = assign_by_hand(
        actor=manager, account_ids=[account.pk], plan=special, reason="Big tender"
    )

    assert (done.assigned, done.unchanged) == (1, 0)
    assert before == {"Printed magazine", "Sales visit"}
    assert due_titles(account) == {"Weekly call"}
    cancelled = PlannedTouch.objects.filter(status=TouchStatus.CANCELLED)
    assert {t.reason for t in cancelled} == {"Put on “Special” by hand."}
    task.refresh_from_db()
    assert task.status == "open"
    again = assign_by_hand(
        actor=manager, account_ids=[account.pk], plan=special, reason="Big tender"
    )
    assert (again.assigned, again.unchanged, again.edit) == (0, 1, None)


def test_undo_brings_the_plan_and_its_touches_back(ready, member, manager, colleague):
    account = member("current_key")
    today = business_today()
    plan_touches(as_of=today, horizon_days=14)
    follow_before = PlanAssignment.objects.get(account=account)
    before = due_titles(account)
    special = plan_for("general", name="Special", is_automatic=False)
    edit = assign_by_hand(
        actor=manager, account_ids=[account.pk], plan=special, reason="Try"
    ).edit

    with pytest.raises(BulkRefusedError):
        undo_assignment(actor=colleague, edit=edit)
    assert undo_assignment(actor=manager, edit=edit) == 1
    with pytest.raises(BulkRefusedError):
        undo_assignment(actor=manager, edit=edit)

    assert PlanAssignment.objects.get(account=account) == follow_before
    assert PlanAssignment.objects.get(account=account).until is None
    assert due_titles(account) == before


def test_a_class_change_ends_a_plan_by_hand_without_a_last_day(ready, member, manager):
    special = plan_for("general", name="Special", is_automatic=False)
    today = business_today()
    endless, dated = member(), member()
    assign_by_hand(actor=manager, account_ids=[endless.pk], plan=special, reason="a")
    assign_by_hand(
        actor=manager,
        account_ids=[dated.pk],
        plan=special,
        reason="b",
        ends_on=today + dt.timedelta(20),
    )
    for account in (endless, dated):
        move(account, "current_key", on=today + dt.timedelta(1))

    follow_classes(as_of=today + dt.timedelta(1))

    assert followed(dated) == "Special"
    assert followed(endless) != "Special"
    ended = PlanAssignment.objects.get(account=endless, plan=special)
    assert ended.ended_because == "Class changed from General to Current key."
    follow_classes(as_of=today + dt.timedelta(20))
    assert followed(dated) == "Special"
    follow_classes(as_of=today + dt.timedelta(21))
    assert followed(dated) != "Special"


def test_taken_off_it_goes_back_to_the_plan_of_its_class(ready, member, manager):
    special = plan_for("general", name="Special", is_automatic=False)
    account = member("current_key")
    plan_touches(as_of=business_today())
    usual = followed(account)
    assign_by_hand(actor=manager, account_ids=[account.pk], plan=special, reason="Try")

    assert take_off(actor=manager, account_ids=[account.pk], reason="Enough") == 1

    assert followed(account) == usual
    with pytest.raises(CannotAssignError):  # by its class it follows by itself
        take_off(actor=manager, account_ids=[account.pk], reason="Enough")


def _refusals(account, foreign, plan, draft):
    yesterday = business_today() - dt.timedelta(1)
    return {
        "no reason": ({}, {"reason": " "}),
        "a past last day": ({}, {"ends_on": yesterday}),
        "a plan that is not in force": ({}, {"plan": draft}),
        "nobody": ({"account_ids": []}, {}),
        "a colleague's account": ({"account_ids": [account.pk, foreign.pk]}, {}),
    }


@pytest.mark.parametrize(
    "case",
    [
        "no reason",
        "a past last day",
        "a plan that is not in force",
        "nobody",
        "a colleague's account",
    ],
)
def test_refusals_change_nothing(ready, member, rep, colleague, case):
    plan = RetentionPlan.objects.get(worth_class="general")
    draft = RetentionPlan.objects.create(name="Draft", is_automatic=False)
    account, foreign = member(owner=rep), member(owner=colleague)
    terms = {"account_ids": [account.pk], "plan": plan, "reason": "Try"}
    for changed in _refusals(account, foreign, plan, draft)[case]:
        terms |= changed

    with pytest.raises(CannotAssignError):
        assign_by_hand(actor=rep, **terms)

    assert not PlanAssignment.objects.exists()
    assert not BulkEdit.objects.exists()
    assert not AuditEvent.objects.filter(action="plan.assigned").exists()
