"""One touch for many accounts at once: marked as done, or mailed to each.

Nobody is reached who refused: where everybody at an account did, the touch is skipped
with the reason. Who set a limit of contacts that is used up keeps the touch for later.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns import policy
from campaigns.choices import DIRECT_CHANNELS, BudgetHead, OwnerRole, TouchStatus
from campaigns.errors import CannotSendError
from campaigns.models import Delivery, PlannedTouch, TouchTemplate
from campaigns.queries.gate import Cheaper
from campaigns.queries.letters import recipients_of
from campaigns.queries.recipients import Recipient
from campaigns.services import standings, touch_mails, touches
from campaigns.services.deliveries import new_delivery
from common.clock import business_today
from crm import policy as crm_policy
from crm.choices import Channel, Direction, Phase, TouchpointSource
from crm.models import User
from crm.services import audit, touchpoints


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of the touches: done or queued, skipped, and kept for later."""

    done: int
    skipped: int = 0
    held: int = 0
    remaining: int = 0


def due_of(
    template: TouchTemplate,
    *,
    user: User,
    until: dt.date | None = None,
    last: int | None = None,
) -> QuerySet[PlannedTouch]:
    """Return touches of one kind that are due by `until` (today) and `user`'s to do.

    `last` keeps out what was planned since a list was made.
    """
    rows = PlannedTouch.objects.due().visible_to(user).not_being_mailed()
    rows = rows.filter(
        template=template,
        due_on__lte=until or business_today(),
        account__merged_into=None,
    )
    if template.owner_role == OwnerRole.MARKETER:
        rows = rows.filter(assigned_to=None)
    else:
        rows = rows.for_person(user)
    return rows if last is None else rows.filter(pk__lte=last)


@transaction.atomic
def complete_all(
    *,
    actor: User,
    template: TouchTemplate,
    until: dt.date | None = None,
    last: int | None = None,
    among: Iterable[int] | None = None,
    way: Cheaper | None = None,
) -> Swept:
    """Mark every touch of `template` that is due and the actor's as done.

    With `among` only those of these accounts; with `way` each was done that way, at
    its cost, instead of as the plan says. One statement writes touchpoints, unit costs
    and last contacts however many there are, each with the person it is for. Minutes
    are priced at the actor's hourly cost. Called twice, the second finds nothing due.
    """
    rows = due_of(template, user=actor, until=until, last=last)
    if among is not None:
        rows = rows.filter(account__in=list(among))
    ids = list(rows.order_by().values_list("pk", flat=True))
    if not ids:
        return Swept(0)
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE_ALL, _parameters(actor, template, ids, way))
        swept = Swept(*map(int, cursor.fetchone()))
    standings.refresh_next_touches()
    audit.record(
        actor=actor,
        action="touch.all_done",
        subject=template,
        touches=swept.done,
        skipped=swept.skipped,
        held=swept.held,
    )
    return swept


@transaction.atomic
def mail_all(
    *,
    actor: User,
    template: TouchTemplate,
    until: dt.date | None = None,
    last: int | None = None,
    among: Iterable[int] | None = None,
) -> Swept:
    """Queue the mail of every touch of `template` that is due and the actor's.

    At most `policy.MOST_MAILS_AT_ONCE` at a time; `remaining` says how many are left.
    A touch is done when a server has taken its mail.

    Raises
    ------
    CannotSendError
        If the touch is no mail, has no text, or asks for a field that there is not.
    """
    if not is_mailed(template):
        raise CannotSendError("This touch has no mail to send. Write its text first.")
    due = due_of(template, user=actor, until=until, last=last).order_by("pk")
    if among is not None:
        due = due.filter(account__in=list(among))
    some = due.select_for_update(of=("self",), skip_locked=True)
    rows = list(
        some.select_related("account__owner", "template").prefetch_related(
            "deliveries"
        )[: policy.MOST_MAILS_AT_ONCE]
    )
    people = recipients_of(rows)
    mails, silent, held = [], 0, 0
    for touch in rows:
        found = people[touch.account_id]
        if found.contact is not None:
            mails.append(_mail_of(touch, found, actor))
        elif found.is_for_now:
            held += 1
        else:
            why = found.refusal.message if found.refusal else "Nobody to write to."
            touches.skip(actor=actor, touch=touch, reason=why)
            silent += 1
    Delivery.objects.bulk_create(mails, ignore_conflicts=True)
    remaining = due.count() - held
    swept = Swept(len(mails), silent, held, max(remaining, 0))
    audit.record(
        actor=actor,
        action="touch.all_mailed",
        subject=template,
        mails=swept.done,
        skipped=swept.skipped,
        held=swept.held,
    )
    return swept


