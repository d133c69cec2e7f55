"""Assumptions over the API: versions, previews, publishing."""

from decimal import Decimal

import pytest

from clv.models import Assumptions, AssumptionsPreview, ValuationRun
from clv.services import runs, valuing
from config import night
from crm.models import AuditEvent
from tests.clv.night import firm

URL = "/api/v1/assumptions/"
PREVIEWS = f"{URL}previews/"


@pytest.fixture
def valued(db, monkeypatch):
    monkeypatch.setattr(valuing, "INTERVAL_DRAWS", 10)
    firm.build(12, prospects=1)
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    assert night.execute(run.pk)
    return run


def test_versions_are_listed_newest_first(api, manager, marketer):
    answer = api(manager).post(
        URL,
        {"based_on": 1, "annual_rate": "0.1250", "reason": "Dearer", "run_now": False},
    )
    assert answer.status_code == 201, answer.content
    rows = api(marketer).get(URL).json()["results"]
    assert [row["annual_rate"] for row in rows] == ["0.1250", "0.1000"]
    assert (rows[0]["author"], rows[0]["reason"]) == (manager.email, "Dearer")
    assert rows[0]["cost_drivers"]["delivery"] == "order"
    one = api(marketer).get(f"{URL}{rows[1]['id']}/").json()
    assert one == rows[1]
    assert not ValuationRun.objects.exists()


def test_a_preview_is_asked_for_and_read(api, manager, administrator, valued):
    asked = api(manager).post(PREVIEWS, {"based_on": 1, "horizon_months": 12})
    assert asked.status_code == 202, asked.content
    assert (asked.json()["status"], asked.json()["result"]) == ("queued", None)
    assert asked.json()["annual_rate"] == "0.1000"
    assert night.execute(AssumptionsPreview.objects.get().run_id)
    (seen,) = api(manager).get(PREVIEWS).json()["results"]
    assert (seen["status"], seen["is_outdated"]) == ("previewed", False)
    assert seen["result"]["totals"]["accounts"] == 13
    assert api(administrator).get(PREVIEWS).json()["results"] == []
    assert Assumptions.objects.count() == 1


def test_publishing_twice_with_one_key_publishes_once(api, manager, valued):
    body = {"based_on": 1, "horizon_months": 12, "reason": "Shorter", "run_now": True}
    key = {"Idempotency-Key": "shorter-1"}
    first = api(manager).post(URL, body, headers=key)
    again = api(manager).post(URL, body, headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    assert Assumptions.objects.count() == 2
    assert ValuationRun.objects.open().get().assumptions_id == first.json()["id"]
    assert AuditEvent.objects.filter(action="assumptions.published").count() == 1


def test_whoever_is_second_is_refused_and_nothing_changes(api, manager, administrator):
    body = {"based_on": 1, "annual_rate": "0.05", "reason": "Cheaper"}
    assert api(manager).post(URL, body).status_code == 201
    late = api(administrator).post(URL, body | {"annual_rate": "0.06"})
    assert (late.status_code, late.json()["code"]) == (400, "assumptions_outdated")
    assert Assumptions.objects.count() == 2
    assert Assumptions.objects.current().annual_rate == Decimal("0.0500")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"annual_rate": "1.01"}, "annual_rate"),
        ({"annual_rate": "NaN"}, "annual_rate"),
        ({"horizon_months": 121}, "horizon_months"),
        ({"horizon_months": True}, "horizon_months"),
        ({"prior_orders_per_year": "-1"}, "prior_orders_per_year"),
        ({"prior_share_leaving": "0.99"}, "prior_share_leaving"),
        (
            {"prior_orders_per_year": "0.5", "prior_share_leaving": "0.6"},
            "prior_share_leaving",
        ),
        ({"prior_strength": 7}, "prior_strength"),
        ({"cost_drivers": {"delivery": "moon"}}, "cost_drivers"),
        ({"cost_drivers": {"moon": "year"}}, "cost_drivers"),
        ({"cost_drivers": [1]}, "cost_drivers"),
        ({"horizon_months": 12, "reason": " "}, "reason"),
        ({"rate": "0.1"}, "rate"),
        ({"horizon_months": 12, "based_on": None}, "based_on"),
    ],
)
def test_what_cannot_be_assumed_is_refused_under_its_field(api, manager, body, field):
    answer = api(manager).post(URL, {"based_on": 1, "reason": "Why"} | body)
    assert answer.status_code == 400
    assert field in answer.json()
    assert Assumptions.objects.count() == 1


def test_nothing_new_and_nothing_to_value_are_said(api, manager):
    answer = api(manager).post(URL, {"based_on": 1, "reason": "Why"})
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_to_publish")
    answer = api(manager).post(PREVIEWS, {"based_on": 1, "horizon_months": 12})
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_to_value")


def test_one_kind_of_cost_is_changed_alone(api, manager):
    answer = api(manager).post(
        URL,
        {"based_on": 1, "cost_drivers": {"service": "order"}, "reason": "By the job"},
    )
    drivers = answer.json()["cost_drivers"]
    assert (drivers["service"], drivers["marketing"]) == ("order", "year")
