import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from clv.queries.profit import profit_and_loss
from crm.models import OrderReturn
from tests import make

AS_OF = dt.date(2026, 11, 20)
RATE = Decimal("0.30")


def url(account, **query):
    return reverse("clv:account_profit_and_loss", args=[account.pk], query=query)


@pytest.fixture
def account(rep):
    """Two years of trade whose every figure is worked out by hand below.

    2025: 10 × 10.00 at 6.00 = revenue 100.00, cost 60.00
          3 × 33.333 without a cost = revenue 100.00 (99.999 rounded)
          delivery 12.34
    2026: 1 × 0.35 without a cost = revenue 0.35
          2 of the 10 come back: refund 20.00, 9.00 of goods sold again
          delivery 5.00, onboarding 40.00, a correction of -5.00
    """
    made = make.account(owner=rep)
    order = make.order(
        account=made,
        on=dt.date(2025, 3, 1),
        lines=[(10, "10.00", "6.00"), (3, "33.333", None)],
    )
    make.order(account=made, on=dt.date(2026, 2, 1), lines=[(1, "0.35", None)])
    OrderReturn.objects.create(
        line=order.lines.get(quantity=10),
        account=made,
        returned_on=dt.date(2026, 1, 10),
        quantity=2,
        refund=Decimal("20.00"),
        cost_recovered=Decimal("9.00"),
        reason="Wrong colour",
    )
    make.cost(account=made, kind="delivery", amount="12.34", on=dt.date(2025, 3, 2))
    make.cost(account=made, kind="delivery", amount="5.00", on=dt.date(2026, 2, 2))
    make.cost(account=made, kind="onboarding", amount="40.00", on=dt.date(2026, 2, 3))
    make.cost(account=made, kind="onboarding", amount="-5.00", on=dt.date(2026, 2, 4))
    return made


def amounts(statement):
    return {row.key: [str(c.amount) for c in row.cells] for row in statement.rows}


def test_every_figure_equals_the_sum_by_hand(account):
    statement = profit_and_loss(account=account, as_of=AS_OF, margin_rate=RATE)

    assert statement.years == [2025, 2026]
    # Assumed margin: 30 % of 100.00 is 30.00; of 100.35 it is 30.105, so 30.11, and
    # 2026 gets the 0.11 that are left.
    assert amounts(statement) == {
        "revenue": ["200.00", "0.35", "200.35"],
        "refunds": ["0.00", "-20.00", "-20.00"],
        "cost_known": ["-60.00", "0.00", "-60.00"],
        "recovered": ["0.00", "9.00", "9.00"],
        "cost_assumed": ["-70.00", "-0.24", "-70.24"],
        "margin": ["70.00", "-10.89", "59.11"],
        "onboarding": ["0.00", "-35.00", "-35.00"],
        "delivery": ["-12.34", "-5.00", "-17.34"],
        "contribution": ["57.66", "-50.89", "6.77"],
    }
    assert statement.lines_without_cost == 2


def test_a_refund_of_a_line_without_cost_lowers_the_assumed_cost(rep):
    account = make.account(owner=rep)
    order = make.order(
        account=account, on=dt.date(2026, 1, 1), lines=[(4, "25.00", None)]
    )
    OrderReturn.objects.create(
        line=order.lines.get(),
        account=account,
        returned_on=dt.date(2026, 1, 5),
        quantity=1,
        refund=Decimal("25.00"),
        cost_recovered=Decimal("10.00"),
    )

    statement = profit_and_loss(account=account, as_of=AS_OF, margin_rate=RATE)

    # 30 % of the 75.00 that stayed; what came back is within the assumption.
    assert amounts(statement)["margin"] == ["22.50", "22.50"]
    assert "recovered" not in amounts(statement)


def test_what_lies_after_the_day_or_was_cancelled_does_not_count(account):
    make.order(account=account, on=dt.date(2026, 11, 21))
    make.order(account=account, on=dt.date(2026, 3, 1), status="cancelled")
    make.cost(account=account, on=dt.date(2026, 11, 21))

    statement = profit_and_loss(account=account, as_of=AS_OF, margin_rate=RATE)

    assert str(statement.realised_profit) == "6.77"


def test_the_page_says_that_it_agrees_with_the_run_to_the_cent(client, rep, account):
    make.valuation(account=account, run=make.run(as_of=AS_OF), **stored())
    client.force_login(rep)

    page = client.get(url(account)).content.decode()

    assert "Contribution of 6.77 is to the cent the realised profit" in page
    assert "assumed 30\u202f% margin" in page


