"""Shared costs reach accounts exactly, whatever they are, and go back the same way."""

import datetime as dt
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import StaleRecordError
from crm.errors import CannotAllocateError, CannotPostError, CannotSaveRuleError
from crm.models import (
    Allocation,
    AllocationRule,
    AllocationRuleVersion,
    AuditEvent,
    Case,
    LedgerEntry,
)
from crm.queries.allocation import preview, unspread
from crm.services import allocation, allocation_rules, ledger
from tests import make

JAN = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
FEB = (dt.date(2026, 2, 1), dt.date(2026, 2, 28))


def rule(driver="orders", **terms):
    return allocation_rules.create_rule(
        actor=None,
        name=f"By {driver} {AllocationRule.objects.count()}",
        kind="delivery",
        reason="Agreed in March",
        driver=driver,
        **terms,
    )


def pool(*amounts, day=JAN[1]):
    return [
        ledger.post_entry(
            actor=None,
            account=None,
            kind="delivery",
            amount=amount,
            incurred_on=day,
            document=f"D-{n}",
        )
        for n, amount in enumerate(amounts)
    ]


def apply(by, period=JAN, **options):
    return allocation.apply_rule(
        actor=None, rule=by, period_start=period[0], period_end=period[1], **options
    )


def borne():
    rows = LedgerEntry.objects.of_accounts().order_by().values_list("account")
    return {pk: s for pk, s in rows.annotate(s=Sum("amount")) if s}


# -- Exact -----------------------------------------------------------------------------

amounts = st.lists(
    st.integers(-5_000, 20_000).filter(bool).map(lambda n: Decimal(n) / 100),
    min_size=1,
    max_size=5,
)


@given(amounts=amounts, minutes=st.lists(st.integers(0, 500), min_size=1, max_size=6))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.django_db
def test_any_pool_over_any_driver_sums_exactly(amounts, minutes, transactional_undo):
    with transactional_undo():
        accounts = [make.account() for _ in minutes]
        for account, spent in zip(accounts, minutes, strict=True):
            make.touchpoint(account=account, minutes=spent)
        costs, total = pool(*amounts), sum(amounts)
        by = rule("minutes")
        if not any(minutes):
            with pytest.raises(CannotAllocateError):
                apply(by)
            assert not LedgerEntry.objects.of_accounts().exists()
            return
        apply(by)
        shares, whole = borne(), sum(minutes)
        assert sum(shares.values()) == total
        for account, spent in zip(accounts, minutes, strict=True):
            exact = total * spent / whole
            assert abs(shares.get(account.pk, 0) - exact) < Decimal("0.01")
            assert shares.get(account.pk, 0) * total >= 0
        for cost in costs:
            parts = cost.parts.aggregate(s=Sum("amount"))["s"]
            assert parts == cost.amount
        again = dict(shares)
        allocation.undo(
            actor=None, allocation=Allocation.objects.get(), reason="Look again"
        )
        assert borne() == {}
        apply(by)
        assert borne() == again


@pytest.fixture
def transactional_undo(db):
    @contextmanager
    def undone():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)

    return undone


@pytest.mark.django_db
def test_odd_cents_go_to_the_largest_remainder_then_to_the_lower_number():
    first, second, third = (make.account() for _ in range(3))
    for account, minutes in ((first, 1), (second, 1), (third, 4)):
        make.touchpoint(account=account, minutes=minutes)
    pool("0.10")
    apply(rule("minutes"))
    # 1.67, 1.67 and 6.67 cents: 1 + 1 + 6, and the two odd ones go to equal remainders
    assert borne() == {
        first.pk: Decimal("0.02"),
        second.pk: Decimal("0.02"),
        third.pk: Decimal("0.06"),
    }


@pytest.mark.django_db
def test_each_month_is_spread_by_what_was_done_in_it():
    early, late = make.account(), make.account()
    make.order(account=early, on=JAN[0])
    make.order(account=late, on=FEB[0])
    pool("30", day=JAN[1])
    pool("50", day=FEB[0])
    made = apply(rule("orders"), (JAN[0], FEB[1]))
    assert borne() == {early.pk: Decimal(30), late.pk: Decimal(50)}
    assert (made.total, made.cost_count, made.account_count) == (80, 2, 2)


@pytest.mark.django_db
def test_a_year_counts_what_was_done_before_the_month():
    account, other = make.account(), make.account()
    make.order(account=account, on=dt.date(2025, 2, 1))
    make.order(account=other, on=dt.date(2025, 1, 31))
    pool("9")
    apply(rule("orders", span="year"))
    assert borne() == {account.pk: Decimal(9)}


@pytest.mark.django_db
def test_only_accounts_in_scope_are_charged():
    inside = make.account(industry="Printing", relationship_type="contract")
    make.account(industry="Printing")
    make.account(relationship_type="contract")
    pool("9")
    apply(rule("equal", industry="Printing", relationship_type="contract"))
    assert borne() == {inside.pk: Decimal(9)}


@pytest.mark.django_db
def test_what_a_merged_account_did_is_charged_to_the_one_that_stays():
    kept = make.account()
    between = make.account(merged_into=kept)
    gone = make.account(merged_into=between)
    make.order(account=gone)
    pool("9")
    apply(rule("orders"))
    assert borne() == {kept.pk: Decimal(9)}


