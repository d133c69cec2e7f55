"""The ledger and its shared costs, as pages and over the API."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common.clock import business_today
from crm.models import Allocation, AllocationRule, AuditEvent, LedgerEntry
from crm.services import allocation, allocation_rules, ledger
from tests import make

JAN = dt.date(2026, 1, 31)
LIST = reverse("crm:ledger_list")
SHARED = reverse("crm:allocation_list")
EVER = {"since": "2026-01-01"}


def post(account=None, amount="100", **fields):
    facts = {"kind": "delivery", "incurred_on": JAN, "actor": None}
    return ledger.post_entry(account=account, amount=amount, **facts | fields)


def rule(**terms):
    return allocation_rules.create_rule(
        actor=None,
        name="Warehouse",
        kind="delivery",
        reason="Agreed",
        **{"driver": "orders"} | terms,
    )


def apply(by):
    start = JAN.replace(day=1)
    return allocation.apply_rule(
        actor=None, rule=by, period_start=start, period_end=JAN
    )


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


# -- The list --------------------------------------------------------------------------


def test_posted_is_borne_and_open(as_manager):
    account = make.account()
    make.order(account=account)
    post(account, "40", document="INV-1")
    post(amount="10")
    apply(rule())
    post(amount="7")
    shown = as_manager.get(LIST, EVER)
    sums = shown.context["sums"]
    assert (sums.posted, sums.borne, sums.unspread) == (57, 50, 7)
    assert sums.rows == 4
    assert "Warehouse, version 1" in shown.content.decode()


@pytest.mark.parametrize(
    ("asked", "amounts"),
    [
        ({"origin": "manual"}, {40, 30}),
        ({"origin": "contact"}, {5}),
        ({"origin": "import"}, {6}),
        ({"origin": "reversal"}, {-30}),
        ({"kind": "service"}, {5}),
        ({"document": "inv"}, {40}),
        ({"since": "2026-01-31", "until": "2026-01-31", "kind": "credit"}, {6}),
        ({"shared": "on"}, {30, -30}),
        ({"account": "K-1"}, {40, 5, 6}),
        ({"account": "Merged away", "since": "2026-01-01"}, None),
    ],
)
def test_filters_keep_what_they_say(as_manager, asked, amounts):
    account = make.account(external_id="K-1", name="Bürobedarf Özil")
    gone = make.account(merged_into=account, name="Merged away")
    post(account, "40", document="INV-1")
    post(account, "5", kind="service", source="touchpoint", external_id="1")
    make.cost(account=gone, amount="6.00", on=JAN, kind="credit", source="erp")
    wrong = post(amount="30")
    ledger.reverse_entry(actor=None, entry=wrong, reason="Twice")
    shown = as_manager.get(LIST, {"since": "2026-01-01"} | asked)
    if amounts is None:
        assert shown.context["wanted"] is None
        assert "No account of yours begins" in shown.content.decode()
    else:
        assert {row.amount for row in shown.context["page"]} == amounts


def test_a_rep_sees_own_accounts_only(client, rep, colleague):
    mine, other = make.account(owner=rep), make.account(owner=colleague)
    post(mine, "40")
    entry = post(other, "7")
    post(amount="9")
    client.force_login(rep)
    shown = client.get(LIST, EVER)
    assert [row.amount for row in shown.context["page"]] == [40]
    assert "Reverse" not in shown.content.decode()
    assert client.get(reverse("crm:cost_reverse", args=[entry.pk])).status_code == 403
    assert client.get(SHARED).status_code == 403


def test_pages_ask_no_more_with_more_rows(as_manager, assert_flat_queries):
    def grow():
        for _ in range(3):
            post(make.account(), "5")

    grow()
    assert_flat_queries(lambda: as_manager.get(LIST, EVER), grow)
    assert_flat_queries(lambda: as_manager.get(SHARED), lambda: post(amount="3"))


def test_an_empty_ledger_says_what_to_do(as_manager):
    assert "No costs yet" in as_manager.get(LIST).content.decode()
    assert "No shared costs" in as_manager.get(SHARED).content.decode()


def test_the_csv_holds_every_row_and_is_on_record(as_manager):
    post(make.account(name="=cmd()"), "40.10", document="+1")
    answer = as_manager.post(f"{reverse('crm:ledger_export')}?since=2026-01-01")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "'=cmd()" in lines[1]
    assert "40.10" in lines[1]
    assert "'+1" in lines[1]
    assert AuditEvent.objects.filter(action="ledger.exported").count() == 1


# -- Posting and reversing -------------------------------------------------------------


def test_a_cost_is_posted_and_reversed(as_manager, manager):
    account = make.account(external_id="K-7")
    facts = {"kind": "credit", "amount": "12.50", "incurred_on": JAN, "note": "Late"}
    as_manager.post(reverse("crm:cost_create"), facts | {"account": "k-7"})
    entry = LedgerEntry.objects.get()
    assert (entry.account, entry.amount, entry.created_by) == (
        account,
        Decimal("12.50"),
        manager,
    )
    address = reverse("crm:cost_reverse", args=[entry.pk])
    as_manager.post(address, {"reason": "Wrong account"})
    entry.refresh_from_db()
    assert entry.reversed_by.note == "Reversed: Wrong account"
    assert as_manager.post(address, {"reason": "Again"}).status_code == 422
    assert LedgerEntry.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "1" * 16},
        {"amount": "12 USD"},
        {"incurred_on": "2999-01-01"},
        {"account": "Nobody"},
        {"kind": "bribe"},
    ],
)
def test_what_cannot_be_posted_is_said_at_its_field(as_manager, wrong):
    facts = {"kind": "credit", "amount": "12.50", "incurred_on": JAN} | wrong
    answer = as_manager.post(reverse("crm:cost_create"), facts)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert not LedgerEntry.objects.exists()


# -- Shared costs ----------------------------------------------------------------------


def test_previewed_applied_and_taken_back(as_manager):
    first, second = make.account(name="First"), make.account(name="Second")
    for account in (first, second):
        make.order(account=account)
    post(amount="10")
    other = post(amount="5")
    by = rule()
    seen = as_manager.get(reverse("crm:allocation_preview", args=[by.pk]))
    assert seen.context["seen"].charged == 15
    assert "2 accounts would bear 15.00 of 15.00" in seen.content.decode()

    address = reverse("crm:allocation_apply", args=[by.pk])
    asked = {"month": "2026-01", "cost": [other.pk]}
    made_at = as_manager.post(address, asked).url
    made = Allocation.objects.get()
    assert made_at == reverse("crm:allocation_detail", args=[made.pk])
    assert made.total == 5
    assert "Warehouse, version 1" in as_manager.get(made_at).content.decode()

    again = as_manager.post(address, asked, follow=True)
    assert "There is nothing to spread" in again.content.decode()
    undo = reverse("crm:allocation_undo", args=[made.pk])
    as_manager.post(undo, {"reason": "Too early"})
    assert "Too early" in as_manager.get(made_at).content.decode()
    assert len(as_manager.get(SHARED).context["open"]) == 1


def test_the_classes_that_bear_it_sum_up(as_manager):
    rich, poor = make.account(), make.account()
    make.membership(account=rich, worth_class="current_key")
    for account in (rich, rich, poor):
        make.order(account=account)
    post(amount="10")
    address = reverse("segments:allocation_classes", args=[rule().pk])
    shares = as_manager.get(address, {"month": "2026-01"}).context["shares"]
    assert [(one.label, one.amount) for one in shares] == [
        ("Current key", Decimal("6.67")),
        ("Not classed yet", Decimal("3.33")),
    ]


def test_a_rule_is_written_and_changed_with_a_reason(as_manager):
    facts = {"name": "Fairs", "kind": "marketing", "driver": "revenue"}
    facts |= {"span": "period", "reason": "", "is_active": "on"}
    create = reverse("crm:rule_create")
    assert as_manager.post(create, facts).status_code == 422
    assert not AllocationRule.objects.exists()
    as_manager.post(create, facts | {"reason": "As last year"})
    made = AllocationRule.objects.get()
    assert (made.driver, made.is_monthly) == ("revenue", False)

    edit = reverse("crm:rule_edit", args=[made.pk])
    base = as_manager.get(edit).context["form"]["base"].value()
    facts |= {"version": 1, "base": base, "driver": "orders", "is_monthly": "on"}
    as_manager.post(edit, facts | {"reason": "Fairer"})
    made.refresh_from_db()
    assert (made.driver, made.is_monthly, made.version) == ("orders", True, 2)
    assert list(made.versions.values_list("reason", flat=True)) == [
        "Fairer",
        "As last year",
    ]


def test_over_the_api_the_same(as_manager):
    make.order(account=make.account())
    post(amount="10")
    rules = reverse("api:allocation-rule-list")
    facts = {"name": "Rent", "kind": "delivery", "driver": "orders", "reason": "So"}
    made = as_manager.post(rules, facts, content_type="application/json")
    assert made.status_code == 201
    period = {"period_start": "2026-01-01", "period_end": "2026-01-31"}
    preview = reverse("api:allocation-rule-preview", args=[made.json()["id"]])
    seen = as_manager.post(preview, period, content_type="application/json").json()
    assert (seen["total"], seen["charged"], seen["account_count"]) == (
        "10.00",
        "10.00",
        1,
    )
    wanted = period | {"rule": made.json()["id"]}
    done = as_manager.post(
        reverse("api:allocation-list"), wanted, content_type="application/json"
    )
    assert (done.status_code, done.json()["rule_version"]) == (201, 1)
    refused = as_manager.post(
        reverse("api:allocation-list"), wanted, content_type="application/json"
    )
    assert refused.json()["code"] == "cannot_allocate"
    undo = reverse("api:allocation-undo", args=[done.json()["id"]])
    taken = as_manager.post(undo, {"reason": "x"}, content_type="application/json")
    assert taken.json()["undone_reason"] == "x"
    rows = as_manager.get(reverse("api:ledger-entry-list"), {"origin": "reversal"})
    assert len(rows.json()["results"]) == 1


def test_future_months_have_nothing_to_spread(as_manager):
    by = rule()
    ahead = f"{business_today().year + 1}-01"
    address = reverse("crm:allocation_preview", args=[by.pk])
    shown = as_manager.get(address, {"month": ahead}).content.decode()
    assert "no shared cost of this kind stands open" in shown
    wrong = as_manager.get(address, {"month": "soon"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors


# -- Files -----------------------------------------------------------------------------

FILES = reverse("crm:cost_files")
CSV = "id;account;kind;amount;date\n1;K-1;service;12,50;2026-01-15\n2;?;service;1;x\n"


def load(client, act, text=CSV):
    file = SimpleUploadedFile("costs.csv", text.encode(), "text/csv")
    return client.post(FILES, {"file": file, "source": "erp", "act": act})


def test_a_file_is_tried_loaded_and_taken_back(as_manager):
    make.account(external_id="K-1")
    tried = load(as_manager, "try").content.decode()
    assert "Nothing is stored yet." in tried
    assert not LedgerEntry.objects.exists()
    assert "Loaded." in load(as_manager, "load").content.decode()
    entry = LedgerEntry.objects.get()
    assert (entry.amount, entry.source) == (Decimal("12.50"), "erp")
    assert entry.import_job.file_name == "costs.csv"
    undo = reverse("crm:cost_file_undo", args=[entry.import_job_id])
    as_manager.post(undo, {"reason": "Wrong year"})
    entry.refresh_from_db()
    assert entry.reversed_by.amount == Decimal("-12.50")
    assert as_manager.post(undo, {"reason": "Again"}).status_code == 422
    assert LedgerEntry.objects.count() == 2


def test_a_file_that_is_none_is_refused(as_manager):
    refused = load(as_manager, "load", "a;b\n1;2\n")
    assert refused.status_code == 422
    assert "no column for" in refused.content.decode()
    assert not LedgerEntry.objects.exists()
