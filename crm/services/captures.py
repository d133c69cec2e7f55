"""Contacts that nobody typed: calls and mails that other systems tell of."""

import datetime as dt
import email
import email.policy
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

from django.utils import timezone
from django.utils.html import strip_tags

from crm.choices import Channel, Direction, Outcome, TouchpointSource
from crm.errors import CannotLogError
from crm.models import Account, Contact, Touchpoint, User
from crm.queries.reachable import accounts_at, people_at
from crm.services import touchpoints

SAME = uuid.UUID("6f0c8c1e-6a5e-4d0e-9a55-0b7f5f3f9a41")  # the space of their ids
LONGEST_NOTE = 5_000
FIRST_MAIL_YEAR = 1971  # an older date is a clock that was never set
QUOTED = re.compile(
    r"^(>|-{2,} ?(original|urspr).*|_{10,}|(on|am) .{5,200}(wrote|schrieb.*):)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One contact as a telephone system or a mailbox tells of it.

    party : number or address of the other side; seconds : None where not known,
    0 if nobody picked up; external_id : names it, so that a repeat stores nothing
    """

    channel: str
    direction: str
    party: str
    occurred_at: dt.datetime
    external_id: str
    seconds: int | None = None
    note: str = ""


def capture(*, actor: User, seen: Seen, by: User | None = None) -> Touchpoint:
    """Log what happened with whom the number or address belongs to, once.

    It is `by` who spoke or wrote, else the actor; only who sees every account names
    others. What has happened is kept whatever the person allows.

    Raises
    ------
    CannotLogError
        If nobody is known under the number or address, or people of several accounts
        are, or it cannot have happened. Nothing is stored then.
    """
    if by is not None and by != actor and not actor.sees_every_account:
        raise CannotLogError("You log your own contacts only.", field="by")
    account, contact = _whose(actor, seen.party)
    is_call = seen.channel == Channel.PHONE
    sources = {
        Channel.PHONE: TouchpointSource.TELEPHONY,
        Channel.EMAIL: TouchpointSource.MAIL,
    }
    source = sources.get(Channel(seen.channel), TouchpointSource.API)
    is_missed = is_call and seen.seconds == 0
    return touchpoints.log_touchpoint(
        actor=by or actor,
        account=account,
        contact=contact,
        channel=seen.channel,
        direction=seen.direction,
        occurred_at=seen.occurred_at,
        minutes=-(-seen.seconds // 60) if seen.seconds else None,
        note=seen.note[:LONGEST_NOTE],
        outcome=Outcome.NO_ANSWER if is_missed else "",
        source=source,
        form_token=uuid.uuid5(SAME, f"{source}:{seen.external_id}"),
        judges_contact=False,
    )


def capture_mail(*, actor: User, message: bytes) -> Touchpoint:
    """Log a mail that was sent or copied to the drop address, once by its Message-ID.

    A mail from one of us went out to the first of its receivers who is known; any
    other came in from its sender. Quoted text is left out of the note.

    Raises
    ------
    CannotLogError
        If it is no mail, or nobody in it is known.
    """
    mail = email.message_from_bytes(message, policy=email.policy.default)
    if not isinstance(mail, EmailMessage) or not mail.get("From"):
        raise CannotLogError("This is no mail: it has no sender.", field="message")
    senders, receivers = _addresses(mail, "From"), _addresses(mail, "To", "Cc")
    us = User.objects.filter(is_active=True)
    sender = us.filter(email__iexact=senders[0]).first() if senders else None
    parties = receivers if sender else senders
    party = next((one for one in parties if people_at(actor, one)), "")
    if not party:
        raise CannotLogError(
            f"Nobody is known as {', '.join(parties[:5]) or 'its sender'}.",
            field="message",
        )
    by = sender or next(
        (one for name in receivers if (one := us.filter(email__iexact=name).first())),
        None,
    )
    seen = Seen(
        channel=Channel.EMAIL,
        direction=Direction.OUT if sender else Direction.IN,
        party=party,
        occurred_at=_sent_at(mail),
        external_id=_id_of(mail, message),
        note=_words(mail),
    )
    return capture(actor=actor, seen=seen, by=by if actor.sees_every_account else None)


def _whose(actor: User, party: str) -> tuple[Account, Contact | None]:
    party = party.strip()
    people = people_at(actor, party)
    accounts: Sequence[Account] = list(
        {one.account_id: one.account for one in people}.values()
    )
    if not people:
        accounts = list(accounts_at(actor, party)[:2])
    if not accounts:
        raise CannotLogError(f"Nobody is known as {party[:100]}.", field="party")
    if len(accounts) > 1:
        raise CannotLogError(
            f"{party[:100]} belongs to several accounts. Log it by hand.", field="party"
        )
    return accounts[0], people[0] if len(people) == 1 else None


# -- Reading a mail --------------------------------------------------------------------


def _addresses(mail: EmailMessage, *headers: str) -> list[str]:
    found = getaddresses(
        [str(one) for name in headers for one in mail.get_all(name, [])]
    )
    return [_clean(address) for _, address in found if address]


def _id_of(mail: EmailMessage, message: bytes) -> str:
    """Return what names a mail wherever it is met; without a name, its very words."""
    named = _clean(str(mail.get("Message-ID") or "")).strip(" \t<>")
    return f"<{named}>" if named else str(uuid.uuid5(SAME, message.hex()))


def _sent_at(mail: EmailMessage) -> dt.datetime:
    """Return when it was sent; clocks of others may be wrong, but not ahead of ours."""
    now = timezone.now()
    try:
        sent = parsedate_to_datetime(str(mail.get("Date", "")))
        if timezone.is_naive(sent):
            sent = sent.replace(tzinfo=dt.UTC)
        sent = sent.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return now
    return min(sent, now) if sent.year >= FIRST_MAIL_YEAR else now


def _words(mail: EmailMessage) -> str:
    """Return subject and text, down to where an earlier mail is quoted."""
    try:
        part = mail.get_body(("plain", "html"))
        text = str(part.get_content()) if part else ""
    except (LookupError, ValueError, KeyError):
        part, text = None, ""
    if part is not None and part.get_content_subtype() == "html":
        text = strip_tags(text)
    lines = []
    for line in text.splitlines():
        if QUOTED.match(line.strip()) or line.startswith(">"):
            break
        lines.append(line.rstrip())
    said = [str(mail.get("Subject", "")).strip(), "\n".join(lines).strip()]
    return _clean("\n".join(filter(None, said)))[:LONGEST_NOTE]


def _clean(text: str) -> str:
    """Return `text` without what no database keeps: zeros and halves of letters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
