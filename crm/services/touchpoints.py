"""Contacts with customers: log them once, count their minutes, take them back."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from common import undoing
from common.clock import business_today
from common.money import ZERO, to_cents
from crm import policy
from crm.choices import (
    Care,
    CaseEntryKind,
    Channel,
    CostKind,
    Direction,
    Outcome,
    Phase,
    Role,
    TaskStatus,
    TouchpointSource,
)
from crm.errors import CannotLogError, CannotUndoError
from crm.models import Account, CaseEntry, Contact, Task, Touchpoint, User
from crm.queries.merged import member_ids
from crm.queries.rates import hourly_cost_on
from crm.services import audit, consent, ledger, notifications, tasks

RATINGS = ("people", "information", "deliverables")
COST_SOURCE = "touchpoint"
CLOSED_LISTS = {
    "channel": Channel.values,
    "direction": Direction.values,
    "outcome": Outcome.values,
    "phase": Phase.values,
    "care": Care.values,
    "source": TouchpointSource.values,
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was promised in a contact, and by when; the logger's task by default."""

    title: str
    due_on: dt.date
    owner: User | None = None


def log_touchpoint(
    *,
    actor: User | None,
    account: Account,
    channel: str,
    occurred_at: dt.datetime,
    contact: Contact | None = None,
    direction: str = Direction.OUT,
    minutes: int | None = None,
    note: str = "",
    outcome: str = "",
    phase: str = "",
    care: str = "",
    ratings: Mapping[str, int | None] | None = None,
    source: str = TouchpointSource.TYPED,
    follow_up: FollowUp | None = None,
    form_token: uuid.UUID | None = None,
    entry_seconds: int | None = None,
    judges_contact: bool = True,
) -> Touchpoint:
    """Store one contact, the cost of its minutes and its follow-up, or nothing.

    Minutes are priced at the actor's hourly cost on the day of the contact; what the
    product does by itself has no actor, and its minutes cost nothing. The
    account's last contact only moves forward; notes and unanswered calls do not move
    it. A `form_token` that was used before gives the row it made, and stores nothing.
    `ratings` rates people, information and deliverables from 1 to 5. `entry_seconds`
    is how long typing it took, where that is known. What has gone out already, such as
    a mail, is logged without judging whether it should have.

    Raises
    ------
    CannotLogError
        If the contact lies ahead, lasted over a day, is with somebody of another
        account, who left, or who asked to be left alone.
    CannotSaveTaskError
        If the follow-up is due in the past.
    """
    row = Touchpoint(
        account=account,
        contact=contact,
        user=actor,
        channel=channel,
        direction=direction,
        occurred_at=occurred_at,
        minutes=minutes or None,
        note=note.strip(),
        outcome=outcome,
        phase=phase,
        care=care,
        source=source,
        form_token=form_token,
        entry_seconds=entry_seconds,
        **{f"rating_{name}": value for name, value in (ratings or {}).items()},
    )
    with transaction.atomic():
        if stored := _stored_before(row):
            return stored
        check(row, minutes=minutes, judges_contact=judges_contact)
        _lock(account)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            if stored := _stored_before(row):
                return stored
            raise
        charge_minutes(row, actor=actor)
        _move_last_contact(row)
        audit.record(actor=actor, action="touchpoint.logged", subject=row)
        if actor is not None:
            _tell(row, follow_up, actor=actor)
    account.refresh_from_db(fields=["last_contact_on"])
    return row


def undo_touchpoint(*, actor: User, touchpoint: Touchpoint) -> Touchpoint:
    """Take a contact back: void it, reverse its cost, cancel its open follow-ups.

    Undoing twice changes nothing more. The account's last contact is found anew.

    Raises
    ------
    CannotUndoError
        If it is a colleague's and the actor is no manager, or older than a day.
    """
    with transaction.atomic():
        stored = lock_touchpoint(touchpoint)
        _check_undo(stored, actor=actor)
        if stored.voided_at is None:
            take_back(stored, actor=actor, reason="contact undone")
            audit.record(actor=actor, action="touchpoint.undone", subject=stored)
    touchpoint.refresh_from_db()
    return touchpoint


def lock_touchpoint(touchpoint: Touchpoint) -> Touchpoint:
    """Return the stored contact, locked together with its account."""
    _lock(touchpoint.account)
    rows = Touchpoint.objects.select_for_update(of=("self",))
    return rows.select_related("account", "contact", "user").get(pk=touchpoint.pk)


