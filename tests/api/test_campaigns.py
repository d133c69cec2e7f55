"""Campaigns over the API: what the pages do, with the same roles."""

from decimal import Decimal

import pytest

from campaigns import policy
from campaigns.models import Campaign, Enrolment, PlannedTouch
from campaigns.services import asked_starts
from common.clock import business_today
from tests import make

ROOT = "/api/v1/campaigns/"
TOUCHES = "/api/v1/campaign-touches/"
ENROL = "/api/v1/campaign-enrolments/"
LETTER = {
    "title": "Letter",
    "channel": "post",
    "unit_cost": "1.30",
    "owner_role": "marketer",
    "head": "marketing",
}


@pytest.fixture
def body():
    today = business_today().isoformat()
    return {
        "name": "Spring",
        "kind": "grow",
        "starts_on": today,
        "ends_on": today,
        "holdout_percent": 0,
    }


def test_a_campaign_is_made_filled_started_and_ended(api, marketer, rep, body):
    account = make.account()
    make.valuation(account=account, expected_margin="9000.00")
    made = api(marketer).post(ROOT, body)
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    key = made.json()["id"]
    one = f"{ROOT}{key}/"

    touch = api(marketer).post(TOUCHES, {"campaign": key, **LETTER})
    assert (touch.status_code, touch.json()["offset_days"]) == (201, 0)
    enrolled = api(marketer).post(ENROL, {"campaign": key, "accounts": [account.pk]})
    assert enrolled.json() == {"added": [account.pk], "already": 0, "refused": []}
    gate = api(marketer).get(f"{one}gate/").json()
    assert (gate["accounts"], gate["below"], gate["cost"]) == (1, 0, "1.30")

    started = api(marketer).post(f"{one}start/", {})
    assert (started.status_code, started.json()["status"]) == (200, "running")
    assert PlannedTouch.objects.get(template__campaign=key).account == account
    told = api(marketer).get(f"{one}results/").json()
    assert (told["treated"], told["controls"], told["clv"]) == (1, 0, None)
    assert told["sentence"].startswith("Nobody was spared")

    ended = api(marketer).post(f"{one}end/", {})
    assert ended.json()["status"] == "ended"
    assert api(marketer).post(f"{one}end/", {}).status_code == 400


def test_the_start_of_a_large_audience_is_accepted_and_told(
    api, marketer, body, monkeypatch
):
    monkeypatch.setattr(policy, "MOST_STARTED_AT_ONCE", 0)
    account = make.account()
    make.valuation(account=account, expected_margin="9000.00")
    key = api(marketer).post(ROOT, body).json()["id"]
    api(marketer).post(TOUCHES, {"campaign": key, **LETTER})
    api(marketer).post(ENROL, {"campaign": key, "accounts": [account.pk]})
    one, named = f"{ROOT}{key}/", {"Idempotency-Key": "start-1"}

    asked = api(marketer).post(f"{one}start/", {}, headers=named)
    assert (asked.status_code, asked.json()["status"]) == (202, "starting")
    again = api(marketer).post(f"{one}start/", {}, headers=named)
    assert (again.status_code, again.json()) == (202, asked.json())
    assert api(marketer).post(f"{one}start/", {}).status_code == 400
    renamed = api(marketer).patch(
        one, {"name": "Other"}, headers={"If-Match": asked["ETag"]}
    )
    assert renamed.status_code == 400
    assert not PlannedTouch.objects.exists()

    asked_starts.start_asked()
    told = api(marketer).get(one).json()
    assert (told["status"], told["start_failure"]) == ("running", "")
    assert PlannedTouch.objects.get(template__campaign=key).account == account


def test_a_start_that_a_worker_refused_says_why(api, marketer, body, monkeypatch):
    monkeypatch.setattr(policy, "MOST_STARTED_AT_ONCE", 0)
    account = make.account()
    make.valuation(account=account, expected_margin="9000.00")
    key = api(marketer).post(ROOT, {**body, "budget": "1.00"}).json()["id"]
    api(marketer).post(TOUCHES, {"campaign": key, **LETTER})
    api(marketer).post(ENROL, {"campaign": key, "accounts": [account.pk]})
    api(marketer).post(f"{ROOT}{key}/start/", {})

    asked_starts.start_asked()

    told = api(marketer).get(f"{ROOT}{key}/").json()
    assert told["status"] == "draft"
    assert told["start_failure"].startswith("It will cost about 1.30")
    assert not PlannedTouch.objects.exists()


