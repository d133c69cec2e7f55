"""Planned touches are done, skipped, or sent to a whole class at once."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from campaigns.choices import BudgetHead, TouchStatus
from campaigns.errors import ReasonMissingError, TouchClosedError
from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.queries.gate import Cheaper
from campaigns.services import standings
from common.clock import business_today
from crm.choices import Channel, Direction, Phase, TouchpointSource
from crm.models import Contact, Touchpoint, User
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
) -> PlannedTouch:
    """Record that a touch was done: a touchpoint, its minutes, and its unit cost.

    Without `minutes` the plan's count. A touch that is done already is returned as it
    is, so a second click changes nothing. `has_gone_out` says that a server took the
    mail, so that nobody asks any more whether it may go.

    Raises
    ------
    TouchClosedError
        If the touch was skipped or cancelled meanwhile.
    """
    touch = _lock(touch)
    if touch.status == TouchStatus.DONE:
        return touch
    _check_open(touch)
    template = touch.template
    touchpoint = touchpoints.log_touchpoint(
        actor=actor,
        account=touch.account,
        channel=template.channel,
        occurred_at=timezone.now(),
        contact=contact,
        minutes=template.minutes or None if minutes is None else minutes,
        note=f"{template.title}: {note}" if note else template.title,
        outcome=outcome,
        phase=Phase.AFTER,
        care=template.care,
        source=TouchpointSource.PLAN,
        form_token=form_token,
        judges_contact=not has_gone_out,
    )
    _charge_unit_cost(actor, touch, touchpoint)
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
    _charge_unit_cost(actor, touch, stored)
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
    """Take back that a touch was done: its contact, its costs, and open it again.

    A touch that is open already stays as it is.

    Raises
    ------
    CannotUndoError
        If the contact is a colleague's, or older than may be taken back.
    TouchClosedError
        If the touch was skipped or cancelled.
    """
    # Not locked yet: taking a contact back locks the account first, then the touch.
    touch = PlannedTouch.objects.get(pk=touch.pk)
    if touch.status == TouchStatus.DUE:
        return touch
    if touch.touchpoint is None:
        _check_open(touch)
        return touch
    touchpoints.undo_touchpoint(actor=actor, touchpoint=touch.touchpoint)
    # Told of by undoing; a contact that was taken back long ago tells nobody.
    reopen_touch_of(actor=actor, record=touch.touchpoint)
    return _lock(touch)


def reopen_touch_of(*, actor: User, record: Touchpoint) -> None:
    """Open the touch again that a contact was done by, now that it is taken back.

    Registered in `common.undoing`, so every way to take a contact back comes here.
    """
    rows = PlannedTouch.objects.select_for_update().filter(touchpoint=record)
    for touch in rows.filter(status=TouchStatus.DONE):
        touch.status = TouchStatus.DUE
        touch.touchpoint = touch.closed_at = touch.closed_by = None
        touch.save()
        audit.record(actor=actor, action="touch.reopened", subject=touch)
        standings.refresh_next_touches([touch.account_id])


@transaction.atomic
def complete_all(
    *,
    actor: User,
    template: TouchTemplate,
    until: dt.date | None = None,
    among: Iterable[int] | None = None,
    way: Cheaper | None = None,
) -> int:
    """Mark every touch of `template` due by `until` (today) as done; return how many.

    With `among` only those of these accounts; with `way` each was done that way, at
    its cost, instead of as the plan says. One statement writes touchpoints, unit costs
    and last contacts however many there are. Minutes are priced at the actor's hourly
    cost. Called twice, the second finds nothing due.
    """
    until = until or business_today()
    done_as = way or template
    minutes, channel = done_as.minutes, Channel(done_as.channel)
    parameters: dict[str, Any] = {
        "template": template.pk,
        "until": until,
        "among": None if among is None else list(among),
        "today": business_today(),
        "actor": actor.pk,
        "channel": channel,
        "direction": Direction.OUT,
        "minutes": minutes or None,
        "minutes_cost": touchpoints.price_of_minutes(actor=actor, minutes=minutes),
        "minutes_note": f"{minutes} min {channel.label.lower()}",
        "unit_cost": done_as.unit_cost or 0,
        "kind": BudgetHead(template.head).cost_kind,
        "title": done_as.title,
        "phase": Phase.AFTER,
        "care": template.care,
        "source": TouchpointSource.PLAN,
        "ledger_source": LEDGER_SOURCE,
        "done": TouchStatus.DONE,
        "due": TouchStatus.DUE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE_ALL, parameters)
        done = int(cursor.fetchone()[0])
    if done:
        standings.refresh_next_touches()
        audit.record(
            actor=actor, action="touch.all_done", subject=template, touches=done
        )
    return done


# The form token of a touch follows from its number: it ties the new touchpoint to the
# touch within the statement, and a second touchpoint for it cannot be stored.
_COMPLETE_ALL = """
WITH open AS (
    SELECT t.id, t.account_id, md5('planned-touch-' || t.id)::uuid AS token
    FROM campaigns_plannedtouch t
    JOIN crm_account a ON a.id = t.account_id AND a.merged_into_id IS NULL
    WHERE t.template_id = %(template)s AND t.status = %(due)s
      AND t.due_on <= %(until)s
      AND (%(among)s::bigint[] IS NULL OR t.account_id = ANY (%(among)s::bigint[]))
    ORDER BY t.id
    FOR UPDATE OF t SKIP LOCKED
), logged AS (
    INSERT INTO crm_touchpoint
        (account_id, user_id, channel, direction, occurred_at, minutes, note, outcome,
         phase, care, source, form_token)
    SELECT account_id, %(actor)s, %(channel)s, %(direction)s, now(), %(minutes)s,
           %(title)s, '', %(phase)s, %(care)s, %(source)s, token
    FROM open
    RETURNING id, account_id, form_token
), closed AS (
    UPDATE campaigns_plannedtouch t
    SET status = %(done)s, closed_at = now(), closed_by_id = %(actor)s,
        touchpoint_id = logged.id
    FROM open JOIN logged ON logged.form_token = open.token
    WHERE t.id = open.id
    RETURNING t.id
), charged AS (
    INSERT INTO crm_ledgerentry
        (account_id, kind, amount, incurred_on, document, note, source, external_id,
         touchpoint_id, created_by_id)
    SELECT logged.account_id, cost.kind, cost.amount, %(today)s, '', cost.note,
           cost.source, logged.id::text, logged.id, %(actor)s
    FROM logged CROSS JOIN (VALUES
        (%(kind)s, %(unit_cost)s::numeric, %(title)s, %(ledger_source)s),
        ('account_management', %(minutes_cost)s::numeric, %(minutes_note)s,
         'touchpoint')
    ) AS cost(kind, amount, note, source)
    WHERE cost.amount <> 0
    RETURNING id
), contacted AS (
    UPDATE crm_account a SET last_contact_on = %(today)s
    WHERE a.id IN (SELECT account_id FROM logged)
      AND (a.last_contact_on IS NULL OR a.last_contact_on < %(today)s)
    RETURNING a.id
)
SELECT count(*) FROM closed
"""


def _charge_unit_cost(
    actor: User | None, touch: PlannedTouch, touchpoint: Touchpoint
) -> None:
    """Post what the touch cost beside its minutes; once per touchpoint."""
    template = touch.template
    if not template.unit_cost:
        return
    ledger.post_entry(
        actor=actor,
        account=touch.account,
        kind=BudgetHead(template.head).cost_kind,
        amount=template.unit_cost,
        incurred_on=business_today(),
        note=template.title,
        source=LEDGER_SOURCE,
        external_id=str(touchpoint.pk),
        touchpoint=touchpoint,
    )


def _lock(touch: PlannedTouch) -> PlannedTouch:
    rows = PlannedTouch.objects.select_for_update(of=("self",))
    return rows.select_related("template", "account").get(pk=touch.pk)


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
