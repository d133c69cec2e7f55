"""Runs the statements of triggers: what waits for a decision, and what held before."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from campaigns.choices import FiringStatus
from campaigns.models import Automation, AutomationCursor, AutomationVersion
from campaigns.queries.automations.base import (
    EPOCH,
    Occurrence,
    Search,
    Statement,
    Trigger,
    Values,
)
from campaigns.queries.automations.triggers import TRIGGERS
from clv.models import ValuationRun
from common.clock import business_today
from segments.models import Membership

LONGEST_TEXT = 400
# Facts of an account that was merged away count for the one that is left.
_FOUND = """
    SELECT coalesce(s.account_id, f.account_id) AS account_id, f.cause,
        min(f.at) AS at, min(left(f.text, {longest})) AS text
    FROM ({sql}) f LEFT JOIN survivor s ON s.member_id = f.account_id
    GROUP BY 1, 2
"""
_WAITING = """
    {opening}
    SELECT account_id, cause, at, text FROM ({found}) found
    WHERE NOT EXISTS (
        SELECT FROM campaigns_firing x WHERE x.automation_id = %(automation)s
            AND x.account_id = found.account_id AND x.cause = found.cause)
    ORDER BY at, account_id, cause LIMIT %(limit)s
"""
_LATEST = """
    {opening}
    SELECT account_id, cause, at, text FROM ({found}) found
    ORDER BY at DESC, cause DESC LIMIT 1
"""
_NOTE = """
    {opening}
    INSERT INTO campaigns_firing (automation_id, version_id, account_id, cause, status,
        trigger_text, reason, results)
    SELECT %(automation)s, %(version)s, account_id, cause, '{before}', text,
        'It held already when the automation was switched on.', '[]'
    FROM ({found}) found ON CONFLICT DO NOTHING
"""


def trigger_of(version: AutomationVersion) -> Trigger:
    return TRIGGERS[version.trigger["kind"]]


def search_of(cursor: AutomationCursor) -> Search:
    """Return what is looked for where `cursor` stands."""
    return Search(
        since=max(cursor.seen_until, cursor.started_at),
        started_at=cursor.started_at,
        started_on=business_day(cursor.started_at),
        today=business_today(),
        run_id=current_run_id(),
        membership_floor=cursor.floors.get("membership", 0),
    )


def business_day(moment: dt.datetime) -> dt.date:
    """Return the company's date at a moment."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def current_run_id() -> int:
    run = ValuationRun.objects.current()
    return run.pk if run else 0


def membership_floor() -> int:
    """Return the last membership there is."""
    return Membership.objects.aggregate(last=Max("pk"))["last"] or 0


def waiting(
    *,
    automation: Automation,
    trigger: Trigger,
    values: Values,
    search: Search,
    limit: int,
) -> list[Occurrence]:
    """Return causes that this automation has not decided, the oldest first."""
    statement = trigger.find(values, search)
    return _rows(
        _WAITING.format(opening=statement.opening, found=_found(statement)),
        {
            **search.parameters,
            **statement.values,
            "automation": automation.pk,
            "limit": limit,
        },
    )


def latest(
    *, trigger: Trigger, values: Values, account_ids: Sequence[int]
) -> Occurrence | None:
    """Return the newest cause that there ever was at one account, for a trial.

    `account_ids` are the account's and those of what was merged into it.
    """
    search = Search(
        since=EPOCH,
        started_at=EPOCH,
        started_on=EPOCH.date(),
        today=business_today(),
        run_id=current_run_id(),
        accounts=tuple(account_ids),
    )
    statement = trigger.find(values, search)
    found = _rows(
        _LATEST.format(opening=statement.opening, found=_found(statement)),
        {**search.parameters, **statement.values},
    )
    return found[0] if found else None


def note_past(*, version: AutomationVersion, trigger: Trigger, search: Search) -> int:
    """Write down what holds now without firing; return how much that is."""
    statement = trigger.find(version.trigger, search)
    sql = _NOTE.format(
        opening=statement.opening,
        found=_found(statement),
        before=FiringStatus.BEFORE.value,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                **search.parameters,
                **statement.values,
                "automation": version.automation_id,
                "version": version.pk,
            },
        )
        return int(cursor.rowcount)


def _found(statement: Statement) -> str:
    return _FOUND.format(sql=statement.sql, longest=LONGEST_TEXT)


def _rows(sql: str, parameters: dict[str, Any]) -> list[Occurrence]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Occurrence(*row) for row in cursor.fetchall()]
