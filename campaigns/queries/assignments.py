"""Who follows which plan, since when, and why."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.choices import VersionStatus
from campaigns.models import PlanAssignment, PlanVersion, RetentionPlan
from crm.models import Account

HISTORY_SHOWN = 10


def plans_in_force(*, today: dt.date) -> QuerySet[RetentionPlan]:
    """Return the plans that an account can follow today, by name."""
    versions = PlanVersion.objects.filter(plan=OuterRef("pk"))
    spoken = versions.exclude(status=VersionStatus.DRAFT)
    return RetentionPlan.objects.filter(
        Exists(versions.published()), Exists(spoken.filter(valid_from__lte=today))
    ).order_by("name", "pk")


def followed(account: Account) -> PlanAssignment | None:
    """Return what an account follows today."""
    rows = PlanAssignment.objects.open().select_related("plan", "assigned_by")
    return rows.filter(account=account).first()


def history(account: Account) -> Sequence[PlanAssignment]:
    """Return what an account followed, the newest first."""
    rows = PlanAssignment.objects.filter(account=account)
    return list(rows.select_related("plan", "assigned_by")[:HISTORY_SHOWN])
