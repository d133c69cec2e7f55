"""A firm of any size, made in few statements, to time the night with.

Customers follow the BG/NBD story over three years: many buy once or twice, some buy
weekly. Rows are written with foreign keys unchecked and indexes built afterwards, which
only a benchmark may do.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from clv.models import ValuationRun
from clv.services import partitions
from clv.services.pruning import MOST_AT_ONCE
from common.clock import business_today
from common.copying import write_columns
from crm.models import Order

Integers = NDArray[np.int64]

SEED = 20260101
DAYS = 1_095
DAYS_FOR_NIGHTS = 200  # each night of a measurement has a day of its own
PROSPECTS = 0.15  # share of accounts that never ordered
STORY = {"r": 0.9, "alpha": 75.0, "a": 0.9, "b": 6.0}  # in days
TABLES = (
    "crm_account",
    "crm_order",
    "crm_orderline",
    "crm_orderreturn",
    "crm_ledgerentry",
)

ACCOUNTS = """
    INSERT INTO crm_account (id, name, stage, acquired_on, created_at, updated_at,
        relationship_type, industry, size_band, city, region, country, phone, website,
        note, source, won_from, loss_reason, attributes)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'Firm ' || n, CASE WHEN n %% 20 < 3 THEN 'prospect' ELSE 'customer' END,
        CASE WHEN n %% 20 < 3 THEN NULL ELSE %(day)s - %(days)s END,
        %(day)s - %(days)s, %(day)s - %(days)s,
        '', '', (ARRAY['1-9', '10-49', '50-249', '250+'])[1 + n %% 4],
        '', '', '', '', '', '', '', '', '', '{}'
    FROM generate_series(1, %(accounts)s) n
