"""What every change of many rows does alike: lock, keep, count, tell."""

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from crm.errors import BulkRefusedError
from crm.models import BulkEdit, User
from crm.services import audit

MOST_AT_ONCE = 100_000
LONGEST_MS = 120_000  # one transaction of this size may outlast a page's limit


def locked(rows: QuerySet[Any], expected: int) -> list[int]:
    """Lock the rows in the order of their keys and return these."""
    run(f"SET LOCAL statement_timeout = {LONGEST_MS}")
    plain = rows.order_by("pk").select_for_update(of=("self",))
    keys = list(plain.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if not keys:
        raise BulkRefusedError("Choose at least one row.")
    if len(keys) > MOST_AT_ONCE:
        raise BulkRefusedError(f"At most {MOST_AT_ONCE:,} rows are changed at once.")
    if len(keys) != expected:
        raise BulkRefusedError(
            f"{len(keys):,} rows match by now, not {expected:,}. Look again first."
        )
    return keys


def begin(
    actor: User, list_key: str, action: str, summary: str, **detail: Any
) -> BulkEdit:
    detail = {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in detail.items()
    }
    edit = BulkEdit.objects.create(
        actor=actor, list_key=list_key, action=action, summary=summary, detail=detail
    )
    edit.refresh_from_db()
    return edit


def finish(actor: User, edit: BulkEdit, changed: int) -> BulkEdit:
    edit.row_count = changed
    edit.save(update_fields=["row_count"])
    audit.record(
        actor=actor,
        action="bulk.changed",
        subject=edit,
        summary=edit.summary,
        rows=changed,
        **edit.detail,
    )
    return edit


def run(statement: str, **params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def mine(actor: User, edit: BulkEdit, model: Any) -> list[int]:
    """Return the rows of the edit that the actor still may see."""
    rows = model.objects.visible_to(actor).filter(pk__in=edit.rows.values("record_id"))
    return list(rows.order_by("pk").values_list("pk", flat=True))
