"""What a campaign asks for: one row for each account and touch, planned by the rules.

The rows are candidates as those of plans are, so that the same rules strike out whom
nobody may reach, and find days on which people have time and accounts may hear from us.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

from campaigns.choices import (
    DIRECT_CHANNELS,
    ExceptionKind,
    OwnerRole,
    TouchStatus,
)
from campaigns.engine.cadence import CAMPAIGN, CAMPAIGN_DAYS_OPEN
from campaigns.models import Campaign, PlanningRule, TouchTemplate
from campaigns.queries.open_days import open_days
from campaigns.services import placing, withholding
from campaigns.services.candidates import TABLE, Span
from campaigns.services.stand_ins import STAND_INS, stand_ins
from common.clock import business_today

__all__ = ["TABLE", "collect", "plan", "span_of"]

_ONE_DAY = dt.timedelta(days=1)


def span_of(campaign: Campaign, touches: Sequence[TouchTemplate]) -> Span:
    """Return the days from today on in which its touches may fall."""
    last = max(touch.offset_days for touch in touches)
    today = business_today()
    days = (campaign.starts_on - today).days + last + CAMPAIGN_DAYS_OPEN
    return Span(today, days)


def collect(
    campaign: Campaign,
    asked: Sequence[tuple[TouchTemplate, Sequence[int]]],
    span: Span,
    rule: PlanningRule,
) -> None:
    """Fill the table of candidates, and mark those whom nobody may reach."""
    calendar = open_days(span.as_of, span.ends_on, rule=rule)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(_CREATE)
        for touch, accounts in asked:
            day = campaign.starts_on + dt.timedelta(days=touch.offset_days)
            latest = day + dt.timedelta(days=CAMPAIGN_DAYS_OPEN)
            due_on = calendar.next_open(day)
            cursor.execute(
                _COLLECT,
                _of_touch(touch, accounts)
                | {
                    "earliest": day,
                    "latest": latest,
                    "due_on": due_on if due_on < latest else day,
                    "kind": None if due_on < latest else ExceptionKind.NO_DAY,
                },
            )
        cursor.execute(f"ANALYZE {TABLE}")
    withholding.strike_out_of_reach(span, rule)


def plan(campaign: Campaign, span: Span, rule: PlanningRule) -> int:
    """Store the touches of those who are not spared; return how many.

    What can be on no day, or may not reach the account, stands as an exception.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_TREATED, [campaign.pk])
    placing.place(span, rule, open_days(span.as_of, span.ends_on, rule=rule))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [TouchStatus.DUE])
        planned = int(cursor.rowcount)
    withholding.document()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
    return planned


def _of_touch(touch: TouchTemplate, accounts: Sequence[int]) -> dict[str, Any]:
    return stand_ins() | {
        "accounts": list(accounts),
        "template": touch.pk,
        "lineage": touch.lineage,
        "period": CAMPAIGN,
        "owner_role": touch.owner_role,
        "channel": touch.channel,
        "topic": touch.topic.strip(),
        "minutes": touch.minutes,
        "is_direct": touch.channel in DIRECT_CHANNELS,
        "rep": OwnerRole.REP,
    }


_CREATE = f"""
CREATE TEMPORARY TABLE {TABLE.removeprefix("pg_temp.")} (
    id bigint GENERATED ALWAYS AS IDENTITY, account_id bigint, template_id bigint,
    lineage uuid, period text, owner_role text, channel text, topic text,
    minutes int, is_direct boolean, due_on date, earliest date, latest date,
    person_id bigint, assigned_to_id bigint, reason text, kind text,
    touchpoint_id bigint
) ON COMMIT DROP
"""
_COLLECT = f"""
INSERT INTO {TABLE} (account_id, template_id, lineage, period, owner_role, channel,
    topic, minutes, is_direct, due_on, earliest, latest, person_id, assigned_to_id,
    reason, kind)
SELECT a.id, %(template)s, %(lineage)s, %(period)s, %(owner_role)s, %(channel)s,
    %(topic)s, %(minutes)s, %(is_direct)s, %(due_on)s::date, %(earliest)s::date,
    %(latest)s::date,
    CASE WHEN %(owner_role)s = %(rep)s THEN
        CASE WHEN stand_in.owner_id IS NULL THEN a.owner_id ELSE stand_in.person_id END
    END,
    CASE WHEN %(owner_role)s = %(rep)s THEN stand_in.person_id END,
    CASE WHEN %(owner_role)s = %(rep)s
        THEN coalesce(stand_in.reason, '') ELSE '' END,
    %(kind)s
FROM crm_account a
{STAND_INS}
WHERE a.id = ANY(%(accounts)s::bigint[])
ORDER BY a.id
"""
_KEEP_TREATED = f"""
DELETE FROM {TABLE} c USING campaigns_enrolment e
WHERE e.campaign_id = %s AND e.account_id = c.account_id
    AND (e.is_control OR e.left_out <> '')
"""
_INSERT = f"""
INSERT INTO campaigns_plannedtouch
    (account_id, template_id, lineage, period, due_on, owner_role, assigned_to_id,
     status, reason)
SELECT account_id, template_id, lineage, period, due_on, owner_role, assigned_to_id,
    %s, reason
FROM {TABLE} WHERE kind IS NULL
ON CONFLICT DO NOTHING
"""
