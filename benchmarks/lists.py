"""Lists at a firm's full size: server time, queries and bytes of each kind of page.

    python -m benchmarks.lists --accounts 1000000

Fills a PostgreSQL of its own with accounts and the values of two days, and asks
Django's test client for each page as a manager would: every request runs the whole
stack but the network. `--data FOLDER` keeps the firm for the next time.
"""

import argparse
import datetime as dt
import html
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.night import prepare

ROUNDS = 30
PAGES_DEEP = 40
CONTACTS_OF_ONE = 50_000
TABLES = (
    "crm_account",
    "crm_touchpoint",
    "segments_membership",
    "campaigns_plannedtouch",
)
ACCOUNTS = """
    INSERT INTO crm_account (id, name, stage, owner_id, city, industry, size_band,
        last_contact_on, relationship_type, region, country, phone, website, note,
        source, won_from, loss_reason, attributes)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'Firm ' || n, CASE WHEN n %% 20 < 3 THEN 'prospect' ELSE 'customer' END,
        (%(owners)s::bigint[])[1 + n %% cardinality(%(owners)s::bigint[])],
        'Town ' || n %% 997, 'Industry ' || n %% 41,
        (ARRAY['1-9', '10-49', '50-249', '250+'])[1 + n %% 4],
        CASE WHEN n %% 4 > 0 THEN current_date - (n::bigint * 7919 %% 900)::int END,
        '', '', '', '', '', '', '', '', '', '{}'
    FROM generate_series(1, %(accounts)s) n
"""
TOUCHPOINTS = """
    INSERT INTO crm_touchpoint (account_id, user_id, channel, direction, occurred_at,
        note, outcome, phase, care, source)
    SELECT 1, %(user)s, 'phone', 'out', now() - n * interval '1 hour', 'Call ' || n, '',
        'after', '', 'manual'
    FROM generate_series(1, %(contacts)s) n
"""
VALUES = """
    INSERT INTO {table} (run_id, account_id, first_on, last_on, order_days, order_count,
        revenue, revenue_cost_unknown, margin, revenue_year, margin_year, cost_to_win,
        cost_per_order_kinds, cost_over_time_kinds, cost_year, ladder_step,
        expected_orders, expected_orders_year, expected_margin, expected_margin_year,
        expected_cost, expected_cost_year, future_value, future_low, future_high,
        realised_profit, clv, break_even, trait_code, probability_alive, paid_back_on,
        break_even_on)
    SELECT %(run)s, n, day, day, orders, orders, 3 * m, 0, m, m, m / 3, 20, 0, 0,
        round(m / 10, 2), 'individual', 1, 1, e, e, 0, 0, e, e / 2, e * 2, m - 20,
        m - 20 + e, 'paid_back', 0, CASE WHEN orders > 0 THEN random() END,
        CASE WHEN m >= 20 THEN day END,
        CASE WHEN m < 20 AND n %% 3 > 0 THEN current_date + (n %% 400)::int END
    FROM (
        SELECT n, CASE WHEN n %% 20 < 3 THEN 0 ELSE 1 + n %% 30 END AS orders,
            CASE WHEN n %% 20 >= 3 THEN current_date - (n %% 800)::int END AS day,
            round((exp(10 * random()) / 20)::numeric, 2) AS m,
            round((exp(9 * random()) / 9)::numeric, 2) AS e
        FROM generate_series(1, %(accounts)s) n
    ) drawn
"""
CLASSES = """
    INSERT INTO segments_membership (account_id, worth_class, since, reason, run_id,
        policy_id)
    SELECT account_id, CASE WHEN clv < 0 THEN 'never_profitable'
        WHEN clv < 500 THEN 'general' WHEN realised_profit < 400 THEN 'potential_key'
        ELSE 'current_key' END, %(since)s, 'As drawn.', %(run)s,
        (SELECT max(id) FROM segments_classpolicy)
    FROM clv_valuation WHERE run_id = %(run)s
"""
TOUCHES = """
    INSERT INTO campaigns_plannedtouch (account_id, template_id, lineage, period,
        due_on, owner_role, status, reason)
    SELECT n, t.id, t.lineage, 'bench', current_date + (n %% 14)::int, 'rep', 'due', ''
    FROM generate_series(1, %(accounts)s, 3) n,
        (SELECT id, lineage FROM campaigns_touchtemplate ORDER BY id LIMIT 1) t
"""

