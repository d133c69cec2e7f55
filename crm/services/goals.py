"""Goals of customers: note, follow, show what they gained, promise the next step."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.choices import GoalStatus
from crm.errors import CannotSaveGoalError
from crm.models import Account, ClientGoal, Contact, GoalEvidence, User
from crm.services import audit, tasks

CHANGEABLE = ("title", "contact", "owner", "status", "target_on", "review_on")
LONGEST_TITLE = 300


def create_goal(
    *,
    actor: User,
    account: Account,
    title: str,
    owner: User | None = None,
    contact: Contact | None = None,
    status: str = GoalStatus.OPEN,
    target_on: dt.date | None = None,
    review_on: dt.date | None = None,
) -> ClientGoal:
    """Note a goal of a customer; it is reviewed after REVIEW_AFTER if nobody says when.

    Raises
    ------
    CannotSaveGoalError
        If it has no title, or a value does not fit.
    """
    if account.merged_into_id:
        raise CannotSaveGoalError(
            "This account was merged into another. Add it there.", field="account"
        )
    given = {"title": title, "contact": contact, "status": status}
    values = _checked(actor, account, {**given, "owner": owner or actor})
    with transaction.atomic():
        goal = ClientGoal.objects.create(
            account=account,
            target_on=target_on,
            review_on=review_on or business_today() + policy.REVIEW_AFTER,
            created_by=actor,
            **values,
        )
        goal.refresh_from_db()
        audit.record(actor=actor, action="goal.created", subject=goal)
    return goal


def change_goal(
    *,
    actor: User,
    goal: ClientGoal,
    expected_version: int | None = None,
    **changes: Any,
) -> ClientGoal:
    """Change what a goal is, how it stands, or when it is looked at again.

    Raises
    ------
    CannotSaveGoalError
        If a value does not fit.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(changes).difference(CHANGEABLE):
        raise TypeError(f"goals have no such fields to change: {sorted(unknown)}")
    values = _checked(actor, goal.account, changes, was=goal)
    was = goal.status
    with transaction.atomic():
        save_changes(goal, expected_version=expected_version, **values)
        audit.record(
            actor=actor,
            action="goal.changed",
            subject=goal,
            fields=sorted(values),
            **({"was": was, "status": goal.status} if was != goal.status else {}),
        )
    return goal


def add_evidence(
    *,
    actor: User,
    goal: ClientGoal,
    text: str,
    noted_on: dt.date | None = None,
    amount: Decimal | None = None,
) -> GoalEvidence:
    """Note what shows that a goal comes nearer; `amount` is its worth to the customer.

    Raises
    ------
    CannotSaveGoalError
        If nothing is said, or the day lies ahead.
    """
    day = noted_on or business_today()
    if not text.strip():
        raise CannotSaveGoalError("Say what was seen.", field="text")
    if day > business_today():
        raise CannotSaveGoalError(
            "This day lies ahead. Enter the day on which it was seen.", field="noted_on"
        )
    with transaction.atomic():
        made = GoalEvidence.objects.create(
            goal=goal,
            account=goal.account,
            text=text.strip(),
            noted_on=day,
            amount=amount,
            recorded_by=actor,
        )
        audit.record(actor=actor, action="goal.evidence_added", subject=goal)
    return made


def withdraw_evidence(*, actor: User, evidence: GoalEvidence) -> GoalEvidence:
    """Take evidence out of the sum; doing it twice changes nothing more."""
    with transaction.atomic():
        standing = GoalEvidence.objects.filter(pk=evidence.pk, voided_at=None)
        if standing.update(voided_at=timezone.now()):
            audit.record(
                actor=actor, action="goal.evidence_withdrawn", subject=evidence.goal
            )
    evidence.refresh_from_db()
    return evidence


def plan_next_step(
    *, actor: User, goal: ClientGoal, title: str, due_on: dt.date
) -> ClientGoal:
    """Promise the next step towards a goal: a task of the goal's owner.

    Raises
    ------
    CannotSaveTaskError
        If the task has no title or its day is past.
    """
    with transaction.atomic():
        task = tasks.create_task(
            actor=actor,
            account=goal.account,
            title=title,
            due_on=due_on,
            owner=goal.owner,
        )
        save_changes(goal, next_step=task)
        audit.record(actor=actor, action="goal.step_planned", subject=goal)
    return goal


def _checked(
    actor: User,
    account: Account,
    changes: dict[str, Any],
    was: ClientGoal | None = None,
) -> dict[str, Any]:
    values: dict[str, Any] = {
        k: v.strip() if isinstance(v, str) else v for k, v in changes.items()
    }
    title = values.get("title", "as it was")
    if not title or len(title) > LONGEST_TITLE:
        raise CannotSaveGoalError(
            f"Say what they want to reach, in {LONGEST_TITLE} characters at most.",
            field="title",
        )
    if values.get("status", GoalStatus.OPEN) not in GoalStatus.values:
        raise CannotSaveGoalError(
            f"There is no status “{values['status']}”.", field="status"
        )
    contact: Contact | None = values.get("contact")
    owner: User | None = values.get("owner")
    if contact is not None and contact.account_id != account.pk:
        raise CannotSaveGoalError(
            f"{contact} does not work at {account}.", field="contact"
        )
    is_kept = was is not None and was.owner == owner
    if owner and not (actor.sees_every_account or owner == actor or is_kept):
        raise CannotSaveGoalError("A manager gives goals to others.", field="owner")
    return values
