"""Consent: what people allow, with its proof."""

import datetime as dt

from django.db import transaction

from common.clock import business_today
from crm.choices import Channel, ConsentMeans
from crm.errors import CannotSaveContactError
from crm.models import Consent, Contact, User
from crm.queries.consent import Refusal, current_wishes, may_contact
from crm.services import audit

__all__ = ["Refusal", "current_wishes", "may_contact", "record_consent"]


def record_consent(
    *,
    actor: User | None,
    contact: Contact,
    channel: str,
    is_granted: bool,
    topic: str = "",
    wording: str = "",
    means: str = "",
    obtained_on: dt.date | None = None,
    place: str = "",
    proof: str = "",
) -> Consent:
    """Store one wish of one person; the newest of its channel and topic counts.

    Raises
    ------
    CannotSaveContactError
        If there is no such channel or means, or the day lies ahead.
    """
    closed = (
        ("channel", channel, Channel.values),
        ("means", means, ConsentMeans.values),
    )
    for name, value, words in closed:
        if value not in words:
            raise CannotSaveContactError(f"There is no {name} “{value}”.", field=name)
    today = business_today()
    if obtained_on is not None and obtained_on > today:
        raise CannotSaveContactError(
            "This day lies ahead. Enter the day on which it was said.",
            field="obtained_on",
        )
    with transaction.atomic():
        # Who is about to reach this person waits for the wish, or did so before.
        Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        consent = Consent.objects.create(
            contact=contact,
            channel=channel,
            topic=topic.strip(),
            is_granted=is_granted,
            wording=wording.strip(),
            means=means,
            obtained_on=obtained_on or today,
            place=place.strip(),
            proof=proof.strip(),
            recorded_by=actor,
        )
        consent.refresh_from_db()
        audit.record(
            actor=actor,
            action="contact.consent_recorded",
            subject=contact,
            channel=channel,
            topic=consent.topic,
            is_granted=is_granted,
        )
    return consent
