"""What each account did in a period: the weights by which shared costs are spread.

A weight is a whole number, so that shares of it are exact: money counts in cents.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from common.clock import day_ends_at
from crm.choices import AllocationDriver
from crm.models.ledger import AllocationTerms

Params = dict[str, Any]

ORDERS = """
    SELECT account_id, count(*) AS weight FROM crm_order
    WHERE status = 'confirmed' AND ordered_on BETWEEN %({n}from)s AND %({n}until)s
    GROUP BY account_id"""
REVENUE = """
    SELECT account_id, (sum(revenue) * 100)::numeric(30, 0) AS weight
    FROM crm_orderline
    WHERE status = 'confirmed' AND ordered_on BETWEEN %({n}from)s AND %({n}until)s
    GROUP BY account_id"""
MINUTES = """
    SELECT account_id, sum(minutes) AS weight FROM crm_touchpoint
    WHERE voided_at IS NULL
        AND occurred_at >= %({n}begins)s AND occurred_at < %({n}ends)s
    GROUP BY account_id"""
CASES = """
    SELECT account_id, count(*) AS weight FROM crm_case
    WHERE account_id IS NOT NULL
        AND opened_at >= %({n}begins)s AND opened_at < %({n}ends)s
    GROUP BY account_id"""
# Each account once that was a customer on some day of the period.
EQUAL = """
    SELECT id AS account_id, 1 AS weight FROM crm_account
    WHERE merged_into_id IS NULL
        AND (acquired_on IS NULL OR acquired_on <= %({n}until)s)
        AND (stage = 'customer' OR stage = 'former' AND lost_on >= %({n}from)s)"""

SOURCES: dict[str, str] = {
    AllocationDriver.ORDERS: ORDERS,
    AllocationDriver.REVENUE: REVENUE,
    AllocationDriver.MINUTES: MINUTES,
    AllocationDriver.CASES: CASES,
    AllocationDriver.EQUAL: EQUAL,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A part of a statement with the values that it names."""

    sql: str
    params: Params


def weights(
    terms: AllocationTerms, start: dt.date, end: dt.date, *, name: str = ""
) -> Statement:
    """Return a SELECT of each account's positive weight under `terms`.

    Columns: account_id, weight. It stands behind `merged.WITH_SURVIVORS`: what a
    merged account did counts for the one that it went into. `name` tells the values
    of several such parts of one statement apart.
    """
    return _within(terms, SOURCES[terms.driver], start, end, name)


def in_scope(
    terms: AllocationTerms, start: dt.date, end: dt.date, *, name: str = ""
) -> Statement:
    """Return a SELECT of all customers of the period whom the terms could charge."""
    return _within(terms, EQUAL, start, end, name)


def _within(
    terms: AllocationTerms, source: str, start: dt.date, end: dt.date, name: str
) -> Statement:
    conditions, params = _scope(terms, name)
    params |= {
        f"{name}from": start,
        f"{name}until": end,
        f"{name}begins": day_ends_at(start - dt.timedelta(days=1)),
        f"{name}ends": day_ends_at(end),
    }
    sql = f"""
        SELECT a.id AS account_id, sum(d.weight)::numeric AS weight
        FROM ({source.format(n=name)}) d
        LEFT JOIN survivor s ON s.member_id = d.account_id
        JOIN crm_account a ON a.id = coalesce(s.account_id, d.account_id)
        WHERE true{conditions}
        GROUP BY a.id HAVING sum(d.weight) > 0"""
    return Statement(sql, params)


def _scope(terms: AllocationTerms, name: str) -> tuple[str, Params]:
    wanted = {
        "relationship_type": terms.relationship_type,
        "territory_id": terms.territory_id,
        "industry": terms.industry,
    }
    chosen = {column: value for column, value in wanted.items() if value}
    conditions = "".join(f" AND a.{c} = %({name}{c})s" for c in chosen)
    return conditions, {f"{name}{column}": value for column, value in chosen.items()}
