"""What orders, returns and the ledger brought and cost, summed by one dimension.

Everything is summed in the database: first by account, then by what accounts have in
common. What belongs to a merged account counts for the one that it went into. Classes,
reps, sources, territories and types are those of the day that the page tells of.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.kept import kept_rows
from common.money import ZERO
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import ProfitBy
from segments.queries.scope import Scope

Params = dict[str, Any]
Sources = tuple[str, str]  # of trade, and of costs
NO_KEY = ""
SUMS = "sum(revenue), sum(refunds), sum(goods), sum(recovered), sum(unknown)"

KEYS: Mapping[str, str] = {
    ProfitBy.CLASS: "coalesce(m.worth_class, '')",
    ProfitBy.REP: "coalesce(a.owner_id::text, '')",
    ProfitBy.SOURCE: "a.source",
    ProfitBy.TERRITORY: "coalesce(a.territory_id::text, '')",
    ProfitBy.RELATIONSHIP: "a.relationship_type",
    ProfitBy.PRODUCT: "coalesce(f.product_id::text, '')",
}

TRADE = """
    SELECT account_id, {product} AS product_id, {bucket_of_line} AS bucket,
        sum(revenue) AS revenue, 0::numeric AS refunds, coalesce(sum(cost), 0) AS goods,
        0::numeric AS recovered,
        coalesce(sum(revenue) FILTER (WHERE cost IS NULL), 0) AS unknown
    FROM crm_orderline l
    WHERE status = 'confirmed' AND ordered_on BETWEEN %(since)s AND %(until)s{among}
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT l.account_id, {product}, {bucket_of_return}, 0, sum(r.refund), 0,
        coalesce(sum(r.cost_recovered) FILTER (WHERE l.cost IS NOT NULL), 0),
        -coalesce(sum(r.refund) FILTER (WHERE l.cost IS NULL), 0)
    FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
    WHERE l.status = 'confirmed'
        AND greatest(r.returned_on, l.ordered_on) BETWEEN %(since)s AND %(until)s
        {among_returns}
    GROUP BY 1, 2, 3"""

COSTS = """
    SELECT account_id, NULL::bigint AS product_id, {bucket_of_cost} AS bucket, kind,
        sum(amount) AS amount
    FROM crm_ledgerentry l
    WHERE account_id IS NOT NULL AND incurred_on BETWEEN %(since)s AND %(until)s{among}
    GROUP BY 1, 2, 3, 4"""

# Whose rows count for the accounts of a page, so that those of others are not summed.
# What came back belongs to the account of its line.
AMONG = """, among (id) AS MATERIALIZED (
        SELECT a.id FROM crm_account a WHERE true{where}
        UNION ALL
        SELECT s.member_id FROM survivor s JOIN crm_account a ON a.id = s.account_id
        WHERE true{where}
    )"""
IS_AMONG = " AND {rows}.account_id IN (SELECT id FROM among)"

# A part of a shared cost takes from it what it gives to an account.
UNSPREAD = """
    SELECT {bucket_of_cost}, kind,
        sum(CASE WHEN account_id IS NULL THEN amount ELSE -amount END)
    FROM crm_ledgerentry
    WHERE (account_id IS NULL OR allocated_from_id IS NOT NULL)
        AND incurred_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2"""


@dataclass(slots=True)
class Facts:
    """One cell: a value of the dimension in a stretch of time. Costs are positive."""

    revenue: Decimal = ZERO
    refunds: Decimal = ZERO
    goods: Decimal = ZERO
    recovered: Decimal = ZERO
    unknown: Decimal = ZERO  # revenue less refunds of lines without a known cost
    costs: dict[str, Decimal] = field(default_factory=dict)

    def add(self, other: "Facts") -> None:
        self.revenue += other.revenue
        self.refunds += other.refunds
        self.goods += other.goods
        self.recovered += other.recovered
        self.unknown += other.unknown
        for kind, amount in other.costs.items():
            self.costs[kind] = self.costs.get(kind, ZERO) + amount


Cell = tuple[str, dt.date]


@dataclass(frozen=True, slots=True)
class Table:
    """All cells, how many accounts bought at each value, and what is not spread."""

    cells: Mapping[Cell, Facts]
    accounts: Mapping[str, int]
    unspread: Mapping[dt.date, Mapping[str, Decimal]]


def facts_by(scope: Scope, by: ProfitBy, every: str) -> Table:
    """Return the facts of a page's accounts and period, by a dimension and a stretch.

    `every` is year, quarter or month. Shared costs that nobody bears are given where
    the whole firm is asked for.
    """
    where, params = accounts_in(scope)
    return summed(by, every, _joined(scope), where, params)


def summed(
    by: ProfitBy,
    every: str,
    days: Params,
    where: str,
    params: Params,
) -> Table:
    """Return the facts of days, of the accounts that `where` keeps; empty for all."""
    cells: dict[Cell, Facts] = {}
    accounts: dict[str, int] = {}
    given = params | days
    trade_of, costs_of = sources(by, every, is_narrowed=bool(where))
    trade = _statement(by, trade_of, SUMS, where)
    for key, bucket, number, *sums in _rows(trade, given):
        if bucket is None:
            accounts[key] = number
            continue
        cells[key, bucket] = Facts(*sums)
    of_costs = ProfitBy.CLASS if by == ProfitBy.PRODUCT else by
    costs = _cost_statement(of_costs, costs_of, where)
    for key, bucket, kind, amount in _rows(costs, given):
        _add_cost(cells, by, (key, bucket, kind, amount))
    unspread = {} if where else unspread_of(every, days)
    return Table(cells, accounts, unspread)


def sources(by: ProfitBy, every: str, *, is_narrowed: bool) -> Sources:
    """Return statements that sum up trade and costs by account and stretch."""
    trade = TRADE.format(
        product="product_id" if by == ProfitBy.PRODUCT else "NULL::bigint",
        bucket_of_line=_bucket("ordered_on", every),
        bucket_of_return=_bucket("greatest(r.returned_on, l.ordered_on)", every),
        among=IS_AMONG.format(rows="l") if is_narrowed else "",
        among_returns=IS_AMONG.format(rows="r") if is_narrowed else "",
    )
    costs = COSTS.format(
        bucket_of_cost=_bucket("incurred_on", every),
        among=IS_AMONG.format(rows="l") if is_narrowed else "",
    )
    return trade, costs


def _add_cost(
    cells: dict[Cell, Facts],
    by: ProfitBy,
    row: tuple[str, dt.date, str, Decimal],
) -> None:
    key, bucket, kind, amount = row
    if by == ProfitBy.PRODUCT:
        key = NO_KEY  # the ledger knows accounts, not products
    cell = cells.setdefault((key, bucket), Facts())
    cell.costs[kind] = cell.costs.get(kind, ZERO) + amount


def _statement(by: ProfitBy, source: str, sums: str, where: str) -> str:
    return f"""{opening(where)}
        SELECT {KEYS[by]} AS key, f.bucket, count(DISTINCT a.id), {sums}
        FROM ({source}) f {_joins(by)} WHERE true{where}
        GROUP BY GROUPING SETS ((1, f.bucket), (1))"""


def _cost_statement(by: ProfitBy, source: str, where: str) -> str:
    return f"""{opening(where)}
        SELECT {KEYS[by]} AS key, f.bucket, f.kind, sum(f.amount)
        FROM ({source}) f {_joins(by)} WHERE true{where}
        GROUP BY 1, 2, 3"""


def opening(where: str) -> str:
    """Open a statement that knows who was merged, and whose rows `where` asks for."""
    return WITH_SURVIVORS + (AMONG.format(where=where) if where else "")


def _joins(by: ProfitBy) -> str:
    joins = """LEFT JOIN survivor s ON s.member_id = f.account_id
        JOIN crm_account a ON a.id = coalesce(s.account_id, f.account_id)"""
    if by == ProfitBy.CLASS:
        joins += """ LEFT JOIN segments_membership m ON m.account_id = a.id
            AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)"""
    return joins


def _joined(scope: Scope) -> Params:
    return {
        "day": class_day(scope),
        "since": scope.period.since,
        "until": scope.period.until,
    }


def class_day(scope: Scope) -> dt.date:
    """Return the day whose classes count: that of the night, or today's."""
    if scope.run is not None and not scope.run.is_current:
        return scope.run.as_of
    return dt.date.max


def accounts_in(scope: Scope, column: str = "a.id") -> tuple[str, Params]:
    """Return a condition that keeps the accounts in scope, with the values it names."""
    if scope.is_whole_firm:
        return "", {}
    sql, given = scope.accounts_sql()
    parts = sql.split("%s")
    names = [f"scope_{n}" for n in range(len(given))]
    named = parts[0] + "".join(
        f"%({name})s{part}" for name, part in zip(names, parts[1:], strict=True)
    )
    return f" AND {column} IN ({named})", dict(zip(names, given, strict=True))


def unspread_of(every: str, days: Params) -> dict[dt.date, dict[str, Decimal]]:
    """Return what was spent on nobody, by stretch and kind."""
    found: dict[dt.date, dict[str, Decimal]] = {}
    sql = UNSPREAD.format(bucket_of_cost=_bucket("incurred_on", every))
    for bucket, kind, amount in _rows(sql, days):
        if amount:
            found.setdefault(bucket, {})[kind] = amount
    return found


def _bucket(column: str, every: str) -> str:
    return f"date_trunc('{every}', {column}::timestamp)::date"


def _rows(sql: str, params: Params) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
