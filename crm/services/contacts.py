"""People at accounts: add, change, let go."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from common.clock import business_today
from common.errors import DomainError
from common.versions import save_changes
from crm.choices import Channel
from crm.errors import CannotSaveContactError, CannotSaveContactsError
from crm.models import Account, Consent, Contact, User
from crm.queries.consent import current_wishes
from crm.services import assessments, audit

FIELDS = (
    "name",
    "title",
    "email",
    "phone",
    "decision_role",
    "influence",
    "attitude",
    "needs",
    "preferences",
    "preferred_channel",
    "preferred_time",
    "language",
    "topics",
    "socials",
    "contact_cap",
    "do_not_contact",
    "do_not_contact_reason",
    "left_on",
)
# What goes along when a person changes to another account.
TAKEN_ALONG = (
    "name",
    "email",
    "phone",
    "preferences",
    "preferred_channel",
    "preferred_time",
    "language",
    "topics",
    "socials",
    "contact_cap",
    "do_not_contact",
    "do_not_contact_reason",
)


def create_contact(
    *, actor: User | None, account: Account, judged_source: str = "", **fields: Any
) -> Contact:
    """Add one person to an account, with a first assessment if one is given.

    Raises
    ------
    CannotSaveContactError
        If a value does not fit or the account was merged away.
    """
    values = checked(fields)
    if not values.get("name"):
        raise CannotSaveContactError("Give the person a name.", field="name")
    if account.merged_into_id:
        raise CannotSaveContactError(
            "This account was merged into another. Add people there.", field="account"
        )
    with transaction.atomic():
        contact = Contact.objects.create(account=account, **values)
        contact.refresh_from_db()
        if any(values.get(name) for name in assessments.JUDGED):
            assessments.note(actor=actor, contact=contact, source=judged_source)
        audit.record(actor=actor, action="contact.created", subject=contact)
    return contact


@transaction.atomic
def create_contacts(
    *, actor: User | None, rows: Sequence[Mapping[str, Any]]
) -> list[Contact]:
    """Add many people at once, all or none; each row is what `create_contact` takes.

    Raises
    ------
    CannotSaveContactsError
        If rows do not fit; it names them all, with what is wrong.
    """
    made, problems = [], {}
    for number, row in enumerate(rows):
        try:
            made.append(create_contact(actor=actor, **row))
        except DomainError as error:
            problems[number] = error
    if problems:
        raise CannotSaveContactsError(problems)
    return made


def change_contact(
    *,
    actor: User | None,
    contact: Contact,
    expected_version: int | None = None,
    **changes: Any,
) -> Contact:
    """Change what is known about one person; a new judgement is dated today.

    Raises
    ------
    CannotSaveContactError
        If a value does not fit.
    StaleRecordError
        If somebody else changed the person since `expected_version`.
    """
    values = checked(changes)
    judged = {n: values[n] for n in assessments.JUDGED if n in values}
    is_judged_anew = any(getattr(contact, name) != v for name, v in judged.items())
    with transaction.atomic():
        save_changes(contact, expected_version=expected_version, **values)
        if is_judged_anew:
            assessments.note(actor=actor, contact=contact)
        audit.record(
            actor=actor,
            action="contact.changed",
            subject=contact,
            fields=sorted(values),
        )
    return contact


def let_go(
    *,
    actor: User,
    contact: Contact,
    left_on: dt.date,
    successor: Contact | None = None,
    moved_to: Account | None = None,
    expected_version: int | None = None,
) -> Contact:
    """Note that a person left, who took over, and where they went.

    What happened with them stays at this account. At `moved_to` they get a row of
    their own that points back, with their wishes to be left alone; a yes was said for
    the old job and does not go along.

    Raises
    ------
    CannotSaveContactError
        If the successor works elsewhere or left, or they moved to where they are.
    StaleRecordError
        If somebody else changed the person since `expected_version`.
    """
    _check_successor(contact, successor, left_on)
    _check_move(contact, moved_to)
    with transaction.atomic():
        save_changes(
            contact,
            expected_version=expected_version,
            left_on=left_on,
            successor=successor,
        )
        if moved_to is not None:
            _arrive(actor, contact, moved_to)
        audit.record(
            actor=actor,
            action="contact.left",
            subject=contact,
            successor_id=successor.pk if successor else None,
            moved_to_id=moved_to.pk if moved_to else None,
        )
    return contact


def take_back(
    *, actor: User, contact: Contact, expected_version: int | None = None
) -> Contact:
    """Note that a person is at the account after all; a row elsewhere stays.

    Raises
    ------
    CannotSaveContactError
        If they did not leave.
    StaleRecordError
        If somebody else changed the person since `expected_version`.
    """
    if contact.left_on is None:
        raise CannotSaveContactError(f"{contact} did not leave.")
    with transaction.atomic():
        save_changes(
            contact, expected_version=expected_version, left_on=None, successor=None
        )
        audit.record(actor=actor, action="contact.returned", subject=contact)
    return contact


def _check_successor(
    contact: Contact, successor: Contact | None, left_on: dt.date
) -> None:
    if successor is None:
        return
    if successor.pk == contact.pk or successor.account_id != contact.account_id:
        raise CannotSaveContactError(
            "Choose somebody else of the same account.", field="successor"
        )
    if successor.has_left(left_on):
        raise CannotSaveContactError(f"{successor} left before.", field="successor")


def _check_move(contact: Contact, moved_to: Account | None) -> None:
    if moved_to is None:
        return
    if moved_to.pk == contact.account_id:
        raise CannotSaveContactError(
            "This is the account they left. Choose another.", field="moved_to"
        )
    if moved_to.merged_into_id:
        raise CannotSaveContactError(
            "This account was merged into another. Choose that.", field="moved_to"
        )
    if Contact.objects.filter(account=moved_to, moved_from=contact).exists():
        raise CannotSaveContactError(
            f"{contact} is known at {moved_to} already.", field="moved_to"
        )


def _arrive(actor: User, contact: Contact, account: Account) -> Contact:
    known = {name: getattr(contact, name) for name in TAKEN_ALONG}
    arrived = Contact.objects.create(account=account, moved_from=contact, **known)
    today = business_today()
    Consent.objects.bulk_create(
        Consent(
            contact=arrived,
            channel=wish.channel,
            topic=wish.topic,
            is_granted=False,
            wording=wish.wording,
            means=wish.means,
            obtained_on=min(wish.said_on, today),
            place=wish.place,
            proof=wish.proof or f"said at {contact.account}"[:200],
            recorded_by=actor,
        )
        for wish in current_wishes(contact)
        if not wish.is_granted
    )
    audit.record(
        actor=actor, action="contact.moved", subject=arrived, moved_from_id=contact.pk
    )
    return arrived


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"contacts have no such fields: {sorted(unknown)}")
    values = {k: v.strip() if isinstance(v, str) else v for k, v in fields.items()}
    if "name" in values and not values["name"]:
        raise CannotSaveContactError("Give the person a name.", field="name")
    assessments.check(values)
    channel = values.get("preferred_channel", "")
    if channel and channel not in Channel.values:
        raise CannotSaveContactError(
            f"There is no channel “{channel}”.", field="preferred_channel"
        )
    return values
