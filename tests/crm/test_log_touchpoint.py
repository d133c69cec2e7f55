"""Logging a contact: stored once, priced, promised; or refused and nothing stored."""

import datetime as dt
import threading
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from common.clock import business_today
from common.errors import DomainError
from crm.choices import Role
from crm.errors import CannotLogError
from crm.models import AuditEvent, LedgerEntry, Task, Touchpoint
from crm.services.touchpoints import FollowUp, log_touchpoint
from tests import make


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


def log(rep, account, **fields):
    fields = {"channel": "phone", "occurred_at": timezone.now()} | fields
    return log_touchpoint(actor=rep, account=account, **fields)


def nothing_was_stored(account):
    account.refresh_from_db()
    counts = [m.objects.count() for m in (Touchpoint, LedgerEntry, Task, AuditEvent)]
    return counts == [0, 0, 0, 0] and account.last_contact_on is None


def test_stores_contact_cost_task_and_last_contact_together(rep, account):
    anna = make.contact(account=account, name="Anna Berg")
    friday = business_today() + dt.timedelta(days=3)

    row = log(
        rep,
        account,
        contact=anna,
        minutes=12,
        note=" pricing ",
        outcome="ok",
        care="R",
        phase="after",
        ratings={"people": 4, "deliverables": 3},
        follow_up=FollowUp("send offer", friday),
    )

    row.refresh_from_db()
    assert (row.user, row.contact, row.note) == (rep, anna, "pricing")
    assert (row.rating_people, row.rating_information) == (4, None)
    cost = LedgerEntry.objects.get()
    assert (cost.amount, cost.kind) == (Decimal("12.00"), "account_management")
    assert (cost.account, cost.touchpoint) == (account, row)
    task = Task.objects.get()
    assert (task.title, task.due_on, task.owner) == ("send offer", friday, rep)
    assert task.touchpoint == row
    account.refresh_from_db()
    assert account.last_contact_on == business_today()
    assert AuditEvent.objects.filter(action="touchpoint.logged").count() == 1


@pytest.mark.parametrize(
    ("hourly", "minutes", "amount"),
    [
        ("60.00", 1, "1.00"),
        ("65.00", 7, "7.58"),
        ("59.99", 1, "1.00"),
        ("0.31", 1, "0.01"),
    ],
)
def test_minutes_cost_to_the_cent(account, hourly, minutes, amount):
    rep = make.user(hourly_cost=Decimal(hourly))
    log(rep, account, minutes=minutes)
    assert LedgerEntry.objects.get().amount == Decimal(amount)


@pytest.mark.parametrize("minutes", [None, 0])
def test_no_minutes_cost_nothing(rep, account, minutes):
    log(rep, account, minutes=minutes)
    assert not LedgerEntry.objects.exists()


def test_last_contact_only_moves_forward(rep, account):
    yesterday = timezone.now() - dt.timedelta(days=1)
    log(rep, account)
    log(rep, account, occurred_at=yesterday)
    account.refresh_from_db()
    assert account.last_contact_on == business_today()


@pytest.mark.parametrize("fields", [{"channel": "note"}, {"outcome": "no_answer"}])
def test_notes_and_unanswered_calls_are_no_contact(rep, account, fields):
    log(rep, account, **fields)
    account.refresh_from_db()
    assert account.last_contact_on is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"occurred_at": dt.timedelta(minutes=1)}, "occurred_at"),
        ({"minutes": 1441}, "minutes"),
        ({"minutes": -1}, "minutes"),
        ({"channel": "pigeon"}, "channel"),
        ({"care": "X"}, "care"),
        ({"ratings": {"people": 6}}, "rating_people"),
        ({"contact": "foreign"}, "contact"),
        ({"contact": "left"}, "contact"),
        ({"contact": "refusing"}, "contact"),
        ({"follow_up": "past"}, "due_on"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_stored(rep, account, fields, field):
    today = business_today()
    made = {
        "foreign": make.contact,
        "left": lambda: make.contact(account=account, left_on=today),
        "refusing": lambda: make.contact(account=account, do_not_contact=True),
        "past": lambda: FollowUp("late", today - dt.timedelta(days=1)),
    }
    fields = {k: made[v]() if str(v) in made else v for k, v in fields.items()}
    if "occurred_at" in fields:
        fields["occurred_at"] += timezone.now()

    with pytest.raises(DomainError) as refused:
        log(rep, account, **fields)

    assert refused.value.field == field
    assert len(refused.value.message) > 15
    assert nothing_was_stored(account)


def test_a_merged_account_is_refused(rep, account):
    merged = make.account(owner=rep, merged_into=account)
    with pytest.raises(CannotLogError):
        log(rep, merged)
    assert nothing_was_stored(account)


@pytest.mark.parametrize("fields", [{"direction": "in"}, {"channel": "visit"}])
def test_who_asked_not_to_be_contacted_may_call_us(rep, account, fields):
    person = make.contact(account=account, do_not_contact=True)
    assert log(rep, account, contact=person, **fields).pk


def test_the_same_form_twice_is_one_contact(rep, account):
    token = uuid.uuid4()
    promise = FollowUp("ring", business_today())
    first = log(rep, account, minutes=5, form_token=token, follow_up=promise)
    second = log(rep, account, minutes=5, form_token=token, follow_up=promise)
    assert first == second
    assert Touchpoint.objects.count() == LedgerEntry.objects.count() == 1
    assert Task.objects.count() == 1


def test_a_token_of_another_contact_is_refused(rep, colleague, account):
    token = uuid.uuid4()
    log(rep, account, form_token=token)
    with pytest.raises(CannotLogError):
        log(colleague, account, form_token=token)
    assert Touchpoint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_form_in_requests_at_once_is_one_contact():
    rep = make.user(Role.REP)
    account = make.account(owner=rep)
    token, start, stored = uuid.uuid4(), threading.Barrier(4), []

    def send():
        try:
            start.wait()
            stored.append(log(rep, account, minutes=5, form_token=token).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert len(stored) == 4
    assert len(set(stored)) == 1
    assert Touchpoint.objects.count() == LedgerEntry.objects.count() == 1
