"""Planning two weeks beside the least it could take, in one run on one machine.

    python -m benchmarks.planning --accounts 1000000

Builds accounts in the four classes, with owners who have hours to keep, in a PostgreSQL
of its own, and the ready plans for them. Then takes turns, round by round: the night's
planner from nothing (every account follows its plan, two weeks of touches), and the
floor: one plain INSERT ... SELECT of the same rows into the same empty table. Both
write with all indexes, constraints and foreign keys. At the end the night after: one
day further, with one account in a thousand in another class.
"""

import argparse
import datetime as dt
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.night import prepare

DAY = dt.date(2026, 11, 16)  # a Monday
ACCOUNTS_PER_REP = 400
SHARE_MOVED = 0.001
ACCOUNTS = """
    INSERT INTO crm_account (id, name, stage, acquired_on, owner_id, created_at,
        updated_at, relationship_type, industry, size_band, city, region, country,
        phone, website, note, source, won_from, loss_reason, attributes)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'Firm ' || n, 'customer', %(day)s - (n %% 1000)::int,
        (SELECT min(id) FROM crm_user) + n %% %(reps)s, now(), now(),
        '', '', '', '', '', '', '', '', '', '', '', '', '{}'
    FROM generate_series(1, %(accounts)s) n
"""
# One in twenty is a current key customer, one in ten a potential one.
MEMBERSHIPS = """
    INSERT INTO segments_membership
        (account_id, worth_class, since, reason, run_id, policy_id)
    SELECT id, CASE WHEN id %% 20 = 0 THEN 'current_key'
            WHEN id %% 20 < 3 THEN 'potential_key'
            WHEN id %% 20 < 15 THEN 'general' ELSE 'never_profitable' END,
        %(day)s - 400, '', %(run)s, %(policy)s
    FROM crm_account
"""
MOVES = """
    WITH moved AS (
        UPDATE segments_membership SET until = %(day)s
        WHERE until IS NULL AND account_id %% %(every)s = 0
        RETURNING account_id, worth_class
    )
    INSERT INTO segments_membership
        (account_id, worth_class, since, reason, run_id, policy_id)
    SELECT account_id,
        CASE worth_class WHEN 'general' THEN 'potential_key' ELSE 'general' END,
        %(day)s, '', %(run)s, %(policy)s
    FROM moved
"""
COLUMNS = (
    "account_id, template_id, lineage, period, due_on, owner_role, assigned_to_id,"
    " status, reason, created_at"
)
EMPTY = (
    "campaigns_touchexception",
    "campaigns_plannedtouch",
    "campaigns_planassignment",
)


def build(accounts: int) -> dict[str, Any]:
    """Fill the empty database; return what later statements need."""
    from django.db import connection  # noqa: PLC0415

    from campaigns.models import PlanVersion  # noqa: PLC0415
    from campaigns.services import plans  # noqa: PLC0415
    from clv.choices import RunKind, RunStatus  # noqa: PLC0415
    from clv.models import Assumptions, ValuationRun  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415
    from segments.models import ClassPolicy  # noqa: PLC0415

    reps = max(accounts // ACCOUNTS_PER_REP, 1)
    User.objects.bulk_create(
        User(email=f"rep{n}@example.test", name=f"Rep {n}") for n in range(reps)
    )
    run = ValuationRun.objects.create(
        kind=RunKind.NIGHTLY,
        as_of=DAY,
        status=RunStatus.PUBLISHED,
        assumptions=Assumptions.objects.current(),
    )
    policy = ClassPolicy.objects.create(
        realised_threshold=500, expected_threshold=1000, reason="For the benchmark"
    )
    plans.ensure_plans()
    PlanVersion.objects.update(valid_from=DAY - dt.timedelta(days=400))
    parameters: dict[str, Any] = {
        "accounts": accounts,
        "reps": reps,
        "day": DAY,
        "run": run.pk,
        "policy": policy.pk,
        "every": int(1 / SHARE_MOVED),
    }
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, parameters)
        cursor.execute(MEMBERSHIPS, parameters)
        cursor.execute("VACUUM ANALYZE")
    return parameters


def timed(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def plan(day: dt.date) -> int:
    from campaigns.services.planning import plan_touches  # noqa: PLC0415

    return plan_touches(as_of=day)


def keep_rows() -> None:
    """Set the planned rows aside, for the floor to write the same."""
    _execute("DROP TABLE IF EXISTS bench_touches")
    _execute(f"CREATE TABLE bench_touches AS SELECT {COLUMNS} FROM {EMPTY[1]}")
    _execute("ANALYZE bench_touches")


def floor() -> None:
    _execute(f"INSERT INTO {EMPTY[1]} ({COLUMNS}) SELECT {COLUMNS} FROM bench_touches")


def empty() -> None:
    _execute(f"TRUNCATE {', '.join(EMPTY)} CASCADE")
    _execute("CHECKPOINT")


def _execute(statement: str, parameters: dict[str, Any] | None = None) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def measure(accounts: int, rounds: int) -> dict[str, Any]:
    """Take turns; return medians, the ratio, and what was planned."""
    from campaigns.services.following import follow_classes  # noqa: PLC0415

    parameters = build(accounts)
    planner, plain, following = [], [], []
    rows: object = 0
    for _ in range(rounds):
        empty()
        following.append(timed(lambda: follow_classes(as_of=DAY))[0])
        seconds, rows = timed(lambda: plan(DAY))
        planner.append(seconds)
        keep_rows()
        _execute(f"TRUNCATE {EMPTY[1]} CASCADE")
        _execute("CHECKPOINT")
        plain.append(timed(floor)[0])
    _execute("VACUUM ANALYZE")
    next_day = DAY + dt.timedelta(days=1)
    _execute(MOVES, parameters | {"day": next_day})
    second, more = timed(lambda: plan(next_day))
    return {
        "accounts": accounts,
        "touches": rows,
        "follow_seconds": round(statistics.median(following), 2),
        "plan_seconds": round(statistics.median(planner), 2),
        "floor_seconds": round(statistics.median(plain), 2),
        "ratio": round(statistics.median(planner) / statistics.median(plain), 2),
        "next_night_seconds": round(second, 2),
        "next_night_touches": more,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        server = prepare(given.folder or Path(scratch) / "firm")
        try:
            from django.core.management import call_command  # noqa: PLC0415

            call_command("migrate", verbosity=0)
            print(json.dumps(measure(given.accounts, given.rounds), indent=2))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
