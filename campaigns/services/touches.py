"""Planned touches are done, skipped, or opened again."""

import uuid

from django.db import transaction
from django.utils import timezone

from campaigns.choices import BudgetHead, TouchStatus
from campaigns.errors import ReasonMissingError, TouchClosedError
from campaigns.models import PlanAssignment, PlannedTouch
from campaigns.models.plans import TouchTerms
from campaigns.queries.gate import Cheaper
from campaigns.services import standings
from common.clock import business_today
from crm.choices import Phase, TouchpointSource
from crm.errors import CannotUndoError
from crm.models import Contact, Touchpoint, User
from crm.policy import UNDO_WITHIN
from crm.services import audit, ledger, touchpoints

LEDGER_SOURCE = "plan"


@transaction.atomic
def complete(
    *,
    actor: User | None,
    touch: PlannedTouch,
    minutes: int | None = None,
    note: str = "",
    outcome: str = "",
    contact: Contact | None = None,
    form_token: uuid.UUID | None = None,
    has_gone_out: bool = False,
    done_as: TouchTerms | Cheaper | None = None,
) -> PlannedTouch:
    """Record that a touch was done: a touchpoint, its minutes, and its unit cost.

    Without `minutes` the plan's count. A touch that is done already is returned as it
    is, so a second click changes nothing. `has_gone_out` says that a server took the
    mail, so that nobody asks any more whether it may go. `done_as` is another way in
    which it was done instead, at its cost.

    Raises
    ------
    TouchClosedError
        If the touch was skipped or cancelled meanwhile.
    """
    touch = _lock(touch)
    if touch.status == TouchStatus.DONE:
        return touch
    _check_open(touch)
    way = done_as or touch.template
    title = touch.template.as_logged(way.title)
    touchpoint = touchpoints.log_touchpoint(
        actor=actor,
        account=touch.account,
        channel=way.channel,
        occurred_at=timezone.now(),
        contact=contact,
        minutes=way.minutes or None if minutes is None else minutes,
        note=f"{title}: {note}" if note else title,
        outcome=outcome,
        phase=Phase.AFTER,
        care=touch.template.care,
        source=TouchpointSource.PLAN,
        form_token=form_token,
        judges_contact=not has_gone_out,
    )
    _charge_unit_cost(actor, touch, touchpoint, way)
    return _close(touch, actor, TouchStatus.DONE, touchpoint=touchpoint)


@transaction.atomic
def fulfil(*, actor: User, touch: PlannedTouch, touchpoint: Touchpoint) -> PlannedTouch:
    """Count a contact that was logged by itself as a touch of the plan.

    Its unit cost is posted; its minutes are, since the contact was logged. From then
    on the contact is the plan's: taking it back opens the touch again.

    Raises
    ------
    TouchClosedError
        If the touch is closed, or the contact was taken back, is another account's,
        or counts as a touch already.
    """
    touch = _lock(touch)
    if touch.status == TouchStatus.DONE and touch.touchpoint_id == touchpoint.pk:
        return touch
    _check_open(touch)
    stored = Touchpoint.objects.select_for_update().get(pk=touchpoint.pk)
    if stored.account_id != touch.account_id or stored.voided_at is not None:
        raise TouchClosedError("This contact was taken back, or is another account's.")
    if PlannedTouch.objects.filter(touchpoint=stored).exists():
        raise TouchClosedError("This contact counts as another touch already.")
    touchpoints.give_to_plan(touchpoint=stored, care=touch.template.care)
    _charge_unit_cost(actor, touch, stored, touch.template)
    return _close(touch, actor, TouchStatus.DONE, touchpoint=stored)


