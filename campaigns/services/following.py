"""Who follows which plan: by class and refinement for all accounts, in few statements.

Only what changes is written: a night in which nobody moved reads and writes nothing.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from campaigns.choices import VersionStatus
from crm.choices import Stage
from segments.choices import WorthClass

_WANTED = "pg_temp.campaigns_wanted"
_WORK_MEMORY = "64MB"  # a million assignments fit into one hash table


@dataclass(frozen=True, slots=True)
class Assigned:
    """What one round changed: accounts that began a plan, and that left one."""

    begun: int
    ended: int


@transaction.atomic
def follow_classes(
    *, as_of: dt.date, accounts: Sequence[int] | None = None
) -> Assigned:
    """Let every account (or those named) follow the plan that is for it.

    Of the automatic plans in force for its class, the one that names most counts:
    relationship type, then territory, then tag. An account that no night has classed
    yet follows a newcomers' plan, and keeps one that runs for a number of days when it
    is classed. A plan by hand goes before all until its last day, until its plan has
    run or was withdrawn, or until the class changes where no day is named; the first
    class that an account is given is no change. Who was merged away or is no customer
    any more follows none. Called again, it changes nothing.
    """
    parameters: dict[str, Any] = {
        "as_of": as_of,
        "accounts": None if accounts is None else list(accounts),
        "zone": settings.TIME_ZONE,
        "names": json.dumps(dict(WorthClass.choices)),
        "former": Stage.FORMER,
        "published": VersionStatus.PUBLISHED,
        "draft": VersionStatus.DRAFT,
    }
    some = "" if accounts is None else "AND a.id = ANY(%(accounts)s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY}'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_FIRST_CLASS.format(some=some), parameters)
        cursor.execute(f"DROP TABLE IF EXISTS {_WANTED}")
        cursor.execute(_CHOOSE.format(some=some), parameters)
        cursor.execute(f"ANALYZE {_WANTED}")
        cursor.execute(_END, parameters)
        ended = int(cursor.rowcount)
        cursor.execute(_BEGIN, parameters)
        begun = int(cursor.rowcount)
        cursor.execute(f"DROP TABLE {_WANTED}")
    return Assigned(begun, ended)


# Whoever was put on a plan by hand before any night classed the account stays on it
# with the first class; from then on another class ends it.
_FIRST_CLASS = """
UPDATE campaigns_planassignment f SET worth_class = a.worth_class
FROM (
    SELECT account_id AS id, worth_class FROM segments_membership WHERE until IS NULL
) a
WHERE f.account_id = a.id AND f.until IS NULL AND f.is_by_hand AND f.worth_class = ''
    {some}
"""
# Plans in force, with the place of each: the one that names most comes first.
_PLANS = """
    SELECT p.*, v.runs_days, since.day AS in_force_since,
        rank() OVER (ORDER BY
            (p.relationship_type <> '')::int + (p.territory_id IS NOT NULL)::int
                + (p.tag_id IS NOT NULL)::int DESC,
            p.relationship_type = '', p.territory_id IS NULL, p.tag_id IS NULL, p.id
        ) AS place
    FROM campaigns_retentionplan p
    JOIN campaigns_planversion v ON v.plan_id = p.id AND v.status = %(published)s
    JOIN LATERAL (
        SELECT min(valid_from) AS day FROM campaigns_planversion
        WHERE plan_id = p.id AND status <> %(draft)s
    ) since ON since.day <= %(as_of)s::date
"""
# What would be followed automatically, unless the plan has run its days already.
_BEST = """
    SELECT a.id AS account_id, min(p.place) AS place
    FROM crm_account a
    LEFT JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
    JOIN plan p ON p.is_automatic AND p.worth_class = coalesce(m.worth_class, '')
        AND p.relationship_type IN ('', a.relationship_type)
        AND (p.territory_id IS NULL OR p.territory_id = a.territory_id)
        AND (p.tag_id IS NULL OR EXISTS (
            SELECT FROM crm_account_tags t
            WHERE t.account_id = a.id AND t.tag_id = p.tag_id))
        AND (p.runs_days IS NULL OR NOT EXISTS (
            SELECT FROM campaigns_planassignment ran
            WHERE ran.account_id = a.id AND ran.plan_id = p.id AND NOT ran.is_by_hand
              AND ran.since >= coalesce(m.since, ran.since)
              AND coalesce(ran.until, %(as_of)s::date) >= ran.since + p.runs_days))
    WHERE a.merged_into_id IS NULL AND a.stage <> %(former)s {some}
    GROUP BY a.id
