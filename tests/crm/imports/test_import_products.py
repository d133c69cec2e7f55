"""What customers have and how they use it, from files."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command

from crm.errors import ImportRefusedError
from crm.models import Holding, ImportJob, Usage
from crm.services import holdings
from crm.services.imports.holdings import import_holdings
from crm.services.imports.usage import import_usage
from tests import make
from tests.crm.imports.reports import counts, reasons

pytestmark = pytest.mark.django_db
HEADER = "id,account,sku,quantity,acquired_on,ends_on,serial_number,note\n"
USE = "account,sku,serial_number,metric,month,value\n"


@pytest.fixture
def account():
    return make.account(external_id="A")


@pytest.fixture
def printer(account):
    return make.product(sku="P")


@pytest.fixture
def lease(account):
    return make.product(sku="L", term_months=12)


def test_rows_become_holdings_once(load, account, printer, lease):
    make.account(external_id="B", merged_into=account)
    text = HEADER + (
        "h1,A,P,2,2024-03-01,,SN-1,In the cellar\n"
        "h2,B,L,,01.02.2026,31.01.2027,,\n"
        "h3,A,P,1,2020-01-01,2023-12-31,SN-0,\n"
        "h1,A,P,2,2024-03-01,,SN-1,In the cellar\n"
    )
    assert counts(load(text, kind=import_holdings)) == (3, 1, 0)
    first, second, third = Holding.objects.order_by("external_id")
    assert (first.account, first.product, first.quantity) == (account, printer, 2)
    assert (first.status, first.serial_number, first.ends_on) == (
        "active",
        "SN-1",
        None,
    )
    assert (second.account, second.quantity) == (account, Decimal(1))
    assert second.ends_on == dt.date(2027, 1, 31)
    assert (third.status, third.ends_on) == ("ended", dt.date(2023, 12, 31))
    holdings.end_holding(actor=None, holding=first, ended_on=dt.date(2026, 1, 1))
    assert counts(load(text, kind=import_holdings)) == (0, 4, 0)
    first.refresh_from_db()
    assert first.status == "ended"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,Z,P,1,2024-03-01,,,", "the account 'Z' is not known"),
        ("x,A,Z,1,2024-03-01,,,", "the product 'Z' is not known"),
        ("x,A,P,0,2024-03-01,,,", "quantity '0' is not above 0"),
        ("x,A,P,NaN,2024-03-01,,,", "quantity 'NaN' is not a number"),
        ("x,A,P,1,2999-03-01,,,", "acquired_on '2999-03-01' lies in the future"),
        ("x,A,P,1,1900-03-01,,,", "acquired_on '1900-03-01' is too long ago"),
        ("x,A,P,1,2024-02-30,,,", "is not a date like"),
        ("x,A,P,1,2024-03-01,2024-02-01,,", "is before it begins"),
        ("x,A,P,1,2024-03-01,2999-02-01,,", "is over thirty years ahead"),
        ("x,A,,1,2024-03-01,,,", "sku is missing"),
        ("x,A,P,3,2024-05-01,,sn-1,", "a customer has the number 'sn-1'"),
        ("x,A,P,2,2024-03-01,,,", "the same product, quantity and day"),
        ("x,A,L,1,2026-02-01,,,", "a contract for it runs at that time"),
        ("h1,A,L,1,2026-02-01,,,", "the id is stored for another account"),
    ],
)
def test_what_the_page_refuses_a_file_may_not_bring(
    load, account, printer, lease, row, reason
):
    known = {"account": account, "source": "test", "acquired_on": dt.date(2024, 3, 1)}
    for n, fields in enumerate(
        (
            {"product": printer, "serial_number": "SN-1", "quantity": 1},
            {"product": printer, "quantity": 2},
            {"product": lease, "quantity": 1},
        ),
        start=1,
    ):
        Holding.objects.create(**known, external_id=f"h{n}", **fields)
    report = load(HEADER + row + "\n", kind=import_holdings)
    assert counts(report) == (0, 0, 1)
    assert reason in reasons(report)[0]
    assert Holding.objects.count() == 3


def test_rows_of_one_file_may_not_contradict_each_other(load, lease, printer):
    text = HEADER + (
        "h1,A,L,1,2026-01-01,2026-12-31,,\n"
        "h2,A,L,1,2026-06-01,,,\n"
        "h3,A,P,1,2026-01-01,,S,\n"
        "h4,A,P,1,2026-02-01,,s,\n"
        "h5,A,P,7,2026-02-01,,,\n"
        "h6,A,P,7,2026-02-01,,,\n"
    )
    report = load(text, kind=import_holdings)
    assert counts(report) == (3, 0, 3)
    assert reasons(report) == [
        "the contract on line 2 runs at that time",
        "the number is on line 4 too",
        "the same stands on line 6; give a serial number",
    ]


def test_a_rehearsal_stores_nothing(load, printer, tmp_path, capsys):
    path = tmp_path / "have.csv"
    path.write_text("Kundennummer;Artikel;Seit\nA;P;01.02.2024\n")
    call_command("import_holdings", path, "--dry-run")
    assert "1 would be stored" in capsys.readouterr().out
    assert not Holding.objects.exists()
    assert not ImportJob.objects.exists()
    with pytest.raises(ImportRefusedError, match="no column for sku"):
        load("account,acquired_on\nA,2024-01-01\n", kind=import_holdings)


# -- Use -------------------------------------------------------------------------------


@pytest.fixture
def had(account, printer):
    return Holding.objects.create(
        account=account,
        product=printer,
        quantity=1,
        acquired_on=dt.date(2025, 3, 15),
        serial_number="SN-1",
        source="test",
        external_id="h1",
    )


def test_months_of_use_are_stored_and_corrected(load, had):
    text = USE + (
        "A,P,,pages  printed,2025-03,100\n"
        "A,P,sn-1,pages printed,15.04.2025,120.5\n"
        "A,P,,pages printed,2025-04-01,120.5\n"
    )
    assert counts(load(text, kind=import_usage)) == (2, 1, 0)
    rows = Usage.objects.order_by("month").values_list("metric", "month", "value")
    assert list(rows) == [
        ("pages printed", dt.date(2025, 3, 1), Decimal(100)),
        ("pages printed", dt.date(2025, 4, 1), Decimal("120.5")),
    ]
    assert counts(load(text, kind=import_usage)) == (0, 3, 0)
    better = load(USE + "A,P,,pages printed,2025-03,90\n", kind=import_usage)
    assert counts(better) == (1, 0, 0)
    assert Usage.objects.get(month=dt.date(2025, 3, 1)).value == 90
    named = "account,sku,holding,metric,month,value\nA,P,h1,pages,2025-03,1\n"
    assert counts(load(named, kind=import_usage)) == (1, 0, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,P,,pages,2025-02,1", "they had no such thing in that month"),
        ("A,P,XX,pages,2025-05,1", "they had no such thing in that month"),
        ("A,Q,,pages,2025-05,1", "they had several of it"),
        ("A,P,,pages,2999-05,1", "lies in the future"),
        ("A,P,,pages,2025-13,1", "is not a month like"),
        ("A,P,,pages,2025-05,-1", "value '-1' is below 0"),
        ("A,P,,pages,2025-05,", "value is missing"),
        ("A,P,,pages,2025-05,1.2345", "has more than 3 decimals"),
        (f"A,P,,{'x' * 61},2025-05,1", "metric is longer than 60"),
        ("Z,P,,pages,2025-05,1", "the account 'Z' is not known"),
    ],
)
def test_use_that_cannot_be_is_refused(load, account, had, row, reason):
    other = make.product(sku="Q")
    for serial in ("1", "2"):
        Holding.objects.create(
            account=account,
            product=other,
            quantity=1,
            acquired_on=dt.date(2025, 1, 1),
            serial_number=serial,
        )
    report = load(USE + row + "\n", kind=import_usage, decimal="point")
    assert counts(report) == (0, 0, 1)
    assert reason in reasons(report)[0]
    assert not Usage.objects.exists()


def test_one_month_with_two_values_is_refused(load, had):
    text = USE + "A,P,,pages,2025-05,1\nA,P,,pages,2025-05,2\n"
    report = load(text, kind=import_usage)
    assert counts(report) == (1, 0, 1)
    assert reasons(report) == ["the month is on line 2 with another value"]
