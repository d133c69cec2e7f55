"""Changes of many rows at once: all of them or none, and they can be undone."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Model, QuerySet
from django.utils import timezone

from crm.choices import ListKey, TaskStatus
from crm.errors import BulkRefusedError
from crm.models import Account, BulkEdit, Contact, Tag, Task, User
from crm.permissions import ASSIGN_ACCOUNTS
from crm.services import accounts, audit, contacts, handover, notifications, tasks
from crm.services.bulk_steps import begin, finish, locked, mine, run

UNDO_WITHIN = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Target:
    """What a list's rows are stored in, and which of their fields many may share."""

    model: type[Model]
    table: str
    fields: frozenset[str]
    tag_table: str = ""
    tag_column: str = ""


_TARGETS: Mapping[str, _Target] = {
    ListKey.ACCOUNTS: _Target(
        Account,
        "crm_account",
        frozenset(
            {
                "owner",
                "territory",
                "stage",
                "industry",
                "size_band",
                "source",
                "relationship_type",
            }
        ),
        "crm_account_tags",
        "account_id",
    ),
    ListKey.CONTACTS: _Target(
        Contact,
        "crm_contact",
        frozenset({"decision_role", "attitude"}),
        "crm_contact_tags",
        "contact_id",
    ),
    ListKey.TASKS: _Target(Task, "crm_task", frozenset({"owner", "due_on"})),
}
_STORED_AS = {ListKey.PROSPECTS.value: ListKey.ACCOUNTS.value}  # they are accounts


def set_field(
    *,
    actor: User,
    list_key: str,
    rows: QuerySet[Any],
    expected: int,
    field: str,
    value: Any,
    said: str = "",
) -> BulkEdit:
    """Give all `rows` the same value of one field.

    Raises
    ------
    BulkRefusedError
        If other rows than the `expected` number match by now, they are too many, or
        one of them may not be changed. Nothing is changed then.
    DomainError
        If the value does not fit.
    """
    target = _target(list_key)
    if field not in target.fields:
        raise BulkRefusedError("This field is changed one by one.", field="action")
    _check_value(actor, target, field, value)
    column, stored = _stored(target, field, value)
    with transaction.atomic():
        keys = locked(rows, expected)
        _check_rows(target, keys)
        edit = begin(actor, list_key, "set", said or field, field=field, value=stored)
        run(
            f"INSERT INTO crm_bulkeditrow (edit_id, record_id, before)"
            f" SELECT %(edit)s, id, to_jsonb({column}) FROM {target.table}"
            f" WHERE id = ANY(%(keys)s) AND {column} IS DISTINCT FROM %(value)s",
            edit=edit.pk,
            keys=keys,
            value=stored,
        )
        changed = run(
            f"UPDATE {target.table} t SET {column} = %(value)s, version = version + 1,"
            " updated_at = now() FROM crm_bulkeditrow r"
            " WHERE r.edit_id = %(edit)s AND t.id = r.record_id",
            edit=edit.pk,
            value=stored,
        )
        finish(actor, edit, changed)
        if field == "owner" and changed:
            what = "tasks" if target.model is Task else "accounts"
            notifications.given_many(actor=actor, owner=value, count=changed, what=what)
            if target.model is Account:
                handover.move_cases(actor=actor, edit=edit)
    return edit


def change_tag(
    *,
    actor: User,
    list_key: str,
    rows: QuerySet[Any],
    expected: int,
    tag: Tag,
    is_added: bool,
) -> BulkEdit:
    """Put a tag on all `rows`, or take it off them.

    Raises
    ------
    BulkRefusedError
        As `set_field`.
    """
    target = _target(list_key)
    if not target.tag_table:
        raise BulkRefusedError("These carry no tags.", field="action")
    with transaction.atomic():
        keys = locked(rows, expected)
        said = f"Tag “{tag}” {'added' if is_added else 'taken off'}"
        action = "tag" if is_added else "untag"
        edit = begin(actor, list_key, action, said, tag=tag.pk)
        changed = _tag(target, keys, tag.pk, edit.pk, is_added=is_added)
        return finish(actor, edit, changed)