def test_a_start_is_called_off_before_a_worker_takes_it(
    api, marketer, body, monkeypatch
):
    monkeypatch.setattr(policy, "MOST_STARTED_AT_ONCE", 0)
    account = make.account()
    make.valuation(account=account, expected_margin="9000.00")
    key = api(marketer).post(ROOT, body).json()["id"]
    api(marketer).post(TOUCHES, {"campaign": key, **LETTER})
    api(marketer).post(ENROL, {"campaign": key, "accounts": [account.pk]})
    one = f"{ROOT}{key}/"

    refused = api(marketer).post(f"{one}call-off/", {})
    assert refused.status_code == 400
    assert refused.json()["detail"] == "Nobody has asked for its start."
    api(marketer).post(f"{one}start/", {})
    called_off = api(marketer).post(f"{one}call-off/", {})
    assert (called_off.status_code, called_off.json()["status"]) == (200, "draft")

    assert asked_starts.start_asked() == 0
    assert api(marketer).get(one).json()["status"] == "draft"
    assert not PlannedTouch.objects.exists()


def test_a_change_needs_the_state_that_was_read(api, marketer):
    one = f"{ROOT}{make.campaign(owner=marketer).pk}/"
    head = {"If-Match": api(marketer).get(one)["ETag"]}
    change = {"goal": "More orders"}
    assert api(marketer).patch(one, change).status_code == 428
    changed = api(marketer).patch(one, change, headers=head)
    assert changed.json()["goal"] == "More orders"
    other = api(marketer).patch(one, {"goal": "Other"}, headers=head)
    assert other.status_code == 412
    assert Campaign.objects.get().goal == "More orders"


def test_a_touch_is_changed_and_removed_with_its_campaigns_state(api, marketer):
    touch = make.campaign_touch(campaign=make.campaign(owner=marketer))
    one = f"{TOUCHES}{touch.pk}/"
    head = {"If-Match": api(marketer).get(one)["ETag"]}
    changed = api(marketer).patch(one, {"offset_days": 5}, headers=head)
    assert changed.json()["offset_days"] == 5
    stale = api(marketer).patch(one, {"offset_days": 6}, headers=head)
    assert stale.status_code == 412
    assert api(marketer).delete(one).status_code == 204
    assert not touch.campaign.touches.exists()


def test_below_the_line_it_has_to_be_decided(api, marketer, body):
    account = make.account()
    make.valuation(account=account, expected_margin_year=Decimal(1))
    draft = make.campaign(owner=marketer)
    make.campaign_touch(campaign=draft)
    make.enrolment(campaign=draft, account=account)
    make.enrolment(campaign=draft)
    start = f"{ROOT}{draft.pk}/start/"
    asked = api(marketer).post(start, {})
    assert (asked.status_code, asked.json()["below"]) == (409, [account.pk])
    draft.refresh_from_db()
    assert draft.status == "draft"
    done = api(marketer).post(start, {"gate": {"choice": "drop", "below": 1}})
    assert done.json()["status"] == "running"
    assert draft.enrolments.get(account=account).left_out == "gate"


def test_a_rep_adds_own_accounts_and_runs_nothing(api, rep, colleague, marketer, body):
    draft = make.campaign(owner=marketer)
    own, other = make.account(owner=rep), make.account(owner=colleague)
    assert api(rep).post(ROOT, body).status_code == 403
    for act in ("start", "end", "cancel"):
        assert api(rep).post(f"{ROOT}{draft.pk}/{act}/", {}).status_code == 403
    assert api(rep).get(f"{ROOT}{draft.pk}/results/").status_code == 403
    foreign = {"campaign": draft.pk, "accounts": [own.pk, other.pk]}
    assert api(rep).post(ENROL, foreign).status_code == 400
    assert not Enrolment.objects.exists()
    mine = {"campaign": draft.pk, "accounts": [own.pk]}
    assert api(rep).post(ENROL, mine).json()["added"] == [own.pk]
    make.enrolment(campaign=draft, account=other)
    listed = api(rep).get(ENROL).json()["results"]
    assert [row["account"] for row in listed] == [own.pk]
    assert api(rep).post(f"{ENROL}withdraw/", mine).json() == {"accounts": 1}


def test_a_rep_does_not_find_what_touches_only_a_colleague(api, rep, colleague):
    running = make.begun(make.campaign())
    make.enrolment(campaign=running, account=make.account(owner=colleague))
    touch = make.campaign_touch(campaign=running)
    assert api(rep).get(f"{ROOT}{running.pk}/").status_code == 404
    assert api(rep).get(f"{TOUCHES}{touch.pk}/").status_code == 404
    make.enrolment(campaign=running, account=make.account(owner=rep))
    assert api(rep).get(f"{ROOT}{running.pk}/").status_code == 200


def test_the_touches_of_plans_and_of_campaigns_are_listed_apart(api, marketer):
    touch = make.campaign_touch(campaign=make.campaign(owner=marketer))
    assert api(marketer).get(f"/api/v1/plan-touches/{touch.pk}/").status_code == 404
    listed = api(marketer).get(TOUCHES).json()["results"]
    assert [row["id"] for row in listed] == [touch.pk]
