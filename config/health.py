"""What works and what is degraded, read from the database alone."""

import datetime as dt
from dataclasses import asdict, dataclass

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from clv.choices import RunStatus
from clv.models import ValuationRun

QUEUE_PATIENCE = dt.timedelta(minutes=2)
NIGHT_PATIENCE = dt.timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: "ok", "degraded" or "failed", and why in words."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """All checks; pages can be served unless one failed."""

    checks: tuple[Check, ...]

    @property
    def is_serving(self) -> bool:
        return all(check.state != "failed" for check in self.checks)

    def as_dict(self) -> dict[str, object]:
        worst = "ok"
        for check in self.checks:
            if check.state == "failed" or worst == "ok":
                worst = check.state
        return {"status": worst, "checks": [asdict(check) for check in self.checks]}


def readiness(connection: BaseDatabaseWrapper) -> Readiness:
    """Look at the database, the queue and the last night."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Readiness((Check("database", "ok", "answers"), _queue(), _night()))
    except DatabaseError:
        return Readiness((Check("database", "failed", "does not answer"),))


def _queue() -> Check:
    oldest = (
        ValuationRun.objects.filter(status=RunStatus.QUEUED)
        .order_by("created_at")
        .first()
    )
    if oldest is None or timezone.now() - oldest.created_at < QUEUE_PATIENCE:
        return Check("queue", "ok", "nothing waits long")
    return Check("queue", "degraded", f"run {oldest.pk} waits for a worker")


def _night() -> Check:
    run = ValuationRun.objects.current()
    if run is None or run.finished_at is None:
        return Check("last night", "degraded", "no values have been published yet")
    if timezone.now() - run.finished_at > NIGHT_PATIENCE:
        return Check("last night", "degraded", f"values are of {run.as_of}")
    return Check("last night", "ok", f"values are of {run.as_of}")
