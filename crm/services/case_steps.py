"""Cases take steps: answered, put on hold, resolved, open again, escalated, given."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.choices import (
    CaseEntryKind,
    CaseStatus,
    Channel,
    CostKind,
    Role,
)
from crm.errors import CannotMoveCaseError
from crm.models import Case, CaseEntry, User
from crm.queries.responsible import managers_of
from crm.services import audit, case_notices, ledger, notifications
from crm.services.cases import checked_text, give, write_entry
from crm.services.touchpoints import move_last_contact, price_of_minutes

COST_SOURCE = "case"


@transaction.atomic
def answer_case(
    *,
    actor: User,
    case: Case,
    text: str,
    channel: str = "",
    minutes: int | None = None,
    waits: bool = False,
) -> CaseEntry:
    """Keep what was answered; with `waits` the clock stands until the customer writes.

    An answer is a contact: the account's last contact moves to it.

    Raises
    ------
    CannotMoveCaseError
        If the case is resolved or closed, or the text or a value does not fit.
    """
    _lock(case)
    _check_unsettled(case, "answer it")
    entry = _write(
        case, CaseEntryKind.ANSWER, actor, text, channel=channel, minutes=minutes
    )
    now = timezone.now()
    if case.account_id is not None:
        move_last_contact(case.account_id, entry.made_at)
    changes = _resumed(case, now)
    if case.first_answered_at is None:
        changes["first_answered_at"] = now
        changes["answered_after_seconds"] = case.running_seconds(now)
    if waits:
        changes |= {"status": CaseStatus.WAITING, "waiting_since": now}
    save_changes(case, **changes)
    if waits:
        write_entry(case, CaseEntryKind.WAITING, actor=actor)
    audit.record(actor=actor, action="case.answered", subject=case)
    return entry


@transaction.atomic
def add_note(
    *, actor: User, case: Case, text: str, minutes: int | None = None
) -> CaseEntry:
    """Keep an internal note, also about a case that is settled.

    Raises
    ------
    CannotMoveCaseError
        If the text or the minutes do not fit.
    """
    _lock(case)
    entry = _write(case, CaseEntryKind.NOTE, actor, text, minutes=minutes)
    if case.account is not None:
        notifications.mention(
            actor=actor,
            account=case.account,
            text=entry.text,
            url=case_notices.url_of(case),
        )
    audit.record(actor=actor, action="case.noted", subject=case)
    return entry


@transaction.atomic
def wait_for_customer(*, actor: User, case: Case, text: str = "") -> Case:
    """Let the clock stand while the customer is asked; once more changes nothing.

    Raises
    ------
    CannotMoveCaseError
        If the case is resolved or closed.
    """
    _lock(case)
    _check_unsettled(case, "wait")
    if case.status == CaseStatus.WAITING:
        return case
    save_changes(case, status=CaseStatus.WAITING, waiting_since=timezone.now())
    return _kept(case, CaseEntryKind.WAITING, actor, text, "case.waiting")


@transaction.atomic
def take_up(
    *, actor: User, case: Case, text: str = "", channel: str = "", wrote: bool = True
) -> Case:
    """Keep what the customer wrote; the clock runs on, and a resolved case is open.

    Without `wrote` somebody of us takes it up again.

    Raises
    ------
    CannotMoveCaseError
        If the case is closed.
    """
    _lock(case)
    if case.status == CaseStatus.CLOSED:
        raise CannotMoveCaseError("This case is closed. Open it again first.")
    now = timezone.now()
    _check_channel(channel)
    save_changes(case, **(_resumed(case, now) | _reopened(case, now)))
    kind = CaseEntryKind.CUSTOMER if wrote else CaseEntryKind.RESUMED
    if wrote:
        case_notices.customer_wrote(actor=actor, case=case)
    return _kept(case, kind, actor, text, "case.taken_up", channel=channel)


@transaction.atomic
def resolve_case(
    *, actor: User, case: Case, resolution: str, minutes: int | None = None
) -> Case:
    """Settle a case, and keep how: later cases like it are shown that.

    Raises
    ------
    CannotMoveCaseError
        If it is resolved or closed already, or nothing says how it was settled.
    """
    _lock(case)
    _check_unsettled(case, "resolve it again")
    entry = _write(case, CaseEntryKind.RESOLVED, actor, resolution, minutes=minutes)
    now = timezone.now()
    changes = _resumed(case, now)
    if case.first_answered_at is None:
        changes["first_answered_at"] = now
        changes["answered_after_seconds"] = case.running_seconds(now)
    save_changes(
        case,
        **changes
        | {
            "status": CaseStatus.RESOLVED,
            "resolved_at": now,
            "resolution": entry.text,
        },
    )
    audit.record(actor=actor, action="case.resolved", subject=case)
    return case


@transaction.atomic
def reopen_case(*, actor: User, case: Case, reason: str) -> Case:
    """Open a settled case again; the clock runs on where it stood.

    Raises
    ------
    CannotMoveCaseError
        If it is open, or nobody says why.
    """
    _lock(case)
    if case.is_unsettled:
        raise CannotMoveCaseError("This case is open.")
    if not reason.strip():
        raise CannotMoveCaseError("Say why it is opened again.", field="text")
    save_changes(case, **_reopened(case, timezone.now()))
    return _kept(case, CaseEntryKind.REOPENED, actor, reason, "case.reopened")


@transaction.atomic
def close_case(*, actor: User | None, case: Case, text: str = "") -> Case:
    """Close a resolved case for good; a closed one stays as it is.

    Raises
    ------
    CannotMoveCaseError
        If it was not resolved.
    """
    _lock(case)
    if case.is_unsettled:
        raise CannotMoveCaseError("Resolve this case before you close it.")
    if case.status == CaseStatus.CLOSED:
        return case
    save_changes(case, status=CaseStatus.CLOSED, closed_at=timezone.now())
    return _kept(case, CaseEntryKind.CLOSED, actor, text, "case.closed")


@transaction.atomic
def escalate_case(
    *, actor: User | None, case: Case, to: User | None = None, reason: str = ""
) -> Case:
    """Bring a case before somebody, else before the manager of its territory.

    The owner stays. Without an actor the clock escalates.

    Raises
    ------
    CannotMoveCaseError
        If it is settled, nobody says why, or there is nobody to escalate to.
    """
    _lock(case)
    _check_unsettled(case, "escalate it")
    if actor is not None and not reason.strip():
        raise CannotMoveCaseError("Say why, in a few words.", field="text")
    others = managers_of(case.territory)
    to = to or (others[0] if others else None)
    if to is None or not to.is_active:
        raise CannotMoveCaseError("There is nobody to escalate it to.", field="to")
    save_changes(case, escalated_to=to, escalated_at=timezone.now())
    case_notices.escalated(actor=actor, case=case, to=to, reason=reason.strip())
    return _kept(
        case, CaseEntryKind.ESCALATED, actor, reason, "case.escalated", after=to.name
    )


@transaction.atomic
def hand_over(*, actor: User, case: Case, owner: User, text: str = "") -> Case:
    """Give a case to somebody else; whoever has it already keeps it.

    Raises
    ------
    CannotMoveCaseError
        If it is settled, or the person cannot sign in any more.
    """
    _lock(case)
    _check_unsettled(case, "hand it over")
    if not owner.is_active:
        raise CannotMoveCaseError(f"{owner} cannot sign in any more.", field="owner")
    if case.owner == owner:
        return case
    give(case, owner, actor=actor, text=checked_text("text", text))
    case_notices.given(actor=actor, case=case)
    return case


@transaction.atomic
def correct_minutes(*, actor: User, entry: CaseEntry, minutes: int | None) -> CaseEntry:
    """Correct how long something took: its cost is reversed and posted anew.

    Raises
    ------
    CannotMoveCaseError
        If it is a colleague's and the actor is no manager, or the minutes do not fit.
    """
    entry = CaseEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    may = (
        entry.author_id == actor.pk or actor.is_superuser or Role.MANAGER in actor.roles
    )
    if not may:
        raise CannotMoveCaseError("Only who wrote it and managers can change it.")
    _check_minutes(entry.case, minutes)
    if (minutes or None) == entry.minutes:
        return entry
    audit.record(
        actor=actor,
        action="case.minutes_corrected",
        subject=entry.case,
        entry=entry.pk,
        before=entry.minutes,
        after=minutes or None,
    )
    if entry.cost is not None:
        ledger.reverse_entry(actor=actor, entry=entry.cost, reason="minutes corrected")
    entry.minutes, entry.cost = minutes or None, None
    entry.save(update_fields=["minutes", "cost"])
    _charge(entry, actor=actor)
    return entry


# -- Steps -----------------------------------------------------------------------------


def _lock(case: Case) -> None:
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    case.refresh_from_db()


def _check_unsettled(case: Case, what: str) -> None:
    if not case.is_unsettled:
        word = case.get_status_display().lower()
        raise CannotMoveCaseError(f"This case is {word}. Open it again to {what}.")


def _check_channel(channel: str) -> None:
    if channel and channel not in Channel.values:
        raise CannotMoveCaseError("There is no such channel.", field="channel")


def _check_minutes(case: Case, minutes: int | None) -> None:
    if minutes is not None and not 0 <= minutes <= policy.LONGEST_CONTACT_MINUTES:
        raise CannotMoveCaseError(
            "It takes between 0 minutes and 24 hours.", field="minutes"
        )
    if minutes and case.account is None:
        raise CannotMoveCaseError(
            "Say first whose case it is: minutes are charged to an account.",
            field="minutes",
        )


def _resumed(case: Case, now: dt.datetime) -> dict[str, Any]:
    """Return the changes that end a pause, if there is one."""
    if case.waiting_since is None:
        return {}
    return {
        "status": CaseStatus.OPEN,
        "waiting_since": None,
        "paused_seconds": case.paused_seconds + _seconds(case.waiting_since, now),
    }


def _reopened(case: Case, now: dt.datetime) -> dict[str, Any]:
    """Return the changes that open a settled case; it stood still meanwhile."""
    if case.resolved_at is None:
        return {}
    return {
        "status": CaseStatus.OPEN,
        "resolved_at": None,
        "closed_at": None,
        "paused_seconds": case.paused_seconds + _seconds(case.resolved_at, now),
    }


def _seconds(since: dt.datetime, now: dt.datetime) -> int:
    return max(int((now - since).total_seconds()), 0)


def _write(
    case: Case,
    kind: CaseEntryKind,
    actor: User,
    text: str,
    *,
    channel: str = "",
    minutes: int | None = None,
) -> CaseEntry:
    """Keep words of ours with their minutes, and what these cost."""
    text = checked_text("text", text)
    if not text:
        raise CannotMoveCaseError("Write a few words.", field="text")
    _check_channel(channel)
    _check_minutes(case, minutes)
    entry = write_entry(
        case, kind, actor=actor, text=text, channel=channel, minutes=minutes or None
    )
    _charge(entry, actor=actor)
    return entry


def _kept(
    case: Case,
    kind: CaseEntryKind,
    actor: User | None,
    text: str,
    action: str,
    **said: Any,
) -> Case:
    write_entry(case, kind, actor=actor, text=checked_text("text", text), **said)
    audit.record(actor=actor, action=action, subject=case)
    return case


def _charge(entry: CaseEntry, *, actor: User) -> None:
    """Post what the minutes cost at the hourly cost of whoever spent them."""
    made_on = min(timezone.localtime(entry.made_at).date(), business_today())
    amount = price_of_minutes(
        actor=entry.author or actor, minutes=entry.minutes, day=made_on
    )
    if not amount:
        return
    entry.cost = ledger.post_entry(
        actor=actor,
        account=entry.case.account,
        kind=CostKind.SERVICE,
        amount=amount,
        incurred_on=made_on,
        document=entry.case.number,
        note=f"{entry.minutes} min on {entry.case.number}",
        source=COST_SOURCE,
    )
    entry.save(update_fields=["cost"])
