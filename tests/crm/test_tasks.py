"""Tasks on their own page: promised, changed, moved, done, given up, open again."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from crm.models import Task
from tests import make

NEW = reverse("crm:task_new")


def url(name, task):
    return reverse(f"crm:task_{name}", args=[task.pk])


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def task(rep, account):
    return Task.objects.create(
        account=account, owner=rep, title="Call", due_on=business_today()
    )


def test_a_task_with_all_that_can_be_said(client, rep, account):
    person, deal = make.contact(account=account), make.deal(account=account)
    client.force_login(rep)
    data = {
        "title": "Show the chair",
        "kind": "visit",
        "due_on": business_today(),
        "due_at": "14:30",
        "minutes": "45",
        "priority": "high",
        "contact": person.pk,
        "deal": deal.pk,
        "then": "/calendar/",
    }
    assert client.post(f"{NEW}?account={account.pk}", data).url == "/calendar/"
    made = Task.objects.get()
    assert (made.account, made.owner, made.contact, made.deal) == (
        account,
        rep,
        person,
        deal,
    )
    assert (made.kind, made.due_at, made.minutes, made.priority) == (
        "visit",
        dt.time(14, 30),
        45,
        "high",
    )


def test_it_may_be_for_nobody_and_opens_prefilled(client, rep, account):
    client.force_login(rep)
    text = client.get(NEW, {"due_on": "2026-12-24", "title": "Cards"}).text
    assert 'value="2026-12-24"' in text
    assert 'value="Cards"' in text
    data = {"title": "Tidy up", "due_on": business_today()}
    client.post(NEW, data)
    assert Task.objects.get().account is None


def test_people_and_deals_of_other_accounts_are_refused(client, rep, account):
    client.force_login(rep)
    data = {
        "title": "Call",
        "due_on": business_today(),
        "deal": make.deal().pk,
    }
    assert client.post(f"{NEW}?account={account.pk}", data).status_code == 422
    assert not Task.objects.exists()


def test_an_edit_in_between_shows_both(client, rep, task):
    client.force_login(rep)
    data = {"title": "Mine", "due_on": task.due_on, "version": task.version}
    Task.objects.filter(pk=task.pk).update(title="Theirs", version=task.version + 1)
    answer = client.post(url("edit", task), data)
    assert (answer.status_code, "now “Theirs”" in answer.text) == (409, True)
    task.refresh_from_db()
    assert task.title == "Theirs"
    client.post(url("edit", task), data | {"version": task.version})
    task.refresh_from_db()
    assert task.title == "Mine"


def test_it_is_put_off_done_opened_and_given_up(client, rep, task):
    client.force_login(rep)
    later = business_today() + dt.timedelta(days=3)
    client.post(url("move", task), {"due_on": later})
    task.refresh_from_db()
    assert task.due_on == later
    client.post(url("move", task), {"due_on": "soon"})
    client.post(url("move", task), {"due_on": "2020-01-01"})
    task.refresh_from_db()
    assert task.due_on == later
    for name, status in (("done", "done"), ("reopen", "open"), ("cancel", "cancelled")):
        client.post(url(name, task))
        task.refresh_from_db()
        assert task.status == status


def test_the_way_back_is_never_another_site(client, rep, task):
    client.force_login(rep)
    for then in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = client.post(url("reopen", task), {"then": then})
        assert answer.url.startswith("/accounts/")


def test_a_colleagues_task_is_not_found(client, colleague, task):
    client.force_login(colleague)
    for name in ("edit", "done", "cancel", "reopen", "move"):
        assert client.post(url(name, task)).status_code == 404
    task.refresh_from_db()
    assert task.status == "open"


def test_the_api_does_the_same(client, rep, account):
    client.force_login(rep)
    api = "/api/v1/tasks/"
    data = {"account": account.pk, "title": "Call", "due_on": str(business_today())}
    made = client.post(
        api, data | {"kind": "call", "due_at": "09:15"}, content_type="application/json"
    )
    assert made.status_code == 201
    one = f"{api}{made.json()['id']}/"
    for name, status in (("done", "done"), ("reopen", "open")):
        answer = client.post(f"{one}{name}/", {}, content_type="application/json")
        assert answer.json()["status"] == status
    changed = client.patch(
        one,
        {"priority": "high"},
        content_type="application/json",
        headers={"If-Match": client.get(one)["ETag"]},
    )
    assert changed.json()["priority"] == "high"
    wrong = data | {"kind": "dance"}
    assert client.post(api, wrong, content_type="application/json").status_code == 400
