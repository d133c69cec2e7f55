"""Mailboxes, calendars and their meetings, over the API and on their pages."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.models import Mailbox, Meeting, Touchpoint
from tests import make
from tests.imap_server import ImapServer

URL = "/api/v1/captures/"
HOUR = dt.timedelta(hours=1)
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:x-3
DTSTART:{at:%Y%m%dT%H%M%SZ}
DURATION:PT20M
ATTENDEE:mailto:zoe@firm.example
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def server(settings):
    with ImapServer() as running:
        settings.CAPTURE_INSIDE_HOSTS = [f"127.0.0.1:{running.port}"]
        yield running
        running.shutdown()


@pytest.fixture
def zoe(rep):
    account = make.account(owner=rep)
    return make.contact(account=account, name="Zoë", email="zoe@firm.example")


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


def typed(server, **fields):
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "username": "rita",
        "password": "right",
        "folders": "INBOX",
        "since_on": timezone.localdate().isoformat(),
    } | fields


def test_a_mailbox_is_tried_connected_and_let_go(client, rep, administrator, server):
    client.force_login(rep)
    as_fragment = {"headers": {"HX-Request": "true"}}
    trying = reverse("crm:mailbox_try")
    found = client.post(trying, typed(server), **as_fragment).content.decode()
    assert "It works" in found
    assert "Add Sent to the folders" in found
    wrong = typed(server, password="wrong")
    found = client.post(trying, wrong, **as_fragment).content.decode()
    assert "refuses this user or password" in found
    refused = client.post(reverse("crm:mailbox_new"), wrong)
    assert refused.status_code == 422
    assert "app password" in refused.content.decode()
    assert Mailbox.objects.count() == 0

    page = reverse("crm:capture_list")
    made = client.post(reverse("crm:mailbox_new"), typed(server), follow=True)
    assert made.redirect_chain == [(page, 302)]
    row = Mailbox.objects.get()
    editing = reverse("crm:mailbox_edit", args=[row.pk])
    form = client.get(editing).content.decode()
    assert "rita" in form
    assert "right" not in form.replace("right-", "")
    changed = typed(server, password="", folders="INBOX\nSent")
    client.post(editing, changed)
    row.refresh_from_db()
    assert row.folders == ["INBOX", "Sent"]
    Mailbox.objects.update(problem="It <broke>.", tried_at=timezone.now())
    assert "It &lt;broke&gt;." in client.get(page).content.decode()

    client.force_login(administrator)
    assert "rita at 127.0.0.1" in client.get(page).content.decode()
    assert client.get(editing).status_code == 404
    acting = reverse("crm:mailbox_act", args=[row.pk])
    client.post(acting, {"act": "pause"})
    row.refresh_from_db()
    assert not row.is_active
    client.post(acting, {"act": "disconnect"})
    assert Mailbox.objects.count() == 0


def test_mailboxes_over_the_api(api, rep, manager, administrator, server):
    body = typed(server) | {"folders": ["INBOX"]}
    refused = api(rep).post("/api/v1/mailboxes/", body | {"password": "wrong"})
    assert (refused.status_code, refused.json()["code"]) == (400, "mailbox_closed")
    made = api(rep).post("/api/v1/mailboxes/", body)
    assert made.status_code == 201, made.json()
    assert "right" not in str(made.json())
    one = f"/api/v1/mailboxes/{made.json()['id']}/"
    assert api(manager).get(one).status_code == 404
    assert api(administrator).get(one).json()["username"] == "rita"
    tried = api(rep).post(f"{one}try/", {})
    assert tried.json() == {"folders": ["INBOX", "Sent"]}
    paused = api(rep).patch(one, {"is_active": False}, HTTP_IF_MATCH=made["ETag"])
    assert (paused.status_code, paused.json()["is_active"]) == (200, False)
    assert api(rep).post(f"{one}disconnect/", {}).status_code == 204
    assert Mailbox.objects.count() == 0


def test_how_a_meeting_went_is_said_on_its_page(client, rep, zoe, now):
    met = {"user": rep, "account": zoe.account, "contact": zoe, "title": "Prices"}
    times = {"starts_at": now - HOUR, "ends_at": now, "minutes": 60}
    row, missed = (
        Meeting.objects.create(uid=uid, **met, **times) for uid in ("a", "b")
    )
    client.force_login(rep)
    listed = client.get(reverse("crm:capture_list"))
    assert set(listed.context["meetings"]) == {row, missed}
    page = reverse("crm:meeting", args=[row.pk])
    assert "Prices" in client.get(page).content.decode()
    said = {"contact": zoe.pk, "minutes": 40, "note": "Agreed", "outcome": "ok"}
    assert client.post(page, said).status_code == 302
    logged = Touchpoint.objects.get()
    assert (logged.minutes, logged.note, logged.outcome) == (40, "Agreed", "ok")
    assert client.post(page, said).status_code == 422
    assert "Log it" not in client.get(page).content.decode()
    client.post(reverse("crm:meeting_dismiss", args=[missed.pk]))
    missed.refresh_from_db()
    assert missed.status == "dismissed"
    third = Meeting.objects.create(uid="c", **met, **times)
    for _ in range(2):
        client.post(reverse("crm:meeting_confirm", args=[third.pk]))
    assert Touchpoint.objects.count() == 2


def test_meetings_over_the_api(api, rep, manager, colleague, zoe, now):
    told = {
        "external_id": "x-1",
        "starts_at": (now - HOUR).isoformat(),
        "ends_at": now.isoformat(),
        "attendees": [rep.email, "Zoe@firm.example"],
        "title": "Prices",
    }
    made = api(manager).post(f"{URL}meeting/", told | {"by": rep.email})
    assert (made.status_code, made.json()["user"]) == (200, rep.pk)
    again = api(rep).post(f"{URL}meeting/", told | {"sequence": 1})
    assert again.json()["id"] == made.json()["id"]
    one = f"/api/v1/meetings/{made.json()['id']}/"
    assert api(colleague).get(one).status_code == 404
    for refused in (
        api(rep).post(f"{URL}meeting/", told | {"by": colleague.email}),
        api(rep).post(f"{URL}meeting/", told | {"attendees": ["x@y.example"]}),
        api(rep).post(f"{URL}meeting/", told | {"ends_at": told["starts_at"][:10]}),
        api(rep).post(f"{URL}calendar/", {"calendar": "nothing"}),
    ):
        assert refused.status_code == 400, refused.json()
    logged = api(rep).post(f"{one}confirm/", {"minutes": 50, "outcome": "ok"})
    assert (logged.status_code, logged.json()["minutes"]) == (201, 50)
    assert api(rep).post(f"{one}confirm/", {}).status_code == 400
    ahead = {"starts_at": now.isoformat(), "ends_at": (now + HOUR).isoformat()}
    later = api(rep).post(f"{URL}meeting/", told | ahead | {"external_id": "x-2"})
    early = api(rep).post(f"/api/v1/meetings/{later.json()['id']}/confirm/", {})
    assert (early.status_code, early.json()["code"]) == (400, "cannot_confirm")
    gone = told | ahead | {"external_id": "x-2", "is_cancelled": True}
    assert api(rep).post(f"{URL}meeting/", gone).json()["status"] == "withdrawn"
    posted = {"calendar": CALENDAR.format(at=now - HOUR)}
    counted = {"proposed": 1, "withdrawn": 0, "passed": 0}
    assert api(rep).post(f"{URL}calendar/", posted).json() == counted
    assert Touchpoint.objects.count() == 1
