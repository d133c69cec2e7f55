"""Changes of many cases at once, each kept in the history of its case."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm.choices import ListKey
from crm.errors import BulkRefusedError
from crm.models import BulkEdit, BulkEditRow, Case, User
from crm.services import audit, cases, notifications
from crm.services.bulk import UNDO_WITHIN

MOST_AT_ONCE = 1_000
FIELDS = frozenset({"urgency", "owner"})


@transaction.atomic
def set_field(
    *,
    actor: User,
    rows: QuerySet[Any],
    expected: int,
    field: str,
    value: Any,
    said: str = "",
) -> BulkEdit:
    """Give all `rows` the same urgency or owner; the new owner is told once.

    Raises
    ------
    BulkRefusedError
        If other rows than the `expected` number match by now, they are too many, one
        of them is settled, or the owner cannot sign in. Nothing is changed then.
    """
    if field not in FIELDS:
        raise BulkRefusedError("This field is changed one by one.", field="action")
    found = _locked(rows, expected)
    _check(found, field, value)
    edit = BulkEdit.objects.create(
        actor=actor,
        list_key=ListKey.CASES,
        action="set",
        summary=said or field,
        detail={"field": field, "value": _stored(value)},
    )
    edit.refresh_from_db()
    for case in found:
        before = _stored(getattr(case, field))
        if before == _stored(value):
            continue
        BulkEditRow.objects.create(edit=edit, record_id=case.pk, before=before)
        _set(actor, case, field, value)
        edit.row_count += 1
    edit.save(update_fields=["row_count"])
    if field == "owner" and edit.row_count:
        notifications.given_many(
            actor=actor, owner=value, count=edit.row_count, what="cases"
        )
    audit.record(
        actor=actor,
        action="bulk.changed",
        subject=edit,
        summary=edit.summary,
        rows=edit.row_count,
        **edit.detail,
    )
    return edit


@transaction.atomic
def undo(*, actor: User, edit: BulkEdit) -> int:
    """Take one's own change back; what somebody changed since stays as it is now.

    Raises
    ------
    BulkRefusedError
        If it is a colleague's, too old, or was undone before.
    """
    fresh = BulkEdit.objects.select_for_update().get(pk=edit.pk)
    if fresh.actor_id != actor.pk:
        raise BulkRefusedError("Only who made this change can undo it.")
    if fresh.created_at < timezone.now() - UNDO_WITHIN:
        raise BulkRefusedError("This is more than a week ago; change it anew instead.")
    if fresh.undone_at is not None:
        raise BulkRefusedError("This was undone before.")
    done = sum(_undo_one(actor, fresh, row) for row in fresh.rows.order_by("pk"))
    fresh.undone_at = timezone.now()
    fresh.save(update_fields=["undone_at"])
    audit.record(actor=actor, action="bulk.undone", subject=fresh, rows=done)
    return done


def _undo_one(actor: User, edit: BulkEdit, row: BulkEditRow) -> int:
    """Return 1 if the case is as it was, 0 if somebody changed or settled it since."""
    rows = Case.objects.visible_to(actor).unsettled().select_for_update(of=("self",))
    case = rows.filter(pk=row.record_id).first()
    field = edit.detail["field"]
    if case is None or _stored(getattr(case, field)) != edit.detail["value"]:
        return 0
    before: Any = row.before
    if field == "owner":
        before = User.objects.filter(pk=row.before or 0).first()
    _set(actor, case, field, before)
    return 1


def _set(actor: User, case: Case, field: str, value: Any) -> None:
    if field == "owner":
        cases.give(case, value, actor=actor)
    else:
        cases.change_case(actor=actor, case=case, **{field: value})


def _locked(rows: QuerySet[Any], expected: int) -> list[Case]:
    found = list(
        rows.order_by("pk").select_for_update(of=("self",))[: MOST_AT_ONCE + 1]
    )
    if not found:
        raise BulkRefusedError("Choose at least one row.")
    if len(found) > MOST_AT_ONCE:
        raise BulkRefusedError(f"At most {MOST_AT_ONCE:,} cases are changed at once.")
    if len(found) != expected:
        raise BulkRefusedError(
            f"{len(found):,} rows match by now, not {expected:,}. Look again first."
        )
    return found


def _check(found: list[Case], field: str, value: Any) -> None:
    if field == "owner" and not value.is_active:
        raise BulkRefusedError(f"{value} cannot sign in any more.", field="owner")
    if number := sum(not case.is_unsettled for case in found):
        raise BulkRefusedError(f"{number:,} of the cases are settled.")


def _stored(value: Any) -> Any:
    return value.pk if isinstance(value, User) else value
