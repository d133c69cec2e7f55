"""Planning: from the plan of each class to touches on days, each once."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Min
from django.utils import timezone

from campaigns import policy
from campaigns.choices import DIRECT_CHANNELS, TouchStatus, VersionStatus
from campaigns.engine.cadence import Slot, period_ends_on, slots
from campaigns.models import PlannedTouch, PlanVersion, TouchTemplate
from campaigns.services import standings
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
) -> int:
    """Plan what the published plans ask for from `as_of` on; return how many are new.

    Each member of a class gets each touch once per slot of its period, whatever is
    repeated: the day follows from account and touch alone, and the database refuses a
    second row. An account that joined in the middle of a slot gets its touch in what
    is left of it. Touches of accounts that changed class, were lost or merged, or
    where nobody may be contacted any more, are cancelled first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    _reopen_undone()
    _cancel_what_no_longer_holds()
    wanted = _wanted(as_of, horizon_days, worth_class)
    planned = 0
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, _parameters(wanted, as_of, horizon_days))
            planned = int(cursor.rowcount)
    standings.refresh_next_touches()
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
    open_periods = late.order_by().values_list("period", flat=True).distinct()
    over = [label for label in open_periods if period_ends_on(label) <= as_of]
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One touch in one slot, for every member of its class."""

    template: TouchTemplate
    worth_class: str
    slot: Slot
    starts_on: dt.date
    valid_from: dt.date

    @property
    def seed(self) -> int:
        """Return what, with the account, decides the day within the slot."""
        mixed = uuid.uuid5(self.template.lineage, str(self.slot.number))
        return int.from_bytes(mixed.bytes[:8], signed=True)


def _wanted(
    as_of: dt.date, horizon_days: int, worth_class: WorthClass | None
) -> list[_Wanted]:
    """Return the slots that overlap the window, for all published plans."""
    versions = PlanVersion.objects.published().select_related("plan")
    if worth_class is not None:
        versions = versions.filter(plan__worth_class=worth_class)
    last = as_of + dt.timedelta(days=horizon_days - 1)
    return [
        wanted
        for version in versions.prefetch_related("touches")
        for wanted in _wanted_by(version, as_of, last)
    ]


def _wanted_by(version: PlanVersion, first: dt.date, last: dt.date) -> list[_Wanted]:
    valid_from = version.valid_from or first
    since = _lineages_since(version)
    found = []
    for template in version.touches.all():
        begins = since.get(template.lineage) or valid_from
        for slot in slots(template.cadence, template.times, first, last):
            starts_on = max(slot.starts_on, begins)
            if starts_on < slot.ends_on:
                found.append(
                    _Wanted(
                        template=template,
                        worth_class=version.plan.worth_class,
                        slot=slot,
                        starts_on=starts_on,
                        valid_from=valid_from,
                    )
                )
    return found


def _lineages_since(version: PlanVersion) -> dict[uuid.UUID, dt.date]:
    """Return since when the plan asks for each touch, whichever version said so first.

    So a new version that keeps a touch keeps its days.
    """
    spoken = TouchTemplate.objects.filter(version__plan_id=version.plan_id).exclude(
        version__status=VersionStatus.DRAFT
    )
    rows = spoken.values_list("lineage").annotate(since=Min("version__valid_from"))
    return {lineage: since for lineage, since in rows.order_by() if since}


def _parameters(
    wanted: list[_Wanted], as_of: dt.date, horizon_days: int
) -> dict[str, Any]:
    """Return the slots as arrays, one per column."""
    return {
        "template": [w.template.pk for w in wanted],
        "worth_class": [w.worth_class for w in wanted],
        "lineage": [w.template.lineage for w in wanted],
        "period": [w.slot.period for w in wanted],
        "owner_role": [w.template.owner_role for w in wanted],
        "is_direct": [w.template.channel in DIRECT_CHANNELS for w in wanted],
        "starts_on": [w.starts_on for w in wanted],
        "ends_on": [w.slot.ends_on for w in wanted],
        "period_ends_on": [w.slot.period_ends_on for w in wanted],
        "valid_from": [w.valid_from for w in wanted],
        "seed": [w.seed for w in wanted],
        "as_of": as_of,
        "horizon": horizon_days,
        "former": Stage.FORMER,
        "due": TouchStatus.DUE,
    }


# Accounts where somebody is known and everybody asked not to be contacted.
_SILENT = """
    SELECT account_id FROM crm_contact
    WHERE left_on IS NULL
    GROUP BY account_id HAVING bool_and(do_not_contact)
