"""What a campaign brought about: against its control group, net of its cost."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.errors import CannotRecordEffectError
from campaigns.models import Campaign, MeasuredEffect, PlannedTouch
from campaigns.queries import campaign_results
from campaigns.queries.campaign_pages import campaign_page
from campaigns.queries.holdout import holdout
from campaigns.services import campaign_effects, campaigns, touches
from common.clock import business_today
from common.templatetags.display import money
from tests import make

TODAY = business_today()
START = TODAY - dt.timedelta(days=40)
LAST = TODAY - dt.timedelta(days=10)


@pytest.fixture
def begun(marketer):
    """A campaign that ended some days ago, with nobody in it yet."""
    draft = make.campaign(owner=marketer, starts_on=START, ends_on=LAST)
    return make.begun(draft, status="ended")


def _buys(account, margin, on=START):
    margin = Decimal(margin)
    make.order(account=account, on=on, lines=[(1, margin * 2, margin)])


@pytest.fixture
def measured(begun):
    """25 were touched and earn 130 or 150; 20 were spared and earn 90 or 110."""
    for n in range(45):
        is_control = n >= 25
        account = make.account()
        make.enrolment(
            campaign=begun, account=account, is_control=is_control, clv=Decimal(1000)
        )
        _buys(account, (100 if is_control else 140) + (10 if n % 2 else -10))
    return begun


def test_the_effect_is_the_difference_of_the_means_net_of_cost(measured):
    found = campaign_results.results(measured)
    margin = found.margin
    assert (margin.treated, margin.controls) == (25, 20)
    assert margin.mean_treated == Decimal("139.60")
    assert margin.mean_control == Decimal("100.00")
    assert margin.each == Decimal("39.60")
    assert margin.total == Decimal("990.00")
    assert Decimal(33) < margin.each_low < margin.each < margin.each_high < 47
    assert found.clv is None
    assert found.headline is margin
    assert found.advice == "It pays: keep it, and do it again."
    assert found.sentence.startswith("Net +990 of margin (")


def test_costs_are_those_of_its_touches_in_the_ledger(marketer, measured):
    template = make.campaign_touch(campaign=measured, unit_cost=Decimal("4.80"))
    for enrolment in measured.enrolments.treated()[:2]:
        touch = PlannedTouch.objects.create(
            account=enrolment.account,
            template=template,
            lineage=template.lineage,
            period="campaign",
            due_on=START,
            owner_role="marketer",
        )
        touches.complete(actor=marketer, touch=touch)
    make.cost(account=enrolment.account, amount="70.00")

    found = campaign_results.results(measured)

    assert found.cost == Decimal("9.60")
    assert found.margin.total == Decimal("980.40")
    assert found.touches["done"] == 2
    (row,) = campaign_page(marketer, cursor="").rows
    assert (row.size, row.spent) == (45, Decimal("9.60"))
    touches.undo(actor=marketer, touch=touch)
    assert campaign_results.cost_of(measured) == Decimal("4.80")


def test_the_list_says_what_each_brought_and_cost(client, rep, marketer, measured):
    draft = make.campaign(owner=marketer, name="Not yet")
    cell = reverse("campaigns:campaign_outcome", args=[measured.pk])
    client.force_login(marketer)
    page = client.get(reverse("campaigns:campaign_list")).text
    assert cell in page
    assert reverse("campaigns:campaign_outcome", args=[draft.pk]) not in page
    told = campaign_results.results(measured).margin
    text = client.get(cell).text
    assert "+990 of margin" in text
    assert f"{money(told.low)} to {money(told.high)}" in text
    assert (
        "not started"
        in client.get(reverse("campaigns:campaign_outcome", args=[draft.pk])).text
    )
    client.force_login(rep)
    assert client.get(cell).status_code == 403
    shown = client.get(reverse("campaigns:campaign_list")).text
    assert "Spent" not in shown
    assert "net of cost" not in shown


def test_spend_stands_against_the_budget(measured):
    Campaign.objects.update(budget=Decimal(500))
    found = campaign_results.results(Campaign.objects.get(pk=measured.pk))
    assert (found.budget, found.budget_left) == (Decimal(500), Decimal(500))


def test_only_orders_from_its_first_day_to_a_quarter_after_its_last_count(measured):
    before = campaign_results.results(measured).margin
    account = measured.enrolments.treated().first().account
    _buys(account, 5_000, on=START - dt.timedelta(days=1))
    _buys(account, 5_000, on=TODAY + dt.timedelta(days=1))
    assert campaign_results.results(measured).margin == before


def test_what_came_back_lowers_the_margin(measured):
    before = campaign_results.results(measured).margin.mean_treated
    line = measured.enrolments.treated().first().account.orders.get().lines.get()
    line.returns.create(
        account=line.account, returned_on=TODAY, quantity=1, refund=Decimal(25)
    )
    after = campaign_results.results(measured).margin.mean_treated
    assert before - after == Decimal("1.00")


def test_the_change_of_clv_since_the_start_holds_the_costs_already(measured):
    run = make.run(as_of=TODAY)
    for n, enrolment in enumerate(measured.enrolments.all()):
        gain = (0 if enrolment.is_control else 50) + n % 2
        make.valuation(
            run=run,
            account=enrolment.account,
            realised=Decimal(100),
            expected_margin=Decimal(900 + gain),
        )
    found = campaign_results.results(measured)
    assert found.headline is found.clv
    assert found.clv.cost == 0
    assert found.clv.mean_control == Decimal("0.50")
    assert found.clv.each == Decimal("49.98")
    assert found.clv.total == Decimal("1249.50")


def test_a_night_before_the_start_says_nothing_of_clv(measured):
    run = make.run(as_of=START - dt.timedelta(days=1))
    for enrolment in measured.enrolments.all():
        make.valuation(run=run, account=enrolment.account)
    assert campaign_results.results(measured).clv is None


def test_without_a_control_group_nothing_can_be_told(measured):
    measured.enrolments.controls().delete()
    found = campaign_results.results(measured)
    assert found.margin.total is None
    assert found.sentence.startswith("Nobody was spared, so nobody can tell")


def test_of_too_few_nothing_can_be_told(begun):
    for n in range(15):
        make.enrolment(campaign=begun, is_control=n >= 12)
    found = campaign_results.results(begun)
    assert found.sentence == "12 with, 3 without: too few to tell."
    assert found.margin.total is None


def test_who_was_merged_since_counts_for_nothing_and_is_told(measured):
    one = measured.enrolments.treated().first().account
    type(one).objects.filter(pk=one.pk).update(merged_into=make.account())
    found = campaign_results.results(measured)
    assert (found.treated, found.merged) == (24, 1)


def test_what_was_merged_into_an_account_counts_for_it(measured):
    one = measured.enrolments.treated().first().account
    before = campaign_results.results(measured).margin.mean_treated
    _buys(make.account(merged_into=one), 250)
    after = campaign_results.results(measured).margin.mean_treated
    assert after - before == Decimal("10.00")


def test_a_draft_has_no_results(marketer):
    assert campaign_results.results(make.campaign(owner=marketer)) is None


def test_who_was_left_out_is_counted_by_reason(measured):
    make.enrolment(campaign=measured, left_out="gate", left_out_because="Not worth it.")
    found = campaign_results.results(measured)
    assert found.left_out == {"gate": 1}
    assert found.treated == 25


@pytest.mark.parametrize(
    ("stage", "days", "is_control", "left_out", "is_won"),
    [
        ("prospect", 0, False, "", True),
        ("prospect", 30, False, "", True),
        ("prospect", 30 + 90, False, "", True),
        ("prospect", 30 + 91, False, "", False),
        ("prospect", -1, False, "", False),
        ("customer", 0, False, "", False),
        ("prospect", 0, True, "", False),
        ("prospect", 0, False, "gate", False),
    ],
)
def test_a_prospect_is_won_from_the_start_to_a_quarter_after_the_end(
    begun, stage, days, is_control, left_out, is_won
):
    account = make.account(acquired_on=START + dt.timedelta(days=days))
    make.enrolment(
        campaign=begun,
        account=account,
        stage=stage,
        is_control=is_control,
        left_out=left_out,
    )
    found = campaign_results.won_by([begun.pk])
    assert found == ([(begun.pk, account.pk)] if is_won else [])


def test_of_several_campaigns_the_last_one_before_has_won_it(begun, marketer):
    account = make.account(acquired_on=START + dt.timedelta(days=20))
    later = make.begun(
        make.campaign(
            owner=marketer, starts_on=START + dt.timedelta(days=10), ends_on=LAST
        )
    )
    for campaign in (begun, later):
        make.enrolment(campaign=campaign, account=account, stage="prospect")
    assert campaign_results.won_by([begun.pk, later.pk]) == [(later.pk, account.pk)]


def test_the_result_becomes_the_measured_effect_of_its_channel(marketer, measured):
    make.campaign_touch(campaign=measured, channel="post")
    made = campaign_effects.take_effect(
        actor=marketer, campaign=measured, reason="It was measured."
    )
    assert (made.channel, made.accounts) == ("post", 45)
    assert made.effect == Decimal("0.0445")  # 39.6 % of 41 days' margin
    assert made.low < made.effect < made.high
    assert (made.measured_from, made.measured_until) == (START, TODAY)
    assert measured.name in made.source


def _take(client, campaign, **given):
    address = reverse("campaigns:campaign_effect", args=[campaign.pk])
    return client.post(address, given, follow=True)


def test_the_page_of_an_ended_campaign_takes_it_once_with_a_reason(
    client, manager, rep, measured
):
    make.campaign_touch(campaign=measured, channel="post")
    page = reverse("campaigns:campaign_detail", args=[measured.pk])
    client.force_login(rep)
    assert _take(client, measured, reason="So.").status_code == 403
    client.force_login(manager)
    assert "Take it as measured effect" in client.get(page).text
    assert "Say why, for those who ask." in _take(client, measured).text
    assert not MeasuredEffect.objects.exists()

    assert "counts from now on." in _take(client, measured, reason="By lot.").text
    made = MeasuredEffect.objects.get()
    assert (made.channel, made.effect, made.reason) == (
        "post",
        Decimal("0.0445"),
        "By lot.",
    )
    _take(client, measured, reason="Not having read the first.")
    assert MeasuredEffect.objects.get() == made
    text = client.get(page).text
    assert "of version 1." in text
    assert f'name="based_on" value="{made.pk}"' in text
    _take(client, measured, reason="Again.", based_on=made.pk)
    assert MeasuredEffect.objects.current().get().number == 2


def test_the_page_says_why_it_cannot_be_taken(client, marketer, measured):
    make.campaign_touch(campaign=measured, channel="post")
    make.campaign_touch(campaign=measured, channel="email")
    client.force_login(marketer)
    page = client.get(reverse("campaigns:campaign_detail", args=[measured.pk])).text
    assert "It used several channels." in page
    assert "Take it as measured effect" not in page
    assert "It used several channels." in _take(client, measured, reason="So.").text
    assert not MeasuredEffect.objects.exists()


@pytest.mark.parametrize("case", ["two channels", "too few", "not started"])
def test_what_is_no_effect_of_one_channel_is_not_taken(marketer, measured, case):
    make.campaign_touch(campaign=measured, channel="post")
    if case == "two channels":
        make.campaign_touch(campaign=measured, channel="email")
    if case == "too few":
        measured.enrolments.controls().delete()
    campaign = make.campaign(owner=marketer) if case == "not started" else measured
    with pytest.raises(CannotRecordEffectError):
        campaign_effects.take_effect(actor=marketer, campaign=campaign, reason="So.")
    assert not MeasuredEffect.objects.exists()


def test_ending_keeps_the_results_going_for_a_quarter(marketer):
    running = make.begun(make.campaign(owner=marketer))
    ended = campaigns.end_campaign(actor=marketer, campaign=running)
    assert ended.measured_until == TODAY
    assert campaign_results.results(ended).is_final is False


def _audience(draft, margins):
    run = make.run()
    for margin in margins:
        account = make.account()
        make.enrolment(campaign=draft, account=account)
        make.valuation(
            run=run,
            account=account,
            margin_year=Decimal(margin),
            expected_margin_year=Decimal(1_000),
        )


def test_the_share_to_spare_says_how_well_it_tells(marketer):
    draft = make.campaign(
        owner=marketer, ends_on=TODAY + dt.timedelta(days=400), holdout_percent=50
    )
    _audience(draft, [900, 1_100] * 50)
    found = holdout(draft)
    assert (found.accounts, found.spared, found.proposed) == (100, 50, 10)
    assert found.within == Decimal("39.40")
    assert found.sentence == (
        "About 50 of 100 are spared. That tells the effect to within 39.40 an account,"
        " of 1\u202f000.00 expected in that time."
    )


def test_more_is_proposed_where_that_is_enough_to_tell(marketer):
    draft = make.campaign(owner=marketer, ends_on=TODAY + dt.timedelta(days=400))
    _audience(draft, [800, 1_200] * 50)
    assert holdout(draft).proposed == 20


def test_the_usual_share_is_proposed_where_no_share_is_enough(marketer):
    draft = make.campaign(owner=marketer)
    _audience(draft, [0, 20_000] * 10)
    found = holdout(draft, 20)
    assert found.proposed == 10
    assert "too few to tell" in found.sentence


def test_before_the_first_night_nobody_knows_how_well_it_tells(marketer):
    draft = make.campaign(owner=marketer)
    for _ in range(200):
        make.enrolment(campaign=draft)
    found = holdout(draft)
    assert (found.within, found.spared) == (None, 20)
    assert found.sentence.startswith("About 20 of 200 are spared. How well")
    assert holdout(draft, 0).sentence.startswith("Nobody is spared")
