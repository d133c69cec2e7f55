"""Who stored a record lately, for people who edit it at the same time."""

import datetime as dt

from common.versions import Versioned
from crm.models import AuditEvent, User

MOST_NAMED = 3


def names_since(record: Versioned, seen_at: dt.datetime | None, but: User) -> list[str]:
    """Return the names of those who changed `record` after `seen_at`, oldest first."""
    if seen_at is None:
        return []
    acts = AuditEvent.objects.filter(
        subject_type=record._meta.label_lower,
        subject_id=record.pk,
        at__gt=seen_at,
        actor__isnull=False,
    ).exclude(actor=but)
    names = acts.order_by("at").values_list("actor__name", flat=True)
    return list(dict.fromkeys(names))[:MOST_NAMED]