"""

# The steps of a day: where the member's part of the slot begins; the day that account
# and touch decide; a day in the coming weeks if that one was missed; off the weekend,
# forwards within the period, else backwards, else as it is.
_INSERT = f"""
INSERT INTO campaigns_plannedtouch
    (account_id, template_id, lineage, period, due_on, owner_role, status, reason)
SELECT a.id, s.template_id, s.lineage, s.period, final.day, s.owner_role,
       %(due)s, ''
FROM unnest(
        %(template)s::bigint[], %(worth_class)s::text[], %(lineage)s::uuid[],
        %(period)s::text[], %(owner_role)s::text[], %(is_direct)s::boolean[],
        %(starts_on)s::date[], %(ends_on)s::date[], %(period_ends_on)s::date[],
        %(valid_from)s::date[], %(seed)s::bigint[]
    ) AS s(template_id, worth_class, lineage, period, owner_role, is_direct,
           starts_on, ends_on, period_ends_on, valid_from, seed)
JOIN segments_membership m ON m.worth_class = s.worth_class AND m.until IS NULL
JOIN crm_account a ON a.id = m.account_id
    AND a.merged_into_id IS NULL AND a.stage <> %(former)s
LEFT JOIN ({_SILENT}) silent ON silent.account_id = a.id AND s.is_direct
CROSS JOIN LATERAL (
    SELECT GREATEST(s.starts_on, m.since) AS from_day,
           hashint8extended(a.id, s.seed) AS hash
) part
CROSS JOIN LATERAL (
    SELECT part.from_day
        + abs(part.hash %% GREATEST(s.ends_on - part.from_day, 1))::int AS day
) chosen
CROSS JOIN LATERAL (
    SELECT CASE WHEN chosen.day >= %(as_of)s::date THEN chosen.day
        ELSE %(as_of)s::date
            + abs(part.hash %% LEAST(%(horizon)s, s.ends_on - %(as_of)s::date))::int
        END AS day
) open
CROSS JOIN LATERAL (
    SELECT extract(isodow FROM open.day)::int AS weekday,
           GREATEST(part.from_day, s.valid_from, %(as_of)s::date) AS earliest
) week
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN week.weekday < 6 THEN open.day
        WHEN open.day + 8 - week.weekday < s.period_ends_on
            THEN open.day + 8 - week.weekday
        WHEN open.day + 5 - week.weekday >= week.earliest
            THEN open.day + 5 - week.weekday
        ELSE open.day
    END AS day
) final
WHERE silent.account_id IS NULL
  AND part.from_day < s.ends_on
  AND s.ends_on > %(as_of)s::date
  AND final.day < %(as_of)s::date + %(horizon)s
  AND (s.valid_from <= %(as_of)s::date OR chosen.day >= s.valid_from)
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


def _cancel_what_no_longer_holds() -> None:
    """Cancel open touches whose account left the class, the firm, or reach."""
    parameters: dict[str, Any] = {
        "names": json.dumps(dict(WorthClass.choices)),
        "former": Stage.FORMER,
        "due": TouchStatus.DUE,
        "cancelled": TouchStatus.CANCELLED,
        "direct": sorted(DIRECT_CHANNELS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, parameters)


_CANCEL = f"""
UPDATE campaigns_plannedtouch touch
SET status = %(cancelled)s, closed_at = now(), reason = judged.reason
FROM (
    SELECT t.id, CASE
        WHEN a.merged_into_id IS NOT NULL THEN 'Merged into another account.'
        WHEN a.stage = %(former)s THEN 'Not a customer any more.'
        WHEN m.worth_class IS NULL THEN 'The account stands in no class.'
        WHEN m.worth_class <> p.worth_class THEN format(
            'Class changed from %%s to %%s.',
            %(names)s::jsonb ->> p.worth_class, %(names)s::jsonb ->> m.worth_class)
        WHEN silent.account_id IS NOT NULL
            THEN 'Everybody there asked not to be contacted.'
    END AS reason
    FROM campaigns_plannedtouch t
    JOIN campaigns_touchtemplate tt ON tt.id = t.template_id
    JOIN campaigns_planversion v ON v.id = tt.version_id
    JOIN campaigns_retentionplan p ON p.id = v.plan_id
    JOIN crm_account a ON a.id = t.account_id
    LEFT JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
    LEFT JOIN ({_SILENT}) silent ON silent.account_id = a.id
        AND tt.channel = ANY(%(direct)s)
    WHERE t.status = %(due)s
) judged
WHERE judged.id = touch.id AND judged.reason IS NOT NULL
"""
