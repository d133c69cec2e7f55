"""The night from the command line: once per day, by many, and after a hard kill."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from clv.choices import RunStatus
from clv.models import DueSlot, Valuation, ValuationRun
from clv.services import leases, runs
from common.clock import business_today
from config import night
from segments.models import Membership
from tests.clv.night import firm
from tests.live_worker import _environment
from tests.sessions import make_sure_new_ones_are_gone, pids


def nightly(**options):
    out = io.StringIO()
    call_command("nightly", stdout=out, **options)
    return out.getvalue()


def start(*arguments, **variables):
    """Run the command in a process of its own, on this test's database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "nightly", *arguments],
        env=_environment() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for(condition, *, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def shown():
    run = ValuationRun.objects.current()
    values = Valuation.objects.of_run(run).order_by("account_id").values_list("clv")
    return run, list(values), Membership.objects.open().count()


@pytest.fixture
def accounts(committed):
    return firm.build(40)


def test_a_night_reports_its_steps_and_is_done_once(accounts):
    said = nightly()
    again = nightly()

    assert "summarise: 45 rows" in said
    assert "45 of 45 accounts valued, Published." in said
    assert "summarise" not in again
    assert ValuationRun.objects.count() == 1
    assert DueSlot.objects.get().business_date == business_today()


def test_again_values_the_day_anew(accounts):
    nightly(as_of=firm.TODAY)
    nightly(as_of=firm.TODAY, again=True)

    statuses = ValuationRun.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [RunStatus.SUPERSEDED, RunStatus.PUBLISHED]


def test_rerun_says_that_nothing_differs(accounts):
    nightly(as_of=firm.TODAY)

    said = nightly(rerun=ValuationRun.objects.get().pk)

    assert "exactly: 45 accounts" in said


def test_a_day_ahead_and_an_unknown_run_are_refused(committed):
    with pytest.raises(CommandError, match="lies ahead"):
        nightly(as_of=business_today() + timezone.timedelta(days=1))
    with pytest.raises(CommandError, match="published"):
        nightly(rerun=987654)

    assert not ValuationRun.objects.exists()


def test_queueing_leaves_the_work_to_a_worker(accounts):
    said = nightly(queue=True)

    assert "waits for a worker" in said
    assert ValuationRun.objects.get().status == RunStatus.QUEUED


def test_a_run_whose_worker_is_lost_is_finished_first(accounts):
    lost = runs.request_run(actor=None, as_of=firm.TODAY)
    leases.claim(lost.pk)
    ValuationRun.objects.filter(pk=lost.pk).update(lease_until=timezone.now())

    nightly(as_of=firm.TODAY)

    statuses = ValuationRun.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [RunStatus.SUPERSEDED, RunStatus.PUBLISHED]


def test_two_starts_at_once_publish_one_run(accounts):
    both = [start("--as-of", str(firm.TODAY)) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert all("45 of 45 accounts valued, Published." in text for text in said)
    run = ValuationRun.objects.get()
    assert (run.status, run.attempts) == (RunStatus.PUBLISHED, 1)


@pytest.mark.parametrize("step", ["value", "publish"])
def test_a_killed_worker_leaves_the_old_numbers_and_the_next_succeeds(accounts, step):
    nightly(as_of=firm.TODAY)
    before = shown()
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    known = pids()
    with _held_at(step):
        process = start("--as-of", str(firm.TODAY), "--again")
        wait_for(lambda: run.steps.filter(name=step, finished_at=None).exists())
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    make_sure_new_ones_are_gone(known)
    assert shown() == before

    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING
    assert leases.claim(run.pk) is None  # its lease has not run out yet
    ValuationRun.objects.filter(pk=run.pk).update(lease_until=timezone.now())
    assert night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.PUBLISHED, 2)
    assert shown() == (run, before[1], before[2])
    assert run.digest == before[0].digest
    left = [name for name in runs.partitions._loose_tables() if f"_r{run.pk}_" in name]
    assert left == []


class _held_at:  # noqa: N801 - reads as a word
    """Hold a lock that the step needs, so that it waits in the midst of its work."""

    LOCKS = {
        "value": "clv_valuation IN ACCESS EXCLUSIVE MODE",
        "publish": "segments_membership IN SHARE MODE",  # values attached, not shown
    }

    def __init__(self, step):
        self.lock = self.LOCKS[step]

    def __enter__(self):
        connection.ensure_connection()
        self.connection = connection.copy()
        self.connection.set_autocommit(False)
        with self.connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {self.lock}")

    def __exit__(self, *_):
        self.connection.rollback()
        self.connection.close()
