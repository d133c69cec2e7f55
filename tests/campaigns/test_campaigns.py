"""Campaigns: made, filled, edited, ended; a refusal leaves nothing changed."""

import datetime as dt
from decimal import Decimal

import pytest

from campaigns.errors import (
    CampaignStateError,
    CannotEnrolError,
    CannotSaveCampaignError,
    CannotSaveTouchError,
)
from campaigns.models import (
    Campaign,
    PlannedTouch,
    TouchException,
    TouchTemplate,
)
from campaigns.queries.plans import all_plans
from campaigns.services import (
    campaigns,
    enrolling,
    planning,
    sendings,
    starting,
    touches,
)
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import LedgerEntry, Touchpoint
from crm.queries.radar import lately
from tests import make
from tests.campaigns.campaign_steps import LETTER, filled_with_letters


@pytest.fixture
def draft(marketer):
    return make.campaign(owner=marketer, holdout_percent=0)


def test_enrolling_counts_who_is_new_already_in_and_refused(marketer, draft):
    new, old, gone = make.account(), make.account(), make.account(stage="former")
    merged = make.account(merged_into=new)
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=[old.pk])

    done = enrolling.enrol(
        actor=marketer,
        campaign=draft,
        account_ids=[new.pk, old.pk, gone.pk, merged.pk],
    )

    assert (list(done.added), done.already) == ([new.pk], 1)
    assert done.refused == {
        enrolling.FORMER: [gone.pk],
        enrolling.MERGED: [merged.pk],
    }
    assert set(draft.enrolments.values_list("account", flat=True)) == {new.pk, old.pk}


def test_who_left_may_be_won_back(marketer):
    draft = make.campaign(owner=marketer, kind="win_back")
    gone = make.account(stage="former")
    done = enrolling.enrol(actor=marketer, campaign=draft, account_ids=[gone.pk])
    assert list(done.added) == [gone.pk]


def test_enrolling_takes_as_many_queries_for_many(
    marketer, draft, django_assert_max_num_queries
):
    keys = [make.account().pk for _ in range(40)]
    with django_assert_max_num_queries(10):
        enrolling.enrol(actor=marketer, campaign=draft, account_ids=keys)
    assert draft.enrolments.count() == 40


def test_taking_out_what_was_added_undoes_it_exactly(marketer, draft):
    before, added = make.account(), make.account()
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=[before.pk])
    done = enrolling.enrol(
        actor=marketer, campaign=draft, account_ids=[before.pk, added.pk]
    )

    taken = enrolling.withdraw_enrolments(
        actor=marketer, campaign=draft, account_ids=done.added
    )

    assert taken == 1
    assert [e.account for e in draft.enrolments.all()] == [before]


@pytest.mark.parametrize("act", [enrolling.enrol, enrolling.withdraw_enrolments])
def test_a_rep_cannot_touch_a_colleagues_account(rep, colleague, draft, act):
    own, other = make.account(owner=rep), make.account(owner=colleague)
    make.enrolment(campaign=draft, account=other)
    with pytest.raises(CannotEnrolError):
        act(actor=rep, campaign=draft, account_ids=[own.pk, other.pk])
    assert [e.account for e in draft.enrolments.all()] == [other]


def test_a_rep_sees_drafts_and_what_touches_own_accounts(rep, colleague, marketer):
    draft = make.campaign(owner=marketer)
    own, other = (make.campaign(owner=marketer) for _ in range(2))
    make.enrolment(campaign=own, account=make.account(owner=rep))
    make.enrolment(campaign=other, account=make.account(owner=colleague))
    for one in (own, other):
        make.begun(one)
    assert set(Campaign.objects.visible_to(rep)) == {draft, own}
    assert set(Campaign.objects.visible_to(marketer)) == {draft, own, other}


@pytest.fixture
def filled(marketer, draft):
    return filled_with_letters(draft, marketer)


