"""The firm's own catalogue of events: add, change, retire, delete what is unused."""

import zlib
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.text import slugify

from common.versions import save_changes
from crm.choices import EventIcon, EventTone, Importance
from crm.errors import CannotSaveEventTypeError
from crm.models import EventType, User
from crm.services import audit

FIELDS = ("name", "icon", "importance", "tone", "recurs_yearly")
LONGEST_KEY = 50
CLOSED: dict[str, list[Any]] = {
    "icon": EventIcon.values,
    "importance": Importance.values,
    "tone": EventTone.values,
}


def create_event_type(*, actor: User, **fields: Any) -> EventType:
    """Add a kind of event; its key for programs is made of its name.

    Raises
    ------
    CannotSaveEventTypeError
        If it has no name, or the catalogue has it already.
    """
    values = _checked(fields)
    name = values.get("name", "")
    if not name:
        raise CannotSaveEventTypeError("Give the type a name.", field="name")
    plain = slugify(name)[:LONGEST_KEY].replace("-", "_")
    key = plain or f"type_{zlib.crc32(name.encode())}"  # scripts that have no a to z
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = EventType.objects.create(key=key, **values)
        except IntegrityError as error:
            raise CannotSaveEventTypeError(
                f"The catalogue has “{name}” already.", field="name"
            ) from error
        made.refresh_from_db()
        audit.record(actor=actor, action="event_type.created", subject=made)
    return made


def change_event_type(
    *,
    actor: User,
    event_type: EventType,
    expected_version: int | None = None,
    **changes: Any,
) -> EventType:
    """Change how a kind of event is called and shown; its key stays.

    Raises
    ------
    CannotSaveEventTypeError
        If a value does not fit.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    values = _checked(changes)
    with transaction.atomic():
        save_changes(event_type, expected_version=expected_version, **values)
        audit.record(actor=actor, action="event_type.changed", subject=event_type)
    return event_type


def retire_event_type(*, actor: User, event_type: EventType) -> EventType:
    """Offer a kind of event no more; what happened keeps its name."""
    return _switch(actor, event_type, is_active=False)


def reinstate_event_type(*, actor: User, event_type: EventType) -> EventType:
    """Offer a retired kind of event again."""
    return _switch(actor, event_type, is_active=True)


def delete_event_type(*, actor: User, event_type: EventType) -> None:
    """Delete a kind of event that was never used.

    Raises
    ------
    CannotSaveEventTypeError
        If an event is of it.
    """
    with transaction.atomic():
        audit.record(
            actor=actor,
            action="event_type.deleted",
            subject=event_type,
            name=event_type.name,
        )
        try:
            event_type.delete()
        except ProtectedError as error:
            raise CannotSaveEventTypeError(
                f"“{event_type}” was used. Retire it instead; the past keeps its name."
            ) from error


def _switch(actor: User, event_type: EventType, *, is_active: bool) -> EventType:
    if event_type.is_active == is_active:
        return event_type
    with transaction.atomic():
        save_changes(event_type, is_active=is_active)
        action = "event_type.reinstated" if is_active else "event_type.retired"
        audit.record(actor=actor, action=action, subject=event_type)
    return event_type


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields).difference(FIELDS):
        raise TypeError(f"event types have no such fields: {sorted(unknown)}")
    values = {k: v.strip() if isinstance(v, str) else v for k, v in fields.items()}
    if "name" in values and not values["name"]:
        raise CannotSaveEventTypeError("Give the type a name.", field="name")
    for name in CLOSED.keys() & values.keys():
        if values[name] not in CLOSED[name]:
            raise CannotSaveEventTypeError(
                f"There is no {name} “{values[name]}”.", field=name
            )
    return values
