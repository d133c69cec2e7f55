"""Mentions and notifications: who is told what, the page, the bell, the daily mail."""

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from config.schedule import BEAT, send_digests
from crm.models import Account, Notification, Task, User
from crm.services import (
    accounts,
    bulk,
    corrections,
    digests,
    handover,
    merging,
    notifications,
    tasks,
    touchpoints,
)
from tests import make

PAGE = "/notifications/"
MORNING = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def account(rep):
    return Account.objects.get(pk=make.account(owner=rep, name="Kontor Nord").pk)


def told(user):
    rows = Notification.objects.visible_to(user).order_by("pk")
    return [row.text for row in rows]


def log(account, actor, note):
    return touchpoints.log_touchpoint(
        actor=actor,
        account=account,
        channel="phone",
        occurred_at=timezone.now(),
        note=note,
    )


def give(user, text="Ana mentioned you", **fields):
    fields = {"kind": "mention", "url": "/today/"} | fields
    return Notification.objects.create(user=user, text=text, **fields)


@pytest.mark.parametrize(
    ("note", "names"),
    [
        ("@Rita please call", ["Rita Rep"]),
        ("ask @rita rep, and @Mia!", ["Mia Manager", "Rita Rep"]),
        ("@Carl knows", []),
        ("@Nobody, rita@example.test, @Ritas", []),
        ("@Max", []),
        ("@Max Marketer", ["Max Marketer"]),
    ],
)
def test_names_mean_those_who_may_see_the_account(
    rep, colleague, manager, marketer, note, names
):
    make.user("manager", name="Max Other")
    found = notifications.mentioned(note, rep)
    assert [person.name for person in found] == names


def test_a_mention_in_a_note_is_told_once(account, rep, colleague, manager):
    row = log(account, manager, "@Rita and @Carl: pricing ok")
    assert told(rep) == [
        "Mia Manager mentioned you at Kontor Nord: “@Rita and @Carl: pricing ok”"
    ]
    assert Notification.objects.count() == 1
    given = Notification.objects.get()
    assert given.url == f"/accounts/{account.pk}/?tab=timeline"
    corrections.correct_touchpoint(
        actor=manager, touchpoint=row, note="@Rita, @Mia: pricing fine"
    )
    assert Notification.objects.count() == 1  # Rita was told, and Mia wrote it herself


def test_who_loses_the_account_loses_what_names_it(
    client, account, rep, colleague, manager
):
    log(account, manager, "@Rita: secret")
    row = Notification.objects.get()
    accounts.change_account(actor=manager, account=account, owner=colleague)
    assert told(rep) == []
    assert told(colleague) == ["Mia Manager gave you the account Kontor Nord."]
    client.force_login(rep)
    assert "Kontor" not in client.get(PAGE).text
    read = reverse("crm:notification_read", args=[row.pk])
    assert client.post(read).status_code == 404
    assert Notification.objects.unread().count() == 2


def test_giving_accounts_is_told_once_however_many(account, rep, colleague, manager):
    other = make.account(owner=rep)
    keys = [account.pk, other.pk]
    handover.assign_owner(actor=manager, chosen=keys, owner=colleague)
    rows = Account.objects.filter(pk__in=keys)
    bulk.set_field(
        actor=manager,
        list_key="accounts",
        rows=rows,
        expected=2,
        field="owner",
        value=rep,
    )
    assert told(colleague) == ["Mia Manager gave you 2 accounts."]
    assert told(rep) == ["Mia Manager gave you 2 accounts."]
    accounts.create_account(actor=rep, name="Own")
    assert len(told(rep)) == 1


def test_a_task_from_another_is_told(account, rep, colleague, manager):
    day = business_today() + dt.timedelta(days=1)
    task = tasks.create_task(
        actor=manager, account=account, title="Ask @Rita", due_on=day, owner=colleague
    )
    given = f"Mia Manager gave you a task, due {day:%-d %B}: “Ask @Rita”"
    assert told(colleague) == [given]
    assert told(rep) == ["Mia Manager mentioned you at Kontor Nord: “Ask @Rita”"]
    tasks.change_task(actor=manager, task=task, owner=manager)
    tasks.change_task(actor=manager, task=task, title="Ask @Rita again")
    assert (len(told(colleague)), len(told(rep)), told(manager)) == (1, 1, [])
    bulk.add_tasks(
        actor=manager,
        rows=Account.objects.filter(pk=account.pk),
        expected=1,
        title="Call",
        due_on=day,
    )
    assert told(rep)[-1] == "Mia Manager gave you 1 task."
    assert Task.objects.filter(owner=rep).count() == 1


