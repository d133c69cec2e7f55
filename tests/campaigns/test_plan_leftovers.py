"""Plans by hand before the first class, new audiences, old log rows, gaps in cover."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import (
    AutomationCursor,
    Firing,
    PlanAssignment,
    PlanVersion,
    RetentionPlan,
)
from campaigns.queries.uncovered import classes_without_plan
from campaigns.services import plans
from campaigns.services.assignments import assign_by_hand
from campaigns.services.automations.log_pruning import drop_passed_over
from campaigns.services.following import follow_classes
from campaigns.services.planning import plan_touches
from campaigns.services.plans import Audience
from common.clock import business_today
from crm.services.consent import record_consent
from segments.choices import WorthClass
from segments.models import Membership
from tests import make
from tests.campaigns.automations.conftest import CASE, make_rule

__all__ = ["make_rule"]
TODAY = business_today()


def plan_of(worth_class):
    return RetentionPlan.objects.get(worth_class=worth_class, relationship_type="")


def followed(account):
    return PlanAssignment.objects.open().get(account=account).plan


def test_the_first_class_is_no_change_for_a_plan_by_hand(ready, manager):
    account, key = make.account(), plan_of("current_key")
    assign_by_hand(actor=manager, account_ids=[account.pk], plan=key, reason="Try")
    before = TODAY - dt.timedelta(days=1)
    make.membership(account=account, worth_class="general", since=before)

    for _ in range(2):
        follow_classes(as_of=TODAY)
        assert followed(account) == key

    Membership.objects.open().filter(account=account).update(until=TODAY)
    make.membership(account=account, worth_class="never_profitable", since=TODAY)
    follow_classes(as_of=TODAY)
    assert followed(account) == plan_of("never_profitable")


def test_a_new_audience_counts_at_once(ready, member, marketer):
    partner = member("general", relationship_type="partner")
    plan_touches(as_of=TODAY)
    general = plan_of("general")
    assert followed(partner) == general
    draft = plans.create_plan(
        actor=marketer,
        name="Suppliers",
        audience=Audience(worth_class="general", relationship_type="supplier"),
        template="digital-only",
    )
    plans.publish(actor=marketer, version=draft)
    assert followed(partner) == general

    plans.change_plan(
        actor=marketer,
        plan=draft.plan,
        name="Partners",
        audience=Audience(worth_class="general", relationship_type="partner"),
    )

    assert followed(partner) == draft.plan


def test_a_plan_for_a_part_leaves_the_rest_uncovered(ready, member, marketer):
    partner = member("general", relationship_type="partner")
    other = member("general")
    whole = plan_of("general")
    draft = plans.create_plan(
        actor=marketer,
        name="Partners",
        audience=Audience(worth_class="general", relationship_type="partner"),
        template="digital-only",
    )
    plans.publish(actor=marketer, version=draft)
    assert classes_without_plan() == []
    plans.archive(actor=marketer, version=whole.versions.get())
    plan_touches(as_of=TODAY)

    assert [(one.worth_class, one.members) for one in classes_without_plan()] == [
        (WorthClass.GENERAL, 1)
    ]

    former = member("general", stage="former")
    assert [one.members for one in classes_without_plan()] == [1], former

    Membership.objects.filter(account=other).update(until=TODAY)
    assert followed(partner) == draft.plan
    assert classes_without_plan() == []
    PlanVersion.objects.all().update(status="archived")
    assert len(classes_without_plan()) == len(WorthClass)


@pytest.mark.parametrize(
    ("trigger", "days", "kept"),
    [
        (CASE, 90, {"first", "second"}),
        (CASE, 100, set()),
        ({"kind": "silent", "days": 60}, 100, {"first", "second"}),
        ({"kind": "silent", "days": 60}, 500, {"second"}),
    ],
)
def test_the_log_forgets_what_was_passed_over(make_rule, trigger, days, kept):
    rule = make_rule(trigger)
    AutomationCursor.objects.update(seen_until=timezone.now())
    account, at = make.account(), timezone.now() - dt.timedelta(days=days)
    causes = (("first", "not_met"), ("second", "resting"), ("done", "fired"))
    version = rule.versions.get()
    order = ("done", "first", "second")
    for cause, status in sorted(causes, key=lambda one: order.index(one[0])):
        Firing.objects.create(
            automation=rule,
            version=version,
            account=account,
            cause=cause,
            status=status,
            decided_at=at,
        )

    dropped = drop_passed_over()

    left = set(Firing.objects.values_list("cause", flat=True))
    assert left == kept | {"done"}
    assert dropped == 3 - len(left)


def test_a_wish_waits_for_who_is_about_to_reach_the_person(manager):
    contact = make.contact()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        record_consent(
            actor=manager, contact=contact, channel="email", is_granted=False
        )
    said = [one["sql"] for one in asked]
    locked = next(n for n, sql in enumerate(said) if "FOR NO KEY UPDATE" in sql)
    stored = next(n for n, sql in enumerate(said) if 'INTO "crm_consent"' in sql)
    assert locked < stored
