"""The cost ledger: append-only, reversed once, allocated exactly."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from common.clock import business_today
from common.errors import DomainError
from crm.errors import (
    AlreadyExistsError,
    AlreadyReversedError,
    CannotAllocateError,
    CannotPostError,
)
from crm.models import AllocationRule, AuditEvent, LedgerEntry
from crm.services.ledger import (
    allocate,
    post_entry,
    reverse_allocation,
    reverse_entry,
)
from tests import make

START, END = dt.date(2026, 1, 1), dt.date(2026, 1, 31)


@pytest.fixture
def shared(manager):
    return post_entry(
        actor=manager,
        account=None,
        kind="marketing",
        amount="100.00",
        incurred_on=END,
        document="INV-7",
    )


def rule(driver, **fields):
    return AllocationRule.objects.create(
        **{"name": f"By {driver}", "kind": "marketing", "driver": driver} | fields
    )


def spread(manager, entry, by):
    return allocate(
        actor=manager, entry=entry, rule=by, period_start=START, period_end=END
    )


# -- Append-only -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda row: LedgerEntry.objects.filter(pk=row.pk).update(amount=1),
        lambda row: LedgerEntry.objects.filter(pk=row.pk).delete(),
        lambda row: row.save(),
    ],
    ids=["update", "delete", "save"],
)
@pytest.mark.django_db
def test_the_database_refuses_to_change_or_delete_rows(act):
    row = make.cost(amount="25.00")
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        act(row)
    assert LedgerEntry.objects.get().amount == Decimal("25.00")


# -- Posting ---------------------------------------------------------------------------


def test_posting_the_same_cost_twice_stores_it_once(manager):
    account = make.account()
    facts = {
        "account": account,
        "kind": "service",
        "amount": "10",
        "incurred_on": END,
        "source": "erp",
        "external_id": "7",
    }
    first = post_entry(actor=manager, **facts)
    assert post_entry(actor=manager, **facts) == first
    with pytest.raises(AlreadyExistsError):
        post_entry(actor=manager, **facts | {"amount": "11"})
    assert LedgerEntry.objects.get().amount == Decimal("10.00")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "0.004"}, "amount"),
        ({"amount": "1" * 15}, "amount"),
        ({"kind": "bribe"}, "kind"),
        ({"incurred_on": dt.timedelta(days=1)}, "incurred_on"),
    ],
)
def test_impossible_costs_are_refused(manager, fields, field):
    if "incurred_on" in fields:
        fields = {"incurred_on": business_today() + fields["incurred_on"]}
    facts = {"kind": "service", "amount": "10", "incurred_on": END} | fields
    with pytest.raises(CannotPostError) as refused:
        post_entry(actor=manager, account=make.account(), **facts)
    assert refused.value.field == field
    assert not LedgerEntry.objects.exists()


# -- Reversing -------------------------------------------------------------------------


def test_a_cost_is_reversed_once_and_a_reversal_never(manager):
    row = make.cost(amount="25.00")
    reversal = reverse_entry(actor=manager, entry=row, reason="wrong account")
    assert (reversal.amount, reversal.reverses) == (Decimal("-25.00"), row)
    assert (reversal.account, reversal.incurred_on) == (row.account, row.incurred_on)
    with pytest.raises(AlreadyReversedError):
        reverse_entry(actor=manager, entry=row, reason="again")
    with pytest.raises(CannotPostError):
        reverse_entry(actor=manager, entry=reversal, reason="back")
    assert LedgerEntry.objects.count() == 2


# -- Allocating ------------------------------------------------------------------------


def given_activity():
    """Three accounts: orders 2/1/0, revenue 300/100/0, minutes 10/0/20."""
    big, small, quiet = make.account(), make.account(), make.account()
    make.order(account=big, lines=[(1, "200.00", "1")])
    make.order(account=big, lines=[(1, "100.00", "1")])
    make.order(account=small, lines=[(1, "100.00", "1")])
    make.order(account=small, on=dt.date(2025, 12, 31))
    make.order(account=small, status="cancelled")
    make.touchpoint(account=big, minutes=10)
    make.touchpoint(account=quiet, minutes=20)
    return big, small, quiet


@pytest.mark.parametrize(
    ("driver", "amounts"),
    [
        ("orders", ["66.67", "33.33", None]),
        ("revenue", ["75.00", "25.00", None]),
        ("minutes", ["33.33", None, "66.67"]),
        ("equal", ["33.34", "33.33", "33.33"]),
    ],
)
def test_each_driver_spreads_exactly(manager, shared, driver, amounts):
    accounts = given_activity()
    parts = spread(manager, shared, rule(driver))
    by_account = {p.account_id: p.amount for p in parts}
    expected = [None if a is None else Decimal(a) for a in amounts]
    assert [by_account.get(a.pk) for a in accounts] == expected
    assert sum(p.amount for p in parts) == shared.amount
    assert {(p.kind, p.incurred_on, p.document) for p in parts} == {
        ("marketing", END, "INV-7")
    }


def test_equal_shares_go_to_customers_of_the_period_only(manager, shared):
    kept = [make.account(), make.account(stage="former", lost_on=dt.date(2026, 1, 9))]
    make.account(stage="prospect")
    make.account(acquired_on=dt.date(2026, 2, 1))
    make.account(stage="former", lost_on=dt.date(2025, 12, 31))
    make.account(merged_into=kept[0])
    parts = spread(manager, shared, rule("equal"))
    assert {p.account_id for p in parts} == {a.pk for a in kept}


def test_a_cent_for_many_still_sums_up(manager):
    [make.account() for _ in range(5)]
    cost = post_entry(
        actor=manager, account=None, kind="marketing", amount="0.03", incurred_on=END
    )
    parts = spread(manager, cost, rule("equal"))
    assert [p.amount for p in parts] == [Decimal("0.01")] * 3


def test_spread_again_only_after_reversal(manager, shared):
    accounts = given_activity()
    spread(manager, shared, rule("equal"))
    with pytest.raises(CannotAllocateError):
        spread(manager, shared, rule("orders"))
    assert LedgerEntry.objects.filter(allocated_from=shared).count() == 3

    reverse_allocation(actor=manager, entry=shared, reason="wrong driver")
    spread(manager, shared, AllocationRule.objects.get(driver="orders"))

    parts = LedgerEntry.objects.filter(allocated_from=shared)
    assert parts.aggregate(sum=Sum("amount"))["sum"] == shared.amount
    first = parts.filter(account=accounts[0]).aggregate(sum=Sum("amount"))["sum"]
    assert first == Decimal("66.67")


def test_reversing_a_shared_cost_takes_its_parts_back(manager, shared):
    given_activity()
    spread(manager, shared, rule("equal"))
    reverse_entry(actor=manager, entry=shared, reason="invoice cancelled")
    assert LedgerEntry.objects.of_accounts().aggregate(s=Sum("amount"))["s"] == 0
    with pytest.raises(CannotAllocateError):
        spread(manager, shared, AllocationRule.objects.get())


@pytest.mark.parametrize("case", ["charged", "other kind", "off", "nobody", "period"])
def test_what_cannot_be_spread_is_refused(manager, shared, case):
    by = rule(
        "orders" if case == "nobody" else "equal",
        kind="service" if case == "other kind" else "marketing",
        is_active=case != "off",
    )
    entry = make.cost(kind="marketing") if case == "charged" else shared
    end = START - dt.timedelta(days=1) if case == "period" else END
    stored, acts = LedgerEntry.objects.count(), AuditEvent.objects.count()
    with pytest.raises(DomainError):
        allocate(
            actor=manager, entry=entry, rule=by, period_start=START, period_end=end
        )
    assert LedgerEntry.objects.count() == stored
    assert AuditEvent.objects.count() == acts


@pytest.mark.django_db(transaction=True)
def test_spread_in_requests_at_once_it_is_spread_once():
    manager = make.user("manager")
    given_activity()
    by = rule("equal")
    cost = post_entry(
        actor=manager, account=None, kind="marketing", amount="9", incurred_on=END
    )
    start, outcomes = threading.Barrier(3), []

    def act():
        try:
            start.wait()
            outcomes.append(len(spread(manager, cost, by)))
        except CannotAllocateError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert sorted(outcomes, key=str) == [3, "refused", "refused"]
    parts = LedgerEntry.objects.filter(allocated_from=cost)
    assert sum(p.amount for p in parts) == Decimal("9.00")
