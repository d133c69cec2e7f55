"""The stage an account is in, how it came there, and how stages follow one another."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from crm.choices import RelationshipType
from crm.models import Account, LifecycleStage, LifecycleStay, RelationshipProfile, User

FOLLOWED = """
SELECT stage_id, next_id, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY until - since)
FROM (
    SELECT stay.stage_id, stay.since, stay.until,
           lead(stay.stage_id) OVER (
               PARTITION BY stay.account_id ORDER BY stay.since, stay.id
           ) AS next_id
    FROM crm_lifecyclestay stay JOIN crm_account account ON account.id = stay.account_id
    WHERE %(owner)s::bigint IS NULL OR account.owner_id = %(owner)s
) stays
WHERE until IS NOT NULL AND until >= %(since)s AND next_id IS NOT NULL
GROUP BY stage_id, next_id
"""


@dataclass(frozen=True, slots=True)
class Relationship:
    """How an account stands: its stage now and before, and what its type offers."""

    stay: LifecycleStay | None
    past: list[LifecycleStay]
    profile: RelationshipProfile | None
    types: list[tuple[dt.date, str]]


@dataclass(frozen=True, slots=True)
class Step:
    """From one stage to another: how many went, and their share of all who left."""

    to: str
    count: int
    share: float
    median_days: float


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: who is there now, and where those went who left it."""

    stage: LifecycleStage
    now: int
    left: int
    steps: list[Step]


def current_stay(account: Account) -> LifecycleStay | None:
    rows = LifecycleStay.objects.filter(account=account, until=None)
    found: LifecycleStay | None = rows.select_related("stage", "set_by").first()
    return found


def relationship(account: Account) -> Relationship:
    """Return how `account` stands, in three queries."""
    rows = LifecycleStay.objects.filter(account=account)
    stays = list(rows.select_related("stage", "set_by"))
    profile = RelationshipProfile.objects.filter(key=account.relationship_type).first()
    return Relationship(
        stay=next((stay for stay in stays if stay.until is None), None),
        past=[stay for stay in stays if stay.until is not None],
        profile=profile if account.relationship_type else None,
        types=_types(account),
    )


def conversion(user: User, since: dt.date) -> list[StageReport]:
    """Return every stage with where accounts went that left it from `since` on."""
    owner = None if user.sees_every_account else user.pk
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWED, {"owner": owner, "since": since})
        followed = cursor.fetchall()
    present = LifecycleStay.objects.visible_to(user).filter(until=None)
    now: dict[int, int] = {}
    for stage_id in present.order_by().values_list("stage_id", flat=True).iterator():
        now[stage_id] = now.get(stage_id, 0) + 1
    stages = list(LifecycleStage.objects.all())
    names = {stage.pk: stage.name for stage in stages}
    reports = []
    for stage in stages:
        mine = [row for row in followed if row[0] == stage.pk]
        left = sum(row[2] for row in mine)
        steps = [
            Step(names[row[1]], row[2], row[2] / left, float(row[3])) for row in mine
        ]
        steps.sort(key=lambda step: -step.count)
        reports.append(StageReport(stage, now.get(stage.pk, 0), left, steps))
    return reports


def _types(account: Account) -> list[tuple[dt.date, str]]:
    """Return the types of relationship that changes brought, newest first."""
    rows = account.events.order_by("pgh_id").values_list(  # type: ignore[attr-defined]
        "pgh_created_at", "relationship_type"
    )
    found: list[tuple[dt.date, str]] = []
    for at, key in rows:
        label = str(RelationshipType(key).label)
        if not found or found[-1][1] != label:
            found.append((timezone.localtime(at).date(), label))
    return found[::-1] if len(found) > 1 else []
