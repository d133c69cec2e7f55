"""A firm whose plans can be better, and who may better them."""

import datetime as dt

import pytest

from tests import make

DAY = dt.date(2026, 11, 20)


@pytest.fixture
def firm(ready, rep):
    """Two key accounts, one worth caring for and one not, and three general ones."""
    run = make.run(as_of=DAY)
    rows = [
        ("Rich GmbH", "current_key", "40000.00"),
        ("Poor GmbH", "current_key", "150.00"),
        *((f"General {n}", "general", "900.00") for n in range(3)),
    ]
    for name, worth_class, margin in rows:
        account = make.account(name=name, owner=rep)
        make.valuation(
            account=account,
            run=run,
            expected_margin=margin,
            expected_margin_year=margin,
        )
        make.membership(account=account, worth_class=worth_class, run=run)
    return run


@pytest.fixture
def as_marketer(client, marketer):
    client.force_login(marketer)
    return client
