"""Makers of test rows: sensible defaults, and a test names only what it is about."""

import datetime as dt
import itertools
from decimal import Decimal

from django.contrib.auth.models import Group

from crm.choices import Role, Stage
from crm.models import (
    Account,
    Contact,
    LedgerEntry,
    Order,
    OrderLine,
    Product,
    Touchpoint,
    User,
)

PASSWORD = "correct horse battery"
_number = itertools.count(1)


def user(*roles, **fields):
    n = next(_number)
    fields = {"email": f"person{n}@example.test", "name": f"Person {n}"} | fields
    made = User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)
    made.groups.add(*Group.objects.filter(name__in=roles or [Role.REP]))
    return made


def account(**fields):
    n = next(_number)
    return Account.objects.create(
        **{"name": f"Account {n}", "stage": Stage.CUSTOMER} | fields
    )


def contact(**fields):
    n = next(_number)
    fields.setdefault("account", None)
    fields["account"] = fields["account"] or account()
    return Contact.objects.create(**{"name": f"Contact {n}"} | fields)


def product(**fields):
    n = next(_number)
    return Product.objects.create(
        **{
            "sku": f"SKU-{n}",
            "name": f"Product {n}",
            "list_price": Decimal("10.00"),
            "unit_cost": Decimal("6.00"),
        }
        | fields
    )


def order(*, account=None, on=dt.date(2026, 1, 15), lines=None, **fields):
    """One order; `lines` are (quantity, unit_price, unit_cost) and default to one."""
    made = Order.objects.create(
        **{
            "account": account or globals()["account"](),
            "ordered_on": on,
            "source": "test",
            "external_id": f"O-{next(_number)}",
        }
        | fields
    )
    for quantity, unit_price, unit_cost in lines or [(10, "10.00", "6.00")]:
        OrderLine.objects.create(
            order=made,
            account=made.account,
            ordered_on=made.ordered_on,
            status=made.status,
            quantity=Decimal(quantity),
            unit_price=Decimal(unit_price),
            unit_cost=None if unit_cost is None else Decimal(unit_cost),
        )
    return made


def cost(*, account=None, amount="25.00", on=dt.date(2026, 1, 15), **fields):
    return LedgerEntry.objects.create(
        **{
            "account": account or globals()["account"](),
            "kind": "account_management",
            "amount": Decimal(amount),
            "incurred_on": on,
        }
        | fields
    )


def touchpoint(**fields):
    defaults = {
        "channel": "phone",
        "occurred_at": dt.datetime(2026, 1, 15, 9, 0, tzinfo=dt.UTC),
    }
    if "account" not in fields:
        fields["account"] = account()
    return Touchpoint.objects.create(**defaults | fields)
