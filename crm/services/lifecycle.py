"""Lifecycle stages: by rule in the night, by hand with a reason, kept with history."""

import datetime as dt
from typing import Any

from django.db import connection, transaction

from common.clock import business_today
from common.versions import save_changes
from crm.choices import OrderStatus
from crm.errors import CannotSetStageError
from crm.models import (
    Account,
    LifecycleStage,
    LifecycleStay,
    RelationshipProfile,
    User,
)
from crm.services import audit

RULE = ("name", "play", "orders_from", "idle_days_from", "customer_days_to")
BENEFITS = ("for_them", "for_us")
BY_RULE = "by its rule"

MOVED = """
CREATE TEMPORARY TABLE lifecycle_moved ON COMMIT DROP AS
SELECT wanted.account_id, wanted.stage_id
FROM (
    SELECT account.id AS account_id, CASE {cases} END AS stage_id
    FROM crm_account account
    LEFT JOIN (
        SELECT account_id, count(*) AS orders,
               min(ordered_on) AS first_on, max(ordered_on) AS last_on
        FROM crm_order WHERE status = %(confirmed)s AND ordered_on <= %(as_of)s
        GROUP BY account_id
    ) bought ON bought.account_id = account.id
    WHERE account.merged_into_id IS NULL
) wanted
LEFT JOIN crm_lifecyclestay stay
    ON stay.account_id = wanted.account_id AND stay.until IS NULL
WHERE wanted.stage_id IS NOT NULL AND (
    stay.id IS NULL OR (
        stay.set_by_id IS NULL AND stay.stage_id <> wanted.stage_id
        AND stay.since <= %(as_of)s
    )
)
"""
CLOSE = """
UPDATE crm_lifecyclestay stay SET until = %(as_of)s
FROM lifecycle_moved moved
WHERE stay.account_id = moved.account_id AND stay.until IS NULL
"""
OPEN = """
INSERT INTO crm_lifecyclestay (account_id, stage_id, since, reason)
SELECT account_id, stage_id, %(as_of)s, %(reason)s FROM lifecycle_moved
"""


def set_stage(
    *, actor: User, account: Account, stage: LifecycleStage, reason: str
) -> LifecycleStay:
    """Put an account into a stage by hand; it stays there until somebody lets it go.

    Raises
    ------
    CannotSetStageError
        If no reason is given.
    """
    reason = reason.strip()
    if not reason:
        raise CannotSetStageError(
            "Say why, for those who read it later.", field="reason"
        )
    today = business_today()
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        LifecycleStay.objects.filter(account=account, until=None).update(until=today)
        stay = LifecycleStay.objects.create(
            account=account, stage=stage, since=today, reason=reason, set_by=actor
        )
        audit.record(
            actor=actor, action="account.stage_set", subject=account, stage=stage.key
        )
    return stay


def let_rules_decide(*, actor: User, account: Account) -> None:
    """Let the next night move an account that somebody had set by hand."""
    with transaction.atomic():
        stays = LifecycleStay.objects.filter(account=account, until=None)
        if stays.exclude(set_by=None).update(set_by=None):
            audit.record(actor=actor, action="account.stage_released", subject=account)


def apply_rules(*, as_of: dt.date) -> int:
    """Move every account into the stage of its rule; return how many moved.

    Three statements, however many accounts there are. Who was set by hand stays.
    """
    stages = list(LifecycleStage.objects.all())
    if not stages:
        return 0
    given: dict[str, Any] = {
        "as_of": as_of,
        "confirmed": OrderStatus.CONFIRMED.value,
        "reason": BY_RULE,
    }
    cases = " ".join(_case(stage, given) for stage in stages)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lifecycle_moved")
        cursor.execute(MOVED.format(cases=cases), given)
        cursor.execute(CLOSE, given)
        cursor.execute(OPEN, given)
        return int(cursor.rowcount)


def change_stage(
    *,
    actor: User,
    stage: LifecycleStage,
    expected_version: int | None = None,
    **changes: Any,
) -> LifecycleStage:
    """Change a stage's name, play or rule; the next night goes by it.

    Raises
    ------
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(changes).difference(RULE):
        raise TypeError(f"stages have no such fields to change: {sorted(unknown)}")
    with transaction.atomic():
        save_changes(stage, expected_version=expected_version, **changes)
        audit.record(actor=actor, action="stage.changed", subject=stage)
    return stage


def change_benefits(
    *,
    actor: User,
    profile: RelationshipProfile,
    expected_version: int | None = None,
    **changes: Any,
) -> RelationshipProfile:
    """Change what a type of relationship offers.

    Raises
    ------
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(changes).difference(BENEFITS):
        raise TypeError(f"profiles have no such fields: {sorted(unknown)}")
    with transaction.atomic():
        save_changes(profile, expected_version=expected_version, **changes)
        audit.record(actor=actor, action="relationship.changed", subject=profile)
    return profile


def _case(stage: LifecycleStage, given: dict[str, Any]) -> str:
    """Return the WHEN of one stage; its numbers become parameters of `given`."""
    key = f"stage_{stage.pk}"
    given[key] = stage.pk
    conditions = ["true"]
    if stage.account_stage:
        given[f"{key}_is"] = stage.account_stage
        conditions.append(f"account.stage = %({key}_is)s")
    if stage.orders_from is not None:
        given[f"{key}_orders"] = stage.orders_from
        conditions.append(f"coalesce(bought.orders, 0) >= %({key}_orders)s")
    if stage.idle_days_from is not None:
        given[f"{key}_idle"] = stage.idle_days_from
        conditions.append(f"%(as_of)s::date - bought.last_on >= %({key}_idle)s")
    if stage.customer_days_to is not None:
        given[f"{key}_new"] = stage.customer_days_to
        conditions.append(f"%(as_of)s::date - bought.first_on <= %({key}_new)s")
    return f"WHEN {' AND '.join(conditions)} THEN %({key})s"
