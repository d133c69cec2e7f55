"""Who may be approached over which channel, and why not."""

import datetime as dt

import pytest

from common.clock import business_today
from crm.errors import CannotSaveContactError
from crm.models import AuditEvent, Consent
from crm.services import consent
from tests import make

YESTERDAY = dt.timedelta(days=1)


def say(contact, channel, is_granted, topic="", days_ago=0):
    return Consent.objects.create(
        contact=contact,
        channel=channel,
        topic=topic,
        is_granted=is_granted,
        obtained_on=business_today() - dt.timedelta(days=days_ago),
    )


def code(contact, channel, topic=None):
    refusal = consent.may_contact(contact, channel, topic)
    return refusal.code if refusal else None


def test_nothing_said_allows_business_but_no_mail_about_a_topic(db):
    anna = make.contact(name="Anna")
    assert code(anna, "phone") is code(anna, "email") is code(anna, "post") is None
    assert code(anna, "phone", "Offers") is None
    assert code(anna, "email", "Offers") == "no_consent"


def test_who_left_is_not_approached_at_all(db):
    anna = make.contact(left_on=business_today())
    assert code(anna, "meeting") == code(anna, "phone") == "left"
    later = make.contact(left_on=business_today() + YESTERDAY)
    assert code(later, "phone") is None


def test_who_asked_for_peace_is_met_but_not_called(db):
    anna = make.contact(
        name="Anna", do_not_contact=True, do_not_contact_reason="wrote so in May"
    )
    say(anna, "email", True)
    assert code(anna, "email") == "do_not_contact"
    assert code(anna, "visit") is code(anna, "note") is None
    refusal = consent.may_contact(anna, "phone")
    assert refusal.message == "Anna asked not to be contacted (wrote so in May)."


@pytest.mark.parametrize(
    ("said", "topic", "expected"),
    [
        ([("", False, 9)], None, "withdrawn"),
        ([("", False, 9)], "Offers", "withdrawn"),
        ([("", True, 9), ("", False, 1)], None, "withdrawn"),
        # An old paper entered late does not undo what was said since.
        ([("", False, 1), ("", True, 9)], None, "withdrawn"),
        ([("", False, 9), ("", True, 1)], None, None),
        ([("Offers", False, 3)], None, None),
        ([("Offers", False, 3)], "offers", "withdrawn"),
        ([("Offers", False, 3)], "Magazine", "no_consent"),
        ([("Offers", True, 3)], "Offers", None),
        # A general no ends what was allowed before, a later yes revives its topic.
        ([("Offers", True, 9), ("", False, 3)], "Offers", "withdrawn"),
        ([("", False, 9), ("Offers", True, 3)], "Offers", None),
        ([("", True, 9)], "Offers", None),
        ([("Offers", False, 9), ("", True, 3)], "Offers", "withdrawn"),
    ],
)
def test_the_newest_wish_counts(db, said, topic, expected):
    anna = make.contact()
    for about, is_granted, days_ago in said:
        say(anna, "email", is_granted, about, days_ago)
    assert code(anna, "email", topic) == expected
    assert code(anna, "phone") is None


def test_a_wish_is_recorded_with_its_proof(rep):
    anna = make.contact(name="Anna")
    made = consent.record_consent(
        actor=rep,
        contact=anna,
        channel="email",
        is_granted=False,
        means="in_person",
        place=" Fair, hall 3 ",
        proof="scan-12.pdf",
    )
    assert (made.said_on, made.place) == (business_today(), "Fair, hall 3")
    assert AuditEvent.objects.get().detail["is_granted"] is False
    message = consent.may_contact(anna, "email").message
    assert message == f"Anna said no to e-mail on {business_today():%d %b %Y}."


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"means": "guess"}, "means"),
        ({"obtained_on": business_today() + YESTERDAY}, "obtained_on"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused(rep, wrong, field):
    fields = {"channel": "email", "is_granted": True} | wrong
    with pytest.raises(CannotSaveContactError) as refused:
        consent.record_consent(actor=rep, contact=make.contact(), **fields)
    assert refused.value.field == field
    assert not Consent.objects.exists()
