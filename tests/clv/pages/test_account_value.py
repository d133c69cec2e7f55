import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from tests import make

AS_OF = dt.date(2026, 11, 20)
PANELS = ["clv:account_value", "clv:account_header"]


def get(client, name, account):
    return client.get(reverse(name, args=[account.pk]))


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


def test_value_is_the_sum_of_realised_and_expected(client, rep, account):
    make.valuation(account=account, realised="150.25", expected_margin="849.75")
    client.force_login(rep)

    page = get(client, "clv:account_value", account).content.decode()

    assert "150.25 realised + 849.75 expected = 1\u202f000.00" in page
    # 150.25 + 424.88 and 150.25 + 1699.50
    assert "80 % between 575 and 1\u202f850" in page
    assert "80\u202f% likely" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"break_even": "paid_back", "paid_back_on": dt.date(2025, 3, 4)},
            "Paid back since 4 Mar 2025",
        ),
        (
            {"break_even": "expected", "break_even_on": dt.date(2027, 5, 6)},
            "Break-even expected by 6 May 2027",
        ),
        ({"break_even": "not_expected"}, "Break-even not expected within 36 months"),
        ({"break_even": "unknown"}, "Break-even not known"),
    ],
)
@pytest.mark.parametrize("name", PANELS)
def test_break_even_is_said_in_words(client, rep, account, name, fields, sentence):
    make.valuation(account=account, **fields)
    client.force_login(rep)
    assert sentence in get(client, name, account).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"future_low": Decimal(800), "future_high": Decimal(1000)}, "sure"),
        ({"future_low": Decimal(400), "future_high": Decimal(1600)}, "fairly sure"),
        ({"future_low": Decimal(0), "future_high": Decimal(3000)}, "unsure"),
        ({"ladder_step": "pooled"}, "judged by like accounts"),
        ({"ladder_step": "assumption"}, "an assumption"),
    ],
)
def test_confidence_follows_interval_and_ladder(client, rep, account, fields, words):
    make.valuation(account=account, **fields)
    client.force_login(rep)
    worth = get(client, "clv:account_value", account).context["worth"]
    assert worth.confidence == words


def test_a_prospect_is_worth_something_if_won(client, rep, account):
    make.valuation(
        account=account,
        realised="0.00",
        first_on=None,
        last_on=None,
        order_days=0,
        order_count=0,
        ladder_step="assumption",
        probability_alive=None,
    )
    client.force_login(rep)

    page = get(client, "clv:account_value", account).content.decode()

    assert "Worth if won" in page
    assert "no orders to judge by" in page


@pytest.mark.parametrize("name", PANELS)
def test_before_the_first_run_there_is_no_number(client, rep, account, name):
    client.force_login(rep)
    page = get(client, name, account).content.decode()
    assert "ot valued yet" in page


@pytest.mark.parametrize("name", PANELS)
def test_an_account_that_came_after_the_run_is_not_valued(client, rep, account, name):
    make.run()
    client.force_login(rep)
    assert "ot valued yet" in get(client, name, account).content.decode()


def test_past_runs_draw_a_line_with_its_table(client, rep, account):
    for day, realised in [(18, "100.00"), (19, "200.00")]:
        past = make.run(as_of=dt.date(2026, 11, day), current=False)
        make.valuation(account=account, run=past, realised=realised)
    make.valuation(account=account, run=make.run(as_of=AS_OF), realised="300.00")
    client.force_login(rep)

    worth = get(client, "clv:account_value", account).context["worth"]

    assert [str(one.clv) for one in worth.past] == ["1000.00", "1100.00", "1200.00"]
    assert worth.spark_points == "0.0,30.0 50.0,15.0 100.0,0.0"


def test_entries_after_the_run_are_announced(client, rep, account):
    make.valuation(account=account)
    client.force_login(rep)
    assert get(client, "clv:account_value", account).context["worth"].is_stale is False

    make.cost(account=account)

    assert get(client, "clv:account_value", account).context["worth"].is_stale is True


@pytest.mark.parametrize("name", PANELS)
def test_a_colleague_gets_404_and_a_manager_sees_it(
    client, colleague, manager, account, name
):
    make.valuation(account=account)
    client.force_login(colleague)
    assert get(client, name, account).status_code == 404
    client.force_login(manager)
    assert get(client, name, account).status_code == 200


def test_queries_do_not_grow_with_runs(client, rep, account, assert_flat_queries):
    make.valuation(account=account, run=make.run(as_of=AS_OF))
    # From the second run on there is a curve, and events are marked on it.
    before = make.run(as_of=dt.date(2026, 11, 16), current=False)
    make.valuation(account=account, run=before)
    client.force_login(rep)

    def add_runs():
        for day in (17, 18, 19):
            past = make.run(as_of=dt.date(2026, 11, day), current=False)
            make.valuation(account=account, run=past)

    assert_flat_queries(lambda: get(client, "clv:account_value", account), add_runs)


def test_the_margin_assumed_where_a_cost_is_not_known(client, rep):
    account = make.account(owner=rep)
    client.force_login(rep)
    page = client.get(reverse("clv:account_assumed_margin", args=[account.pk]))
    assert "30\u202f% margin assumed" in page.text
    tab = client.get(reverse("crm:account_detail", args=[account.pk]) + "?tab=products")
    assert "_assumed-margin" not in tab.text
    order = make.order(account=account)
    order.lines.update(unit_cost=None)
    tab = client.get(reverse("crm:account_detail", args=[account.pk]) + "?tab=products")
    assert "_assumed-margin" in tab.text
