"""The quick log over HTTP: dialog, preview, saving, undo; with and without htmx."""

import datetime as dt
import json
import re
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from crm.models import Account, LedgerEntry, Task, Touchpoint
from crm.services.consent import record_consent
from tests import make

LOG = "/log/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord", city="Kiel")


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def sent(account=None, line="call 12m pricing ok +tomorrow send offer", **fields):
    fields = {"line": line, "form_token": str(uuid.uuid4())} | fields
    return fields | ({"account": account.pk} if account else {})


def body(response):
    return response.content.decode()


def test_the_dialog_knows_the_account_of_the_page(signed_in, account, read_only):
    with read_only():
        form = signed_in.get("/log/_form/", {"account": account.pk})
    assert "Kontor Nord" in body(form)
    assert body(form).lstrip().startswith('<form id="quick-log-form"')
    assert 'name="form_token"' in body(form)


@pytest.mark.parametrize("key", ["foreign", "999999", "x", "0", "99999999999999999999"])
def test_accounts_of_others_are_not_found(signed_in, key):
    key = make.account().pk if key == "foreign" else key
    expected = 200 if key == "x" else 404
    assert signed_in.get("/log/_form/", {"account": key}).status_code == expected


def test_saving_by_htmx_offers_undo_and_tells_the_page(signed_in, account):
    answer = signed_in.post(LOG, sent(account), headers=HTMX)
    row = Touchpoint.objects.get()
    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"]) == {"touchpoint-logged": {"target": "body"}}
    assert reverse("crm:touchpoint_undo", args=[row.pk]) in body(answer)
    assert 'hx-swap-oob="beforeend:#toasts"' in body(answer)
    assert LedgerEntry.objects.get().amount == Decimal("12.00")
    assert Task.objects.get().title == "send offer"
    assert Account.objects.get().last_contact_on == business_today()


@pytest.mark.parametrize(
    ("said", "stored"),
    [("7", 7), ("", None), ("0", None), ("601", None), ("-3", None), ("soon", None)],
)
def test_how_long_typing_took_is_kept_where_it_can_be_true(
    signed_in, account, said, stored
):
    signed_in.post(LOG, sent(account, seconds=said), headers=HTMX)
    assert Touchpoint.objects.get().entry_seconds == stored


def test_saving_without_scripts_leads_to_the_timeline(signed_in, account):
    answer = signed_in.post(LOG, sent(account), follow=True)
    assert answer.redirect_chain == [(f"/accounts/{account.pk}/?tab=timeline", 302)]
    assert "Logged: Call" in body(answer)
    assert "pricing" in body(answer)


def test_a_form_sent_twice_is_stored_once(signed_in, account):
    data = sent(account)
    for _ in range(2):
        assert signed_in.post(LOG, data, headers=HTMX).status_code == 200
    assert Touchpoint.objects.count() == LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "Write what happened"),
        ("call Anna +frd send", "“+frd” is no day I know"),
        ("call 1441m", "longer than a day"),
        ("call Dora pricing", "asked not to be contacted"),
        ("call Leo pricing", "left Kontor Nord"),
        ("call Anna", "choose, or write it whole"),
        ("x" * 1001, "at most 1000 characters"),
        ("call \x00", "Null characters"),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_a_refused_line_stays_and_stores_nothing(
    signed_in, account, line, words, headers
):
    make.contact(account=account, name="Anna Berg")
    make.contact(account=account, name="Anna Wolf")
    make.contact(account=account, name="Dora Dont", do_not_contact=True)
    make.contact(account=account, name="Leo Left", left_on=business_today())
    answer = signed_in.post(LOG, sent(account, line=line), headers=headers)
    assert answer.status_code == 422
    assert words in body(answer)
    if line and "\x00" not in line:
        assert f'value="{line}"' in body(answer)
    assert not Touchpoint.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert not Task.objects.exists()


def test_without_an_account_the_words_find_one_or_ask(signed_in, rep, account):
    make.account(owner=rep, name="Kontor Süd")
    many = signed_in.post(LOG, sent(search="kont"), headers=HTMX)
    assert many.status_code == 422
    assert "Several accounts fit" in body(many)
    assert "Kontor Süd" in body(many)
    none = signed_in.post(LOG, sent(search="zzz"), headers=HTMX)
    assert "No account of yours fits" in body(none)
    empty = signed_in.post(LOG, sent(), headers=HTMX)
    assert "Choose an account" in body(empty)
    assert not Touchpoint.objects.exists()

    one = signed_in.post(LOG, sent(search="kontor nord"), headers=HTMX)
    assert one.status_code == 200
    assert Touchpoint.objects.get().account == account


