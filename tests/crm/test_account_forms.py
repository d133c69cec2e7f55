"""Adding and changing accounts, people, events and tasks on pages."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from crm.models import Account, Contact, EventType, LifeEvent, Task
from tests import make


@pytest.fixture
def account(rep):
    # As read from the database, where the first version is made.
    return Account.objects.get(pk=make.account(owner=rep, name="Kontor Nord").pk)


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def fields(**changes):
    return {"name": "Kontor Nord", "kind": "firm", "stage": "customer"} | changes


def edit_url(account):
    return reverse("crm:account_edit", args=[account.pk])


def body(response):
    return response.content.decode()


def test_a_rep_owns_the_account_they_add(signed_in, rep):
    answer = signed_in.post("/accounts/new/", fields(name="Neu", website="neu.test"))
    made = Account.objects.get(name="Neu")
    assert answer.status_code == 302
    assert (made.owner, made.website) == (rep, "https://neu.test")


def test_an_account_without_a_name_is_refused(signed_in):
    answer = signed_in.post("/accounts/new/", fields(name=" ", city="Kiel"))
    assert answer.status_code == 422
    assert 'value="Kiel"' in body(answer)
    assert not Account.objects.exists()


def test_editing_stores_and_counts_the_version(signed_in, account):
    assert f'value="{account.version}"' in body(signed_in.get(edit_url(account)))
    data = fields(city="Kiel", version=account.version)
    assert signed_in.post(edit_url(account), data).status_code == 302
    stored = Account.objects.get()
    assert (stored.city, stored.version) == ("Kiel", account.version + 1)


def test_a_conflict_loses_nothing_and_shows_both(signed_in, account):
    seen = account.version
    Account.objects.update(city="Lübeck", version=seen + 1)

    answer = signed_in.post(edit_url(account), fields(city="Kiel", version=seen))

    assert answer.status_code == 409
    assert 'value="Kiel"' in body(answer)
    assert "City: now “Lübeck”" in body(answer)
    assert Account.objects.get().city == "Lübeck"
    assert f'name="version" value="{seen + 1}"' in body(answer)

    again = fields(city="Kiel", version=seen + 1)
    assert signed_in.post(edit_url(account), again).status_code == 302
    assert Account.objects.get().city == "Kiel"


def test_a_rep_cannot_hand_an_account_over(signed_in, rep, colleague, account):
    data = fields(owner=colleague.pk, version=account.version)
    signed_in.post(edit_url(account), data)
    assert Account.objects.get().owner == rep


def test_a_manager_can(client, manager, colleague, account):
    client.force_login(manager)
    data = fields(owner=colleague.pk, version=account.version)
    assert client.post(edit_url(account), data).status_code == 302
    assert Account.objects.get().owner == colleague


def test_lost_before_won_is_refused_at_its_field(signed_in, account):
    data = fields(acquired_on="2026-02-01", lost_on="2026-01-01", version=1)
    answer = signed_in.post(edit_url(account), data)
    assert answer.status_code == 422
    assert Account.objects.get().lost_on is None


def test_people_are_added_and_changed_with_versions(signed_in, account):
    url = reverse("crm:contact_create", args=[account.pk])
    assert signed_in.post(url, {"name": "Anna", "influence": "4"}).status_code == 302
    anna = Contact.objects.get()
    assert (anna.account, anna.influence) == (account, 4)

    edit = reverse("crm:contact_edit", args=[anna.pk])
    data = {"name": "Anna Berg", "do_not_contact": "on", "version": anna.version}
    assert signed_in.post(edit, data).status_code == 302
    assert signed_in.post(edit, data | {"name": "Anna B."}).status_code == 409
    anna.refresh_from_db()
    assert (anna.name, anna.do_not_contact) == ("Anna Berg", True)


@pytest.mark.parametrize("data", [{"name": ""}, {"name": "A", "influence": "6"}])
def test_people_that_do_not_fit_are_refused(signed_in, account, data):
    url = reverse("crm:contact_create", args=[account.pk])
    assert signed_in.post(url, data).status_code == 422
    assert not Contact.objects.exists()


def test_an_event_is_added(signed_in, rep, account):
    moved = EventType.objects.get(key="moved")
    url = reverse("crm:event_create", args=[account.pk])
    data = {"type": moved.pk, "occurred_on": "2026-01-02", "note": "To Kiel"}
    assert signed_in.post(url, data).url == f"/accounts/{account.pk}/?tab=events"
    event = LifeEvent.objects.get()
    assert (event.account, event.type, event.created_by) == (account, moved, rep)


@pytest.mark.parametrize("case", ["far", "foreign person", "no type"])
def test_events_that_cannot_be_are_refused(signed_in, account, case):
    data = {"type": EventType.objects.get(key="moved").pk, "occurred_on": "2026-01-02"}
    data |= {
        "far": {"occurred_on": "2099-01-01"},
        "foreign person": {"contact": make.contact().pk},
        "no type": {"type": ""},
    }[case]
    url = reverse("crm:event_create", args=[account.pk])
    assert signed_in.post(url, data).status_code == 422
    assert not LifeEvent.objects.exists()


def test_a_task_is_added_and_done_once(signed_in, rep, account):
    url = reverse("crm:task_create", args=[account.pk])
    today = business_today()
    signed_in.post(url, {"title": "Ring", "due_on": today.isoformat()})
    task = Task.objects.get()
    assert (task.owner, task.account, task.title) == (rep, account, "Ring")
    past = (today - dt.timedelta(days=1)).isoformat()
    assert signed_in.post(url, {"title": "x", "due_on": past}).status_code == 422

    done = reverse("crm:task_done", args=[task.pk])
    answer = signed_in.post(done, headers={"HX-Request": "true"})
    assert "Done: Ring" in body(answer)
    first = Task.objects.get().done_at
    assert signed_in.post(done).status_code == 302
    assert Task.objects.get().done_at == first


def test_a_cancelled_task_cannot_be_done(signed_in, rep, account):
    task = Task.objects.create(
        account=account,
        owner=rep,
        title="x",
        due_on=business_today(),
        status="cancelled",
    )
    done = reverse("crm:task_done", args=[task.pk])
    answer = signed_in.post(done, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    task.refresh_from_db()
    assert task.status == "cancelled"


@pytest.mark.parametrize(
    "name", ["account_edit", "contact_create", "event_create", "task_create"]
)
def test_foreign_accounts_are_not_found_and_strangers_sign_in(
    client, colleague, account, name
):
    url = reverse(f"crm:{name}", args=[account.pk])
    assert client.get(url).status_code == 302
    client.force_login(colleague)
    assert client.get(url).status_code == 404
    assert client.post(url, fields(title="x")).status_code == 404


def test_foreign_people_and_tasks_are_not_found(client, rep, colleague, account):
    person = make.contact(account=account)
    task = Task.objects.create(
        account=account, owner=rep, title="x", due_on=business_today()
    )
    client.force_login(colleague)
    edit = reverse("crm:contact_edit", args=[person.pk])
    assert client.get(edit).status_code == 404
    done = reverse("crm:task_done", args=[task.pk])
    assert client.post(done).status_code == 404
    task.refresh_from_db()
    assert task.status == "open"


def test_a_marketer_may_not_change_people(client, marketer, account):
    client.force_login(marketer)
    url = reverse("crm:contact_create", args=[account.pk])
    assert client.post(url, {"name": "x"}).status_code == 403
    assert not Contact.objects.exists()
