"""Meetings that calendars tell of: proposed, followed, and logged once confirmed."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.calendars import Happening, Told, read_calendar
from common.versions import save_changes
from common.zones import zone_of
from crm import policy
from crm.capture_choices import MeetingStatus
from crm.choices import Channel, Direction, TouchpointSource
from crm.errors import CannotConfirmError, CannotLogError
from crm.models import (
    Account,
    CalendarSubscription,
    Contact,
    Meeting,
    Touchpoint,
    User,
)
from crm.queries.reachable import people_at
from crm.services import audit, touchpoints

SAME = uuid.UUID("c1f7a0f4-6f0b-4f55-9a2e-6d4b8a1f0c57")  # the space of their ids


@dataclass(slots=True)
class Followed:
    """What a calendar changed: meetings proposed or moved, withdrawn, not ours."""

    proposed: int = 0
    withdrawn: int = 0
    passed: int = 0


def follow_calendar(
    *,
    actor: User,
    text: str,
    by: User | None = None,
    subscription: CalendarSubscription | None = None,
    first: dt.datetime | None = None,
    last: dt.datetime | None = None,
) -> Followed:
    """Propose the meetings in a calendar, and withdraw those that are gone from it.

    They are `by`'s, else the actor's. Events with nobody known among those who take
    part are passed over. A subscription is a whole calendar: what it does not name any
    more has been deleted.

    Raises
    ------
    UnreadableCalendarError
        If it is no calendar; nothing is changed then.
    CannotLogError
        If the actor may not name others.
    """
    whose = _whose(actor, by)
    now = timezone.now()
    first = first or now - dt.timedelta(days=policy.CAPTURES_LOOK_BACK_DAYS)
    last = last or now + policy.MEETINGS_AHEAD
    told = read_calendar(text, first=first, last=last, zone=zone_of(whose))
    followed = Followed()
    for one in told.happenings:
        try:
            _follow(whose, one, subscription, followed)
        except CannotLogError:
            followed.passed += 1
    followed.withdrawn += _withdraw_missing(whose, told, subscription, first, last)
    return followed


@transaction.atomic
def follow_meeting(
    *, actor: User, happening: Happening, by: User | None = None
) -> Meeting | None:
    """Propose one meeting, move it, or withdraw it; None if a cancelled one is unknown.

    What the calendar told later, by its `sequence`, is not undone by what it told
    before.

    Raises
    ------
    CannotLogError
        If nobody is known among those who take part, or the actor may not name others.
    """
    whose = _whose(actor, by)
    stored = _stored(whose, happening)
    if happening.is_cancelled or whose.email.lower() in happening.declined:
        _withdraw(stored, happening.sequence)
        return stored
    return _propose(whose, happening, stored)


@transaction.atomic
def confirm(
    *,
    actor: User,
    meeting: Meeting,
    minutes: int | None = None,
    note: str | None = None,
    outcome: str = "",
    contact: Contact | None = None,
) -> Touchpoint:
    """Log a meeting as it stands in the calendar, or as the actor says it was, once.

    It is logged as its person's, whoever confirms it.

    Raises
    ------
    CannotConfirmError
        If it was confirmed, dismissed or withdrawn before, or has not ended yet.
    CannotLogError
        If it cannot have happened like this.
    """
    stored = _lock(actor, meeting)
    if stored.ends_at > timezone.now():
        raise CannotConfirmError("It has not ended yet. Confirm it afterwards.")
    row = touchpoints.log_touchpoint(
        actor=stored.user,
        account=stored.account,
        contact=contact or stored.contact,
        channel=Channel.MEETING,
        direction=Direction.NONE,
        occurred_at=stored.starts_at,
        minutes=stored.minutes if minutes is None else minutes,
        note=stored.title if note is None else note,
        outcome=outcome,
        source=TouchpointSource.CALENDAR,
        form_token=uuid.uuid5(SAME, f"{stored.pk}:{stored.version}"),
        judges_contact=False,
    )
    save_changes(stored, status=MeetingStatus.LOGGED, touchpoint=row)
    audit.record(actor=actor, action="meeting.confirmed", subject=stored)
    return row


@transaction.atomic
def dismiss(*, actor: User, meeting: Meeting) -> Meeting:
    """Note that a meeting did not take place; moved to another time it comes again.

    Raises
    ------
    CannotConfirmError
        If it is no proposal any more.
    """
    stored = _lock(actor, meeting)
    save_changes(stored, status=MeetingStatus.DISMISSED)
    audit.record(actor=actor, action="meeting.dismissed", subject=stored)
    return stored


@transaction.atomic
def take_back(*, actor: User, meeting: Meeting) -> Meeting:
    """Make a proposal of a meeting again: undo its contact, or its dismissal.

    Raises
    ------
    CannotUndoError
        If the contact is a colleague's, or older than a day.
    """
    stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if stored.status not in (MeetingStatus.LOGGED, MeetingStatus.DISMISSED):
        return stored
    if stored.touchpoint is not None:
        touchpoints.undo_touchpoint(actor=actor, touchpoint=stored.touchpoint)
    save_changes(stored, status=MeetingStatus.PROPOSED, touchpoint=None)
    audit.record(actor=actor, action="meeting.taken_back", subject=stored)
    return stored


def confirm_item(*, actor: User, item: str) -> None:
    """Confirm what *Today* names `key-version`."""
    confirm(actor=actor, meeting=_of_item(actor, item))


def take_back_item(*, actor: User, item: str) -> None:
    """Take back what *Today* confirmed."""
    take_back(actor=actor, meeting=_of_item(actor, item))


# -- Following a calendar --------------------------------------------------------------


def _follow(
    whose: User,
    told: Happening,
    subscription: CalendarSubscription | None,
    followed: Followed,
) -> None:
    """Propose, move or withdraw what one event of a calendar stands for."""
    if told.occurrence is None:
        for stored in Meeting.objects.proposed().filter(user=whose, uid=told.uid):
            one = replace(told, occurrence=stored.occurrence)
            follow_meeting(actor=whose, happening=one)
            followed.withdrawn += 1
        return
    before = _stored(whose, told, locks=False)
    was_proposed = before is not None and before.status == MeetingStatus.PROPOSED
    try:
        row = follow_meeting(actor=whose, happening=told)
    except CannotLogError:
        # Whom we knew takes part no more.
        _withdraw(before, told.sequence)
        followed.withdrawn += was_proposed
        raise
    if row is None:
        return
    if subscription is not None and row.subscription_id is None:
        Meeting.objects.filter(pk=row.pk).update(subscription=subscription)
    is_proposed = row.status == MeetingStatus.PROPOSED
    is_changed = before is None or before.version != row.version
    followed.withdrawn += was_proposed and not is_proposed
    followed.proposed += is_proposed and is_changed


def _withdraw_missing(
    whose: User,
    told: Told,
    subscription: CalendarSubscription | None,
    first: dt.datetime,
    last: dt.datetime,
) -> int:
    """Withdraw what stood there before and does not any more; return how many."""
    rows = Meeting.objects.proposed().filter(user=whose)
    if subscription is not None:
        rows = rows.filter(
            subscription=subscription, ends_at__gt=first, starts_at__lt=last
        )
    else:
        rows = rows.filter(uid__in=told.whole)
    there = {(one.uid, one.occurrence) for one in told.happenings}
    gone = [row for row in rows if (row.uid, row.occurrence) not in there]
    for row in gone:
        save_changes(row, status=MeetingStatus.WITHDRAWN)
    return len(gone)


def _whose(actor: User, by: User | None) -> User:
    if by is not None and by != actor and not actor.sees_every_account:
        raise CannotLogError("You log your own meetings only.", field="by")
    return by or actor


def _stored(whose: User, told: Happening, *, locks: bool = True) -> Meeting | None:
    rows = Meeting.objects.filter(
        user=whose, uid=told.uid, occurrence=told.occurrence or ""
    )
    return (rows.select_for_update() if locks else rows).first()


def _withdraw(stored: Meeting | None, sequence: int) -> None:
    if stored is None or stored.status != MeetingStatus.PROPOSED:
        return
    if sequence >= stored.sequence:
        save_changes(stored, status=MeetingStatus.WITHDRAWN, sequence=sequence)


def _propose(whose: User, told: Happening, stored: Meeting | None) -> Meeting:
    account, contact = _with_whom(whose, told.attendees)
    values = {
        "account": account,
        "contact": contact,
        "sequence": told.sequence,
        "title": told.title,
        "starts_at": told.starts_at,
        "ends_at": told.ends_at,
        "minutes": _minutes(told),
    }
    if stored is None:
        stored, is_new = Meeting.objects.get_or_create(
            user=whose,
            uid=told.uid,
            occurrence=told.occurrence or "",
            defaults=values,
        )
        if is_new:
            stored.refresh_from_db()
            return stored
    if stored.status == MeetingStatus.LOGGED or told.sequence < stored.sequence:
        return stored
    is_moved = (stored.starts_at, stored.ends_at) != (told.starts_at, told.ends_at)
    if stored.status == MeetingStatus.DISMISSED and not is_moved:
        return stored
    changes: dict[str, Any] = {
        name: value for name, value in values.items() if getattr(stored, name) != value
    }
    if stored.status != MeetingStatus.PROPOSED:
        changes["status"] = MeetingStatus.PROPOSED
    return save_changes(stored, **changes) if changes else stored


def _with_whom(whose: User, attendees: Sequence[str]) -> tuple[Account, Contact | None]:
    """Return the first of those who take part who is a customer's; we are not."""
    own = set(User.objects.filter(email__in=attendees).values_list("email", flat=True))
    others = [one for one in attendees if one not in {mail.lower() for mail in own}]
    for address in others:
        people = people_at(whose, address)
        accounts = {person.account_id for person in people}
        if len(accounts) == 1:
            contact = people[0] if len(people) == 1 else None
            return people[0].account, contact
    raise CannotLogError(
        f"Nobody is known as {', '.join(others[:5]) or 'one who takes part'}.",
        field="attendees",
    )


def _minutes(told: Happening) -> int | None:
    minutes = int((told.ends_at - told.starts_at).total_seconds() // 60)
    is_meeting = 0 < minutes <= policy.LONGEST_CONTACT_MINUTES
    return minutes if is_meeting and not told.is_all_day else None


def _lock(actor: User, meeting: Meeting) -> Meeting:
    rows = Meeting.objects.visible_to(actor).select_for_update(of=("self",))
    stored = rows.select_related("account", "contact", "user").get(pk=meeting.pk)
    if stored.status != MeetingStatus.PROPOSED:
        said = stored.get_status_display().lower()
        raise CannotConfirmError(f"Nothing to confirm: this meeting is {said}.")
    return stored


def _of_item(actor: User, item: str) -> Meeting:
    key = item.partition("-")[0]
    found = Meeting.objects.visible_to(actor).filter(pk=key if key.isdecimal() else 0)
    meeting = found.first()
    if meeting is None:
        raise CannotConfirmError("This meeting is not there any more.")
    return meeting
