"""Placing, changing and cancelling orders, and taking goods back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from common.errors import StaleRecordError
from crm.choices import OrderStatus, Stage
from crm.errors import AlreadyExistsError, OrderRefusedError, ReturnRefusedError
from crm.models import AuditEvent, Order, OrderLine, OrderReturn
from crm.services import orders, returns
from crm.services.orders import NewLine
from tests import make

DAY = dt.date(2026, 1, 15)
TOMORROW = dt.date.today() + dt.timedelta(days=2)  # noqa: DTZ011  any day ahead


@pytest.fixture
def prospect(rep):
    return make.account(owner=rep, stage=Stage.PROSPECT)


def line(quantity="2", unit_price="10.00", **fields):
    return NewLine(quantity=Decimal(quantity), unit_price=Decimal(unit_price), **fields)


def place(actor, account, **fields):
    asked = {"external_id": "O-1", "ordered_on": DAY, "lines": [line()]} | fields
    return orders.place_order(actor=actor, account=account, **asked)


def test_the_first_order_makes_a_customer(rep, prospect):
    placed = place(rep, prospect)
    prospect.refresh_from_db()
    assert (prospect.stage, prospect.acquired_on) == (Stage.CUSTOMER, DAY)
    assert placed.version == 1
    event = AuditEvent.objects.get()
    assert (event.action, event.subject_id) == ("order.placed", placed.pk)


def test_lines_repeat_what_the_order_says(rep, prospect):
    placed = place(rep, prospect, lines=[line(), line("3", "1.50")])
    stored = placed.lines.values_list("account_id", "ordered_on", "status", "revenue")
    assert list(stored) == [
        (prospect.pk, DAY, "confirmed", Decimal("20.00")),
        (prospect.pk, DAY, "confirmed", Decimal("4.50")),
    ]


def test_the_unit_cost_comes_from_the_product_unless_given(rep, prospect):
    make.product(sku="A", unit_cost=Decimal("6.00"))
    make.product(sku="B", unit_cost=None)
    lines = [
        line(sku="A"),
        line(sku="A", unit_cost=Decimal("4.00")),
        line(sku="B"),
        line(),
    ]
    costs = place(rep, prospect, lines=lines).lines.values_list("cost", flat=True)
    assert list(costs) == [Decimal("12.00"), Decimal("8.00"), None, None]


def test_an_earlier_order_moves_the_day_of_winning_back(rep, prospect):
    place(rep, prospect)
    place(rep, prospect, external_id="O-0", ordered_on=dt.date(2025, 5, 1))
    place(rep, prospect, external_id="O-2", ordered_on=dt.date(2026, 2, 1))
    prospect.refresh_from_db()
    assert prospect.acquired_on == dt.date(2025, 5, 1)


def test_a_purchase_after_the_loss_wins_the_customer_back(rep):
    lost = make.account(
        stage=Stage.FORMER,
        acquired_on=dt.date(2024, 1, 1),
        lost_on=dt.date(2025, 6, 1),
        loss_reason="price",
    )
    place(rep, lost, external_id="old", ordered_on=dt.date(2025, 1, 1))
    lost.refresh_from_db()
    assert (lost.stage, lost.lost_on) == (Stage.FORMER, dt.date(2025, 6, 1))

    place(rep, lost)
    lost.refresh_from_db()
    assert (lost.stage, lost.lost_on, lost.loss_reason) == (Stage.CUSTOMER, None, "")


REFUSED = {
    "future": ({"ordered_on": TOMORROW}, "ordered_on"),
    "long ago": ({"ordered_on": dt.date(1066, 10, 14)}, "ordered_on"),
    "no number": ({"external_id": ""}, "external_id"),
    "no lines": ({"lines": []}, "lines"),
    "quantity 0": ({"lines": [line("0")]}, "lines"),
    "quantity below 0": ({"lines": [line("-1")]}, "lines"),
    "price below 0": ({"lines": [line("1", "-1")]}, "lines"),
    "discount too high": ({"lines": [line(discount=Decimal("20.01"))]}, "lines"),
    "cost below 0": ({"lines": [line(unit_cost=Decimal(-1))]}, "lines"),
    "unknown product": ({"lines": [line(sku="nothing")]}, "lines"),
    "too large": ({"lines": [line("999999999", "9999999999")]}, "lines"),
    "second line": ({"lines": [line(), line("0")]}, "lines"),
    "other currency": ({"currency": "XXX"}, "currency"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_impossible_orders_change_nothing(rep, prospect, case):
    asked, field = REFUSED[case]
    with pytest.raises(OrderRefusedError) as refusal:
        place(rep, prospect, **asked)
    assert refusal.value.field == field
    prospect.refresh_from_db()
    assert (prospect.stage, prospect.acquired_on) == (Stage.PROSPECT, None)
    assert Order.objects.exists() is AuditEvent.objects.exists() is False


def test_a_merged_account_buys_nothing(rep, prospect):
    merged = make.account(merged_into=prospect)
    with pytest.raises(OrderRefusedError, match="merged"):
        place(rep, merged)
    assert Order.objects.exists() is False


def test_the_same_order_again_is_the_same_order(rep, prospect):
    make.product(sku="A")
    first = place(rep, prospect, lines=[line(sku="A"), line("1.5")])
    again = place(rep, prospect, lines=[line(sku="A"), line("1.500")])
    assert again.pk == first.pk
    assert (Order.objects.count(), OrderLine.objects.count()) == (1, 2)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"lines": [line("3")]},
        {"lines": [line(), line()]},
        {"ordered_on": dt.date(2026, 1, 16)},
    ],
)
def test_another_order_of_the_same_number_is_refused(rep, prospect, other):
    first = place(rep, prospect)
    with pytest.raises(AlreadyExistsError) as refusal:
        place(rep, prospect, **other)
    assert refusal.value.field == "external_id"
    stored = Order.objects.get()
    assert (stored.ordered_on, stored.lines.get().quantity) == (DAY, Decimal(2))
    assert stored.updated_at == first.updated_at


def test_the_number_counts_per_source(rep, prospect):
    place(rep, prospect)
    place(rep, prospect, source="shop")
    assert Order.objects.count() == 2


def test_a_corrected_day_reaches_the_lines_and_the_account(rep, prospect):
    placed = place(rep, prospect)
    before = placed.updated_at
    changed = orders.change_order(
        actor=rep, order=placed, ordered_on=dt.date(2026, 3, 1)
    )
    prospect.refresh_from_db()
    assert changed.version == 2
    assert changed.updated_at > before
    assert changed.lines.get().ordered_on == dt.date(2026, 3, 1)
    assert prospect.acquired_on == dt.date(2026, 3, 1)


def test_lines_are_replaced_as_a_whole(rep, prospect):
    placed = place(rep, prospect)
    changed = orders.change_order(actor=rep, order=placed, lines=[line("7")])
    assert changed.lines.get().quantity == 7


def test_a_stale_change_changes_nothing(rep, prospect):
    placed = place(rep, prospect)
    with pytest.raises(StaleRecordError):
        orders.change_order(
            actor=rep, order=placed, expected_version=9, lines=[line("7")]
        )
    assert Order.objects.get().lines.get().quantity == 2


def test_cancelling_the_only_order_makes_a_prospect_again(rep, prospect):
    placed = place(rep, prospect)
    cancelled = orders.cancel_order(actor=rep, order=placed, reason="typed twice")
    prospect.refresh_from_db()
    assert (cancelled.status, cancelled.version) == (OrderStatus.CANCELLED, 2)
    assert cancelled.lines.get().status == OrderStatus.CANCELLED
    assert (prospect.stage, prospect.acquired_on) == (Stage.PROSPECT, None)

    again = orders.cancel_order(actor=rep, order=placed)
    assert again.version == 2
    assert AuditEvent.objects.filter(action="order.cancelled").count() == 1


def test_a_cancelled_order_cannot_be_changed(rep, prospect):
    placed = orders.cancel_order(actor=rep, order=place(rep, prospect))
    with pytest.raises(OrderRefusedError):
        orders.change_order(actor=rep, order=placed, lines=[line("7")])
    assert placed.lines.get().quantity == 2


def test_no_line_can_differ_from_its_order(rep, prospect):
    """The composite foreign key holds for whoever writes SQL by hand, too."""
    placed = place(rep, prospect)
    Order.objects.filter(pk=placed.pk).update(ordered_on=dt.date(2026, 2, 2))
    assert placed.lines.get().ordered_on == dt.date(2026, 2, 2)
    with connection.cursor() as cursor, pytest.raises(Exception, match="follows_its"):
        cursor.execute("UPDATE crm_orderline SET status = 'cancelled'")


# -- Goods that come back ------------------------------------------------------------


@pytest.fixture
def bought(rep, prospect):
    """Ten pieces at 10.00, cost 6.00 each."""
    lines = [line("10", unit_cost=Decimal("6.00"))]
    return place(rep, prospect, lines=lines).lines.get()


def take_back(actor, bought, **fields):
    asked = {
        "returned_on": dt.date(2026, 2, 1),
        "quantity": Decimal(4),
        "refund": Decimal("40.00"),
        "cost_recovered": Decimal("24.00"),
    }
    return returns.return_goods(actor=actor, line=bought, **asked | fields)


def test_goods_come_back_in_parts(rep, bought):
    take_back(rep, bought)
    take_back(
        rep,
        bought,
        quantity=Decimal(6),
        refund=Decimal("60.00"),
        cost_recovered=Decimal("36.00"),
    )
    assert OrderReturn.objects.filter(line=bought).count() == 2
    bought.refresh_from_db()
    assert (bought.quantity, bought.revenue) == (10, Decimal("100.00"))


RETURNS_REFUSED = {
    "quantity 0": ({"quantity": Decimal(0)}, "quantity"),
    "more than bought": ({"quantity": Decimal("10.001")}, "quantity"),
    "more than paid": ({"refund": Decimal("100.01")}, "refund"),
    "refund below 0": ({"refund": Decimal(-1)}, "refund"),
    "more than it cost": ({"cost_recovered": Decimal("60.01")}, "cost_recovered"),
    "before the order": ({"returned_on": dt.date(2026, 1, 14)}, "returned_on"),
    "future": ({"returned_on": TOMORROW}, "returned_on"),
}


@pytest.mark.parametrize("case", RETURNS_REFUSED)
def test_impossible_returns_change_nothing(rep, bought, case):
    asked, field = RETURNS_REFUSED[case]
    with pytest.raises(ReturnRefusedError) as refusal:
        take_back(rep, bought, **asked)
    assert refusal.value.field == field
    assert OrderReturn.objects.exists() is False


def test_earlier_returns_count(rep, bought):
    take_back(rep, bought, quantity=Decimal(8), refund=Decimal(0))
    with pytest.raises(ReturnRefusedError, match="only 2 is left"):
        take_back(rep, bought, quantity=Decimal(3), refund=Decimal(0))
    assert OrderReturn.objects.count() == 1


def test_the_same_return_again_is_stored_once(rep, bought):
    first = take_back(rep, bought, external_id="R-1")
    assert take_back(rep, bought, external_id="R-1").pk == first.pk
    with pytest.raises(AlreadyExistsError):
        take_back(rep, bought, external_id="R-1", quantity=Decimal(5))
    assert OrderReturn.objects.get().quantity == 4


def test_an_order_with_returns_keeps_its_lines(rep, bought):
    take_back(rep, bought)
    order = bought.order
    for act in (
        lambda: orders.cancel_order(actor=rep, order=order),
        lambda: orders.change_order(actor=rep, order=order, lines=[line("7")]),
        lambda: orders.change_order(
            actor=rep, order=order, ordered_on=dt.date(2026, 2, 2)
        ),
    ):
        with pytest.raises(OrderRefusedError):
            act()
    stored = Order.objects.get()
    assert (stored.status, stored.ordered_on) == (OrderStatus.CONFIRMED, DAY)
    assert stored.lines.get() == bought


def test_a_cancelled_order_takes_nothing_back(rep, bought):
    orders.cancel_order(actor=rep, order=bought.order)
    with pytest.raises(ReturnRefusedError):
        take_back(rep, bought)
    assert OrderReturn.objects.exists() is False
