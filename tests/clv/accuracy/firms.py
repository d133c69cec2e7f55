"""Firms whose story is known, as rows."""

import datetime as dt
from decimal import Decimal

import numpy as np

from crm.models import Account, Order, OrderLine
from tests.clv.judging.logs import AS_OF, simulated_log

TODAY = dt.date(2026, 6, 30)


def buyers(count=300, seed=3):
    """Return a log of BG/NBD buyers over two years until TODAY, as (account, day)."""
    log = simulated_log(np.random.default_rng(seed), count).until(AS_OF)
    account = np.repeat(log.accounts, np.diff(log.starts))
    day = log.day + TODAY.toordinal() - AS_OF
    return account.tolist(), day.tolist(), log.value.tolist()


def save(account, day, value, source="test"):
    """Write one order with one line per purchase; returns the accounts."""
    made = Account.objects.bulk_create(
        Account(name=f"Buyer {code}", stage="customer") for code in sorted({*account})
    )
    place = dict(zip(sorted({*account}), made, strict=True))
    orders = Order.objects.bulk_create(
        Order(
            account=place[code],
            ordered_on=dt.date.fromordinal(on),
            source=source,
            external_id=str(number),
        )
        for number, (code, on) in enumerate(zip(account, day, strict=True))
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            account_id=order.account_id,
            ordered_on=order.ordered_on,
            status="confirmed",
            quantity=Decimal(1),
            unit_price=Decimal(str(round(2 * margin, 2))),
            unit_cost=Decimal(str(round(margin, 2))),
        )
        for order, margin in zip(orders, value, strict=True)
    )
    return made
