"""A small firm with a past, made in few statements."""

import datetime as dt
import random
from decimal import Decimal

from crm.models import Account, LedgerEntry, Order, OrderLine

TODAY = dt.date(2026, 6, 30)


def entered(is_customer, today):
    """Customers were entered with their history just now, prospects a month ago."""
    at = dt.datetime.combine(today, dt.time(12), tzinfo=dt.UTC)
    return at + dt.timedelta(days=1 if is_customer else -30)


def build(count=60, *, seed=1, today=TODAY, prospects=5):
    """`count` customers buying at their own pace for two years, some of them gone."""
    chance = random.Random(seed)  # noqa: S311
    accounts = Account.objects.bulk_create(
        Account(
            name=f"Firm {n}", stage="customer", created_at=entered(n < count, today)
        )
        for n in range(count + prospects)
    )
    orders, prices = [], []
    for account in accounts[:count]:
        day = today - dt.timedelta(days=chance.randrange(30, 730))
        pace, gone = chance.gammavariate(2, 0.01), chance.uniform(0.02, 0.3)
        level = chance.uniform(20, 400)
        while day <= today:
            orders.append(
                Order(
                    account=account,
                    ordered_on=day,
                    source="test",
                    external_id=f"{seed}-{len(orders)}",
                )
            )
            prices.append(round(level * chance.uniform(0.6, 1.4), 2))
            if chance.random() < gone:
                break
            day += dt.timedelta(days=1 + int(chance.expovariate(pace)))
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            account_id=order.account_id,
            ordered_on=order.ordered_on,
            status="confirmed",
            quantity=Decimal(1),
            unit_price=Decimal(str(price)),
            unit_cost=None if n % 9 == 0 else Decimal(str(round(price * 0.6, 2))),
        )
        for n, (order, price) in enumerate(zip(orders, prices, strict=True))
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            account=account,
            kind=kind,
            amount=Decimal(str(round(chance.uniform(1, 60), 2))),
            incurred_on=today - dt.timedelta(days=chance.randrange(1, 700)),
        )
        for account in accounts
        for kind in ("acquisition", "delivery", "service")
    )
    return accounts
