"""Costs from a file into the ledger."""

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from crm.choices import CostKind
from crm.errors import ImportRefusedError
from crm.models import Account, LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db
HEADER = "id,account,kind,amount,incurred_on,document,note\n"


def counts(report):
    assert report.read == report.stored + report.unchanged + report.refused
    return report.stored, report.unchanged, report.refused


def test_costs_of_accounts_and_shared_costs(load):
    account = make.account(external_id="A")
    text = HEADER + (
        "c1,A,Delivery,12.50,2025-02-03,INV-1,Van\n"
        "c2,,marketing,5000,03.02.2025,,Fair\n"
        "c3,A,account management,-3.00,2025-02-03,,Credit\n"
    )
    assert counts(load(text, costs=True)) == (3, 0, 0)
    rows = {entry.external_id: entry for entry in LedgerEntry.objects.all()}
    assert rows["c1"].account == account
    assert (rows["c1"].kind, rows["c1"].amount) == (CostKind.DELIVERY, Decimal("12.50"))
    assert (rows["c1"].document, rows["c1"].note) == ("INV-1", "Van")
    assert rows["c2"].account is None
    assert rows["c2"].incurred_on == dt.date(2025, 2, 3)
    assert rows["c3"].kind == CostKind.ACCOUNT_MANAGEMENT
    assert counts(load(text, costs=True)) == (0, 3, 0)
    assert LedgerEntry.objects.count() == 3


def test_rows_without_id_are_told_apart_by_content_and_count(load):
    make.account(external_id="A")
    row = "A,service,10,2025-02-03\n"
    text = "account,kind,amount,incurred_on\n"
    assert counts(load(text + row + row, costs=True)) == (2, 0, 0)
    assert counts(load(text + row + row, costs=True)) == (0, 2, 0)
    assert counts(load(text + row * 3, costs=True)) == (1, 2, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c1,nobody,service,1,2025-02-03,,", "the account 'nobody' is not known"),
        ("c1,A,fun,1,2025-02-03,,", "kind 'fun' is no kind of cost"),
        ("c1,A,,1,2025-02-03,,", "kind is missing"),
        ("c1,A,service,0,2025-02-03,,", "the amount is 0"),
        ("c1,A,service,,2025-02-03,,", "amount is missing"),
        ("c1,A,service,1.0012,2025-02-03,,", "has more than 2 decimals"),
        ("c1,A,service,NaN,2025-02-03,,", "amount 'NaN' is not a number"),
        ("c1,A,service,1,2025-02-30,,", "incurred_on '2025-02-30' is not a date"),
        ("c1,A,service,1,2999-01-01,,", "lies in the future"),
    ],
)
def test_a_bad_row_is_refused_and_changes_nothing(load, row, reason):
    make.account(external_id="A")
    report = load(HEADER + row + "\n", costs=True)
    assert counts(report) == (0, 0, 1)
    assert reason in report.first_refused[0][1]
    assert not LedgerEntry.objects.exists()
    assert Account.objects.count() == 1


def test_one_id_is_one_row(load):
    make.account(external_id="A")
    row = "c1,A,service,1.50,2025-02-03,,\n"
    other = "c1,A,service,2.50,2025-02-03,,\n"
    report = load(HEADER + row + row + other, costs=True)
    assert counts(report) == (1, 1, 1)
    assert report.first_refused == [(4, "the id is on line 2 with other content")]
    report = load(HEADER + other, costs=True)
    assert report.first_refused == [(2, "the id is stored with other content")]
    assert LedgerEntry.objects.get().amount == Decimal("1.50")


def test_costs_of_a_merged_account_go_to_the_survivor(load):
    keep = make.account(external_id="KEEP")
    make.account(external_id="OLD", merged_into=keep)
    load(HEADER + "c1,OLD,service,1.50,2025-02-03,,\n", costs=True)
    assert LedgerEntry.objects.get().account == keep


def test_needed_columns_are_asked_for(load):
    with pytest.raises(ImportRefusedError, match="no column for kind, incurred_on"):
        load("account,amount\nA,1\n", costs=True)


def test_the_command_reports(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("kind,amount,date\nmarketing,100.00,2025-02-03\n")
    out = StringIO()
    call_command("import_costs", str(path), stdout=out)
    assert "1 rows read: 1 stored, 0 unchanged, 0 refused." in out.getvalue()