def test_a_foreign_account_is_refused(signed_in):
    foreign = make.account()
    answer = signed_in.post(LOG, sent(foreign), headers=HTMX)
    assert answer.status_code == 422
    assert foreign.name not in body(answer)
    assert not Touchpoint.objects.exists()


def test_the_search_finds_prefixes_of_ones_own(signed_in, account):
    make.account(name="Kontor Fremd")
    found = body(signed_in.get("/log/_accounts/", {"search": "kon kie"}))
    assert "Kontor Nord" in found
    assert "Fremd" not in found
    assert "checked" in found
    nothing = body(signed_in.get("/log/_accounts/", {"search": "zzz"}))
    assert "No account of yours" in nothing
    for odd in ("", "  ", "'&|!:*()", "\x00", "x" * 500):
        assert signed_in.get("/log/_accounts/", {"search": odd}).status_code == 200


def test_the_preview_says_what_was_understood_and_stores_nothing(
    signed_in, account, read_only
):
    make.contact(account=account, name="Anna Berg")
    line = "call 12m Anna pricing ok +tomorrow send offer #R p4"
    with read_only():
        said = body(signed_in.post("/log/_preview/", sent(account, line)))
    for words in ("Call", "12 min", "12.00", "Anna Berg", "pricing", "Went well"):
        assert words in said
    for words in ("send offer", "People", "4 of 5"):
        assert words in said
    wrong = body(signed_in.post("/log/_preview/", sent(account, "call +frd")))
    assert "is no day I know" in wrong


def test_the_preview_survives_anything(signed_in, account):
    for data in ({}, {"line": "x" * 5000}, {"account": "x"}, {"line": "\x00"}):
        assert signed_in.post("/log/_preview/", data).status_code == 200


def test_undo_by_htmx_answers_with_a_toast(signed_in, account):
    signed_in.post(LOG, sent(account), headers=HTMX)
    undo = reverse("crm:touchpoint_undo", args=[Touchpoint.objects.get().pk])
    answer = signed_in.post(undo, headers=HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"touchpoint-undone": {"target": "body"}}
    assert "Taken back" in body(answer)
    assert Touchpoint.objects.standing().count() == 0
    assert signed_in.post(undo).status_code == 302
    assert signed_in.get(undo).status_code == 405


def test_a_colleague_cannot_undo(client, colleague, rep, account):
    row = make.touchpoint(account=account, user=rep)
    client.force_login(colleague)
    undo = reverse("crm:touchpoint_undo", args=[row.pk])
    assert client.post(undo).status_code == 404
    row.refresh_from_db()
    assert row.voided_at is None


def test_strangers_are_sent_to_sign_in(client, account):
    for path in (LOG, "/log/_form/", "/log/_accounts/"):
        assert client.get(path).status_code == 302
    client.post(LOG, sent(account))
    assert not Touchpoint.objects.exists()


def test_the_preview_warns_before_somebody_who_refused_is_called(signed_in, account):
    make.contact(account=account, name="Dora Dont", do_not_contact=True)
    for line, warns in (("call Dora", True), ("call from Dora", False)):
        said = body(signed_in.post("/log/_preview/", sent(account, line)))
        assert ("asked not to be contacted" in said) is warns


def test_the_example_names_who_was_spoken_with_last(signed_in, account):
    make.contact(account=account, name="Anna Berg")
    make.contact(account=account, name="Abel Gone", left_on=business_today())
    last = make.contact(account=account, name="Zoe Last")
    make.touchpoint(account=account, contact=last)
    form = body(signed_in.get("/log/_form/", {"account": account.pk}))
    assert "call 12m Zoe pricing" in form
    named = re.findall('data-log-person="([^"]+)"', form)
    assert named == ["Zoe Last", "Anna Berg", "Abel Gone"]
    assert "spoke " in form


