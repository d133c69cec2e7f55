"""Ten thousand rows with every kind of damage; two imports at once; a killed import."""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from crm.import_choices import ImportStatus
from crm.models import Account, ImportJob, Order, OrderLine, RefusedRow
from crm.services.imports.jobs import Request
from crm.services.imports.orders import import_orders

ROWS = 10_000
HEADER = b"order_id,account,ordered_on,sku,quantity,unit_price\r\n"
NAMES = ["NA", "null", "None", "007", "=1+1"]
DAMAGE = {
    "bad date": b"%d,A,2025-13-01,P,1,5.00\r\n",
    "30 February": b"%d,A,2025-02-30,P,1,5.00\r\n",
    "not a number": b"%d,A,2025-01-31,P,1,NaN\r\n",
    "infinity": b"%d,A,2025-01-31,P,1,Infinity\r\n",
    "too large": b"%d,A,2025-01-31,P,1,1e999\r\n",
    "extra column": b"%d,A,2025-01-31,P,1,5.00,more\r\n",
    "missing column": b"%d,A,2025-01-31,P,1\r\n",
    "NUL": b"%d,A\x00,2025-01-31,P,1,5.00\r\n",
    "no UTF-8": b"%d,A\xc3,2025-01-31,P,1,5.00\r\n",
    "open quote": b'%d,"A,2025-01-31,P,1,5.00\r\n',
    "BOM inside": b"\xef\xbb\xbf%d,A,2025-01-31,P,-1,5.00\r\n",
    "number taken": b"0,Somebody else,2025-01-31,P,1,5.00\r\n",
}


def damaged_file(path):
    """Write 1 % of broken rows between good ones; return lines and the good sum."""
    chance = random.Random(19)  # noqa: S311  the same file every time
    kinds = list(DAMAGE.values())
    broken = set(chance.sample(range(1, ROWS), ROWS // 100))
    total, lines = Decimal(0), []
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf" + HEADER)
        for row in range(ROWS):
            if row in broken:
                form = kinds[len(lines) % len(kinds)]
                file.write(form % row if b"%d" in form else form)
                lines.append(row + 2)
                continue
            price = Decimal(chance.randrange(1, 99_999)) / 100
            quantity = chance.randrange(1, 20)
            day = dt.date(2025, 1, 1) + dt.timedelta(days=chance.randrange(300))
            name = NAMES[row] if row < len(NAMES) else f"K-{row % 900}"
            file.write(
                f"{row},{name},{day},P{row % 50},{quantity},{price}\r\n".encode()
            )
            total += price * quantity
    return lines, total


@pytest.mark.django_db
def test_every_kind_of_damage_is_refused_and_nothing_else(tmp_path):
    path = tmp_path / "orders.csv"
    lines, total = damaged_file(path)
    assert len(lines) == 100

    report = import_orders(Request(path=path, source="scale"))

    assert (report.read, report.stored, report.refused) == (ROWS, ROWS - 100, 100)
    assert list(RefusedRow.objects.values_list("line", flat=True)) == lines
    assert OrderLine.objects.aggregate(Sum("revenue"))["revenue__sum"] == total
    assert set(NAMES) <= set(Account.objects.values_list("name", flat=True))
    assert len(report.refused_file.read_bytes().splitlines()) == 101

    again = import_orders(Request(path=path, source="scale"))
    assert (again.stored, again.unchanged, again.refused) == (0, ROWS - 100, 100)
    assert OrderLine.objects.count() == ROWS - 100


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_store_each_row_once(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(
        HEADER
        + b"".join(b"%d,K-%d,2025-01-31,P,1,5.00\n" % (n, n % 40) for n in range(800))
    )
    reports = []

    def run(number):
        request = Request(
            path=path, source="both", refused_path=tmp_path / f"{number}.csv"
        )
        try:
            reports.append(import_orders(request))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert sorted((r.stored, r.unchanged) for r in reports) == [(0, 800), (800, 0)]
    assert (Order.objects.count(), Account.objects.count()) == (800, 40)
    assert set(ImportJob.objects.values_list("status", flat=True)) == {
        ImportStatus.DONE
    }


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_leaves_nothing_and_is_repeated(tmp_path, monkeypatch):
    path = tmp_path / "orders.csv"
    rows = (b"%d,K-%d,2025-01-31,P,1,5.00\n" % (n, n % 40) for n in range(60_000))
    path.write_bytes(HEADER + b"".join(rows))
    child = subprocess.Popen(
        [sys.executable, "manage.py", "import_orders", str(path), "--source", "killed"],
        env={**os.environ, "DATABASE_URL": _test_database(), "PERENNIAL_DEMO": "0"},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not ImportJob.objects.exists() and time.monotonic() < deadline:
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert ImportJob.objects.get().status == ImportStatus.RUNNING
    assert not Order.objects.exists()

    report = import_orders(Request(path=path, source="killed"))
    assert (report.stored, report.refused) == (60_000, 0)
    assert Order.objects.count() == 60_000
    killed = ImportJob.objects.earliest("pk")
    assert killed.status == ImportStatus.FAILED
    assert "Interrupted" in killed.failure


def _test_database():
    """Return the address of the database that this test runs in."""
    address, _, query = os.environ["DATABASE_URL"].partition("?")
    start, _, _ = address.rpartition("/")
    name = connection.settings_dict["NAME"]
    return f"{start}/{name}" + (f"?{query}" if query else "")
