"""Accounts, people and products from files, and the page that loads them."""

import csv
import datetime as dt
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from crm.models import Account, Contact, ImportJob, Product
from crm.services.imports.kinds import (
    import_accounts,
    import_contacts,
    import_products,
)
from tests import make
from tests.crm.imports.reports import counts, reasons

pytestmark = pytest.mark.django_db
ACCOUNTS = "Kundennummer,firma,stage,city,website,size,owner,note\n"


def test_accounts_are_made_and_changed_by_their_number(load, rep, colleague):
    known = make.account(external_id="7", name="Old", city="Kiel", owner=rep)
    gone = make.account(external_id="8", merged_into=known)
    text = ACCOUNTS + (
        f"K1,O'Brien & Söhne,customer,Kiel,https://k1.example,10-49,{rep.email},\n"
        f"7,New,,,,,{rep.email},Key\n"
        f"8,Gone,,,,,,\n"
        f"7,New,,,,,{rep.email},Key\n"
        "K1,Other,,,,,,\n"
        f"7b,,nobody,,,,,\n"
        "9,Nine,,,k9.example,,,\n"
        "10,Ten,,,,,x@y.example,\n"
        ",No number,,,,,,\n"
    )

    assert counts(load(text, kind=import_accounts)) == (2, 1, 6)

    made = Account.objects.get(external_id="K1")
    assert (made.name, made.stage, made.size_band, made.owner, made.source) == (
        "O'Brien & Söhne",
        "customer",
        "10-49",
        rep,
        "import",
    )
    known.refresh_from_db()
    assert (known.name, known.city, known.note, known.version) == (
        "New",
        "Kiel",
        "Key",
        2,
    )
    gone.refresh_from_db()
    assert gone.name != "Gone"
    assert counts(load(text, kind=import_accounts)) == (0, 3, 6)
    handed = load(ACCOUNTS + f"7,,,,,,{colleague.email},\n", kind=import_accounts)
    assert "is another than the stored one" in reasons(handed)[0]
    words = " ".join(reasons(load(text, kind=import_accounts)))
    for said in ("merged", "on line 2 with other", "is none of", "https://", "nobody"):
        assert said in words


def test_a_new_account_needs_a_name_and_a_known_one_does_not(load):
    known = make.account(external_id="K1", name="Kontor", city="Kiel")
    text = ACCOUNTS + "K1,,,Lübeck,,,,\nK2,,,Kiel,,,,\nK3,  ,,Kiel,,,,\n"

    report = load(text, kind=import_accounts)

    assert counts(report) == (1, 0, 2)
    assert reasons(report) == ["a new account needs a name"] * 2
    known.refresh_from_db()
    assert (known.name, known.city) == ("Kontor", "Lübeck")
    assert Account.objects.count() == 1
    unnamed = load("account,city\nK1,Kiel\nK2,Kiel\n", kind=import_accounts)
    assert counts(unnamed) == (1, 0, 1)


def test_people_are_known_by_address_then_by_name(load):
    account = make.account(external_id="A")
    zoe = make.contact(account=account, name="Zoë Ö", email="zoe@a.example")
    bo = make.contact(account=account, name="Bo", email="")
    text = (
        "account,name,email,phone\n"
        "A,Zoë Öz,ZOE@a.example,0431 1\nA,bo,bo@a.example,\nA,Chris,,0431 2\n"
        "A,Dee,no address,\nB,Eve,,\n"
    )

    assert counts(load(text, kind=import_contacts)) == (3, 0, 2)

    zoe.refresh_from_db()
    bo.refresh_from_db()
    assert (zoe.name, zoe.phone, bo.email) == ("Zoë Öz", "0431 1", "bo@a.example")
    assert Contact.objects.get(name="Chris").account == account
    assert counts(load(text, kind=import_contacts)) == (0, 3, 2)


def test_products_are_made_and_priced(load):
    make.product(sku="P", name="Paper", unit_cost=Decimal(2))
    text = "sku;name;unit_cost;term_months\nP;;2,50;\nQ;Copier;;36\nR;;-1;\nS;;1;0\n"

    assert counts(load(text, kind=import_products)) == (2, 0, 2)

    paper, copier = Product.objects.order_by("sku")
    assert (paper.name, paper.unit_cost) == ("Paper", Decimal("2.5"))
    assert (copier.name, copier.unit_cost, copier.term_months) == ("Copier", None, 36)


def test_the_page_tries_loads_and_gives_what_was_refused(client, manager, rep, load):
    page = reverse("crm:import_list")

    def send(act):
        text = ACCOUNTS + "K1,One,,,,,,\nK2,Two,,,k2,,,\n"
        file = SimpleUploadedFile("accounts.csv", text.encode())
        data = {"kind": "accounts", "file": file, "source": "erp", "act": act}
        return client.post(page, data)

    client.force_login(rep)
    assert client.get(page).status_code == 403
    client.force_login(manager)
    tried = send("try")
    assert "Line 3: website" in tried.text
    assert not Account.objects.exists()
    assert not ImportJob.objects.exists()
    assert send("load").status_code == 200
    assert Account.objects.get().name == "One"
    job = ImportJob.objects.get()
    assert (job.rows_stored, job.rows_refused, job.created_by) == (1, 1, manager)
    refused = client.get(reverse("crm:import_refused", args=[job.pk])).text
    header, row = csv.reader(refused.splitlines())
    assert header == ["line", "reason", *ACCOUNTS.strip().split(",")]
    assert row[0] == "3"
    assert row[1].startswith("website")
    assert row[2:] == ["K2", "Two", "", "", "k2", "", "", ""]
    mended = refused.replace("k2,,,", "https://two.example,,,")
    file = SimpleUploadedFile("mended.csv", mended.encode())
    again = {"kind": "accounts", "file": file, "source": "erp", "act": "load"}
    assert "1 stored or changed" in client.post(page, again).text
    assert [a.name for a in Account.objects.order_by("name")] == ["One", "Two"]
    ImportJob.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    load("account,name\nK3,Three\n", kind=import_accounts)
    assert not job.refused_rows.exclude(raw="").exists()
    wrong = {"kind": "orders", "file": SimpleUploadedFile("x.csv", b"a\n1\n")}
    answer = client.post(page, wrong | {"source": "erp", "act": "load"})
    assert answer.status_code == 422
    assert "no column for account" in answer.text
