"""What a run knows of each account, as vectors."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet
from numpy.typing import NDArray

from clv.choices import CostDriver
from clv.engine.groups import NO_GROUP
from clv.models.summaries import NO_DAY
from clv.queries.contracts import ContractInputs
from clv.queries.kept import (
    FARTHEST,
    KEPT,
    ends_of,
    joined,
    packed_sums,
    unpacked_sums,
)
from clv.queries.summaries import (
    GROUP_CODE,
    KIND_COLUMNS,
    KINDS,
    TRAIT_CODE,
    WAS_THERE,
)
from common.clock import day_ends_at
from common.copying import read_array_rows
from crm.models import Account, Order

EPOCH = dt.date(1970, 1, 1)
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
# Stored beside each value, though no model takes them.
CARRIED = {
    "order_count": "i4",
    "revenue_cost_unknown": "i8",
    "revenue_year": "i8",
    "margin_year": "i8",
    "cost_year": "i8",
}
MONEY = (
    "margin",
    "cost_to_win",
    "cost_per_order_kinds",
    "cost_over_time_kinds",
    "revenue",
    *KINDS,
    "revenue_cost_unknown",
    "revenue_year",
    "margin_year",
    "cost_year",
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
class Carried:
    """What is stored beside the values of n accounts, though no model takes it.

    Attributes
    ----------
    order_count : int
    revenue_cost_unknown, revenue_year, margin_year, cost_year : int
        Cents, up to the day of the run; the last three over the year up to it.
    """

    order_count: Integers
    revenue_cost_unknown: Integers
    revenue_year: Integers
    margin_year: Integers
    cost_year: Integers

    def between(self, ends: slice) -> "Carried":
        return Carried(**{name: getattr(self, name)[ends] for name in CARRIED})

    @classmethod
    def none(cls, count: int = 0) -> "Carried":
        return cls(**{name: np.zeros(count, dtype=np.int64) for name in CARRIED})


class Sums(Protocol):
    """For which day inputs are taken, and what turns sums into inputs."""

    @property
    def as_of(self) -> dt.date: ...

    @property
    def rate_e4(self) -> int: ...

    @property
    def cost_drivers(self) -> Mapping[str, str]: ...

    @property
    def groups(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Any]: ...


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
    carried : Carried
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
    carried: Carried = field(default_factory=Carried.none)

    def __len__(self) -> int:
        return int(self.account_id.size)

    def between(self, first: int, last: int) -> "Inputs":
        """Return the accounts `first` to `last`."""
        ends = slice(*np.searchsorted(self.account_id, (first, last + 1)))
        vectors: dict[str, Any] = {name: getattr(self, name) for name in COLUMNS}
        return Inputs(
            **{name: values[ends] for name, values in vectors.items()},
            contracts=self.contracts.between(first, last),
            carried=self.carried.between(ends),
        )

    def check(self) -> int:
        """Return a number that is another one if an input is, but for rare chance."""
        total = np.zeros(1, np.int64)  # no scalar: it would warn of overflow
        for number, name in enumerate((*COLUMNS, *CARRIED)):
            owner = self.carried if name in CARRIED else self
            values = getattr(owner, name)
            # Overflow wraps around, which is as good as any other number.
            weights = np.arange(1, 2 * values.size, 2, dtype=np.int64)
            total += (values * weights).sum(keepdims=True) * (2 * number + 1)
        return int(total[0])

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
    table: str, as_of: object, *, first: int = -FARTHEST, last: int = FARTHEST
) -> Inputs:
    """Return accounts `first` to `last` of a staged input table."""
    taken = {
        "age_days": f"coalesce(%(as_of)s - first_on, {NEVER})",
        "recency_days": "coalesce(last_on - first_on, 0)",
        "paid_back_age_days": f"coalesce(%(as_of)s - paid_back_on, {NEVER})",
        **{name: f"({name} * 100)::bigint" for name in MONEY},
    }
    columns = COLUMNS | CARRIED
    packed = ", ".join(f"array_agg({taken.get(name, name)})" for name in columns)
    query = " UNION ALL ".join(
        f"(SELECT {packed} FROM {table} WHERE account_id BETWEEN {begin} AND {end})"
        for begin, end in ends_of(table, first=first, last=last)
    )
    return _as_inputs(_read(query, columns, {"as_of": as_of}))


def current_inputs(
    sums: Sums, *, first: int = -FARTHEST, last: int = FARTHEST
) -> Inputs:
    """Return accounts `first` to `last` as the summaries have them now.

    The same as if `sums.select` had been staged and read; joining, rounding and adding
    up are done here, which is several times faster.
    """
    ends = ends_of("crm_account", "id", first=first, last=last)
    blocks, parts = [], []
    for block in _read_blocks(sums, ends, with_sums=True):
        parts.append(unpacked_sums(block.pop("packed")))
        blocks.append(block)
    return _worked_out(_of_those_there(joined(parts, KEPT, key=KEY), blocks), sums)


def inputs_from(of_all: Mapping[str, Integers], sums: Sums) -> Inputs:
    """Return the same as `current_inputs`, the sums of all accounts being at hand.

    `of_all` has them by name with their `account_id`, ascending.
    """
    ends = ends_of("crm_account", "id")
    blocks = list(_read_blocks(sums, ends, with_sums=False))
    return _worked_out(_of_those_there(of_all, blocks), sums)


KEY = "account_id"
PACKED_SUMS = {"packed": "u1"}
TRAITS = {"account_id": "i8", "trait_code": "i8", "was_there": "i2"}
GROUPS = {"of_account": "i8", "group_code": "i2"}


def _read_blocks(
    sums: Sums, ends: list[tuple[int, int]], *, with_sums: bool
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield traits and groups, and sums if they are asked for, of blocks of accounts.

    Joined they would take the server several times as long.
    """
    within = [f"BETWEEN {begin} AND {end}" for begin, end in ends]
    kept = [f", ({packed_sums(part)}) s" if with_sums else "" for part in within]
    query = " UNION ALL ".join(
        _block(part, sums.groups, packed)
        for part, packed in zip(within, kept, strict=True)
    )
    columns = {**TRAITS, **GROUPS, **(PACKED_SUMS if with_sums else {})}
    return read_array_rows(query, columns, sums.parameters)