def is_mailed(template: TouchTemplate) -> bool:
    """Tell whether a touch is a mail that is written, so that the queue can send it."""
    return template.channel == Channel.EMAIL and bool(template.content.strip())


def _mail_of(touch: PlannedTouch, found: Recipient, actor: User) -> Delivery:
    draft = touch_mails.draft_of(touch, found.contact)
    return new_delivery(
        actor=actor,
        account=touch.account,
        contact=draft.contact,
        occasion=touch_mails.occasion_of(touch, len(touch.deliveries.all())),
        subject=" ".join(draft.subject.split())[:200],
        body=draft.body,
        topic=touch.template.topic,
        touch=touch,
        not_before=timezone.now(),
    )


def _parameters(
    actor: User, template: TouchTemplate, ids: Sequence[int], way: Cheaper | None
) -> dict[str, Any]:
    done_as = way or template
    minutes, channel = done_as.minutes, Channel(done_as.channel)
    word = channel.label.lower()
    return {
        "ids": list(ids),
        "today": business_today(),
        "zone": settings.TIME_ZONE,
        "actor": actor.pk,
        "channel": channel,
        "topic": template.topic,
        "is_direct": channel in DIRECT_CHANNELS,
        "asks_first": channel in crm_policy.OPT_IN_CHANNELS,
        "direct": sorted(crm_policy.REFUSABLE_CHANNELS),
        "nobody_reached": sorted(crm_policy.OUTCOMES_WITHOUT_CONTACT),
        "cap_since": timezone.now() - crm_policy.CAP_WINDOW,
        "direction": Direction.OUT,
        "minutes": minutes or None,
        "minutes_cost": touchpoints.price_of_minutes(actor=actor, minutes=minutes),
        "minutes_note": f"{minutes} min {word}",
        "unit_cost": done_as.unit_cost or 0,
        "kind": BudgetHead(template.head).cost_kind,
        "title": template.as_logged(done_as.title)[:300],
        "phase": Phase.AFTER,
        "care": template.care,
        "source": TouchpointSource.PLAN,
        "ledger_source": touches.LEDGER_SOURCE,
        "done": TouchStatus.DONE,
        "skipped": TouchStatus.SKIPPED,
        "due": TouchStatus.DUE,
        "do_not_contact": "Everybody there asked not to be contacted.",
        "withdrawn": f"Nobody there allows {word}.",
        "no_consent": f"Nobody there has agreed to {word} about {template.topic}.",
    }