def test_a_merge_tells_both_owners_no_more_than_they_may_know(
    account, rep, colleague, manager
):
    twin = Account.objects.get(pk=make.account(owner=colleague, name="Twin").pk)
    merging.merge_accounts(actor=manager, survivor=account, merged=twin)
    assert told(rep) == ["Mia Manager merged Twin into Kontor Nord."]
    assert told(colleague) == ["Mia Manager merged Twin into another account."]


def test_the_page_and_the_bell(client, rep, manager, assert_flat_queries, read_only):
    client.force_login(rep)
    assert "Nothing yet" in client.get(PAGE).text
    row = give(rep, "Ana <b> mentioned you", actor=manager)
    give(manager, "For Mia")
    with read_only():
        page = client.get(PAGE).text
        bell = client.get(f"{PAGE}_bell/?place=top").text
    assert ("Ana &lt;b&gt; mentioned you" in page, "For Mia" in page) == (True, False)
    assert ('id="bell-top"' in bell, '<span class="c-bell__count">1<' in bell) == (
        True, True,
    )  # fmt: skip
    assert_flat_queries(lambda: client.get(PAGE), lambda: give(rep, actor=manager))

    answer = client.post(f"{PAGE}{row.pk}/read/", {"open": "1"})
    assert answer.url == "/today/"
    assert Notification.objects.visible_to(rep).unread().count() == 1
    assert client.post(f"{PAGE}read-all/").url == PAGE
    assert "All read" in client.get(f"{PAGE}?unread=1").text
    assert "c-bell__count" not in client.get(f"{PAGE}_bell/").text
    assert Notification.objects.visible_to(manager).unread().count() == 1


def test_the_daily_mail_comes_once_to_who_has_something_unread(rep, manager, marketer):
    give(rep, "Ana mentioned you")
    give(rep, "Long ago", created_at=MORNING - dt.timedelta(days=3))
    give(manager, "Read", read_at=MORNING)
    give(marketer, "Unwanted")
    notifications.choose_digest(actor=marketer, wants_digest=False)
    Notification.objects.exclude(text="Long ago").update(
        created_at=MORNING - dt.timedelta(hours=5)
    )
    assert digests.send_due(now=MORNING.replace(hour=4)) == 0
    assert [digests.send_due(now=MORNING) for _ in range(2)] == [1, 0]
    (sent,) = mail.outbox
    assert sent.to == [rep.email]
    assert sent.subject == "1 unread notification in Perennial"
    assert "Good morning Rita" in sent.body
    assert "Ana mentioned you" in sent.body
    assert "Long ago" not in sent.body
    assert digests.send_due(now=MORNING + dt.timedelta(days=1)) == 0


def test_a_mail_that_is_refused_is_tried_again(rep, settings, monkeypatch):
    give(rep, created_at=MORNING)
    settings.CSRF_TRUSTED_ORIGINS = ["https://crm.example.test"]

    def refuse(**mail):
        raise OSError("no server")

    with monkeypatch.context() as away:
        away.setattr(digests, "send_mail", refuse)
        assert digests.send_due(now=MORNING) == 0
    assert User.objects.get(pk=rep.pk).digest_on is None
    assert digests.send_due(now=MORNING) == 1
    assert "https://crm.example.test/today/" in mail.outbox[0].body


def test_beat_rings_for_the_daily_mail(db):
    assert BEAT["send-digests"]["task"] == send_digests.name
    send_digests()


def test_the_daily_mail_is_switched_off_and_on(client, rep):
    client.force_login(rep)
    for word, wants in (("off", False), ("on", True)):
        client.post(f"{PAGE}digest/", {"digest": word})
        rep.refresh_from_db()
        assert rep.wants_digest is wants
