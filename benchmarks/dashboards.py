"""Managers' pages at a firm's full size: server time of each page and block.

    python -m benchmarks.dashboards --accounts 1000000

Builds on the firm of `benchmarks.lists`: accounts, owners and the values of two days,
and adds orders and costs over three years. The steps of a night that pages read from
sum it up, timed. Then Django's test client asks as a manager would for every page of
the menu, the blocks of the value page for everybody, for one class, for one rep, and
for an industry within a class, which nights keep no sum of. Lists have a benchmark of
their own. `--data FOLDER` keeps the firm for the next time, `--only WORD` asks for the
pages whose words or address hold it, or one of several between commas, `--slow MS`
names those slower than that at the end.

A firm of `benchmarks.night` can be asked as well: what people enter is added to it, and
its newest night counts as last night's, whenever that was.

"Anew" is the first answer, with nothing kept: what one manager waits for who asks for
what nobody has asked for since the night. p50 and p95 are what everybody waits for
afterwards, and "changed" the answer right after rows of every watched table have
changed: at a large firm the older one, which the page says, see `common.older`. A
statement is cut off after `--most` seconds, and said so.
"""

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.lists import _get, build, measure
from benchmarks.night import _load_django, prepare

ROUNDS = 20
MOST_SECONDS = 10.0
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
CHANGE = """
    INSERT INTO common_tablechange (relation)
    SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgname LIKE 'note_change%'
"""
BLOCKS = ("balance", "spread", "cohorts", "retention", "paybacks")
SCOPES = {
    "everybody": "",
    "one class": "?class=general",
    "one rep": "?owner=5",
    "one territory": "?territory=3",
    "industry in a class": "?industry=Industry+7&class=general",
}
MANAGER = "manager@bench.example"
GOAL_MS = 300.0
TOO_LONG = 5.0  # seconds
OTHERS = {
    "why, everybody": "/value/_why/",
    "why, one rep": "/value/_why/?owner=5",
    "why, one territory": "/value/_why/?territory=3",
    "why, industry in a class": "/value/_why/?industry=Industry+7&class=general",
    "Today, one rep": "/today/?owner=5",
    "My objective, one rep": "/objective/?owner=5",
    "forecast, one class": "/forecast/?class=general",
    "migration, one rep": "/value/migration/?owner=5",
    "migration, one territory": "/value/migration/?territory=3",
    "targeting, one rep": "/value/targeting/?owner=5",
    "week": "/value/_week/",
    "alerts": "/value/_alerts/",
    "accuracy light": "/accuracy/_alert/",
    "class": "/classes/general/",
    "class, why": "/classes/general/_why/",
    "class, flow": "/classes/general/_flow/",
    "class, plan": "/classes/general/_plan/",
    "payback": "/value/payback/",
    "matrix, one rep": "/value/matrix/?owner=5",
    "allocation, one class": "/allocation/?class=general",
    "allocation, one rep": "/allocation/?owner=5",
    "matrix, one class": "/value/matrix/?class=general",
    "experience, one rep": "/experience/?owner=5",
    "profit by class": "/profit/by/class/quarter/",
    "profit by product": "/profit/by/product/quarter/",
    "profit by rep": "/profit/by/rep/month/",
    "profit by class, one rep": "/profit/by/class/quarter/?owner=5",
    "profit by class, one class": "/profit/by/class/quarter/?class=general",
    "profit by product, one territory": "/profit/by/product/quarter/?territory=3",
    "losses, one rep": "/profit/losses/?owner=5",
    "tenure, one rep": "/profit/tenure/?owner=5",
    "losses": "/profit/losses/",
    "tenure": "/profit/tenure/",
    "sources": "/profit/sources/",
    "opportunities": "/profit/opportunities/",
    "budget": "/budget/",
    "levers, one class": "/value/levers/?worth_class=general",
    "optimiser by band": "/optimiser/?by=band",
}
# Measured by benchmarks.lists, with every order and filter.
LISTS = frozenset(
    {
        "campaigns:account_list",
        "campaigns:contact_list",
        "campaigns:task_list",
        "campaigns:prospect_list",
    }
)


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
        # Here, where no history is kept of a million changed accounts.
        cursor.execute(SPREAD.replace("%%", "%"))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def sum_up() -> None:
    """Run what the night runs for these pages, and say how long each step took."""
    from clv.models import ValuationRun  # noqa: PLC0415
    from config.night import MORE_KEPT, MORE_KEPT_WITHIN  # noqa: PLC0415
    from config.prepared import prepare as ask_for_pages  # noqa: PLC0415
    from segments.services import (  # noqa: PLC0415
        changes,
        classes,
        findings,
        rollups,
    )
    from segments.services.matrix import write_matrix  # noqa: PLC0415
    from segments.services.portraits import write_portraits  # noqa: PLC0415

    steps: dict[str, Callable[[Any], Any]] = {
        "classify": classes.classify,
        "explain": changes.write_rollup,
        "portray": write_portraits,
        "sum up": partial(
            rollups.write_rollups, more=MORE_KEPT, within=MORE_KEPT_WITHIN
        ),
        "matrix": write_matrix,
        "opportunities": findings.write_findings,
        "prepare": ask_for_pages,
    }
    for run in ValuationRun.objects.published().order_by("as_of"):
        for words, step in steps.items():
            begun = time.perf_counter()
            step(run)
            took = time.perf_counter() - begun
            print(f"{words}, {run.as_of}: {took:.1f} s", flush=True)


