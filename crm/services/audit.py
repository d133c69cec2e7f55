"""The audit trail: who did what to which record."""

from typing import Any

from django.db.models import Model

from crm.models import AuditEvent, User


def record(
    *, actor: User | None, action: str, subject: Model | None = None, **detail: Any
) -> AuditEvent:
    """Write one audit row; call it inside the transaction of the act itself."""
    return AuditEvent.objects.create(
        actor=actor,
        action=action,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject else None,
        detail=detail,
    )
