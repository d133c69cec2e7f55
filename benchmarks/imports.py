"""Importing orders with and without what the night asks of their tables.

    python -m benchmarks.imports --rows 100000

The night keeps its sums by itself: the only trigger on orders notes that there was a
change (tested). What entering them pays for besides is two indexes: the covering one
that sums are read from, and the one by which changed orders are found. In turn, the
same file is imported into the same firm with both, and with a plain index of lines by
account in their place.
"""

import argparse
import csv
import datetime as dt
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.night import prepare

SEED = 20260102
LINES_PER_ORDER = 3
ORDERS_PER_ACCOUNT = 5
FIRST_DAY = dt.date(2024, 1, 1)
DAYS = 700
NIGHTS = ("line_worth_by_account", "order_by_change")
PLAIN = "CREATE INDEX bench_line_account ON crm_orderline (account_id)"


def write_file(path: Path, rows: int) -> None:
    """Write orders of three lines on average, by day."""
    rng = np.random.default_rng(SEED)
    orders = max(rows // LINES_PER_ORDER, 1)
    account = rng.integers(0, max(orders // ORDERS_PER_ACCOUNT, 1), orders)
    day = np.sort(rng.integers(0, DAYS, orders))
    order = np.sort(rng.integers(0, orders, rows))
    price = rng.integers(100, 100_000, rows)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "account", "date", "quantity", "price", "cost"])
        for one, cents in zip(order.tolist(), price.tolist(), strict=True):
            on = FIRST_DAY + dt.timedelta(days=int(day[one]))
            amounts = f"{cents / 100:.2f}", f"{cents / 150:.2f}"
            writer.writerow([one, account[one], on.isoformat(), 1, *amounts])


def import_once(path: Path, source: str) -> float:
    """Import the file as another source's orders; return how long it took."""
    from crm.services.imports.jobs import Request  # noqa: PLC0415
    from crm.services.imports.orders import import_orders  # noqa: PLC0415

    begun = time.perf_counter()
    report = import_orders(Request(path=path, source=source))
    seconds = time.perf_counter() - begun
    if report.refused or report.stored != report.read:
        raise SystemExit(f"Not all rows were stored: {report}")
    return seconds


def compare(path: Path, rounds: int) -> None:
    """Import in turn, with the first place changing from round to round; print."""
    import_once(path, "first")  # so that tables and caches are not empty
    ratios = []
    for number in range(rounds):
        sides = ["with", "without"] if number % 2 else ["without", "with"]
        seconds = {side: _timed(path, side, number) for side in sides}
        ratios.append(seconds["with"] / seconds["without"])
        print(
            f"round {number + 1}, load {os.getloadavg()[0]:.1f}:"
            f" with {seconds['with']:.2f} s, without {seconds['without']:.2f} s,"
            f" ratio {ratios[-1]:.2f}",
            flush=True,
        )
    print(
        f"with / without: min {min(ratios):.2f}, median"
        f" {statistics.median(ratios):.2f}, max {max(ratios):.2f}"
    )


def _timed(path: Path, side: str, number: int) -> float:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [list(NIGHTS)]
        )
        definitions = [row[0] for row in cursor.fetchall()]
        if side == "without":
            cursor.execute(f"DROP INDEX {', '.join(NIGHTS)}")
            cursor.execute(PLAIN)
        cursor.execute("CHECKPOINT")
    try:
        return import_once(path, f"{side} {number}")
    finally:
        if side == "without":
            with connection.cursor() as cursor:
                cursor.execute("DROP INDEX bench_line_account")
                for definition in definitions:
                    cursor.execute(definition)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="keep the database here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        server = prepare(options.data or Path(folder))
        try:
            from django.core.management import call_command  # noqa: PLC0415
            from django.db import connection  # noqa: PLC0415

            call_command("migrate", verbosity=0)
            path = Path(folder) / "orders.csv"
            write_file(path, options.rows)
            compare(path, options.rounds)
            connection.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
