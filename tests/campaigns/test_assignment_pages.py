"""Plans of accounts in lists, on pages, in timelines and over the API."""

import datetime as dt
import json

import pytest
from django.urls import reverse

from campaigns.models import (
    PlanAssignment,
    RetentionPlan,
)
from campaigns.services.assignments import (
    follow_classes,
)
from common.clock import business_today
from crm.models import BulkEdit
from tests.campaigns.test_assignments import followed, move


def test_three_clicks_put_rows_of_a_list_on_a_plan_and_one_takes_them_off(
    client, ready, member, marketer
):
    accounts = [member() for _ in range(3)]
    follow_classes(as_of=business_today())
    usual = followed(accounts[0])
    plan = RetentionPlan.objects.get(worth_class="current_key")
    client.force_login(marketer)
    page = client.get(reverse("campaigns:account_list"))
    assert "Add to plan…" in page.content.decode()
    url = reverse("campaigns:list_bulk", args=["accounts"])
    chosen = [a.pk for a in accounts]

    asked = client.post(url, {"action": ["set_owner", "add_plan"], "chosen": chosen})
    text = asked.content.decode()
    assert asked.status_code == 200
    assert "3 accounts" in text
    assert all(a.name in text for a in accounts)
    done = client.post(
        url,
        {
            "action": "add_plan",
            "chosen": chosen,
            "count": 3,
            "plan": plan.pk,
            "reason": "Chosen from a list",
        },
        follow=True,
    )

    assert {followed(a) for a in accounts} == {plan.name}
    edit = BulkEdit.objects.get()
    undo = reverse("campaigns:bulk_undo", args=[edit.pk])
    assert undo in done.content.decode()
    client.post(undo)
    assert {followed(a) for a in accounts} == {usual}


def test_former_customers_are_refused_before_it_is_asked_whether_a_plan_pays(
    client, ready, member, marketer, monkeypatch
):
    """Nobody decides at the gate about what is refused afterwards."""
    accounts = [member(), member(stage="former")]
    follow_classes(as_of=business_today())
    usual = [followed(account) for account in accounts]
    plan = RetentionPlan.objects.get(worth_class="current_key")
    client.force_login(marketer)
    for module in ("bulk", "assignments"):
        monkeypatch.setattr(
            f"campaigns.views.{module}.weigh_plan", lambda **_: pytest.fail("weighed")
        )
    terms = {"plan": plan.pk, "reason": "Chosen from a list"}

    many = {"action": "add_plan", "chosen": [a.pk for a in accounts], "count": 2}
    url = reverse("campaigns:list_bulk", args=["accounts"])
    listed = client.post(url, many | terms, follow=True)
    url = reverse("campaigns:account_assignment", args=[accounts[1].pk])
    single = client.post(url, terms)

    assert single.status_code == 422
    for response in (listed, single):
        assert "1 of the accounts are no customers any more" in response.text
    assert [followed(account) for account in accounts] == usual


def test_page_of_one_account_puts_on_and_takes_off(
    client, ready, member, rep, colleague
):
    account, foreign = member(owner=rep), member(owner=colleague)
    plan = RetentionPlan.objects.get(worth_class="current_key")
    client.force_login(rep)
    url = reverse("campaigns:account_assignment", args=[account.pk])

    assert client.get(url).status_code == 200
    refused = client.post(url, {"plan": plan.pk, "reason": ""})
    assert (refused.status_code, followed(account)) == (422, None)
    client.post(url, {"plan": plan.pk, "reason": "A tender"})
    assert followed(account) == plan.name
    assert "A tender" in client.get(url).content.decode()
    off = reverse("campaigns:account_take_off", args=[account.pk])
    client.post(off, {"reason": "Over"})
    assert followed(account) != plan.name
    theirs = reverse("campaigns:account_assignment", args=[foreign.pk])
    assert client.get(theirs).status_code == 404


def test_timeline_says_when_and_why_the_plan_changed(client, ready, member, manager):
    account = member("general")
    today = business_today()
    follow_classes(as_of=today - dt.timedelta(1))
    move(account, "current_key", on=today)
    follow_classes(as_of=today)
    client.force_login(manager)

    url = reverse("crm:account_timeline", args=[account.pk])
    text = client.get(url).content.decode()

    assert "Class changed from General to Current key." in text
    new = PlanAssignment.objects.open().get(account=account)
    assert f"Plan: {new.plan.name}" in text.replace("&amp;", "&")


def test_api_assigns_once_takes_off_and_lists(client, ready, member, manager):
    account = member()
    plan = RetentionPlan.objects.get(worth_class="current_key")
    client.force_login(manager)
    url = reverse("api:plan-assignment-list")
    body = json.dumps({"accounts": [account.pk], "plan": plan.pk, "reason": "Tender"})
    head = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "once"}

    first = client.post(url, body, **head)
    second = client.post(url, body, **head)

    assert (first.status_code, first.json()["assigned"]) == (201, 1)
    assert second.json() == first.json()
    rows = client.get(url, {"account": account.pk, "is_open": "true"}).json()
    assert [row["plan"] for row in rows["results"]] == [plan.pk]
    off = client.post(
        reverse("api:plan-assignment-take-off"),
        json.dumps({"accounts": [account.pk], "reason": "Over"}),
        content_type="application/json",
    )
    assert (off.status_code, off.json()) == (200, {"accounts": 1})
