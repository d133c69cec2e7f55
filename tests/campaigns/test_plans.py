"""Plans: made, drafted, priced, published; refusals change nothing."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.choices import TouchStatus, VersionStatus
from campaigns.errors import (
    CannotPublishError,
    NotADraftError,
    NotPublishedError,
    UnknownTemplateError,
)
from campaigns.models import PlannedTouch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries import costs
from campaigns.services import drafts, planning, plans
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import AuditEvent
from tests import make

NEW_TOUCH = {
    "title": "Birthday card",
    "channel": "post",
    "cadence": "week",
    "times": 1,
    "unit_cost": Decimal("2.50"),
    "minutes": 0,
    "owner_role": "rep",
    "head": "marketing",
}


def published(worth_class):
    return PlanVersion.objects.published().get(plan__worth_class=worth_class)


@pytest.fixture
def draft(ready, marketer):
    return plans.start_draft(actor=marketer, plan=published("current_key").plan)


def titles(version):
    return [touch.title for touch in version.touches.all()]


# -- Ready plans ---------------------------------------------------------------------


def test_each_class_gets_its_ready_plan_once(db):
    assert len(plans.ensure_plans()) == 5
    assert plans.ensure_plans() == []

    assert titles(published("current_key")) == ["Printed magazine", "Sales visit"]
    assert titles(published("potential_key")) == ["Printed magazine", "Sales visit"]
    assert titles(published("general")) == ["Online issue", "Phone follow-up"]
    assert titles(published("never_profitable")) == ["Yearly e-mail"]
    assert titles(published(""))[:2] == ["Welcome e-mail", "Welcome call"]
    assert {v.valid_from for v in PlanVersion.objects.all()} == {business_today()}


def test_a_plan_that_was_withdrawn_stays_withdrawn(ready, marketer):
    plans.archive(actor=marketer, version=published("general"))

    assert plans.ensure_plans() == []
    assert not PlanVersion.objects.published().filter(plan__worth_class="general")


def test_the_lower_class_costs_less(ready):
    """Key: 4 x 4.80 + 4 x (30 + 90 min); general: 12 x 0.05 + 4 x (0.20 + 12 min)."""
    key = costs.version_cost(published("current_key"))
    general = costs.version_cost(published("general"))
    never = costs.version_cost(published("never_profitable"))

    assert key.per_customer == Decimal("499.20")
    assert key.by_head == {
        "marketing": Decimal("19.20"),
        "account_management": Decimal("480.00"),
    }
    assert general.per_customer == Decimal("49.40")
    assert never.per_customer == Decimal("0.05")
    assert (key.touches_per_year, key.minutes_per_year) == (8, 360)


def test_cost_follows_members_and_hourly_cost(ready, member, rep):
    rep.hourly_cost = Decimal("80.00")
    rep.save()
    member("current_key")
    member("current_key")

    cost = costs.version_cost(published("current_key"))

    assert cost.per_customer == Decimal("619.20")
    assert cost.whole_class == Decimal("1238.40")
    assert sum(cost.by_head.values()) == cost.per_customer


# -- Drafts --------------------------------------------------------------------------


def test_a_draft_is_a_copy_with_the_same_lineages(draft, marketer):
    source = published("current_key")

    assert (draft.number, draft.status, draft.author) == (2, "draft", marketer)
    assert titles(draft) == titles(source)
    assert set(draft.touches.values_list("lineage")) == set(
        source.touches.values_list("lineage")
    )
    assert plans.start_draft(actor=marketer, plan=draft.plan) == draft


def test_a_touch_is_added_changed_and_removed(draft, marketer):
    touch = drafts.save_touch(actor=marketer, version=draft, **NEW_TOUCH)
    lineage = touch.lineage
    drafts.save_touch(actor=marketer, version=draft, touch=touch, title="Card")
    assert titles(draft) == ["Printed magazine", "Sales visit", "Card"]
    assert touch.lineage == lineage

    drafts.save_touch(actor=marketer, version=draft, touch=touch, cadence="year")
    assert touch.lineage != lineage

    drafts.remove_touch(actor=marketer, version=draft, touch=touch)
    assert titles(draft) == ["Printed magazine", "Sales visit"]


def test_the_published_version_is_not_edited(ready, marketer):
    version = published("current_key")
    touch = version.touches.first()
    before = list(TouchTemplate.objects.order_by("pk").values())

    with pytest.raises(NotADraftError):
        drafts.save_touch(actor=marketer, version=version, **NEW_TOUCH)
    with pytest.raises(NotADraftError):
        drafts.remove_touch(actor=marketer, version=version, touch=touch)
    with pytest.raises(NotADraftError):
        drafts.load_template(actor=marketer, version=version, key="magazine-and-visits")
    with pytest.raises(NotADraftError):
        plans.discard_draft(actor=marketer, version=version)

    assert list(TouchTemplate.objects.order_by("pk").values()) == before


def test_a_touch_of_another_version_is_not_edited(draft, marketer):
    other = published("general").touches.first()

    with pytest.raises(NotADraftError):
        drafts.save_touch(actor=marketer, version=draft, touch=other, title="Mine")
    with pytest.raises(NotADraftError):
        drafts.remove_touch(actor=marketer, version=draft, touch=other)

    other.refresh_from_db()
    assert other.title == "Online issue"


def test_two_who_edit_one_draft_do_not_overwrite_each_other(draft, marketer):
    seen = draft.version
    drafts.save_touch(actor=marketer, version=draft, **NEW_TOUCH)

    with pytest.raises(StaleRecordError):
        drafts.save_touch(
            actor=marketer, version=draft, expected_version=seen, **NEW_TOUCH
        )

    assert titles(draft).count("Birthday card") == 1


def test_the_ready_template_replaces_what_is_there(draft, marketer):
    drafts.save_touch(actor=marketer, version=draft, **NEW_TOUCH)

    drafts.load_template(actor=marketer, version=draft, key="magazine-and-visits")

    facts = draft.touches.values_list("title", "channel", "cadence", "times")
    assert list(facts) == [
        ("Printed magazine", "post", "quarter", 1),
        ("Sales visit", "visit", "quarter", 1),
    ]


def test_an_unknown_template_changes_nothing(draft, marketer):
    with pytest.raises(UnknownTemplateError):
        drafts.load_template(actor=marketer, version=draft, key="fireworks")
    assert titles(draft) == ["Printed magazine", "Sales visit"]


def test_a_draft_can_be_discarded(draft, marketer):
    plans.discard_draft(actor=marketer, version=draft)

    assert not PlanVersion.objects.drafts().exists()
    assert published("current_key").number == 1


# -- Publishing ----------------------------------------------------------------------


def test_publishing_archives_the_old_version_and_touches_follow(
    draft, marketer, member
):
    account = member("current_key")
    planning.plan_touches(as_of=business_today())
    drafts.save_touch(actor=marketer, version=draft, **NEW_TOUCH)

    plans.publish(actor=marketer, version=draft, note="Cards")

    old = PlanVersion.objects.get(plan=draft.plan, number=1)
    assert old.status == VersionStatus.ARCHIVED
    assert published("current_key").number == 2
    due = PlannedTouch.objects.due().filter(account=account)
    assert {t.template.version_id for t in due} == {draft.pk}
    assert due.filter(template__title="Birthday card").count() >= 2
    assert (
        not AuditEvent.objects.filter(action="plan.published", actor=marketer).count()
        > 1
    )


def test_a_kept_touch_keeps_its_days(draft, marketer, member):
    for _ in range(10):
        member("current_key")
    planning.plan_touches(as_of=business_today(), horizon_days=90)
    before = days()

    plans.publish(actor=marketer, version=draft)
    planning.plan_touches(as_of=business_today(), horizon_days=90)

    assert len(before) > 10
    assert days() == before


def days():
    rows = PlannedTouch.objects.due()
    return set(rows.values_list("account_id", "lineage", "period", "due_on"))


def test_what_was_done_is_not_asked_for_again_by_the_new_version(
    draft, marketer, member
):
    member("current_key")
    planning.plan_touches(as_of=business_today(), horizon_days=60)
    PlannedTouch.objects.update(
        status=TouchStatus.DONE, closed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )

    plans.publish(actor=marketer, version=draft)

    assert planning.plan_touches(as_of=business_today(), horizon_days=40) == 0


def test_a_plan_that_begins_later_lets_the_old_one_go_on_till_then(
    draft, marketer, member
):
    for _ in range(20):
        member("current_key")
    begins = business_today() + dt.timedelta(days=40)
    for touch in draft.touches.all():
        drafts.save_touch(
            actor=marketer, version=draft, touch=touch, title=f"New {touch.title}"
        )
    planning.plan_touches(as_of=business_today())

    plans.publish(actor=marketer, version=draft, valid_from=begins)

    for night in (0, 10, 20, 30, 40):
        planning.plan_touches(as_of=business_today() + dt.timedelta(days=night))
    for touch in PlannedTouch.objects.due().select_related("template"):
        assert (touch.due_on >= begins) == touch.template.title.startswith("New")
    last = PlannedTouch.objects.due().filter(due_on__lt=begins).latest("due_on")
    assert last.due_on > business_today() + dt.timedelta(days=14)


def refusals(draft, marketer):
    """Assert that publishing is refused and nothing changed; return the words."""
    before = list(PlanVersion.objects.order_by("pk").values())
    with pytest.raises(CannotPublishError) as refused:
        plans.publish(actor=marketer, version=draft)
    assert list(PlanVersion.objects.order_by("pk").values()) == before
    return refused.value.message


def test_a_touch_without_unit_cost_is_not_published(draft, marketer):
    draft.touches.filter(title="Sales visit").update(unit_cost=None)

    assert "The unit cost is missing for: Sales visit." in refusals(draft, marketer)
    cost = costs.version_cost(draft)
    assert (cost.is_complete, cost.per_customer) == (False, Decimal("19.20"))


def test_a_mistyped_unit_cost_is_not_published(draft, marketer):
    draft.touches.update(unit_cost=Decimal("99999999.99"), times=30)

    assert "more than 1,000,000,000 a year" in refusals(draft, marketer)


def test_a_draft_without_touches_is_not_published(draft, marketer):
    draft.touches.all().delete()

    assert "no touches" in refusals(draft, marketer)


@pytest.mark.parametrize("days_ahead", [-1, 93])
def test_a_plan_begins_neither_in_the_past_nor_far_ahead(draft, marketer, days_ahead):
    day = business_today() + dt.timedelta(days=days_ahead)

    with pytest.raises(CannotPublishError) as refused:
        plans.publish(actor=marketer, version=draft, valid_from=day)

    assert refused.value.field == "valid_from"
    assert published("current_key").number == 1


def test_an_edited_draft_is_not_published_unseen(draft, marketer):
    seen = draft.version
    drafts.save_touch(actor=marketer, version=draft, **NEW_TOUCH)

    with pytest.raises(StaleRecordError):
        plans.publish(actor=marketer, version=draft, expected_version=seen)

    assert published("current_key").number == 1


def test_withdrawing_cancels_what_is_open(ready, marketer, member):
    member("general")
    planning.plan_touches(as_of=business_today(), horizon_days=40)

    plans.archive(actor=marketer, version=published("general"))

    assert not PlannedTouch.objects.due().exists()
    assert {t.reason for t in PlannedTouch.objects.all()} == {"The plan was withdrawn."}
    with pytest.raises(NotPublishedError):
        plans.archive(
            actor=marketer, version=PlanVersion.objects.get(plan__worth_class="general")
        )


# -- At the same time ----------------------------------------------------------------


def at_once(act, times=3):
    errors = []

    def run():
        try:
            act()
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
def test_several_first_nights_make_each_plan_once():
    assert at_once(plans.ensure_plans) == []
    assert RetentionPlan.objects.count() == PlanVersion.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_several_nights_at_once_plan_each_touch_once():
    plans.ensure_plans()
    for _ in range(20):
        make.membership(account=make.account(), worth_class="general")

    assert (
        at_once(lambda: planning.plan_touches(as_of=business_today(), horizon_days=40))
        == []
    )

    keys = list(PlannedTouch.objects.values_list("account", "lineage", "period"))
    assert len(keys) == len(set(keys)) > 20


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_publish_once():
    plans.ensure_plans()
    marketer = make.user("marketer")
    draft = plans.start_draft(actor=marketer, plan=RetentionPlan.objects.first())

    errors = at_once(lambda: plans.publish(actor=marketer, version=draft), times=2)

    assert [type(error) for error in errors] == [NotADraftError]
    assert PlanVersion.objects.published().filter(plan=draft.plan).count() == 1