"""
# One row for each account that has a plan or shall have one: why the open assignment
# ends (NULL: it stays), and which plan comes next (NULL: none).
_CHOOSE = f"""
CREATE TEMPORARY TABLE campaigns_wanted ON COMMIT DROP AS
WITH plan AS MATERIALIZED ({_PLANS}), best AS ({_BEST})
SELECT * FROM (
    SELECT a.id AS account_id, f.id AS open_id, best_plan.id AS plan_id,
        coalesce(m.worth_class, '') AS worth_class,
        CASE
            WHEN f.id IS NULL THEN NULL
            WHEN a.merged_into_id IS NOT NULL THEN 'Merged into another account.'
            WHEN a.stage = %(former)s THEN 'Not a customer any more.'
            WHEN now_on.id IS NULL THEN 'The plan was withdrawn.'
            WHEN f.since + now_on.runs_days <= %(as_of)s::date
                THEN format('The plan ran its %%s days.', now_on.runs_days)
            WHEN f.is_by_hand AND f.ends_on < %(as_of)s::date
                THEN 'Its last day is over.'
            WHEN f.is_by_hand AND (f.ends_on IS NOT NULL OR f.worth_class = ''
                OR f.worth_class = coalesce(m.worth_class, '')) THEN NULL
            WHEN now_on.worth_class = '' AND now_on.runs_days IS NOT NULL
                AND NOT f.is_by_hand AND now_on.is_automatic THEN NULL
            WHEN f.plan_id = best_plan.id AND NOT f.is_by_hand THEN NULL
            WHEN m.worth_class IS NULL THEN 'The account stands in no class.'
            WHEN f.worth_class = '' THEN format('Now classed: %%s.',
                %(names)s::jsonb ->> m.worth_class)
            WHEN f.worth_class <> m.worth_class THEN format(
                'Class changed from %%s to %%s.',
                %(names)s::jsonb ->> f.worth_class, %(names)s::jsonb ->> m.worth_class)
            WHEN best_plan.id IS NULL THEN 'No plan is for this account any more.'
            ELSE format('Another plan is for it now: %%s.', best_plan.name)
        END AS because,
        CASE
            WHEN m.worth_class IS NULL THEN 'Not classed yet.'
            ELSE format('Stands in the class %%s.',
                %(names)s::jsonb ->> m.worth_class)
        END AS reason,
        CASE WHEN m.since IS NOT NULL AND best_plan.runs_days IS NULL
            THEN GREATEST(m.since, best_plan.in_force_since)
        END AS first_since
    FROM crm_account a
    LEFT JOIN campaigns_planassignment f ON f.account_id = a.id AND f.until IS NULL
    LEFT JOIN plan now_on ON now_on.id = f.plan_id
    LEFT JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
    LEFT JOIN best ON best.account_id = a.id
    LEFT JOIN plan best_plan ON best_plan.place = best.place
    WHERE (f.id IS NOT NULL OR best.place IS NOT NULL) {{some}}
) judged
WHERE because IS NOT NULL OR open_id IS NULL
"""
_END = f"""
UPDATE campaigns_planassignment f
SET until = GREATEST(f.since, %(as_of)s::date), ended_because = w.because
FROM {_WANTED} w
WHERE w.open_id = f.id AND f.until IS NULL
"""
# Who follows a plan for the first time does so since it stands in its class: nobody
# was there to write it down. Whoever changes does so from today.
_BEGIN = f"""
INSERT INTO campaigns_planassignment
    (account_id, plan_id, since, is_by_hand, worth_class, reason, ended_because)
SELECT w.account_id, w.plan_id,
    CASE WHEN w.open_id IS NULL AND NOT EXISTS (
            SELECT FROM campaigns_planassignment b WHERE b.account_id = w.account_id)
        THEN LEAST(w.first_since, %(as_of)s::date) ELSE %(as_of)s::date END,
    FALSE, w.worth_class, coalesce(w.because, w.reason), ''
FROM {_WANTED} w
WHERE w.plan_id IS NOT NULL
ON CONFLICT DO NOTHING
"""
