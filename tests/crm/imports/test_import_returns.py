"""A row with a negative quantity is goods coming back, or refused with a reason."""

import datetime as dt

import pytest

from crm.models import Order, OrderLine, OrderReturn
from tests.crm.imports.reports import HEADER, counts, reasons

pytestmark = pytest.mark.django_db

SOLD = "1,A,2025-01-31,P,5,10,,6\n"


def test_a_negative_row_is_a_return_of_its_line(load):
    text = HEADER + SOLD + "1,A,2025-02-10,P,-2,10,,6\n"
    assert counts(load(text)) == (2, 0, 0)
    back = OrderReturn.objects.get()
    assert (back.quantity, back.refund, back.cost_recovered) == (2, 20, 12)
    assert back.returned_on == dt.date(2025, 2, 10)
    assert back.line == OrderLine.objects.get()
    assert counts(load(text)) == (0, 2, 0)
    # A later file may bring the rest.
    rest = load(HEADER + "1,A,2025-03-01,P,-3,10,,6\n")
    assert counts(rest) == (1, 0, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,2025-02-10,P,-6,10,,", "more comes back than was sold"),
        ("1,A,2025-02-10,P,-1,60,,", "more is refunded than was paid"),
        ("1,A,2025-01-30,P,-1,10,,", "goods came back before they were ordered"),
        ("1,A,2025-02-10,Q,-1,10,,", "there is no line of this order"),
        ("2,A,2025-02-10,P,-1,10,,", "there is no line of this order"),
        ("1,B,2025-02-10,P,-1,10,,", "there is no line of this order"),
        (",A,2025-02-10,P,-1,10,,", "a return needs the order_id and the sku"),
        ("1,A,2025-02-10,,-1,10,,", "a return needs the order_id and the sku"),
    ],
)
def test_an_impossible_return_is_refused_and_the_order_stands(load, row, reason):
    report = load(HEADER + SOLD + row + "\n")
    assert counts(report) == (1, 0, 1)
    assert reason in reasons(report)[0]
    assert not OrderReturn.objects.exists()
    assert Order.objects.count() == 1


def test_two_returns_cannot_take_back_more_than_one_line(load):
    row = "1,A,2025-02-10,P,-3,10,,\n"
    report = load(HEADER + SOLD + row + row)
    assert counts(report) == (2, 0, 1)
    assert reasons(report) == ["more comes back than was sold"]
