"""Mails leave once, whatever happens to who sends them."""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.core import mail as outbox
from django.db import connection
from django.utils import timezone

from campaigns.choices import DeliveryStatus, TouchStatus
from campaigns.models import Delivery, PlannedTouch, PlanningRule
from campaigns.services import resending, sending
from campaigns.services.deliveries import enqueue
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.models import LedgerEntry, Touchpoint
from crm.services.consent import record_consent
from tests import make
from tests.sessions import make_sure_new_ones_are_gone, pids

SINK = Path(__file__).resolve().parents[1] / "smtp_sink.py"


@pytest.fixture
def awake(db):
    """No quiet hours, whenever the tests run."""
    noon = dt.time(12)
    return PlanningRule.objects.create(
        quiet_from=noon, quiet_until=noon, reason="For tests"
    )


@pytest.fixture
def sink(tmp_path, settings):
    """A mail server; returns what it took, by Message-ID."""
    taken = tmp_path / "taken"
    taken.touch()
    argv = [sys.executable, str(SINK), str(taken), "7"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = int(server.stdout.readline())
        yield lambda: Counter(taken.read_text().split())
        server.kill()


def queue(rep, name="anna", *, account=None, **fields):
    account = account or make.account(owner=rep)
    person = make.contact(account=account, email=f"{name}@example.test")
    said = {"occasion": "test:1", "subject": "News", "body": ".dot\n\nGrüße"} | fields
    return enqueue(actor=rep, account=account, contact=person, **said)


def state(mail):
    mail.refresh_from_db()
    return mail.status


def test_a_mail_is_taken_once(awake, sink, rep):
    mail = queue(rep)

    assert sending.send_due().handed_over == 1
    assert sending.send_due().handed_over == 0

    assert state(mail) == DeliveryStatus.ACCEPTED
    assert (mail.lease, mail.answer) == (None, "250 taken")
    assert sink() == {mail.message_id: 1}
    contact = Touchpoint.objects.get()
    assert (contact.channel, contact.note, contact.contact) == (
        "email",
        "News",
        mail.contact,
    )


def test_a_server_says_no_for_good_or_for_now_or_not_at_all(awake, sink, rep):
    gone, busy, drop, well = [queue(rep, n) for n in ("gone1", "busy1", "drop1", "w")]

    sending.send_due()

    assert state(gone) == DeliveryStatus.REJECTED
    assert "550 5.1.1 no such user" in gone.answer
    assert state(busy) == DeliveryStatus.RETRY
    assert busy.not_before > timezone.now() + dt.timedelta(seconds=50)
    assert state(drop) == DeliveryStatus.UNCONFIRMED
    assert state(well) == DeliveryStatus.ACCEPTED
    assert sink() == {well.message_id: 1}
    again = queue(rep, account=gone.account, occasion="test:2")
    Delivery.objects.filter(pk=again.pk).update(address=gone.address)
    again.contact.email = gone.address
    again.contact.save()
    sending.send_due()
    assert state(again) == DeliveryStatus.SUPPRESSED
    assert "refused the address" in again.answer


def test_an_unconfirmed_mail_stays_until_somebody_decides(awake, sink, rep):
    mail = queue(rep, "drop2")
    sending.send_due()
    sending.send_due()
    assert state(mail) == DeliveryStatus.UNCONFIRMED

    resending.resend(actor=rep, delivery=mail)
    assert state(mail) == DeliveryStatus.PLANNED
    sending.send_due()
    resending.confirm(actor=rep, delivery=mail)

    assert state(mail) == DeliveryStatus.ACCEPTED
    assert Touchpoint.objects.count() == 1


def test_a_temporary_no_is_given_up_in_the_end(awake, sink, rep):
    mail = queue(rep, "busy2")
    Delivery.objects.update(attempts=9)

    sending.send_due()

    assert state(mail) == DeliveryStatus.REJECTED
    assert mail.answer == "Given up after 10 attempts: 451 later"


def test_without_a_server_all_mails_wait(awake, sink, rep, settings):
    settings.EMAIL_PORT = 1
    first, second = queue(rep), queue(rep, "bea")

    assert sending.send_due().is_stopped

    assert (state(first), state(second)) == (
        DeliveryStatus.RETRY,
        DeliveryStatus.PLANNED,
    )
    assert (first.attempts, second.attempts) == (1, 0)


def test_a_refusal_between_writing_and_sending_counts(awake, rep, monkeypatch):
    mail, late = queue(rep), queue(rep, "bea")
    say_no = {"actor": None, "channel": "email", "is_granted": False}
    record_consent(contact=mail.contact, **say_no)
    begin = sending.transports.ShownTransport.begin

    def begin_while_they_refuse(transport, delivery):
        record_consent(contact=late.contact, **say_no)
        begin(transport, delivery)

    monkeypatch.setattr(
        sending.transports.ShownTransport, "begin", begin_while_they_refuse
    )
    sending.send_due()

    assert state(mail) == state(late) == DeliveryStatus.SUPPRESSED
    assert outbox.outbox == []


def test_who_set_a_limit_gets_no_second_mail(awake, rep):
    mail = queue(rep)
    mail.contact.contact_cap = 1
    mail.contact.save()
    other = enqueue(
        actor=rep,
        account=mail.account,
        contact=mail.contact,
        occasion="test:2",
        subject="More",
        body="Text",
    )

    sending.send_due()

    assert (state(mail), state(other)) == (
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.SUPPRESSED,
    )


def test_the_hour_is_counted_in_the_table(awake, rep, settings):
    settings.MAILS_PER_HOUR = 2
    mails = [queue(rep, f"p{n}") for n in range(3)]

    sending.send_due()
    assert [state(mail) for mail in mails] == ["accepted", "accepted", "planned"]
    Delivery.objects.filter(status="accepted").update(
        finished_at=timezone.now() - dt.timedelta(minutes=61)
    )
    sending.send_due()

    assert state(mails[2]) == "accepted"


def test_nothing_leaves_in_quiet_hours(rep):
    now = timezone.localtime()
    PlanningRule.objects.create(
        quiet_from=(now - dt.timedelta(hours=1)).time(),
        quiet_until=(now + dt.timedelta(hours=1)).time(),
        reason="For tests",
    )
    mail = queue(rep)
    Delivery.objects.update(not_before=now)

    sending.send_due()

    assert state(mail) == DeliveryStatus.PLANNED
    assert mail.not_before > timezone.now() + dt.timedelta(minutes=59)


def test_a_sender_whose_lease_ran_out_changes_nothing(awake, rep):
    queue(rep)
    slow = sending.claim()
    Delivery.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    sending.give_back()
    quick = sending.claim()
    assert sending.hand_over(quick)

    assert not sending.hand_over(slow)
    sending._finish(slow, DeliveryStatus.REJECTED, "too late")

    assert state(quick) == DeliveryStatus.HANDING_OVER


def test_a_touch_is_done_when_its_mail_is_taken_and_open_when_not(
    awake, sink, ready, member, marketer
):
    touches = []
    for name in ("anna", "gone3"):
        account = member("general")
        make.contact(account=account, email=f"{name}@example.test")
    plan_touches(as_of=business_today(), horizon_days=31)
    mailed = PlannedTouch.objects.filter(template__channel="email")
    # The days of an account may put two of a monthly touch into the same 31 days.
    for touch in mailed.order_by("account_id", "due_on").distinct("account_id"):
        touch.due_on = business_today()
        touch.save()
        touches.append(touch)
        enqueue(
            actor=marketer,
            account=touch.account,
            contact=None,
            occasion=f"touch:{touch.pk}",
            subject="News",
            body="Text",
            touch=touch,
        )

    sending.send_due()

    for touch in touches:
        touch.refresh_from_db()
        sent = touch.deliveries.get()
        if sent.status == DeliveryStatus.ACCEPTED:
            assert touch.status == TouchStatus.DONE
            assert LedgerEntry.objects.filter(account=touch.account).count() == 1
        else:
            assert touch.status == TouchStatus.DUE
            assert "no such user" in touch.reason
            assert not LedgerEntry.objects.filter(account=touch.account).exists()
    assert {t.status for t in touches} == {TouchStatus.DONE, TouchStatus.DUE}


@pytest.mark.django_db(transaction=True)
def test_killed_senders_send_nothing_twice(monkeypatch, sink):
    """Senders die at any moment: each mail ends in one state, none comes twice."""
    noon = dt.time(12)
    PlanningRule.objects.create(quiet_from=noon, quiet_until=noon, reason="For tests")
    monkeypatch.setattr(sending.policy, "SENDING_LEASE", dt.timedelta(seconds=0.5))
    rep = make.user()
    account = make.account(owner=rep)
    mails = [queue(rep, f"p{n}", account=account) for n in range(30)]
    chance = random.Random(1)  # noqa: S311
    kills = 0
    known = pids()
    deadline = time.monotonic() + 60
    while Delivery.objects.waiting().exists() and time.monotonic() < deadline:
        connection.close()
        wanted = sink().total() + chance.randint(1, 4)
        child = _sender()
        stops_at = time.monotonic() + 5
        while sink().total() < wanted and time.monotonic() < stops_at:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1
    make_sure_new_ones_are_gone(known)
    for _ in range(3):
        time.sleep(0.6)
        sending.send_due()

    taken, states = sink(), Counter(Delivery.objects.values_list("status", flat=True))
    assert kills > 3
    assert set(states) <= {"accepted", "unconfirmed"}
    assert sum(states.values()) == len(mails)
    assert states["unconfirmed"] <= kills
    assert set(taken.values()) == {1}
    for mail in mails:
        if state(mail) == DeliveryStatus.ACCEPTED:
            assert taken[mail.message_id] == 1
    assert Touchpoint.objects.count() == states["accepted"]


def _sender():
    """Send in a process of its own until it is killed."""
    child = os.fork()
    if child:
        return child
    # Playwright's event loop, once begun, hides from the parent the session that it had
    # before, and that it did not close: what the child inherits it must not speak to.
    connection.connection = None
    try:
        while True:
            sending.send_due()
    finally:
        os._exit(1)
