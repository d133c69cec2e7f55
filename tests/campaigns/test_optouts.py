"""Who gets a mail can stop them: one press, no sign-in, and only by POST."""

import pytest
from django.test import Client

from campaigns.services import optouts
from campaigns.services.deliveries import enqueue
from campaigns.services.mail_texts import bytes_of
from crm.models import Consent
from crm.queries.consent import may_contact
from tests import make


@pytest.fixture
def mail(rep):
    person = make.contact(account=make.account(owner=rep), email="a@bücher.example")
    consent = {"channel": "email", "topic": "Offers", "is_granted": True}
    Consent.objects.create(contact=person, **consent)
    said = {"subject": "Grüße", "body": "Hello\n.end", "topic": "Offers"}
    return enqueue(
        actor=rep, account=person.account, contact=person, occasion="test:1", **said
    )


@pytest.fixture
def page(mail, settings):
    return optouts.url_of(mail).removeprefix(settings.PUBLIC_ORIGIN)


def test_every_mail_says_how_to_stop(mail, rep):
    raw = bytes_of(mail)
    text = raw.decode()

    url = optouts.url_of(mail)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
    assert "To: a@xn--bcher-kva.example" in text
    assert f"Reply-To: {rep.email}" in text
    assert mail.message_id in text
    assert url.startswith("http://127.0.0.1")
    assert raw == bytes_of(mail)


def test_looking_stops_nothing_and_pressing_stops_all(client, mail, page):
    assert "Stop all mails" in client.get(page).content.decode()
    assert Consent.objects.count() == 1

    client.post(page)
    client.post(page)

    wish = Consent.objects.first()
    assert (wish.is_granted, wish.topic, wish.means) == (False, "", "form")
    assert wish.proof == f"Mail {mail.pk}"
    assert Consent.objects.count() == 2
    assert may_contact(mail.contact, "email").code == "withdrawn"
    assert "No more mails" in client.get(page).content.decode()


def test_one_topic_can_be_stopped_alone(client, mail, page):
    client.post(page, {"only": "topic"})

    assert may_contact(mail.contact, "email", "Offers").code == "withdrawn"
    assert may_contact(mail.contact, "email") is None
    assert "about Offers" in client.get(page).content.decode()


def test_a_mail_program_stops_without_a_session(mail, page):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(page, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.content) == (200, b"Stopped.")
    assert may_contact(mail.contact, "email").code == "withdrawn"


def test_a_link_that_is_not_ours_stops_nothing(client, mail, page):
    broken = page[:-3] + "x/"

    assert client.get(broken).status_code == 404
    assert client.post(broken).status_code == 404
    assert Consent.objects.count() == 1
