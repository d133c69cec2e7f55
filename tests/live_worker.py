"""A real Celery worker with beat, on the database of the running test."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.sessions import make_sure_nobody_is_at_work

DATABASES_OF_VALKEY = 16


def _environment():
    """Point a process of its own at the test's database and at a queue of its own.

    Each xdist process has its own database; sharing one queue, their workers would
    take each other's messages.
    """
    database = connection.settings_dict
    address = (
        f"postgresql://{quote(database['USER'])}@/{quote(database['NAME'])}"
        f"?host={quote(str(database['HOST']), safe='')}"
    )
    number = "".join(
        c for c in os.environ.get("PYTEST_XDIST_WORKER", "0") if c.isdigit()
    )
    queue = settings.REDIS_URL.split("?")[0]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": address,
        "REDIS_URL": f"{queue}?virtual_host={int(number) + 1}",
        "PERENNIAL_PROCESS": "worker",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def running_worker(tmp_path):
    """Run one worker with beat until the block ends; its log lies in `tmp_path`."""
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "config.celery", "worker"),
                *("--queues", "quick,bulk", "--concurrency", "2", "--beat"),
                *("--schedule", str(tmp_path / "beat"), "--without-gossip"),
                *("--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
            ],
            env=_environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        except BaseException:
            print(log.read_text(errors="replace")[-6000:])  # noqa: T201  for a failed test
            raise
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            # Its children too: one amid a task would work on during the next test.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            make_sure_nobody_is_at_work()


def wait_until(condition, *, seconds=60, why="it happens"):
    """Poll `condition` until it is true; fail with words when it is not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain until {why}")
