"""Events in a customer's life."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.errors import AlreadyExistsError, CannotSaveEventError
from crm.models import Account, AuditEvent, Contact, EventType, LifeEvent, User
from crm.services import audit

CHANGEABLE = ("type", "occurred_on", "contact", "note", "source")
TYPED = "typed"


def create_event(
    *,
    actor: User | None,
    account: Account,
    type: EventType,  # noqa: A002  the field's own name
    occurred_on: dt.date,
    contact: Contact | None = None,
    note: str = "",
    source: str = TYPED,
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
    _check(account, occurred_on=occurred_on, contact=contact)
    event = LifeEvent(
        account=account,
        contact=contact,
        type=type,
        occurred_on=occurred_on,
        note=note.strip(),
        source=source.strip() or TYPED,
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


def change_event(
    *,
    actor: User,
    event: LifeEvent,
    expected_version: int | None = None,
    **changes: Any,
) -> LifeEvent:
    """Correct one event; what it said before stays in the trail and can come back.

    Raises
    ------
    CannotSaveEventError
        If it was removed, or a value does not fit.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(changes).difference(CHANGEABLE):
        raise TypeError(f"events have no such fields to change: {sorted(unknown)}")
    _check_change(event, changes)
    was = _words(event)
    for name in ("note", "source"):
        if name in changes:
            changes[name] = changes[name].strip()
    changes["source"] = changes.get("source", event.source) or TYPED
    with transaction.atomic():
        save_changes(event, expected_version=expected_version, **changes)
        audit.record(
            actor=actor,
            action="event.changed",
            subject=event,
            was=was,
            version=event.version,
        )
    return event


def undo_change(*, actor: User, event: LifeEvent) -> LifeEvent:
    """Bring back what the event said before its newest change.

    Raises
    ------
    CannotSaveEventError
        If nothing was changed, or something happened to it since.
    """
    trail = AuditEvent.objects.filter(
        subject_type=event._meta.label_lower, subject_id=event.pk
    )
    newest = trail.filter(action="event.changed").first()
    if newest is None or newest.detail["version"] != event.version:
        raise CannotSaveEventError("This was changed again since. Edit it instead.")
    was = newest.detail["was"]
    return change_event(
        actor=actor,
        event=event,
        expected_version=event.version,
        type=EventType.objects.get(pk=was["type"]),
        occurred_on=dt.date.fromisoformat(was["occurred_on"]),
        contact=Contact.objects.filter(pk=was["contact"]).first(),
        note=was["note"],
        source=was["source"],
    )


def remove_event(*, actor: User, event: LifeEvent) -> LifeEvent:
    """Take an event out of every page; removing it twice changes nothing more."""
    return _void(actor, event, "event.removed", timezone.now())


def restore_event(*, actor: User, event: LifeEvent) -> LifeEvent:
    """Bring a removed event back; one that stands stays as it is."""
    return _void(actor, event, "event.restored", None)


def _void(
    actor: User, event: LifeEvent, action: str, at: dt.datetime | None
) -> LifeEvent:
    with transaction.atomic():
        stored = LifeEvent.objects.select_for_update(of=("self",)).get(pk=event.pk)
        if (stored.voided_at is None) == (at is not None):
            save_changes(stored, voided_at=at)
            audit.record(actor=actor, action=action, subject=stored)
    return stored


def _words(event: LifeEvent) -> dict[str, Any]:
    return {
        "type": event.type_id,
        "occurred_on": event.occurred_on.isoformat(),
        "contact": event.contact_id,
        "note": event.note,
        "source": event.source,
    }


def _check_change(event: LifeEvent, changes: dict[str, Any]) -> None:
    if event.voided_at is not None:
        raise CannotSaveEventError("This event was removed. Bring it back first.")
    wanted = changes.get("type", event.type)
    if wanted != event.type and not wanted.is_active:
        raise CannotSaveEventError(
            f"“{wanted}” is not used any more. Choose another type.", field="type"
        )
    _check(
        event.account,
        occurred_on=changes.get("occurred_on", event.occurred_on),
        contact=changes.get("contact"),
    )


def _check(account: Account, *, occurred_on: dt.date, contact: Contact | None) -> None:
    if occurred_on > business_today() + policy.FURTHEST_EVENT_AHEAD:
        raise CannotSaveEventError(
            "This day is more than five years ahead.", field="occurred_on"
        )
    if contact is not None and contact.account_id != account.pk:
        raise CannotSaveEventError(
            f"{contact} does not work at {account}.", field="contact"
        )


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
