"""The demo firm's campaigns: one is over, one runs, and who is spared gets nothing."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns.models import Campaign, PlannedTouch
from campaigns.queries import campaign_results
from campaigns.services import demo_firm
from crm.models import LedgerEntry
from tests import make
from tests.demo.conftest import AS_OF

pytestmark = pytest.mark.django_db


def test_one_is_over_and_one_runs_with_a_fifth_spared(firm):
    over, runs = Campaign.objects.order_by("starts_on")
    assert (over.status, runs.status) == ("ended", "running")
    assert over.ends_on < AS_OF <= runs.ends_on
    for one in (over, runs):
        audience = one.enrolments.count()
        spared = one.enrolments.controls().count()
        assert audience >= 20
        assert abs(spared - audience / 5) <= 1
        touched = PlannedTouch.objects.filter(template__campaign=one)
        reached = set(touched.values_list("account_id", flat=True))
        treated = set(one.enrolments.treated().values_list("account_id", flat=True))
        assert reached == treated


def test_its_audience_was_chosen_the_day_before_it_started(firm):
    for one in Campaign.objects.all():
        moments = (
            one.enrolments.values_list("added_at", flat=True).distinct().order_by()
        )
        days = [timezone.localdate(moment) for moment in moments]
        assert days == [one.starts_on - dt.timedelta(days=1)]


def test_what_was_done_is_paid_and_what_comes_is_due(firm):
    over, runs = Campaign.objects.order_by("starts_on")
    treated = over.enrolments.treated().count()
    assert campaign_results.cost_of(over) == treated * over.touches.get().unit_cost
    mails = PlannedTouch.objects.filter(template__campaign=runs, status="due")
    assert mails.count() == runs.enrolments.treated().count()
    assert {touch.due_on >= AS_OF for touch in mails} == {True}
    posted = LedgerEntry.objects.filter(note__startswith="Campaign “")
    assert not posted.filter(incurred_on__gt=AS_OF).exists()


def test_once_the_past_is_valued_the_change_of_clv_since_the_start_is_told(firm):
    over, runs = Campaign.objects.order_by("starts_on")
    account = runs.enrolments.treated().order_by("pk")[0].account
    before = make.run(as_of=runs.starts_on - dt.timedelta(days=2), current=False)
    after = make.run(as_of=runs.starts_on + dt.timedelta(days=5))
    for run, realised in ((before, "100.00"), (after, "900.00")):
        make.valuation(
            account=account, run=run, realised=realised, expected_margin="300.00"
        )
    make.membership(account=account, worth_class="general", since=before.as_of)

    demo_firm.tell_worth_at_start()

    told = runs.enrolments.get(account=account)
    assert (told.clv, told.expected_margin) == (Decimal("400.00"), Decimal("300.00"))
    assert told.worth_class == "general"
    assert runs.enrolments.exclude(clv=None).count() == 1
    assert not over.enrolments.exclude(clv=None).exists()  # no night came before it


def test_the_one_for_prospects_has_won_some(firm):
    over = Campaign.objects.get(kind="win")
    won = campaign_results.won_by([over.pk])
    assert won
    until = over.ends_on + dt.timedelta(days=90)
    for _, account in won:
        enrolment = over.enrolments.select_related("account").get(account=account)
        assert over.starts_on <= enrolment.account.acquired_on <= until
