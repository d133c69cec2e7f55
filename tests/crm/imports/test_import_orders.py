"""Orders from a file: each row is stored, unchanged, or refused with a reason."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum

from common.clock import business_today
from crm.choices import Source, Stage
from crm.errors import ImportRefusedError
from crm.import_choices import ImportStatus
from crm.models import (
    Account,
    AuditEvent,
    ImportJob,
    Order,
    OrderLine,
    OrderReturn,
    Product,
    RefusedRow,
)
from tests import cdnow, make
from tests.crm.imports.reports import HEADER, counts, reasons

pytestmark = pytest.mark.django_db


def test_a_row_becomes_account_product_order_and_line(load):
    report = load(HEADER + "1001,K-7,2025-03-14,PAP,12,4.95,2.40,3.10\n")
    assert counts(report) == (1, 0, 0)
    account = Account.objects.get()
    assert (account.external_id, account.name) == ("K-7", "K-7")
    assert (account.stage, account.source) == (Stage.CUSTOMER, Source.IMPORT)
    assert account.acquired_on == dt.date(2025, 3, 14)
    order = Order.objects.get()
    assert (order.source, order.external_id) == ("test", "1001")
    line = order.lines.get()
    assert line.product == Product.objects.get(sku="PAP")
    assert line.revenue == Decimal("57.00")
    assert line.cost == Decimal("37.20")
    job = ImportJob.objects.get()
    assert (job.status, job.rows_read, job.rows_stored) == (ImportStatus.DONE, 1, 1)
    assert AuditEvent.objects.get().action == "import.orders"


def test_account_day_and_amount_are_enough(load):
    text = (
        "account,ordered_on,amount\nA,2025-01-31,10.50\nA,2025-01-31,4\nB,20250201,0\n"
    )
    assert counts(load(text)) == (3, 0, 0)
    first = Order.objects.get(account__external_id="A")
    assert first.external_id == "A@2025-01-31"
    assert [line.revenue for line in first.lines.all()] == [
        Decimal("10.50"),
        Decimal("4.00"),
    ]
    assert not OrderLine.objects.exclude(unit_cost=None).exists()
    assert OrderLine.objects.exclude(quantity=1).exists() is False
    assert counts(load(text)) == (0, 3, 0)
    assert OrderLine.objects.count() == 3


def test_amount_and_quantity_give_the_amount_to_the_cent(load):
    rows = [(3, "10.00"), (7, "99.99"), (1000, "12.34"), (13, "0.05")]
    text = "account,ordered_on,quantity,amount,cost\n" + "".join(
        f"A{n},2025-01-31,{quantity},{amount},1\n"
        for n, (quantity, amount) in enumerate(rows)
    )
    assert counts(load(text)) == (4, 0, 0)
    stored = OrderLine.objects.order_by("pk").values_list("quantity", "revenue")
    assert list(stored) == [(q, Decimal(amount)) for q, amount in rows]


def test_a_missing_unit_cost_is_the_product_s_or_unknown(load):
    make.product(sku="PAP", unit_cost=Decimal("3.00"))
    load("account,ordered_on,sku,unit_price\nA,2025-01-31,PAP,5\nA,2025-01-31,NEW,5\n")
    known = dict(OrderLine.objects.values_list("product__sku", "unit_cost"))
    assert known == {"PAP": Decimal("3.00"), "NEW": None}
    Product.objects.update(unit_cost=Decimal("4.00"))
    again = load(
        "account,ordered_on,sku,unit_price\nA,2025-01-31,PAP,5\nA,2025-01-31,NEW,5\n"
    )
    assert counts(again) == (0, 2, 0)


def test_words_that_mean_nothing_elsewhere_stay_text(load):
    names = ["NA", "null", "None", "007", "=1+1", "nan", "Müller & Söhne"]
    text = "account,ordered_on,amount\n" + "".join(
        f"{name},2025-01-31,1.00\n" for name in names
    )
    assert counts(load(text)) == (len(names), 0, 0)
    assert set(Account.objects.values_list("name", flat=True)) == set(names)


@pytest.mark.parametrize(
    ("delimiter", "mark"), [(",", "."), (";", ","), ("\t", ","), ("|", ".")]
)
def test_delimiter_bom_and_decimal_mark_are_seen(load, delimiter, mark):
    rows = [["account", "ordered_on", "amount"], ["A", "31.01.2025", f"12{mark}5"]]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    assert counts(load(text)) == (1, 0, 0)
    assert OrderLine.objects.get().revenue == Decimal("12.50")
    assert Order.objects.get().ordered_on == dt.date(2025, 1, 31)


def test_numbers_with_the_other_mark_are_refused(load):
    rows = "A;2025-01-31;1,5\nB;2025-01-31;2,5\nC;2025-01-31;3.5"
    text = f"account;ordered_on;amount\n{rows}"
    report = load(text)
    assert counts(report) == (2, 0, 1)
    assert reasons(report) == ["amount '3.5' is not a number"]


def test_what_could_be_thousands_is_asked_for(load):
    text = "account;ordered_on;amount\nA;2025-01-31;1,234\n"
    with pytest.raises(ImportRefusedError, match="--decimal"):
        load(text)
    assert not Order.objects.exists()
    assert ImportJob.objects.get().status == ImportStatus.FAILED


def test_days_that_could_be_months_need_a_format(load):
    text = "account,ordered_on,amount\nA,03/04/2025,1.00\n"
    assert counts(load(text)) == (0, 0, 1)
    assert counts(load(text, date_format="DD/MM/YYYY")) == (1, 0, 0)
    assert Order.objects.get().ordered_on == dt.date(2025, 4, 3)


def test_columns_can_be_mapped(load):
    text = "Kd;Tag;Netto;Bemerkung\nA;2025-01-31;1,50;x\n"
    columns = {"Kd": "account", "Tag": "ordered_on", "Netto": "amount"}
    report = load(text, columns=columns)
    assert counts(report) == (1, 0, 0)
    assert report.ignored == ["Bemerkung"]


TOMORROW = business_today() + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,2025-02-30,P,1,5,,", "ordered_on '2025-02-30' is not a date"),
        ("1,A,soon,P,1,5,,", "ordered_on 'soon' is not a date"),
        ("1,A,,P,1,5,,", "ordered_on is missing"),
        (f"1,A,{TOMORROW},P,1,5,,", "lies in the future"),
        ("1,A,1969-12-31,P,1,5,,", "lies before 1970"),
        ("1,,2025-01-31,P,1,5,,", "account is missing"),
        ("1,A,2025-01-31,P,1,NaN,,", "unit_price 'NaN' is not a number"),
        ("1,A,2025-01-31,P,1,Infinity,,", "unit_price 'Infinity' is not a number"),
        ("1,A,2025-01-31,P,1,1e999,,", "unit_price '1e999' is not a number"),
        ("1,A,2025-01-31,P,1,0x10,,", "unit_price '0x10' is not a number"),
        ("1,A,2025-01-31,P,1,1_000,,", "unit_price '1_000' is not a number"),
        ("1,A,2025-01-31,P,1,-5,,", "unit_price '-5' is below 0"),
        ("1,A,2025-01-31,P,0,5,,", "the quantity is 0"),
        ("1,A,2025-01-31,P,1,5.00001,,", "has more than 4 decimals"),
        ("1,A,2025-01-31,P,1,5,9,", "the discount is larger than the price"),
        ("1,A,2025-01-31,P,1,5,,-1", "unit_cost '-1' is below 0"),
        ("1,A,2025-01-31,P,1,,,", "neither amount nor unit_price is given"),
        ("1,A,2025-01-31,P,1000000000,5,,", "quantity '1000000000' is too large"),
        ("1,A,2025-01-31,P,999999999,9999999999,,", "the amount is too large"),
        ("1,A,2025-01-31,P,-1,5,,", "there is no line of this order"),
        (f"1,{'x' * 101},2025-01-31,P,1,5,,", "longer than 100 characters"),
        ("1,A,2025-01-31,P,1,5,", "has 7 columns where the header has 8"),
        ("1,A,2025-01-31,P,1,5,,,", "has 9 columns where the header has 8"),
        ('1,"A,2025-01-31,P,1,5,,', "has a quote that is never closed"),
        ("1,A\x00,2025-01-31,P,1,5,,", "contains a NUL character"),
    ],
)
def test_a_bad_row_is_refused_and_changes_nothing(load, row, reason):
    report = load(HEADER + row + "\n")
    assert counts(report) == (0, 0, 1)
    assert report.first_refused[0][0] == 2
    assert reason in reasons(report)[0]
    for model in (Account, Product, Order, OrderLine, OrderReturn):
        assert not model.objects.exists()
    refused = RefusedRow.objects.get()
    assert (refused.line, refused.job.rows_refused) == (2, 1)


def test_bytes_that_are_no_text_spoil_their_own_row(load):
    text = HEADER.encode() + b"1,\xff\xfe,2025-01-31,P,1,5,,\n2,A,2025-01-31,P,1,5,,\n"
    report = load(text)
    assert counts(report) == (1, 0, 1)
    assert reasons(report) == ["is not valid UTF-8"]


def test_another_currency_is_refused(load, settings):
    text = (
        "account,ordered_on,amount,currency\n"
        f"A,2025-01-31,1,{settings.CURRENCY.lower()}\nB,2025-01-31,1,XTS\n"
        "C,2025-01-31,1,\n"
    )
    report = load(text)
    assert counts(report) == (2, 0, 1)
    assert reasons(report) == [f"currency 'XTS' is not {settings.CURRENCY}"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("a,b\n", "no column for account, ordered_on, amount"),
        ("account,customer,ordered_on,amount\n", "Two columns give 'account'"),
        ("account,ordered_on,amount\n".encode("utf-16"), "not UTF-8"),
        (b"acc\xff,ordered_on\n", "not UTF-8"),
        (",".join(["account"] * 201), "more than 200 columns"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_whole(load, text, words):
    with pytest.raises(ImportRefusedError, match=words):
        load(text)
    assert not Order.objects.exists()


def test_a_header_alone_is_an_empty_file_of_orders(load):
    assert counts(load(HEADER)) == (0, 0, 0)


def test_a_bad_row_holds_its_order_back_until_it_is_mended(load, tmp_path):
    bad = (
        HEADER
        + "1,A,2025-01-31,P,1,5,,\n1,A,2025-01-31,Q,x,5,,\n2,A,2025-01-31,P,1,5,,\n"
    )
    report = load(bad)
    assert counts(report) == (1, 0, 2)
    assert reasons(report) == [
        "line 3 of this order is refused",
        "quantity 'x' is not a number",
    ]
    # The file of refused rows, mended, is a file to import.
    mended = report.refused_file.read_text().replace(",x,", ",3,")
    assert counts(load(mended, name="mended.csv")) == (2, 0, 0)
    assert OrderLine.objects.count() == 3


def test_an_order_number_belongs_to_one_account_and_day(load):
    report = load(
        HEADER
        + "1,A,2025-01-31,P,1,5,,\n1,B,2025-01-31,P,1,5,,\n1,A,2025-02-01,P,1,5,,\n"
    )
    assert counts(report) == (1, 0, 2)
    assert set(reasons(report)) == {
        "the order is on line 2 with another account or day"
    }
    assert Account.objects.get().external_id == "A"


def test_the_same_file_again_changes_nothing(load):
    text = (
        HEADER
        + "1,A,2025-01-31,P,1,5,,2\n1,A,2025-01-31,P,1,5,,2\n2,B,2025-01-31,,2,7,,\n"
    )
    first = load(text)
    assert counts(first) == (3, 0, 0)
    assert "1 rows repeat an earlier row" in first.hints[0]
    before = list(Order.objects.values()) + list(OrderLine.objects.values())
    assert counts(load(text)) == (0, 3, 0)
    assert list(Order.objects.values()) + list(OrderLine.objects.values()) == before


def test_another_source_is_another_order(load):
    text = HEADER + "1,A,2025-01-31,P,1,5,,\n"
    load(text)
    assert counts(load(text, source="other")) == (1, 0, 0)
    assert Order.objects.count() == 2
    assert Account.objects.count() == 1


def test_an_order_may_grow_but_not_change(load):
    row = "1,A,2025-01-31,P,1,5,,\n"
    load(HEADER + row)
    version = Order.objects.get().version
    more = load(HEADER + row + "1,A,2025-01-31,Q,2,5,,\n")
    assert counts(more) == (1, 1, 0)
    assert Order.objects.get().version == version + 1
    # A part of a stored order is nothing new.
    assert counts(load(HEADER + row)) == (0, 1, 0)
    other = load(HEADER + "1,A,2025-01-31,P,1,6,,\n")
    assert reasons(other) == ["the order is stored with other lines"]
    other = load(HEADER + "1,A,2025-01-30,P,1,5,,\n")
    assert reasons(other) == ["the order is stored with another account or day"]
    assert OrderLine.objects.aggregate(Sum("revenue"))["revenue__sum"] == 15


def test_a_cancelled_order_stays_cancelled(load):
    row = "1,A,2025-01-31,P,1,5,,\n"
    load(HEADER + row)
    Order.objects.update(status="cancelled")
    assert counts(load(HEADER + row)) == (0, 1, 0)
    grown = load(HEADER + row + "1,A,2025-01-31,Q,1,5,,\n")
    assert reasons(grown) == ["the order was cancelled"]


# -- Accounts --------------------------------------------------------------------------


def test_known_accounts_are_found_and_follow_their_orders(load):
    prospect = make.account(external_id="A", stage=Stage.PROSPECT, name="Ahlers KG")
    lost = make.account(
        external_id="B",
        stage=Stage.FORMER,
        acquired_on=dt.date(2020, 1, 1),
        lost_on=dt.date(2024, 1, 1),
        loss_reason="price",
    )
    load(HEADER + "1,A,2025-01-31,P,1,5,,\n2,B,2025-01-31,P,1,5,,\n")
    prospect.refresh_from_db()
    lost.refresh_from_db()
    assert (prospect.name, prospect.stage) == ("Ahlers KG", Stage.CUSTOMER)
    assert prospect.acquired_on == dt.date(2025, 1, 31)
    assert (lost.stage, lost.lost_on, lost.loss_reason) == (Stage.CUSTOMER, None, "")
    assert lost.acquired_on == dt.date(2020, 1, 1)


def test_orders_of_a_merged_account_go_to_the_survivor(load):
    keep = make.account(external_id="KEEP")
    between = make.account(external_id="MID", merged_into=keep)
    make.account(external_id="OLD", merged_into=between)
    text = HEADER + "1,OLD,2025-01-31,P,1,5,,\n"
    assert counts(load(text)) == (1, 0, 0)
    assert Order.objects.get().account == keep
    assert counts(load(text)) == (0, 1, 0)


# -- A real file -----------------------------------------------------------------------


def test_the_cdnow_log_is_imported_to_the_cent(load, tmp_path):
    path = cdnow.write_csv(tmp_path / "cdnow.csv")
    text = path.read_text()
    assert counts(load(text, source="cdnow")) == (cdnow.PURCHASES, 0, 0)
    assert Account.objects.count() == cdnow.CUSTOMERS == 2357
    total = sum(Decimal(amount) for _, _, amount in cdnow.rows())
    assert OrderLine.objects.aggregate(Sum("revenue"))["revenue__sum"] == total
    days = {(customer, day) for customer, day, _ in cdnow.rows()}
    assert Order.objects.count() == len(days)
    assert counts(load(text, source="cdnow")) == (0, cdnow.PURCHASES, 0)
    assert OrderLine.objects.count() == cdnow.PURCHASES
