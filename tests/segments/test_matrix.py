"""The value matrix and targeting: planted customers land where they belong."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.queries.lists.accounts import AccountList
from clv.engine.cohorts import mean_interval
from clv.engine.matrix import matrix_of
from clv.models import Valuation
from segments.models import ValueMatrix
from segments.queries.matrix import matrix_in
from segments.queries.scope import Scope
from segments.queries.targeting import health_in
from segments.services.matrix import write_matrix
from tests import make

URL = reverse("segments:matrix")
SIMILAR = reverse("segments:similar")
TARGETING = reverse("segments:targeting")


def customer(run, name, revenue, clv, **fields):
    known = {"cost_service": Decimal("10.00")} | {
        name: fields.pop(name) for name in list(fields) if name.startswith("cost_")
    }
    return make.valuation(
        account=make.account(name=name, **fields),
        run=run,
        revenue=Decimal(revenue),
        realised=str(clv),
        expected_margin="0.00",
        **known,
    ).account


@pytest.fixture
def run(db):
    """Ten customers: 30 % of them are high by either measure."""
    made = make.run()
    for number in range(6):
        customer(made, f"Plain {number}", 1000 + number, 100 + number)
    customer(made, "Star", 9000, 5000)
    customer(made, "Second star", 8500, 4000, industry="Harbour", size_band="10-49")
    customer(
        made,
        "Dear darling",
        8000,
        -500,
        cost_account_management=Decimal(7000),
    )
    gem = {"industry": "Harbour", "size_band": "50-249", "country": "DE"}
    customer(made, "Quiet gem", 1200, 3000, **gem)
    return made


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def names(corner):
    return [one.account.name for one in corner.movers]


def corners_of(shown):
    return {one.kind.key: one for one in shown.corners}


def test_planted_customers_land_in_the_right_corner(run, manager):
    corners = corners_of(matrix_in(Scope.read({}, manager)))
    assert names(corners["gems"]) == ["Quiet gem"]
    assert names(corners["darlings"]) == ["Dear darling"]
    assert sorted(names(corners["stars"])) == ["Second star", "Star"]
    assert corners["small"].customers == 6
    darling = corners["darlings"].movers[0]
    assert (darling.biggest_cost, darling.cost) == ("Account management", Decimal(7000))
    assert (darling.revenue_rank, darling.clv_rank) == (3, 10)
    assert corners["darlings"].biggest_cost == "Account management"


def test_what_the_night_keeps_is_what_is_worked_out_at_once(run, manager, read_only):
    live = matrix_in(Scope.read({}, manager))
    write_matrix(run)
    with read_only():
        assert matrix_in(Scope.read({}, manager)) == live
    write_matrix(run)
    assert sum(one.customers for one in live.corners) == live.customers == 10


def test_every_corner_opens_exactly_its_customers(run, manager, as_manager):
    for corner in matrix_in(Scope.read({}, manager)).corners:
        page = as_manager.get(corner.url)
        assert page.status_code == 200
        given = dict(part.split("=") for part in corner.url.split("?")[1].split("&"))
        listed = AccountList(user=manager, given=given, run=run)
        assert listed.chosen().count() == corner.customers


def test_the_page_answers_first_and_says_what_high_means(as_manager, run):
    page = as_manager.get(URL).content.decode()
    assert "1 hidden gem holds" in page
    assert "Its biggest cost is account management." in page
    assert "High is the best 30" in page
    assert "With so few customers ranks say little" in page
    rows = b"".join(as_manager.get(reverse("segments:matrix_export"))).decode()
    assert "Hidden gems,Quiet gem" in rows


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        ([(100, 50)], "One customer only, with 50 of CLV on 100 of revenue"),
        (
            [(100, 50), (200, 60), (300, 70), (400, 80)],
            "No hidden gem and no expensive darling",
        ),
    ],
)
def test_few_customers_are_said_in_words(db, manager, customers, said):
    made = make.run()
    for number, (revenue, clv) in enumerate(customers):
        customer(made, f"Customer {number}", revenue, clv)
    assert matrix_in(Scope.read({}, manager)).sentence.startswith(said)


def test_one_customer_is_not_ranked(as_manager, db):
    customer(make.run(), "Alone", 100, 50)
    page = as_manager.get(URL).content.decode()
    assert "there is nobody to rank it among" in page
    assert "High is the best" not in page


def test_a_corner_asks_for_a_plan_for_exactly_its_customers(as_manager, run):
    corners = corners_of(as_manager.get(URL).context["shown"])
    url = reverse("campaigns:list_bulk", args=["accounts"])
    asked = as_manager.post(
        f"{url}?{corners['small'].query}", {"scope": "all", "action": "add_plan"}
    )
    assert asked.status_code == 200
    assert asked.context["chosen"].count == 6


def test_a_faulty_filter_is_said_and_an_empty_one_too(as_manager, run):
    assert as_manager.get(URL, {"as_of": "never"}).status_code == 422
    empty = as_manager.get(URL, {"class": "current_key"}).content.decode()
    assert "Nobody in this filter" in empty
    early = as_manager.get(URL, {"as_of": "2020-01-01"}).content.decode()
    assert "No run that early" in early


def test_prospects_like_the_gems_come_with_reasons(as_manager, run):
    def prospect(name, **traits):
        account = make.account(name=name, **traits)
        make.valuation(account=account, run=run, order_days=0, first_on=None)

    prospect("Twin", industry="Harbour", size_band="50-249", country="DE")
    prospect("Cousin", industry="Harbour", country="DE")
    prospect("Stranger", industry="Bakery", country="DE")
    found = as_manager.get(SIMILAR, {"corner": "gems"}).context["similar"].found
    assert [one.account.name for one in found] == ["Twin", "Cousin"]
    assert "industry Harbour" in found[0].why
    assert found[0].score > found[1].score


def test_nobody_is_like_an_account_that_is_not_there(as_manager, run):
    assert as_manager.get(SIMILAR, {"account": "999999"}).status_code == 404
    assert as_manager.get(SIMILAR, {"account": "x"}).status_code == 404
    assert as_manager.get(SIMILAR).url == URL


def test_a_cohort_is_red_only_when_its_whole_range_lies_below(db, manager, as_manager):
    run = make.run()
    for number in range(12):
        customer(run, f"Good {number}", 100, 1000 + number, source="referral")
        customer(run, f"Poor {number}", 100, 50 + number, source="outbound")
    for number in range(3):
        customer(run, f"Few {number}", 100, 10, source="partner")
    customer(run, "Alone", 100, 0, source="")
    health = health_in(Scope.read({}, manager))
    by_source = {one.label: one for one in health.tables[1].cohorts}
    assert [one.label for one in health.tables[1].red] == ["Outbound sales"]
    assert by_source["Partner"].is_small
    assert by_source["not known"].interval == "one customer"
    assert sum(one.customers for one in health.tables[1].cohorts) == 28
    page = as_manager.get(TARGETING).content.decode()
    assert "surely below" in page
    names_page = as_manager.get(by_source["Outbound sales"].url)
    assert names_page.status_code == 200
    write_matrix(run)
    assert health_in(Scope.read({}, manager)) == health


def test_a_young_cohort_is_not_judged(db, manager, as_manager):
    """By day 180 on average it is; the day before, and in the running quarter, not."""
    run = make.run()
    young = run.as_of - dt.timedelta(days=179)
    for number in range(12):
        customer(run, f"Good {number}", 100, 1000 + number, source="referral")
        for source in ("outbound", "web"):
            poor = customer(run, f"{source} {number}", 100, number, source=source)
            Valuation.objects.filter(account=poor).update(first_on=young)
    one = Valuation.objects.filter(account__source="web").first()
    one.first_on = young - dt.timedelta(days=12)
    one.save()
    by_source = health_in(Scope.read({}, manager)).tables[1]
    found = {one.label: (one.age_days, one.verdict) for one in by_source.cohorts}
    assert found["Outbound sales"] == (179, "too young to judge")
    assert found["Website"] == (180, "surely below")
    assert [one.label for one in by_source.red] == ["Website"]
    assert by_source.sentence.endswith("Too young to judge: Outbound sales.")
    assert "too young to judge" in as_manager.get(TARGETING).content.decode()
    export = as_manager.get(reverse("segments:targeting_export"))
    lines = b"".join(export.streaming_content).decode().splitlines()
    assert [line.split(",")[-3:] for line in lines if "Outbound" in line] == [
        ["too young to judge", run.as_of.isoformat(), "all accounts"]
    ]
    write_matrix(run)
    kept = ValueMatrix.objects.get(run=run)
    kept.found["targeting"]["cohorts"] = [
        row[:6] for row in kept.found["targeting"]["cohorts"]
    ]
    kept.save()  # as nights kept it that did not know the age
    found = health_in(Scope.read({}, manager))
    assert len(found.tables[1].red) == 2
    quarters = {one.label: one.age_days for one in found.tables[2].cohorts}
    first = dt.date(young.year, young.month - (young.month - 1) % 3, 1)
    label = f"Q{(first.month + 2) // 3} {first.year}"
    assert quarters[label] == pytest.approx((run.as_of - first).days - 45, abs=2)


def test_losses_stand_by_fit_and_reason(db, manager, as_manager):
    run = make.run()
    for cell, worth in (("A", 5000), ("B", 500), ("C", 50)):
        for number in range(10):
            lost = (
                {"lost_on": run.as_of, "loss_reason": "price", "stage": "former"}
                if cell == "C" and number < 4
                else {}
            )
            traits = {"industry": cell, "size_band": "10-49"} | lost
            customer(run, f"{cell}{number}", 100, worth + number, **traits)
    customer(run, "Unknown", 100, 5)
    losses = {one.key: one for one in health_in(Scope.read({}, manager)).losses}
    assert (losses["low"].customers, losses["low"].lost) == (10, 4)
    assert losses["low"].reasons == [("price", 4)]
    assert losses["high"].lost == losses["mid"].lost == 0
    assert losses["unknown"].customers == 1
    assert as_manager.get(losses["low"].url).status_code == 200
    names = as_manager.get(losses["high"].customers_url).content.decode()
    assert "A9" in names
    assert "C0" not in names
    assert "not lost before the year, high fit" in names


@given(
    st.lists(st.tuples(st.integers(-500, 5000), st.integers(-500, 5000)), min_size=1)
)
def test_every_customer_is_counted_once(pairs):
    first, second = (
        np.array(column, dtype=float) for column in zip(*pairs, strict=True)
    )
    found = matrix_of(first, second, best_share=0.3, bins=20)
    assert found.density.sum() == len(pairs)
    high = first >= found.cut_first
    assert ((found.corner % 2 == 1) == high).all()
    assert ((found.place_first >= 0) & (found.place_first <= 1)).all()


def test_the_mean_of_one_has_no_range():
    assert mean_interval(5.0, 0.0, 1) is None
    low, high = mean_interval(5.0, 2.0, 9)
    assert low == pytest.approx(5 - 2.306 * 2 / 3, abs=0.001)
    assert high == pytest.approx(5 + 2.306 * 2 / 3, abs=0.001)


def test_the_api_has_both(run, manager, rep):
    caller = APIClient()
    caller.force_authenticate(manager)
    corners = caller.get("/api/v1/value-matrix/").json()
    assert corners[0]["movers"][0]["name"] == "Quiet gem"
    assert caller.get("/api/v1/targeting/?owner=0").status_code == 400
    assert caller.get("/api/v1/targeting/").json()[0]["kind"] == "owner"
    caller.force_authenticate(rep)
    assert caller.get("/api/v1/targeting/").status_code == 403
