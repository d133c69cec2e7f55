"""Planning: from the plan of each account to touches on days, each once."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from campaigns import policy
from campaigns.choices import CampaignKind, TouchStatus
from campaigns.engine.cadence import period_ends_on
from campaigns.models import PlannedTouch, PlanningRule
from campaigns.queries.open_days import open_days
from campaigns.services import (
    candidates,
    placing,
    stand_ins,
    standings,
    withholding,
)
from campaigns.services.candidates import TABLE, Span
from campaigns.services.following import follow_classes
from crm.choices import Stage
from crm.services import audit
from segments.choices import WorthClass

# One planner at a time: the night and a publication would wait for each other's rows.
_ADVISORY_LOCK = 5_310_117


@transaction.atomic
def plan_touches(
    *,
    as_of: dt.date,
    horizon_days: int = policy.PLANNING_HORIZON_DAYS,
    worth_class: WorthClass | None = None,
    accounts: Sequence[int] | None = None,
) -> int:
    """Plan what published plans ask for from `as_of` on; return how many are new.

    First every account follows the plan that is for it (`following`). Then open touches
    that no longer hold are cancelled: of a plan the account does not follow any more,
    where nobody may be reached, or where a contact by hand counts instead. Then each
    account gets each touch of its plan once per slot, whatever is repeated: the
    database refuses a second row. Touches fall on open days, within the hours of who
    does them, and not more often than the account may hear from us; what can be on no
    day is documented as an exception.

    With `accounts` only theirs are planned, beside a planner that is at work for all:
    what that one plans at the same moment by an older state, the next night corrects.
    """
    if accounts is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    span = Span(as_of, horizon_days, accounts, worth_class)
    rule = PlanningRule.objects.current()
    _reopen_undone()
    follow_classes(as_of=as_of, accounts=accounts)
    _cancel_of_other_plans(span)
    withholding.cancel_out_of_reach(span, rule)
    withholding.count_by_hand(span, rule)
    stand_ins.pass_on(accounts)
    if accounts is None:
        _look_at_sizes()
    planned = _plan_new(span, rule)
    standings.refresh_next_touches(accounts)
    return planned


def _look_at_sizes() -> None:
    """Tell the server how many rows there are: it plans for what it knows.

    Early nights fill these tables from nothing, before it has looked by itself. Where
    little changed since it did, it need not look again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GROWN, {"tables": list(_READ)})
        grown = [name for (name,) in cursor.fetchall()]
        if grown:
            cursor.execute(f"ANALYZE {', '.join(grown)}")


def _plan_new(span: Span, rule: PlanningRule) -> int:
    calendar = open_days(span.as_of, span.ends_on, rule=rule)
    if not candidates.collect(span, calendar):
        return 0
    withholding.strike_out(span, rule)
    placing.place(span, rule, calendar)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"due": TouchStatus.DUE})
        planned = int(cursor.rowcount)
    withholding.document()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
    return planned


@transaction.atomic
def expire_touches(*, as_of: dt.date) -> int:
    """Close open touches whose period is over; return how many.

    A touch expires once its week, month, quarter or year has ended and it is late by
    more than `policy.TOUCH_GRACE_DAYS`. What was done for it earlier or later counts
    for itself; the audit trail names the periods and how many touches each lost.
    """
    latest = as_of - dt.timedelta(days=policy.TOUCH_GRACE_DAYS)
    late = PlannedTouch.objects.due().filter(due_on__lt=latest)
    # Those of a campaign are open until it ends.
    late = late.exclude(template__campaign__isnull=False)
    open_periods = late.order_by().values_list("period", flat=True).distinct()
    # What names no end of its own is open for no longer than the days of grace.
    over = [
        label for label in open_periods if period_ends_on(label, due_on=latest) <= as_of
    ]
    if not over:
        return 0
    lost = late.filter(period__in=over).order_by()
    counts = dict(lost.values_list("period").annotate(n=Count("pk")))
    expired = late.filter(period__in=over).update(
        status=TouchStatus.EXPIRED,
        closed_at=timezone.now(),
        reason="Its period is over.",
    )
    audit.record(actor=None, action="touch.expired", touches=expired, periods=counts)
    return expired


_READ = (
    "crm_account",
    "campaigns_planassignment",
    "campaigns_plannedtouch",
    "campaigns_touchexception",
)
# Tables of which a tenth changed since they were looked at, this transaction included.
_GROWN = """
SELECT c.oid::regclass::text FROM pg_class c
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
LEFT JOIN pg_stat_xact_user_tables x ON x.relid = c.oid
WHERE c.oid = ANY(%(tables)s::regclass[]) AND (c.reltuples < 0
    OR coalesce(s.n_mod_since_analyze, 0)
        + coalesce(x.n_tup_ins + x.n_tup_upd + x.n_tup_del, 0)
        > 1000 + c.reltuples / 10)
"""
_INSERT = f"""
INSERT INTO campaigns_plannedtouch
    (account_id, template_id, lineage, period, due_on, owner_role, assigned_to_id,
     status, reason)
SELECT account_id, template_id, lineage, period, due_on, owner_role, assigned_to_id,
    %(due)s, reason
FROM {TABLE} WHERE kind IS NULL
ON CONFLICT DO NOTHING
"""


def _reopen_undone() -> None:
    """Open the touches again whose touchpoint was taken back."""
    undone = PlannedTouch.objects.filter(
        status=TouchStatus.DONE, touchpoint__voided_at__isnull=False
    )
    undone.update(
        status=TouchStatus.DUE, touchpoint=None, closed_at=None, closed_by=None
    )


def _cancel_of_other_plans(span: Span) -> None:
    """Cancel open touches whose account left the plan or the firm, and say why."""
    parameters: dict[str, Any] = span.parameters | {
        "former": Stage.FORMER,
        "win_back": CampaignKind.WIN_BACK,
        "due": TouchStatus.DUE,
        "cancelled": TouchStatus.CANCELLED,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _CANCEL.format(some=span.of_accounts("t.account_id")), parameters
        )


_CANCEL = """
UPDATE campaigns_plannedtouch touch
SET status = %(cancelled)s, closed_at = now(), reason = judged.reason
FROM (
    SELECT t.id, CASE
        WHEN a.merged_into_id IS NOT NULL THEN 'Merged into another account.'
        WHEN a.stage = %(former)s THEN 'Not a customer any more.'
        ELSE coalesce((
            SELECT nullif(before.ended_because, '') FROM campaigns_planassignment before
            WHERE before.account_id = t.account_id AND before.plan_id = v.plan_id
              AND before.until IS NOT NULL
            ORDER BY before.until DESC, before.id DESC LIMIT 1
        ), 'The account does not follow this plan any more.')
    END AS reason
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id
    JOIN campaigns_planversion v ON v.id = tt.version_id
    JOIN crm_account a ON a.id = t.account_id
    LEFT JOIN campaigns_campaign c ON c.id = tt.campaign_id
    LEFT JOIN campaigns_planassignment f ON f.account_id = t.account_id
        AND f.plan_id = v.plan_id AND f.until IS NULL
    WHERE t.status = %(due)s {some}
      -- What automations and campaigns ask for belongs to no plan that anybody follows;
      -- who left may be won back.
      AND ((f.id IS NULL AND tt.campaign_id IS NULL
              AND substr(t.period, 5, 4) <> '-AO/')
          OR a.merged_into_id IS NOT NULL
          OR (a.stage = %(former)s AND coalesce(c.kind, '') <> %(win_back)s))
) judged
WHERE judged.id = touch.id
"""
