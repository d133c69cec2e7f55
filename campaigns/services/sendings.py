"""One touch of marketing for all accounts at once, after the question whether."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from campaigns.choices import GateOccasion, TouchStatus
from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.queries.gate import Gate
from campaigns.services import gate as gates
from campaigns.services import standings, touches
from campaigns.services.gate import Decision
from common.clock import business_today
from common.money import ZERO
from common.templatetags.display import cents
from crm.models import User
from crm.services import audit, touchpoints


@dataclass(frozen=True, slots=True)
class Sent:
    """For how many it was done, done more cheaply, and left out."""

    done: int
    moved: int
    dropped: int


def gate_of(*, actor: User, template: TouchTemplate) -> Gate:
    """Return what doing all that is due of `template` costs and gains."""
    due = PlannedTouch.objects.due().filter(
        template=template, due_on__lte=business_today()
    )
    minutes = touchpoints.price_of_minutes(actor=actor, minutes=template.minutes)
    return gates.weigh(
        account_ids=due.order_by().values_list("account_id", flat=True),
        cost_each=(template.unit_cost or ZERO) + minutes,
        channel=template.channel,
        actor=actor,
    )


@transaction.atomic
def send_all(
    *, actor: User, template: TouchTemplate, decision: Decision | None = None
) -> Sent:
    """Mark every touch of `template` due by today as done, but for whom it pays.

    Those below the line are skipped, done another way, or included all the same, as
    `decision` says.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    """
    gate = gate_of(actor=actor, template=template)
    verdict = gates.decide(
        actor=actor,
        gate=gate,
        occasion=GateOccasion.TOUCH,
        subject=str(template),
        decision=decision,
    )
    today = business_today()
    done = touches.complete_all(
        actor=actor, template=template, until=today, among=verdict.included
    )
    moved = dropped = 0
    if verdict.moved and verdict.way:
        moved = touches.complete_all(
            actor=actor,
            template=template,
            until=today,
            among=verdict.moved,
            way=verdict.way,
        )
    if verdict.dropped:
        reason = (
            f"Not worth {cents(gate.cost_each)} here: expected to secure less than it"
            " costs."
        )
        dropped = skip_all(
            actor=actor,
            template=template,
            until=today,
            account_ids=verdict.dropped,
            reason=reason,
        )
    return Sent(done, moved, dropped)


@transaction.atomic
def skip_all(
    *,
    actor: User,
    template: TouchTemplate,
    until: dt.date,
    account_ids: Sequence[int],
    reason: str,
) -> int:
    """Skip every touch of `template` due by `until` for these accounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SKIP_ALL,
            {
                "template": template.pk,
                "until": until,
                "accounts": list(account_ids),
                "due": TouchStatus.DUE,
                "skipped": TouchStatus.SKIPPED,
                "actor": actor.pk,
                "reason": reason[:300],
            },
        )
        skipped = int(cursor.rowcount)
    if skipped:
        standings.refresh_next_touches(account_ids)
        audit.record(
            actor=actor,
            action="touch.all_skipped",
            subject=template,
            touches=skipped,
            reason=reason,
        )
    return skipped


_SKIP_ALL = """
UPDATE campaigns_plannedtouch SET status = %(skipped)s, closed_at = now(),
    closed_by_id = %(actor)s, reason = %(reason)s
WHERE template_id = %(template)s AND status = %(due)s AND due_on <= %(until)s
    AND account_id = ANY (%(accounts)s::bigint[])
"""
