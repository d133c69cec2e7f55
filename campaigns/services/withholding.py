"""Touches that may not be, or need not be: struck out, and documented as exceptions.

Who may be approached follows `crm.queries.consent.may_contact`, for all accounts at
once: an account is out of reach when people are known there and none of them may be.
"""

import datetime as dt
import json
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.choices import DIRECT_CHANNELS, ExceptionKind, TouchStatus
from campaigns.models import PlanningRule
from campaigns.queries.out_of_reach import SILENT
from campaigns.services.candidates import TABLE, Span
from crm import policy as crm_policy
from crm.choices import Channel, Direction, TouchpointSource

NOBODY = "Everybody there asked not to be contacted."
CLOSED = "We are closed on each day of its time."


def strike_out(span: Span, rule: PlanningRule) -> None:
    """Mark candidates that nobody may be reached by, or that were done by hand."""
    strike_out_of_reach(span, rule)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, span.parameters | _words(rule))


def strike_out_of_reach(span: Span, rule: PlanningRule) -> None:
    """Mark candidates that nobody may be reached by."""
    with connection.cursor() as cursor:
        cursor.execute(_SILENCED, span.parameters | _words(rule))


def document() -> None:
    """Store why candidates are not planned, and forget what is planned after all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DOCUMENT,
            {"no_day": ExceptionKind.NO_DAY, "closed": CLOSED},
        )
        cursor.execute(_FORGET, {"counted": ExceptionKind.COUNTED})


def cancel_out_of_reach(span: Span, rule: PlanningRule) -> None:
    """Cancel open touches that nobody may be reached by any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CANCEL_SILENCED.format(some=span.of_accounts("t.account_id")),
            span.parameters | _words(rule),
        )


def count_by_hand(span: Span, rule: PlanningRule) -> None:
    """Let contacts by hand count for open touches of their kind that were to come.

    The touch is cancelled and stands as an exception with the contact.
    """
    if not rule.collision_days:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT_DUE.format(some=span.of_accounts("t.account_id")),
            span.parameters | _words(rule),
        )


def _words(rule: PlanningRule) -> dict[str, Any]:
    return {
        "direct": sorted(DIRECT_CHANNELS),
        "opt_in": sorted(crm_policy.OPT_IN_CHANNELS),
        "channels": json.dumps({c.value: str(c.label).lower() for c in Channel}),
        "due": TouchStatus.DUE,
        "cancelled": TouchStatus.CANCELLED,
        "do_not_contact": ExceptionKind.DO_NOT_CONTACT,
        "no_consent": ExceptionKind.NO_CONSENT,
        "counted": ExceptionKind.COUNTED,
        "nobody": NOBODY,
        "plan": TouchpointSource.PLAN,
        "incoming": Direction.IN,
        "unanswered": sorted(crm_policy.OUTCOMES_WITHOUT_CONTACT),
        "collision_days": rule.collision_days,
        "back": dt.timedelta(days=rule.collision_days + 1),
        "zone": settings.TIME_ZONE,
    }


