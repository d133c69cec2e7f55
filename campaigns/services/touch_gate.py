"""Should we? Asked before touches are mailed: one by its owner, or all of a kind."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns import policy
from campaigns.choices import GateChoice, GateOccasion, TouchStatus
from campaigns.errors import NobodyToReachError, TouchClosedError
from campaigns.models import Delivery, GateDecision, PlannedTouch, TouchTemplate
from campaigns.queries.gate import Cheaper, Gate
from campaigns.queries.recipients import recipients
from campaigns.services import gate as gates
from campaigns.services import touch_mails, touches
from campaigns.services.gate import Decision
from common.money import ZERO
from common.templatetags.display import cents
from crm.choices import Channel
from crm.models import Contact, User
from crm.services import touchpoints


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one touch: its `mail` is queued, or it was closed without."""

    touch: PlannedTouch
    mail: Delivery | None


def weigh_touches(
    *,
    actor: User,
    template: TouchTemplate,
    account_ids: Iterable[int],
    is_own: bool = False,
) -> Gate:
    """Return what doing `template` at these accounts costs and gains.

    An earlier decision to include all who are below the line now holds for some days,
    as `policy` says. `is_own` weighs whatever the actor was given to do, also at a
    colleague's account.
    """
    minutes = touchpoints.price_of_minutes(actor=actor, minutes=template.minutes)
    gate = gates.weigh(
        account_ids=account_ids,
        cost_each=(template.unit_cost or ZERO) + minutes,
        channel=template.channel,
        actor=None if is_own else actor,
    )
    gate.standing = _standing(gate, template)
    return gate


def weigh_one(*, actor: User, touch: PlannedTouch) -> Gate:
    """Return what the mail or letter of one touch costs and gains.

    Nothing is weighed of what was closed, or has its mail queued.
    """
    is_settled = not touch.is_due or touch.deliveries.under_way().exists()
    return weigh_touches(
        actor=actor,
        template=touch.template,
        account_ids=[] if is_settled else [touch.account_id],
        is_own=True,
    )


@transaction.atomic
def mail_touch(
    *,
    actor: User,
    touch: PlannedTouch,
    contact: Contact,
    subject: str,
    body: str,
    decision: Decision | None = None,
) -> Settled:
    """Queue the mail of a touch, if it pays or somebody says why all the same.

    Below the line the touch is skipped, or done the cheaper way, as `decision` says.

    Raises
    ------
    TouchClosedError
        If the touch was done, skipped or cancelled meanwhile.
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    NobodyToReachError
        If nobody may be reached the cheaper way.
    CannotSendError
        If the mail cannot be sent like this.
    """
    if touch.status != TouchStatus.DUE:
        raise TouchClosedError
    closed = pass_gate(actor=actor, touch=touch, decision=decision)
    if closed is not None:
        return Settled(closed, None)
    mail = touch_mails.send_mail(
        actor=actor, touch=touch, contact=contact, subject=subject, body=body
    )
    return Settled(touch, mail)


@transaction.atomic
def complete_touch(
    *,
    actor: User,
    touch: PlannedTouch,
    decision: Decision | None = None,
    **said: Any,
) -> PlannedTouch:
    """Record that a touch was done; a letter is weighed first, unless it was before.

    Below the line it is skipped, or done the cheaper way, as `decision` says. `said` is
    what `touches.complete` takes.

    Raises
    ------
    TouchClosedError
        If the touch was skipped or cancelled meanwhile.
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    NobodyToReachError
        If nobody may be reached the cheaper way.
    """
    if is_weighed_when_done(touch):
        closed = pass_gate(actor=actor, touch=touch, decision=decision)
        if closed is not None:
            return closed
    return touches.complete(actor=actor, touch=touch, **said)


def is_weighed_when_done(touch: PlannedTouch) -> bool:
    """Tell whether “Should we?” comes before the touch is marked as done.

    A mail is weighed when it is sent; a letter when it is printed, but what is posted
    need not have been printed here.
    """
    return touch.is_due and touch.template.channel == Channel.POST


@transaction.atomic
def pass_gate(
    *, actor: User, touch: PlannedTouch, decision: Decision | None = None
) -> PlannedTouch | None:
    """Let one touch go on if it pays or somebody says why; else return it closed.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    NobodyToReachError
        If nobody may be reached the cheaper way.
    """
    gate = weigh_one(actor=actor, touch=touch)
    verdict = gates.decide(
        actor=actor,
        gate=gate,
        occasion=GateOccasion.TOUCH,
        subject=str(touch.template),
        decision=decision,
    )
    if verdict.moved and verdict.way:
        return _do_otherwise(actor=actor, touch=touch, way=verdict.way)
    if verdict.dropped:
        return touches.skip(actor=actor, touch=touch, reason=not_worth(gate))
    return None


def not_worth(gate: Gate) -> str:
    """Say why a touch is left out."""
    cost = cents(gate.cost_each)
    return f"Not worth {cost} here: expected to secure less than it costs."


def _do_otherwise(*, actor: User, touch: PlannedTouch, way: Cheaper) -> PlannedTouch:
    found = recipients(
        [touch.account], channel=way.channel, topic=touch.template.topic
    )[touch.account_id]
    if found.refusal:
        raise NobodyToReachError(found.refusal.message)
    return touches.complete(
        actor=actor, touch=touch, contact=found.contact, done_as=way
    )


def _standing(gate: Gate, template: TouchTemplate) -> GateDecision | None:
    if not gate.below_ids:
        return None
    started = _of_campaign(gate, template)
    if started is not None:
        return started
    since = timezone.now() - dt.timedelta(days=policy.GATE_DECISION_HOLDS_DAYS)
    return GateDecision.objects.filter(
        occasion=GateOccasion.TOUCH,
        subject=str(template)[:200],
        channel=gate.channel,
        choice=GateChoice.OVERRIDE,
        cost_each=gate.cost_each,
        created_at__gte=since,
        below__contains=gate.below_ids,
    ).first()


def _of_campaign(gate: Gate, template: TouchTemplate) -> GateDecision | None:
    """Return what was decided when its campaign started, if it includes them all."""
    made = template.campaign.decision if template.campaign else None
    if made is None or made.choice != GateChoice.OVERRIDE:
        return None
    return made if set(gate.below_ids) <= set(made.below) else None
