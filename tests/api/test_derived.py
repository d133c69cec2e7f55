"""Values, classes, memberships, runs and plans over the API."""

import datetime as dt
from decimal import Decimal

import pytest

from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from clv.models import ValuationRun
from segments.models import ClassTotal
from tests import make

ROOT = "/api/v1/"


def accounts(answer):
    assert answer.status_code == 200, answer.content
    return [row["account"] for row in answer.json()["results"]]


@pytest.fixture
def nights(own, foreign):
    """Two nights: both accounts were valued, 10 higher in the second."""
    made = []
    for day, realised in ((10, "100.00"), (20, "110.00")):
        run = make.run(as_of=dt.date(2026, 11, day))
        make.valuation(run=run, account=own, realised=realised)
        make.valuation(run=run, account=foreign, realised=realised)
        made.append(run)
    return made


def test_before_the_first_night_there_are_no_values(api, manager):
    for query in ("", "?as_of=2026-11-20"):
        answer = api(manager).get(f"{ROOT}valuations/{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_values_yet")


def test_values_are_of_the_current_run(api, rep, manager, nights, own, foreign):
    answer = api(manager).get(f"{ROOT}valuations/")
    assert accounts(answer) == [own.pk, foreign.pk]
    row = answer.json()["results"][0]
    assert (row["run"], row["as_of"]) == (nights[1].pk, "2026-11-20")
    assert (row["clv"], row["realised_profit"]) == ("1010.00", "110.00")
    assert accounts(api(rep).get(f"{ROOT}valuations/")) == [own.pk]


@pytest.mark.parametrize(
    ("day", "clv"),
    [("2026-11-10", "1000.00"), ("2026-11-19", "1000.00"), ("2027-01-01", "1010.00")],
)
def test_values_of_a_past_day_are_those_of_the_newest_run_by_then(
    api, manager, nights, own, day, clv
):
    answer = api(manager).get(f"{ROOT}valuations/?account={own.pk}&as_of={day}")
    assert [row["clv"] for row in answer.json()["results"]] == [clv]


def test_values_refuse_what_they_do_not_know(api, rep, manager, nights, foreign):
    client = api(manager)
    early = client.get(f"{ROOT}valuations/?as_of=2026-11-09")
    assert (early.status_code, early.json()["code"]) == (404, "no_values_yet")
    for query in ("as_of=yesterday", "as_of=2026-13-01", "run=1", "account=x"):
        answer = client.get(f"{ROOT}valuations/?{query}")
        assert list(answer.json()) == [query.partition("=")[0]]
    assert accounts(api(rep).get(f"{ROOT}valuations/?account={foreign.pk}")) == []


def test_values_are_paged_by_account(api, manager, nights, own, foreign):
    client = api(manager)
    page = client.get(f"{ROOT}valuations/?page_size=1").json()
    assert [row["account"] for row in page["results"]] == [own.pk]
    assert accounts(client.get(page["next"])) == [foreign.pk]


def test_values_ask_no_more_for_more_rows(api, manager, nights, assert_flat_queries):
    def add_rows():
        for _ in range(3):
            make.valuation(run=nights[1], account=make.account())

    client = api(manager)
    assert_flat_queries(lambda: client.get(f"{ROOT}valuations/"), add_rows)


def test_four_classes_with_the_nights_totals(api, manager, nights):
    zero = dict.fromkeys(
        ["future_value", "customer_equity", "realised_profit", "cost_year"], 0
    )
    ClassTotal.objects.create(
        run=nights[1],
        worth_class="general",
        accounts=2,
        customers=2,
        clv=Decimal("2020.00"),
        margin_year=Decimal("220.00"),
        came=0,
        left=0,
        **zero,
    )
    rows = api(manager).get(f"{ROOT}classes/").json()
    assert [(r["key"], r["rank"], r["clv"]) for r in rows] == [
        ("current_key", 1, "0.00"),
        ("potential_key", 2, "0.00"),
        ("general", 3, "2020.00"),
        ("never_profitable", 4, "0.00"),
    ]
    assert {r["as_of"] for r in rows} == {"2026-11-20"}