@transaction.atomic
def skip(*, actor: User, touch: PlannedTouch, reason: str) -> PlannedTouch:
    """Leave a touch out this time, and say why.

    Raises
    ------
    ReasonMissingError
        If no reason is given.
    TouchClosedError
        If the touch was done or cancelled meanwhile.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError(field="reason")
    touch = _lock(touch)
    if touch.status == TouchStatus.SKIPPED:
        return touch
    _check_open(touch)
    touch = _close(touch, actor, TouchStatus.SKIPPED, reason=reason[:300])
    audit.record(
        actor=actor, action="touch.skipped", subject=touch, reason=touch.reason
    )
    return touch


@transaction.atomic
def undo(*, actor: User, touch: PlannedTouch) -> PlannedTouch:
    """Take back that a touch was done or skipped, and open it again.

    The contact of one that was done is taken back with its costs. A touch that is open
    already stays as it is.

    Raises
    ------
    CannotUndoError
        If a colleague did it, or it is longer ago than may be taken back.
    TouchClosedError
        If the touch was cancelled, or its account follows another plan by now.
    """
    # Not locked yet: taking a contact back locks the account first, then the touch.
    touch = PlannedTouch.objects.get(pk=touch.pk)
    if touch.status == TouchStatus.DUE:
        return touch
    if touch.status == TouchStatus.SKIPPED:
        return _unskip(actor, touch)
    if touch.touchpoint is None:
        _check_open(touch)
        return touch
    touchpoints.undo_touchpoint(actor=actor, touchpoint=touch.touchpoint)
    # Told of by undoing; a contact that was taken back long ago tells nobody.
    reopen_touch_of(actor=actor, record=touch.touchpoint)
    return _lock(touch)


def _unskip(actor: User, touch: PlannedTouch) -> PlannedTouch:
    touch = _lock(touch)
    if touch.status != TouchStatus.SKIPPED or touch.closed_at is None:
        return touch
    if touch.closed_by_id != actor.pk and not actor.sees_every_account:
        raise CannotUndoError("A colleague skipped it. Ask them to take it back.")
    if touch.closed_at < timezone.now() - UNDO_WITHIN:
        raise CannotUndoError("This was skipped more than a day ago. It stays skipped.")
    if not _is_asked_for(touch):
        raise TouchClosedError(
            "Its campaign has ended."
            if touch.template.campaign_id
            else "Its account follows another plan by now."
        )
    _reopen(touch)
    audit.record(actor=actor, action="touch.reopened", subject=touch)
    return touch


def _is_asked_for(touch: PlannedTouch) -> bool:
    """Tell whether the account still follows the plan; an automation's is of none.

    A campaign asks as long as it runs.
    """
    if touch.template.campaign is not None:
        return touch.template.campaign.is_running
    plan = touch.template.version.plan_id
    rows = PlanAssignment.objects.filter(account=touch.account_id, plan=plan)
    return not rows.exists() or rows.open().exists()


def _reopen(touch: PlannedTouch) -> None:
    touch.status, touch.reason = TouchStatus.DUE, ""
    touch.touchpoint = touch.closed_at = touch.closed_by = None
    touch.save()
    standings.refresh_next_touches([touch.account_id])


def reopen_touch_of(*, actor: User, record: Touchpoint) -> None:
    """Open the touch again that a contact was done by, now that it is taken back.

    Registered in `common.undoing`, so every way to take a contact back comes here.
    """
    rows = PlannedTouch.objects.select_for_update().filter(touchpoint=record)
    for touch in rows.filter(status=TouchStatus.DONE):
        _reopen(touch)
        audit.record(actor=actor, action="touch.reopened", subject=touch)


def _charge_unit_cost(
    actor: User | None,
    touch: PlannedTouch,
    touchpoint: Touchpoint,
    way: TouchTerms | Cheaper,
) -> None:
    """Post what the touch cost beside its minutes; once per touchpoint."""
    if not way.unit_cost:
        return
    ledger.post_entry(
        actor=actor,
        account=touch.account,
        kind=BudgetHead(touch.template.head).cost_kind,
        amount=way.unit_cost,
        incurred_on=business_today(),
        note=touch.template.as_logged(way.title)[:300],
        source=LEDGER_SOURCE,
        external_id=str(touchpoint.pk),
        touchpoint=touchpoint,
    )


def _lock(touch: PlannedTouch) -> PlannedTouch:
    rows = PlannedTouch.objects.select_for_update(of=("self",))
    return rows.select_related("template__campaign", "account").get(pk=touch.pk)


def _check_open(touch: PlannedTouch) -> None:
    if touch.status == TouchStatus.DUE:
        return
    words = f"This touch was {touch.get_status_display().lower()} meanwhile."
    raise TouchClosedError(f"{words} {touch.reason}".strip())


def _close(
    touch: PlannedTouch,
    actor: User | None,
    status: TouchStatus,
    *,
    touchpoint: Touchpoint | None = None,
    reason: str = "",
) -> PlannedTouch:
    touch.status = status
    touch.closed_at = timezone.now()
    touch.closed_by = actor
    touch.touchpoint = touchpoint
    touch.reason = reason
    touch.save()
    standings.refresh_next_touches([touch.account_id])
    return touch