def stored():
    """Return the parts of the valuation that the fixture's account would get."""
    return {
        "realised": "6.77",
        "margin": Decimal("59.11"),
        "cost_to_win": Decimal("35.00"),
        "cost_per_order_kinds": Decimal("17.34"),
    }


def test_a_later_entry_is_named_as_the_difference(client, rep, account):
    make.valuation(account=account, run=make.run(as_of=AS_OF), **stored())
    make.cost(account=account, amount="10.00", on=AS_OF)
    client.force_login(rep)

    page = client.get(url(account)).content.decode()

    assert "The run stored 6.77" in page
    assert "difference of \u221210.00" in page


def test_a_past_day_shows_that_run(client, rep, account):
    then = make.run(as_of=dt.date(2025, 12, 31), current=False)
    make.valuation(
        account=account,
        run=then,
        realised="57.66",
        margin=Decimal("70.00"),
        cost_per_order_kinds=Decimal("12.34"),
    )
    make.run(as_of=AS_OF)
    client.force_login(rep)

    response = client.get(url(account, as_of="2025-12-31"))

    assert response.context["statement"].years == [2025]
    assert "Contribution of 57.66 is to the cent" in response.content.decode()


@pytest.mark.parametrize(
    ("figure", "year", "expected"),
    [
        ("revenue", "", 3),
        ("revenue", "2025", 2),
        ("cost_known", "", 1),
        ("cost_assumed", "2026", 1),
        ("refunds", "2026", 1),
        ("refunds", "2025", 0),
        ("recovered", "", 1),
        ("delivery", "", 2),
        ("onboarding", "2026", 2),
    ],
)
def test_a_figure_opens_its_rows(client, rep, account, figure, year, expected):
    client.force_login(rep)
    response = client.get(url(account, figure=figure, year=year))
    assert len(response.context["page"]) == expected


def test_rows_without_a_known_cost_are_flagged(client, rep, account):
    client.force_login(rep)
    page = client.get(url(account, figure="cost_assumed")).content.decode()
    assert page.count("not known</span>") == 2


def test_a_page_of_rows_follows_another(client, rep, account):
    for day in range(1, 29):
        make.cost(account=account, kind="service", on=dt.date(2026, 5, day))
    client.force_login(rep)

    first = client.get(url(account, figure="service")).context["page"]
    rest = client.get(url(account, figure="service", cursor=first.next)).context["page"]

    assert (len(first), len(rest)) == (25, 3)
    assert {row.pk for row in first}.isdisjoint({row.pk for row in rest})


def test_htmx_gets_only_the_rows(client, rep, account):
    client.force_login(rep)
    page = client.get(
        url(account, figure="delivery"), headers={"HX-Request": "true"}
    ).content.decode()
    assert 'id="profit-rows"' in page
    assert "<html" not in page


@pytest.mark.parametrize("query", [{"figure": "margin"}, {"figure": "nonsense"}])
def test_a_sum_or_an_unknown_figure_has_no_rows(client, rep, account, query):
    client.force_login(rep)
    assert client.get(url(account, **query)).status_code == 404


@pytest.mark.parametrize("year", ["abc", "20266", "-202"])
def test_an_unreadable_year_is_not_found(client, rep, account, year):
    client.force_login(rep)
    assert client.get(url(account, figure="revenue", year=year)).status_code == 404


def test_a_colleague_and_a_stranger_see_nothing(client, colleague, account):
    assert client.get(url(account)).status_code == 302
    client.force_login(colleague)
    assert client.get(url(account)).status_code == 404


def test_an_account_without_trade_says_so(client, rep):
    client.force_login(rep)
    page = client.get(url(make.account(owner=rep))).content.decode()
    assert "Nothing bought and nothing spent" in page


def test_queries_do_not_grow_with_rows(client, rep, account, assert_flat_queries):
    make.run(as_of=AS_OF)
    client.force_login(rep)

    def add_rows():
        for month in range(3, 9):
            make.order(account=account, on=dt.date(2026, month, 1))
            make.cost(account=account, kind="delivery", on=dt.date(2026, month, 2))

    assert_flat_queries(lambda: client.get(url(account, figure="revenue")), add_rows)


def test_reading_writes_nothing(client, rep, account, read_only):
    client.force_login(rep)
    with read_only():
        assert client.get(url(account, figure="revenue")).status_code == 200
