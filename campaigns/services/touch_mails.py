"""The mail of a touch: written for one person, and sent by the queue."""

from dataclasses import dataclass

from django.db import transaction

from campaigns.choices import TouchStatus
from campaigns.errors import NobodyToReachError, TouchClosedError
from campaigns.models import Delivery, PlannedTouch
from campaigns.queries.merging import merged, values_of
from campaigns.queries.recipients import recipients
from campaigns.services import deliveries
from crm.choices import Channel
from crm.models import Contact, User


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as it would read for one person."""

    contact: Contact
    subject: str
    body: str


def draft_of(touch: PlannedTouch, contact: Contact | None = None) -> Draft:
    """Return the mail of a touch, merged for `contact` or for who would get it.

    Raises
    ------
    NobodyToReachError
        If nobody at the account has an address and may be written to.
    CannotSendError
        If the text asks for a field that there is not.
    """
    template = touch.template
    if contact is None:
        found = recipients([touch.account], channel=Channel.EMAIL, topic=template.topic)
        one = found[touch.account_id]
        if one.contact is None:
            raise NobodyToReachError(one.refusal.message if one.refusal else "")
        contact = one.contact
    values = values_of(touch.account, contact)
    return Draft(
        contact,
        merged(template.subject or template.title, values, field="subject"),
        merged(template.content, values, field="body"),
    )


@transaction.atomic
def send_mail(
    *, actor: User, touch: PlannedTouch, contact: Contact, subject: str, body: str
) -> Delivery:
    """Queue the mail of a touch; the touch is done when a server has taken it.

    While one is under way, that one is returned and nothing is stored. After one that
    was refused or not allowed, another can be written.

    Raises
    ------
    TouchClosedError
        If the touch was done, skipped or cancelled meanwhile.
    CannotSendError
        If the mail cannot be sent like this.
    """
    rows = PlannedTouch.objects.select_for_update(of=("self",))
    touch = rows.select_related("template", "account").get(pk=touch.pk)
    if touch.status != TouchStatus.DUE:
        raise TouchClosedError
    before = touch.deliveries.all()
    if waiting := before.under_way().first():
        return waiting
    tries = before.count()
    touch.reason = ""
    touch.save(update_fields=["reason"])
    return deliveries.enqueue(
        actor=actor,
        account=touch.account,
        contact=contact,
        occasion=occasion_of(touch, tries),
        subject=subject,
        body=body,
        topic=touch.template.topic,
        touch=touch,
    )


def occasion_of(touch: PlannedTouch, tries: int) -> str:
    """Name the n-th mail of a touch; a second one is written only after the first."""
    return f"touch:{touch.pk}" if not tries else f"touch:{touch.pk}/{tries + 1}"