def test_the_night_leaves_a_running_campaign_alone(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    later = business_today() + dt.timedelta(days=20)
    planning.plan_touches(as_of=business_today())
    planning.expire_touches(as_of=later)
    due = PlannedTouch.objects.due().filter(template__campaign=filled)
    assert due.count() == 10
    assert not TouchException.objects.exists()


def test_the_night_calls_back_touches_of_who_left_unless_to_win_back(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    gone = filled.enrolments.first().account
    type(gone).objects.filter(pk=gone.pk).update(stage="former")
    Campaign.objects.update(kind="win_back")
    planning.plan_touches(as_of=business_today())
    assert PlannedTouch.objects.get(account=gone).status == "due"
    Campaign.objects.update(kind="keep")
    planning.plan_touches(as_of=business_today())
    assert PlannedTouch.objects.get(account=gone).status == "cancelled"


def test_ending_cancels_what_is_open_and_keeps_what_was_done(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    PlannedTouch.objects.update(due_on=business_today())
    first = PlannedTouch.objects.order_by("pk").first()
    touches.complete(actor=marketer, touch=first)
    ended = campaigns.end_campaign(actor=marketer, campaign=filled, expected_version=3)
    assert (ended.status, ended.ends_on) == ("ended", business_today())
    found = PlannedTouch.objects.filter(template__campaign=filled)
    assert found.filter(status="done").count() == 1
    assert found.filter(status="cancelled", reason=campaigns.ENDED).count() == 9


def test_campaigns_end_after_their_last_day(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    last = Campaign.objects.get(pk=filled.pk).ends_on
    assert campaigns.end_over(as_of=last) == 0
    assert campaigns.end_over(as_of=last + dt.timedelta(days=1)) == 1
    assert Campaign.objects.get(pk=filled.pk).status == "ended"
    assert campaigns.end_over(as_of=last + dt.timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "AUTUMN"}, "name"),
        ({"ends_on": dt.date(2020, 1, 1)}, "ends_on"),
        ({"ends_on": dt.date(2099, 1, 1)}, "ends_on"),
        ({"holdout_percent": 51}, "holdout_percent"),
        ({"budget": Decimal(-1)}, "budget"),
    ],
)
def test_what_is_not_possible_is_not_saved(marketer, draft, fields, field):
    make.campaign(owner=marketer, name="Autumn")
    before = Campaign.objects.values().get(pk=draft.pk)
    with pytest.raises(CannotSaveCampaignError) as refused:
        campaigns.change_campaign(actor=marketer, campaign=draft, **fields)
    assert refused.value.field == field
    assert Campaign.objects.values().get(pk=draft.pk) == before


def test_a_stale_page_changes_nothing(marketer, draft):
    campaigns.change_campaign(actor=marketer, campaign=draft, goal="More orders")
    with pytest.raises(StaleRecordError):
        campaigns.change_campaign(
            actor=marketer, campaign=draft, expected_version=1, goal="Other"
        )
    draft.refresh_from_db()
    assert draft.goal == "More orders"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"offset_days": -1}, "offset_days"),
        ({"offset_days": 400}, "offset_days"),
        ({"unit_cost": Decimal(-1)}, "unit_cost"),
        ({"content": "Dear {{ nobody }}"}, "content"),
    ],
)
def test_a_touch_that_is_not_possible_is_not_saved(marketer, draft, fields, field):
    with pytest.raises(CannotSaveTouchError) as refused:
        campaigns.save_touch(actor=marketer, campaign=draft, **(LETTER | fields))
    assert refused.value.field == field
    assert not draft.touches.exists()
    draft.refresh_from_db()
    assert draft.version == 1


def test_what_runs_is_not_edited(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    touch = filled.touches.get()
    other = make.account()
    for act in (
        lambda: campaigns.change_campaign(actor=marketer, campaign=filled, goal="X"),
        lambda: campaigns.save_touch(actor=marketer, campaign=filled, **LETTER),
        lambda: campaigns.remove_touch(actor=marketer, campaign=filled, touch=touch),
        lambda: campaigns.cancel_campaign(actor=marketer, campaign=filled),
        lambda: enrolling.enrol(
            actor=marketer, campaign=filled, account_ids=[other.pk]
        ),
        lambda: enrolling.withdraw_enrolments(
            actor=marketer,
            campaign=filled,
            account_ids=[filled.enrolments.first().account_id],
        ),
    ):
        with pytest.raises(CampaignStateError):
            act()
    assert filled.touches.get() == touch
    assert filled.enrolments.count() == 10


def test_only_what_runs_is_ended(marketer, draft):
    with pytest.raises(CampaignStateError):
        campaigns.end_campaign(actor=marketer, campaign=draft)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_log_the_ledger_and_the_banner_name_the_campaign(marketer, rep, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    touch = PlannedTouch.objects.first()
    done = touches.complete(actor=marketer, touch=touch, note="As agreed")
    said = f"Campaign “{filled.name}”: Letter of spring"
    assert done.touchpoint.note == f"{said}: As agreed"
    assert LedgerEntry.objects.get(touchpoint=done.touchpoint).note == said
    (banner,) = lately(touch.account, user=rep)
    assert str(banner).endswith(f" ago (planned touch): {said}: As agreed")


def test_sent_to_all_at_once_the_log_names_the_campaign(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    PlannedTouch.objects.update(due_on=business_today())
    template = TouchTemplate.objects.get(campaign=filled)
    assert sendings.send_all(actor=marketer, template=template).done == 10
    notes = set(Touchpoint.objects.values_list("note", flat=True))
    assert notes == {f"Campaign “{filled.name}”: Letter of spring"}


def test_plans_are_listed_without_the_one_that_holds_its_touches(marketer, filled):
    shown = [
        card.plan.name
        for one in all_plans(today=business_today())
        for card in one.others
    ]
    assert campaigns.HOME not in shown
