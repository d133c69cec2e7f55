"""Customers ranked anew in another market: discount rate, leaving, prices, goods.

Every customer is gone through, so that ranks are exact, not sums of classes. With
expected margin M, revenue R and cost to serve C at the other discount rate,

    value' = k (M + q R - c (R - M) - C),

where q and c are the changes of price and cost of goods. Leaving acts by k: with h what
nobody's leaving would add, as a share, k = 1 + l h where a share l of leaving does not
happen, and k = 1 - l h / (1 + h) where so much more of what may be lost is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from clv.models import ValuationRun
from clv.services.levers import Expected, expected_of
from common.money import ZERO
from common.templatetags.display import count, counted, money, signed_money
from crm.models import Account

NAMED = 25
MOVERS = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Market:
    """What is different: shares, and a yearly discount rate or None for today's.

    `leaving` above 0 means that more leave, below that fewer do.
    """

    annual_rate: float | None = None
    leaving: float = 0.0
    price: float = 0.0
    goods: float = 0.0

    @property
    def is_todays(self) -> bool:
        return self.annual_rate is None and not (
            self.leaving or self.price or self.goods
        )


@dataclass(frozen=True, slots=True)
class Ranked:
    """One customer in both markets; rank 1 is the highest CLV."""

    account: Account
    rank_before: int
    rank: int
    clv_before: Decimal
    clv: Decimal

    @property
    def climbed(self) -> int:
        return self.rank_before - self.rank

    @property
    def change(self) -> Decimal:
        return self.clv - self.clv_before


@dataclass(frozen=True, slots=True)
class Ranking:
    """All customers in another market."""

    customers: int
    equity_before: Decimal
    equity: Decimal
    moved: int
    top: Sequence[Ranked]
    risers: Sequence[Ranked]
    fallers: Sequence[Ranked]

    @property
    def change(self) -> Decimal:
        return self.equity - self.equity_before

    @property
    def sentence(self) -> str:
        return (
            f"Customer equity goes from {money(self.equity_before)} to"
            f" {money(self.equity)}: {signed_money(self.change)}."
            f" {count(self.moved)} of {counted(self.customers, 'customer')} would"
            " change rank."
        )


NOBODY = Ranking(0, ZERO, ZERO, 0, [], [], [])


def ranking_in(run: ValuationRun, market: Market) -> Ranking | None:
    """Return the customers of `run` by CLV in another market; None without any."""
    today = expected_of(run)
    if today is None:
        return None
    other = expected_of(run, annual_rate=market.annual_rate) or today
    realised = today.customers.realised_profit / 100.0
    future = today.customers.future_value / 100.0
    changed = future if market.is_todays else future_in(other, market)
    before, after = realised + future, realised + changed
    rank_before, rank = _ranks(before), _ranks(after)
    climbed = rank_before - rank
    order = np.argsort(rank, kind="stable")
    by_climb = np.argsort(-climbed, kind="stable")
    rows = _Rows(today, rank_before, rank, before, after)
    return Ranking(
        customers=len(today.customers),
        equity_before=_money(float(future.sum())),
        equity=_money(float(changed.sum())),
        moved=int((climbed != 0).sum()),
        top=rows.named(order[:NAMED]),
        risers=rows.named([i for i in by_climb[:MOVERS] if climbed[i] > 0]),
        fallers=rows.named([i for i in by_climb[::-1][:MOVERS] if climbed[i] < 0]),
    )


def future_in(found: Expected, market: Market) -> Floats:
    """Return the future value of each customer in another market."""
    share = abs(market.leaving)
    lost = found.held / (1.0 + found.held)
    times = 1.0 - share * lost if market.leaving > 0 else 1.0 + share * found.held
    goods = found.revenue - found.margin
    margin = found.margin + market.price * found.revenue - market.goods * goods
    result: Floats = times * (margin - found.cost)
    return result


@dataclass(frozen=True, slots=True)
class _Rows:
    found: Expected
    rank_before: NDArray[np.int64]
    rank: NDArray[np.int64]
    before: Floats
    after: Floats

    def named(self, places: Sequence[int] | NDArray[np.intp]) -> list[Ranked]:
        ids = self.found.customers.account_id
        kept = Account.objects.select_related("owner").in_bulk(
            [int(ids[place]) for place in places]
        )
        return [
            Ranked(
                account=kept[int(ids[place])],
                rank_before=int(self.rank_before[place]),
                rank=int(self.rank[place]),
                clv_before=_money(float(self.before[place])),
                clv=_money(float(self.after[place])),
            )
            for place in places
            if int(ids[place]) in kept
        ]


def _ranks(values: Floats) -> NDArray[np.int64]:
    """Return ranks from 1, the highest first; equal values by age of the account."""
    ranks = np.empty(values.size, dtype=np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, values.size + 1)
    return ranks


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(Decimal("0.01"))
