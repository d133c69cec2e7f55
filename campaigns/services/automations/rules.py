"""Automations as people keep them: written, changed, switched on and off, removed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.errors import CannotSaveAutomationError, CannotSwitchAutomationError
from campaigns.models import Automation, AutomationCursor, AutomationVersion
from campaigns.queries.automations import finding
from campaigns.queries.automations.rules import LIMIT_AN_HOUR, Rule, checked
from common.clock import business_today
from common.versions import save_changes
from crm.models import User
from crm.services import audit

Parts = Sequence[Mapping[str, Any]]
FURTHEST_BACK = dt.timedelta(days=366)
TAKEN = "There is an automation of this name."


@transaction.atomic
def create_automation(
    *,
    actor: User,
    name: str,
    trigger: Mapping[str, Any],
    actions: Parts,
    conditions: Parts = (),
    rest_days: Any = 0,
    limit_an_hour: Any = LIMIT_AN_HOUR,
) -> Automation:
    """Keep a new automation; it is off until somebody switches it on.

    Raises
    ------
    CannotSaveAutomationError
        If anything does not fit; it names every place.
    """
    rule = _sound(
        checked(
            name=name,
            trigger=trigger,
            conditions=conditions,
            actions=actions,
            rest_days=rest_days,
            limit_an_hour=limit_an_hour,
        )
    )
    try:
        with transaction.atomic():
            automation = Automation.objects.create(name=rule.name)
    except IntegrityError as error:
        raise CannotSaveAutomationError(TAKEN, field="name") from error
    automation.refresh_from_db()
    AutomationVersion.objects.create(
        automation=automation, number=1, author=actor, **rule.stored
    )
    audit.record(actor=actor, action="automation.created", subject=automation)
    return automation


@transaction.atomic
def change_automation(
    *,
    actor: User,
    automation: Automation,
    expected_version: int | None = None,
    **changes: Any,
) -> Automation:
    """Write a new version; what `changes` leaves out stays as it is.

    One that is on goes on with it at once. With another trigger it starts now: what
    happened before is no cause.

    Raises
    ------
    CannotSaveAutomationError
        If anything does not fit; it names every place.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    before = newest_version(automation)
    kept = {
        "name": automation.name,
        "trigger": before.trigger,
        "conditions": before.conditions,
        "actions": before.actions,
        "rest_days": before.rest_days,
        "limit_an_hour": before.limit_an_hour,
    }
    rule = _sound(checked(**(kept | changes)))
    try:
        with transaction.atomic():
            save_changes(automation, expected_version=expected_version, name=rule.name)
    except IntegrityError as error:
        raise CannotSaveAutomationError(TAKEN, field="name") from error
    is_other = any(getattr(before, key) != value for key, value in rule.stored.items())
    if is_other:
        AutomationVersion.objects.create(
            automation=automation,
            number=before.number + 1,
            author=actor,
            **rule.stored,
        )
    if automation.is_on and rule.trigger != before.trigger:
        _start(automation, timezone.now())
    audit.record(actor=actor, action="automation.changed", subject=automation)
    return automation


@transaction.atomic
def switch_on(
    *,
    actor: User,
    automation: Automation,
    since: dt.date | None = None,
    expected_version: int | None = None,
) -> Automation:
    """Let it act from now on, in the actor's name; one that is on stays as it is.

    With `since` it also decides what happened from that day on, and states that hold
    already.

    Raises
    ------
    CannotSwitchAutomationError
        If the day lies ahead or over a year back, or it was removed, or what it needs
        is not there any more.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if automation.removed_at is not None:
        raise CannotSwitchAutomationError("It was removed.")
    if automation.is_on and automation.stopped_at is None:
        return automation
    started_at = _start_of(since)
    _check_still_sound(automation)
    save_changes(
        automation,
        expected_version=expected_version,
        is_on=True,
        acts_as=actor,
        stopped_at=None,
        stopped_because="",
    )
    _start(automation, started_at, is_since=since is not None)
    audit.record(
        actor=actor,
        action="automation.switched_on",
        subject=automation,
        since=since.isoformat() if since else None,
    )
    return automation


@transaction.atomic
def switch_off(
    *, actor: User, automation: Automation, expected_version: int | None = None
) -> Automation:
    """Let it do nothing more. A firing that is under way is finished before."""
    save_changes(
        automation,
        expected_version=expected_version,
        is_on=False,
        stopped_at=None,
        stopped_because="",
    )
    audit.record(actor=actor, action="automation.switched_off", subject=automation)
    return automation


@transaction.atomic
def go_on(
    *, actor: User, automation: Automation, expected_version: int | None = None
) -> Automation:
    """Let one that its limit stopped go on where it stopped; the hour counts anew.

    Raises
    ------
    CannotSwitchAutomationError
        If it was not stopped.
    """
    if not automation.is_on or automation.stopped_at is None:
        raise CannotSwitchAutomationError("It was not stopped.")
    save_changes(
        automation,
        expected_version=expected_version,
        stopped_at=None,
        stopped_because="",
    )
    audit.record(actor=actor, action="automation.went_on", subject=automation)
    return automation


@transaction.atomic
def remove_automation(
    *, actor: User, automation: Automation, expected_version: int | None = None
) -> Automation:
    """Switch it off for good; what it did stays in the log."""
    save_changes(
        automation,
        expected_version=expected_version,
        is_on=False,
        removed_at=timezone.now(),
        stopped_at=None,
        stopped_because="",
    )
    audit.record(actor=actor, action="automation.removed", subject=automation)
    return automation


def newest_version(automation: Automation) -> AutomationVersion:
    """Return the version that counts."""
    return (
        AutomationVersion.objects.filter(automation=automation)
        .order_by("-number")[:1]
        .get()
    )


def _start(
    automation: Automation, started_at: dt.datetime, *, is_since: bool = False
) -> None:
    """Set the cursor; asked for the past, nothing that holds already is passed over."""
    AutomationCursor.objects.update_or_create(
        automation=automation,
        defaults={
            "started_at": started_at,
            "seen_until": started_at,
            "floors": {} if is_since else {"membership": finding.membership_floor()},
            "is_past_noted": is_since,
            "states_until": None,
            "days_until": None,
        },
    )


def _start_of(since: dt.date | None) -> dt.datetime:
    if since is None:
        return timezone.now()
    today = business_today()
    if since > today:
        raise CannotSwitchAutomationError("This day lies ahead.", field="since")
    if since < today - FURTHEST_BACK:
        raise CannotSwitchAutomationError(
            "That is more than a year ago.", field="since"
        )
    return timezone.make_aware(dt.datetime.combine(since, dt.time()))


def _check_still_sound(automation: Automation) -> None:
    """Refuse to start what names a plan, a person or a system that is gone."""
    version = newest_version(automation)
    rule = checked(
        name=automation.name,
        trigger=version.trigger,
        conditions=version.conditions,
        actions=version.actions,
        rest_days=version.rest_days,
        limit_an_hour=version.limit_an_hour,
    )
    if rule.errors:
        place, message = next(iter(rule.errors.items()))
        raise CannotSwitchAutomationError(
            f"Open and mend it first: {message} ({place})"
        )


def _sound(rule: Rule) -> Rule:
    if rule.errors:
        place, message = next(iter(rule.errors.items()))
        raise CannotSaveAutomationError(message, field=place, problems=rule.errors)
    return rule
