"""The night beside the least it could take, in one run on one machine.

    python -m benchmarks.night --accounts 1000000 --lines 10000000

Builds a firm in a PostgreSQL of its own, then takes turns, round by round: the floor
(one plain GROUP BY account over the order lines and one binary COPY of as many result
rows), a full night (every sum worked out anew) and the night after it (0.1 % of the
accounts have bought). Before each the server tidies up, as it does during a day. A
night is what stands between new orders and published classes: summarise, fit, value,
publish, classify. Its times are those the run itself records. What comes after is not
timed: indexes of lists, planning, lists, sums and all other steps of `config.night`.
At the end full nights by one worker and by two in turn, for what a second one brings,
and nights as if the back-test had chosen other models, which take more work.
"""

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TIMED = ("summarise", "fit", "value", "publish", "classify")
SHARE_CHANGED = 0.001
PAUSE = 0.05  # seconds between two looks of a helper
HELPER_STARTS = 8.0  # seconds that it may take
FLOOR_SUMS = """
    CREATE UNLOGGED TABLE bench_sums AS
    SELECT account_id, count(*), min(ordered_on) AS first_on,
        max(ordered_on) AS last_on, sum(revenue) AS revenue, sum(cost) AS cost
    FROM crm_orderline GROUP BY account_id
"""

# As a back-test may choose; the first one is what the others are compared with.
CHOICES = (
    {"bgnbd": 1.0},
    {"mbg_cnbd": 1.0},
    {"pareto_nbd": 1.0},
    {"bgnbd": 0.4, "mbg_cnbd": 0.3, "pareto_nbd": 0.2, "own_pace": 0.1},
)
REGULARITY = 2

Night = dict[str, Any]


def prepare(folder: Path) -> Any:
    """Start a PostgreSQL in `folder` and point Django at it."""
    from config import embedded  # noqa: PLC0415

    where = embedded.paths(embedded.make_data_folder(folder))
    embedded.prepare(where)
    server = embedded.start_postgres(where)
    _load_django(folder)
    return server


def _load_django(folder: Path) -> None:
    import django  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    os.environ["PERENNIAL_DATA"] = str(folder)
    django.setup()


def floor() -> dict[str, float]:
    """Time the least: group the lines by account, copy as many results in."""
    from django.db import connection  # noqa: PLC0415

    from clv.models import ValuationRun  # noqa: PLC0415

    run = ValuationRun.objects.published().latest("pk")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_sums, bench_results")
        begun = time.perf_counter()
        cursor.execute(FLOOR_SUMS)
        grouped = time.perf_counter() - begun
        values = f"SELECT * FROM clv_valuation WHERE run_id = {run.pk}"
        with cursor.copy(f"COPY ({values}) TO STDOUT (FORMAT BINARY)") as copy:
            data = [bytes(part) for part in copy]
        cursor.execute("CREATE TABLE bench_results (LIKE clv_valuation)")
        begun = time.perf_counter()
        with cursor.copy("COPY bench_results FROM STDIN (FORMAT BINARY)") as copy:
            for part in data:
                copy.write(part)
        copied = time.perf_counter() - begun
        cursor.execute("DROP TABLE bench_sums, bench_results")
    return {"group": grouped, "copy": copied, "wall": grouped + copied}


def one_night(day: dt.date, *, full: bool, whole: bool) -> Night:
    """Work through one run as of `day` in this process; return its recorded times."""
    from clv.choices import RunStatus  # noqa: PLC0415
    from clv.models import SummaryState  # noqa: PLC0415
    from clv.services import execution, runs, sharing  # noqa: PLC0415
    from config import night  # noqa: PLC0415

    if full:
        SummaryState.objects.all().delete()
    shared = _timed(sharing, "value_all")
    run = runs.request_run(actor=None, as_of=day)
    chains = {run.kind: [g for g in night.NIGHT if whole or g[-1].name in TIMED]}
    execution.execute_run(run.pk, chains)
    run.refresh_from_db()
    if run.status != RunStatus.PUBLISHED:
        raise SystemExit(f"run {run.pk}: {run.status} {run.failure}")
    steps = {step.name: step for step in run.steps.all()}
    begun, ended = steps[TIMED[0]].started_at, steps[TIMED[-1]].finished_at
    return {
        "wall": (ended - begun).total_seconds() if ended else None,
        "steps": {name: step.seconds for name, step in steps.items()},
        "detail": steps["summarise"].detail | {"rows": steps["summarise"].rows},
        "shared": shared[0],
        "digest": run.digest,
        "peak_mb": _peak_mb(),
    }


def choose(weights: dict[str, float]) -> None:
    """Let the nights of this process go by a choice of the day before."""
    from clv.models import ValuationRun  # noqa: PLC0415
    from clv.services import steps  # noqa: PLC0415
    from clv.services.guidance import Guidance  # noqa: PLC0415

    def chosen(run: ValuationRun) -> Guidance:
        judged_on = run.as_of - dt.timedelta(days=1)
        return Guidance(judged_on=judged_on, weights=weights, regularity=REGULARITY)

    setattr(steps, "guidance_for", chosen)  # noqa: B010  mypy refuses a plain one


def _timed(module: Any, name: str) -> list[float]:
    """Note from now on how long the function of a module takes."""
    function, seconds = getattr(module, name), []

    def timed(*positional: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*positional, **named)
        finally:
            seconds.append(time.perf_counter() - begun)

    setattr(module, name, timed)
    return seconds


def help_others() -> None:
    """Value shards of whatever run is worked on, until this process is stopped."""
    from clv.models import RunShard  # noqa: PLC0415
    from clv.services import sharing  # noqa: PLC0415
    from segments.queries import members  # noqa: PLC0415

    while True:
        waiting = RunShard.objects.filter(run__status="running", finished_at=None)
        shard = waiting.filter(lease_until=None).order_by("-number").first()
        if shard is None or not sharing.help_with(
            shard.run_id, shard.number, groups=members.CODES
        ):
            time.sleep(PAUSE)


