"""Blocks of accounts: valued once each, with the same result whoever values them."""

import os
import subprocess
import sys
from datetime import timedelta
from urllib.parse import quote

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from clv.choices import RunStatus
from clv.errors import LostLeaseError, RunFailedError
from clv.models import DueSlot, LikeGroup, RunShard, Valuation, ValuationRun
from clv.policy import SHARD_ACCOUNTS
from clv.services import leases, likegroups, runs, shards, sharing
from clv.services.shards import Outcome
from config import night
from tests.clv.night import firm
from tests.live_worker import running_worker, wait_until

DIES_WITH_A_SHARD = """
import os, signal, sys
import django
django.setup()
from clv.services import sharing
sharing.value_inputs = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sharing.help_with(int(sys.argv[1]), int(sys.argv[2]))
"""


def valued(call_helpers=lambda _run_id, _numbers: None):
    """One published run of the firm's day."""
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    assert night.execute(run.pk, call_helpers=call_helpers)
    run.refresh_from_db()
    assert (run.status, run.failure) == (RunStatus.PUBLISHED, "")
    return run


def values_of(run):
    return list(
        Valuation.objects.of_run(run)
        .order_by("account_id")
        .values_list("account_id", "clv", "future_low", "future_high", "break_even_on")
    )


def help_with_all(run_id, numbers):
    for number in reversed(numbers):
        sharing.help_with(run_id, number)


def test_one_worker_or_others_come_to_the_same_values(blocks):
    alone = valued()
    helped = valued(help_with_all)

    assert RunShard.objects.filter(run=helped).count() == 4
    assert helped.digest == alone.digest
    assert values_of(helped) == values_of(alone)
    assert [row[0] for row in values_of(helped)] == [a.pk for a in blocks]


def test_a_repetition_of_a_shared_run_differs_in_nothing(blocks):
    helped = valued(help_with_all)

    again = runs.rerun_from_stored(actor=None, run_id=helped.pk)
    night.execute(again.pk)

    again.refresh_from_db()
    assert (again.status, again.digest) == (RunStatus.CHECKED, helped.digest)


def test_who_comes_before_like_customers_are_stored_leaves_the_block(
    blocks, monkeypatch
):
    alone, store, came = valued(), likegroups.store, []

    def help_before(run, *positional, **named):
        waiting = RunShard.objects.filter(run=run, token=0).order_by("number")
        numbers = list(waiting.values_list("number", flat=True))
        came.append([sharing.help_with(run.pk, number) for number in numbers])
        return store(run, *positional, **named)

    monkeypatch.setattr(likegroups, "store", help_before)
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    # What an attempt that died has kept of them is not taken for this one's.
    for kept in LikeGroup.objects.filter(run=alone):
        kept.pk, kept.run = None, run
        kept.save(force_insert=True)

    night.execute(run.pk)

    run.refresh_from_db()
    assert came == [[False, False, False]]
    assert (run.status, run.digest) == (RunStatus.PUBLISHED, alone.digest)


def test_a_fault_beside_the_first_block_lets_go_of_it(blocks, monkeypatch):
    def fail(*_, **__):
        raise RunFailedError("Like customers cannot be kept.")

    monkeypatch.setattr("clv.services.likegroups.store", fail)
    run = runs.request_run(actor=None, as_of=firm.TODAY)

    night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.failure) == (
        RunStatus.FAILED,
        "Like customers cannot be kept.",
    )
    shards_of = RunShard.objects.filter(run=run)
    assert (
        list(shards_of.values_list("lease_until", "finished_at")) == [(None, None)] * 4
    )
    assert Valuation.objects.filter(run_id=run.pk).exists() is False


def test_a_shard_whose_worker_was_killed_is_taken_again(blocks):
    alone = valued()

    def kill_one(run_id, numbers):
        ended = subprocess.run(
            [sys.executable, "-c", DIES_WITH_A_SHARD, str(run_id), str(numbers[-1])],
            env=_environment(),
            check=False,
        )
        assert ended.returncode == -9
        held = RunShard.objects.get(run=run_id, number=numbers[-1])
        assert (held.token, held.finished_at) == (1, None)
        assert held.lease_until > timezone.now()
        _lapse(held)

    run = valued(kill_one)

    tokens = dict(RunShard.objects.filter(run=run).values_list("number", "token"))
    assert tokens == {0: 1, 1: 1, 2: 1, 3: 2}
    assert run.digest == alone.digest
    assert values_of(run) == values_of(alone)


