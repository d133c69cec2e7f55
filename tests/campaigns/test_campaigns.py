"""Campaigns: made, filled, started, ended; a refusal leaves nothing changed."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.choices import GateChoice
from campaigns.errors import (
    CampaignStateError,
    CannotEnrolError,
    CannotSaveCampaignError,
    CannotSaveTouchError,
    CannotStartError,
    GateUndecidedError,
)
from campaigns.models import (
    Campaign,
    Enrolment,
    GateDecision,
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
from campaigns.services.gate import Decision
from clv.models import Valuation
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import AuditEvent, LedgerEntry, Touchpoint
from crm.queries.radar import lately
from tests import make

LETTER = {
    "title": "Letter of spring",
    "channel": "post",
    "unit_cost": Decimal("1.30"),
    "owner_role": "marketer",
    "head": "marketing",
}


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
    """A draft with a letter for ten accounts that it pays for."""
    run = make.run()
    for n in range(10):
        account = make.account(owner=make.user("rep"))
        make.valuation(run=run, account=account, expected_margin="9000.00")
        make.membership(account=account, worth_class=["general", "current_key"][n % 2])
        make.enrolment(campaign=draft, account=account)
    campaigns.save_touch(actor=marketer, campaign=draft, **LETTER)
    return Campaign.objects.get(pk=draft.pk)


def test_starting_plans_each_touch_and_keeps_what_was_true(marketer, filled):
    started = starting.start_campaign(actor=marketer, campaign=filled)

    assert started.status == "running"
    assert started.started_at is not None
    planned = PlannedTouch.objects.filter(template__campaign=filled)
    assert planned.count() == 10
    assert {touch.due_on.weekday() < 5 for touch in planned} == {True}
    kept = filled.enrolments.all()
    assert {(e.clv, e.expected_margin, e.stage) for e in kept} == {
        (Decimal("9100.00"), Decimal("9000.00"), "customer")
    }
    assert {e.worth_class for e in kept} == {"general", "current_key"}
    event = AuditEvent.objects.get(action="campaign.started")
    assert event.detail["treated"] == 10


@pytest.mark.parametrize(("percent", "spared"), [(0, 0), (20, 2), (50, 5)])
def test_the_control_group_is_drawn_evenly_and_gets_nothing(
    marketer, filled, percent, spared
):
    Campaign.objects.filter(pk=filled.pk).update(holdout_percent=percent)
    starting.start_campaign(actor=marketer, campaign=filled)
    controls = Enrolment.objects.controls().filter(campaign=filled)
    assert controls.count() == spared
    touched = PlannedTouch.objects.filter(template__campaign=filled)
    reached = set(touched.values_list("account_id", flat=True))
    assert len(reached) == 10 - spared
    assert reached.isdisjoint(controls.values_list("account_id", flat=True))


def _drawn(draft):
    Enrolment.objects.filter(campaign=draft).update(is_control=False)
    with connection.cursor() as cursor:
        cursor.execute(
            starting._DRAW,
            {"campaign": draft.pk, "seed": draft.seed, "percent": 20},
        )
    controls = Enrolment.objects.controls().filter(campaign=draft)
    return set(controls.values_list("account_id", flat=True))


def test_the_draw_follows_from_its_seed_and_not_from_the_order_of_ids(draft):
    keys = [make.account().pk for _ in range(200)]
    for key in keys:
        make.enrolment(campaign=draft, account_id=key)
    draws = []
    for seed in (11, 11, 12):
        draft.seed = seed
        draws.append(_drawn(draft))
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]
    for drawn in draws:
        assert len(drawn) == 40
        gaps = {b - a for a, b in zip(sorted(drawn), sorted(drawn)[1:], strict=False)}
        assert len(gaps) > 3


def _nothing_happened(draft):
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not PlannedTouch.objects.filter(template__campaign=draft).exists()
    assert not GateDecision.objects.exists()
    frozen = draft.enrolments.exclude(left_out="", is_control=False, clv=None, way="")
    assert not frozen.exists()
    assert not AuditEvent.objects.filter(action="campaign.started").exists()


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no touch", "no touch"),
        ("no audience", "no audience"),
        ("past", "first day is past"),
        ("unknown cost", "is not known"),
        ("absurd cost", "unit costs"),
        ("over budget", "budget"),
        ("touch too late", "after the last day"),
    ],
)
def test_what_is_not_ready_does_not_start(marketer, filled, case, words):
    past = business_today() - dt.timedelta(days=1)
    change = {
        "no touch": lambda: filled.touches.all().delete(),
        "no audience": lambda: filled.enrolments.all().delete(),
        "past": lambda: Campaign.objects.update(starts_on=past),
        "unknown cost": lambda: filled.touches.update(unit_cost=None),
        "absurd cost": lambda: filled.touches.update(unit_cost=99_999_999),
        "over budget": lambda: Campaign.objects.update(budget=12),
        "touch too late": lambda: filled.touches.update(offset_days=400),
    }
    change[case]()
    with pytest.raises(CannotStartError) as refused:
        starting.start_campaign(
            actor=marketer, campaign=Campaign.objects.get(pk=filled.pk)
        )
    assert words in refused.value.message
    _nothing_happened(filled)


def test_a_stale_page_starts_nothing(marketer, filled):
    with pytest.raises(StaleRecordError):
        starting.start_campaign(actor=marketer, campaign=filled, expected_version=1)
    _nothing_happened(filled)


def test_it_starts_once(marketer, filled):
    starting.start_campaign(actor=marketer, campaign=filled)
    with pytest.raises(CampaignStateError):
        starting.start_campaign(actor=marketer, campaign=filled)
    assert PlannedTouch.objects.filter(template__campaign=filled).count() == 10


@pytest.fixture
def poor(filled):
    """Two of its accounts for whom the letter does not pay."""
    keys = list(filled.enrolments.values_list("account_id", flat=True)[:2])
    rows = Valuation.objects.filter(account_id__in=keys)
    rows.update(expected_margin_year=1)
    return keys


def test_somebody_below_the_line_has_to_be_decided_about(marketer, filled, poor):
    with pytest.raises(GateUndecidedError) as asked:
        starting.start_campaign(actor=marketer, campaign=filled)
    assert sorted(asked.value.facts["below"]) == poor
    assert sorted(starting.gate_of(filled).below_ids) == poor
    _nothing_happened(filled)


def test_dropped_below_the_line_they_get_nothing(marketer, filled, poor):
    starting.start_campaign(
        actor=marketer, campaign=filled, decision=Decision(choice="drop")
    )
    out = filled.enrolments.filter(left_out="gate")
    assert sorted(out.values_list("account_id", flat=True)) == poor
    touched = PlannedTouch.objects.filter(template__campaign=filled)
    assert touched.count() == 8
    assert not touched.filter(account_id__in=poor).exists()


def test_included_all_the_same_they_are_not_asked_about_again(marketer, filled, poor):
    decision = Decision(choice=GateChoice.OVERRIDE, reason="They asked for it.")
    starting.start_campaign(actor=marketer, campaign=filled, decision=decision)
    PlannedTouch.objects.update(due_on=business_today())

    sent = sendings.send_all(
        actor=marketer, template=TouchTemplate.objects.get(campaign=filled)
    )

    assert sent.done == 10
    record = GateDecision.objects.get()
    assert (record.occasion, record.subject) == ("campaign", filled.name)


def test_moved_to_a_cheaper_way_they_get_that_one(marketer, filled, poor):
    Valuation.objects.filter(account_id__in=poor).update(expected_margin_year=5)
    make.library_touch(title="Short mail", channel="email", unit_cost=Decimal("0.05"))
    starting.start_campaign(
        actor=marketer,
        campaign=filled,
        decision=Decision(choice=GateChoice.CHEAPER, cheaper="email"),
    )
    moved = filled.enrolments.filter(way="email")
    assert sorted(moved.values_list("account_id", flat=True)) == poor
    planned = PlannedTouch.objects.filter(template__campaign=filled)
    cheap = planned.filter(account_id__in=poor)
    assert {touch.template.title for touch in cheap} == {"Short mail"}
    assert planned.exclude(account_id__in=poor).count() == 8


def test_whom_nobody_may_reach_is_left_out_and_not_drawn(marketer, filled):
    Campaign.objects.filter(pk=filled.pk).update(holdout_percent=50)
    first = filled.enrolments.first().account
    make.contact(account=first, do_not_contact=True)
    starting.start_campaign(actor=marketer, campaign=filled)
    left = filled.enrolments.get(account=first)
    assert left.left_out == "consent"
    assert left.left_out_because == "Everybody there asked not to be contacted."
    assert left.is_control is False
    assert not PlannedTouch.objects.filter(account=first).exists()


def test_who_left_or_was_merged_meanwhile_is_left_out(marketer, filled):
    gone, merged, other = (e.account for e in filled.enrolments.all()[:3])
    type(gone).objects.filter(pk=gone.pk).update(stage="former")
    type(gone).objects.filter(pk=merged.pk).update(merged_into=other)
    starting.start_campaign(actor=marketer, campaign=filled)
    out = dict(
        filled.enrolments.exclude(left_out="").values_list("account_id", "left_out")
    )
    assert out == {gone.pk: "former", merged.pk: "merged"}


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