def test_a_reps_classes_sum_their_own_accounts(api, rep, nights, own, foreign):
    make.membership(account=own, worth_class="current_key")
    make.membership(account=foreign, worth_class="current_key")
    rows = api(rep).get(f"{ROOT}classes/").json()
    assert [(r["accounts"], r["clv"]) for r in rows] == [
        (1, "1010.00"),
        (0, "0.00"),
        (0, "0.00"),
        (0, "0.00"),
    ]


def test_four_classes_stand_before_the_first_night(api, rep):
    rows = api(rep).get(f"{ROOT}classes/").json()
    assert [(r["run"], r["as_of"], r["accounts"]) for r in rows] == [
        (None, None, 0)
    ] * 4


def test_memberships_of_today_and_of_a_past_day(api, rep, manager, own, foreign):
    day = dt.date(2026, 5, 1)
    make.membership(account=own, worth_class="general", until=day)
    make.membership(account=own, worth_class="current_key", since=day)
    make.membership(account=foreign)

    def classes(user, query=""):
        rows = api(user).get(f"{ROOT}memberships/{query}").json()["results"]
        return [(row["account"], row["worth_class"]) for row in rows]

    assert classes(rep) == [(own.pk, "current_key")]
    assert classes(rep, "?as_of=2026-04-30") == [(own.pk, "general")]
    assert classes(rep, "?as_of=2025-12-31") == []
    assert classes(rep, f"?account={foreign.pk}") == []
    assert classes(manager) == [(foreign.pk, "general"), (own.pk, "current_key")]


def test_asking_for_a_run_is_accepted_and_queued_once(api, manager):
    client = api(manager)
    answer = client.post(f"{ROOT}runs/", {"as_of": "2026-11-20"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer.json()["requested_by"] == manager.email
    again = client.post(f"{ROOT}runs/", {"as_of": "2026-11-20"})
    assert again.json()["id"] == answer.json()["id"]
    assert ValuationRun.objects.count() == 1
    shown = client.get(f"{ROOT}runs/{answer.json()['id']}/")
    assert shown.json() == answer.json()


def test_runs_without_a_body_are_of_today(api, manager):
    assert api(manager).post(f"{ROOT}runs/").status_code == 202


@pytest.mark.parametrize(
    "body", [{"as_of": "2999-01-01"}, {"as_of": "x"}, {"kind": "rerun"}, {"status": 1}]
)
def test_impossible_runs_are_refused(api, manager, body):
    answer = api(manager).post(f"{ROOT}runs/", body)
    assert (answer.status_code, list(answer.json())[-1]) == (400, next(iter(body)))
    assert ValuationRun.objects.exists() is False


def test_who_may_see_and_start_runs(api, rep, marketer):
    assert api(rep).get(f"{ROOT}runs/").status_code == 403
    assert api(marketer).get(f"{ROOT}runs/").status_code == 200
    for user in (rep, marketer):
        assert api(user).post(f"{ROOT}runs/").status_code == 403
    assert ValuationRun.objects.exists() is False


def test_plans_come_with_versions_touches_and_cost(api, rep):
    RetentionPlan.objects.all().delete()
    plan = RetentionPlan.objects.create(worth_class="general", name="Care")
    version = PlanVersion.objects.create(plan=plan, number=1)
    TouchTemplate.objects.create(
        version=version,
        title="Magazine",
        channel="post",
        cadence="quarter",
        unit_cost=Decimal("3.50"),
        owner_role="marketer",
        head="marketing",
    )
    (shown,) = api(rep).get(f"{ROOT}plans/").json()["results"]
    (stored,) = shown["versions"]
    assert (stored["number"], stored["cost_per_customer_year"]) == (1, "14.00")
    assert stored["is_cost_complete"] is True
    assert stored["touches"][0]["cost_per_year"] == "14.00"

    TouchTemplate.objects.update(unit_cost=None)
    (stored,) = api(rep).get(f"{ROOT}plans/{plan.pk}/").json()["versions"]
    assert stored["is_cost_complete"] is False
    assert stored["touches"][0]["cost_per_year"] is None


@pytest.mark.parametrize("name", ["valuations", "classes", "memberships"])
def test_what_is_derived_is_not_written(api, administrator, name):
    assert api(administrator).post(f"{ROOT}{name}/", {}).status_code == 405
