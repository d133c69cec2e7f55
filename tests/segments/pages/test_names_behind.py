"""Figures of the value page and of Allocation open the accounts that they count."""

import datetime as dt

import pytest
from django.urls import reverse

from tests import make

BEFORE, NOW = dt.date(2026, 9, 30), dt.date(2026, 11, 20)


@pytest.fixture
def opened(client, manager):
    """Sign in as a manager; return what names a list shows of those asked about."""
    client.force_login(manager)

    def names(url, *asked):
        text = client.get(url).content.decode()
        return [name for name in asked if name in text]

    return names


def valued(name, run, *, future, first_on=dt.date(2024, 1, 15), **fields):
    account = make.account(name=name, **fields)
    make.valuation(
        account=account,
        run=run,
        first_on=first_on,
        expected_margin=future,
        order_days=0 if first_on is None else 3,
    )
    return account


def test_the_parts_of_the_change_of_equity_open_their_accounts(client, opened):
    before, run = make.run(as_of=BEFORE, current=False), make.run(as_of=NOW)
    for name, was, now in (("Riser", "100", "300"), ("Faller", "300", "100")):
        account = valued(name, before, future=was)
        make.valuation(account=account, run=run, expected_margin=now)
    newcomer = valued("Newcomer", before, future="5", first_on=None)
    make.valuation(account=newcomer, run=run, expected_margin="50")
    page = client.get(reverse("segments:value_changes"))
    url, change = page.context["equity_url"], page.context["change"]
    assert (change.first_orders_count, change.risen_count, change.fallen_count) == (
        (1, 1, 1)
    )
    asked = ("Riser", "Faller", "Newcomer")
    assert opened(f"{url}&way=first", *asked) == ["Newcomer"]
    assert opened(f"{url}&way=rose", *asked) == ["Riser"]
    assert opened(f"{url}&way=fell", *asked) == ["Faller"]
    assert f"{url}&way=rose".replace("&", "&amp;") in page.content.decode()


def test_loyalty_opens_who_bought_again_and_who_stayed(client, opened):
    run = make.run(as_of=NOW)
    for name, days, first_on, last_on in (
        ("Stayer", 4, dt.date(2024, 1, 15), NOW),
        ("Leaver", 2, dt.date(2024, 1, 15), dt.date(2024, 6, 1)),
        ("Once", 1, NOW, NOW),
    ):
        account = make.account(name=name, relationship_type="contract")
        make.valuation(
            account=account,
            run=run,
            order_days=days,
            first_on=first_on,
            last_on=last_on,
        )
    page = client.get(reverse("segments:value_block", args=["retention"]))
    [contract] = page.context["loyalty"]
    asked = ("Stayer", "Leaver", "Once")
    assert opened(contract.customers_url, *asked) == list(asked)
    assert opened(contract.again_url, *asked) == ["Stayer", "Leaver"]
    assert opened(contract.established_url, *asked) == ["Stayer", "Leaver"]
    assert opened(contract.kept_url, *asked) == ["Stayer"]
    assert contract.is_small
    assert ">few<" in page.content.decode()


def test_prospects_of_an_industry_are_named(opened):
    run = make.run(as_of=NOW)
    valued("Hopeful", run, future="5", first_on=None, industry="Printing")
    valued("Elsewhere", run, future="5", first_on=None, industry="Steel")
    valued("Regular", run, future="5", industry="Printing")
    url = reverse("campaigns:account_list", query={"among": "prospects"})
    asked = ("Hopeful", "Elsewhere", "Regular")
    assert opened(f"{url}&of_industry=Printing", *asked) == ["Hopeful"]
