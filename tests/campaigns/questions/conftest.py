"""A small firm: what questions count can be counted by hand."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.queries.questions.answering import answer, names_behind, understand
from campaigns.queries.questions.registry import BY_KEY
from crm.models import Competitor, CompetitorPresence, Holding, OrderLine, OrderReturn
from segments.models import Membership
from tests import make

TODAY = dt.date(2026, 11, 22)
AS_OF = dt.date(2026, 11, 21)


def day(month, number, year=2026):
    return dt.date(year, month, number)


@pytest.fixture
def today(monkeypatch):
    """One day, whatever the clock says."""
    monkeypatch.setattr(
        "campaigns.queries.questions.answering.business_today", lambda: TODAY
    )
    return TODAY


@pytest.fixture
def ask(manager, today):
    """Ask by key; what is not given is as the question begins."""

    def asked(key, user=None, **given):
        given = {name: str(getattr(v, "pk", v)) for name, v in given.items()}
        reading = understand(BY_KEY[key], user or manager, given)
        assert reading.asked is not None, reading.problems
        return answer(reading.asked)

    return asked


@pytest.fixture
def names(manager, today):
    def found(key, user=None, part="", of="", **given):
        given = {name: str(getattr(v, "pk", v)) for name, v in given.items()}
        asked = understand(BY_KEY[key], user or manager, given).asked
        return set(names_behind(asked, part=part, of=of).values_list("name", flat=True))

    return found


def sql(statement, **given):
    """Answer by plain SQL, written without a look at the product's."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()


def column(found, key):
    return [row[key] for row in found.rows.every()]


def buy(account, product, on, *, quantity=1, price="10.00", cost="6.00", off="0"):
    """One order of one product."""
    order = make.order(account=account, on=on, lines=[(quantity, price, cost)])
    OrderLine.objects.filter(order=order).update(product=product, discount=Decimal(off))
    return order


@pytest.fixture
def firm(rep, colleague, manager):
    """Four customers, two products, a night, costs, contacts, a return, a rival."""
    held = make.run(as_of=AS_OF)
    a, b = make.product(name="Alpha"), make.product(name="Beta")
    ann = make.account(name="Ann", owner=rep, source="web", relationship_type="partner")
    bob = make.account(name="Bob", owner=rep, source="referral")
    cat = make.account(name="Cat", owner=colleague, source="web")
    dan = make.account(
        name="Dan",
        stage="former",
        acquired_on=day(1, 10, 2024),
        lost_on=day(9, 1),
        loss_reason="price",
    )
    buy(ann, a, day(2, 1), quantity=3, off="2.00")
    buy(ann, a, day(5, 1))
    buy(ann, b, day(5, 1))
    buy(bob, a, day(3, 1), quantity=2)
    buy(cat, b, day(4, 1), cost=None)
    buy(dan, a, day(6, 1, 2024))
    buy(ann, b, day(6, 1, 2025))
    make.cost(account=ann, amount="5.00", on=day(5, 2))
    make.cost(account=cat, amount="9.00", on=day(5, 2), kind="delivery")
    for account, clv, worth in ((ann, 900, "current_key"), (bob, 100, "general")):
        make.valuation(account=account, realised="10.00", expected_margin=str(clv))
        make.membership(account=account, worth_class=worth)
    make.valuation(account=cat, realised="-30.00", expected_margin="10.00")
    make.membership(account=cat, worth_class="never_profitable")
    make.touchpoint(account=ann, user=rep)
    make.touchpoint(account=ann, user=rep, channel="visit", rating_people=4)
    make.touchpoint(account=cat, user=colleague, channel="email", rating_people=2)
    rival = Competitor.objects.create(name="Rival")
    CompetitorPresence.objects.create(account=bob, competitor=rival, since=day(6, 1))
    OrderReturn.objects.create(
        line=bob.orders.get().lines.get(),
        account=bob,
        returned_on=day(4, 2),
        quantity=1,
        refund="10.00",
        cost_recovered="4.00",
    )
    Holding.objects.create(account=ann, product=a, quantity=1, acquired_on=day(2, 1))
    assert Membership.objects.count() == 3
    return {"a": a, "b": b, "ann": ann, "bob": bob, "cat": cat, "dan": dan, "run": held}
