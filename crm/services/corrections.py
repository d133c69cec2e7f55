"""A contact that was logged wrong: correct it, or take it back with a reason."""

from typing import Any

from django.db import transaction

from common.errors import StaleRecordError
from crm.choices import TouchpointSource
from crm.errors import CannotUndoError
from crm.models import Touchpoint, User
from crm.services import audit, ledger, notifications, touchpoints
from crm.services.touchpoints import COST_SOURCE, RATINGS

CORRECTABLE = frozenset(
    {
        "contact",
        "channel",
        "direction",
        "occurred_at",
        "minutes",
        "note",
        "outcome",
        "phase",
        "care",
        *(f"rating_{name}" for name in RATINGS),
    }
)


def void_touchpoint(*, actor: User, touchpoint: Touchpoint, reason: str) -> Touchpoint:
    """Take back a contact that never was, however long ago it was logged, and say why.

    Does what undoing does; voiding twice changes nothing more.

    Raises
    ------
    CannotUndoError
        If it is a colleague's and the actor is no manager, counts as a touch of the
        plan, or no reason is given.
    """
    reason = reason.strip()
    if not reason:
        raise CannotUndoError("Say why this contact is taken back.", field="reason")
    with transaction.atomic():
        stored = touchpoints.lock_touchpoint(touchpoint)
        touchpoints.check_rights(stored, actor=actor)
        if stored.source == TouchpointSource.PLAN:
            raise CannotUndoError(
                "This contact counts as a touch of the plan. Take the touch back.",
                field="reason",
            )
        if stored.voided_at is None:
            touchpoints.take_back(stored, actor=actor, reason=reason)
            audit.record(
                actor=actor, action="touchpoint.voided", subject=stored, reason=reason
            )
    touchpoint.refresh_from_db()
    return touchpoint


def correct_touchpoint(
    *,
    actor: User,
    touchpoint: Touchpoint,
    expected_fingerprint: str | None = None,
    **changes: Any,
) -> Touchpoint:
    """Correct what was logged; its minutes are priced anew, to the cent.

    Costs are never edited: the former one is reversed and the new one posted, at the
    hourly cost of whoever logged. The audit trail keeps the former values.

    Raises
    ------
    CannotUndoError
        If it is a colleague's and the actor is no manager, or it was taken back.
    CannotLogError
        If it cannot have been like that.
    StaleRecordError
        If somebody corrected it since `expected_fingerprint` was read.
    """
    if unknown := set(changes) - CORRECTABLE:
        raise TypeError(f"contacts have no such fields to correct: {sorted(unknown)}")
    with transaction.atomic():
        stored = touchpoints.lock_touchpoint(touchpoint)
        touchpoints.check_rights(stored, actor=actor)
        if stored.voided_at is not None:
            raise CannotUndoError("This contact was taken back. Log it anew.")
        if expected_fingerprint not in {None, stored.fingerprint}:
            raise StaleRecordError
        before = {name: getattr(stored, name) for name in changes}
        for name, value in changes.items():
            setattr(stored, name, value)
        changed = [name for name in changes if getattr(stored, name) != before[name]]
        if changed:
            _correct(stored, actor=actor, before=before, changed=changed)
    touchpoint.refresh_from_db()
    return touchpoint


def _correct(
    row: Touchpoint, *, actor: User, before: dict[str, Any], changed: list[str]
) -> None:
    """Store what was corrected, its cost and the last contact that follows from it."""
    # Who was free to be called then may mind now; a typo can still be mended.
    judges = bool({"contact", "channel", "direction", "occurred_at"} & set(changed))
    touchpoints.check(row, minutes=row.minutes, judges_contact=judges)
    row.minutes, row.note = row.minutes or None, row.note.strip()
    row.save(update_fields=changed)
    if {"minutes", "occurred_at", "channel"} & set(changed):
        costs = row.costs.filter(source=COST_SOURCE)
        for cost in costs.filter(reverses=None, reversed_by=None):
            ledger.reverse_entry(actor=actor, entry=cost, reason="contact corrected")
        touchpoints.charge_minutes(row, actor=actor)
    touchpoints.find_last_contact(row.account)
    audit.record(
        actor=actor,
        action="touchpoint.corrected",
        subject=row,
        before={name: str(before[name] or "") for name in changed},
    )
    if "note" in changed:
        notifications.mention(
            actor=actor,
            account=row.account,
            text=row.note,
            before=before["note"],
            url=notifications.account_url(row.account, tab="timeline"),
        )