def give_to_plan(*, touchpoint: Touchpoint, care: str) -> Touchpoint:
    """Make a typed contact the plan's; what it was for is kept where it was said."""
    touchpoint.source = TouchpointSource.PLAN
    touchpoint.care = touchpoint.care or care
    touchpoint.phase = touchpoint.phase or Phase.AFTER
    touchpoint.save(update_fields=["source", "care", "phase"])
    return touchpoint


def price_of_minutes(
    *, actor: User, minutes: int | None, day: dt.date | None = None
) -> Decimal:
    """Return what `minutes` of the actor cost on `day` (today), to the cent."""
    if not minutes:
        return ZERO
    return to_cents(hourly_cost_on(actor, day or business_today()) * minutes / 60)


def refusal(
    contact: Contact,
    *,
    channel: str,
    direction: str,
    at: dt.datetime | None = None,
    but: int | None = None,
) -> str:
    """Return why we may not reach this person this way; they may always reach us."""
    if direction != Direction.OUT:
        return ""
    found = consent.may_contact(contact, channel, at=at, but=but)
    # When somebody left is judged by the day of the contact, not by today's.
    return found.message if found and found.code != "left" else ""


def departure(contact: Contact, *, on: dt.date) -> str:
    """Return that somebody had left by that day, or nothing."""
    if contact.left_on is None or contact.left_on > on:
        return ""
    left_on = f"{contact.left_on.day} {contact.left_on:%b %Y}"
    return f"{contact} left {contact.account} on {left_on}. Choose who took over."


