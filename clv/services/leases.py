"""Who works on a run: a lease with a token that every write carries.

A worker claims a run by raising its token. Whoever holds an older token can commit
nothing more of the run: each writing transaction ends by checking the token under the
run's row lock. Times are the database's, so no worker's clock matters.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import (
    DatabaseError,
    IntegrityError,
    connection,
    transaction,
)
from django.db.models.functions import Now

from clv.choices import RunStatus
from clv.errors import LostLeaseError
from clv.models import ValuationRun

LEASE = "60 seconds"
HEARTBEAT_SECONDS = 10.0
MOST_ATTEMPTS = 3

# A run may be worked on while it waits or runs, and when it is published but what
# follows (planning) is not done: then its lease is still set.
CLAIM = f"""
    UPDATE clv_valuationrun SET
        status = CASE status WHEN 'queued' THEN 'running' ELSE status END,
        token = token + 1,
        attempts = attempts + 1,
        started_at = coalesce(started_at, clock_timestamp()),
        lease_until = clock_timestamp() + interval '{LEASE}'
    WHERE id = (
            SELECT id FROM clv_valuationrun
            WHERE id = %(run)s AND attempts < {MOST_ATTEMPTS} AND (
                status = 'queued'
                OR (status IN ('running', 'published')
                    AND lease_until < clock_timestamp())
            ) FOR NO KEY UPDATE SKIP LOCKED
        )
    RETURNING token, status = 'published'
"""
HOLD = f"""
    UPDATE clv_valuationrun SET lease_until = clock_timestamp() + interval '{LEASE}'
    WHERE id = %(run)s AND token = %(token)s AND lease_until IS NOT NULL
        AND status IN ('running', 'published', 'checked', 'previewed')
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a run's results, until somebody claims it after us."""

    run_id: int
    token: int
    is_published: bool = False
    lost: threading.Event = field(default_factory=threading.Event, repr=False)

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Run a transaction that commits only if the lease still stands at its end.

        Raises
        ------
        LostLeaseError
            If it does not; nothing of the transaction stays.
        """
        with transaction.atomic():
            yield
            guard(self)


def claim(run_id: int) -> Lease | None:
    """Take the lease of a run that waits or whose worker is gone; None otherwise.

    None also means that another run is being worked on: there is one at a time.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CLAIM, {"run": run_id})
            row = cursor.fetchone()
    except IntegrityError:
        return None
    return None if row is None else Lease(run_id, row[0], is_published=row[1])


def guard(lease: Lease) -> None:
    """Extend the lease, and lock the run until the transaction ends.

    Raises
    ------
    LostLeaseError
        If somebody else has claimed the run or it is no longer running.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"run": lease.run_id, "token": lease.token})
        if cursor.rowcount != 1:
            raise LostLeaseError(f"run {lease.run_id} has been taken over")


@contextmanager
def heartbeat(lease: Lease, *, every: float = HEARTBEAT_SECONDS) -> Iterator[None]:
    """Extend the lease from a thread of its own while the block works."""

    def extend() -> None:
        try:
            guard(lease)
        except LostLeaseError:
            lease.lost.set()

    with beating(extend, name=f"lease-{lease.run_id}", every=every):
        yield


@contextmanager
def beating(
    extend: Callable[[], None], *, name: str, every: float = HEARTBEAT_SECONDS
) -> Iterator[None]:
    """Call `extend` every few seconds in a thread of its own while the block works."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(every):
                try:
                    extend()
                except DatabaseError:
                    connection.close()  # tried again at the next beat
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def let_go(lease: Lease) -> None:
    """End the lease at once, so that the next claim need not wait for it."""
    ValuationRun.objects.filter(pk=lease.run_id, token=lease.token).exclude(
        lease_until=None
    ).update(lease_until=Now())


def fail(lease: Lease, reason: str) -> bool:
    """Close the run with a reason; a published one stays published, with the reason."""
    rows = ValuationRun.objects.filter(pk=lease.run_id, token=lease.token)
    closed = rows.filter(status=RunStatus.RUNNING).update(
        status=RunStatus.FAILED, failure=reason, finished_at=Now(), lease_until=None
    )
    return bool(
        closed
        or rows.filter(status=RunStatus.PUBLISHED).update(
            failure=reason, lease_until=None
        )
    )
