"""Mailboxes that are read: each mail captured once, as at the drop address."""

import datetime as dt
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from common.clock import business_today, day_ends_at
from common.errors import DomainError
from common.sealing import unseal
from config.schedule import BEAT
from crm import policy
from crm.models import AuditEvent, Mailbox, Notification, Touchpoint
from crm.services import capture_sources, mailbox_reading, mailboxes
from tests import make
from tests.imap_server import ImapServer

LETTER = """\
From: Zoë <zoe@firm.example>
To: rita@us.example
Date: Sun, 22 Nov 2026 09:15:00 +0100
Message-ID: <{key}@firm.example>
Subject: Offer {key}

Please call me.
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


def connect(rep, server, **fields):
    values = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "username": "rita",
        "password": "right",
    }
    return mailboxes.connect_mailbox(actor=rep, **values | fields)


def read(mailbox):
    counted = mailbox_reading.read_mailbox(mailbox.pk)
    mailbox.refresh_from_db()
    return counted.taken, counted.passed


def test_each_new_mail_is_captured_once_and_left_unseen(rep, zoe, server):
    midnight = day_ends_at(business_today() - dt.timedelta(days=1))
    server.put(LETTER.format(key="old"), at=midnight - dt.timedelta(days=3))
    server.put(LETTER.format(key="a"))
    server.put(LETTER.format(key="s").replace("zoe@", "stranger@"))
    mailbox = connect(rep, server)

    assert read(mailbox) == (1, 1)
    row = Touchpoint.objects.get()
    assert (row.contact, row.user, row.direction, row.source) == (
        zoe,
        rep,
        "in",
        "mail",
    )
    assert row.note == "Offer a\nPlease call me."
    assert read(mailbox) == (0, 0)

    server.put(LETTER.format(key="b"))
    server.put(LETTER.format(key="a"))  # the same mail, filed twice
    assert read(mailbox) == (1, 0)
    server.count_anew()
    assert read(mailbox) == (0, 1)
    assert Touchpoint.objects.count() == 2
    assert (mailbox.problem, mailbox.taken_count) == ("", 2)
    changing = [one for one in server.asked if "SELECT" in one or "STORE" in one]
    assert changing == []
    fetched = [one for one in server.asked if "FETCH" in one]
    assert all("PEEK" in one or one.endswith("(INTERNALDATE)") for one in fetched)


def test_a_day_begins_at_the_firms_midnight_whatever_the_clocks_of_the_server(
    rep, zoe, server
):
    """The server counts days of UTC: to it both mails came the day before."""
    midnight = day_ends_at(business_today() - dt.timedelta(days=1))
    for key, minutes in (("late", -1), ("early", 1)):
        letter = LETTER.format(key=key).replace("Subject:", f"Subject: {key}")
        server.put(letter, at=midnight + dt.timedelta(minutes=minutes))

    assert read(connect(rep, server)) == (1, 0)
    assert Touchpoint.objects.get().note.startswith("early")


def test_odd_mails_keep_no_other_waiting(rep, zoe, server):
    mailbox = connect(rep, server, folders=["INBOX", "Sent"])
    nameless = LETTER.replace("Message-ID: <{key}@firm.example>\n", "")
    server.put(nameless.format(key="n"))
    server.put(nameless.format(key="n"))
    server.put(b"\xff\xfe\x00 no mail")
    server.put(
        LETTER.format(key="z").replace(
            "Please",
            "Zero \x00 and \udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
        )
    )
    server.put(LETTER.format(key="huge") + "x" * 3_000_000)
    server.put(LETTER.format(key="late").replace("2026", "2126"))
    sent = (
        "From: <{rep}>\nTo: zoe@firm.example\nMessage-ID: <out>\nSubject: Yes\n\nYes."
    )
    server.put(sent.format(rep=rep.email), folder="Sent")

    assert read(mailbox) == (5, 1)
    notes = {row.note.split("\n")[0]: row for row in Touchpoint.objects.all()}
    assert set(notes) == {"Offer n", "Offer z", "Offer huge", "Offer late", "Yes"}
    assert notes["Yes"].direction == "out"
    assert len(notes["Offer huge"].note) == 5_000
    assert notes["Offer late"].occurred_at <= timezone.now()


def test_what_goes_wrong_is_said_and_tried_more_rarely(rep, zoe, server):
    mailbox = connect(rep, server)
    server.password = "changed"
    server.put(LETTER.format(key="a"))

    assert read(mailbox) == (0, 0)
    assert "refuses this user or password" in mailbox.problem
    first = mailbox.next_at - mailbox.tried_at
    assert first == policy.RETRY_LASTING_AFTER
    assert Notification.objects.get().text.startswith("Nothing is captured from rita")
    assert mailbox_reading.read_due() == 0
    assert mailbox_reading.read_due(now=mailbox.next_at) == 0
    mailbox.refresh_from_db()
    assert mailbox.next_at - mailbox.tried_at == 2 * first
    assert Notification.objects.count() == 1

    mailboxes.change_mailbox(actor=rep, mailbox=mailbox, password="changed")
    assert mailbox_reading.read_due() == 1
    mailbox.refresh_from_db()
    assert (mailbox.problem, mailbox.failure_count) == ("", 0)


def test_who_is_looked_into_by_somebody_is_left_to_them(rep, zoe, server):
    mailbox = connect(rep, server)
    server.put(LETTER.format(key="a"))
    assert capture_sources.claim(Mailbox, mailbox.pk) == mailbox
    assert read(mailbox) == (0, 0)
    # A worker that died holds it only for a while.
    Mailbox.objects.update(leased_until=timezone.now())
    assert read(mailbox) == (1, 0)


def test_a_password_is_neither_stored_readably_nor_told(rep, server):
    mailbox = connect(rep, server)
    stored = Mailbox.objects.values().get()
    assert "right" not in str(stored)
    assert unseal(mailbox.secret) == "right"
    assert "right" not in str(list(AuditEvent.objects.values()))
    assert "right" not in repr(mailboxes.server_of(mailbox, "right"))
    # It goes to no other place than the one it was entered for.
    for other in ({"port": server.port + 1}, {"username": "rito"}):
        with pytest.raises(DomainError, match="password again"):
            mailboxes.change_mailbox(actor=rep, mailbox=mailbox, **other)


def certificate(folder, name):
    """Write a certificate that nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(named).issuer_name(named)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    written = made.sign(key, hashes.SHA256())
    (folder / "c.pem").write_bytes(written.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "k.pem").write_bytes(private)
    return folder / "c.pem", folder / "k.pem"


