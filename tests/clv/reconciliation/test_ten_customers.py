"""Ten customers worked out by hand, down to the cent, through the real night."""

import datetime as dt
from decimal import Decimal

import pytest

from clv.models import Valuation
from clv.queries.profit import profit_and_loss
from clv.services.tree import value_tree
from crm.choices import OrderStatus
from crm.models import AllocationRule, LedgerEntry, OrderLine
from crm.services import ledger, orders, returns
from tests import make

AS_OF = dt.date(2026, 6, 30)
PLACES = ("margin", "cost_to_win", "serving", "realised_profit")

# Margin, cost to win, cost to serve, realised profit. Everybody has 10.00 of a
# mailing's 100.00.
BY_HAND = {
    # 125.00 - 70.00, and 50.00 - 5.00 discount - 28.00; two deliveries of 6.40
    "discount": ("72.00", "40.00", "22.80", "9.20"),
    # 3 x 33.333 = 100.00 of unknown cost, 30 % of it; 12.00 of service
    "cost unknown": ("30.00", "0.00", "22.00", "8.00"),
    # 200.00 - 120.00, back 40.00 and 18.00 of goods; handling 9.90
    "return": ("58.00", "0.00", "19.90", "38.10"),
    # three times 50.00 - 30.00 on one day; three deliveries of 5.00
    "one day": ("60.00", "0.00", "25.00", "35.00"),
    # 300.00 - 210.00; a credit of 25.00 and its reversal
    "reversal": ("90.00", "0.00", "10.00", "80.00"),
    # 80.00 - 95.00; 30.00 of care
    "loss": ("-15.00", "0.00", "40.00", "-55.00"),
    # 500.00 - 350.00; 3.33 of something else
    "plain": ("150.00", "0.00", "13.33", "136.67"),
    # 0.333 x 3.00 = 0.999, 0.333 x 1.50 = 0.4995
    "fractions": ("0.50", "0.00", "10.00", "-9.50"),
    # 150.00 - 100.00, and a cancelled order; 20.00 to start
    "cancelled": ("50.00", "20.00", "10.00", "20.00"),
    # 60.00 - 36.00 on the day of the run, more the day after
    "today": ("24.00", "0.00", "10.00", "14.00"),
}


def buy(actor, account, on, *lines):
    number = f"{account.name} {on} {account.orders.count()}"
    made = [
        orders.NewLine(
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            unit_cost=None if cost is None else Decimal(cost),
            discount=Decimal(discount),
        )
        for quantity, price, cost, discount in lines
    ]
    return orders.place_order(
        actor=actor,
        account=account,
        external_id=number,
        ordered_on=dt.date.fromisoformat(on),
        lines=made,
    )


def line(quantity, price, cost, discount="0"):
    return quantity, price, cost, discount


@pytest.fixture
def firm(administrator):
    """Return the accounts by what happened to them, all through the services."""
    who = {name: make.account(name=name) for name in BY_HAND}

    def bought(name, on, *lines):
        return buy(administrator, who[name], on, *lines)

    def spent(name, kind, amount, on):
        return ledger.post_entry(
            actor=administrator,
            account=who[name] if name else None,
            kind=kind,
            amount=amount,
            incurred_on=dt.date.fromisoformat(on),
        )

    spent("discount", "acquisition", "40.00", "2025-06-20")
    bought("discount", "2025-07-01", line("10", "12.50", "7"))
    bought("discount", "2026-01-10", line("4", "12.50", "7", "5.00"))
    spent("discount", "delivery", "6.40", "2025-07-02")
    spent("discount", "delivery", "6.40", "2026-01-11")
    bought("cost unknown", "2026-02-01", line("3", "33.333", None))
    spent("cost unknown", "service", "12.00", "2026-02-03")
    kept = bought("return", "2026-01-05", line("10", "20", "12"))
    returns.return_goods(
        actor=administrator,
        line=kept.lines.get(),
        returned_on=dt.date(2026, 1, 20),
        quantity=Decimal(2),
        refund=Decimal("40.00"),
        cost_recovered=Decimal("18.00"),
    )
    spent("return", "returns", "9.90", "2026-01-20")
    for _ in range(3):
        bought("one day", "2026-03-03", line("1", "50", "30"))
        spent("one day", "delivery", "5.00", "2026-03-03")
    bought("reversal", "2025-12-24", line("1", "300", "210"))
    wrong = spent("reversal", "credit", "25.00", "2026-01-24")
    ledger.reverse_entry(actor=administrator, entry=wrong, reason="typed twice")
    bought("loss", "2026-04-01", line("1", "80", "95"))
    spent("loss", "account_management", "30.00", "2026-04-02")
    bought("plain", "2026-05-05", line("2", "250", "175"))
    spent("plain", "other", "3.33", "2026-05-06")
    bought("fractions", "2026-05-07", line("0.333", "3", "1.5"))
    bought("cancelled", "2026-05-08", line("1", "150", "100"))
    off = bought("cancelled", "2026-05-09", line("1", "999", "1"))
    orders.cancel_order(actor=administrator, order=off)
    spent("cancelled", "onboarding", "20.00", "2026-05-08")
    bought("today", "2026-06-30", line("1", "60", "36"))
    bought("today", "2026-07-01", line("1", "70", "36"))
    rule = AllocationRule.objects.create(
        name="Mailing", kind="marketing", driver="equal"
    )
    ledger.allocate(
        actor=administrator,
        entry=spent(None, "marketing", "100.00", "2026-06-01"),
        rule=rule,
        period_start=dt.date(2026, 6, 1),
        period_end=dt.date(2026, 6, 30),
    )
    return who


