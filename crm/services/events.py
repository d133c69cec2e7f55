"""Events in a customer's life."""

import datetime as dt

from django.db import IntegrityError, transaction

from common.clock import business_today
from crm import policy
from crm.errors import AlreadyExistsError, CannotSaveEventError
from crm.models import Account, Contact, EventType, LifeEvent, User
from crm.services import audit


def create_event(
    *,
    actor: User | None,
    account: Account,
    type: EventType,  # noqa: A002  the field's own name
    occurred_on: dt.date,
    contact: Contact | None = None,
    note: str = "",
    source: str = "typed",
    external_id: str | None = None,
) -> LifeEvent:
    """Store one event; what is known to come, such as a contract's end, may lie ahead.

    The same `source` and `external_id` twice give the first row when it is the same
    event.

    Raises
    ------
    CannotSaveEventError
        If the person is of another account, the type is switched off, or the day is
        over five years ahead.
    AlreadyExistsError
        If the external id names another event.
    """
    if account.merged_into_id:
        raise CannotSaveEventError(
            "This account was merged into another. Add it there.", field="account"
        )
    if not type.is_active:
        raise CannotSaveEventError(
            f"“{type}” is not used any more. Choose another type.", field="type"
        )
    if occurred_on > business_today() + policy.FURTHEST_EVENT_AHEAD:
        raise CannotSaveEventError(
            "This day is more than five years ahead.", field="occurred_on"
        )
    if contact is not None and contact.account_id != account.pk:
        raise CannotSaveEventError(
            f"{contact} does not work at {account}.", field="contact"
        )
    event = LifeEvent(
        account=account,
        contact=contact,
        type=type,
        occurred_on=occurred_on,
        note=note.strip(),
        source=source,
        external_id=external_id or None,
        created_by=actor,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                event.save(force_insert=True)
        except IntegrityError:
            return _same_event(event)
        audit.record(actor=actor, action="event.created", subject=event)
    return event


def _same_event(event: LifeEvent) -> LifeEvent:
    stored = LifeEvent.objects.filter(
        source=event.source, external_id=event.external_id
    ).first()
    if event.external_id is None or stored is None:
        raise CannotSaveEventError("The database refused this event.")
    facts = ("account_id", "type_id", "occurred_on", "contact_id", "note")
    if any(getattr(stored, name) != getattr(event, name) for name in facts):
        raise AlreadyExistsError(
            f"{event.source} has another event under {event.external_id}.",
            field="external_id",
        )
    return stored
