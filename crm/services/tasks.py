"""Tasks: promise, change, finish, give up."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.choices import TaskKind, TaskPriority, TaskStatus
from crm.errors import CannotSaveTaskError
from crm.models import Account, Task, Touchpoint, User
from crm.services import audit, notifications

DETAILS = frozenset({"due_at", "minutes", "kind", "priority", "contact", "deal"})
CHANGEABLE = frozenset({"title", "due_on", "owner"}) | DETAILS
CLOSED_LISTS = {"kind": TaskKind.values, "priority": TaskPriority.values}
LONGEST_TITLE = 300


def create_task(
    *,
    actor: User,
    account: Account | None,
    title: str,
    due_on: dt.date,
    owner: User | None = None,
    touchpoint: Touchpoint | None = None,
    **details: Any,
) -> Task:
    """Add one task, the actor's own unless another owner is given.

    `details` may name `due_at` (a time of day in the company's zone), `minutes`,
    `kind`, `priority`, `contact` and `deal`; a deal brings its account.

    Raises
    ------
    CannotSaveTaskError
        If the title is empty or too long, the day is past or years ahead, or a person
        or deal is another account's.
    """
    _check_names(details, DETAILS)
    deal = details.get("deal")
    if account is None and deal is not None:
        account = deal.account
    title = checked_title(title)
    check_day(due_on)
    _check_details(account, details)
    with transaction.atomic():
        task = Task.objects.create(
            account=account,
            owner=owner or actor,
            title=title,
            due_on=due_on,
            touchpoint=touchpoint,
            created_by=actor,
            **details,
        )
        audit.record(actor=actor, action="task.created", subject=task)
        _tell(actor, task, is_given=True)
    return task


def change_task(
    *, actor: User, task: Task, expected_version: int | None = None, **changes: Any
) -> Task:
    """Change an open task: its title, day, owner or details.

    Raises
    ------
    CannotSaveTaskError
        If the task is closed or a value does not fit.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    _check_names(changes, CHANGEABLE)
    if task.status != TaskStatus.OPEN:
        raise CannotSaveTaskError("This task is closed.")
    if "title" in changes:
        changes["title"] = checked_title(changes["title"])
    if "due_on" in changes and changes["due_on"] != task.due_on:
        check_day(changes["due_on"])
    _check_details(task.account, changes)
    owner_before, title_before = task.owner_id, task.title
    with transaction.atomic():
        save_changes(task, expected_version=expected_version, **changes)
        audit.record(actor=actor, action="task.changed", subject=task)
        is_given = task.owner_id != owner_before
        _tell(actor, task, is_given=is_given, title_before=title_before)
    return task


def _tell(actor: User, task: Task, *, is_given: bool, title_before: str = "") -> None:
    """Tell who has the task now, and whom its title names."""
    if is_given:
        notifications.given_task(actor=actor, task=task)
    if task.title == title_before:
        return
    account = task.account
    notifications.mention(
        actor=actor,
        account=account,
        owner=task.owner,
        text=task.title,
        before=title_before,
        url=(
            notifications.account_url(account)
            if account
            else reverse("campaigns:task_list")
        ),
    )


def complete_task(*, actor: User, task: Task) -> Task:
    """Mark an open task done. A task that is done already stays as it is.

    Raises
    ------
    CannotSaveTaskError
        If it was cancelled.
    """
    return _close(actor=actor, task=task, status=TaskStatus.DONE)


def cancel_task(*, actor: User, task: Task) -> Task:
    """Give an open task up. A task that is cancelled already stays as it is.

    Raises
    ------
    CannotSaveTaskError
        If it was done.
    """
    return _close(actor=actor, task=task, status=TaskStatus.CANCELLED)


def reopen_task(*, actor: User, task: Task) -> Task:
    """Open a closed task again; an open one stays as it is."""
    with transaction.atomic():
        rows = Task.objects.filter(pk=task.pk).exclude(status=TaskStatus.OPEN)
        if rows.update(
            status=TaskStatus.OPEN,
            done_at=None,
            version=F("version") + 1,
            updated_at=timezone.now(),
        ):
            audit.record(actor=actor, action="task.reopened", subject=task)
    task.refresh_from_db()
    return task


def _close(*, actor: User, task: Task, status: TaskStatus) -> Task:
    now = timezone.now()
    with transaction.atomic():
        changed = Task.objects.filter(pk=task.pk, status=TaskStatus.OPEN).update(
            status=status,
            done_at=now if status == TaskStatus.DONE else None,
            version=F("version") + 1,
            updated_at=now,
        )
        if changed:
            audit.record(actor=actor, action=f"task.{status}", subject=task)
    task.refresh_from_db()
    if task.status != status:
        raise CannotSaveTaskError(
            f"This task was {task.get_status_display().lower()} before."
        )
    return task


def _check_names(changes: dict[str, Any], known: frozenset[str]) -> None:
    if unknown := set(changes) - known:
        raise TypeError(f"tasks have no such fields to change: {sorted(unknown)}")


def _check_details(account: Account | None, details: dict[str, Any]) -> None:
    key = account.pk if account else None
    for name in ("contact", "deal"):
        other = details.get(name)
        if other is not None and other.account_id != key:
            raise CannotSaveTaskError(
                f"Choose a {name} of the task’s account.", field=name
            )
    for name, known in CLOSED_LISTS.items():
        if name in details and details[name] not in known:
            raise CannotSaveTaskError(f"There is no such {name}.", field=name)
    minutes = details.get("minutes")
    if minutes is not None and not 0 < minutes <= policy.LONGEST_CONTACT_MINUTES:
        raise CannotSaveTaskError("Minutes lie between 1 and a day.", field="minutes")


def checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise CannotSaveTaskError("Say what is to be done.", field="title")
    if len(title) > LONGEST_TITLE:
        raise CannotSaveTaskError(
            f"Keep it under {LONGEST_TITLE} characters.", field="title"
        )
    return title


def check_day(due_on: dt.date) -> None:
    today = business_today()
    if due_on < today:
        raise CannotSaveTaskError(
            "This day is past. Choose today or later.", field="due_on"
        )
    if due_on > today + policy.FURTHEST_TASK_AHEAD:
        raise CannotSaveTaskError(
            "This day is more than five years ahead.", field="due_on"
        )