def test_a_contact_of_earlier_keeps_its_time_and_one_ahead_is_refused(
    signed_in, account
):
    ahead = sent(account, occurred_at="2099-01-01T09:00")
    refused = signed_in.post(LOG, ahead, headers=HTMX)
    assert refused.status_code == 422
    assert "lies in the future" in body(refused)
    assert "<details" in body(refused)
    assert not Touchpoint.objects.exists()
    signed_in.post(LOG, sent(account, occurred_at="2026-03-02T09:30"), headers=HTMX)
    row = Touchpoint.objects.get()
    assert timezone.localtime(row.occurred_at).strftime("%F %R") == "2026-03-02 09:30"
    assert LedgerEntry.objects.get().incurred_on == dt.date(2026, 3, 2)


def test_notes_and_calls_that_nobody_answered_are_not_spoken(signed_in, account):
    anna = make.contact(account=account, name="Anna Berg")
    bea = make.contact(account=account, name="Bea Holm")
    make.touchpoint(account=account, contact=anna)
    later = {"account": account, "contact": bea, "occurred_at": timezone.now()}
    make.touchpoint(**later, channel="note")
    make.touchpoint(**later, outcome="no_answer")
    form = body(signed_in.get("/log/_form/", {"account": account.pk}))
    named = re.findall('data-log-person="([^"]+)"', form)
    assert named == ["Anna Berg", "Bea Holm"]
    assert "spoke 15 Jan 2026" in form
    assert f'name="contact" value="{anna.pk}"' in form


def test_the_person_spoken_with_last_is_assumed_and_can_be_left_out(signed_in, account):
    anna = make.contact(account=account, name="Anna Berg")
    make.contact(account=account, name="Zoe Last")
    make.touchpoint(account=account, contact=anna)
    form = body(signed_in.get("/log/_form/", {"account": account.pk}))
    assert f'name="contact" value="{anna.pk}"' in form
    for line, contact, person in (
        ("call 5m", anna.pk, "Anna Berg"),
        ("call 5m Zoe", anna.pk, "Zoe Last"),
        ("call 5m", "", None),
        ("note moves in May", anna.pk, None),
    ):
        signed_in.post(LOG, sent(account, line, contact=contact), headers=HTMX)
        row = Touchpoint.objects.order_by("-pk")[0]
        assert (row.contact.name if row.contact else None) == person


def test_nobody_is_assumed_where_the_line_names_a_stranger(signed_in, account):
    anna = make.contact(account=account, name="Anna Berg")
    make.touchpoint(account=account, contact=anna)
    line = sent(account, "call 5m with Zorro pricing")
    assert "Nobody known here is called “Zorro”" in body(
        signed_in.post("/log/_preview/", line)
    )
    signed_in.post(LOG, line, headers=HTMX)
    stored = Touchpoint.objects.get(note="with Zorro pricing")
    assert (stored.contact, stored.minutes) == (None, 5)


def test_the_preview_says_who_is_taken_for_a_name_that_nobody_bears(signed_in, account):
    line = sent(account, "call 5m Zorro pricing")
    said = body(signed_in.post("/log/_preview/", line))
    told = (
        "Nobody known here is called “Zorro”, so it stands in the note, and the contact"
    )
    assert f"{told} is with nobody." in said
    anna = make.contact(account=account, name="Anna Berg")
    make.touchpoint(account=account, contact=anna)
    line["contact"] = anna.pk
    said = body(signed_in.post("/log/_preview/", line))
    assert f"{told} is with Anna Berg, spoken with last." in said


def test_the_preview_says_who_had_left_by_that_day(signed_in, account):
    make.contact(account=account, name="Anna Berg", left_on=dt.date(2026, 2, 1))
    told = "Anna Berg left Nord GmbH on 1 Feb 2026. Choose who took over."
    told = told.replace("Nord GmbH", account.name)
    for line, is_told in (("call Anna", True), ("call 31.1.2026 Anna", False)):
        preview = body(signed_in.post("/log/_preview/", sent(account, line)))
        assert (told in preview) is is_told


def test_a_refusal_is_said_once(signed_in, account):
    refused = body(signed_in.post(LOG, sent(account, "call +blub"), headers=HTMX))
    assert refused.count("is no day I know") == 1


def test_who_is_meant_by_a_name_of_two_is_chosen(signed_in, account):
    make.contact(account=account, name="Anna Berg")
    wolf = make.contact(account=account, name="Anna Wolf")
    asked = body(signed_in.post("/log/_preview/", sent(account, "call Anna")))
    assert f'data-log-is="{wolf.pk}"' in asked
    foreign = make.contact(name="Anna Fremd")
    refused = signed_in.post(LOG, sent(account, "call Anna", meant=foreign.pk))
    assert refused.status_code == 422
    assert not Touchpoint.objects.exists()
    signed_in.post(LOG, sent(account, "call Anna", meant=wolf.pk), headers=HTMX)
    assert Touchpoint.objects.get().contact == wolf