# The newest wish of a person about a channel, for one topic or for none.
_WISH = """
    LEFT JOIN LATERAL (
        SELECT w.is_granted, w.recorded_at, w.id, coalesce(
            w.obtained_on, (w.recorded_at AT TIME ZONE %(zone)s)::date) AS said_on
        FROM crm_consent w
        WHERE w.contact_id = p.id AND w.channel = %(channel)s AND {topic}
        ORDER BY said_on DESC, w.recorded_at DESC, w.id DESC LIMIT 1
    ) {name} ON TRUE
"""
_THIS_TOPIC = "%(topic)s <> '' AND lower(w.topic) = lower(%(topic)s)"
# Who may be reached follows `crm.queries.consent.may_contact`, and who of those gets it
# `campaigns.queries.recipients`. The form token of a touch follows from its number: it
# ties the new touchpoint to the touch within the statement, and a second touchpoint for
# it cannot be stored.
_COMPLETE_ALL = f"""
WITH open AS (
    SELECT t.id, t.account_id, md5('planned-touch-' || t.id)::uuid AS token
    FROM campaigns_plannedtouch t
    WHERE t.id = ANY(%(ids)s::bigint[]) AND t.status = %(due)s
    ORDER BY t.id
    FOR UPDATE OF t SKIP LOCKED
), judged AS (
    SELECT p.account_id, p.id, p.influence, p.name, CASE
        WHEN NOT %(is_direct)s THEN ''
        WHEN p.do_not_contact THEN 'do_not_contact'
        WHEN special.is_granted IS FALSE THEN 'withdrawn'
        WHEN general.is_granted IS FALSE AND NOT coalesce(
            (special.said_on, special.recorded_at, special.id)
                > (general.said_on, general.recorded_at, general.id), FALSE)
            THEN 'withdrawn'
        WHEN %(topic)s <> '' AND %(asks_first)s
            AND general.id IS NULL AND special.id IS NULL THEN 'no_consent'
        WHEN p.contact_cap IS NOT NULL AND p.contact_cap <= (
            SELECT count(*) FROM crm_touchpoint tp
            WHERE tp.contact_id = p.id AND tp.voided_at IS NULL
              AND tp.direction = %(direction)s AND tp.channel = ANY(%(direct)s)
              AND tp.occurred_at > %(cap_since)s AND tp.occurred_at <= now()
              AND tp.outcome <> ALL(%(nobody_reached)s)
        ) THEN 'cap'
        ELSE '' END AS refusal
    FROM (SELECT DISTINCT account_id FROM open) asked
    JOIN crm_contact p ON p.account_id = asked.account_id
        AND (p.left_on IS NULL OR p.left_on > %(today)s::date)
    {_WISH.format(name="general", topic="w.topic = ''")}
    {_WISH.format(name="special", topic=_THIS_TOPIC)}
), chosen AS (
    SELECT DISTINCT ON (account_id) account_id, id, refusal FROM judged
    ORDER BY account_id, refusal <> '', refusal <> 'cap',
        influence DESC NULLS LAST, name, id
), ready AS (
    SELECT open.id, open.account_id, open.token, chosen.id AS contact_id
    FROM open LEFT JOIN chosen USING (account_id)
    WHERE coalesce(chosen.refusal, '') = ''
), logged AS (
    INSERT INTO crm_touchpoint
        (account_id, contact_id, user_id, channel, direction, occurred_at, minutes,
         note, outcome, phase, care, source, form_token)
    SELECT account_id, contact_id, %(actor)s, %(channel)s, %(direction)s, now(),
        %(minutes)s, %(title)s, '', %(phase)s, %(care)s, %(source)s, token
    FROM ready
    RETURNING id, account_id, form_token
), closed AS (
    UPDATE campaigns_plannedtouch t
    SET status = %(done)s, closed_at = now(), closed_by_id = %(actor)s,
        touchpoint_id = logged.id, reason = ''
    FROM ready JOIN logged ON logged.form_token = ready.token
    WHERE t.id = ready.id
    RETURNING t.id
), left_out AS (
    UPDATE campaigns_plannedtouch t
    SET status = %(skipped)s, closed_at = now(), closed_by_id = %(actor)s,
        reason = CASE chosen.refusal WHEN 'do_not_contact' THEN %(do_not_contact)s
            WHEN 'withdrawn' THEN %(withdrawn)s ELSE %(no_consent)s END
    FROM open JOIN chosen USING (account_id)
    WHERE t.id = open.id AND chosen.refusal NOT IN ('', 'cap')
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
SELECT (SELECT count(*) FROM closed), (SELECT count(*) FROM left_out),
    (SELECT count(*) FROM open JOIN chosen USING (account_id)
     WHERE chosen.refusal = 'cap')
"""
