"""The start of a campaign: who is in it, who is spared, and what does not start."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.choices import GateChoice
from campaigns.errors import (
    CampaignStateError,
    CannotStartError,
    GateUndecidedError,
)
from campaigns.models import (
    Campaign,
    Enrolment,
    GateDecision,
    PlannedTouch,
    TouchTemplate,
)
from campaigns.services import (
    sendings,
    starting,
)
from campaigns.services.gate import Decision
from clv.models import Valuation
from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import AuditEvent
from tests import make
from tests.campaigns.campaign_steps import filled_with_letters


@pytest.fixture
def draft(marketer):
    return make.campaign(owner=marketer, holdout_percent=0)


@pytest.fixture
def filled(marketer, draft):
    return filled_with_letters(draft, marketer)


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