def pages() -> dict[str, str]:
    """Return the address of each page that is asked for, by the words of its line."""
    from crm.models import Territory  # noqa: PLC0415

    asked: dict[str, str] = {}
    for words, query in SCOPES.items():
        asked[f"value, {words}"] = f"/value/{query}"
        for key in BLOCKS:
            asked[f"{key}, {words}"] = f"/value/_block/{key}/{query}"
    territory = f"territory={Territory.objects.order_by('pk')[2].pk}"
    found = asked | OTHERS | _menu()
    return {
        words: url.replace("territory=3", territory) for words, url in found.items()
    }


def _menu() -> dict[str, str]:
    """Return the pages that a manager's menu leads to, lists left out."""
    from django.urls import reverse  # noqa: PLC0415

    from config.shell import menu_of  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    manager = User.objects.get(email=MANAGER)
    return {
        link.title: reverse(link.url_name)
        for group in menu_of(manager)
        for link in group.links
        if link.url_name not in LISTS
    }


def compare(accounts: int, options: argparse.Namespace) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from config.collecting import put_aside  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    put_aside()  # as a web process does
    settings.ALLOWED_HOSTS = ["*"]
    client: Any = Client()
    client.force_login(User.objects.get(email=MANAGER))
    print(f"\n{accounts:,} accounts\n")
    print("| page | anew ms | changed ms | p50 ms | p95 ms | own ms | queries | KB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    slow = []
    for words, url in pages().items():
        if not any(one in words or one in url for one in options.only.split(",")):
            continue
        figures, p95 = _figures(url, client, options)
        print(f"| {words} | {figures} |", flush=True)
        if p95 > options.slow:
            slow.append(f"{words} ({p95:.0f} ms)")
    print(f"\nslower than {options.slow:.0f} ms: {', '.join(slow) or 'none'}")


def _figures(url: str, client: Any, options: argparse.Namespace) -> tuple[str, float]:
    """Return one page's figures as cells, and its p95; what fails is said, not fatal.

    A page slower than five seconds is asked for only twice more.
    """
    from django.core.cache import caches  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    ask = _get(url)
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {options.most * 1000:.0f}")
    caches["answers"].clear()
    begun = time.perf_counter()
    try:
        ask(client)
        took = time.perf_counter() - begun
        measured = measure(ask, client, options.rounds if took < TOO_LONG else 2)
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - the others go on
        anew = (time.perf_counter() - begun) * 1000
        said = f"{type(problem).__name__}: {str(problem)[:60]!r}".replace("\n", " ")
        return f"{anew:.0f} | {said} | | | | |", anew
    p50, p95, own, queries, size = measured
    cells = f"{took * 1000:.0f} | {_changed(ask, client):.0f}"
    cells += f" | {p50:.0f} | {p95:.0f} | {own:.0f} | {queries}"
    return f"{cells} | {size / 1024:.0f}", p95


def _changed(ask: Callable[[Any], Any], client: Any) -> float:
    """Return the milliseconds of an answer after every watched table has changed."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(CHANGE)
    begun = time.perf_counter()
    ask(client)
    return (time.perf_counter() - begun) * 1000


def _pretend(day: dt.date) -> None:
    """Let it be the day after `day`, so that an older firm's last night is fresh."""
    from django.utils import timezone  # noqa: PLC0415

    real = timezone.now
    ahead = day + dt.timedelta(days=1) - timezone.localdate()
    timezone.now = lambda: real() + ahead


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--slow", type=float, default=GOAL_MS)
    parser.add_argument("--most", type=float, default=MOST_SECONDS)
    parser.add_argument("--running", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dashboards-") as own:
        folder = (options.data or Path(own)).resolve()
        if options.running:  # by somebody else
            _load_django(folder)
            _run(options)
            return
        server = prepare(folder)
        try:
            _run(options)
        finally:
            server.stop()


def _run(options: argparse.Namespace) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from benchmarks import daily  # noqa: PLC0415
    from campaigns.services import plans  # noqa: PLC0415
    from clv.models import ValuationRun  # noqa: PLC0415
    from crm.models import Account, Case, Order, User  # noqa: PLC0415
    from segments.models import StoredFigures  # noqa: PLC0415

    settings.CACHES["answers"] = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    if not options.running:
        call_command("migrate", verbosity=0)
    if not Account.objects.exists():
        plans.ensure_plans()
        build(options.accounts)
    run = ValuationRun.objects.current()
    if run is not None:
        _pretend(run.as_of)
        if not User.objects.filter(email=MANAGER).exists():
            daily.fill(run.as_of + dt.timedelta(days=1))
    if not Order.objects.exists():
        add_facts()
    if run is not None and not Case.objects.exists():
        daily.enter(run.as_of + dt.timedelta(days=1))
    if not StoredFigures.objects.filter(run__is_current=True).exists():
        sum_up()
    compare(Account.objects.count(), options)


if __name__ == "__main__":
    main()
