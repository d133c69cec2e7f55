"""The forecast page: sums that reconcile, past months, states, roles, export, API."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clv.models import ActualMonth, ForecastMonth
from segments.choices import WorthClass
from segments.models import ClassTotal
from tests import make

URL = reverse("segments:forecast")
EXPORT = reverse("segments:forecast_export")
DAY = dt.date(2026, 11, 20)


def month(run, first, margin, *, key="", cost="100.00", low=None, high=None):
    margin = Decimal(margin)
    return ForecastMonth.objects.create(
        run=run,
        worth_class=key,
        month=first,
        orders=2.5,
        margin=margin,
        cost=Decimal(cost),
        margin_low=Decimal(low) if low else margin / 2,
        margin_high=Decimal(high) if high else margin * 2,
    )


def firsts(count):
    return [dt.date(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(count)]


@pytest.fixture
def run(db):
    """Thirty months of 1,000 margin and 100 cost, three quarters in one class."""
    made = make.run(as_of=DAY, metrics={"equity": "24000.00", "customers": 5})
    for first in firsts(30):
        month(made, first, "1000.00")
        month(made, first, "750.00", key="current_key", cost="75.00")
        month(made, first, "250.00", key="general", cost="25.00")
    return made


@pytest.fixture
def show(client, manager):
    def get(**query):
        client.force_login(manager)
        return client.get(URL, query)

    return get


def test_months_reconcile_with_customer_equity(show, run):
    found = show().context["forecast"]

    assert found.horizon_margin == Decimal("30000.00")
    assert found.horizon_cost == Decimal("3000.00")
    assert found.before_discounting == Decimal("27000.00")
    assert found.discounting == Decimal("3000.00")
    assert found.equity == Decimal("24000.00")


def test_24_months_are_shown_and_their_classes_add_up(show, run):
    response = show()
    found = response.context["forecast"]

    assert [one.month for one in found.ahead] == firsts(24)
    for one in found.ahead:
        assert sum(cell.margin for cell in one.classes) == one.whole.margin
    assert sum(found.class_sums) == found.margin == Decimal("24000.00")
    assert found.profit == Decimal("21600.00")
    assert [one.is_part for one in found.ahead[:2]] == [True, False]
    assert "24 months" in response.text


def test_charts_show_whole_months_with_a_table_each(show, run):
    response = show()
    assert response.context["chart"].labels[0] == "Dec 2026"
    classes = response.context["classes"]
    assert [one.name for one in classes.series] == WorthClass.labels
    assert classes.rows[0] == ["Dec 2026", "750", "0", "250", "0"]
    assert response.text.count("as a table") == 2


def past(first, known, new="50.00"):
    return ActualMonth.objects.create(
        month=first,
        margin_known=Decimal(known),
        margin_new=Decimal(new),
        counted_on=DAY,
    )


def test_past_months_stand_beside_what_was_expected_then(show, run):
    """October: of two earlier nights the last one counts, and it held."""
    october = dt.date(2026, 10, 1)
    early = make.run(as_of=dt.date(2026, 9, 15), current=False)
    late = make.run(as_of=dt.date(2026, 9, 30), current=False)
    month(early, october, "500.00")
    month(late, october, "900.00", low="700.00", high="1100.00")
    past(october, "1000.00")
    past(dt.date(2026, 9, 1), "800.00")

    september, last = show().context["forecast"].back

    assert september.forecast is None
    assert last.forecast.run == late
    assert last.error == pytest.approx(-0.1)
    assert last.was_within is True
    assert last.total == Decimal("1050.00")


def test_a_forecast_made_long_before_is_not_that_of_the_month(show, run):
    old = make.run(as_of=dt.date(2026, 7, 31), current=False)
    month(old, dt.date(2026, 10, 1), "500.00")
    past(dt.date(2026, 10, 1), "1000.00")
    (only,) = show().context["forecast"].back
    assert only.forecast is None


def test_a_past_night_shows_its_own_and_no_later_months(show, run):
    before = make.run(as_of=dt.date(2026, 9, 30), current=False)
    month(before, dt.date(2026, 10, 1), "400.00")
    past(dt.date(2026, 10, 1), "1000.00")
    past(dt.date(2026, 8, 1), "900.00")

    response = show(as_of="2026-10-05")
    found = response.context["forecast"]

    assert found.run == before
    assert [one.month for one in found.back] == [dt.date(2026, 8, 1)]
    assert "as the run of 30 Sep 2026 valued it" in response.text


def test_a_night_without_a_forecast_says_so(show, db):
    make.run(as_of=DAY)
    assert "No forecast of that night" in show().text


def test_before_the_first_night(show, db):
    assert "Nothing is valued yet" in show().text


def test_a_day_before_all_nights(show, run):
    assert "No run that early" in show(as_of="2001-01-01").text


@pytest.mark.parametrize("url", [URL, EXPORT, "/api/v1/forecast/"])
def test_a_rep_may_not_see_it(client, rep, run, url):
    client.force_login(rep)
    assert client.get(url).status_code == 403


def test_the_export_has_every_month_of_the_firm_and_its_classes(client, marketer, run):
    client.force_login(marketer)
    text = (
        b"".join(client.get(EXPORT).streaming_content).decode().removeprefix("\ufeff")
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 90
    whole = [row for row in rows if row["Class"] == "All customers"]
    assert sum(Decimal(row["Margin"]) for row in whole) == Decimal("30000.00")
    assert {row["Class"] for row in rows} == {
        "All customers",
        "Current key",
        "General",
    }


def test_nothing_to_export_is_not_found(client, manager, db):
    client.force_login(manager)
    assert client.get(EXPORT).status_code == 404


def test_the_api_tells_the_same(client, manager, run):
    client.force_login(manager)
    query = {"worth_class": "current_key", "page_size": 100}
    rows = client.get("/api/v1/forecast/", query).json()["results"]
    assert len(rows) == 30
    assert {row["margin"] for row in rows} == {"750.00"}
    assert rows[0]["as_of"] == "2026-11-20"


def test_the_api_before_the_first_night(client, manager, db):
    client.force_login(manager)
    answer = client.get("/api/v1/forecast/")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_forecast_yet")


def test_queries_do_not_grow_with_months(client, manager, run, assert_flat_queries):
    client.force_login(manager)

    def grow():
        for n in range(30, 36):
            month(run, dt.date(2029, n % 12 + 1, 1), "10.00")

    assert_flat_queries(lambda: client.get(URL), grow)


def test_open_deals_stand_beside_the_forecast_and_are_not_added(show, run, client):
    buyer, prospect, later = (make.account() for _ in range(3))
    make.order(account=buyer, on=DAY - dt.timedelta(days=5))
    make.order(account=later, on=DAY + dt.timedelta(days=1))
    today = timezone.localdate()
    soon = today + dt.timedelta(days=40)
    lines = [("10", "100", "60")]  # 400 margin, 10 % stated for the first stage
    make.deal(account=buyer, close_on=soon, lines=lines)
    make.deal(account=prospect, close_on=soon, lines=lines)
    make.deal(account=later, close_on=soon, lines=lines, stage=2)
    make.deal(account=prospect, close_on=today - dt.timedelta(days=1), lines=lines)
    make.deal(account=prospect)

    shown = show()
    found = shown.context["open_deals"]
    first, undated = found.months
    assert first.month == soon.replace(day=1)
    assert (first.of_customers, first.customer_count) == (Decimal("40.00"), 1)
    assert (first.of_prospects, first.prospect_count) == (Decimal("140.00"), 2)
    assert (undated.month, undated.of_prospects) == (None, Decimal("40.00"))
    assert undated.prospect_count == 2
    assert found.of_prospects == Decimal("180.00")
    assert shown.context["forecast"].margin == Decimal("24000.00")
    assert "expected above already" in shown.text


def test_past_months_open_who_ordered_and_who_ordered_first(show, run, client):
    october = dt.date(2026, 10, 1)
    past(october, "300.00")
    until = dt.date(2026, 10, 31)
    for name, first_on, on in (
        ("Regular", dt.date(2025, 3, 1), until),
        ("Newcomer", october, october),
        ("Elsewhen", dt.date(2025, 3, 1), until + dt.timedelta(days=1)),
    ):
        account = make.account(name=name)
        make.order(account=account, on=on)
        make.valuation(account=account, run=run, first_on=first_on)
    spent = make.account(name="Spender")
    make.cost(account=spent, amount="5", kind="service", on=october)
    [(_, sold_url, won_url)] = show().context["back_months"]

    def names(url):
        text = client.get(url).content.decode()
        asked = ("Regular", "Newcomer", "Elsewhen", "Spender")
        return [name for name in asked if name in text]

    assert names(sold_url) == ["Regular", "Newcomer"]
    assert names(won_url) == ["Newcomer"]


def test_open_deals_open_the_accounts_to_be_decided(show, run, client):
    today = timezone.localdate()
    soon = today + dt.timedelta(days=40)
    for name, days, close_on in (
        ("Buyer", -5, soon),
        ("Later", 1, soon),
        ("Pastday", None, today - dt.timedelta(days=1)),
        ("Dateless", None, None),
        ("Loser", None, soon),
    ):
        account = make.account(name=name)
        status = {"status": "lost"} if name == "Loser" else {}
        make.deal(account=account, close_on=close_on, **status)
        if days is not None:
            make.order(account=account, on=DAY + dt.timedelta(days=days))
    (_, of_soon, bought), (_, undated, _) = show().context["deal_months"]

    def names(url):
        text = client.get(url).content.decode()
        asked = ("Buyer", "Later", "Pastday", "Dateless", "Loser")
        return [name for name in asked if name in text]

    assert names(of_soon) == ["Later"]
    assert names(bought) == ["Buyer"]
    assert names(undated) == ["Pastday", "Dateless"]


def test_without_deals_nothing_is_said_of_them(show, run):
    assert show().context["open_deals"] is None


def test_a_class_has_a_forecast_of_its_own_that_adds_up(show, run, client):
    ClassTotal.objects.create(
        run=run,
        worth_class="current_key",
        customer_equity=Decimal("18000.00"),
        **dict.fromkeys(["accounts", "customers", "came", "left"], 0),
        **dict.fromkeys(
            ["clv", "future_value", "realised_profit", "margin_year", "cost_year"], 0
        ),
    )
    response = show(**{"class": "current_key"})
    found = response.context["forecast"]
    assert found.horizon_margin == Decimal("22500.00")
    assert found.before_discounting == found.equity + found.discounting
    assert found.equity == Decimal("18000.00")
    assert "Known of all customers alone" in response.text
    sheet = client.get(EXPORT, {"class": "current_key"})
    lines = list(csv.reader(io.StringIO(sheet.getvalue().decode().lstrip("\ufeff"))))
    assert len(lines) == 1 + 30
    assert show(**{"class": "royal"}).status_code == 400
    assert show(owner="1").status_code == 400
