"""The processes of the product, and the commands of others that a start calls."""

import os
import signal
import sys
from dataclasses import replace

from config import env
from config.embedded import Paths
from config.embedded.process import Command

# Commands of other parts, called if they exist:
LOAD_DEMO = "load_demo"  # fills an empty firm; one transaction
FIRST_VALUE = "first_value"  # queues and awaits the first valuation; at once if done
DEMO_LOGINS = "demo_logins"  # prints who may sign in and how

QUEUES = "quick,bulk"
WORKER_PROCESSES = 2
WEB_THREADS = 4
MANY_CORES = 4

# One numerical thread per process: same sums on every machine, no fight for cores.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def web(where: Paths, inherited: tuple[int, ...]) -> Command:
    workers = 2 if (os.cpu_count() or 1) >= MANY_CORES else 1
    argv = ["-m", "granian", "--interface", "wsgi", "--no-ws"]
    argv += ["--host", "127.0.0.1", "--port", str(env.port())]
    argv += ["--workers", str(workers), "--blocking-threads", str(WEB_THREADS)]
    argv += ["--respawn-failed-workers", "--workers-kill-timeout", "10"]
    return _python("web", [*argv, "config.wsgi:application"], where, inherited)


def worker(where: Paths, inherited: tuple[int, ...]) -> Command:
    argv = ["-m", "celery", "-A", "config.celery", "worker", "--loglevel", "INFO"]
    argv += ["--queues", QUEUES, "--concurrency", str(WORKER_PROCESSES)]
    argv += ["--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]
    # At an end without a broker its last heartbeat would be tried again for ever.
    argv += ["--without-heartbeat"]
    command = _python("worker", argv, where, inherited)
    # Orphaned, it must not wait for a long task: its broker and database go as well.
    return replace(command, orphan_signal=signal.SIGQUIT)


def beat(where: Paths, inherited: tuple[int, ...]) -> Command:
    argv = ["-m", "celery", "-A", "config.celery", "beat", "--loglevel", "INFO"]
    # What is due stands in PostgreSQL; a state file could only disagree with it.
    argv += ["--scheduler", "celery.beat:Scheduler", "--pidfile", ""]
    return _python("beat", argv, where, inherited)


def manage(name: str, where: Paths, inherited: tuple[int, ...]) -> Command:
    """Return a management command as a process of its own.

    What it needs in memory goes when it ends; the supervisor stays for weeks.
    """
    return _python(
        name, [str(env.PROJECT / "manage.py"), name], where, inherited, role="command"
    )


def _python(
    name: str,
    argv: list[str],
    where: Paths,
    inherited: tuple[int, ...],
    *,
    role: str = "",
) -> Command:
    return Command(
        name=name,
        argv=[sys.executable, *argv],
        log=where.log(name),
        folder=env.PROJECT,
        environment=env.child_environment(
            PERENNIAL_PROCESS=role or name, PYTHONUNBUFFERED="1", **ONE_THREAD
        ),
        inherited=inherited,
    )