_WHY_SILENT = """
    CASE WHEN silent.is_nobody THEN %(nobody)s
        ELSE format('Nobody there allows %%s%%s.',
            %(channels)s::jsonb ->> silent.channel,
            CASE WHEN silent.topic = '' THEN '' ELSE ' about ' || silent.topic END)
    END
"""
_ASKED_NEW = f"""
    SELECT DISTINCT account_id, channel, topic FROM {TABLE}
    WHERE is_direct AND kind IS NULL
"""
_SILENCED = f"""
UPDATE {TABLE} c
SET kind = CASE WHEN silent.is_nobody THEN %(do_not_contact)s ELSE %(no_consent)s END,
    reason = {_WHY_SILENT}
FROM ({SILENT.format(asked=_ASKED_NEW)}) silent
WHERE c.account_id = silent.account_id AND c.channel = silent.channel
  AND c.topic = silent.topic AND c.kind IS NULL
"""
_ASKED_OPEN = """
    SELECT DISTINCT t.account_id, tt.channel, tt.topic
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id
    WHERE t.status = %(due)s AND tt.channel = ANY(%(direct)s)
"""
_CANCEL_SILENCED = f"""
UPDATE campaigns_plannedtouch t
SET status = %(cancelled)s, closed_at = now(), reason = left({_WHY_SILENT}, 300)
FROM ({SILENT.format(asked=_ASKED_OPEN + " {some}")}) silent,
    campaigns_touchtemplate tt
WHERE tt.id = t.template_id AND t.account_id = silent.account_id
  AND tt.channel = silent.channel AND tt.topic = silent.topic
  AND t.status = %(due)s
"""
# Contacts by hand that no touch has counted yet: each counts for the first touch of its
# kind that is due within `collision_days` after it.
_BY_HAND = """
    SELECT DISTINCT ON (h.id) asked.id, h.id AS touchpoint_id, h.day, asked.due_on
    FROM ({asked}) asked
    JOIN LATERAL (
        SELECT tp.id, (tp.occurred_at AT TIME ZONE %(zone)s)::date AS day
        FROM crm_touchpoint tp
        WHERE tp.account_id = asked.account_id AND tp.channel = asked.channel
          AND tp.occurred_at > asked.due_on::timestamp AT TIME ZONE %(zone)s - %(back)s
          AND tp.source <> %(plan)s AND tp.direction <> %(incoming)s
          AND tp.voided_at IS NULL AND tp.outcome <> ALL(%(unanswered)s)
    ) h ON h.day BETWEEN asked.due_on - %(collision_days)s::int AND asked.due_on
    WHERE NOT EXISTS (
        SELECT FROM campaigns_plannedtouch t WHERE t.touchpoint_id = h.id)
      AND NOT EXISTS (
        SELECT FROM campaigns_touchexception e WHERE e.touchpoint_id = h.id)
    ORDER BY h.id, asked.due_on, asked.id
"""
_FIRST_BY_HAND = """
    SELECT DISTINCT ON (id) id, touchpoint_id, day FROM ({by_hand}) found
    ORDER BY id, day, touchpoint_id
"""
_WHY_COUNTED = """
    format('The %%s of %%s counts instead.',
        %(channels)s::jsonb ->> {channel}, to_char(hand.day, 'YYYY-MM-DD'))
"""
_ASKED_CANDIDATES = f"""
    SELECT id, account_id, channel, due_on FROM {TABLE}
    WHERE kind IS NULL AND %(collision_days)s > 0
"""
_COUNTED = f"""
UPDATE {TABLE} c
SET kind = %(counted)s, touchpoint_id = hand.touchpoint_id,
    reason = {_WHY_COUNTED.format(channel="c.channel")}
FROM ({_FIRST_BY_HAND.format(by_hand=_BY_HAND.format(asked=_ASKED_CANDIDATES))}) hand
WHERE hand.id = c.id
"""
_ASKED_DUE = """
    SELECT t.id, t.account_id, tt.channel, t.due_on
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id
    WHERE t.status = %(due)s AND t.due_on >= %(as_of)s::date {some}
      -- What a campaign asks for is said to all of its audience.
      AND tt.campaign_id IS NULL
"""
_COUNT_DUE = f"""
WITH hand AS MATERIALIZED (
    {_FIRST_BY_HAND.format(by_hand=_BY_HAND.format(asked=_ASKED_DUE))}
), closed AS (
    UPDATE campaigns_plannedtouch t
    SET status = %(cancelled)s, closed_at = now(),
        reason = {_WHY_COUNTED.format(channel="tt.channel")}
    FROM hand, campaigns_touchtemplate tt
    WHERE t.id = hand.id AND tt.id = t.template_id AND t.status = %(due)s
    RETURNING t.account_id, t.template_id, t.lineage, t.period, t.due_on, t.reason,
        hand.touchpoint_id
)
INSERT INTO campaigns_touchexception
    (account_id, template_id, lineage, period, due_on, kind, reason, touchpoint_id)
SELECT account_id, template_id, lineage, period, due_on, %(counted)s, reason,
    touchpoint_id
FROM closed
ON CONFLICT DO NOTHING
"""
# That its time runs out is no news of a touch that may not be anyway.
_DOCUMENT = f"""
INSERT INTO campaigns_touchexception AS e
    (account_id, template_id, lineage, period, due_on, kind, reason, touchpoint_id)
SELECT account_id, template_id, lineage, period, due_on, kind,
    left(CASE kind WHEN %(no_day)s THEN %(closed)s ELSE reason END, 300), touchpoint_id
FROM {TABLE} WHERE kind IS NOT NULL
ON CONFLICT (account_id, lineage, period) DO UPDATE
SET kind = excluded.kind, reason = excluded.reason, due_on = excluded.due_on,
    template_id = excluded.template_id, touchpoint_id = excluded.touchpoint_id
WHERE (e.kind, e.reason) IS DISTINCT FROM (excluded.kind, excluded.reason)
    AND excluded.kind <> %(no_day)s
"""
_FORGET = f"""
DELETE FROM campaigns_touchexception e USING {TABLE} c
WHERE c.kind IS NULL AND e.kind <> %(counted)s
  AND e.account_id = c.account_id AND e.lineage = c.lineage AND e.period = c.period
"""
