"""Mails to customers: written down first, sent by the worker, each once."""

import datetime as dt
import uuid
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.choices import DeliveryStatus
from campaigns.engine.quiet import next_allowed, zone_of_country
from campaigns.errors import CannotSendError, NobodyToReachError
from campaigns.models import Delivery, PlannedTouch, PlanningRule
from campaigns.queries.recipients import recipients
from crm.choices import Channel
from crm.models import Account, Contact, User
from crm.queries.consent import may_contact
from crm.services import audit

LONGEST_SUBJECT = 200
LONGEST_ANSWER = 500
LONGEST_OCCASION = 80
LONGEST_BODY = 100_000


@transaction.atomic
def enqueue(
    *,
    actor: User | None,
    account: Account,
    contact: Contact | None,
    occasion: str,
    subject: str,
    body: str,
    topic: str = "",
    touch: PlannedTouch | None = None,
    not_before: dt.datetime | None = None,
) -> Delivery:
    """Write down one mail to one person; the worker sends it outside quiet hours.

    Subject and body are frozen as given, merged before. Without `contact` the most
    influential person who may be written to gets it. The same occasion and address
    again give the first mail, and change nothing. Who may not be written to gets
    nothing: the mail is kept as not allowed, with the reason.

    Raises
    ------
    NobodyToReachError
        If nobody is named and nobody there has an address and may be written to.
    CannotSendError
        If the person has no address or works elsewhere, the account was merged away,
        or subject, body or occasion are empty or too long.
    """
    if contact is None:
        found = recipients([account], channel=Channel.EMAIL, topic=topic)[account.pk]
        if found.contact is None:
            said = found.refusal.message if found.refusal else ""
            raise NobodyToReachError(said, field="contact")
        contact = found.contact
    subject = " ".join(subject.split())
    _check(account, contact, occasion=occasion, subject=subject, body=body)
    if stored := _stored(occasion, contact.email):
        return stored
    row = new_delivery(
        actor=actor,
        account=account,
        contact=contact,
        occasion=occasion,
        subject=subject,
        body=body,
        topic=topic,
        touch=touch,
        not_before=not_before or timezone.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if stored := _stored(occasion, contact.email):
            return stored
        raise
    audit.record(
        actor=actor, action="delivery.queued", subject=row, status=str(row.status)
    )
    return row


def new_delivery(
    *,
    actor: User | None,
    account: Account,
    contact: Contact,
    occasion: str,
    subject: str,
    body: str,
    topic: str,
    touch: PlannedTouch | None,
    not_before: dt.datetime,
) -> Delivery:
    """Return the mail, not stored yet; not allowed where the person refused."""
    refusal = may_contact(contact, Channel.EMAIL, topic)
    now = timezone.now()
    return Delivery(
        account=account,
        contact=contact,
        touch=touch,
        occasion=occasion,
        address=contact.email,
        subject=subject,
        body=body,
        topic=topic.strip(),
        status=DeliveryStatus.SUPPRESSED if refusal else DeliveryStatus.PLANNED,
        answer=refusal.message[:LONGEST_ANSWER] if refusal else "",
        finished_at=now if refusal else None,
        not_before=leaves_at(account, max(not_before, now)),
        message_id=f"<{uuid.uuid4().hex}@{_domain()}>",
        author=actor,
    )


def leaves_at(account: Account, at: dt.datetime) -> dt.datetime:
    """Return `at`, or the end of the quiet hours where the account is."""
    rule = PlanningRule.objects.current()
    return next_allowed(
        at,
        zone=zone_of_country(account.country, firm=_zone_of_firm()),
        quiet_from=rule.quiet_from,
        quiet_until=rule.quiet_until,
    )


def _check(
    account: Account, contact: Contact, *, occasion: str, subject: str, body: str
) -> None:
    """Refuse what could not be sent as it is meant."""
    if account.merged_into_id:
        raise CannotSendError(
            "This account was merged into another. Write there.", field="account"
        )
    if contact.account_id != account.pk:
        raise CannotSendError(f"{contact} does not work at {account}.", field="contact")
    if not contact.email:
        raise CannotSendError(f"{contact} has no e-mail address.", field="contact")
    if not 0 < len(occasion) <= LONGEST_OCCASION:
        raise CannotSendError("Say what the mail is for.", field="occasion")
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise CannotSendError(
            f"A subject has from 1 to {LONGEST_SUBJECT} letters.", field="subject"
        )
    if not body.strip() or len(body) > LONGEST_BODY:
        raise CannotSendError(
            f"A mail has from 1 to {LONGEST_BODY:,} letters.", field="body"
        )


def _stored(occasion: str, address: str) -> Delivery | None:
    return Delivery.objects.to_address(address).filter(occasion=occasion).first()


def _zone_of_firm() -> ZoneInfo:
    return ZoneInfo(timezone.get_default_timezone_name())


def _domain() -> str:
    """Return the domain of the sender, which names mails for good."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