def take_back(row: Touchpoint, *, actor: User, reason: str) -> None:
    """Void a contact with all that came of it, in this app and above."""
    row.voided_at = timezone.now()
    row.save(update_fields=["voided_at"])
    for cost in row.costs.filter(reverses=None, reversed_by=None):
        ledger.reverse_entry(actor=actor, entry=cost, reason=reason)
    row.follow_ups.filter(status=TaskStatus.OPEN).update(
        status=TaskStatus.CANCELLED,
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    find_last_contact(row.account)
    undoing.follow("touchpoint", actor=actor, record=row)


def check(row: Touchpoint, *, minutes: int | None, judges_contact: bool = True) -> None:
    """Refuse a contact that cannot have been like that, or must not."""
    for name, words in CLOSED_LISTS.items():
        value = getattr(row, name)
        if value not in words:
            raise CannotLogError(f"There is no {name} “{value}”.", field=name)
    if row.account.merged_into_id:
        raise CannotLogError(
            "This account was merged into another. Log it there.", field="account"
        )
    if row.occurred_at > timezone.now():
        raise CannotLogError(
            "This time lies in the future. Log a contact once it has happened; "
            "for later, add a task.",
            field="occurred_at",
        )
    if minutes is not None and not 0 <= minutes <= policy.LONGEST_CONTACT_MINUTES:
        raise CannotLogError(
            "A contact lasts between 0 minutes and 24 hours.", field="minutes"
        )
    _check_ratings(row)
    if row.contact is not None and judges_contact:
        _check_contact(row, row.contact)


def _check_ratings(row: Touchpoint) -> None:
    for name in RATINGS:
        value = getattr(row, f"rating_{name}")
        if value is not None and not 1 <= value <= 5:  # noqa: PLR2004
            raise CannotLogError("Ratings go from 1 to 5.", field=f"rating_{name}")


def _check_contact(row: Touchpoint, contact: Contact) -> None:
    if contact.account_id != row.account_id:
        raise CannotLogError(
            f"{contact} does not work at {row.account}.", field="contact"
        )
    happened_on = timezone.localtime(row.occurred_at).date()
    if gone := departure(contact, on=happened_on):
        raise CannotLogError(gone, field="contact")
    refused = refusal(
        contact,
        channel=row.channel,
        direction=row.direction,
        at=row.occurred_at,
        but=row.pk,
    )
    if refused:
        raise CannotLogError(
            f"{refused} Nothing was stored. Choose another way, or, if they reached "
            "out to you, log it as incoming, such as: call from Anna.",
            field="contact",
        )


def _stored_before(row: Touchpoint) -> Touchpoint | None:
    """Return what the same form stored before, if it did."""
    if row.form_token is None:
        return None
    stored = Touchpoint.objects.filter(form_token=row.form_token).first()
    if stored and (stored.account_id, stored.user_id) != (row.account_id, row.user_id):
        raise CannotLogError(
            "This form was used for another contact. Open a new one.",
            field="form_token",
        )
    return stored


def _lock(account: Account) -> None:
    """Let one transaction at a time decide on the account's last contact."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def charge_minutes(row: Touchpoint, *, actor: User | None) -> None:
    """Post what the minutes cost at the rate of that day of whoever logged them."""
    happened_on = timezone.localtime(row.occurred_at).date()
    payer = row.user or actor
    if payer is None:
        return
    amount = price_of_minutes(actor=payer, minutes=row.minutes, day=happened_on)
    if not amount:
        return
    posted = row.costs.filter(source=COST_SOURCE).count()
    ledger.post_entry(
        actor=actor,
        account=row.account,
        kind=CostKind.ACCOUNT_MANAGEMENT,
        amount=amount,
        incurred_on=happened_on,
        note=f"{row.minutes} min {row.get_channel_display().lower()}",
        source=COST_SOURCE,
        external_id=f"{row.pk}-{posted}" if posted else str(row.pk),
        touchpoint=row,
    )


def _counts_as_contact(row: Touchpoint) -> bool:
    return (
        row.channel not in policy.CHANNELS_WITHOUT_CONTACT
        and row.outcome not in policy.OUTCOMES_WITHOUT_CONTACT
    )


def _move_last_contact(row: Touchpoint) -> None:
    if not _counts_as_contact(row):
        return
    move_last_contact(row.account_id, row.occurred_at)


def move_last_contact(account_id: int, at: dt.datetime) -> None:
    """Bring an account's last contact forward to the day of `at`; never back."""
    happened_on = timezone.localtime(at).date()
    rows = Account.objects.filter(pk=account_id)
    rows = rows.exclude(last_contact_on__gte=happened_on)
    rows.update(last_contact_on=happened_on)


def find_last_contact(account: Account) -> None:
    """Find the last contact anew, after one was taken back: of contacts and answers.

    Those of accounts that were merged into it count too, and it counts for the account
    into which it was merged.
    """
    members = member_ids(account)
    standing = (
        Touchpoint.objects.standing()
        .filter(account__in=members)
        .exclude(channel__in=policy.CHANNELS_WITHOUT_CONTACT)
        .exclude(outcome__in=policy.OUTCOMES_WITHOUT_CONTACT)
    )
    answers = CaseEntry.objects.filter(
        case__account__in=members, kind=CaseEntryKind.ANSWER
    )
    known = (
        standing.aggregate(newest=Max("occurred_at"))["newest"],
        answers.aggregate(newest=Max("made_at"))["newest"],
    )
    newest = max((moment for moment in known if moment), default=None)
    day = timezone.localtime(newest).date() if newest else None
    Account.objects.filter(pk=account.pk).update(last_contact_on=day)
    if account.merged_into is not None:
        find_last_contact(account.merged_into)


def _tell(row: Touchpoint, follow_up: FollowUp | None, *, actor: User) -> None:
    """Make a task of what was promised, and tell whom the note names."""
    if follow_up:
        _promise(row, follow_up, actor=actor)
    notifications.mention(
        actor=actor,
        account=row.account,
        text=row.note,
        url=notifications.account_url(row.account, tab="timeline"),
    )


def _promise(row: Touchpoint, follow_up: FollowUp, *, actor: User) -> Task:
    return tasks.create_task(
        actor=actor,
        account=row.account,
        title=follow_up.title or f"Follow up with {row.contact or row.account}",
        due_on=follow_up.due_on,
        owner=follow_up.owner,
        touchpoint=row,
    )


def check_rights(row: Touchpoint, *, actor: User) -> None:
    """Let the person who logged it and managers change a contact, nobody else."""
    may = row.user_id == actor.pk or actor.is_superuser or Role.MANAGER in actor.roles
    if not may:
        raise CannotUndoError("Only who logged it and managers can change it.")


def _check_undo(row: Touchpoint, *, actor: User) -> None:
    check_rights(row, actor=actor)
    if timezone.now() - row.created_at > policy.UNDO_WITHIN:
        raise CannotUndoError(
            "A contact can be undone for one day. Correct it, or take it back with a "
            "reason."
        )
