"""Several plans for a class, the library, and what a draft must earn."""

from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.errors import (
    CannotSavePlanError,
)
from campaigns.models import (
    PlanAssignment,
    PlanVersion,
    RetentionPlan,
)
from campaigns.queries.costs import hourly_costs, plan_cost
from campaigns.queries.followers import follower_counts, following
from campaigns.services import drafts, plans
from campaigns.services.plans import Audience
from campaigns.services.ready import READY_PLANS
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import AuditEvent, Tag, Territory
from segments.choices import WorthClass

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
CALL = {
    "title": "Call",
    "channel": "phone",
    "cadence": "month",
    "unit_cost": Decimal("0.20"),
    "minutes": 12,
    "owner_role": "rep",
    "head": "account_management",
}


def url(name, *args, key="general"):
    return reverse(f"campaigns:{name}", args=[key, *args])


def plan_of(worth_class):
    return RetentionPlan.objects.get(
        worth_class=worth_class, is_automatic=True, relationship_type=""
    )


@pytest.fixture
def draft(ready, marketer):
    return plans.start_draft(actor=marketer, plan=plan_of("general"))


@pytest.fixture
def partners(ready, marketer):
    """A draft of a plan for the partners of the class general."""
    return plans.create_plan(
        actor=marketer,
        name="Partners",
        audience=Audience(worth_class="general", relationship_type="partner"),
        template="digital-only",
    )


# -- Ready plans ---------------------------------------------------------------------


@pytest.mark.parametrize("key", READY_PLANS)
@pytest.mark.parametrize("worth_class", [*WorthClass.values, ""])
def test_every_ready_plan_is_complete_for_every_class(db, key, worth_class):
    ready = READY_PLANS[key]
    touches = ready.touches_for(worth_class)
    assert plan_cost(touches, hourly=hourly_costs()).is_complete
    drafts.check_runs(touches, ready.runs_days)
    assert len({touch.lineage for touch in touches}) == len(touches) > 0


def test_newcomers_are_welcomed_from_day_0(ready):
    version = PlanVersion.objects.published().get(plan=plan_of(""))
    assert [touch.often for touch in version.touches.all()] == [
        "on day 0 after the first contact",
        "on day 3 after the first contact",
        "on day 14 after the first contact",
        "on day 45 after the first contact",
    ]
    assert version.runs_days == 60


def test_no_class_drops_out_of_care_by_a_ready_plan(draft, marketer):
    drafts.load_template(actor=marketer, version=draft, key="win-back")
    assert draft.runs_days is None


def test_digital_costs_less_than_the_key_account_programme(db):
    """E-mails 12 x 0.05, notes 4 x 3 min, surveys 2 x 0.15; visits 52/6 x (30 + 90 min)
    and more."""
    hourly = hourly_costs()
    costs = {
        key: plan_cost(READY_PLANS[key].touches, hourly=hourly)
        for key in ("digital-only", "key-accounts")
    }
    assert costs["digital-only"].per_customer == Decimal("12.90")
    assert costs["digital-only"].rep_hours == 0
    assert costs["key-accounts"].by_head == {
        "account_management": Decimal("1668.40"),
        "retention": Decimal("5.20"),
        "marketing": Decimal("45.50"),
    }


# -- Several plans -------------------------------------------------------------------


def test_a_refined_plan_takes_its_accounts_from_the_class(partners, member, marketer):
    for kind in ("partner", "partner", "contract", ""):
        member("general", relationship_type=kind)
    member("current_key", relationship_type="partner")
    plan, general = partners.plan, plan_of("general")

    assert following(plan).accounts == 2
    assert following(general).accounts == 4, "a draft takes nobody"
    assert follower_counts([plan, general]) == {plan.pk: 2, general.pk: 4}
    plans.publish(actor=marketer, version=partners)
    assert follower_counts([plan, general]) == {plan.pk: 2, general.pk: 2}
    assert following(general).accounts == 2
    assert follower_counts([general]) == {general.pk: 2}
    plans.archive(actor=marketer, version=plan.versions.get())
    assert follower_counts([plan, general]) == {plan.pk: 2, general.pk: 4}


def test_the_plan_that_names_most_counts(partners, member, marketer):
    north, vip = Territory.objects.create(name="North"), Tag.objects.create(name="VIP")
    closer = plans.create_plan(
        actor=marketer,
        name="Partners in the north",
        audience=Audience("general", True, "partner", north),
        copied_from=partners,
    )
    tagged = plans.create_plan(
        actor=marketer, name="VIP", audience=Audience("general", tag=vip)
    )
    drafts.save_touch(actor=marketer, version=tagged, **CALL)
    for version in (partners, closer, tagged):
        plans.publish(actor=marketer, version=version)
    member("general", relationship_type="partner", territory=north)
    worn = member("general", relationship_type="partner")
    worn.tags.add(vip)
    member("general").tags.add(vip)

    everybody = list(RetentionPlan.objects.filter(worth_class="general"))
    found = follower_counts(everybody)
    assert {plan.name: found[plan.pk] for plan in everybody} == {
        "Online issue and follow-up": 0,
        "Partners": 1,
        "Partners in the north": 1,
        "VIP": 1,
    }


def test_who_was_put_on_a_plan_by_hand_follows_that_one(ready, member, marketer):
    account = member("general")
    member("general")
    version = plans.create_plan(
        actor=marketer,
        name="Win back",
        audience=Audience("general", is_automatic=False, relationship_type="partner"),
        template="win-back",
    )
    plan = version.plan
    assert (plan.relationship_type, version.runs_days) == ("", 84)
    PlanAssignment.objects.create(
        account=account, plan=plan, since=business_today(), is_by_hand=True
    )
    general = plan_of("general")

    assert follower_counts([plan, general]) == {plan.pk: 1, general.pk: 1}
    assert (following(plan).accounts, following(general).accounts) == (1, 1)


def test_two_plans_for_the_same_customers_are_refused(partners, marketer):
    before = RetentionPlan.objects.count()
    events = AuditEvent.objects.count()

    with pytest.raises(CannotSavePlanError, match="General: Partner"):
        plans.create_plan(
            actor=marketer, name="Again", audience=Audience("general", True, "partner")
        )
    with pytest.raises(CannotSavePlanError):
        plans.change_plan(
            actor=marketer,
            plan=partners.plan,
            name="All",
            audience=Audience("general"),
        )

    assert RetentionPlan.objects.count() == before
    assert AuditEvent.objects.count() == events
    partners.plan.refresh_from_db()
    assert partners.plan.name == "Partners"


def test_a_plan_is_renamed_and_refined_once_by_each(partners, marketer):
    plan = partners.plan
    seen = plan.version
    audience = Audience("general", relationship_type="reseller")
    plan = plans.change_plan(
        actor=marketer, plan=plan, name="Resellers", audience=audience
    )
    assert (plan.name, plan.audience) == ("Resellers", "General: Reseller")
    with pytest.raises(StaleRecordError):
        plans.change_plan(
            actor=marketer,
            plan=plan,
            name="Mine",
            audience=audience,
            expected_version=seen,
        )
    plan.refresh_from_db()
    assert plan.name == "Resellers"


def test_a_plan_that_was_only_ever_a_draft_goes_with_it(partners, marketer):
    plans.discard_draft(actor=marketer, version=partners)
    assert not RetentionPlan.objects.filter(name="Partners").exists()