def add_tasks(
    *,
    actor: User,
    rows: QuerySet[Account],
    expected: int,
    title: str,
    due_on: dt.date,
    owner: User | None = None,
    list_key: str = ListKey.ACCOUNTS,
) -> BulkEdit:
    """Add one task to each account: for `owner`, else the account's owner or the actor.

    Raises
    ------
    BulkRefusedError
        As `set_field`.
    CannotSaveTaskError
        If title or day do not fit.
    """
    title = tasks.checked_title(title)
    tasks.check_day(due_on)
    if owner is not None and owner != actor and not actor.sees_every_account:
        raise BulkRefusedError("A manager gives tasks to others.", field="owner")
    with transaction.atomic():
        keys = locked(rows, expected)
        edit = begin(actor, list_key, "tasks", f"Task “{title}” added"[:300])
        changed = run(
            "WITH made AS (INSERT INTO crm_task"
            " (account_id, owner_id, title, due_on, status, created_by_id)"
            " SELECT id, coalesce(%(owner)s, owner_id, %(actor)s), %(title)s,"
            " %(due_on)s, 'open', %(actor)s FROM crm_account"
            " WHERE id = ANY(%(keys)s) ORDER BY id RETURNING id)"
            " INSERT INTO crm_bulkeditrow (edit_id, record_id)"
            " SELECT %(edit)s, id FROM made",
            owner=owner.pk if owner else None,
            actor=actor.pk,
            title=title,
            due_on=due_on,
            keys=keys,
            edit=edit.pk,
        )
        _tell_owners(actor, edit)
        return finish(actor, edit, changed)


def finish_tasks(
    *, actor: User, rows: QuerySet[Task], expected: int, list_key: str = ListKey.TASKS
) -> BulkEdit:
    """Mark all `rows` done.

    Raises
    ------
    BulkRefusedError
        As `set_field`; a task that is closed already is one that may not be changed.
    """
    with transaction.atomic():
        keys = locked(rows, expected)
        _check_rows(_target(list_key), keys)
        edit = begin(actor, list_key, "done", "Marked done")
        changed = run(
            "WITH done AS (UPDATE crm_task SET status = 'done', done_at = now(),"
            " version = version + 1, updated_at = now()"
            " WHERE id = ANY(%(keys)s) RETURNING id)"
            " INSERT INTO crm_bulkeditrow (edit_id, record_id)"
            " SELECT %(edit)s, id FROM done",
            keys=keys,
            edit=edit.pk,
        )
        return finish(actor, edit, changed)


def undo(*, actor: User, edit: BulkEdit) -> int:
    """Take one's own bulk edit back; return how many rows are as they were.

    What somebody changed since stays as it is now.

    Raises
    ------
    BulkRefusedError
        If it is a colleague's, too old, or was undone before.
    """
    if edit.actor_id != actor.pk:
        raise BulkRefusedError("Only who made this change can undo it.")
    if edit.created_at < timezone.now() - UNDO_WITHIN:
        raise BulkRefusedError("This is more than a week ago; change it anew instead.")
    with transaction.atomic():
        fresh = BulkEdit.objects.select_for_update().get(pk=edit.pk)
        if fresh.undone_at is not None:
            raise BulkRefusedError("This was undone before.")
        done = _UNDO[fresh.action](actor, fresh)
        handover.move_cases_back(actor=actor, edit=fresh)
        fresh.undone_at = timezone.now()
        fresh.save(update_fields=["undone_at"])
        audit.record(actor=actor, action="bulk.undone", subject=fresh, rows=done)
    return done


# -- Steps -----------------------------------------------------------------------------


def _target(list_key: str) -> _Target:
    key = _STORED_AS.get(list_key, list_key)
    if key not in _TARGETS:
        raise BulkRefusedError(f"There is no list “{list_key}”.")
    return _TARGETS[key]


def _check_value(actor: User, target: _Target, field: str, value: Any) -> None:
    """Ask the service of the single record whether it would take the value."""
    if target.model is Account:
        if field == "owner" and not actor.has_perm(ASSIGN_ACCOUNTS):
            raise BulkRefusedError("A manager hands accounts over.", field="owner")
        accounts.checked({field: value})
    elif target.model is Contact:
        contacts.checked({field: value})
    elif field == "due_on":
        tasks.check_day(value)
    elif not actor.sees_every_account and value != actor:
        raise BulkRefusedError("A manager gives tasks to others.", field="owner")
    if field == "owner" and not value.is_active:
        raise BulkRefusedError(f"{value} cannot sign in any more.", field="owner")


