"""Planned touches are put off, or done earlier, within what the plan allows."""

import datetime as dt

from django.db import transaction

from campaigns import policy
from campaigns.choices import TouchStatus
from campaigns.errors import CannotMoveTouchError, TouchClosedError
from campaigns.models import PlannedTouch
from campaigns.services import standings
from common.clock import business_today
from crm.models import User
from crm.services import audit


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
            f"Choose a day from today to {latest:%Y-%m-%d}.", field="due_on"
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