def _block(within: str, groups: str, kept: str) -> str:
    return f"""(SELECT * FROM (
            SELECT array_agg(id), array_agg(trait_code), array_agg(was_there) FROM (
                SELECT a.id, {TRAIT_CODE} AS trait_code, {WAS_THERE} AS was_there
                FROM crm_account a WHERE a.merged_into_id IS NULL AND a.id {within}
                ORDER BY a.id
            ) account
        ) a, (
            SELECT array_agg(account_id), array_agg(group_code) FROM (
                SELECT g.account_id, {GROUP_CODE} AS group_code
                FROM ({groups}) g WHERE g.account_id {within}
                ORDER BY g.account_id
            ) grouped
        ) g{kept})"""


def _of_those_there(
    kept: Mapping[str, Integers], blocks: list[dict[str, NDArray[Any]]]
) -> dict[str, Integers]:
    """Return sums, trait and group of the accounts there on the day.

    Who has ordered by then was there, whenever the account was entered.
    """
    found = joined(blocks, TRAITS, key=KEY)
    grouped = joined(blocks, GROUPS, key="of_account")
    place, has_sums = _places(found[KEY], kept[KEY])
    found = {name: values[has_sums] for name, values in found.items()}
    place = place[has_sums]
    is_there = (found["was_there"] != 0) | (kept["first_on"][place] != NO_DAY)
    account, place = found[KEY][is_there], place[is_there]
    group, has_group = _places(account, grouped["of_account"])
    code = np.full(account.size, NO_GROUP)
    code[has_group] = grouped["group_code"][group[has_group]]
    if not np.array_equal(account, kept[KEY]):
        kept = {name: kept[name][place] for name in KEPT}
    return dict(kept) | {
        "trait_code": found["trait_code"][is_there],
        "group_code": code,
    }


def _places(
    wanted: Integers, among: Integers
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where in the ascending `among` each is, and whether it is there at all."""
    if not among.size:
        return np.zeros(wanted.size, np.intp), np.zeros(wanted.size, np.bool_)
    place = np.minimum(np.searchsorted(among, wanted), among.size - 1)
    return place, among[place] == wanted


def _worked_out(found: Mapping[str, Integers], sums: Sums) -> Inputs:
    """Return inputs from sums; rounding and adding up is done here."""
    today, rate = (sums.as_of - EPOCH).days, sums.rate_e4
    ordered, paid = found["first_on"] != NO_DAY, found["paid_back_on"] != NO_DAY
    drivers = sums.cost_drivers
    return _as_inputs(
        {
            **found,
            "age_days": np.where(ordered, today - found["first_on"], NEVER),
            "recency_days": found["last_on"] - found["first_on"],
            "paid_back_age_days": np.where(paid, today - found["paid_back_on"], NEVER),
            "margin": _margin(found, "", rate),
            "margin_year": _margin(found, "_year", rate),
            "cost_per_order_kinds": _driven(found, CostDriver.ORDER, drivers),
            "cost_over_time_kinds": _driven(found, CostDriver.YEAR, drivers),
        }
    )


def _margin(found: Mapping[str, Integers], over: str, rate_e4: int) -> Integers:
    """Return margins with the assumed share of what cost is not known, half away."""
    unknown = found[f"revenue_cost_unknown{over}"]
    share = (np.abs(unknown) * rate_e4 + 5000) // 10000 * np.sign(unknown)
    result: Integers = found[f"margin_known{over}"] + share
    return result


def _driven(
    found: Mapping[str, Integers], driver: str, drivers: Mapping[str, str]
) -> Integers:
    kinds = [KIND_COLUMNS[kind] for kind in drivers if drivers[kind] == driver]
    total = np.zeros_like(found["account_id"])
    for kind in kinds:
        total += found[kind]
    return total


def _read(
    query: str, columns: Mapping[str, str], params: Mapping[str, Any]
) -> dict[str, Integers]:
    """Return all blocks of a query in ascending order of account."""
    parts = list(read_array_rows(query, columns, params))
    found = {
        name: np.concatenate([part[name] for part in parts]).astype(np.int64)
        for name in columns
    }
    account = found["account_id"]
    if (account[1:] < account[:-1]).any():
        order = np.argsort(account, kind="stable")
        found = {name: values[order] for name, values in found.items()}
    return found


def _as_inputs(found: Mapping[str, Integers]) -> Inputs:
    carried = Carried(**{name: found[name] for name in CARRIED})
    return Inputs(**{name: found[name] for name in COLUMNS}, carried=carried)  # type: ignore[arg-type]
