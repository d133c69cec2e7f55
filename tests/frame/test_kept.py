"""Answers that are kept until a row behind them changes."""

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from common import kept
from crm.models import Account, LedgerEntry, Notification
from tests import make


class Report:
    """Counts how often it is worked out anew."""

    def __init__(self, ask):
        self.ask, self.times = ask, 0

    def work(self):
        self.times += 1
        return self.ask()

    def __call__(self):
        return kept.kept(("report",), self.work)


def spent():
    return LedgerEntry.objects.aggregate(s=Sum("amount"))["s"]


def owners():
    return list(Account.objects.order_by("pk").values_list("owner_id", flat=True))


@pytest.fixture(autouse=True)
def store(settings, monkeypatch, db):
    settings.CACHES = settings.CACHES | {
        "answers": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "kept",
        }
    }
    monkeypatch.setattr(kept, "WORTH_KEEPING_SECONDS", 0.0)
    caches["answers"].clear()
    return caches["answers"]


def test_an_answer_is_kept_until_a_row_behind_it_changes():
    account = make.account()
    make.cost(account=account, amount="5.00")
    report = Report(spent)
    assert [report(), report()] == [5, 5]
    assert report.times == 1
    make.cost(account=account, amount="7.00")
    assert [report(), report()] == [12, 12]
    assert report.times == 2


def test_a_change_of_another_table_leaves_it_alone():
    account = make.account()
    report = Report(spent)
    report()
    make.touchpoint(account=account)
    report()
    assert report.times == 1


def test_a_change_without_a_new_row_counts_at_once(rep, colleague):
    account = make.account(owner=rep)
    report = Report(owners)
    assert report() == [rep.pk]
    Account.objects.filter(pk=account.pk).update(owner=colleague)
    assert report() == [colleague.pk]


def test_what_every_contact_touches_is_no_change_of_an_account(rep):
    account = make.account(owner=rep)
    report = Report(owners)
    report()
    Account.objects.filter(pk=account.pk).update(last_contact_on="2026-01-02")
    Account.objects.filter(pk=account.pk).update(owner=rep)
    report()
    assert report.times == 1


def test_what_is_taken_back_was_never_answered(rep, colleague):
    account = make.account(owner=rep)
    report = Report(owners)
    report()
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(owner=colleague)
        assert report() == [colleague.pk]
        transaction.set_rollback(True)
    assert report() == [rep.pk]


@pytest.mark.parametrize(
    "ask",
    [
        Notification.objects.count,
        lambda: list(Account.objects.values_list("last_contact_on")),
        lambda: kept.fresh_rows("SELECT now() FROM crm_account", None),
    ],
    ids=["a table not watched", "a column not watched", "the time"],
)
def test_what_cannot_be_watched_is_not_kept(ask):
    make.account()
    report = Report(ask)
    report()
    report()
    assert report.times == 2


def test_an_answer_within_another_counts_for_both():
    account = make.account()
    make.cost(account=account, amount="2.00")
    inner = Report(spent)
    outer_times = []

    def outer():
        return kept.kept(("outer",), lambda: (outer_times.append(1), inner())[1])

    inner()
    assert [outer(), outer()] == [2, 2]
    make.cost(account=account, amount="3.00")
    assert outer() == 5
    assert len(outer_times) == 2


def test_what_is_asked_for_a_moment_is_not_kept(store):
    make.account()
    statement = "SELECT count(*) FROM crm_touchpoint WHERE occurred_at < %(at)s"
    kept.kept_rows(statement, {"at": timezone.now()})
    assert not store._cache


def test_others_answers_are_not_read(store):
    make.account()
    report = Report(owners)
    first = report()
    (name,) = store._cache
    name = name.split(":", 2)[2]
    store.set(name, bytes(32) + b"not ours")
    assert report() == first
    assert report.times == 2


def test_a_report_does_without_its_store(monkeypatch, store):
    def fail(*_args, **_kwargs):
        raise ConnectionError("gone")

    make.account()
    monkeypatch.setattr(type(store), "get", fail)
    monkeypatch.setattr(kept, "_silent_until", 0.0)
    report = Report(owners)
    assert report() == report()
    assert report.times == 2


def test_the_log_keeps_the_newest_change_of_each_table(rep):
    account = make.account(owner=rep)
    make.cost(account=account, amount="5.00")
    make.cost(account=account, amount="6.00")
    report = Report(spent)
    report()
    assert kept.prune() > 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM common_tablechange WHERE relation = 'crm_ledgerentry'"
        )
        assert cursor.fetchone() == (1,)
    make.cost(account=account, amount="1.00")
    assert report() == 12
