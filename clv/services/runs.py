"""Runs: asking for one, making sure of tonight's, finding what is due."""

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from clv.choices import RunKind, RunStatus
from clv.errors import RunRefusedError
from clv.models import Assumptions, DueSlot, ValuationRun
from clv.policy import NIGHT_BEGINS
from clv.services import partitions
from clv.services.leases import MOST_ATTEMPTS
from common.clock import business_today
from crm.models import Account, User
from crm.services import audit

log = logging.getLogger(__name__)

NIGHT = "night"  # kind of the due slot
GAVE_UP = (
    f"The worker was lost {MOST_ATTEMPTS} times; the log of the worker may say why."
)


@dataclass(frozen=True, slots=True)
class Due:
    """What a sweep found: runs that a worker can take now, at most one."""

    run_ids: tuple[int, ...]


@transaction.atomic
def request_run(
    *,
    actor: User | None,
    as_of: dt.date | None = None,
    kind: str = RunKind.ON_DEMAND,
) -> ValuationRun:
    """Ask for a run; a worker finds it within seconds. Asking twice is asking once.

    Raises
    ------
    RunRefusedError
        If the day lies ahead.
    """
    day = as_of or business_today()
    if day > business_today():
        raise RunRefusedError("That day lies ahead.", field="as_of")
    if kind in {RunKind.RERUN, RunKind.PREVIEW}:
        raise RunRefusedError("Such a run needs another to start from.", field="kind")
    waiting = (
        ValuationRun.objects.for_everybody()
        .filter(status=RunStatus.QUEUED, as_of=day, rerun_of=None)
        .first()
    )
    if waiting is not None:
        return waiting
    run = ValuationRun.objects.create(
        as_of=day,
        kind=kind,
        assumptions=Assumptions.objects.current(),
        requested_by=actor,
    )
    audit.record(
        actor=actor, action="run.requested", subject=run, as_of=day.isoformat()
    )
    return run


@transaction.atomic
def rerun_from_stored(*, actor: User | None, run_id: int) -> ValuationRun:
    """Ask for a repetition of a run from its stored inputs, to compare the results.

    Raises
    ------
    RunRefusedError
        If the run has no stored values.
    """
    stored = ValuationRun.objects.with_values().filter(pk=run_id).first()
    if stored is None:
        raise RunRefusedError("Only a run that was published can be repeated.")
    rerun = ValuationRun.objects.create(
        as_of=stored.as_of,
        kind=RunKind.RERUN,
        assumptions=stored.assumptions,
        rerun_of=stored,
        requested_by=actor,
    )
    audit.record(actor=actor, action="run.requested", subject=rerun, repeats=stored.pk)
    return rerun


@transaction.atomic
def ensure_night(business_date: dt.date) -> ValuationRun:
    """Return the run of a night, making it unless somebody did before.

    The slot is unique in the database: of many callers at once the first makes the
    run and the others get the same one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clv_dueslot (kind, business_date) VALUES (%s, %s)"
            " ON CONFLICT DO NOTHING RETURNING id",
            [NIGHT, business_date],
        )
        made = cursor.fetchone()
    if made is None:
        slot = DueSlot.objects.filter(kind=NIGHT, business_date=business_date)
        return ValuationRun.objects.get(pk__in=slot.values("run"))
    run = ValuationRun.objects.create(
        as_of=business_date,
        kind=RunKind.NIGHTLY,
        assumptions=Assumptions.objects.current(),
    )
    DueSlot.objects.filter(pk=made[0]).update(run=run)
    return run


def due_night(now: dt.datetime | None = None) -> dt.date:
    """Return the business date of the latest night that has begun.

    Only the wall clock of the company counts, so a night of 23 or 25 hours has one
    run like any other.
    """
    local = timezone.localtime(now)
    if local.time() >= NIGHT_BEGINS:
        return local.date()
    return local.date() - dt.timedelta(days=1)


def sweep(now: dt.datetime | None = None) -> Due:
    """Bring everything that is due into order; return what a worker should take.

    Makes tonight's run once its hour has come (one that was missed is made up for as
    soon as somebody sweeps again), closes runs whose workers were lost too often, and
    drops what they left.
    """
    _ensure_due_night(now)
    _close_hopeless()
    try:
        partitions.drop_orphans()
    except OperationalError as busy:
        log.info("Left-over tables stay until the next sweep: %s", busy)
    return Due(takeable())


def _ensure_due_night(now: dt.datetime | None) -> None:
    day = due_night(now)
    if DueSlot.objects.filter(kind=NIGHT, business_date=day).exists():
        return
    if not Account.objects.active().exists():
        return  # an empty firm has nothing to value
    if (
        day < timezone.localdate(now)
        and not ValuationRun.objects.for_everybody().exists()
    ):
        return  # a firm that began today has missed no night
    ensure_night(day)


def _close_hopeless() -> None:
    lapsed = ValuationRun.objects.filter(
        lease_until__lt=_database_now(), attempts__gte=MOST_ATTEMPTS
    )
    lapsed.filter(status=RunStatus.RUNNING).update(
        status=RunStatus.FAILED, failure=GAVE_UP, finished_at=Now(), lease_until=None
    )
    lapsed.filter(status=RunStatus.PUBLISHED).update(failure=GAVE_UP, lease_until=None)


def takeable() -> tuple[int, ...]:
    """Return the run to take: one whose worker is lost, else the first that waits."""
    now = _database_now()
    runs = ValuationRun.objects.order_by("created_at", "pk")
    lapsed = runs.filter(
        status__in=[RunStatus.RUNNING, RunStatus.PUBLISHED], lease_until__lt=now
    ).first()
    if lapsed is not None:
        return (lapsed.pk,)
    if runs.filter(status=RunStatus.RUNNING).exists():
        return ()
    waiting = runs.filter(status=RunStatus.QUEUED).first()
    return () if waiting is None else (waiting.pk,)


def _database_now() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now
