"""Taking a contact back: void, reversed, cancelled, and only by those who may."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from common.clock import business_today
from crm.errors import CannotUndoError
from crm.models import LedgerEntry, Task, Touchpoint
from crm.services.tasks import complete_task
from crm.services.touchpoints import FollowUp, log_touchpoint, undo_touchpoint
from tests import make


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def logged(rep, account):
    return log_touchpoint(
        actor=rep,
        account=account,
        channel="phone",
        occurred_at=timezone.now(),
        minutes=30,
        follow_up=FollowUp("send offer", business_today()),
    )


def test_cost_is_reversed_task_cancelled_last_contact_found_anew(rep, account, logged):
    earlier = timezone.now() - dt.timedelta(days=9)
    log_touchpoint(actor=rep, account=account, channel="visit", occurred_at=earlier)

    undo_touchpoint(actor=rep, touchpoint=logged)

    assert logged.voided_at is not None
    costs = LedgerEntry.objects.filter(touchpoint=logged)
    assert sorted(c.amount for c in costs) == [Decimal("-30.00"), Decimal("30.00")]
    assert {c.incurred_on for c in costs} == {business_today()}
    assert Task.objects.get().status == "cancelled"
    account.refresh_from_db()
    assert account.last_contact_on == timezone.localtime(earlier).date()


def test_without_another_contact_there_is_no_last_contact(rep, account, logged):
    undo_touchpoint(actor=rep, touchpoint=logged)
    account.refresh_from_db()
    assert account.last_contact_on is None


def test_twice_changes_nothing_more(rep, logged):
    first = undo_touchpoint(actor=rep, touchpoint=logged).voided_at
    again = undo_touchpoint(actor=rep, touchpoint=logged).voided_at
    assert first == again
    assert LedgerEntry.objects.count() == 2
    assert LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == 0


def test_a_task_that_was_done_stays_done(rep, logged):
    complete_task(actor=rep, task=Task.objects.get())
    undo_touchpoint(actor=rep, touchpoint=logged)
    assert Task.objects.get().status == "done"


def test_a_manager_may(manager, logged):
    assert undo_touchpoint(actor=manager, touchpoint=logged).voided_at


@pytest.mark.parametrize("case", ["colleague", "old"])
def test_others_and_old_ones_are_refused(rep, colleague, logged, case):
    if case == "old":
        long_ago = timezone.now() - dt.timedelta(hours=25)
        Touchpoint.objects.filter(pk=logged.pk).update(created_at=long_ago)

    with pytest.raises(CannotUndoError):
        undo_touchpoint(
            actor=colleague if case == "colleague" else rep, touchpoint=logged
        )

    logged.refresh_from_db()
    assert logged.voided_at is None
    assert LedgerEntry.objects.count() == 1
    assert Task.objects.get().status == "open"


@pytest.mark.django_db(transaction=True)
def test_undone_in_requests_at_once_it_is_reversed_once():
    rep = make.user()
    row = log_touchpoint(
        actor=rep,
        account=make.account(owner=rep),
        channel="phone",
        occurred_at=timezone.now(),
        minutes=30,
    )
    start, undone = threading.Barrier(4), []

    def undo():
        try:
            mine = Touchpoint.objects.get(pk=row.pk)
            start.wait()
            undone.append(undo_touchpoint(actor=rep, touchpoint=mine).voided_at)
        finally:
            connection.close()

    threads = [threading.Thread(target=undo) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert len(undone) == 4
    assert len(set(undone)) == 1
    assert LedgerEntry.objects.count() == 2
