"""Makers of people, accounts and what was done with them."""

import datetime as dt
import itertools
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils import timezone

from crm.choices import Role, Stage
from crm.models import (
    Account,
    Case,
    ClientGoal,
    Contact,
    Deal,
    DealChange,
    DealLine,
    DealLossReason,
    DealStage,
    GoalEvidence,
    Hypothesis,
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


def deal(*, account=None, stage=1, lines=None, days=0, status="open", **fields):
    """One deal in the stage of that position; `lines` are as those of `order`.

    `days` is for how long it stands there; a closed one reached no further stage.
    """
    account = account or globals()["account"]()
    at = timezone.now() - dt.timedelta(days=days)
    stage = DealStage.objects.get(position=stage)
    closing = {}
    if status != "open":
        closing["closed_on"] = at.date()
    if status == "lost":
        closing["loss_reason"] = DealLossReason.objects.first()
    made = Deal.objects.create(
        **{
            "account": account,
            "title": f"Deal {next(_number)}",
            "stage": stage,
            "stage_since": at,
            "status": status,
            "owner": account.owner or user(),
        }
        | closing
        | fields
    )
    DealChange.objects.create(
        deal=made, stage=stage, status="open", changed_at=at, changed_by=made.owner
    )
    for quantity, unit_price, unit_cost in lines or []:
        DealLine.objects.create(
            deal=made,
            text="Shelves",
            quantity=Decimal(quantity),
            unit_price=Decimal(unit_price),
            unit_cost=None if unit_cost is None else Decimal(unit_cost),
        )
    return made


def case(*, account=None, hours=0, **fields):
    """One case, opened so many hours ago, of the account's owner."""
    if account is None and not fields.get("sender"):
        account = globals()["account"](owner=user())
    return Case.objects.create(
        **{
            "account": account,
            "title": f"Case {next(_number)}",
            "owner": account.owner if account else None,
            "opened_at": timezone.now() - dt.timedelta(hours=hours),
        }
        | fields
    )


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


def goal(account=None, **fields):
    account = account or globals()["account"]()
    fields = {"title": "Fewer suppliers", "owner": account.owner} | fields
    made = ClientGoal.objects.create(account=account, **fields)
    made.refresh_from_db()
    return made


def evidence(*, goal, **fields):
    fields = {"noted_on": dt.date(2026, 1, 15), "text": "Seen"} | fields
    return GoalEvidence.objects.create(goal=goal, account=goal.account, **fields)


def hypothesis(account=None, **fields):
    account = account or globals()["account"]()
    defaults = {
        "author": account.owner,
        "statement": "They buy elsewhere",
        "review_on": dt.date(2026, 1, 15),
    }
    made = Hypothesis.objects.create(account=account, **defaults | fields)
    made.refresh_from_db()
    return made
