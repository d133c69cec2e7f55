"""Mails are written down once, for those who allow it."""

import datetime as dt

import pytest

from campaigns.choices import DeliveryStatus
from campaigns.errors import CannotSendError, NobodyToReachError
from campaigns.models import Delivery, PlanningRule
from campaigns.services.deliveries import enqueue
from crm.models import AuditEvent
from crm.services.consent import record_consent
from tests import make


@pytest.fixture
def anna(rep):
    account = make.account(owner=rep, country="JP")
    return make.contact(account=account, name="Anna", email="anna@example.test")


def queue(anna, rep, **fields):
    said = {
        "actor": rep,
        "account": anna.account,
        "contact": anna,
        "occasion": "test:1",
        "subject": "News\r\nBcc: x",
        "body": "Hello",
    }
    return enqueue(**said | fields)


def test_a_mail_is_frozen_and_waits(anna, rep):
    mail = queue(anna, rep)

    assert (mail.status, mail.address) == (DeliveryStatus.PLANNED, "anna@example.test")
    assert mail.subject == "News Bcc: x"
    assert mail.message_id.startswith("<")
    assert AuditEvent.objects.filter(action="delivery.queued").count() == 1


def test_one_address_gets_one_mail_for_one_occasion(anna, rep):
    twin = make.contact(account=anna.account, email="ANNA@example.test")

    first = queue(anna, rep)

    assert queue(anna, rep, body="Other").pk == first.pk
    assert queue(twin, rep).pk == first.pk
    assert Delivery.objects.get().body == "Hello"
    assert queue(anna, rep, occasion="test:2").pk != first.pk


def test_who_refused_gets_nothing_and_the_reason_is_kept(anna, rep):
    record_consent(actor=rep, contact=anna, channel="email", is_granted=False)

    mail = queue(anna, rep)

    assert mail.status == DeliveryStatus.SUPPRESSED
    assert "said no to e-mail" in mail.answer
    assert mail.finished_at is not None


def test_a_topic_needs_a_yes(anna, rep):
    assert queue(anna, rep, topic="Offers").status == DeliveryStatus.SUPPRESSED
    record_consent(
        actor=rep, contact=anna, channel="email", topic="Offers", is_granted=True
    )
    mail = queue(anna, rep, topic="Offers", occasion="test:2")

    assert mail.status == DeliveryStatus.PLANNED


def test_without_a_name_the_most_influential_who_may_gets_it(anna, rep):
    make.contact(
        account=anna.account,
        email="boss@example.test",
        influence=5,
        do_not_contact=True,
    )
    deputy = make.contact(account=anna.account, email="d@example.test", influence=3)

    assert queue(anna, rep, contact=None).contact == deputy


def test_where_nobody_can_be_written_to_nothing_is_stored(anna, rep):
    anna.do_not_contact = True
    anna.save()

    with pytest.raises(NobodyToReachError, match="asked not to be contacted"):
        queue(anna, rep, contact=None)

    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"subject": " "}, {"body": "\n"}, {"occasion": ""}, {"subject": "x" * 201}],
)
def test_what_cannot_be_sent_is_refused(anna, rep, wrong):
    with pytest.raises(CannotSendError):
        queue(anna, rep, **wrong)

    assert not Delivery.objects.exists()


def test_a_stranger_of_the_account_is_refused(anna, rep):
    with pytest.raises(CannotSendError, match="does not work at"):
        queue(anna, rep, contact=make.contact(email="x@example.test"))


def test_a_mail_waits_for_morning_where_it_is_read(anna, rep):
    PlanningRule.objects.create(reason="As before")
    night = dt.datetime(2030, 6, 1, 12, tzinfo=dt.UTC)  # 21:00 in Tokyo

    mail = queue(anna, rep, not_before=night)

    assert mail.not_before == dt.datetime(2030, 6, 1, 23, tzinfo=dt.UTC)
