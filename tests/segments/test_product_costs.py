"""Costs belong to accounts: those of a product are unknown, and not nothing."""

import csv
import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from tests import make

YEAR = {"from": "2026-01-01", "to": "2026-06-30"}
AT = ["product", "year"]


@pytest.fixture
def paper(db):
    """One customer bought paper for 100 that cost 60, and was visited for 25."""
    make.run(as_of=dt.date(2026, 6, 30))
    account, product = make.account(), make.product(name="Paper")
    order = make.order(
        account=account,
        on=dt.date(2026, 2, 1),
        lines=[(1, Decimal("100.00"), Decimal("60.00"))],
    )
    order.lines.update(product=product)
    make.cost(account=account, amount="25.00", on=dt.date(2026, 2, 2))
    return product


def test_the_page_and_the_api_do_not_know_them(client, manager, paper):
    client.force_login(manager)
    shown = client.get(reverse("segments:profit", args=AT), YEAR)
    sold, costs = shown.context["found"].lines
    assert "Paper" in sold.label
    assert (sold.known_to_serve, sold.known_to_win) == (None, None)
    assert sold.contribution == sold.margin == Decimal("40.00")
    assert (costs.known_to_serve, costs.contribution) == (25, -25)
    assert shown.context["found"].total.contribution == Decimal("15.00")
    answer = client.get("/api/v1/profit/", YEAR | {"by": "product"}).json()
    told, spent = answer["lines"]
    assert (told["cost_to_serve"], told["cost_to_win"]) == (None, None)
    assert (told["contribution"], spent["cost_to_serve"]) == ("40.00", "25.00")


def test_the_file_leaves_them_empty(client, manager, paper):
    client.force_login(manager)
    answer = client.get(reverse("segments:profit_export", args=AT), YEAR)
    rows = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    first, last = rows[0].index("Margin") + 1, rows[0].index("Contribution")
    sold, costs = rows[1][first:last], rows[2][first:last]
    assert set(sold) == {""}
    assert sum(map(Decimal, costs)) == Decimal("25.00")
