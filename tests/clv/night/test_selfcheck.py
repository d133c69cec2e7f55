"""Sums that are kept up to date, held against sums worked out anew."""

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from clv.models import AccountSummary, SummaryState
from clv.services import runs, selfcheck, summaries
from config import night
from tests import make
from tests.clv.night import firm

SUNDAY = dt.date(2026, 6, 28)
RATE = Decimal("0.3")


@pytest.fixture
def kept(db):
    """A firm of 25 accounts whose sums were kept up to Sunday."""
    accounts = firm.build(20, today=SUNDAY)
    summaries.refresh_summaries(as_of=SUNDAY, margin_rate=RATE, overlap=dt.timedelta(0))
    return accounts


def spoil(account, **sums):
    AccountSummary.objects.filter(account=account).update(**sums)


def rebuild(*flags):
    out = StringIO()
    call_command("rebuild_summaries", *flags, stdout=out)
    return out.getvalue()


def test_sums_that_were_kept_are_those_worked_out_anew(kept):
    make.order(account=kept[3], on=SUNDAY - dt.timedelta(days=40))

    found = selfcheck.check_summaries()

    assert (found.differing, found.differences) == (0, [])
    assert rebuild("--check").endswith("as of 2026-06-28, 0 differ.\n")


def test_a_cent_is_found_and_told(kept):
    right = AccountSummary.objects.get(account=kept[2])
    spoil(kept[2], revenue=right.revenue + Decimal("0.01"))
    spoil(kept[5], paid_back_on="2020-01-01", order_count=77)

    found = selfcheck.check_summaries()

    assert found.differing == 2
    assert str(found.differences[0]) == (
        f"account {kept[2].pk}: revenue {right.revenue + Decimal('0.01')},"
        f" anew {right.revenue}"
    )
    assert [(one.account_id, one.name) for one in found.differences[1:]] == [
        (kept[5].pk, "order_count"),
        (kept[5].pk, "paid_back_on"),
    ]


def test_the_check_changes_nothing_and_says_so_by_its_exit_code(kept):
    spoil(kept[2], order_count=77)

    with pytest.raises(CommandError, match="not those of orders and ledger"):
        rebuild("--check")

    assert AccountSummary.objects.get(account=kept[2]).order_count == 77


def test_the_command_mends(kept):
    before = AccountSummary.objects.get(account=kept[2]).order_count
    spoil(kept[2], order_count=before + 1)

    told = rebuild()

    assert "1 differ" in told
    assert f"account {kept[2].pk}: order_count {before + 1}, anew {before}" in told
    assert AccountSummary.objects.get(account=kept[2]).order_count == before
    assert "0 differ" in rebuild("--check")


def test_before_the_first_night_there_is_nothing_to_check(db):
    assert rebuild("--check") == "No night has kept sums yet.\n"


@pytest.mark.parametrize(("days", "is_checked"), [(0, True), (1, False), (6, False)])
def test_sundays_night_checks_and_mends(committed, days, is_checked):
    accounts = firm.build(20, today=SUNDAY)
    night_of(SUNDAY - dt.timedelta(days=1))
    SummaryState.objects.update(changes_until=Now())  # what was entered is in them
    spoil(accounts[2], order_count=77)

    step = night_of(SUNDAY + dt.timedelta(days=days)).steps.get(name="summarise")

    count = AccountSummary.objects.get(account=accounts[2]).order_count
    if not is_checked:
        assert (count, step.detail.get("self_check")) == (77, None)
        return
    assert count < 77
    check = step.detail["self_check"]
    assert (check["differing"], len(check["differences"])) == (1, 1)
    assert check["differences"][0].startswith(f"account {accounts[2].pk}: order_count")


def night_of(day):
    run = runs.ensure_night(day)
    night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


@pytest.mark.parametrize(("changed", "reads_all"), [(4, False), (5, True)])
def test_above_a_fifth_of_the_accounts_all_are_read(
    db, monkeypatch, changed, reads_all
):
    monkeypatch.setattr(summaries, "FEW", 10)
    accounts = [make.account() for _ in range(20)]
    no_overlap = {"margin_rate": RATE, "overlap": dt.timedelta(0)}
    summaries.refresh_summaries(as_of=SUNDAY, **no_overlap)
    for account in accounts[:changed]:
        make.order(account=account, on=SUNDAY)

    done = summaries.refresh_summaries(as_of=SUNDAY, **no_overlap)

    assert done.full == reads_all
    assert (done.accounts, done.changed) == (20 if reads_all else changed, changed)


def test_few_accounts_are_looked_up_whatever_their_share(db):
    accounts = [make.account() for _ in range(4)]
    no_overlap = {"margin_rate": RATE, "overlap": dt.timedelta(0)}
    summaries.refresh_summaries(as_of=SUNDAY, **no_overlap)
    for account in accounts:
        make.order(account=account, on=SUNDAY)

    assert not summaries.refresh_summaries(as_of=SUNDAY, **no_overlap).full


def test_entering_an_order_sums_nothing_up(db):
    """Sums are kept by the night: per statement it is noted that a table changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgname, tgtype & 1 FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid IN ("
            "'crm_order'::regclass, 'crm_orderline'::regclass,"
            "'crm_orderreturn'::regclass)"
        )
        assert cursor.fetchall() == [("note_change", 0)]  # 1 would be for each row
