"""Calls and mails that other systems tell of: logged once, confirmed in Today."""

import io
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from crm.models import Touchpoint
from tests import make

URL = "/api/v1/captures/"
MAIL = """\
From: Rita Rep <{sender}>
To: =?utf-8?q?Zo=C3=AB?= <zoe@firm.example>, drop@us.example
Date: Tue, 3 Feb 2026 09:15:00 +0100
Message-ID: <1@us.example>
Subject: Offer
Content-Type: text/plain; charset=utf-8

Prices as agreed – gültig bis März.

On Mon, 2 Feb 2026 at 10:00, Zoë <zoe@firm.example> wrote:
> Send me an offer
"""


@pytest.fixture
def zoe(rep):
    account = make.account(owner=rep, phone="+49 431 500100")
    return make.contact(
        account=account, name="Zoë", email="zoe@firm.example", phone="0431 500-17 1"
    )


def call(**fields):
    return {
        "channel": "phone",
        "direction": "in",
        "party": "+49 (431) 500171",
        "occurred_at": timezone.now().isoformat(),
        "external_id": "c-1",
        "seconds": 125,
    } | fields


def test_a_call_is_logged_once_with_whom_its_number_names(api, rep, colleague, zoe):
    first = api(rep).post(URL, call())
    again = api(rep).post(URL, call())

    assert first.status_code == 201, first.json()
    assert again.json() == first.json()
    row = Touchpoint.objects.get()
    assert (row.contact, row.user, row.minutes, row.source) == (
        zoe,
        rep,
        3,
        "telephony",
    )
    missed = call(external_id="c-2", seconds=0, party="0431/500100", direction="out")
    said = api(rep).post(URL, missed).json()
    assert (said["outcome"], said["contact"]) == ("no_answer", None)
    for refused in (
        api(rep).post(URL, call(external_id="c-3", party="+49 30 1")),
        api(colleague).post(URL, call(external_id="c-3")),
        api(rep).post(URL, call(external_id="c-3", by=colleague.email)),
    ):
        assert refused.status_code == 400
    assert Touchpoint.objects.count() == 2


def test_what_was_captured_waits_in_today_until_it_is_confirmed(api, client, rep, zoe):
    api(rep).post(URL, call())
    client.force_login(rep)
    today = reverse("campaigns:today")
    (item,) = client.get(today).context["todo"].due
    assert (item.title, item.done) == ("Call with Zoë, 3 min", "Confirm")
    client.post(reverse("campaigns:today_act"), {"item": item.mark, "act": "settle"})
    assert client.get(today).context["todo"].due == []


def test_a_mail_to_the_drop_address_is_logged(
    api, manager, rep, zoe, monkeypatch, capsys
):
    message = MAIL.format(sender=rep.email)
    said = api(manager).post(f"{URL}mail/", {"message": message})

    assert said.status_code == 201, said.json()
    row = Touchpoint.objects.get()
    assert (row.contact, row.user, row.direction, row.source) == (
        zoe,
        rep,
        "out",
        "mail",
    )
    assert row.note == "Offer\nPrices as agreed – gültig bis März."
    assert row.occurred_at.isoformat() == "2026-02-03T08:15:00+00:00"
    for text, words in ((message, "Logged with"), ("no mail", "no sender")):
        pipe = SimpleNamespace(buffer=io.BytesIO(text.encode()))
        monkeypatch.setattr("sys.stdin", pipe)
        try:
            call_command("capture_mail", manager.email)
            answer = capsys.readouterr().out
        except CommandError as error:
            answer = str(error)
        assert words in answer
    assert Touchpoint.objects.count() == 1
    stranger = MAIL.format(sender="x@elsewhere.example")
    refused = api(manager).post(f"{URL}mail/", {"message": stranger})
    assert (refused.status_code, refused.json()["code"]) == (400, "cannot_log")
