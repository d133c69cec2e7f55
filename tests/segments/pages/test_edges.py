"""Firms at the edge: one customer, all alike, nobody worth anything."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from crm.models import Account
from segments.choices import ProfitBy, ProfitEvery
from segments.queries.profit import profit_of
from segments.queries.scope import Scope
from tests import make

AS_OF = dt.date(2026, 11, 20)


@pytest.fixture
def read(client, manager):
    client.force_login(manager)

    def page(name, *args, **given):
        answer = client.get(reverse(name, args=args), given)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


@pytest.fixture
def run(db):
    return make.run(as_of=AS_OF)


def customers(run, *worths, **fields):
    """One customer for each future value, without a past."""
    for n, worth in enumerate(worths):
        account = make.account(name=f"Firm {n}")
        cost = max(-worth, 0)
        make.valuation(
            account=account,
            run=run,
            realised="0.00",
            expected_margin=f"{max(worth, 0)}.00",
            expected_cost=f"{cost}.00",
            future_low=Decimal(worth - 50),
            future_high=Decimal(worth + 50),
            **fields,
        )


# -- Negative equity -------------------------------------------------------------------


def test_nobody_worth_anything_is_no_best_fifth(run, read):
    customers(run, -100, -200, -300)
    spread = read("segments:value_block", "spread")
    assert "None of 3 customers is worth more than zero; all together −600." in spread
    assert "The best" not in spread
    assert "No customer is worth more than zero; these come nearest." in read(
        "segments:value"
    )


def test_one_worth_something_stands_without_the_remark(run, read):
    customers(run, 100, -200, -300)
    assert "these come nearest" not in read("segments:value")
    spread = read("segments:value_block", "spread")
    assert "The best 1 of 3 customers holds 100; all together −400." in spread
    assert "The last 2 take 500 away." in spread


def test_a_loss_is_called_one(run, read):
    account = make.account()
    make.valuation(account=account, run=run)
    make.order(account=account, on=AS_OF, lines=[(1, "100.00", "90.00")])
    make.cost(account=account, on=AS_OF, amount="310.00", kind="service")
    page = read("segments:profit", "class", "quarter")
    assert "300 lost on 100 of revenue (−300\u202f%)." in page
    assert "Nothing here earned more than it cost; Not classed yet lost: 300." in page
    assert "brought most" not in page


def test_sources_below_nothing_bring_nothing_most(run, read):
    customers(run, -100)
    make.cost(
        account=Account.objects.get(), on=AS_OF, kind="acquisition", amount="50.00"
    )
    page = read("segments:source_list")
    said = "Source not known is the best, and below nothing: −1.0 of worth per 1 spent"
    assert said in page
    assert "brings most" not in page


# -- All alike -------------------------------------------------------------------------


def test_equal_revenue_ranks_nobody(run, read):
    customers(run, *range(100, 110), revenue=Decimal(400))
    page = read("segments:matrix")
    said = "So many customers have the same revenue that it ranks nobody: all 10 count"
    assert said in page
    assert "expensive darling:" not in page


def test_a_class_of_nobody_has_no_range(run, read):
    customers(run, 100)
    page = read("segments:value")
    assert page.count("80 % between 0 and 0") == 0


# -- One customer ----------------------------------------------------------------------


def test_one_customer_is_said_in_the_singular(run, read):
    customers(run, 100)
    spread = read("segments:value_block", "spread")
    assert "One customer holds all of CLV: 100." in spread
    assert "1 customer, expected to bring 100 to 200." in spread


@pytest.mark.parametrize("block", ["cohorts", "retention"])
def test_a_year_that_is_not_over_is_not_called_one(run, read, block):
    """Won 13 months ago, but the fourth quarter after the first is still running."""
    for n in range(6):
        account = make.account(name=f"Firm {n}")
        first = dt.date(2025, 10, 18)
        make.valuation(account=account, run=run, first_on=first)
        make.order(account=account, on=first)
    page = read("segments:value_block", block)
    assert "more than a year ago yet" not in page
    assert (
        "Nobody was watched for four whole quarters after the first order yet." in page
    )


@pytest.mark.parametrize("page", ["segments:rule", "clv:assumptions"])
def test_one_version_has_none_to_compare_with(run, read, page):
    make.class_policy()
    assert "Compare two" not in read(page)


def test_two_versions_can_be_compared(run, read):
    make.class_policy()
    make.class_policy()
    assert "Compare two" in read("segments:rule")


# -- Sold without a product ------------------------------------------------------------


def test_what_was_sold_without_a_product_is_no_cost(run, manager):
    account = make.account()
    make.order(account=account, on=AS_OF, lines=[(10, "10.00", "6.00")])
    make.cost(account=account, on=AS_OF, amount="25.00", kind="service")
    found = profit_of(Scope.read({}, manager), ProfitBy.PRODUCT, ProfitEvery.YEAR)
    assert [(one.label, one.accounts, one.contribution) for one in found.lines] == [
        ("Sold without a product of the catalogue", 1, Decimal("40.00")),
        ("Costs of accounts, not of a product", None, Decimal("-25.00")),
    ]
    assert found.losing == []
    assert found.total.contribution == Decimal("15.00")


def test_the_best_of_a_loss_is_not_where_it_came_from(run, read):
    account = make.account()
    make.order(account=account, on=AS_OF, lines=[(1, "100.00", "60.00")])
    make.cost(account=account, on=AS_OF, amount="90.00", kind="service")
    page = read("segments:profit", "product", "year")
    said = "best did Sold without a product of the catalogue: 40."
    assert f"50 lost on 100 of revenue (−50\u202f%); {said}" in page
