"""Who values which block of accounts: claims, leases and outcomes of shards.

Where blocks begin and end depends on account ids alone, never on how many workers there
are: the same accounts are valued together whoever does it, so results are the same.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now
from numpy.typing import NDArray

from clv.errors import LostLeaseError
from clv.models import RunShard
from clv.policy import SHARD_ACCOUNTS
from clv.services.leases import HEARTBEAT_SECONDS, LEASE, Lease, beating

CLAIM = f"""
    UPDATE clv_runshard SET
        token = token + 1,
        lease_until = clock_timestamp() + interval '{LEASE}'
    WHERE id = (
            SELECT s.id FROM clv_runshard s
            WHERE s.run_id = %(run)s AND s.run_token = %(token)s
                AND s.finished_at IS NULL
                AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
                AND (%(number)s::int IS NULL OR s.number = %(number)s)
            ORDER BY s.number LIMIT 1 FOR UPDATE SKIP LOCKED
        )
    RETURNING id, number, token, first_account, last_account, inputs_check
"""
HOLD = f"""
    UPDATE clv_runshard SET lease_until = clock_timestamp() + interval '{LEASE}'
    WHERE id = %(shard)s AND token = %(token)s AND finished_at IS NULL
"""
# The run may not be taken over between this look and the commit.
STANDS = """
    SELECT FROM clv_valuationrun
    WHERE id = %(run)s AND token = %(token)s AND status = 'running' FOR SHARE
"""


@dataclass(frozen=True, slots=True)
class Shard:
    """The right to value one block, until somebody claims it after us.

    `check` is `Inputs.check` of the block as the worker has it that has the run.
    """

    pk: int
    number: int
    token: int
    first: int
    last: int
    check: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What valuing a block, or all blocks, has come to; money in cents."""

    rows: int
    future_cents: int
    digest: str


def plan(
    lease: Lease,
    account_ids: NDArray[np.int64],
    check: Callable[[int, int], int] | None = None,
) -> list[int]:
    """Lay out the shards of this attempt; return their numbers.

    Blocks that hold no account get no shard. `check` returns what tells the inputs of a
    block apart, by its first and last account; left out, nothing does.
    """
    blocks: list[int] = np.unique(account_ids // SHARD_ACCOUNTS).tolist()
    RunShard.objects.filter(run_id=lease.run_id).delete()
    RunShard.objects.bulk_create(
        RunShard(
            run_id=lease.run_id,
            run_token=lease.token,
            number=block,
            first_account=block * SHARD_ACCOUNTS,
            last_account=(block + 1) * SHARD_ACCOUNTS - 1,
            inputs_check=check
            and check(block * SHARD_ACCOUNTS, (block + 1) * SHARD_ACCOUNTS - 1),
        )
        for block in blocks
    )
    return blocks


def claim(lease: Lease, number: int | None = None) -> Shard | None:
    """Take a shard that waits or whose worker is gone, the first or that `number`."""
    params = {"run": lease.run_id, "token": lease.token, "number": number}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, params)
        row = cursor.fetchone()
    return None if row is None else Shard(*row)


@contextmanager
def holding(shard: Shard) -> Iterator[None]:
    """Extend the shard's lease while the block works; let go of it if that fails."""

    def extend() -> None:
        with connection.cursor() as cursor:
            cursor.execute(HOLD, {"shard": shard.pk, "token": shard.token})

    try:
        with beating(extend, name=f"shard-{shard.pk}", every=HEARTBEAT_SECONDS):
            yield
    except BaseException:
        _let_go(shard)
        raise


def finish(lease: Lease, shard: Shard, outcome: Outcome) -> None:
    """Note what came of a shard, in the transaction that writes its rows.

    Raises
    ------
    LostLeaseError
        If somebody else has the shard or the run; nothing of the transaction stays.
    """
    mine = RunShard.objects.filter(pk=shard.pk, token=shard.token, finished_at=None)
    noted = mine.update(
        finished_at=Now(),
        lease_until=None,
        rows=outcome.rows,
        future_cents=outcome.future_cents,
        digest=outcome.digest,
    )
    with connection.cursor() as cursor:
        cursor.execute(STANDS, {"run": lease.run_id, "token": lease.token})
        stands = cursor.rowcount == 1
    if noted != 1 or not stands:
        raise LostLeaseError(
            f"shard {shard.number} of run {lease.run_id} has been taken over"
        )


def are_finished(lease: Lease) -> bool:
    """Tell whether every block of this attempt has been valued."""
    return not _of(lease).filter(finished_at=None).exists()


def outcome_of(lease: Lease) -> Outcome:
    """Return sums over all shards and one fingerprint, whoever valued them.

    The fingerprint of a single block is that of the run.
    """
    sums = _of(lease).aggregate(rows=Sum("rows"), future=Sum("future_cents"))
    digests = list(_of(lease).order_by("number").values_list("digest", flat=True))
    whole = hashlib.sha256("".join(digests).encode()).hexdigest()
    digest = digests[0] if len(digests) == 1 else whole
    return Outcome(sums["rows"] or 0, sums["future"] or 0, digest)


def _of(lease: Lease) -> QuerySet[RunShard]:
    return RunShard.objects.filter(run_id=lease.run_id, run_token=lease.token)


def _let_go(shard: Shard) -> None:
    RunShard.objects.filter(pk=shard.pk, token=shard.token, finished_at=None).update(
        lease_until=None
    )