"""
ORDERS = """
    INSERT INTO crm_order (id, account_id, ordered_on, status, source, external_id,
        created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, account_id, %(day)s - days_ago,
        CASE WHEN id %% 100 = 0 THEN 'cancelled' ELSE 'confirmed' END,
        %(source)s, id, entered, entered
    FROM (
        SELECT *, CASE WHEN %(is_history)s THEN %(day)s - days_ago ELSE now() END
            AS entered
        FROM bench_order
    ) purchases
"""
# Prices are the account's own level, scattered; costs are known for all but 3 %%.
LINES = """
    INSERT INTO crm_orderline (id, order_id, account_id, ordered_on, status, quantity,
        unit_price, discount, unit_cost)
    OVERRIDING SYSTEM VALUE
    SELECT %(first_line)s + row_number() OVER (), id, account_id, ordered_on, status,
        1 + id %% 7, price, 0,
        CASE WHEN id %% 33 > 0 THEN round((price * (0.5 + chance / 4))::numeric, 2) END
    FROM (
        SELECT o.*, random() AS chance,
            round((5 + o.account_id %% 90) * (0.7 + 0.6 * random())::numeric, 2)
                AS price
        FROM crm_order o JOIN bench_order b USING (id),
            generate_series(1, b.lines)
    ) priced
"""
RETURNS = """
    INSERT INTO crm_orderreturn (id, line_id, account_id, returned_on, quantity, refund,
        cost_recovered, reason, source, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT row_number() OVER (), id, account_id, least(ordered_on + 9, %(day)s), 1,
        unit_price, round(unit_price / 3, 2), '', 'bench', ordered_on
    FROM crm_orderline WHERE id %% 50 = 0 AND status = 'confirmed'
"""
# What winning cost, delivery of every fourth order, and service where somebody buys.
LEDGER = """
    INSERT INTO crm_ledgerentry (account_id, kind, amount, incurred_on, document, note,
        source, created_at)
    SELECT account_id, kind, round(amount::numeric, 2), day, '', '', 'bench',
        CASE WHEN %(is_history)s THEN day ELSE now() END
    FROM (
        SELECT account_id, 'acquisition' AS kind, 20 + 60 * random() AS amount,
            %(day)s - max(days_ago) AS day
        FROM bench_order WHERE %(is_history)s GROUP BY account_id
        UNION ALL
        SELECT account_id, 'delivery', 4 + 8 * random(), %(day)s - days_ago
        FROM bench_order WHERE id %% 4 = 0
        UNION ALL
        SELECT account_id, 'service', 1 + 20 * random(), %(day)s - days_ago
        FROM bench_order WHERE id %% 7 = 0
    ) costs
"""


def ensure(accounts: int, lines: int) -> dt.date:
    """Make the firm unless it is there; return the first day without a night."""
    newest = ValuationRun.objects.order_by("-as_of").first()
    if newest is not None:
        return newest.as_of + dt.timedelta(days=1)
    last: dt.date | None = Order.objects.aggregate(last=Max("ordered_on"))["last"]
    if last is None:
        last = business_today() - dt.timedelta(days=DAYS_FOR_NIGHTS)
        build(accounts, lines, last)
    return last


def forget_old_nights() -> None:
    """Drop the values of all nights but the current one, of a firm that was kept.

    Reading the values of a hundred nights for their statistics would push what a night
    reads out of the memory.
    """
    old = ValuationRun.objects.with_values().filter(is_current=False)
    found = list(old.values_list("pk", flat=True))
    for start in range(0, len(found), MOST_AT_ONCE):
        some = found[start : start + MOST_AT_ONCE]
        partitions.drop_values(some)
        ValuationRun.objects.filter(pk__in=some).update(has_values=False)


def build(accounts: int, lines: int, day: dt.date) -> None:
    """Fill an empty database with a firm whose last orders are of `day`."""
    rng = np.random.default_rng(SEED)
    account, days_ago = _purchases(rng, accounts)
    _stage(account, days_ago, _lines_of(rng, account.size, lines), first=1)
    params: dict[str, Any] = {
        "accounts": accounts,
        "day": day,
        "days": DAYS,
        "first_line": 0,
        "source": "bench",
        "is_history": True,
    }
    with connection.cursor() as cursor, bare_tables():
        cursor.execute("SELECT setseed(0.5)")
        for statement in (ACCOUNTS, ORDERS, LINES, RETURNS, LEDGER):
            cursor.execute(statement, params)
    settle()


def add_a_day(share: float, day: dt.date) -> int:
    """Enter one order and some cost, on `day` and just now, for a share of accounts.

    Returns how many accounts have bought.
    """
    rng = np.random.default_rng(day.toordinal())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM crm_account")
        accounts, last = cursor.fetchone()
        cursor.execute("SELECT max(id) FROM crm_order")
        first_order = cursor.fetchone()[0] + 1
        cursor.execute("SELECT max(id) FROM crm_orderline")
        first_line = cursor.fetchone()[0]
    account = np.sort(rng.choice(last, max(round(accounts * share), 1), replace=False))
    _stage(
        account + 1,
        np.zeros(account.size, np.int64),
        np.full(account.size, 2, np.int64),
        first=first_order,
    )
    params: dict[str, Any] = {
        "day": day,
        "first_line": first_line,
        "source": f"day {day}",
        "is_history": False,
    }
    with connection.cursor() as cursor:
        for statement in (ORDERS, LINES, LEDGER):
            cursor.execute(statement, params)
    return int(account.size)


def _purchases(rng: np.random.Generator, accounts: int) -> tuple[Integers, Integers]:
    """Return the account id and the days ago of each purchase, by account and day."""
    buyers = np.arange(1, accounts + 1)
    buyers = buyers[buyers % 20 >= PROSPECTS * 20]
    age = rng.integers(1, DAYS, buyers.size)
    rate = rng.gamma(STORY["r"], 1.0 / STORY["alpha"], buyers.size)
    leaves = rng.beta(STORY["a"], STORY["b"], buyers.size)
    alive = np.arange(buyers.size)
    clock = np.zeros(buyers.size)
    found = [np.stack([buyers, age])]
    while alive.size:
        clock[alive] += rng.exponential(1.0 / rate[alive])
        alive = alive[(clock[alive] < age[alive])]
        found.append(
            np.stack([buyers[alive], age[alive] - clock[alive].astype(np.int64)])
        )
        alive = alive[rng.random(alive.size) >= leaves[alive]]
    account, days_ago = np.concatenate(found, axis=1)
    order = np.lexsort((-days_ago, account))
    return account[order], days_ago[order]


def _lines_of(rng: np.random.Generator, orders: int, lines: int) -> Integers:
    """Return at least one line per order, `lines` in all, spread by chance."""
    extra = max(lines - orders, 0)
    return 1 + np.bincount(rng.integers(0, orders, extra), minlength=orders)


def _stage(
    account: Integers, days_ago: Integers, lines: Integers, *, first: int
) -> None:
    columns = {"id": "i8", "account_id": "i8", "days_ago": "i4", "lines": "i4"}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_order")
        cursor.execute(
            "CREATE TEMPORARY TABLE bench_order"
            " (id bigint, account_id bigint, days_ago integer, lines integer)"
        )
    number = first + np.arange(account.size)
    write_columns(
        "bench_order",
        columns,
        {"id": number, "account_id": account, "days_ago": days_ago, "lines": lines},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bench_order")


@contextmanager
def bare_tables(tables: Sequence[str] = TABLES) -> Iterator[None]:
    """Take indexes and key checks away while the block fills the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i"
            " WHERE i.tablename = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM pg_constraint c WHERE c.conname = i.indexname)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET session_replication_role")


def settle() -> None:
    """Have done what a server does between two nights, so that it is not in the way."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_order")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
