"""Repeat buyers whose next order is overdue, by what a year of them brings.

Expected is the last day with an order plus the customer's own mean time between orders;
three days with orders say what is usual. Overdue is whoever is past that day by no more
than three times as long: beyond, a customer is rather lost than late.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from clv.models import Valuation, ValuationRun
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from crm.models import Account, User
from segments.queries.sets import run_of

LEAST_DAYS_WITH_ORDERS = 3
MOST_GAPS_MISSED = 3
NAMED = 12

# Days that an order is expected after the last; a day at least.
_GAP = "greatest(round((v.last_on - v.first_on)::numeric / (v.order_days - 1))::int, 1)"
_IS_OVERDUE = f"""
    v.run_id = %s AND v.order_days >= {LEAST_DAYS_WITH_ORDERS}
    AND v.last_on + {_GAP} < %s
    AND v.last_on + {_GAP} * {MOST_GAPS_MISSED} >= %s
"""
IDS = f"SELECT v.account_id FROM clv_valuation v WHERE {_IS_OVERDUE}"
BEST = f"""
    SELECT v.account_id, v.last_on, v.last_on + {_GAP}, {_GAP},
        v.expected_margin_year
    FROM clv_valuation v WHERE {_IS_OVERDUE}{{among}}
    ORDER BY v.expected_margin_year DESC, v.account_id LIMIT {NAMED}
"""
TOTAL = f"""
    SELECT count(*), coalesce(sum(v.expected_margin_year), 0)
    FROM clv_valuation v WHERE {_IS_OVERDUE}{{among}}
"""
AMONG_CLASS = """
    AND v.account_id IN (
        SELECT m.account_id FROM segments_membership m
        WHERE m.worth_class = %s AND m.since <= %s
            AND (m.until IS NULL OR m.until > %s)
    )
"""


@dataclass(frozen=True, slots=True)
class OverdueBuyer:
    """One customer whose next order was expected on `expected_on`."""

    account: Account
    last_on: dt.date
    expected_on: dt.date
    every_days: int
    late_days: int
    margin_year: Decimal


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many are overdue, what a year of them brings, and the dearest by name."""

    count: int
    margin_year: Decimal
    named: Sequence[OverdueBuyer]


def overdue_buyers(run: ValuationRun, worth_class: str = "") -> Overdue:
    """Return who is overdue on the night of `run`, in one class or in all."""
    day = run.as_of
    params: list[Any] = [run.pk, day, day]
    among = ""
    if worth_class:
        among = AMONG_CLASS
        params += [worth_class, day, day]
    ((count, margin),) = kept_rows(TOTAL.format(among=among), params)
    rows = kept_rows(BEST.format(among=among), params)
    accounts = Account.objects.select_related("owner").in_bulk([row[0] for row in rows])
    named = [
        OverdueBuyer(accounts[pk], last_on, due_on, gap, (day - due_on).days, year)
        for pk, last_on, due_on, gap, year in rows
        if pk in accounts
    ]
    return Overdue(count, margin, named)


def _accounts(_user: User, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    rows = Valuation.objects.order_by()
    if run is None:
        return rows.none().values("account_id")
    ids = RawSQL(IDS, (run.pk, run.as_of, run.as_of))  # noqa: S611  nothing of a user
    return rows.filter(run=run, account_id__in=ids).values("account_id")


OVERDUE = AccountSet(
    title=lambda _given: "whose next order is overdue by their own rhythm",
    accounts=_accounts,
)
