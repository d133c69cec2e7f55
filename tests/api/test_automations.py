"""Automations over the API: written, tried, switched, read; roles as on the pages."""

import pytest

from campaigns.models import Automation, WebhookCall, WebhookEndpoint
from campaigns.services.automations import webhooks
from common.clock import business_today
from crm.models import Task
from tests import make

ROOT = "/api/v1/automations/"
JSON = {"content_type": "application/json"}
BODY = {
    "name": "Call after an order",
    "trigger": {"kind": "order_placed", "over": "100"},
    "conditions": [{"kind": "clv", "bound": "least", "amount": "50"}],
    "actions": [{"kind": "task", "title": "Call {{ account }}", "days": 1}],
}


@pytest.fixture
def desk(client, marketer):
    client.force_login(marketer)
    return client


def test_written_changed_switched_and_removed(desk, marketer):
    made = desk.post(ROOT, BODY, **JSON)
    assert made.status_code == 201
    said = made.json()
    assert said["trigger"] == {"kind": "order_placed", "which": "", "over": "100.00"}
    assert said["actions"][0]["who"] == "owner"
    assert said["sentence"].startswith("When an order comes over at least 100.00, and")

    url = f"{ROOT}{said['id']}/"
    assert desk.patch(url, {"rest_days": 3}, **JSON).status_code == 428
    seen = {"If-Match": made["ETag"]}
    changed = desk.patch(url, {"rest_days": 3}, headers=seen, **JSON)
    assert (changed.json()["rest_days"], changed.json()["version_number"]) == (3, 2)

    on = desk.post(f"{url}switch/", {"what": "on"}, **JSON).json()
    assert (on["is_on"], on["acts_as"]) == (True, marketer.email)
    tag = desk.get(url)["ETag"]
    assert desk.delete(url, headers={"If-Match": tag}).status_code == 204
    assert desk.get(url).status_code == 404


def test_what_does_not_fit_is_told_by_place(desk):
    wrong = BODY | {
        "trigger": {"kind": "order_placed", "colour": "red"},
        "actions": [{"kind": "task", "title": "{{ nam }}", "days": 400}],
    }
    answer = desk.post(ROOT, wrong, **JSON)

    assert answer.status_code == 400
    assert {"trigger", "actions.0.title", "actions.0.days"} <= set(answer.json())
    assert not Automation.objects.exists()


def test_a_trial_changes_nothing(desk, rep):
    made = desk.post(ROOT, BODY, **JSON).json()
    account = make.account(name="Berg", owner=rep)
    make.valuation(account=account)
    make.order(account=account, on=business_today(), lines=[(10, "50.00", None)])

    said = desk.post(f"{ROOT}{made['id']}/try/", {"account": account.pk}, **JSON).json()

    assert said["fires"] is True
    assert said["conditions"][0]["holds"] is True
    assert said["actions"][0]["said"].startswith("Task “Call Berg” for Rita Rep")
    assert not Task.objects.exists()


def test_what_there_is_to_choose_from(desk):
    kinds = desk.get("/api/v1/automation-kinds/").json()

    assert {one["kind"] for one in kinds["actions"]} == {
        *("task", "touch", "plan", "email", "notify", "webhook")
    }
    assert "silent" in {one["kind"] for one in kinds["triggers"]}


def test_a_system_is_entered_and_a_message_sent_again(client, administrator):
    client.force_login(administrator)
    url = "/api/v1/webhook-endpoints/"
    bad = client.post(url, {"name": "In", "url": "https://10.0.0.1/"}, **JSON)
    assert bad.status_code == 400
    made = client.post(url, {"name": "Out", "url": "https://x.example.com/"}, **JSON)
    assert made.json()["secret"].startswith("whsec_")

    call = webhooks.plan_call(
        endpoint=WebhookEndpoint.objects.get(),
        account=make.account(),
        firing=None,
        payload={},
    )
    WebhookCall.objects.update(status="delivered")
    again = client.post(f"/api/v1/webhook-calls/{call.pk}/replay/", **JSON)
    assert again.json()["status"] == "planned"
