"""Why did equity fall: from the waterfall to accounts and to the line of an order."""

import datetime as dt
import html
import re

import pytest
from django.urls import reverse

from tests import make

BEFORE, NOW = dt.date(2026, 9, 30), dt.date(2026, 11, 20)


@pytest.fixture
def firm(rep):
    """Falling GmbH sold below cost since September; Rising GmbH did well."""
    runs = [make.run(as_of=BEFORE, current=False), make.run(as_of=NOW)]
    accounts = [
        make.account(name=n, owner=rep) for n in ("Falling GmbH", "Rising GmbH")
    ]
    for account, values in zip(accounts, (("900", "200"), ("100", "300")), strict=True):
        make.membership(account=account, worth_class="general", run=runs[1])
        for run, realised in zip(runs, values, strict=True):
            make.valuation(account=account, run=run, realised=realised)
    product = make.product(name="Shelf")
    order = make.order(
        account=accounts[0], on=dt.date(2026, 10, 5), lines=[(10, "10.00", "80.00")]
    )
    order.lines.update(product=product)
    return accounts[0], product


def follow(client, page, words):
    """Open the link that holds these words."""
    found = re.search(rf'href="([^"]+)"[^>]*>[^<]*{words}', page.content.decode())
    assert found, words
    return client.get(html.unescape(found[1]))


def test_from_the_waterfall_to_the_line(client, manager, firm):
    falling, product = firm
    client.force_login(manager)
    why = client.get(reverse("segments:value_why"), {"from": BEFORE.isoformat()})
    assert why.context["comparison"].before.as_of == BEFORE

    fell = follow(client, why, "Accounts whose CLV fell")
    text = fell.content.decode()
    assert "Falling GmbH" in text
    assert "Rising GmbH" not in text
    assert "whose CLV fell between 30 Sep 2026 and 20 Nov 2026" in text

    account = follow(client, fell, "Falling GmbH")
    assert account.context["account"] == falling

    url = reverse("crm:account_detail", args=[falling.pk])
    assert "Shelf" in client.get(url, {"tab": "products"}).content.decode()
    lines = client.get(reverse("crm:bought_lines", args=[falling.pk, product.pk]))
    text = lines.content.decode()
    assert "5 Oct 2026" in text
    assert "800.00" in text  # what it cost, against 100.00 that it brought


def test_those_that_rose_have_a_list_of_their_own(client, manager, firm):
    client.force_login(manager)
    why = client.get(reverse("segments:value_why"), {"from": BEFORE.isoformat()})
    text = follow(client, why, "Accounts whose CLV rose").content.decode()
    assert "Rising GmbH" in text
    assert "Falling GmbH" not in text
