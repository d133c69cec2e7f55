import datetime as dt

import pytest

from campaigns.services import demo_firm

AS_OF = dt.date(2026, 6, 30)
ACCOUNTS = 300


@pytest.fixture
def firm(db):
    return demo_firm.load_demo_firm(accounts=ACCOUNTS, seed=7, as_of=AS_OF)
