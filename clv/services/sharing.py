"""Valuing all accounts block by block, alone or with others.

The worker that has the run lays out the shards, takes one after the other itself,
works out the next while it stores the last, and goes on when all are done. Whoever
hears the call takes shards meanwhile. A shard whose worker is gone comes back when its
lease has run out.
"""

import dataclasses
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from clv.choices import RunKind, RunStatus
from clv.engine.newcomers import Newcomers
from clv.errors import LostLeaseError, RunFailedError
from clv.models import ValuationRun
from clv.queries.contracts import staged_contracts
from clv.queries.inputs import Inputs, staged_inputs
from clv.queries.summaries import NO_GROUPS
from clv.services import likegroups, pairs, partitions, shards, summaries
from clv.services.execution import CallHelpers
from clv.services.learnt import Models
from clv.services.leases import Lease
from clv.services.results import Results, Terms
from clv.services.shards import Outcome, Shard
from clv.services.valuing import Common, common_of, newcomers_of, value_inputs

log = logging.getLogger(__name__)

# Kinds whose models and terms stand with the run, where a helper finds them.
SHARED = (RunKind.NIGHTLY, RunKind.ON_DEMAND)
PAUSE_SECONDS = 0.2  # between looks at shards that others work on


@dataclass(frozen=True, slots=True)
class Job:
    """What valuing any block of one run takes.

    `by_code` is what newcomers are worth, `common` what customers of all blocks share.
    """

    lease: Lease
    models: Models
    terms: Terms
    by_code: Newcomers
    common: Common | None = None

    def value(self, inputs: Inputs) -> Results:
        """Value a block."""
        return value_inputs(inputs, self.models, self.terms, self.by_code, self.common)


def value_all(
    job: Job,
    inputs: Inputs,
    *,
    call_helpers: CallHelpers,
    meanwhile: Callable[[], None] = lambda: None,
) -> Outcome:
    """Have every block valued and stored; return what came of all.

    `meanwhile` is done while the first block is worked out, before others are called.

    Raises
    ------
    LostLeaseError
        If somebody else has claimed the run.
    RunFailedError
        If a value is no sound number.
    """
    with job.lease.fenced():
        likegroups.forget(job.lease.run_id)  # an earlier attempt's: helpers wait
        numbers = shards.plan(
            job.lease,
            inputs.account_id,
            lambda first, last: inputs.between(first, last).check(),
        )
        partitions.prepare(job.lease)
    with ThreadPoolExecutor(1, "valuing") as aside:
        begun = _begin(job, inputs, aside)
        with ExitStack() as at_fault:
            if begun is not None:
                at_fault.push(begun.held)
            meanwhile()
            if len(numbers) > 1:
                call_helpers(job.lease.run_id, numbers)
            at_fault.pop_all()
        while not job.lease.lost.is_set():
            while begun is not None and not job.lease.lost.is_set():
                begun = _end(job, begun, lambda: _begin(job, inputs, aside))
            if begun is not None:
                begun.held.close()
                break
            if shards.are_finished(job.lease):
                return shards.outcome_of(job.lease)
            time.sleep(PAUSE_SECONDS)
            begun = _begin(job, inputs, aside)
    raise LostLeaseError(f"run {job.lease.run_id} has been taken over")


@dataclass(frozen=True, slots=True)
class _Begun:
    """A shard that is worked out in a thread of its own; `held` has its lease."""

    shard: Shard
    inputs: Inputs
    results: "Future[Results]"
    held: ExitStack


def _begin(job: Job, inputs: Inputs, aside: ThreadPoolExecutor) -> _Begun | None:
    """Claim a shard and have it worked out aside; None if there is none to claim."""
    shard = shards.claim(job.lease)
    if shard is None:
        return None
    held = ExitStack()
    held.enter_context(shards.holding(shard))
    part = inputs.between(shard.first, shard.last)
    results = aside.submit(job.value, part)
    return _Begun(shard, part, results, held)


