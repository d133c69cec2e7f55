"""The journal of mails: what stands where, and what people may decide."""

import pytest
from django.urls import reverse

from campaigns.models import Delivery
from campaigns.services.deliveries import enqueue
from tests import make


@pytest.fixture
def mail(rep):
    person = make.contact(account=make.account(owner=rep), email="anna@example.test")
    return enqueue(
        actor=rep,
        account=person.account,
        contact=person,
        occasion="test:1",
        subject="News <b>",
        body="Hello",
    )


def test_the_list_shows_states_and_filters_them(client, mail, rep, colleague):
    client.force_login(rep)
    address = reverse("campaigns:delivery_list")

    page = client.get(address + "?view=all").text
    assert "News &lt;b&gt;" in page
    assert "No mail server is set" in page
    assert "anna@example.test" in page
    assert "anna@example.test" not in client.get(f"{address}?status=rejected").text
    client.force_login(colleague)
    assert "anna@example.test" not in client.get(address + "?view=all").text


def test_a_list_of_mails_asks_no_more_for_more(client, mail, rep, assert_flat_queries):
    client.force_login(rep)

    def grow():
        for number in range(3):
            person = make.contact(account=make.account(owner=rep), email="x@y.example")
            Delivery.objects.create(
                account=person.account,
                contact=person,
                occasion=f"more:{number}",
                address=person.email,
                subject="More",
                body="Text",
                message_id=f"<{number}@example.test>",
            )

    address = reverse("campaigns:delivery_list") + "?view=all"
    assert_flat_queries(lambda: client.get(address), grow)


def test_an_unconfirmed_mail_is_decided_by_a_press(client, mail, rep):
    Delivery.objects.update(status="unconfirmed")
    client.force_login(rep)
    page = reverse("campaigns:delivery_detail", args=[mail.pk])

    assert "It arrived" in client.get(page).text
    client.post(f"{page}act/", {"act": "resend"})
    mail.refresh_from_db()
    assert mail.status == "planned"
    client.post(f"{page}act/", {"act": "confirm"})
    mail.refresh_from_db()
    assert mail.status == "planned"
    client.post(f"{page}act/", {"act": "cancel"})
    mail.refresh_from_db()
    assert mail.status == "cancelled"
    client.post(f"{page}act/", {"act": "resend"})
    mail.refresh_from_db()
    assert mail.status == "cancelled"
