"""Counting what customers brought, month by month since their first order.

Months are twelfths of a year of 365.25 days. Accounts that were merged away count for
the one they were merged into.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from clv.engine.breakeven import DAYS_PER_MONTH
from clv.models import PaybackMonth, ValuationRun
from crm.queries.merged import WITH_SURVIVORS

Key = tuple[str, str]
ZERO = Decimal("0.00")

MONTHS = f"({{}} / {DAYS_PER_MONTH}::float8)"
QUARTER = """to_char({}, 'YYYY-"Q"Q')"""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the accounts: a condition on `v.account_id`, with the values it names."""

    only: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


EVERYBODY = Part()


def payback_months(
    run: ValuationRun, families: str = "", part: Part = EVERYBODY
) -> list[PaybackMonth]:
    """Count what customers brought by cohort and month since the first order.

    Not stored yet. `families` names a relation of `account_id` and `member_id` as in
    `queries.summaries`, where accounts were merged; a part of the firm needs none.
    """
    params: dict[str, Any] = {
        "run": run.pk,
        "as_of": run.as_of,
        "rate": run.assumptions.margin_rate_if_cost_unknown,
        **part.params,
    }
    with connection.cursor() as cursor:
        cursor.execute(AGES.replace("{only}", part.only), params)
        watched = _watched(cursor.fetchall())
        cursor.execute(brought_select(families, part), params)
        profit = {(kind, key, month): p for kind, key, month, p in cursor.fetchall()}
    return [
        PaybackMonth(
            run=run,
            kind=kind,
            key=key,
            month=month,
            customers=customers,
            profit=profit.get((kind, key, month), ZERO),
        )
        for (kind, key), counts in watched.items()
        for month, customers in enumerate(counts)
    ]


def _watched(rows: Iterable[Sequence[Any]]) -> dict[Key, list[int]]:
    """Return by cohort how many customers lived through month 0, 1, ..."""
    ages: dict[Key, dict[int, int]] = defaultdict(dict)
    for kind, key, age, customers in rows:
        ages[kind, key][age] = customers
    watched: dict[Key, list[int]] = {}
    for cohort, found in ages.items():
        counts = np.zeros(max(found) + 1, dtype=np.int64)
        counts[list(found)] = list(found.values())
        watched[cohort] = np.cumsum(counts[::-1])[::-1].tolist()
    return watched


# Customers of the run with quarter, source and age in whole months.
CUSTOMERS = f"""
    SELECT v.account_id, v.first_on, a.source,
        {QUARTER.format("v.first_on")} AS quarter,
        floor({MONTHS.format("(%(as_of)s - v.first_on)")})::int AS age
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL {{only}}
"""

NAMED = """
    SELECT CASE WHEN grouping(quarter) = 0 THEN 'quarter'
            WHEN grouping(source) = 0 THEN 'source' ELSE 'firm' END AS kind,
        coalesce(quarter, source, '') AS key"""

AGES = f"""
    {NAMED}, age, count(*) FROM ({CUSTOMERS}) customer
    GROUP BY GROUPING SETS ((age), (quarter, age), (source, age))
"""


# Whose rows count for a part of the firm, so that those of others are not read. Joined
# within each kind of row: with all rows at once, no index finds those of an account.
MEMBERS = """, member AS NOT MATERIALIZED (
        SELECT account_id AS member_id, quarter, source, first_on, age FROM customer
        UNION ALL
        SELECT s.member_id, c.quarter, c.source, c.first_on, c.age FROM survivor s
        JOIN customer c ON c.account_id = s.account_id
    )"""
WHOSE = ", m.quarter, m.source, m.first_on, m.age"
IS_MEMBER = "JOIN member m ON m.member_id = {rows}.account_id"


def brought_select(families: str, part: Part = EVERYBODY) -> str:
    """Return SQL for kind, key, month and the profit of those who lived through it.

    Months are summed by quarter and source together first: those sums are few.
    """
    placed = _placed_in_part() if part.only else _placed(families)
    opening = f"{WITH_SURVIVORS}," if part.only else "WITH"
    month = MONTHS.format("(day - first_on)")
    return f"""
    {opening} customer AS MATERIALIZED ({CUSTOMERS.replace("{only}", part.only)})
    {MEMBERS if part.only else ""}
    {NAMED}, month, sum(amount)::numeric(18, 2)
    FROM (
        SELECT quarter, source, month, sum(amount) AS amount
        FROM (
            SELECT quarter, source, age, amount,
                CASE WHEN day < first_on THEN 0 ELSE floor({month})::int + 1 END
                AS month
            FROM {placed}
        ) placed
        WHERE month <= age GROUP BY quarter, source, month
    ) summed
    GROUP BY GROUPING SETS ((month), (quarter, month), (source, month))
    """


def _placed(families: str) -> str:
    """Return SQL of all that happened, each with the customer for whom it counts."""
    owner, join = "h.account_id", ""
    if families:
        owner = "coalesce(f.account_id, h.account_id)"
        join = f"LEFT JOIN {families} f ON f.member_id = h.account_id"
    happened = HAPPENED.format(whose="", lines="", returns="", ledger="")
    return f"({happened}) h {join} JOIN customer c ON c.account_id = {owner}"


def _placed_in_part() -> str:
    """Return SQL of what happened with the customers of a part of the firm."""
    happened = HAPPENED.format(
        whose=WHOSE,
        lines=IS_MEMBER.format(rows="l"),
        returns=IS_MEMBER.format(rows="r"),
        ledger=IS_MEMBER.format(rows="e"),
    )
    return f"({happened}) h"


# Everything that brought or cost something; a margin that is not known is assumed.
HAPPENED = """
    SELECT l.account_id, l.ordered_on AS day,
        coalesce(l.revenue - l.cost, %(rate)s * l.revenue) AS amount{whose}
    FROM crm_orderline l {lines}
    WHERE l.status = 'confirmed' AND l.ordered_on <= %(as_of)s
    UNION ALL
    SELECT l.account_id, greatest(r.returned_on, l.ordered_on),
        CASE WHEN l.cost IS NULL THEN -%(rate)s * r.refund
            ELSE r.cost_recovered - r.refund END{whose}
    FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id {returns}
    WHERE l.status = 'confirmed'
        AND greatest(r.returned_on, l.ordered_on) <= %(as_of)s
    UNION ALL
    SELECT e.account_id, e.incurred_on, -e.amount{whose}
    FROM crm_ledgerentry e {ledger}
    WHERE e.account_id IS NOT NULL AND e.incurred_on <= %(as_of)s
"""
