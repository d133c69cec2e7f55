"""Working through a run, step by step, so that it can be watched and taken over."""

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from clv.choices import RunKind, RunStatus
from clv.engine.errors import EngineError
from clv.errors import LostLeaseError, RunFailedError
from clv.models import RunStep, ValuationRun
from clv.queries.inputs import Inputs
from clv.services import leases
from clv.services.learnt import Models
from clv.services.leases import Lease
from clv.services.shards import Outcome
from common.errors import DomainError

log = logging.getLogger(__name__)

INTERNAL = "Internal error; the log of the worker has it."

Say = Callable[[str], None]
# Tells other workers that these shards of a run can be taken. Nothing depends on it.
CallHelpers = Callable[[int, Sequence[int]], None]


def call_nobody(_run_id: int, _numbers: Sequence[int]) -> None:
    """Leave all shards to the worker that has the run."""


@dataclass(slots=True)
class Work:
    """One attempt at one run, with what earlier steps have learnt."""

    lease: Lease
    run: ValuationRun
    inputs: Inputs | None = None
    models: Models | None = None
    valued: Outcome | None = None
    call_helpers: CallHelpers = call_nobody


@dataclass(frozen=True, slots=True)
class Done:
    """What a step reports: how many rows it wrote, and what else is worth telling."""

    rows: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One named part of a run. `act` may be called again after a crash."""

    name: str
    act: Callable[[Work], Done]


# Steps in one inner sequence commit together or not at all.
Chain = Sequence[Sequence[Step]]


def execute_run(
    run_id: int,
    chains: Mapping[str, Chain],
    *,
    say: Say = lambda _text: None,
    call_helpers: CallHelpers = call_nobody,
) -> bool:
    """Claim a run and work through the chain of its kind.

    Safe to call at any time and by many: only the one that gets the lease works.
    Returns False if there was nothing to do for this caller.
    """
    lease = leases.claim(run_id)
    if lease is None:
        return False
    run = ValuationRun.objects.select_related("assumptions", "rerun_of").get(pk=run_id)
    try:
        with leases.heartbeat(lease):
            work = Work(lease, run, call_helpers=call_helpers)
            _work_through(work, chains[RunKind(run.kind)], say)
    except LostLeaseError as loss:
        log.warning("%s; this worker stops", loss)
    except (EngineError, RunFailedError, DomainError) as refusal:
        leases.fail(lease, str(refusal))
        say(f"failed: {refusal}")
    except OperationalError:
        connection.close()  # the database went away; somebody tries again
        leases.let_go(lease)
        raise
    except Exception:
        leases.fail(lease, INTERNAL)
        raise
    except BaseException:
        leases.let_go(lease)  # asked to stop
        raise
    return True


def _work_through(work: Work, chain: Chain, say: Say) -> None:
    if work.lease.is_published:
        done = set(work.run.steps.exclude(finished_at=None).values_list("name"))
        chain = [group for group in chain if (group[-1].name,) not in done]
    else:
        with work.lease.fenced():
            work.run.steps.all().delete()
    for first, *rest in chain:
        # Begun by a commit of its own, so that it can be watched.
        row = _begin(work, first)
        if not rest:
            _act(work, first, row, say)
            continue
        with work.lease.fenced():
            _act(work, first, row, say)
            for step in rest:
                _act(work, step, _begin(work, step), say)
    with transaction.atomic():
        leases.guard(work.lease)
        _close(work)


def _begin(work: Work, step: Step) -> RunStep:
    if work.lease.lost.is_set():
        raise LostLeaseError(f"run {work.run.pk} has been taken over")
    with work.lease.fenced():
        position = work.run.steps.exclude(name=step.name).count()
        row, _ = RunStep.objects.update_or_create(
            run=work.run,
            name=step.name,
            defaults={
                "position": position,
                "started_at": _clock(),
                "finished_at": None,
            },
        )
    return row


def _act(work: Work, step: Step, row: RunStep, say: Say) -> None:
    done = step.act(work)
    with work.lease.fenced():
        row.finished_at = _clock()
        row.rows, row.detail = done.rows, done.detail
        row.save()
    seconds = (row.finished_at - row.started_at).total_seconds()
    rows = "" if done.rows is None else f"{done.rows:,} rows, "
    say(f"{step.name}: {rows}{seconds:.1f} s")


def _close(work: Work) -> None:
    """End the lease; the chain itself has given the run its final status."""
    run = ValuationRun.objects.filter(pk=work.run.pk)
    if run.filter(status=RunStatus.RUNNING).exists():
        raise RunFailedError("The chain ended without a result.")
    run.update(lease_until=None)


def _clock() -> dt.datetime:
    """Return the database's time now, not that of the transaction's beginning."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now


def finish_as(work: Work, status: RunStatus, **changes: Any) -> None:
    """Give the run its final status and what is known of it at the end."""
    changes |= {"status": status, "finished_at": Now()}
    ValuationRun.objects.filter(pk=work.run.pk, token=work.lease.token).update(
        **changes
    )
    work.run.refresh_from_db()
