"""The value page at a firm's full size: server time of the page and of each block.

    python -m benchmarks.dashboards --accounts 1000000

Builds on the firm of `benchmarks.lists`: accounts, owners and the values of two days,
and adds orders and costs over three years. A night's last step sums it up, timed. Then
Django's test client asks for the page and its blocks as a manager would: for everybody,
for one class, for one rep, and for an industry within a class, which nights keep no sum
of. `--data FOLDER` keeps the firm for the next time.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.lists import Ask, _get, build, measure
from benchmarks.night import prepare

ROUNDS = 20
TABLES = ("crm_order", "crm_orderline", "crm_ledgerentry")
# Orders every half year from the day of winning on; every tenth line has no cost.
ORDERS = """
    INSERT INTO crm_order (id, account_id, ordered_on, status, source, external_id,
        created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT row_number() OVER (), account_id, day, 'confirmed', 'bench',
        row_number() OVER (), now(), now()
    FROM (
        SELECT v.account_id, v.first_on + n * 120 AS day
        FROM clv_valuation v, generate_series(0, 6) n
        WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL
            AND (n = 0 OR (v.account_id * 7 + n) %% 3 > 0)
    ) bought WHERE day <= %(day)s
"""
LINES = """
    INSERT INTO crm_orderline (id, order_id, account_id, ordered_on, status, quantity,
        unit_price, discount, unit_cost)
    OVERRIDING SYSTEM VALUE
    SELECT row_number() OVER (), o.id, account_id, ordered_on, status, 1 + o.id %% 7,
        20 + o.id %% 90, 0, CASE WHEN o.id %% 10 > 0 THEN 12 + o.id %% 40 END
    FROM crm_order o, generate_series(1, 2)
"""
LEDGER = """
    INSERT INTO crm_ledgerentry (account_id, kind, amount, incurred_on, document, note,
        source, created_at)
    SELECT account_id, kind, amount, day, '', '', 'bench', day
    FROM (
        SELECT account_id, 'acquisition' AS kind, 40 AS amount, first_on - 20 AS day
        FROM clv_valuation WHERE run_id = %(run)s AND first_on IS NOT NULL
        UNION ALL
        SELECT account_id, 'service', 9, ordered_on FROM crm_order WHERE id %% 2 = 0
    ) costs
"""
SPREAD = """
    UPDATE crm_account SET relationship_type = (ARRAY['transactional', 'contract',
        'partner', ''])[1 + id %% 4], territory_id = 1 + id %% 12
"""
BLOCKS = ("balance", "spread", "cohorts", "retention", "paybacks")
SCOPES = {
    "everybody": "",
    "one class": "?class=general",
    "one rep": "?owner=2",
    "industry in a class": "?industry=Industry+7&class=general",
}


def add_facts() -> None:
    """Add orders and costs of three years, and what the filter can narrow by."""
    from django.db import connection  # noqa: PLC0415

    from benchmarks.firm import bare_tables  # noqa: PLC0415
    from clv.models import ValuationRun  # noqa: PLC0415
    from crm.models import Territory  # noqa: PLC0415

    run = ValuationRun.objects.current()
    if run is None:
        raise SystemExit("the firm has no run")
    Territory.objects.bulk_create(Territory(name=f"Area {n:02}") for n in range(12))
    params: dict[str, Any] = {"run": run.pk, "day": run.as_of}
    with connection.cursor() as cursor, bare_tables(TABLES):
        for statement in (ORDERS, LINES, LEDGER):
            cursor.execute(statement, params)
    with connection.cursor() as cursor:
        cursor.execute(SPREAD.replace("%%", "%"))
        cursor.execute("VACUUM ANALYZE")


def sum_up() -> None:
    """Run what the night runs for the page, and say how long it took."""
    from clv.models import ValuationRun  # noqa: PLC0415
    from segments.services import classes  # noqa: PLC0415
    from segments.services.rollups import write_rollups  # noqa: PLC0415

    for run in ValuationRun.objects.published().order_by("as_of"):
        classes.classify(run)
        begun = time.perf_counter()
        written = write_rollups(run)
        took = time.perf_counter() - begun
        print(f"sum up, {run.as_of}: {written.rows:,} rows in {took:.1f} s", flush=True)


def pages() -> dict[str, Ask]:
    asked: dict[str, Ask] = {}
    for words, query in SCOPES.items():
        asked[f"page, {words}"] = _get(f"/value/{query}")
        for key in BLOCKS:
            asked[f"{key}, {words}"] = _get(f"/value/_block/{key}/{query}")
    return asked | {
        "why, everybody": _get("/value/_why/"),
        "week": _get("/value/_week/"),
        "alerts": _get("/value/_alerts/"),
        "forecast": _get("/forecast/"),
    }


def compare(accounts: int, rounds: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from crm.models import User  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client: Any = Client()
    client.force_login(User.objects.get(email="manager@bench.example"))
    print(f"\n{accounts:,} accounts\n")
    print("| block | p50 ms | p95 ms | own ms | queries | KB |")
    print("|---|---|---|---|---|---|")
    for words, ask in pages().items():
        p50, p95, own, queries, size = measure(ask, client, rounds)
        figures = f"{p50:.0f} | {p95:.0f} | {own:.0f} | {queries} | {size / 1024:.0f}"
        print(f"| {words} | {figures} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dashboards-") as own:
        folder = (options.data or Path(own)).resolve()
        server = prepare(folder)
        try:
            _run(options.accounts, options.rounds)
        finally:
            server.stop()


def _run(accounts: int, rounds: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from campaigns.services import plans  # noqa: PLC0415
    from crm.models import Account, Order  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if not Account.objects.exists():
        plans.ensure_plans()
        build(accounts)
    if not Order.objects.exists():
        add_facts()
        sum_up()
    compare(accounts, rounds)


if __name__ == "__main__":
    main()
