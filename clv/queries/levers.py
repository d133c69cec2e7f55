"""What a run has stored of its customers, as vectors for levers and scenarios."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.models import ValuationRun
from clv.queries.summaries import KINDS
from common.copying import read_columns

_WHOLE = ("account_id", "order_days", "recency_days", "age_days", "group_code")
_MONEY = (
    "margin",
    "revenue",
    "expected_margin",
    "expected_margin_year",
    "expected_cost",
    "cost_per_order_kinds",
    "cost_over_time_kinds",
    "realised_profit",
    *KINDS,
)
_FLOATS = ("probability_alive", "expected_orders", "future_spread")
COLUMNS = {
    **dict.fromkeys(_WHOLE, "i8"),
    **dict.fromkeys(_MONEY, "i8"),
    **dict.fromkeys(_FLOATS, "f8"),
}
_TAKEN = {
    "account_id": "account_id",
    "order_days": "order_days::bigint",
    "recency_days": "(last_on - first_on)::bigint",
    "age_days": "(%(as_of)s - first_on)::bigint",
    "group_code": "coalesce(group_code, -1)::bigint",
    **{name: f"(coalesce({name}, 0) * 100)::bigint" for name in _MONEY},
    **{name: f"coalesce({name}, 0)::float8" for name in _FLOATS},
}

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StoredCustomers:
    """n accounts that ever ordered, in ascending order of id; every vector (n,).

    Money is in cents and named as in `clv.models.Valuation`.
    """

    account_id: Integers
    order_days: Integers
    recency_days: Integers
    age_days: Integers
    group_code: Integers
    margin: Integers
    revenue: Integers
    expected_margin: Integers
    expected_margin_year: Integers
    expected_cost: Integers
    cost_per_order_kinds: Integers
    cost_over_time_kinds: Integers
    realised_profit: Integers
    cost_delivery: Integers
    cost_returns: Integers
    cost_credit: Integers
    cost_account_management: Integers
    cost_marketing: Integers
    cost_service: Integers
    cost_other: Integers
    probability_alive: Floats
    expected_orders: Floats
    future_spread: Floats

    def __len__(self) -> int:
        return int(self.account_id.size)

    @property
    def future_value(self) -> Integers:
        result: Integers = self.expected_margin - self.expected_cost
        return result


def stored_customers(run: ValuationRun) -> StoredCustomers:
    """Return what `run` has stored of everybody who ever ordered (one COPY)."""
    query = f"""
        SELECT {", ".join(_TAKEN[name] for name in COLUMNS)}
        FROM clv_valuation
        WHERE run_id = %(run)s AND order_days > 0 ORDER BY account_id
    """
    found = read_columns(query, COLUMNS, {"run": run.pk, "as_of": run.as_of})
    return StoredCustomers(**found)