@pytest.mark.django_db
def test_cases_are_counted_in_the_company_zone():
    account, other = make.account(), make.account()
    for one, at in (
        (account, dt.datetime(2025, 12, 31, 23, 30, tzinfo=dt.UTC)),
        (other, dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)),
    ):
        Case.objects.create(account=one, title="Late", opened_at=at)
    pool("9")
    apply(rule("cases"))
    assert borne() == {account.pk: Decimal(9)}


# -- Once, and back --------------------------------------------------------------------


@pytest.fixture
def spread(manager):
    account = make.account()
    make.order(account=account)
    return account, pool("30", "50"), apply(rule())


def test_applied_again_there_is_nothing_left_to_spread(spread):
    stored = LedgerEntry.objects.count(), AuditEvent.objects.count()
    with pytest.raises(CannotAllocateError, match="nothing to spread"):
        apply(AllocationRule.objects.get())
    assert (LedgerEntry.objects.count(), AuditEvent.objects.count()) == stored


def test_undone_twice_it_is_undone_once(spread, manager):
    _, _, made = spread
    allocation.undo(actor=manager, allocation=made, reason="Wrong rule")
    with pytest.raises(CannotAllocateError):
        allocation.undo(actor=manager, allocation=made, reason="Again")
    made.refresh_from_db()
    assert (made.undone_by, made.undone_reason) == (manager, "Wrong rule")
    assert borne() == {}
    assert len(unspread(made.version.rule, *JAN)) == 2


def test_a_share_is_not_reversed_alone(spread, manager):
    part = LedgerEntry.objects.of_accounts().first()
    with pytest.raises(CannotPostError, match="share of a common cost"):
        ledger.reverse_entry(actor=manager, entry=part, reason="Too much")
    assert not LedgerEntry.objects.exclude(reverses=None).exists()


def test_a_cost_that_goes_takes_its_allocation_back(spread, manager):
    account, (first, second), made = spread
    ledger.reverse_entry(actor=manager, entry=first, reason="Invoice cancelled")
    assert borne() == {}
    assert unspread(made.version.rule, *JAN) == [second]
    apply(made.version.rule)
    assert borne() == {account.pk: Decimal(50)}


@pytest.mark.parametrize(
    ("case", "field"),
    [("off", "rule"), ("half month", "period_start"), ("nobody", "period_start")],
)
def test_refused_nothing_changes(manager, case, field):
    by = rule("orders")
    if case != "nobody":
        make.order()
    if case == "off":
        by = allocation_rules.change_rule(
            actor=None, rule=by, reason="x", is_active=False
        )
    pool("9")
    stored = LedgerEntry.objects.count(), AuditEvent.objects.count()
    period = (JAN[0], dt.date(2026, 1, 15)) if case == "half month" else JAN
    with pytest.raises(CannotAllocateError) as refused:
        apply(by, period)
    assert refused.value.field == field
    assert (LedgerEntry.objects.count(), AuditEvent.objects.count()) == stored
    assert not Allocation.objects.exists()


# -- Rules -----------------------------------------------------------------------------


def test_a_changed_rule_keeps_what_it_was(manager):
    by = rule("orders")
    changed = allocation_rules.change_rule(
        actor=manager, rule=by, reason="Weight was wrong", driver="revenue"
    )
    kept = list(AllocationRuleVersion.objects.values_list("number", "driver", "reason"))
    assert kept == [
        (2, "revenue", "Weight was wrong"),
        (1, "orders", "Agreed in March"),
    ]
    with pytest.raises(StaleRecordError):
        allocation_rules.change_rule(
            actor=manager, rule=changed, reason="x", expected_version=1, span="year"
        )
    assert AllocationRule.objects.get().span == "period"


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"kind": "bribe"}, {"driver": "mood"}, {"reason": ""}]
)
@pytest.mark.django_db
def test_impossible_rules_are_refused(wrong):
    facts = {"name": "Rent", "kind": "delivery", "driver": "orders", "reason": "So"}
    with pytest.raises(CannotSaveRuleError) as refused:
        allocation_rules.create_rule(actor=None, **facts | wrong)
    assert refused.value.field == next(iter(wrong))
    assert not AllocationRule.objects.exists()


@pytest.mark.django_db
def test_a_preview_says_who_bears_what_and_stores_nothing():
    big, small = make.account(), make.account()
    make.account()  # a customer without orders
    for account, n in ((big, 3), (small, 1)):
        for _ in range(n):
            make.order(account=account)
    costs, by = pool("100"), rule("orders")
    seen = preview(by, unspread(by, *JAN))
    assert [(one.account, one.amount) for one in seen.largest] == [
        (big, Decimal(75)),
        (small, Decimal(25)),
    ]
    assert (seen.total, seen.charged) == (100, 100)
    assert (seen.account_count, seen.without_count, seen.costs) == (2, 1, costs)
    assert LedgerEntry.objects.count() == 1


# -- By itself -------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_monthly_rule_spreads_months_that_are_over_once():
    account = make.account()
    make.order(account=account, on=JAN[0])
    make.order(account=account, on=FEB[0])
    by = rule("orders", is_monthly=True)
    rule("orders")  # not monthly
    pool("30", day=JAN[1])
    pool("50", day=FEB[0])
    assert len(allocation.apply_due(dt.date(2026, 2, 28))) == 1
    assert borne() == {account.pk: Decimal(30)}
    assert allocation.apply_due(dt.date(2026, 2, 28)) == []
    pool("5", day=JAN[0])  # entered late
    assert len(allocation.apply_due(dt.date(2026, 3, 1))) == 2
    assert borne() == {account.pk: Decimal(85)}
    assert {one.version.rule for one in Allocation.objects.all()} == {by}
