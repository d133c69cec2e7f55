"""One touch of marketing for all accounts at once, after the question whether."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction

from campaigns.choices import GateOccasion, TouchStatus
from campaigns.errors import GateUndecidedError
from campaigns.models import TouchTemplate
from campaigns.queries.gate import Gate
from campaigns.services import class_wide, standings, touch_gate
from campaigns.services import gate as gates
from campaigns.services.class_wide import Swept
from campaigns.services.gate import Decision
from common.clock import business_today
from crm.models import User
from crm.services import audit


@dataclass(frozen=True, slots=True)
class Sent:
    """For how many it was done, done more cheaply, and left out.

    `queued` mails are done when a server takes them; `remaining` wait for the next
    press. Where nobody allows it, it is `skipped`, and where a limit of contacts is
    used up, `held` for later.
    """

    done: int
    moved: int
    dropped: int
    queued: int = 0
    skipped: int = 0
    held: int = 0
    remaining: int = 0


def gate_of(*, actor: User, template: TouchTemplate, last: int | None = None) -> Gate:
    """Return what doing all that is due of `template` costs and gains."""
    due = class_wide.due_of(template, user=actor, last=last)
    return touch_gate.weigh_touches(
        actor=actor,
        template=template,
        account_ids=due.order_by().values_list("account_id", flat=True),
    )


@transaction.atomic
def send_all(
    *,
    actor: User,
    template: TouchTemplate,
    decision: Decision | None = None,
    last: int | None = None,
) -> Sent:
    """Do every touch of `template` due by today where it pays: mail it, or mark it.

    Those below the line are skipped, done another way, or included all the same, as
    `decision` says. `last` keeps out what was planned since a list was made.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    """
    settled, included = _settle(actor, template, decision, last)
    is_mailed = class_wide.is_mailed(template)
    act = class_wide.mail_all if is_mailed else class_wide.complete_all
    swept = act(
        actor=actor,
        template=template,
        until=business_today(),
        last=last,
        among=included,
    )
    return replace(
        settled,
        done=0 if is_mailed else swept.done,
        queued=swept.done if is_mailed else 0,
        skipped=settled.skipped + swept.skipped,
        held=settled.held + swept.held,
        remaining=swept.remaining,
    )


@transaction.atomic
def settle(
    *,
    actor: User,
    template: TouchTemplate,
    decision: Decision | None = None,
    last: int | None = None,
) -> Sent:
    """Decide about those below the line before anything is printed for them.

    Who is left out is skipped, and who is reached more cheaply is done that way, so
    that what is due afterwards is what is to be printed.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    """
    return _settle(actor, template, decision, last)[0]


def check_settled(gate: Gate) -> None:
    """Refuse to print while there is something to decide.

    Raises
    ------
    GateUndecidedError
        If somebody is below the line and nobody has decided about them.
    """
    if gate.is_needed:
        raise GateUndecidedError(gate.sentence, facts=gate.facts)


def _settle(
    actor: User, template: TouchTemplate, decision: Decision | None, last: int | None
) -> tuple[Sent, list[int]]:
    """Do what was decided about those below the line; return who is included."""
    gate = gate_of(actor=actor, template=template, last=last)
    verdict = gates.decide(
        actor=actor,
        gate=gate,
        occasion=GateOccasion.TOUCH,
        subject=str(template),
        decision=decision,
    )
    today = business_today()
    moved, dropped = Swept(0), 0
    if verdict.moved and verdict.way:
        moved = class_wide.complete_all(
            actor=actor,
            template=template,
            until=today,
            last=last,
            among=verdict.moved,
            way=verdict.way,
        )
    if verdict.dropped:
        reason = touch_gate.not_worth(gate)
        dropped = skip_all(
            actor=actor,
            template=template,
            until=today,
            account_ids=verdict.dropped,
            reason=reason,
        )
    sent = Sent(0, moved.done, dropped, skipped=moved.skipped, held=moved.held)
    return sent, verdict.included


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
