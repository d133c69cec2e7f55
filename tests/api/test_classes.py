"""Class rule, overrides, migration and portraits over the API."""

import datetime as dt

import pytest

from common.clock import business_today
from segments.models import ClassPolicy, Override
from tests import make

RULES = "/api/v1/class-rules/"
WHAT_IF = f"{RULES}what-if/"
OVERRIDES = "/api/v1/overrides/"
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def account(db, rep):
    make.class_policy()
    earlier = DAY - dt.timedelta(days=1)
    run, before = make.run(as_of=DAY), make.run(as_of=earlier, current=False)
    account = make.account(owner=rep, name="Key")
    for one in (before, run):
        make.valuation(
            account=account, run=one, margin_year="600", expected_margin="1500"
        )
    make.membership(account=account, worth_class="current_key", since=earlier, run=run)
    return account


def test_another_rule_is_tried_then_published(api, manager, account):
    based_on = ClassPolicy.objects.get().pk
    body = {"based_on": based_on, "realised_threshold": "700.00"}

    tried = api(manager).post(WHAT_IF, body)

    assert tried.status_code == 200, tried.content
    found = tried.json()
    assert (found["moved"], found["moved_clv"]) == (1, "1600.00")
    assert found["moves"][0]["becomes"] == "potential_key"
    assert ClassPolicy.objects.count() == 1

    made = api(manager).post(RULES, body | {"reason": "Fewer keys"})
    assert made.status_code == 201, made.content
    assert made.json()["author"] == manager.email
    late = api(manager).post(RULES, body | {"reason": "Late"})
    assert (late.status_code, late.json()["code"]) == (400, "policy_outdated")
    assert [row["id"] for row in api(manager).get(RULES).json()["results"]] == [
        made.json()["id"],
        based_on,
    ]


def test_a_number_that_is_not_possible_is_refused_at_its_field(api, manager, account):
    body = {"based_on": ClassPolicy.objects.get().pk, "cost_limit": "1.0000"}
    refused = api(manager).post(WHAT_IF, body)
    assert refused.status_code == 400
    assert "cost_limit" in str(refused.json())


def test_an_override_is_set_seen_and_ended(api, manager, rep, colleague, account):
    body = {
        "account": account.pk,
        "worth_class": "general",
        "reason": "Insolvent",
        "expires_on": business_today().isoformat(),
    }
    assert api(rep).post(OVERRIDES, body).status_code == 403
    made = api(manager).post(OVERRIDES, body)
    assert made.status_code == 201, made.content
    url = f"{OVERRIDES}{made.json()['id']}/"
    assert api(rep).get(url).json()["reason"] == "Insolvent"
    assert api(colleague).get(url).status_code == 404
    ended = api(manager).post(f"{url}end/", {"reason": "Paid"})
    assert (ended.status_code, ended.json()["ending"]) == (200, "Paid")
    assert not Override.objects.open().exists()
    again = api(manager).post(f"{url}end/", {})
    assert again.json()["code"] == "override_refused"


def test_migration_and_portraits_are_read(api, manager, rep, account):
    (found,) = api(rep).get("/api/v1/migrations/").json()
    assert found["cells"] == [
        {
            "was": "current_key",
            "becomes": "current_key",
            "accounts": 1,
            "clv_before": "1600.00",
            "clv_after": "1600.00",
        }
    ]
    early = api(rep).get("/api/v1/migrations/", {"since": "2020-01-01"})
    assert early.json() == []
    portraits = api(manager).get("/api/v1/class-portraits/").json()
    assert portraits[0]["facts"]["quartiles"] == ["1600.00"] * 3
    assert api(rep).get("/api/v1/class-portraits/").status_code == 403
