"""Services behind forms and API: versions, circles, repeats, refusals."""

import datetime as dt

import pytest

from common.clock import business_today
from common.errors import DomainError, StaleRecordError
from crm.errors import AlreadyExistsError
from crm.models import Account, AuditEvent, Consent, Contact, EventType, LifeEvent, Task
from crm.services import accounts, consent, contacts, events, tasks
from tests import make

TOMORROW = dt.timedelta(days=1)


def fresh(record):
    return type(record).objects.get(pk=record.pk)


def test_a_change_from_an_old_version_is_refused(manager):
    account = fresh(make.account(city="Kiel"))
    accounts.change_account(actor=manager, account=account, city="Husum")
    acts = AuditEvent.objects.count()
    with pytest.raises(StaleRecordError):
        accounts.change_account(
            actor=manager, account=account, expected_version=1, city="Plön"
        )
    assert (fresh(account).city, fresh(account).version) == ("Husum", 2)
    assert AuditEvent.objects.count() == acts


@pytest.mark.parametrize("field", ["parent", "referred_by"])
def test_accounts_do_not_stand_above_themselves(manager, field):
    top = fresh(make.account())
    middle = make.account(**{field: top})
    bottom = make.account(**{field: middle})
    for above in (top, bottom):
        with pytest.raises(DomainError) as refused:
            accounts.change_account(actor=manager, account=top, **{field: above})
        assert refused.value.field == field
    assert getattr(fresh(top), field) is None


def test_an_external_id_belongs_to_one_account(manager):
    accounts.create_account(actor=manager, name="A", external_id="7")
    other = accounts.create_account(actor=manager, name="B", external_id="")
    with pytest.raises(DomainError) as refused:
        accounts.create_account(actor=manager, name="C", external_id="7")
    assert refused.value.field == "external_id"
    with pytest.raises(DomainError):
        accounts.change_account(actor=manager, account=other, external_id="7")
    assert Account.objects.count() == 2
    assert fresh(other).external_id is None


@pytest.mark.parametrize(
    "changes",
    [{"name": " "}, {"stage": "gone"}, {"lost_on": dt.date(2020, 1, 1)}],
)
def test_account_values_that_do_not_fit_are_refused(manager, changes):
    account = fresh(make.account(acquired_on=dt.date(2024, 1, 1)))
    with pytest.raises(DomainError) as refused:
        accounts.change_account(actor=manager, account=account, **changes)
    assert refused.value.field == next(iter(changes))
    assert fresh(account).version == 1


def test_an_unknown_field_is_a_mistake_of_the_program(manager):
    with pytest.raises(TypeError):
        accounts.create_account(actor=manager, name="A", merged_into=None)
    with pytest.raises(TypeError):
        contacts.create_contact(actor=manager, account=make.account(), account_id=1)


def test_people_join_no_merged_account(manager):
    merged = make.account(merged_into=make.account())
    with pytest.raises(DomainError):
        contacts.create_contact(actor=manager, account=merged, name="Anna")
    assert not Contact.objects.exists()


def test_wishes_are_added_never_edited(manager):
    anna = make.contact()
    for is_granted in (True, False):
        consent.record_consent(
            actor=manager, contact=anna, channel="email", is_granted=is_granted
        )
    with pytest.raises(DomainError):
        consent.record_consent(
            actor=manager, contact=anna, channel="pigeon", is_granted=True
        )
    assert [c.is_granted for c in Consent.objects.order_by("pk")] == [True, False]


def test_the_same_event_of_a_source_is_stored_once(manager):
    facts = {
        "account": make.account(),
        "type": EventType.objects.get(key="moved"),
        "occurred_on": dt.date(2026, 1, 2),
        "source": "erp",
        "external_id": "7",
    }
    first = events.create_event(actor=manager, **facts)
    assert events.create_event(actor=manager, **facts) == first
    with pytest.raises(AlreadyExistsError):
        events.create_event(actor=manager, **facts | {"note": "other"})
    assert LifeEvent.objects.get().note == ""


def test_an_open_task_changes_and_a_closed_one_does_not(rep):
    today = business_today()
    task = tasks.create_task(actor=rep, account=None, title=" Ring ", due_on=today)
    task = fresh(task)
    tasks.change_task(actor=rep, task=task, due_on=today + TOMORROW)
    assert (task.title, task.due_on) == ("Ring", today + TOMORROW)
    tasks.complete_task(actor=rep, task=task)
    with pytest.raises(DomainError):
        tasks.change_task(actor=rep, task=task, title="Other")
    with pytest.raises(DomainError):
        tasks.cancel_task(actor=rep, task=task)
    assert (fresh(task).title, fresh(task).status) == ("Ring", "done")
    tasks.reopen_task(actor=rep, task=task)
    assert (fresh(task).status, fresh(task).done_at) == ("open", None)


@pytest.mark.parametrize(
    ("title", "days"), [("", 0), ("x" * 301, 0), ("x", -1), ("x", 2000)]
)
def test_tasks_that_cannot_be_are_refused(rep, title, days):
    due_on = business_today() + dt.timedelta(days=days)
    with pytest.raises(DomainError) as refused:
        tasks.create_task(actor=rep, account=None, title=title, due_on=due_on)
    assert refused.value.field == ("due_on" if days else "title")
    assert not Task.objects.exists()