def _end(
    job: Job, begun: _Begun, begin_next: Callable[[], _Begun | None]
) -> _Begun | None:
    """Store a shard once it is worked out, while the next one is, which is returned.

    If that fails, both are let go.
    """
    with begun.held:
        results = begun.results.result()
        following = begin_next()
        with ExitStack() as at_fault:
            if following is not None:
                at_fault.push(following.held)
            _store(job, begun.shard, begun.inputs, results)
            at_fault.pop_all()
    return following


def help_with(run_id: int, number: int, *, groups: str = NO_GROUPS) -> bool:
    """Value one shard of a run that another worker has; False if there was no need.

    What goes wrong is left to that worker: it takes the shard again. `groups` is the
    query of `summaries.Basis`, the same as that worker's.
    """
    runs = ValuationRun.objects.select_related("assumptions")
    run = runs.filter(pk=run_id, status=RunStatus.RUNNING, kind__in=SHARED).first()
    if run is None:
        return False
    lease = Lease(run.pk, run.token)
    shard = shards.claim(lease, number)
    if shard is None:
        return False
    try:
        with shards.holding(shard):
            job, inputs = _job_of(run, lease), _inputs_of(run, lease, shard, groups)
            _store(job, shard, inputs, job.value(inputs))
    except (LostLeaseError, RunFailedError, DatabaseError) as fault:
        log.warning("Shard %s of run %s: %s", number, run_id, fault)
        return False
    return True


# What a helper knew of the run that it helped with last: its shards come in a row.
_known: dict[tuple[int, int], Job] = {}


def _job_of(run: ValuationRun, lease: Lease) -> Job:
    """Return what the run has learnt, as stored.

    Raises
    ------
    RunFailedError
        If what it has learnt of like customers, or what its futures are drawn for, is
        not stored yet: without it accounts would get other values.
    """
    attempt = lease.run_id, lease.token
    job = _known.get(attempt)
    if job is None:
        likeness = likegroups.stored_likeness(run.pk)
        if likeness is None:
            raise RunFailedError("What was learnt of like customers is not there yet.")
        models = dataclasses.replace(
            Models.from_parameters(run.parameters), likeness=likeness
        )
        terms = Terms.of(run.assumptions, run.as_of)
        found = pairs.staged_pairs(lease)
        if found is None:
            raise RunFailedError("What futures are drawn for is not there yet.")
        common = common_of(found, models, terms)
        job = Job(lease, models, terms, newcomers_of(models, terms), common)
        _known.clear()
        _known[attempt] = job
    return dataclasses.replace(job, lease=lease)


def _inputs_of(run: ValuationRun, lease: Lease, shard: Shard, groups: str) -> Inputs:
    """Read a block as the worker has it that has the run.

    Raises
    ------
    RunFailedError
        If something has changed since that worker has read it.
    """
    ends = {"first": shard.first, "last": shard.last}
    staged = partitions.input_table(lease)
    if partitions.exists(staged):
        inputs = staged_inputs(staged, run.as_of, **ends)
    else:
        inputs = summaries.read_current(summaries.Basis.of(run, groups), **ends)
    if shard.check is not None and inputs.check() != shard.check:
        raise RunFailedError("Other inputs than those of the run.")
    agreed = staged_contracts(run.pk, run.as_of, **ends)
    return dataclasses.replace(inputs, contracts=agreed)


def _store(job: Job, shard: Shard, inputs: Inputs, results: Results) -> None:
    with transaction.atomic():
        stored = partitions.store(job.lease, inputs, results, job.terms.as_of)
        if stored != len(inputs):
            raise RunFailedError(f"{stored} of {len(inputs)} values were stored.")
        outcome = Outcome(
            stored, int(results.future_value.sum()), results.digest(inputs)
        )
        shards.finish(job.lease, shard, outcome)
