"""Accounts under contract, and how contracts of the past went on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clv.models import ContractValuation, ValuationRun
from clv.policy import RENEWAL_GRACE_DAYS
from common.copying import read_columns
from crm.models import Holding, Product

COLUMNS = {
    "account_id": "i8",
    "product_id": "i8",
    "age_days": "i4",
    "due_days": "i4",
    "term_days": "i4",
    "has_ended": "i4",
    "fee_margin": "i8",
    "fee_days": "i4",
    "other_margin": "i8",
    "other_days": "i4",
}
PAST = {"product_id": "i8", "renewals": "i4", "has_ended": "i4", "weight": "i8"}

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ContractInputs:
    """n accounts under contract in ascending order of id; every vector has shape (n,).

    Attributes
    ----------
    account_id, product_id : int
    age_days, due_days : int
        From the day the contract began to the day of the run, and from there to the
        end of its term; `due_days` is below 0 if that has passed.
    term_days : int
    has_ended : int, 0 or 1
        1 if it was ended, or its renewal did not come within the days of grace.
    fee_margin, other_margin : int
        Cents since the contract began, from what is sold by term and from the rest.
    fee_days, other_days : int
        Days with orders of either kind.
    """

    account_id: Integers
    product_id: Integers
    age_days: Integers
    due_days: Integers
    term_days: Integers
    has_ended: Integers
    fee_margin: Integers
    fee_days: Integers
    other_margin: Integers
    other_days: Integers

    def __len__(self) -> int:
        return int(self.account_id.size)

    def between(self, first: int, last: int) -> "ContractInputs":
        """Return the accounts `first` to `last`."""
        ends = np.searchsorted(self.account_id, (first, last + 1))
        vectors: dict[str, Any] = {name: getattr(self, name) for name in COLUMNS}
        return ContractInputs(
            **{name: values[slice(*ends)] for name, values in vectors.items()}
        )

    @classmethod
    def none(cls) -> "ContractInputs":
        return cls(**{name: np.zeros(0, dtype=np.int64) for name in COLUMNS})

    @property
    def renewals(self) -> Integers:
        """Return how many renewals each has survived."""
        terms = np.rint((self.age_days + self.due_days) / self.term_days)
        return np.maximum(terms.astype(np.int64) - 1, 0)


@dataclass(frozen=True, slots=True)
class PastContracts:
    """All contracts of the firm as cohorts, and the category of each product.

    Vectors have shape (m,): product of the newest holding, renewals survived, whether
    the contract has ended, and how many are alike.
    """

    product_id: Integers
    renewals: Integers
    has_ended: Integers
    weight: Integers
    categories: Mapping[int, str]

    def __len__(self) -> int:
        return int(self.product_id.size)

    @classmethod
    def none(cls) -> "PastContracts":
        empty = {name: np.zeros(0, dtype=np.int64) for name in PAST}
        return cls(**empty, categories={})


# Holdings of what is sold by term, begun by the day of the run. Without an end on
# record a contract runs on by itself: its term ends at the next anniversary. A renewal
# is the holding that replaces one, or the same product held again when it ended.
TERMS = """
    held AS (
        SELECT h.id, h.account_id, h.product_id, h.acquired_on, h.replaced_by_id,
            round(p.term_months * 30.4375)::int AS term_days,
            h.status IN ('ended', 'returned') AS was_ended,
            coalesce(h.ends_on, (h.acquired_on + make_interval(months =>
                p.term_months * (1 + ((
                    extract(year FROM age(%(as_of)s::date, h.acquired_on)) * 12
                    + extract(month FROM age(%(as_of)s::date, h.acquired_on))
                )::int / p.term_months))))::date) AS ends_on
        FROM crm_holding h JOIN crm_product p ON p.id = h.product_id
        WHERE p.term_months IS NOT NULL AND h.acquired_on <= %(as_of)s
            AND (h.ends_on IS NOT NULL OR h.status NOT IN ('ended', 'returned'))
    ),
    term AS (
        SELECT *, CASE
            WHEN replaced_by_id IS NOT NULL THEN replaced_by_id
            WHEN abs(lead(acquired_on) OVER same - ends_on) <= %(grace)s
            THEN lead(id) OVER same
        END AS next_id
        FROM held
        WINDOW same AS (PARTITION BY account_id, product_id ORDER BY acquired_on, id)
    ),
    tail AS (
        SELECT * FROM term t
        WHERE NOT EXISTS (SELECT FROM term n WHERE n.id = t.next_id)
    ),
    walk AS (
        SELECT id AS tail_id, id, acquired_on FROM tail
        UNION
        SELECT w.tail_id, t.id, t.acquired_on
        FROM walk w JOIN term t ON t.next_id = w.id
    ),
    contract AS (
        SELECT t.id, t.account_id, t.product_id, t.term_days, t.ends_on,
            w.started_on,
            t.ends_on < %(as_of)s AND t.was_ended
                OR t.ends_on + %(grace)s < %(as_of)s AS has_ended
        FROM tail t JOIN (
            SELECT tail_id, min(acquired_on) AS started_on FROM walk GROUP BY tail_id
        ) w ON w.tail_id = t.id
    )
