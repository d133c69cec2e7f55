"""Starts of large campaigns: asked for on a page or by a program, done by a worker."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns import policy
from campaigns.errors import CampaignStateError, CannotEnrolError
from campaigns.models import Campaign, Enrolment, GateDecision, PlannedTouch
from campaigns.services import asked_starts, campaigns, enrolling, standings, starting
from clv.models import Valuation
from config import schedule
from crm.models import AuditEvent, Notification
from tests import make
from tests.campaigns.campaign_steps import fresh, touch, url


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(policy, "MOST_STARTED_AT_ONCE", 3)


@pytest.fixture
def draft(ready, marketer):
    """A draft with a letter for four accounts that it pays for."""
    draft = make.campaign(owner=marketer, name="Spring", holdout_percent=0)
    run = make.run()
    for number in range(4):
        account = make.account(owner=make.user("rep"), name=f"Pays {number}")
        make.valuation(run=run, account=account, expected_margin_year="9000.00")
        make.enrolment(campaign=draft, account=account)
    touch(draft, marketer)
    return fresh(draft)


@pytest.fixture
def poor(draft):
    """One of its accounts for whom the letter does not pay."""
    key = draft.enrolments.values_list("account_id", flat=True)[0]
    Valuation.objects.filter(account=key).update(expected_margin_year=1)
    return key


@pytest.fixture
def asked(draft, marketer):
    return asked_starts.ask_start(actor=marketer, campaign=draft)


def planned(campaign):
    return PlannedTouch.objects.filter(template__campaign=campaign).count()


def started(campaign):
    return AuditEvent.objects.filter(action="campaign.started").count()


def nothing_happened(campaign, status):
    assert (fresh(campaign).status, planned(campaign)) == (status, 0)
    assert fresh(campaign).started_at is None
    assert not GateDecision.objects.exists()
    assert not campaign.enrolments.exclude(left_out="", clv=None).exists()
    assert started(campaign) == 0


def test_a_large_one_is_started_by_a_worker_and_the_page_comes_back(
    client, marketer, draft
):
    client.force_login(marketer)
    page = url("campaign_detail", draft.pk)
    box = f"{url('campaign_cost', draft.pk)}?starting=1"

    answer = client.post(
        url("campaign_start", draft.pk), {"seen": draft.version}, follow=True
    )

    assert answer.redirect_chain == [(page, 302)]
    nothing_happened(draft, "starting")
    assert "Being started" in answer.text
    assert f'hx-get="{box}" hx-trigger="every 2s"' in answer.text
    assert 'hx-trigger="every 2s"' in client.get(box).text
    assert "Start…" not in answer.text
    assert asked_starts.start_asked() == 1
    assert (fresh(draft).status, planned(draft)) == ("running", 4)
    assert client.get(box).headers["HX-Redirect"] == page
    assert "0 of 4 touches done" in client.get(page).text
    told = Notification.objects.get(user=marketer)
    assert (told.text, told.url) == ("“Spring” is running for 4 accounts.", page)
    assert AuditEvent.objects.get(action="campaign.started").actor == marketer
    assert asked_starts.start_asked() == 0


def test_a_small_one_starts_at_once(client, marketer, draft):
    draft.enrolments.first().delete()
    client.force_login(marketer)
    answer = client.post(url("campaign_start", draft.pk), follow=True)
    assert "is running: 3 accounts will hear of it" in answer.text
    assert (fresh(draft).status, planned(draft)) == ("running", 3)
    assert not Notification.objects.exists()


def test_a_second_click_asks_for_nothing_more(client, marketer, asked):
    client.force_login(marketer)
    again = client.post(url("campaign_start", asked.pk), follow=True)
    assert "Being started" in again.text
    assert "Only a draft" not in again.text
    assert fresh(asked).version == asked.version
    with pytest.raises(CampaignStateError):
        asked_starts.ask_start(actor=marketer, campaign=asked)
    assert AuditEvent.objects.filter(action="campaign.start_asked").count() == 1
    asked_starts.start_asked()
    assert (planned(asked), started(asked)) == (4, 1)


def test_what_was_said_at_the_gate_holds_for_the_worker(client, marketer, draft, poor):
    client.force_login(marketer)
    start = url("campaign_start", draft.pk)
    question = client.post(start)
    assert "Should we?" in question.text
    nothing_happened(draft, "draft")
    client.post(start, {"gate_choice": "drop", "gate_below": 1})
    nothing_happened(draft, "starting")
    asked_starts.start_asked()
    assert (fresh(draft).status, planned(draft)) == ("running", 3)
    assert draft.enrolments.get(left_out="gate").account_id == poor
    assert GateDecision.objects.get().actor == marketer


def test_what_changed_since_is_asked_about_again(client, marketer, asked, poor):
    assert asked_starts.start_asked() == 1
    nothing_happened(asked, "draft")
    client.force_login(marketer)
    polled = client.get(url("campaign_cost", asked.pk), {"starting": 1})
    assert polled.headers["HX-Redirect"] == url("campaign_detail", asked.pk)
    page = client.get(url("campaign_detail", asked.pk)).text
    assert "It was not started" in page
    assert fresh(asked).start_failure in page
    told = Notification.objects.get(user=marketer).text
    assert told.startswith("“Spring” was not started. ")
    failed = AuditEvent.objects.get(action="campaign.start_failed")
    assert failed.detail["because"] == fresh(asked).start_failure
    client.post(
        url("campaign_start", asked.pk), {"gate_choice": "drop", "gate_below": 1}
    )
    assert fresh(asked).start_failure == ""
    asked_starts.start_asked()
    assert fresh(asked).status == "running"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budget": Decimal("1.00")}, "its budget is"),
        ({"starts_on": dt.date(2020, 1, 1)}, "first day is past"),
    ],
)
def test_a_refusal_leaves_a_draft_and_its_reason(marketer, asked, changes, said):
    Campaign.objects.filter(pk=asked.pk).update(**changes)
    assert asked_starts.start_asked() == 1
    nothing_happened(asked, "draft")
    assert said in fresh(asked).start_failure


def test_what_is_refused_at_once_is_not_asked_for(client, marketer, draft):
    draft.touches.update(unit_cost=None)
    client.force_login(marketer)
    answer = client.post(url("campaign_start", draft.pk), follow=True)
    assert "is not known" in answer.text
    nothing_happened(draft, "draft")
    draft.touches.update(unit_cost=1)
    client.post(url("campaign_start", draft.pk), {"seen": "1"})
    nothing_happened(draft, "draft")


def test_while_it_is_started_nobody_changes_it(marketer, asked):
    account = make.account()
    touches = asked.touches.get()
    for act in (
        lambda: campaigns.change_campaign(actor=marketer, campaign=asked, name="Other"),
        lambda: touch(asked, marketer, title="One more"),
        lambda: campaigns.remove_touch(actor=marketer, campaign=asked, touch=touches),
        lambda: campaigns.cancel_campaign(actor=marketer, campaign=asked),
        lambda: campaigns.end_campaign(actor=marketer, campaign=asked),
        lambda: starting.start_campaign(actor=marketer, campaign=asked),
        lambda: enrolling.enrol(
            actor=marketer, campaign=asked, account_ids=[account.pk]
        ),
    ):
        with pytest.raises((CampaignStateError, CannotEnrolError)):
            act()
    nothing_happened(asked, "starting")
    assert (fresh(asked).name, asked.enrolments.count()) == ("Spring", 4)


def test_it_is_called_off_before_a_worker_takes_it(client, marketer, rep, asked):
    client.force_login(rep)
    assert client.post(url("campaign_end", asked.pk)).status_code == 403
    client.force_login(marketer)
    answer = client.post(url("campaign_end", asked.pk), follow=True)
    assert "is a draft again" in answer.text
    nothing_happened(asked, "draft")
    assert asked_starts.start_asked() == 0
    assert AuditEvent.objects.filter(action="campaign.start_called_off").count() == 1
    with pytest.raises(CampaignStateError):
        asked_starts.call_off_start(actor=marketer, campaign=asked)


def test_of_a_worker_that_dies_nothing_is_left_and_the_next_one_starts_it(
    asked, monkeypatch
):
    def die(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(standings, "refresh_next_touches", die)
        with pytest.raises(SystemExit):
            asked_starts.start_asked()
    nothing_happened(asked, "starting")
    assert asked_starts.start_asked() == 1
    assert (fresh(asked).status, planned(asked), started(asked)) == ("running", 4, 1)


def test_what_goes_wrong_is_said_and_the_others_are_started(
    marketer, asked, monkeypatch
):
    other = make.campaign(owner=marketer, name="Autumn", holdout_percent=0)
    for key in asked.enrolments.values_list("account_id", flat=True):
        make.enrolment(campaign=other, account_id=key)
    touch(other, marketer)
    asked_starts.ask_start(actor=marketer, campaign=fresh(other))
    whole = starting.check_ready

    def fail(campaign, touches):
        if campaign.pk == asked.pk:
            raise ZeroDivisionError
        return whole(campaign, touches)

    monkeypatch.setattr(starting, "check_ready", fail)
    assert asked_starts.start_asked() == 2
    nothing = fresh(asked)
    assert (nothing.status, nothing.start_failure) == ("draft", asked_starts.FAILED)
    assert planned(asked) == 0
    assert fresh(other).status == "running"


def test_nobody_waits_for_a_worker_for_ever(asked):
    late = timezone.now() - policy.LONGEST_START - dt.timedelta(minutes=1)
    Campaign.objects.filter(pk=asked.pk).update(start_asked_at=late)
    assert asked_starts.start_asked() == 1
    nothing_happened(asked, "draft")
    assert fresh(asked).start_failure == asked_starts.NO_WORKER


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_start_the_same(draft, marketer, monkeypatch):
    asked_starts.ask_start(actor=marketer, campaign=draft)
    at_work, go_on, done = threading.Event(), threading.Event(), []
    whole = starting.check_ready

    def wait(campaign, touches):
        at_work.set()
        assert go_on.wait(20)
        return whole(campaign, touches)

    def work():
        done.append(asked_starts.start_asked())
        connection.close()

    with monkeypatch.context() as patch:
        patch.setattr(starting, "check_ready", wait)
        first = threading.Thread(target=work)
        first.start()
        assert at_work.wait(20)
        assert asked_starts.start_asked() == 0
        with pytest.raises(CampaignStateError), transaction.atomic():
            asked_starts.call_off_start(actor=marketer, campaign=draft)
        go_on.set()
        first.join(20)
    assert done == [1]
    assert (fresh(draft).status, planned(draft), started(draft)) == ("running", 4, 1)
    assert Enrolment.objects.treated().filter(campaign=draft).count() == 4
    assert asked_starts.start_asked() == 0


def test_the_worker_is_told_every_few_seconds(asked):
    entry = schedule.BEAT["start-campaigns"]
    assert entry["task"] == schedule.start_asked.name
    assert entry["schedule"] <= 5
    schedule.start_asked()
    schedule.start_asked()
    assert (fresh(asked).status, started(asked)) == ("running", 1)
