"""What the pages of automations show: the list, the log, and one account's firings."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils import timezone

from campaigns.choices import FiringStatus
from campaigns.models import Automation, AutomationVersion, Firing
from campaigns.queries.automations.rules import Said, said
from crm.models import User

LATELY = dt.timedelta(days=30)
DONE = (FiringStatus.FIRED, FiringStatus.FAILED)
FILTERS = (
    ("", "All"),
    (FiringStatus.FIRED, "Fired"),
    (FiringStatus.FAILED, "Not all done"),
    (FiringStatus.NOT_MET, "Conditions not met"),
    (FiringStatus.RESTING, "Fired lately"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One automation of the list, with what it did within 30 days."""

    automation: Automation
    version: AutomationVersion
    fired: int = 0
    failed: int = 0
    refused: int = 0
    last_at: dt.datetime | None = None

    @property
    def said(self) -> Said:
        return said_by(self.version)

    @property
    def state(self) -> str:
        if self.automation.stopped_at:
            return "stopped"
        return "on" if self.automation.is_on else "off"


def said_by(version: AutomationVersion) -> Said:
    """Return one version in words."""
    return said(
        trigger=version.trigger,
        conditions=version.conditions,
        actions=version.actions,
    )


def automations() -> list[Listed]:
    """Return all that were not removed, with their counts; three queries."""
    versions = Prefetch("versions", AutomationVersion.objects.order_by("-number"))
    rows = Automation.objects.kept().select_related("acts_as")
    found = list(rows.prefetch_related(versions))
    counts = _counts([one.pk for one in found])
    return [
        Listed(one, one.versions.all()[0], *counts.get(one.pk, (0, 0, 0, None)))
        for one in found
    ]


def listed(automation: Automation) -> Listed:
    """Return one automation as the list has it."""
    newest = automation.versions.select_related("author").order_by("-number")[0]
    counts = _counts([automation.pk]).get(automation.pk, (0, 0, 0, None))
    return Listed(automation, newest, *counts)


def _counts(
    keys: Sequence[int],
) -> dict[int, tuple[int, int, int, dt.datetime | None]]:
    recent = Firing.objects.filter(
        automation__in=keys, decided_at__gt=timezone.now() - LATELY
    ).order_by()
    refused = Q(status__in=(FiringStatus.NOT_MET, FiringStatus.RESTING))
    rows = recent.values_list("automation_id").annotate(
        fired=Count("pk", filter=Q(status__in=DONE)),
        failed=Count("pk", filter=Q(status=FiringStatus.FAILED)),
        refused=Count("pk", filter=refused),
        last=Max("decided_at", filter=Q(status__in=DONE)),
    )
    return {key: (fired, failed, no, last) for key, fired, failed, no, last in rows}


def log_rows(
    user: User,
    *,
    automation_id: int | None = None,
    account_id: int | None = None,
    status: str = "",
) -> QuerySet[Firing]:
    """Return what automations decided at accounts that `user` may see."""
    rows = Firing.objects.visible_to(user).told()
    if automation_id is not None:
        rows = rows.filter(automation_id=automation_id)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    if status in FiringStatus.values:
        rows = rows.filter(status=status)
    return rows.select_related("automation", "account", "version")