Ask = Callable[[Any], Any]


def build(accounts: int) -> None:
    """Fill an empty database with accounts, owners, two days' values and classes.

    Values are drawn, not worked out: a list reads them whatever they are.
    """
    from django.db import connection  # noqa: PLC0415

    from benchmarks.firm import bare_tables  # noqa: PLC0415
    from campaigns.services import standings  # noqa: PLC0415
    from crm.choices import Role  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415
    from segments.models import ClassPolicy  # noqa: PLC0415

    _people(Role)
    keys = list(User.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor, bare_tables(TABLES):
        cursor.execute(ACCOUNTS, {"accounts": accounts, "owners": keys})
        cursor.execute(TOUCHPOINTS, {"user": keys[0], "contacts": CONTACTS_OF_ONE})
    ClassPolicy.objects.create(
        realised_threshold=400, expected_threshold=500, reason="As drawn."
    )
    runs = [_value(accounts, ahead) for ahead in (2, 1)]
    with connection.cursor() as cursor, bare_tables(TABLES):
        # From the first night on, so that both tell of classes.
        cursor.execute(CLASSES, {"run": runs[-1].pk, "since": runs[0].as_of})
        cursor.execute(TOUCHES, {"accounts": accounts})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    begun = time.perf_counter()
    written = standings.write_standings(runs[-1])
    print(f"list step: {written:,} rows in {time.perf_counter() - begun:.1f} s\n")


def _people(roles: Any) -> None:
    from django.contrib.auth.models import Group  # noqa: PLC0415

    from crm.models import User  # noqa: PLC0415

    manager = User.objects.create_user("manager@bench.example", name="Manager")
    manager.groups.add(Group.objects.get(name=roles.MANAGER))
    for number in range(40):
        rep = User.objects.create_user(
            f"rep{number}@bench.example", name=f"Rep {number:02}"
        )
        rep.groups.add(Group.objects.get(name=roles.REP))


def _value(accounts: int, days_ago: int) -> Any:
    """Publish a run with drawn values of every account."""
    from django.db import connection, transaction  # noqa: PLC0415

    from clv.models import Assumptions, ValuationRun  # noqa: PLC0415
    from clv.services import partitions  # noqa: PLC0415
    from clv.services.leases import Lease  # noqa: PLC0415
    from common.clock import business_today  # noqa: PLC0415

    ValuationRun.objects.filter(is_current=True).update(is_current=False)
    run = ValuationRun.objects.create(
        as_of=business_today() - dt.timedelta(days=days_ago),
        kind="nightly",
        status="published",
        is_current=True,
        assumptions=Assumptions.objects.current(),
    )
    table = partitions.value_table(Lease(run.pk, 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {table} (LIKE clv_valuation INCLUDING CONSTRAINTS)"
        )
        cursor.execute(
            VALUES.format(table=table), {"run": run.pk, "accounts": accounts}
        )
        cursor.execute(
            f"ALTER TABLE clv_valuation ATTACH PARTITION {table}"
            f" FOR VALUES IN ({run.pk})"
        )
    with transaction.atomic():
        for name in partitions.LISTED_BY:
            partitions.index(run.pk, name)
    return run


def pages(accounts: int) -> dict[str, Ask]:
    """Return what is asked for, by the words of its line."""
    some = accounts // 2
    sorts = {
        "CLV": "-clv",
        "what is expected": "-future",
        "change": "-trend",
        "margin of the year": "-margin",
        "realised profit": "-profit",
        "chance to be a customer": "-alive",
        "break-even": "break_even",
        "last order": "-last_order",
        "next touch": "next_touch",
        "last contact": "-last_contact",
        "name": "name",
        "owner": "owner",
        "class": "class",
    }
    asked: dict[str, Ask] = {
        f"list by {words}": _get(f"/accounts/?sort={sort}")
        for words, sort in sorts.items()
    }
    asked |= {
        "filter by class, best first": _get("/accounts/?class=general"),
        "filter by class, worst class": _get("/accounts/?class=never_profitable"),
        "filter by owner": _get("/accounts/?owner=2&sort=-margin"),
        "filter by industry and class": _get(
            "/accounts/?industry=Industry+7&class=general&sort=-trend"
        ),
        "filter by class, by margin": _get("/accounts/?class=general&sort=-margin"),
        "filter by class, by chance": _get("/accounts/?class=general&sort=-alive"),
        "search by prefix": _get(f"/accounts/?search={str(some)[:4]}"),
        "search what all match": _get("/accounts/?search=firm"),
        "sums of the whole list": _get("/lists/accounts/_totals/?sort=-clv"),
        "account page": _get(f"/accounts/{some}/"),
        "account with 50,000 contacts, timeline": _get("/accounts/1/?tab=timeline"),
        "quick log": _log(some),
    }
    return asked


def _get(url: str) -> Ask:
    return lambda client: client.get(url)


def _log(account: int) -> Ask:
    def log(client: Any) -> Any:
        import uuid  # noqa: PLC0415

        line = {"account": account, "line": "call 12m ok", "form_token": uuid.uuid4()}
        return client.post("/log/", line)

    return log


def deep_page(client: Any, sort: str) -> Ask:
    """Go many pages forward, as the pages link; return the last step."""
    url = f"/accounts/?sort={sort}"
    for _ in range(PAGES_DEEP):
        found = re.search(r'rel="next" href="([^"]+)"', client.get(url).text)
        if found is None:
            break
        url = "/accounts/" + html.unescape(found[1])
    return _get(url)


def middle_page(sort: str) -> Ask:
    """Return the page in the middle of the whole list."""
    from campaigns.queries.lists.accounts import AccountList  # noqa: PLC0415
    from clv.models import Valuation, ValuationRun  # noqa: PLC0415
    from common.paging import segmented_page  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    run = ValuationRun.objects.current()
    count = Valuation.objects.filter(run=run).count()
    middle = Valuation.objects.filter(run=run).order_by("-clv")[count // 2]
    manager = User.objects.get(email="manager@bench.example")
    listing = AccountList(user=manager, given={"sort": sort}, run=run)
    segment = listing.segments()[0]
    rows = segment.rows.filter(clv__lte=middle.clv)
    narrow = type(segment)(rows, segment.sort)
    cursor = segmented_page([narrow], name=listing.sort).next
    return _get(f"/accounts/?sort={sort}&cursor={cursor}")


def measure(ask: Ask, client: Any, rounds: int) -> tuple[float, float, float, int, int]:
    """Return median, 95 % and own processor time in ms, queries, bytes of one page."""
    from django.db import connection  # noqa: PLC0415

    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        answer = ask(client)
    if answer.status_code >= 400:
        raise SystemExit(f"{answer.status_code}: {answer.content[:300]!r}")
    times = []
    own = time.process_time()
    for _ in range(rounds):
        begun = time.perf_counter()
        ask(client)
        times.append((time.perf_counter() - begun) * 1000)
    own = (time.process_time() - own) / rounds * 1000
    times.sort()
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
    return statistics.median(times), p95, own, len(asked), len(answer.content)


def compare(accounts: int, rounds: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from config.collecting import put_aside  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    put_aside()  # as a web process does
    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client = Client()
    client.force_login(User.objects.get(email="manager@bench.example"))
    asked = pages(accounts)
    asked["page 41 by CLV"] = deep_page(client, "-clv")
    asked["page in the middle by CLV"] = middle_page("-clv")
    asked["page 41 by change"] = deep_page(client, "-trend")
    print(f"{accounts:,} accounts\n")
    print(
        "| page | p50 ms | p95 ms | own ms | queries | KB |\n|---|---|---|---|---|---|"
    )
    for words, ask in asked.items():
        p50, p95, own, queries, size = measure(ask, client, rounds)
        figures = f"{p50:.0f} | {p95:.0f} | {own:.0f} | {queries} | {size / 1024:.0f}"
        print(f"| {words} | {figures} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lists-") as own:
        folder = (options.data or Path(own)).resolve()
        server = prepare(folder)
        try:
            _run(options.accounts, options.rounds)
        finally:
            server.stop()


def _run(accounts: int, rounds: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from campaigns.services import plans  # noqa: PLC0415
    from crm.models import Account  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if not Account.objects.exists():
        plans.ensure_plans()
        build(accounts)
    compare(accounts, rounds)


if __name__ == "__main__":
    main()
