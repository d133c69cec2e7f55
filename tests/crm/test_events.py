"""Events in a customer's life: one line to add, correct, remove, undo; what comes."""

import datetime as dt

import pytest
from django.urls import reverse

from clv.queries.marks import placed_marks
from common.clock import business_today
from common.errors import DomainError
from crm.models import AuditEvent, EventType, LifeEvent
from crm.queries import events as queries
from crm.services import event_types, events
from tests import make

HTMX = {"HX-Request": "true"}
TODAY = business_today()
DAY = dt.date(2026, 1, 2)


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord")


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def kind(key="moved"):
    return EventType.objects.get(key=key)


def event(account, key="moved", on=DAY, **fields):
    made = LifeEvent.objects.create(
        account=account, type=kind(key), occurred_on=on, **fields
    )
    return LifeEvent.objects.get(pk=made.pk)


def url(name, record):
    return reverse(f"crm:{name}", args=[record.pk])


def body(response):
    return response.content.decode()


# -- One line ------------------------------------------------------------------------


def test_the_key_opens_one_line_that_adds_and_offers_undo(signed_in, account):
    page = body(signed_in.get(url("account_detail", account)))
    assert 'data-key="n" data-dialog="Add an event"' in page
    target = url("event_create", account)
    line = signed_in.get(target, headers=HTMX)
    assert "<html" not in body(line)

    data = {"type": kind().pk, "occurred_on": DAY, "note": "To Kiel", "source": "Anna"}
    answer = signed_in.post(target, data, headers=HTMX)
    made = LifeEvent.objects.get()
    assert (made.note, made.source) == ("To Kiel", "Anna")
    assert "event-changed" in answer["HX-Trigger"]
    assert "dialog-done" in answer["HX-Trigger"]

    undo = url("event_remove", made)
    assert f'hx-post="{undo}"' in body(answer)
    signed_in.post(undo, headers=HTMX)
    assert "To Kiel" not in body(signed_in.get(url("account_events", account)))


def test_a_wrong_line_comes_back_in_place(signed_in, account):
    data = {"type": kind().pk, "occurred_on": "2099-01-01", "note": "Far"}
    answer = signed_in.post(url("event_create", account), data, headers=HTMX)
    assert answer.status_code == 422
    assert 'value="Far"' in body(answer)
    assert not LifeEvent.objects.exists()


# -- Correct, remove, undo -----------------------------------------------------------


def test_a_correction_is_undone(signed_in, account):
    made = event(account, note="To Kiel", source="demo")
    data = {"type": kind("merger").pk, "occurred_on": TODAY, "note": "x", "version": 1}
    answer = signed_in.post(url("event_edit", made), data, headers=HTMX)
    assert url("event_undo", made) in body(answer)
    made.refresh_from_db()
    assert (made.type, made.occurred_on, made.note) == (kind("merger"), TODAY, "x")

    assert signed_in.post(url("event_undo", made), headers=HTMX).status_code == 200
    made.refresh_from_db()
    said = (made.type, made.occurred_on, made.note, made.source)
    assert said == (kind(), DAY, "To Kiel", "demo")


def test_a_change_that_another_followed_is_not_undone(rep, account):
    made = event(account)
    events.change_event(actor=rep, event=made, note="one")
    events.remove_event(actor=rep, event=made)
    made = events.restore_event(actor=rep, event=made)
    with pytest.raises(DomainError):
        events.undo_change(actor=rep, event=made)
    assert LifeEvent.objects.get().note == "one"


def test_a_correction_on_old_knowledge_is_refused(signed_in, account):
    made = event(account, note="old")
    LifeEvent.objects.update(note="colleague's", version=2)
    data = {"type": kind().pk, "occurred_on": DAY, "note": "mine", "version": 1}
    answer = signed_in.post(url("event_edit", made), data, headers=HTMX)
    assert answer.status_code == 409
    assert LifeEvent.objects.get().note == "colleague's"


def test_removed_is_nowhere_and_comes_back(signed_in, account, rep):
    made = event(account, note="Secret move")
    answer = signed_in.post(url("event_remove", made), headers=HTMX)
    restore = url("event_restore", made)
    assert restore in body(answer)
    tabs = [f"{url('account_detail', account)}?tab={t}" for t in ("events", "timeline")]
    assert not [tab for tab in tabs if "Secret move" in body(signed_in.get(tab))]
    with pytest.raises(DomainError):
        events.change_event(actor=rep, event=LifeEvent.objects.get(), note="x")
    signed_in.post(restore, headers=HTMX)
    assert [tab for tab in tabs if "Secret move" in body(signed_in.get(tab))] == tabs


