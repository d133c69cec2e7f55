"""What a run knows of each account, as vectors."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet
from numpy.typing import NDArray

from clv.queries.contracts import ContractInputs
from clv.queries.summaries import KIND_COLUMNS, KINDS
from common.clock import day_ends_at
from common.copying import read_arrays, read_columns
from crm.models import Account, Order

READ_AT_ONCE = 100_000  # accounts per message of the server
NEVER = -1  # days since the first order, for accounts that have none
COLUMNS = {
    "account_id": "i8",
    "age_days": "i4",
    "recency_days": "i4",
    "order_days": "i4",
    "margin": "i8",
    "cost_to_win": "i8",
    "cost_per_order_kinds": "i8",
    "cost_over_time_kinds": "i8",
    "revenue": "i8",
    **dict.fromkeys(KINDS, "i8"),
    "paid_back_age_days": "i4",
    "group_code": "i2",
    "trait_code": "i8",
}
MONEY = (
    "margin",
    "cost_to_win",
    "cost_per_order_kinds",
    "cost_over_time_kinds",
    "revenue",
    *KINDS,
)
# Kinds of cost to serve, and the two sums that runs knew before there were kinds.
SUM_PER_ORDER, SUM_OVER_TIME = "per_order_kinds", "over_time_kinds"
COST_COLUMNS = KIND_COLUMNS | {
    SUM_PER_ORDER: "cost_per_order_kinds",
    SUM_OVER_TIME: "cost_over_time_kinds",
}

Integers = NDArray[np.int64]


def accounts_known_on(day: dt.date) -> QuerySet[Account]:
    """Return the accounts that were there on `day`: entered, won or served by then."""
    served = Order.objects.confirmed().filter(
        account=OuterRef("pk"), ordered_on__lte=day
    )
    return Account.objects.active().filter(
        Q(created_at__lt=day_ends_at(day)) | Q(acquired_on__lte=day) | Exists(served)
    )


@dataclass(frozen=True, slots=True)
class Inputs:
    """n accounts in ascending order of id; every vector has shape (n,).

    Attributes
    ----------
    account_id : int
    age_days : int
        From the first order to the day of the run; -1 without orders.
    recency_days : int
        From the first to the last order; 0 without orders.
    order_days : int
        Days with an order.
    margin, cost_to_win, cost_per_order_kinds, cost_over_time_kinds : int
        Cents, up to the day of the run.
    revenue, cost_delivery, ..., cost_other : int
        Cents; the costs to serve by kind, which the two sums above add up.
    paid_back_age_days : int
        Days since the account has paid back for good; -1 if it has not.
    group_code : int
        Number of the group on the day before; -1 in none.
    trait_code : int
        What is known of an account before its first order; `clv.engine.likeness`.
    contracts : ContractInputs
        Of those of the accounts that are under contract.
    """

    account_id: Integers
    age_days: Integers
    recency_days: Integers
    order_days: Integers
    margin: Integers
    cost_to_win: Integers
    cost_per_order_kinds: Integers
    cost_over_time_kinds: Integers
    revenue: Integers
    cost_delivery: Integers
    cost_returns: Integers
    cost_credit: Integers
    cost_account_management: Integers
    cost_marketing: Integers
    cost_service: Integers
    cost_other: Integers
    paid_back_age_days: Integers
    group_code: Integers
    trait_code: Integers
    contracts: ContractInputs = field(default_factory=ContractInputs.none)

    def __len__(self) -> int:
        return int(self.account_id.size)

    def between(self, first: int, last: int) -> "Inputs":
        """Return the accounts `first` to `last`."""
        ends = np.searchsorted(self.account_id, (first, last + 1))
        vectors: dict[str, Any] = {name: getattr(self, name) for name in COLUMNS}
        return Inputs(
            **{name: values[slice(*ends)] for name, values in vectors.items()},
            contracts=self.contracts.between(first, last),
        )

    @property
    def realised_profit(self) -> Integers:
        """Return margin less all costs, in cents."""
        result: Integers = (
            self.margin
            - self.cost_to_win
            - self.cost_per_order_kinds
            - self.cost_over_time_kinds
        )
        return result


def staged_inputs(
    table: str, as_of: object, *, first: int = 0, last: int = 2**63 - 1
) -> Inputs:
    """Return accounts `first` to `last` of a staged input table."""
    between = {"as_of": as_of, "first": first, "last": last}
    parts = [
        _read_part(table, between | {"first": begin, "last": end})
        for begin, end in _ends(table, between)
    ]
    vectors: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]).astype(np.int64)
        for name in COLUMNS
    }
    return Inputs(**vectors)


def _ends(table: str, between: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the ids between which some ten thousand accounts lie each."""
    query = f"""
        SELECT account_id FROM (
            SELECT account_id, row_number() OVER (ORDER BY account_id) AS number
            FROM {table} WHERE account_id BETWEEN %(first)s AND %(last)s
        ) numbered WHERE number %% {READ_AT_ONCE} = 0 ORDER BY account_id
    """
    ends = read_columns(query, {"account_id": "i8"}, between)["account_id"].tolist()
    starts = [between["first"], *(end + 1 for end in ends)]
    return list(zip(starts, [*ends, between["last"]], strict=True))


def _read_part(table: str, between: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    money = ", ".join(f"({name} * 100)::bigint" for name in MONEY)
    query = f"""
        SELECT account_id, coalesce(%(as_of)s - first_on, {NEVER}),
            coalesce(last_on - first_on, 0), order_days, {money},
            coalesce(%(as_of)s - paid_back_on, {NEVER}), group_code, trait_code
        FROM {table} WHERE account_id BETWEEN %(first)s AND %(last)s
        ORDER BY account_id
    """
    return read_arrays(query, COLUMNS, between)