def test_ten_customers_come_out_as_by_hand(firm, run_night):
    run = run_night(AS_OF)

    values = {v.account.name: v for v in Valuation.objects.of_run(run)}
    got = {
        name: tuple(
            str(amount)
            for amount in (
                value.margin,
                value.cost_to_win,
                value.cost_per_order_kinds + value.cost_over_time_kinds,
                value.realised_profit,
            )
        )
        for name, value in values.items()
    }
    assert got == BY_HAND
    assert sum(v.realised_profit for v in values.values()) == Decimal("276.47")
    assert (values["one day"].order_days, values["one day"].order_count) == (1, 3)
    assert values["today"].revenue == Decimal("60.00")
    paid_back = {name: value.paid_back_on for name, value in values.items()}
    assert paid_back["discount"] == dt.date(2025, 7, 1)
    assert paid_back["loss"] is paid_back["fractions"] is None
    assert values["discount"].cost_delivery == Decimal("12.80")
    assert values["reversal"].cost_credit == Decimal("0.00")
    assert {v.cost_marketing for v in values.values()} == {Decimal("10.00")}


def test_statements_trees_and_the_ledger_agree(firm, run_night):
    run = run_night(AS_OF)

    for value in Valuation.objects.of_run(run).select_related("account"):
        statement = profit_and_loss(
            account=value.account, as_of=AS_OF, margin_rate=Decimal("0.3")
        )
        assert statement.realised_profit == value.realised_profit
        assert_sums(value_tree(value=value, run=run))
    # Every cent of the ledger stands at some account; the mailing by its parts.
    costs = sum(Decimal(row[1]) + Decimal(row[2]) for row in BY_HAND.values())
    entries = LedgerEntry.objects.filter(incurred_on__lte=AS_OF)
    assert costs == sum(e.amount for e in entries if e.account_id)
    assert costs == sum(e.amount for e in entries if e.allocated_from_id is None)
    lines = OrderLine.objects.filter(
        status=OrderStatus.CONFIRMED, ordered_on__lte=AS_OF
    )
    assert sum(x.revenue for x in lines) - 40 == sum(
        v.revenue for v in Valuation.objects.of_run(run)
    )


def assert_sums(node):
    if node.branches:
        assert sum(branch.amount for branch in node.branches) == node.amount
    for branch in node.branches:
        assert_sums(branch)


def test_few_accounts_share_what_each_driver_costs(firm, run_night):
    """Eleven days with orders of ten customers: k is their mean, 1.1."""
    stored = run_night(AS_OF).parameters["costs"]

    assert stored["drivers"]["delivery"] == "order"
    delivery = stored["rates"]["delivery"]
    assert (delivery["k"], delivery["is_estimated"]) == (pytest.approx(1.1), False)
    assert delivery["overall"] == pytest.approx(27.80 / 11)
    assert stored["rates"]["credit"]["overall"] == 0.0
