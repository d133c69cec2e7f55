"""The lists of contacts and of tasks: what they show, to whom, in what order."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from crm.choices import TaskStatus
from crm.models import BulkEdit, Consent, Task
from tests import make

CONTACTS = reverse("campaigns:contact_list")
TASKS = reverse("campaigns:task_list")


@pytest.fixture
def firm(db, rep, colleague):
    """Two people and three tasks at a rep's account, one of each at a colleague's."""
    run = make.run()
    mine = make.account(name="Alder", owner=rep)
    foreign = make.account(name="Birch", owner=colleague)
    for account, clv in ((mine, "900.00"), (foreign, "100.00")):
        make.valuation(account=account, run=run, realised=clv, expected_margin="0.00")
        make.membership(account=account, worth_class="general")
    make.contact(name="Ann", account=mine, decision_role="decider")
    make.contact(name="Bob", account=mine, phone="+49 40 12", left_on="2026-01-01")
    make.contact(name="Cid", account=foreign, do_not_contact=True, phone="1")
    days = ((-2, mine, rep), (3, mine, rep), (1, foreign, colleague))
    for ahead, account, owner in days:
        Task.objects.create(
            account=account,
            owner=owner,
            title=f"In {ahead}",
            due_on=business_today() + dt.timedelta(days=ahead),
        )
    Task.objects.create(
        account=mine,
        owner=rep,
        title="Done",
        due_on=business_today(),
        status=TaskStatus.CANCELLED,
    )
    return {"mine": mine}


def names(client, user, url, **query):
    client.force_login(user)
    return [str(row.record) for row in client.get(url, query).context["rows"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Ann", "Bob", "Cid"]),
        ({"sort": "-name"}, ["Cid", "Bob", "Ann"]),
        ({"sort": "-account"}, ["Cid", "Bob", "Ann"]),
        ({"sort": "clv"}, ["Cid", "Ann", "Bob"]),
        ({"search": "an"}, ["Ann"]),
        ({"role": "decider"}, ["Ann"]),
        ({"reach": "left"}, ["Bob"]),
        ({"reach": "no"}, ["Cid"]),
        ({"class": "current_key"}, []),
    ],
)
def test_contacts_are_found_and_sorted(client, firm, manager, query, found):
    assert names(client, manager, CONTACTS, **query) == found


def test_a_tap_calls_and_asks_how_it_went_unless_that_is_refused(client, firm, manager):
    mine = firm["mine"]
    may = make.contact(name="Dan", account=mine, phone="+49 40 13", email="d@a.example")
    Consent.objects.create(contact=may, channel="email", is_granted=False)
    client.force_login(manager)
    text = client.get(CONTACTS).text
    assert (
        f'<a href="tel:+494013" data-log-attempt data-account="{mine.pk}"'
        f' data-contact="{may.pk}" data-channel="phone">+49 40 13</a>'
    ) in text
    # Bob left, Cid asked to be left alone, Dan wants no mail.
    for refused in ("tel:+494012", "tel:1", "mailto:"):
        assert f'href="{refused}' not in text
    assert "d@a.example" in text
    assert text.count("no mail") == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["In -2", "In 1", "In 3"]),
        ({"sort": "-clv"}, ["In 3", "In -2", "In 1"]),
        ({"due": "late"}, ["In -2"]),
        ({"due": "week"}, ["In 1", "In 3"]),
        ({"status": "any"}, ["In -2", "Done", "In 1", "In 3"]),
        ({"search": "bir"}, ["In 1"]),
    ],
)
def test_open_tasks_first_due_first(client, firm, manager, query, found):
    assert names(client, manager, TASKS, **query) == found


def test_a_rep_sees_their_own_only(client, firm, rep):
    assert names(client, rep, CONTACTS) == ["Ann", "Bob"]
    assert names(client, rep, TASKS) == ["In -2", "In 3"]


@pytest.mark.parametrize("url", [CONTACTS, TASKS])
def test_queries_do_not_grow_with_rows(
    client, firm, manager, rep, assert_flat_queries, url
):
    client.force_login(manager)

    def grow():
        for _ in range(4):
            account = make.account(owner=rep)
            make.contact(account=account)
            Task.objects.create(
                account=account, owner=rep, title="x", due_on=business_today()
            )

    assert_flat_queries(lambda: client.get(url), grow)


def test_tasks_are_moved_in_place_and_together(client, firm, rep):
    client.force_login(rep)
    task = Task.objects.get(title="In 3")
    day = business_today() + dt.timedelta(days=9)
    url = reverse("campaigns:list_cell", args=["tasks", task.pk, "due"])

    client.post(url, {"value": day.isoformat(), "version": 1})
    task.refresh_from_db()
    assert task.due_on == day

    bulk = reverse("campaigns:list_bulk", args=["tasks"])
    given = {"action": "set_due_on", "scope": "all", "value": day.isoformat()}
    client.post(f"{bulk}?status=any", {**given, "count": 3})
    assert Task.objects.filter(due_on=day).count() == 1  # one of them is closed
    client.post(bulk, {**given, "count": 2})
    assert Task.objects.filter(due_on=day).count() == 2


def test_many_tasks_are_done_at_once_and_opened_again(client, firm, rep):
    client.force_login(rep)
    url = reverse("campaigns:list_bulk", args=["tasks"])
    ask = client.post(url, {"action": "mark_done", "scope": "all"})
    assert "Mark as done – 2 tasks" in ask.text
    sure = {"action": "mark_done", "scope": "all", "count": 2}
    client.post(f"{url}?status=any", {**sure, "count": 3})  # one of them is closed
    assert not Task.objects.filter(status=TaskStatus.DONE).exists()

    client.post(url, sure)
    done = Task.objects.filter(owner=rep, status=TaskStatus.DONE, done_at__isnull=False)
    assert {task.title for task in done} == {"In -2", "In 3"}
    assert names(client, rep, TASKS) == []
    edit = BulkEdit.objects.get()
    assert edit.row_count == 2
    client.post(reverse("campaigns:bulk_undo", args=[edit.pk]))
    assert names(client, rep, TASKS) == ["In -2", "In 3"]
    assert not Task.objects.filter(done_at__isnull=False).exists()


def test_the_status_that_needs_no_choosing_is_named(client, firm, rep):
    client.force_login(rep)
    for query in ({}, {"status": "open"}):
        page = client.get(TASKS, query)
        offered = [
            str(label) for _, label in page.context["form"]["status"].field.choices
        ]
        assert offered == ["Open", "Done", "Cancelled", "Any"]
        assert [str(row.record) for row in page.context["rows"]] == ["In -2", "In 3"]
    # A task opens itself; its account stands beside it.
    task = Task.objects.get(title="In 3")
    assert (
        f'href="{reverse("crm:task_edit", args=[task.pk])}?then={TASKS}"' in page.text
    )


def test_the_export_has_the_columns_that_are_seen(client, firm, rep):
    client.force_login(rep)
    url = reverse("campaigns:contact_export")
    answer = client.post(f"{url}?columns=name,role&sort=-name")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "Name,Decision role,As of,Among",
        "Bob,Not known,2026-11-20,all accounts",
        "Ann,Decider,2026-11-20,all accounts",
    ]
