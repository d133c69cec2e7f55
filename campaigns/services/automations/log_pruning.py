"""The log of automations forgets, after its time, what was not done."""

from typing import Any

from django.db import connection, transaction

from campaigns import policy
from campaigns.choices import FiringStatus
from campaigns.queries.automations.triggers import TRIGGERS

BATCH = 50_000


def drop_passed_over() -> int:
    """Drop old rows of causes that were passed over; return how many.

    A fact is found only once, by the cursor: its row may go when the cursor is past it.
    A state is found as long as it holds, so the newest row of an account stays, and
    the cause stays decided. What fired is kept, as is what held before the start.
    """
    states = [key for key, one in TRIGGERS.items() if one.is_state]
    parameters: dict[str, Any] = {
        "passed_over": [FiringStatus.NOT_MET.value, FiringStatus.RESTING.value],
        "states": states,
        "days": policy.PASSED_OVER_KEPT_DAYS,
        "state_days": policy.PASSED_OVER_STATES_KEPT_DAYS,
        "batch": BATCH,
    }
    dropped = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_DROP, parameters)
            some = int(cursor.rowcount)
        dropped += some
        if some < BATCH:
            return dropped


_DROP = """
DELETE FROM campaigns_firing WHERE id IN (
    SELECT f.id FROM campaigns_firing f
    JOIN campaigns_automationversion v ON v.id = f.version_id
    JOIN campaigns_automationcursor c ON c.automation_id = f.automation_id
    WHERE f.status = ANY(%(passed_over)s) AND f.decided_at < c.seen_until
      AND CASE WHEN v.trigger ->> 'kind' = ANY(%(states)s)
        THEN f.decided_at < now() - make_interval(days => %(state_days)s) AND EXISTS (
            SELECT FROM campaigns_firing newer
            WHERE newer.automation_id = f.automation_id
              AND newer.account_id = f.account_id AND newer.id > f.id)
        ELSE f.decided_at < now() - make_interval(days => %(days)s) END
    ORDER BY f.id LIMIT %(batch)s
)
"""
