"""Orders at the edge of sense, at each door: the service, the API and the importer."""

import datetime as dt
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from clv.models import AccountSummary, Valuation
from clv.services import summaries
from common.clock import business_today
from crm.errors import OrderRefusedError, ReturnRefusedError
from crm.models import AuditEvent, Order, OrderReturn
from crm.services import orders, returns
from crm.services.imports.jobs import Request
from crm.services.imports.orders import import_orders
from crm.services.orders import NewLine
from tests import make

AS_OF = dt.date(2026, 6, 30)
RATE = Decimal("0.3")
LINE = NewLine(quantity=Decimal(2), unit_price=Decimal("10.00"))


@pytest.fixture
def account(rep):
    return make.account(owner=rep, external_id="A-1", stage="prospect")


def place(actor, account, **fields):
    asked = {"external_id": "O-1", "ordered_on": AS_OF, "lines": [LINE]} | fields
    return orders.place_order(actor=actor, account=account, **asked)


def post(user, account, **fields):
    client = APIClient()
    client.force_authenticate(user)
    body = {
        "account": account.pk,
        "external_id": "O-1",
        "ordered_on": str(AS_OF),
        "lines": [{"quantity": "2", "unit_price": "10.00"}],
    }
    return client.post("/api/v1/orders/", body | fields, format="json")


def load(tmp_path, header, *rows):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    report = import_orders(Request(path=path, source="test"))
    return report.stored, [reason for _, reason in report.first_refused]


def summary_of(account):
    summaries.refresh_summaries(as_of=AS_OF, margin_rate=RATE)
    return AccountSummary.objects.get(account=account)


def test_an_order_of_tomorrow_is_refused_and_nothing_changes(rep, account, tmp_path):
    tomorrow = business_today() + dt.timedelta(days=1)

    with pytest.raises(OrderRefusedError, match="lies in the future") as refusal:
        place(rep, account, ordered_on=tomorrow)
    answer = post(rep, account, ordered_on=str(tomorrow))
    loaded = load(tmp_path, "account,ordered_on,amount", f"A-1,{tomorrow},5")

    assert refusal.value.field == "ordered_on"
    assert answer.status_code == 400
    assert answer.json()["ordered_on"] == ["This day lies in the future."]
    assert loaded == (0, [f"ordered_on '{tomorrow}' lies in the future"])
    account.refresh_from_db()
    assert (account.stage, account.acquired_on) == ("prospect", None)
    assert Order.objects.exists() is False
    assert AuditEvent.objects.filter(action="order.placed").exists() is False
    place(rep, account, ordered_on=business_today())  # today is not the future


def test_an_order_from_before_the_account_counts_from_its_own_day(rep, account):
    """The clock of a customer starts at the first order, whenever it was entered."""
    account.acquired_on = dt.date(2026, 5, 1)
    account.save()
    place(rep, account, ordered_on=dt.date(2021, 3, 4))
    place(rep, account, external_id="O-2", ordered_on=dt.date(2026, 5, 2))

    account.refresh_from_db()
    row = summary_of(account)
    assert account.acquired_on == row.first_on == dt.date(2021, 3, 4)
    assert (row.last_on, row.order_days) == (dt.date(2026, 5, 2), 2)
    assert row.revenue == Decimal("40.00")


def test_many_orders_of_one_day_are_one_purchase_with_all_the_money(rep, account):
    for number in range(7):
        place(rep, account, external_id=f"O-{number}", lines=[LINE, LINE])

    row = summary_of(account)
    assert (row.order_days, row.order_count) == (1, 7)
    assert row.revenue == Decimal("280.00")
    assert row.first_on == row.last_on == AS_OF


def test_another_currency_is_refused_with_the_reason(rep, account, tmp_path):
    ours, header = settings.CURRENCY, "account,ordered_on,amount,currency"

    with pytest.raises(OrderRefusedError, match=f"Orders are kept in {ours}") as no:
        place(rep, account, currency="XTS")
    answer = post(rep, account, currency="XTS")
    loaded = load(tmp_path, header, f"A-1,{AS_OF},5,XTS")

    assert no.value.field == "currency"
    assert answer.status_code == 400
    assert answer.json()["currency"] == [f"Orders are kept in {ours}."]
    assert loaded == (0, [f"currency 'XTS' is not {ours}"])
    assert Order.objects.exists() is False
    assert AuditEvent.objects.filter(action="order.placed").exists() is False
    assert post(rep, account, currency=ours).status_code == 201


def test_a_refund_beyond_the_order_is_refused_with_the_rest(rep, account):
    line = place(rep, account).lines.get()  # 20.00
    client = APIClient()
    client.force_authenticate(rep)
    url = f"/api/v1/orders/{line.order_id}/returns/"
    body = {"line": line.pk, "returned_on": str(AS_OF), "quantity": "1"}

    def back(refund):
        return returns.return_goods(
            actor=rep,
            line=line,
            returned_on=AS_OF,
            quantity=Decimal(1),
            refund=Decimal(refund),
        )

    with pytest.raises(ReturnRefusedError, match=r"only 20 is left") as refusal:
        back("20.01")
    assert refusal.value.field == "refund"
    back("19.99")
    answer = client.post(url, body | {"refund": "0.02"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["refund"] == ["Of this line only 0.01 is left to come back."]
    assert OrderReturn.objects.count() == 1
    assert summary_of(account).revenue == Decimal("0.01")
    assert client.post(url, body | {"refund": "0.01"}, format="json").status_code == 201
    assert summary_of(account).revenue == Decimal("0.00")


MANY = 100_000


@pytest.fixture
def busy(rep):
    """One account with 100,000 orders on 1,000 days, and thirty usual ones."""
    account = make.account(owner=rep, name="Busy")
    for number in range(30):
        other = make.account(owner=rep)
        for months in range(1 + number % 4):
            make.order(account=other, on=AS_OF - dt.timedelta(days=30 * months + 10))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO crm_order (account_id, ordered_on, status, source, external_id)
            SELECT %s, %s::date - n %% 1000, 'confirmed', 'till', n
            FROM generate_series(1, %s) n
            """,
            [account.pk, AS_OF, MANY],
        )
        # What checks the lines' orders was planned while there were few of them.
        cursor.execute("ANALYZE crm_order")
        cursor.execute(
            """
            INSERT INTO crm_orderline (order_id, account_id, ordered_on, status,
                quantity, unit_price, discount, unit_cost)
            SELECT id, account_id, ordered_on, status, 1, 10, 0, 6
            FROM crm_order WHERE source = 'till'
            """
        )
        cursor.execute("ANALYZE crm_orderline")
    return account


@pytest.mark.slow
def test_an_account_with_100_000_orders_is_valued_to_the_cent(busy, run_night):
    run = run_night(AS_OF)

    value = Valuation.objects.of_run(run).get(account=busy)
    assert (value.order_count, value.order_days) == (MANY, 1000)
    assert value.first_on == AS_OF - dt.timedelta(days=999)
    assert value.revenue == Decimal("1000000.00")
    assert value.margin == value.realised_profit == Decimal("400000.00")
    assert value.expected_orders_year == pytest.approx(350.339, abs=0.01)
    assert float(value.future_value) == pytest.approx(349_317.74, rel=1e-5)
    # A hundred orders of 4.00 a day, nearly every day of three years, discounted.
    assert Decimal(300_000) < value.future_value < Decimal(440_000)
    # Few other customers tell that such a one may leave: the mean lies in the tail.
    assert Decimal(0) <= value.future_low < value.future_high < Decimal(440_000)