def _peak_mb() -> float:
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _call(folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.night", "--data", str(folder)]


def _environment() -> dict[str, str]:
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def in_own_process(folder: Path, day: dt.date, *flags: str) -> Night:
    done = subprocess.run(  # noqa: S603  our own module
        [*_call(folder), "--day", day.isoformat(), *flags],
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: Night = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(folder: Path, first: dt.date, rounds: int) -> tuple[dt.date, float]:
    """Take turns and print the table; every round has its own days.

    Returns the day of the last night and the median floor.
    """
    from benchmarks import firm  # noqa: PLC0415
    from clv.models import ValuationRun  # noqa: PLC0415

    found: dict[str, list[Night]] = {"full": [], "delta": [], "floor": []}
    if not ValuationRun.objects.published().exists():
        in_own_process(folder, first, "--full")  # a first night, so that all have one
    for number in range(rounds):
        day = first + dt.timedelta(days=1 + 2 * number)
        firm.settle()
        found["floor"].append(floor())
        found["full"].append(in_own_process(folder, day, "--full"))
        firm.add_a_day(SHARE_CHANGED, day + dt.timedelta(days=1))
        firm.settle()
        found["delta"].append(in_own_process(folder, day + dt.timedelta(days=1)))
        _tell(number, found)
    for kind in ("full", "delta"):
        pairs = zip(found[kind], found["floor"], strict=True)
        ratios = [ours["wall"] / least["wall"] for ours, least in pairs]
        print(
            f"{kind:<6} / floor: min {min(ratios):.2f},"
            f" median {statistics.median(ratios):.2f}, max {max(ratios):.2f}"
        )
    least = statistics.median(night["wall"] for night in found["floor"])
    return first + dt.timedelta(days=2 * rounds), least


def compare_workers(folder: Path, day: dt.date, rounds: int, least: float) -> None:
    """Time the full night of one day with one worker and with two, in turn.

    `least` is the median floor of the rounds before.
    """
    from benchmarks import firm  # noqa: PLC0415

    ratios = []
    for _ in range(rounds):
        firm.settle()
        alone = in_own_process(folder, day, "--full")
        firm.settle()
        helper = subprocess.Popen(  # noqa: S603  our own module
            [*_call(folder), "--helper"], env=_environment()
        )
        try:
            time.sleep(HELPER_STARTS)
            both = in_own_process(folder, day, "--full")
        finally:
            helper.kill()
            helper.wait()
        if alone["digest"] != both["digest"]:
            raise SystemExit("Two workers came to other values than one.")
        ratios.append(alone["shared"] / both["shared"])
        print(
            f"one worker {alone['wall']:.2f} s, shared part {alone['shared']:.2f} s;"
            f" two {both['wall']:.2f} s ({both['wall'] / least:.2f} of the floor),"
            f" shared part {both['shared']:.2f} s, ratio {ratios[-1]:.2f},"
            f" load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"one / two workers, shared part: median {statistics.median(ratios):.2f}")


def compare_choices(folder: Path, day: dt.date, rounds: int) -> None:
    """Time nights by other models beside those by BG/NBD, in turn."""
    from benchmarks import firm  # noqa: PLC0415

    found: dict[str, list[Night]] = {}
    for _ in range(rounds):
        for weights in CHOICES:
            firm.settle()
            chosen = json.dumps(weights)
            night = in_own_process(folder, day, "--choose", chosen)
            found.setdefault(chosen, []).append(night)
    usual = found[json.dumps(CHOICES[0])]
    for chosen, nights in found.items():
        ratios = [a["wall"] / b["wall"] for a, b in zip(nights, usual, strict=True)]
        parts = {
            name: statistics.median(night["steps"][name] for night in nights)
            for name in TIMED
        }
        print(
            f"{chosen}: {statistics.median(n['wall'] for n in nights):.2f} s,"
            f" {statistics.median(ratios):.2f} times the first"
            f" ({', '.join(f'{name} {s:.2f}' for name, s in parts.items())}),"
            f" peak {max(n['peak_mb'] for n in nights):.0f} MB",
            flush=True,
        )


def _tell(number: int, found: dict[str, list[Night]]) -> None:
    load = os.getloadavg()[0]
    least = found["floor"][-1]
    print(
        f"round {number + 1}, load {load:.1f}: floor {least['wall']:.2f} s"
        f" (group {least['group']:.2f}, copy {least['copy']:.2f})"
    )
    for kind in ("full", "delta"):
        night = found[kind][-1]
        steps = ", ".join(f"{name} {s:.2f}" for name, s in night["steps"].items())
        print(
            f"  {kind:<6} {night['wall']:.2f} s ({steps}),"
            f" peak {night['peak_mb']:.0f} MB, {night['detail']}"
        )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="keep the firm here and use it again")
    parser.add_argument("--day", type=dt.date.fromisoformat, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--helper", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--choose", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.helper:
        _load_django(options.data)
        help_others()
    if options.day:
        _load_django(options.data)
        if options.choose:
            choose(options.choose)
        found = one_night(options.day, full=options.full, whole=options.whole)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        _run(options.data or Path(folder), options)


def _run(folder: Path, options: argparse.Namespace) -> None:
    server = prepare(folder)
    try:
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        from benchmarks import firm  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        first = firm.ensure(options.accounts, options.lines)
        firm.forget_old_nights()
        last, least = measure(folder, first, options.rounds)
        compare_workers(folder, last, options.rounds, least)
        compare_choices(folder, last, options.rounds)
        connection.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