# -- What comes, and marks -----------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "today", "comes"),
    [
        (dt.date(2001, 3, 1), dt.date(2026, 3, 1), dt.date(2026, 3, 1)),
        (dt.date(2001, 3, 1), dt.date(2026, 3, 2), dt.date(2027, 3, 1)),
        (dt.date(2004, 2, 29), dt.date(2026, 1, 1), dt.date(2026, 2, 28)),
        (dt.date(2004, 2, 29), dt.date(2027, 12, 1), dt.date(2028, 2, 29)),
        (dt.date(2026, 5, 1), dt.date(2026, 4, 1), dt.date(2026, 5, 1)),
    ],
)
def test_yearly_events_come_again(db, born, today, comes):
    row = LifeEvent(type=kind("anniversary"), occurred_on=born)
    assert queries.next_return(row, today) == comes


def test_what_comes_stands_first(signed_in, account):
    soon = TODAY + dt.timedelta(days=5)
    event(account, "anniversary", soon.replace(year=soon.year - 3), note="Jubilee")
    event(account, "contract_ends", TODAY + dt.timedelta(days=30), note="Frame")
    event(account, "contract_ends", TODAY + dt.timedelta(days=200), note="Later")
    found = queries.events(account)
    said = [(one.event.note, one.years) for one in found.coming]
    assert said == [("Jubilee", 3), ("Frame", 0)]
    page = body(signed_in.get(url("account_events", account)))
    assert "3 years" in page


def test_events_are_marks_on_the_curve_of_values(account):
    nights = [dt.date(2026, 1, 1), dt.date(2026, 1, 11), dt.date(2026, 2, 10)]
    event(account, on=dt.date(2026, 1, 6), note="New site")
    event(account, "complaint", on=dt.date(2026, 2, 10))
    event(account, on=dt.date(2025, 12, 1))
    event(account, on=dt.date(2026, 1, 7), voided_at=dt.datetime.now(tz=dt.UTC))
    found = placed_marks(account.pk, nights)
    assert [(one.mark.text, one.mark.tone, one.x) for one in found] == [
        ("Moved or opened a site: New site", "neutral", "25.0"),
        ("Complaint", "bad", "100.0"),
    ]
    assert placed_marks(account.pk, nights[:1]) == []


# -- Catalogue -----------------------------------------------------------------------

KIND = {"name": "Trade fair", "icon": "star", "importance": "2", "tone": "good"}


def test_managers_keep_the_catalogue(client, manager, account):
    client.force_login(manager)
    assert client.post("/catalogues/events/", KIND).status_code == 302
    made = kind("trade_fair")
    assert (made.name, made.tone, made.is_active) == ("Trade fair", "good", True)
    assert "Trade fair" in body(client.get("/catalogues/events/"))

    data = KIND | {"name": "Fair", "recurs_yearly": "on", "version": made.version}
    assert client.post(url("event_type_edit", made), data).status_code == 302
    assert client.post(url("event_type_edit", made), data).status_code == 409
    made.refresh_from_db()
    assert (made.name, made.key, made.recurs_yearly) == ("Fair", "trade_fair", True)

    event(account, "trade_fair")
    client.post(url("event_type_delete", made))
    client.post(url("event_type_retire", made))
    made.refresh_from_db()
    assert made.is_active is False
    assert LifeEvent.objects.get().type == made
    client.post(url("event_type_reinstate", made))
    assert kind("trade_fair").is_active


def test_names_without_latin_letters_and_twice_the_same(manager):
    made = event_types.create_event_type(actor=manager, name="展会")
    assert made.key.startswith("type_")
    acts = AuditEvent.objects.count()
    for name in ("展会", " "):
        with pytest.raises(DomainError) as refused:
            event_types.create_event_type(actor=manager, name=name)
        assert refused.value.field == "name"
    assert AuditEvent.objects.count() == acts
    event_types.delete_event_type(actor=manager, event_type=made)
    assert not EventType.objects.filter(name="展会").exists()