"""

# The account's contract: what has not run out before what has, then the latest end. An
# account that goes on ordering after its last contract is a customer like others.
STAGED = f"""
    INSERT INTO clv_contractvaluation (run_id, account_id, product_id, started_on,
        ends_on, term_days, has_ended, fee_margin, fee_days, other_margin, other_days)
    WITH RECURSIVE {TERMS},
    chosen AS (
        SELECT DISTINCT ON (c.account_id) c.*
        FROM contract c JOIN {{inputs}} i ON i.account_id = c.account_id
        WHERE i.order_days > 0
            AND NOT (c.has_ended AND i.last_on > c.ends_on + %(grace)s)
        ORDER BY c.account_id, c.has_ended, c.ends_on DESC, c.id DESC
    ),
    sold AS (
        SELECT l.id, c.account_id, l.ordered_on, p.term_months IS NOT NULL AS is_fee,
            l.revenue, l.cost, l.cost IS NULL AS is_unknown
        FROM chosen c JOIN crm_orderline l ON l.account_id = c.account_id
        LEFT JOIN crm_product p ON p.id = l.product_id
        WHERE l.status = 'confirmed'
            AND l.ordered_on BETWEEN c.started_on AND %(as_of)s
    ),
    money AS (
        SELECT account_id, is_fee, is_unknown, ordered_on AS day,
            CASE WHEN is_unknown THEN revenue ELSE revenue - cost END AS amount
        FROM sold
        UNION ALL
        SELECT s.account_id, s.is_fee, s.is_unknown, NULL,
            CASE WHEN s.is_unknown THEN -r.refund
                ELSE r.cost_recovered - r.refund END
        FROM sold s JOIN crm_orderreturn r ON r.line_id = s.id
        WHERE r.returned_on <= %(as_of)s
    ),
    earned AS (
        SELECT account_id,
            count(DISTINCT day) FILTER (WHERE is_fee) AS fee_days,
            count(DISTINCT day) FILTER (WHERE NOT is_fee) AS other_days,
            {{fee}} AS fee_margin, {{other}} AS other_margin
        FROM money GROUP BY account_id
    )
    SELECT %(run)s, c.account_id, c.product_id, c.started_on, c.ends_on, c.term_days,
        c.has_ended, coalesce(e.fee_margin, 0), coalesce(e.fee_days, 0),
        coalesce(e.other_margin, 0), coalesce(e.other_days, 0)
    FROM chosen c LEFT JOIN earned e ON e.account_id = c.account_id
"""


def _margin(kind: str) -> str:
    return (
        f"coalesce(sum(amount) FILTER (WHERE {kind} AND NOT is_unknown), 0)"
        " + round(%(rate)s * coalesce("
        f"sum(amount) FILTER (WHERE {kind} AND is_unknown), 0), 2)"
    )


def stage_contracts(
    *, run_id: int, inputs: str, as_of: dt.date, margin_rate: object
) -> int:
    """Store what is known on `as_of` of the accounts in `inputs` under contract.

    Returns how many they are. A firm that sells nothing by term pays for one look.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM clv_contractvaluation WHERE run_id = %(run)s", {"run": run_id}
        )
    if not _has_contracts():
        return 0
    query = STAGED.format(
        inputs=inputs, fee=_margin("is_fee"), other=_margin("NOT is_fee")
    )
    params = _parameters(as_of) | {"run": run_id, "rate": margin_rate}
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return int(cursor.rowcount)


def past_contracts(as_of: dt.date) -> PastContracts:
    """Return how all contracts begun by `as_of` stood on that day, as cohorts."""
    if not _has_contracts():
        return PastContracts.none()
    query = f"""
        WITH RECURSIVE {TERMS}
        SELECT product_id, renewals, has_ended, count(*) FROM (
            SELECT product_id, has_ended::int AS has_ended, greatest(
                round((ends_on - started_on) / term_days::numeric)::int - 1, 0
            ) AS renewals
            FROM contract
        ) c
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
    rows = _integers(read_columns(query, PAST, _parameters(as_of)))
    categories = dict(
        Product.objects.filter(term_months__isnull=False).values_list("pk", "category")
    )
    return PastContracts(**rows, categories=categories)


def staged_contracts(
    run_id: int, as_of: dt.date, *, first: int = 0, last: int = 2**63 - 1
) -> ContractInputs:
    """Return what `run_id` has stored of accounts `first` to `last` under contract."""
    query = """
        SELECT account_id, product_id, %(as_of)s - started_on, ends_on - %(as_of)s,
            term_days, has_ended::int, (fee_margin * 100)::bigint, fee_days,
            (other_margin * 100)::bigint, other_days
        FROM clv_contractvaluation
        WHERE run_id = %(run)s AND account_id BETWEEN %(first)s AND %(last)s
        ORDER BY account_id
    """
    params = {"run": run_id, "as_of": as_of, "first": first, "last": last}
    return ContractInputs(**_integers(read_columns(query, COLUMNS, params)))


def contract_accounts(*runs: ValuationRun) -> list[int]:
    """Return the accounts that any of the runs valued by contract."""
    rows = ContractValuation.objects.filter(run__in=runs)
    return list(rows.values_list("account_id", flat=True))


def _has_contracts() -> bool:
    by_term = list(Product.objects.filter(term_months__isnull=False))
    return Holding.objects.filter(product__in=by_term).exists()


def _parameters(as_of: dt.date) -> dict[str, Any]:
    return {"as_of": as_of, "grace": RENEWAL_GRACE_DAYS}


def _integers(columns: Mapping[str, NDArray[Any]]) -> dict[str, Integers]:
    return {name: values.astype(np.int64) for name, values in columns.items()}
