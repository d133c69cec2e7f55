"""Letters and mailing lists of post touches, as files for the printer."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from campaigns import policy
from campaigns.engine.letters import Letter, pdf_of
from campaigns.errors import CannotSendError
from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.queries.letters import address_of, letter_of, recipients_of
from campaigns.queries.sendings import in_order
from common.clock import business_today
from crm.models import Contact, User
from crm.services import audit

CHUNK = 500
HEADER = ("Account", "Name", "Street", "Postcode", "City", "Country", "Address block")


def letters_pdf(
    *, actor: User, template: TouchTemplate, rows: QuerySet[PlannedTouch], part: int
) -> bytes:
    """Return one file of the letters of a touch; who refused gets none.

    Files follow each other by account, `policy.MOST_LETTERS` touches each.

    Raises
    ------
    CannotSendError
        If there is nothing to print, or the text asks for a field that there is not.
    """
    letters = letters_of(actor=actor, template=template, rows=rows, part=part)
    if not letters:
        raise CannotSendError("There is no letter to print.")
    return _pdf(letters, template.title)


def letters_of(
    *, actor: User, template: TouchTemplate, rows: QuerySet[PlannedTouch], part: int
) -> list[Letter]:
    """Return one part of the letters of a touch; who refused gets none.

    Raises
    ------
    CannotSendError
        If the text asks for a field that there is not.
    """
    size = policy.MOST_LETTERS
    some = list(in_order(rows)[(part - 1) * size : part * size])
    people = recipients_of(some)
    letters = [
        letter_of(touch, people[touch.account_id].contact, today=business_today())
        for touch in some
        if people[touch.account_id].refusal is None
    ]
    if letters:
        audit.record(
            actor=actor,
            action="letters.printed",
            subject=template,
            letters=len(letters),
        )
    return letters


def letter_pdf(*, touch: PlannedTouch) -> bytes:
    """Return the letter of one touch.

    Raises
    ------
    CannotSendError
        If nobody there allows letters, or the text asks for a field that there is not.
    """
    found = recipients_of([touch])[touch.account_id]
    if found.refusal:
        raise CannotSendError(found.refusal.message)
    letter = letter_of(touch, found.contact, today=business_today())
    return _pdf([letter], touch.template.title)


def mailing_list(
    *, actor: User, template: TouchTemplate, rows: QuerySet[PlannedTouch]
) -> Iterator[tuple[Any, ...]]:
    """Yield a line for each letter: to whom, and where to."""
    audit.record(actor=actor, action="mailing_list.exported", subject=template)
    ordered = in_order(rows)
    start = 0
    while some := list(ordered[start : start + CHUNK]):
        start += CHUNK
        people = recipients_of(some)
        for touch in some:
            found = people[touch.account_id]
            if found.refusal is None:
                yield _line(touch, found.contact)


def _line(touch: PlannedTouch, contact: Contact | None) -> tuple[Any, ...]:
    account = touch.account
    return (
        account.name,
        contact.name if contact else "",
        account.street,
        account.postcode,
        account.city,
        account.country,
        ", ".join(address_of(account, contact)),
    )


def _pdf(letters: list[Letter], title: str) -> bytes:
    firm = parseaddr(settings.DEFAULT_FROM_EMAIL)[0]
    return pdf_of(letters, firm=firm, title=title)