def test_what_was_begun_ahead_is_let_go_if_the_block_before_is_refused(
    blocks, monkeypatch
):
    def refuse(*_):
        raise RunFailedError("There is no room.")

    monkeypatch.setattr(sharing, "_store", refuse)
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.failure) == (RunStatus.FAILED, "There is no room.")
    found = RunShard.objects.filter(run=run, finished_at=None).order_by("number")
    claims = list(found.values_list("token", "lease_until"))
    assert claims == [(1, None), (1, None), (0, None), (0, None)]


def test_a_real_worker_shares_a_run_between_its_processes(blocks, tmp_path):
    alone = valued()
    # Tonight is done, so that the worker starts no night of its own and calls for it.
    DueSlot.objects.create(kind=runs.NIGHT, business_date=runs.due_night(), run=alone)
    run = runs.request_run(actor=None, as_of=firm.TODAY)

    with running_worker(tmp_path):
        wait_until(lambda: _is_closed(run), why="the run is published")
        log = tmp_path / "worker.log"
        wait_until(lambda: _calls(log) == 4, why="helpers were called")

    run.refresh_from_db()
    assert run.status == RunStatus.PUBLISHED
    assert run.digest == alone.digest
    assert values_of(run) == values_of(alone)


def test_a_shard_is_claimed_once_until_its_lease_is_out(planned):
    lease, first = planned

    assert shards.claim(lease, first.number) is None

    _lapse(RunShard.objects.get(pk=first.pk))
    again = shards.claim(lease, first.number)
    assert (again.pk, again.token) == (first.pk, 2)
    with pytest.raises(LostLeaseError):
        shards.finish(lease, first, Outcome(1, 100, "late"))
    shards.finish(lease, again, Outcome(2, 250, "d"))
    assert shards.claim(lease, first.number) is None
    assert not shards.are_finished(lease)


def test_whoever_lost_the_run_has_lost_its_shards(planned):
    lease, first = planned
    ValuationRun.objects.filter(pk=lease.run_id).update(token=lease.token + 1)

    with pytest.raises(LostLeaseError):
        shards.finish(lease, first, Outcome(1, 100, "late"))
    assert sharing.help_with(lease.run_id, 1) is False


def test_what_fails_is_left_to_who_has_the_run(planned, monkeypatch):
    lease, _ = planned

    def refuse(*_):
        raise RunFailedError("No sound number.")

    monkeypatch.setattr(sharing, "_inputs_of", lambda *_: None)
    monkeypatch.setattr(
        sharing, "_job_of", lambda *_: sharing.Job(lease, None, None, None)
    )
    monkeypatch.setattr(sharing, "value_inputs", refuse)

    assert sharing.help_with(lease.run_id, 1) is False
    shard = RunShard.objects.get(run=lease.run_id, number=1)
    assert (shard.lease_until, shard.finished_at, shard.token) == (None, None, 1)


def test_a_run_that_is_over_needs_no_help(committed):
    run = runs.request_run(actor=None, as_of=firm.TODAY)

    assert sharing.help_with(run.pk, 0) is False
    assert sharing.help_with(987654, 0) is False


@pytest.fixture
def planned(committed):
    """A run that is worked on, with two shards, the first of them claimed."""
    lease = leases.claim(runs.request_run(actor=None, as_of=firm.TODAY).pk)
    accounts = np.array([5, SHARD_ACCOUNTS - 1, SHARD_ACCOUNTS])
    assert shards.plan(lease, accounts) == [0, 1]
    first = shards.claim(lease)
    assert (first.number, first.first, first.last) == (0, 0, SHARD_ACCOUNTS - 1)
    return lease, first


def _lapse(shard):
    RunShard.objects.filter(pk=shard.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def _is_closed(run):
    run.refresh_from_db()
    return not run.is_open


def _calls(log):
    lines = log.read_text(errors="replace").splitlines()
    mine = [line for line in lines if "Task clv.value_shard[" in line]
    return sum("received" in line for line in mine)


def _environment():
    database = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": (
            f"postgresql://{quote(database['USER'])}@/{quote(database['NAME'])}"
            f"?host={quote(str(database['HOST']), safe='')}"
        ),
        "REDIS_URL": settings.REDIS_URL,
        "OPENBLAS_NUM_THREADS": "1",
    }