def test_a_server_that_lets_nobody_in_is_not_connected(rep, server, settings, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = silent.getsockname()[1]
    settings.CAPTURE_INSIDE_HOSTS.append(f"127.0.0.1:{nobody}")
    refused = (
        ({"password": "wrong"}, "password", "app password"),
        ({"port": nobody}, "host", "does not answer"),
        ({"security": "tls"}, "security", "does not speak TLS"),
        (
            {"host": "nowhere.invalid", "port": 993, "security": "tls"},
            "host",
            "No host",
        ),
        ({"host": "10.0.0.1", "port": 993, "security": "tls"}, "host", "not a public"),
        ({"host": "mail.example"}, "security", "own network"),
        ({"host": "mail.example", "security": "tls", "port": 25}, "port", "993"),
        ({"folders": ["INBOX", "Gone"]}, "folders", "There are: INBOX, Sent"),
        ({"since_on": business_today() - dt.timedelta(days=40)}, "since_on", "30 days"),
        ({"since_on": business_today() + dt.timedelta(days=1)}, "since_on", "today"),
        ({"password": ""}, "password", "Enter"),
    )
    for fields, field, words in refused:
        with pytest.raises(DomainError, match=words) as told:
            connect(rep, server, **fields)
        assert told.value.field == field, fields
    server.certificate = certificate(tmp_path, "localhost")
    with pytest.raises(DomainError, match=r"certificate .* not to be trusted"):
        connect(rep, server, security="tls")
    assert Mailbox.objects.count() == AuditEvent.objects.count() == 0


def test_whose_turn_it_is_comes_within_five_seconds(rep, server, zoe):
    mailbox = connect(rep, server)
    read(mailbox)
    wait = mailbox.next_at - mailbox.succeeded_at
    assert wait == policy.MAILBOX_EVERY == dt.timedelta(seconds=30)
    assert BEAT["read-sources"]["schedule"] == 5.0
    assert BEAT["read-sources"]["options"] == {"expires": 5.0}  # none pile up
