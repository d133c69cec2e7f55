"""Older answers at a large firm: given to pages, said, worked out anew on demand."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from common import kept, older
from common.clock import business_today
from crm.models import LedgerEntry, Task
from tests import make

PROFIT = ("segments:profit", ["class", "year"])


@pytest.fixture(autouse=True)
def large(settings, monkeypatch, db):
    """Let the firm count as large, and any report as one that takes long."""
    settings.CACHES = settings.CACHES | {
        "answers": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "older",
        }
    }
    monkeypatch.setattr(kept, "WORTH_KEEPING_SECONDS", 0.0)
    monkeypatch.setattr(older, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(older, "LARGE_ROWS", -1)
    caches["answers"].clear()
    yield
    caches["answers"].clear()


def spent():
    return kept.kept(
        ("spent",), lambda: LedgerEntry.objects.aggregate(s=Sum("amount"))["s"]
    )


def test_what_reads_may_be_given_an_older_answer_and_nothing_else():
    make.cost(amount="5.00")
    assert spent() == 5
    make.cost(amount="7.00")
    with older.allowed() as given:
        assert spent() == 5
    assert given.oldest is not None
    assert spent() == 12
    with older.allowed() as given:
        assert spent() == 12
    assert given.oldest is None


def test_a_small_firm_always_has_the_newest(monkeypatch):
    monkeypatch.setattr(older, "LARGE_ROWS", 10**9)
    make.cost(amount="5.00")
    spent()
    make.cost(amount="7.00")
    with older.allowed():
        assert spent() == 12


def test_what_is_built_on_an_older_answer_is_not_kept_as_new():
    make.cost(amount="5.00")

    def doubled():
        return kept.kept(("doubled",), lambda: 2 * spent())

    spent()
    make.cost(amount="7.00")
    with older.allowed():
        assert doubled() == 10
    assert doubled() == 24


def test_what_is_worked_from_is_a_few_minutes_old_at_most(monkeypatch):
    def left():
        return kept.kept_rows(
            "SELECT sum(amount) FROM crm_ledgerentry", is_worked_from=True
        )

    make.cost(amount="5.00")
    left()
    make.cost(amount="7.00")
    with older.allowed():
        assert left() == [(5,)]
    with older.allowed(acted_at=timezone.now()):
        assert left() == [(12,)]
    make.cost(amount="9.00")
    monkeypatch.setattr(older, "WORKED_FROM_SECONDS", 0.0)
    with older.allowed():
        assert left() == [(21,)]


def test_a_page_looks_once_at_what_has_changed(client, rep, monkeypatch):
    make.account(owner=rep)
    client.force_login(rep)
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("campaigns:today"))
    assert sum("common_tablechange" in one["sql"] for one in asked) == 1
    make.cost(amount="5.00")
    with older.allowed():
        assert spent() == 5
    make.cost(amount="7.00")
    monkeypatch.setattr(older, "LARGE_ROWS", 10**9)
    with older.allowed():
        assert spent() == 12


def test_who_has_acted_sees_what_came_of_it(client, rep):
    mine = make.account(owner=rep)
    task = Task.objects.create(
        account=mine, owner=rep, title="Call them", due_on=business_today()
    )
    client.force_login(rep)
    today = reverse("campaigns:today")
    assert [one.title for one in client.get(today).context["todo"].due] == [task.title]
    client.post(reverse("crm:task_done", args=[task.pk]), {"version": task.version})
    task.refresh_from_db()
    assert task.status == "done"
    assert client.get(today).context["todo"].due == []


@pytest.fixture
def profit(client, manager):
    """Return what asks for the profit of a firm, with 25 spent and 44 since."""
    make.run()
    make.cost(account=make.account(), amount="25.00")
    client.force_login(manager)
    address = reverse(PROFIT[0], args=PROFIT[1])
    client.get(address)
    make.cost(account=make.account(), amount="44.00")
    return lambda **headers: client.get(address, **headers)


def test_a_page_says_of_when_its_figures_are_until_they_are_asked_anew(profit, client):
    shown = profit()
    text = shown.content.decode()
    assert "Some figures on this page are as of" in text
    assert "Figures-As-Of" in shown
    assert "-25" in text
    assert "-69" not in text
    here = reverse(PROFIT[0], args=PROFIT[1])
    anew = client.post(reverse("figures_anew"), {"next": here})
    assert (anew.status_code, anew.url) == (302, here)
    text = profit().content.decode()
    assert "Some figures" not in text
    assert "-69" in text


def test_a_part_says_it_at_its_place_in_the_page(profit):
    part = profit(headers={"HX-Request": "true"}).content.decode()
    assert '<div id="figures-as-of" hx-swap-oob="true">' in part


def test_another_site_is_never_led_to(client, manager):
    client.force_login(manager)
    for then in ("https://elsewhere.example/", "//elsewhere.example/"):
        anew = client.post(reverse("figures_anew"), {"next": then})
        assert anew.url == reverse("home")
