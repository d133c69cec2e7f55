"""Goals of customers with what they gained, and which are due for a review."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch, QuerySet, Sum

from crm.choices import TaskStatus
from crm.models import Account, ClientGoal, GoalEvidence, User
from crm.models.goals import PURSUED


@dataclass(frozen=True, slots=True)
class GoalRow:
    """One goal with its standing evidence; `delivered` is None when nobody said."""

    goal: ClientGoal
    evidence: list[GoalEvidence]
    delivered: Decimal | None
    is_due: bool
    has_open_step: bool


def goals(account: Account, today: dt.date) -> list[GoalRow]:
    """Return the goals of `account`, those pursued first, in two queries."""
    standing = GoalEvidence.objects.filter(voided_at=None)
    rows = (
        ClientGoal.objects.filter(account=account)
        .select_related("owner", "contact", "next_step")
        .prefetch_related(Prefetch("evidence", standing.select_related("recorded_by")))
    )
    found = [_row(goal, today) for goal in rows]
    return sorted(found, key=lambda row: (not row.goal.is_pursued, -row.goal.pk))


def delivered(account_id: int) -> Decimal | None:
    """Return what our work was worth to the customer; None when nobody said."""
    rows = GoalEvidence.objects.filter(account_id=account_id, voided_at=None)
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total


def goals_to_review(user: User, today: dt.date) -> QuerySet[ClientGoal]:
    """Return the goals that `user` looks after and should look at by `today`."""
    rows: QuerySet[ClientGoal] = ClientGoal.objects.visible_to(user).filter(
        owner=user, status__in=PURSUED, review_on__lte=today
    )
    return rows.select_related("account").order_by("review_on", "pk")


def _row(goal: ClientGoal, today: dt.date) -> GoalRow:
    evidence = list(goal.evidence.all())
    amounts = [one.amount for one in evidence if one.amount is not None]
    step = goal.next_step
    return GoalRow(
        goal=goal,
        evidence=evidence,
        delivered=sum(amounts, Decimal(0)) if amounts else None,
        is_due=bool(goal.is_pursued and goal.review_on and goal.review_on <= today),
        has_open_step=bool(step and step.status == TaskStatus.OPEN),
    )