def test_a_channel_that_somebody_refused_is_refused_unless_they_reached_out(
    signed_in, rep, account
):
    anna = make.contact(account=account, name="Anna Berg")
    record_consent(actor=rep, contact=anna, channel="email", is_granted=False)
    preview = body(signed_in.post("/log/_preview/", sent(account, "mail Anna offer")))
    assert "Anna Berg said no to e-mail on" in preview
    refused = signed_in.post(LOG, sent(account, "mail Anna offer"), headers=HTMX)
    assert refused.status_code == 422
    assert "Nothing was stored" in body(refused)
    assert not Touchpoint.objects.exists()
    for line in ("mail from Anna offer", "call Anna offer"):
        assert signed_in.post(LOG, sent(account, line), headers=HTMX).status_code == 200


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("", "2026-03-02T09:30:00+01:00"),
        ("Asia/Tokyo", "2026-03-02T09:30:00+09:00"),
        ("No/Where", "2026-03-02T09:30:00+01:00"),
    ],
)
def test_times_are_those_of_the_reps_own_zone(signed_in, account, zone, moment):
    for said in (
        sent(account, "call 2.3.2026 9:30 paper", zone=zone),
        sent(account, "call paper", occurred_at="2026-03-02T09:30", zone=zone),
    ):
        signed_in.post(LOG, said, headers=HTMX)
        row = Touchpoint.objects.order_by("-pk")[0]
        assert row.occurred_at == dt.datetime.fromisoformat(moment)


def test_chips_offer_words_for_what_is_said_and_what_is_not(signed_in, account):
    make.contact(account=account, name="Anna Berg")
    said = body(signed_in.post("/log/_preview/", sent(account, "call 12m pricing p4")))
    for put, start, stop in (("30m", 1, 2), ("visit", 0, 1), ("with Anna Berg", 1, 1)):
        wanted = f'data-log-put="{put}" data-log-start="{start}" data-log-stop="{stop}"'
        assert wanted in said
    assert 'data-log-put="p5" data-log-start="3" data-log-stop="4"' in said
    assert 'data-log-put="+fri" data-log-start="4" data-log-stop="4"' in said


def test_who_was_tapped_stands_in_the_line_and_nothing_is_stored(signed_in, account):
    make.contact(account=account, name="Anna Berg")
    anna = make.contact(account=account, name="Anna Berg")
    tapped = {"account": account.pk, "contact": anna.pk, "channel": "phone"}
    form = body(signed_in.get("/log/_form/", tapped))
    assert 'value="call Anna Berg "' in form
    assert f'name="meant" value="{anna.pk}"' in form
    assert not Touchpoint.objects.exists()
    signed_in.post(LOG, sent(account, "call Anna Berg", meant=anna.pk), headers=HTMX)
    assert Touchpoint.objects.get().contact == anna


def test_a_line_that_waited_is_stored_when_it_was_typed_and_once(signed_in, account):
    typed_at = timezone.now() - dt.timedelta(days=2)
    data = sent(account, "call 5m pricing +today ring", typed_at=typed_at.isoformat())
    for _ in range(2):
        answer = signed_in.post("/log/_send/", data)
        assert answer.status_code == 200
    row = Touchpoint.objects.get()
    assert row.occurred_at == typed_at
    assert LedgerEntry.objects.count() == 1
    assert Task.objects.get().due_on == business_today()
    assert answer.json()["undo"] == f"/touchpoints/{row.pk}/undo/"
    signed_in.post(answer.json()["undo"], headers=HTMX)
    row.refresh_from_db()
    assert row.voided_at is not None
    refused = signed_in.post("/log/_send/", sent(account, "call 31.2. Anna"))
    assert refused.status_code == 422
    assert "no day of the calendar" in refused.json()["reason"]
    signed_in.logout()
    assert signed_in.post("/log/_send/", data).status_code == 302


def test_the_page_that_a_device_keeps_knows_nobody(signed_in, rep, account):
    kept = body(signed_in.get("/log/offline/"))
    assert rep.name not in kept
    assert account.name not in kept
    worker = signed_in.get("/service-worker.js")
    assert worker["Content-Type"] == "text/javascript"
    assert "/log/offline/" in body(worker)
