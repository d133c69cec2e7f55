"""Every figure equals the rows it comes from, to the cent, whatever a firm has done.

The other side of each comparison is plain arithmetic over the stored rows, without the
night's statements.
"""

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clv.models import AccountSummary
from clv.policy import COST_DRIVERS, WINNING_KINDS
from clv.queries.profit import profit_and_loss
from clv.services import summaries
from crm.choices import CostKind
from crm.errors import (
    CannotAllocateError,
    OrderRefusedError,
    ReturnRefusedError,
)
from crm.models import AllocationRule, LedgerEntry, OrderLine
from crm.services import ledger, orders, returns
from crm.services.orders import NewLine
from tests import make

TODAY = dt.date(2026, 6, 30)
RATE = Decimal("0.3333")
CENT = Decimal("0.01")

days = st.integers(0, 900).map(lambda back: TODAY - dt.timedelta(days=back))
cents = st.integers(1, 10_000_000).map(lambda n: Decimal(n) / 100)
lines = st.lists(
    st.builds(
        NewLine,
        quantity=st.integers(1, 9999).map(lambda n: Decimal(n) / 1000),
        unit_price=st.integers(0, 9_999_999).map(lambda n: Decimal(n) / 10_000),
        unit_cost=st.none()
        | st.integers(0, 9_999_999).map(lambda n: Decimal(n) / 10_000),
    ),
    min_size=1,
    max_size=3,
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.integers(0, 4), days, lines),
        st.tuples(st.just("return"), st.integers(0, 30), days, cents),
        st.tuples(st.just("cancel"), st.integers(0, 30), days, cents),
        st.tuples(
            st.sampled_from(list(CostKind.values)), st.integers(0, 4), days, cents
        ),
        st.tuples(st.just("reverse"), st.integers(0, 30), days, cents),
        st.tuples(st.just("share"), st.integers(0, 30), days, cents),
    ),
    min_size=5,
    max_size=30,
)


class Firm:
    """Five accounts that do what they are told, through the doors of the product."""

    def __init__(self, actor):
        self.actor = actor
        self.accounts = [make.account() for _ in range(5)]
        self.rules = {
            driver: AllocationRule.objects.create(
                name=f"{driver} {self.accounts[0].pk}", kind="service", driver=driver
            )
            for driver in ("orders", "revenue", "equal")
        }
        self.orders, self.entries = [], []

    def act(self, number, what, which, on, how):
        if what == "order":
            self._order(number, which, on, how)
        elif what in {"return", "cancel"} and self.orders:
            self._undo(what, self.orders[which % len(self.orders)], on, how)
        elif what == "reverse" and self.entries:
            entry = self.entries.pop(which % len(self.entries))
            ledger.reverse_entry(actor=self.actor, entry=entry, reason="wrong")
        elif what == "share":
            self._share(which, on, how)
        elif what in CostKind.values:
            entry = ledger.post_entry(
                actor=self.actor,
                account=self.accounts[which],
                kind=what,
                amount=how,
                incurred_on=on,
            )
            self.entries.append(entry)

    def _order(self, number, which, on, how):
        placed = orders.place_order(
            actor=self.actor,
            account=self.accounts[which],
            external_id=f"{self.accounts[0].pk}-{number}",
            ordered_on=on,
            lines=how,
        )
        self.orders.append(placed)

    def _undo(self, what, order, on, how):
        try:
            if what == "cancel":
                orders.cancel_order(actor=self.actor, order=order)
                return
            line = order.lines.first()
            part = Decimal(int(how * 100) % 100) / 100
            returns.return_goods(
                actor=self.actor,
                line=line,
                returned_on=max(on, order.ordered_on),
                quantity=max(line.quantity * part, Decimal("0.001")),
                refund=(line.revenue * part).quantize(CENT),
                cost_recovered=((line.cost or 0) * part).quantize(CENT),
            )
        except (OrderRefusedError, ReturnRefusedError):
            pass  # already cancelled, or nothing left to come back

    def _share(self, which, on, how):
        entry = ledger.post_entry(
            actor=self.actor, account=None, kind="service", amount=how, incurred_on=on
        )
        if which % 3 == 0:
            return  # stays unallocated
        driver = ["orders", "revenue", "equal"][which % 3]
        try:
            ledger.allocate(
                actor=self.actor,
                entry=entry,
                rule=self.rules[driver],
                period_start=TODAY - dt.timedelta(days=1000),
                period_end=TODAY,
            )
        except CannotAllocateError:
            return  # nobody has bought anything
        self.entries.append(entry)


def worked_out(account):
    """Return the figures of one account by going through its rows one by one."""
    sums = defaultdict(Decimal)
    for line in OrderLine.objects.filter(account=account, status="confirmed"):
        back = line.returns.all()
        refund = sum((one.refund for one in back), Decimal(0))
        sums["revenue"] += line.revenue - refund
        if line.cost is None:
            sums["unknown"] += line.revenue - refund
        else:
            recovered = sum((one.cost_recovered for one in back), Decimal(0))
            sums["known"] += line.revenue - refund - line.cost + recovered
    for entry in LedgerEntry.objects.filter(account=account):
        sums[entry.kind] += entry.amount
    assumed = (RATE * sums["unknown"]).quantize(CENT, ROUND_HALF_UP)
    sums["margin"] = sums["known"] + assumed
    return sums


@pytest.fixture
def actor(administrator):
    return administrator


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=acts)
def test_profit_and_loss_and_sums_reconcile_to_orders_and_ledger(actor, acts):
    firm = Firm(actor)
    for number, act in enumerate(acts):
        firm.act(number, *act)

    summaries.refresh_summaries(as_of=TODAY, margin_rate=RATE, full=True)

    kept = AccountSummary.objects.in_bulk([a.pk for a in firm.accounts])
    for account in firm.accounts:
        by_hand, row = worked_out(account), kept[account.pk]
        statement = profit_and_loss(account=account, as_of=TODAY, margin_rate=RATE)
        assert row.revenue == by_hand["revenue"]
        assert row.margin_known == by_hand["known"]
        assert row.revenue_cost_unknown == by_hand["unknown"]
        assert row.cost_to_win == sum(by_hand[kind] for kind in WINNING_KINDS)
        for kind in COST_DRIVERS:
            assert getattr(row, f"cost_{kind}") == by_hand[kind]
        costs = sum(by_hand[kind] for kind in CostKind.values)
        assert statement.realised_profit == by_hand["margin"] - costs
        for kind in CostKind.values:
            shown = statement.amount(kind, None)
            assert (shown or 0) == -by_hand[kind]

    spread = LedgerEntry.objects.exclude(account=None)
    parts = spread.filter(allocated_from__isnull=False)
    shared = LedgerEntry.objects.filter(account=None)
    costs = [f"cost_{kind}" for kind in COST_DRIVERS]
    sums = AccountSummary.objects.aggregate(
        **{name: Sum(name, default=0) for name in [*costs, "cost_to_win"]}
    )
    # Accounts together have all that was charged to any; what is shared has its parts
    # there, or is not spread yet.
    assert sum(sums.values()) == total(spread)
    assert total(LedgerEntry.objects.all()) - total(parts) == total(
        spread.filter(allocated_from=None)
    ) + total(shared)
    for entry in shared.filter(parts__isnull=False, reverses=None).distinct():
        standing = total(entry.parts.all())
        reversed_amount = total(LedgerEntry.objects.filter(reverses=entry))
        assert standing == entry.amount + reversed_amount


def total(rows):
    return rows.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
