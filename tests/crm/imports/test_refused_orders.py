"""Rows of orders that were refused, rehearsals, and the command that tells of them."""

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm.models import (
    Account,
    ImportJob,
    Order,
    OrderLine,
    Product,
    RefusedRow,
)
from tests.crm.imports.reports import HEADER, counts

pytestmark = pytest.mark.django_db


def test_refused_rows_are_harmless_in_a_spreadsheet(load, tmp_path):
    report = load(
        'account,ordered_on,amount,note\n=cmd|x,never,-5.00,"+1, @x"\n@A,never,1,ok\n',
        refused_path=tmp_path / "out.csv",
    )
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert report.refused_file == tmp_path / "out.csv"
    assert rows[0] == ["line", "reason", "account", "ordered_on", "amount", "note"]
    assert rows[1][0] == "2"
    assert rows[1][2:] == ["'=cmd|x", "never", "-5.00", "'+1, @x"]
    assert rows[2][2:] == ["'@A", "never", "1", "ok"]


def test_a_rehearsal_reports_and_stores_nothing(load):
    report = load(HEADER + "1,A,2025-01-31,P,1,5,,\n", is_dry_run=True)
    assert counts(report) == (1, 0, 0)
    for model in (Account, Product, Order, OrderLine, ImportJob):
        assert not model.objects.exists()


def test_only_so_many_refused_rows_are_kept_but_the_file_has_all(load, monkeypatch):
    monkeypatch.setattr("crm.services.imports.refused.MOST_REFUSED_KEPT", 3)
    report = load(HEADER + "1,A,never,P,1,5,,\n" * 12)
    assert counts(report) == (0, 0, 12)
    assert list(RefusedRow.objects.values_list("line", flat=True)) == [2, 3, 4]
    assert len(report.refused_file.read_text().splitlines()) == 13


def test_the_command_says_what_became_of_the_rows(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("Kd,Tag,EUR\nA,2025-01-31,5.00\nB,2025-02-31,5.00\n")
    out = StringIO()
    columns = "Kd=account,Tag=ordered_on,EUR=amount"
    call_command("import_orders", str(path), map=columns, stdout=out)
    text = out.getvalue()
    assert "2 rows read: 1 stored, 0 unchanged, 1 refused." in text
    assert "line 3: ordered_on '2025-02-31' is not a date" in text
    assert str(tmp_path / "orders.refused.csv") in text


@pytest.mark.parametrize(
    "options",
    [
        {"map": "nonsense"},
        {"map": "a=account,b=account"},
        {"map": "account=nothing"},
        {"delimiter": "ab"},
        {"source": "x" * 41},
        {"date_format": "MM/YY"},
    ],
)
def test_wrong_options_are_refused_in_words(tmp_path, options):
    path = tmp_path / "orders.csv"
    path.write_text("account,ordered_on,amount\nA,2025-01-31,5.00\n")
    with pytest.raises(CommandError):
        call_command("import_orders", str(path), **options)
    assert not Order.objects.exists()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_orders", str(tmp_path / "none.csv"))
