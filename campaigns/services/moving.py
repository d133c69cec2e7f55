"""Planned touches are put off, done earlier, or given to a colleague."""

import datetime as dt

from django.db import transaction
from django.urls import reverse

from campaigns import policy
from campaigns.choices import OwnerRole, TouchStatus
from campaigns.errors import (
    CannotGiveTouchError,
    CannotMoveTouchError,
    TouchClosedError,
)
from campaigns.models import PlannedTouch
from campaigns.permissions import DO_TOUCHES
from campaigns.services import standings
from common.clock import business_today
from crm.choices import NotificationKind
from crm.models import User
from crm.services import audit, notifications


@transaction.atomic
def move_touch(*, actor: User, touch: PlannedTouch, due_on: dt.date) -> PlannedTouch:
    """Put an open touch on another day; the plan does not move it back.

    Raises
    ------
    CannotMoveTouchError
        If the day is past, or further ahead than touches are planned.
    TouchClosedError
        If the touch was done, skipped or cancelled meanwhile.
    """
    today = business_today()
    latest = today + dt.timedelta(days=policy.PUBLISH_AHEAD_DAYS)
    if not today <= due_on <= latest:
        raise CannotMoveTouchError(
            f"Choose a day from today to {latest.day} {latest:%b %Y}.", field="due_on"
        )
    touch = PlannedTouch.objects.select_for_update(no_key=True).get(pk=touch.pk)
    if touch.status != TouchStatus.DUE:
        raise TouchClosedError
    if touch.due_on == due_on:
        return touch
    before, touch.due_on = touch.due_on, due_on
    touch.save(update_fields=["due_on"])
    standings.refresh_next_touches([touch.account_id])
    audit.record(
        actor=actor,
        action="touch.moved",
        subject=touch,
        due_on=[before.isoformat(), due_on.isoformat()],
    )
    return touch


@transaction.atomic
def give_touch(
    *, actor: User, touch: PlannedTouch, to: User, reason: str = ""
) -> PlannedTouch:
    """Give an open touch to a colleague, who finds it in their Today and is told.

    Given to whom it falls anyway, it is theirs again as the plan says. The account
    stays whose it is.

    Raises
    ------
    CannotGiveTouchError
        If the colleague left, or does no touches.
    TouchClosedError
        If the touch was done, skipped or cancelled meanwhile.
    """
    if not to.is_active or not to.has_perm(DO_TOUCHES):
        raise CannotGiveTouchError(f"{to} does no touches.", field="to")
    rows = PlannedTouch.objects.select_for_update(of=("self",))
    touch = rows.select_related("account", "template").get(pk=touch.pk)
    if touch.status != TouchStatus.DUE:
        raise TouchClosedError
    before = touch.assigned_to_id
    touch.assigned_to = None if _falls_to(touch, to) else to
    if touch.assigned_to_id == before:
        return touch
    touch.reason = reason.strip()[:300]
    touch.save(update_fields=["assigned_to", "reason"])
    audit.record(
        actor=actor,
        action="touch.given",
        subject=touch,
        assigned_to=[before, touch.assigned_to_id],
        reason=touch.reason,
    )
    notifications.notify(
        user=to,
        actor=actor,
        kind=NotificationKind.TASK,
        text=f"{actor} gave you “{touch.template.title}”, due {touch.due_on:%-d %B}.",
        url=reverse("campaigns:today"),
    )
    return touch


def _falls_to(touch: PlannedTouch, person: User) -> bool:
    """Tell whether a touch is this person's without anybody giving it to them."""
    is_rep = touch.owner_role == OwnerRole.REP
    return is_rep and touch.account.owner_id == person.pk
