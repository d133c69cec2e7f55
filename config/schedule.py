"""When things happen. Messages are only doorbells: what is due stands in PostgreSQL.

Every message carries at most an id, may come twice or never, and expires when the next
one is due anyway.
"""

from typing import Any

from celery import shared_task

from clv.services import runs
from config import night

SWEEP_SECONDS = 5.0
LONGEST_SWEEP = 60  # seconds
LONGEST_RUN = 6 * 3600  # seconds; the lease, not this, finds a lost worker


@shared_task(
    name="clv.sweep_runs",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SWEEP,
    time_limit=LONGEST_SWEEP + 15,
)
def sweep_runs() -> None:
    """Make sure of the night and hand what is due to a worker."""
    for run_id in runs.sweep().run_ids:
        execute_run.apply_async((run_id,), expires=2 * SWEEP_SECONDS)


@shared_task(
    name="clv.execute_run",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_RUN,
    time_limit=LONGEST_RUN + 60,
)
def execute_run(run_id: int) -> None:
    """Work through one run, unless somebody else does."""
    night.execute(run_id)


BEAT: dict[str, Any] = {
    "sweep-runs": {
        "task": "clv.sweep_runs",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    }
}