def _stored(target: _Target, field: str, value: Any) -> tuple[str, Any]:
    """Return the column behind a field and the value as it is stored."""
    column = _column(target, field).column
    if isinstance(value, Model):
        return column, value.pk
    return column, value.strip() if isinstance(value, str) else value


def _column(target: _Target, field: str) -> Any:
    return target.model._meta.get_field(field)


def _check_rows(target: _Target, keys: Sequence[int]) -> None:
    if target.model is not Task:
        return
    closed = Task.objects.filter(pk__in=keys).exclude(status=TaskStatus.OPEN)
    if number := closed.count():
        raise BulkRefusedError(f"{number:,} of the tasks are closed.")


def _tell_owners(actor: User, edit: BulkEdit) -> None:
    """Tell each person once how many tasks were added for them."""
    rows = Task.objects.filter(pk__in=edit.rows.values("record_id")).order_by()
    counted = dict(rows.values_list("owner").annotate(number=Count("pk")))
    for owner in User.objects.filter(pk__in=counted).order_by("pk"):
        notifications.given_many(
            actor=actor, owner=owner, count=counted[owner.pk], what="tasks"
        )


def _tag(
    target: _Target, keys: Iterable[int], tag: int, edit: int, *, is_added: bool
) -> int:
    table, column = target.tag_table, target.tag_column
    if is_added:
        act = (
            f"INSERT INTO {table} ({column}, tag_id) SELECT key, %(tag)s"
            f" FROM unnest(%(keys)s::bigint[]) key ON CONFLICT DO NOTHING"
            f" RETURNING {column}"
        )
    else:
        act = (
            f"DELETE FROM {table} WHERE tag_id = %(tag)s AND {column} = ANY(%(keys)s)"
            f" RETURNING {column}"
        )
    return run(
        f"WITH done AS ({act}) INSERT INTO crm_bulkeditrow (edit_id, record_id)"
        f" SELECT %(edit)s, {column} FROM done",
        tag=tag,
        keys=list(keys),
        edit=edit,
    )


# -- Undoing ---------------------------------------------------------------------------


def _undo_set(actor: User, edit: BulkEdit) -> int:
    target = _target(edit.list_key)
    meta = _column(target, edit.detail["field"])
    return run(
        f"UPDATE {target.table} t SET"
        f" {meta.column} = (r.before #>> '{{}}')::{meta.db_type(connection)},"
        " version = t.version + 1, updated_at = now() FROM crm_bulkeditrow r"
        " WHERE r.edit_id = %(edit)s AND t.id = r.record_id"
        f" AND to_jsonb(t.{meta.column}) IS NOT DISTINCT FROM %(value)s::jsonb"
        " AND t.id = ANY(%(mine)s)",
        edit=edit.pk,
        value=json.dumps(edit.detail["value"]),
        mine=mine(actor, edit, target.model),
    )


def _undo_tag(actor: User, edit: BulkEdit) -> int:
    """Take off what was put on, and put on what was taken off."""
    target = _target(edit.list_key)
    table, column = target.tag_table, target.tag_column
    params = {"tag": edit.detail["tag"], "mine": mine(actor, edit, target.model)}
    if edit.action == "tag":
        return run(
            f"DELETE FROM {table} WHERE tag_id = %(tag)s AND {column} = ANY(%(mine)s)",
            **params,
        )
    return run(
        f"INSERT INTO {table} ({column}, tag_id) SELECT key, t.id"
        " FROM unnest(%(mine)s::bigint[]) key, crm_tag t WHERE t.id = %(tag)s"
        " ON CONFLICT DO NOTHING",
        **params,
    )


def _undo_tasks(actor: User, edit: BulkEdit) -> int:
    """Cancel the tasks that nobody touched since."""
    return run(
        "UPDATE crm_task SET status = 'cancelled', version = version + 1,"
        " updated_at = now() WHERE id = ANY(%(mine)s) AND status = 'open'"
        " AND version = 1",
        mine=mine(actor, edit, Task),
    )


def _undo_done(actor: User, edit: BulkEdit) -> int:
    """Open the tasks again that are still done."""
    return run(
        "UPDATE crm_task SET status = 'open', done_at = NULL, version = version + 1,"
        " updated_at = now() WHERE id = ANY(%(mine)s) AND status = 'done'",
        mine=mine(actor, edit, Task),
    )


_UNDO = {
    "set": _undo_set,
    "tag": _undo_tag,
    "untag": _undo_tag,
    "tasks": _undo_tasks,
    "done": _undo_done,
}
