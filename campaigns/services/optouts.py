"""Saying no to mails: the link in every mail, and what pressing its button records."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from campaigns.models import Delivery
from crm.choices import Channel, ConsentMeans
from crm.models import Contact
from crm.queries.consent import may_contact
from crm.services import consent

SALT = "campaigns.optout"
WORDING = "Pressed “stop” on the page that every mail links to."


@dataclass(frozen=True, slots=True)
class OptOut:
    """Whose link it is, and about which topic the mail was."""

    contact: Contact
    topic: str
    delivery_id: int

    @property
    def is_stopped(self) -> bool:
        """Tell whether no mail may go to this person any more."""
        refusal = may_contact(self.contact, Channel.EMAIL)
        return refusal is not None and refusal.code != "cap"

    @property
    def is_topic_stopped(self) -> bool:
        refusal = may_contact(self.contact, Channel.EMAIL, self.topic)
        return refusal is not None and refusal.code == "withdrawn"


def url_of(delivery: Delivery) -> str:
    """Return the address of the page that stops mails to who gets this one."""
    if delivery.contact_id is None:
        return ""
    said = {"c": delivery.contact_id, "t": delivery.topic, "d": delivery.pk}
    token = signing.dumps(said, salt=SALT)
    return f"{settings.PUBLIC_ORIGIN}{reverse('campaigns:optout', args=[token])}"


def read(token: str) -> OptOut | None:
    """Return whose link it is; None if we did not make it, or the person is gone."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    contact = Contact.objects.filter(pk=said["c"]).first()
    if contact is None:
        return None
    return OptOut(contact, str(said["t"]), int(said["d"]))


@transaction.atomic
def stop(optout: OptOut, *, only_topic: bool = False) -> None:
    """Record that this person wants no mails, or none about the topic; once.

    Whoever was about to hand over a mail sees it first, or did so before.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=optout.contact.pk)
    again = OptOut(contact, optout.topic, optout.delivery_id)
    topic = optout.topic if only_topic else ""
    if again.is_topic_stopped if topic else again.is_stopped:
        return
    consent.record_consent(
        actor=None,
        contact=contact,
        channel=Channel.EMAIL,
        topic=topic,
        is_granted=False,
        wording=WORDING,
        means=ConsentMeans.FORM,
        proof=f"Mail {optout.delivery_id}",
    )
