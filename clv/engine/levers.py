"""Levers: what customer equity would be if customers bought or cost otherwise.

Equity of a set of customers, of discounted expectations within the horizon, is

    E = M - sum over kinds of C_k,     M = sum of orders x margin per order,
    C_k = sum of orders x rate_k  or  sum of years x rate_k.

Every lever acts on each customer's orders, years, margin per order or rate in one
stated way, and each is linear in a sum over customers. So a few sums per class answer
exactly what going through all customers would, at once:

- frequency f: orders x (1 + f); what grows with orders follows, years stay;
- retention r, the share of leaving that is prevented: a customer alive with chance p is
  expected for Y discounted years of at most p D, with D those of one who never leaves.
  Orders and years both become (1 + r h)-fold, h = p D / Y - 1. At r = 1 nobody leaves
  who is still there;
- revenue per customer g: revenue and cost of goods per order x (1 + g);
- price q: revenue per order x (1 + q), cost of goods and quantity stay;
- savings s_k: rate_k x (1 - s_k);
- won n: n customers more within a year, evenly, each worth what a new customer of whom
  nothing is known is worth, first order included, less the cost to win.

With held sums X' = X + r sum(h x), where R is expected revenue,

    M -> (1 + f) (1 + g) (M' + q R'),
    C_k -> (1 + f) (1 - s_k) C_k'   with orders,   (1 - s_k) C_k'   over time.

Approximations: a quicker customer does not leave sooner; larger baskets cost no more to
serve; a higher price loses nobody; those that were won are alike, and each is looked at
over a horizon of its own, discounted to today.

Limits: all levers at zero return E to the cent. Savings never lower equity where costs
are positive; price never does; frequency lowers it where an order brings less than it
costs, retention where a customer does. The parts of single levers and what they do
together sum to the whole to the cent.

The interval is that of today's equity carried over: the accounts' own spread grows
with the margin, as does what parameters and model leave open. It does not say whether a
lever can be moved that far.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from clv.engine.discounting import DAYS_PER_YEAR, daily_rate
from clv.engine.errors import BadParameterError
from clv.engine.totals import TotalDoubt

FREQUENCY, RETENTION, WON = "frequency", "retention", "won"
BASKET, PRICE, SERVING = "basket", "price", "serving"
TOGETHER, SPENT = "together", "spent"
SINGLE = (FREQUENCY, RETENTION, WON, BASKET, PRICE, SERVING)
MOST = 10.0  # a tenfold of anything is no lever any more


@dataclass(frozen=True, slots=True)
class CostSum:
    """One kind of expected cost; `held` is what it grows by if nobody leaves."""

    amount: float
    held: float
    with_orders: bool

    def plus(self, other: "CostSum") -> "CostSum":
        return CostSum(
            self.amount + other.amount, self.held + other.held, self.with_orders
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Discounted expectations of a set of customers, in currency units.

    Attributes
    ----------
    margin, revenue : float
    margin_held, revenue_held : float
        What they grow by if nobody leaves.
    costs : mapping of kind to CostSum
    """

    margin: float = 0.0
    revenue: float = 0.0
    margin_held: float = 0.0
    revenue_held: float = 0.0
    costs: Mapping[str, CostSum] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        return math.fsum(one.amount for one in self.costs.values())

    @property
    def value(self) -> float:
        return self.margin - self.cost

    def plus(self, other: "Sums") -> "Sums":
        nothing = CostSum(0.0, 0.0, with_orders=False)
        costs = dict(self.costs)
        for kind, one in other.costs.items():
            costs[kind] = one.plus(costs.get(kind, nothing))
        return Sums(
            self.margin + other.margin,
            self.revenue + other.revenue,
            self.margin_held + other.margin_held,
            self.revenue_held + other.revenue_held,
            costs,
        )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One new customer of whom nothing is known: its first order, then the rest."""

    first: Sums
    later: Sums
    cost_to_win: float

    @property
    def value(self) -> float:
        """Return what winning it brings, net of the cost to win."""
        return self.first.value + self.later.value - self.cost_to_win


@dataclass(frozen=True, slots=True)
class Base:
    """What levers act on: today's expectations of a set of customers.

    `equity` is the stored one, in currency units; `variance` sums the squares of the
    accounts' deviations. `annual_rate` discounts those who are won within the year.
    """

    equity: float
    sums: Sums
    newcomer: Newcomer | None
    annual_rate: float
    variance: float
    doubt: TotalDoubt


@dataclass(frozen=True, slots=True)
class Levers:
    """How far each lever is moved; all zero is today.

    Attributes
    ----------
    frequency, basket, price : float > -1
        Shares by which orders, revenue per order and prices change.
    retention : float in [0, 1]
        Share of leaving that is prevented.
    won : float >= 0
        Customers won within a year beyond those of today.
    savings : mapping of kind to float <= 1
        Share of each kind of cost that is saved; negative costs more.
    spent : float >= 0
        What moving the levers costs, once, today.
    """

    frequency: float = 0.0
    retention: float = 0.0
    won: float = 0.0
    basket: float = 0.0
    price: float = 0.0
    savings: Mapping[str, float] = field(default_factory=dict)
    spent: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.frequency, self.basket, self.price)
        whole = all(-1.0 < share <= MOST for share in shares)
        kept = 0.0 <= self.retention <= 1.0
        spared = all(-MOST <= share <= 1.0 for share in self.savings.values())
        amounts = all(math.isfinite(x) and x >= 0.0 for x in (self.won, self.spent))
        if not (whole and kept and spared and amounts):
            raise BadParameterError("a lever is moved further than it goes")

    @property
    def is_zero(self) -> bool:
        moved = (self.frequency, self.retention, self.won, self.basket, self.price)
        return not (any(moved) or any(self.savings.values()) or self.spent)

    def only(self, name: str) -> "Levers":
        """Return one lever where it stands, the others at zero."""
        if name == SERVING:
            return Levers(savings=self.savings)
        return replace(Levers(), **{name: getattr(self, name)})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What equity becomes; amounts in whole cents.

    `parts` names the effect of each lever by itself, of all together beyond that, and
    what it costs; they sum to `after - before`. `low` and `high` hold the new equity,
    `change_low` and `change_high` the change, with the level asked for.
    """

    before: int
    after: int
    parts: Mapping[str, int]
    low: int
    high: int
    change_low: int
    change_high: int

    @property
    def change(self) -> int:
        return self.after - self.before


def pull(base: Base, levers: Levers, *, level: float = 0.8) -> Outcome:
    """Return what equity becomes when the levers are moved."""
    before = _cents(base.equity)
    parts = {name: _cents(_effect(base, levers.only(name))) for name in SINGLE}
    parts[SPENT] = -_cents(levers.spent)
    whole = _cents(_effect(base, levers)) + parts[SPENT]
    parts[TOGETHER] = whole - sum(parts.values())
    after = before + whole
    low, high = _interval(base, levers, level)
    width = _change_reach(base, (whole - parts[SPENT]) / 100.0, level)
    return Outcome(
        before=before,
        after=after,
        parts=parts,
        low=after - _cents(low),
        high=after + _cents(high),
        change_low=whole - _cents(width),
        change_high=whole + _cents(width),
    )


def moved(sums: Sums, levers: Levers) -> Sums:
    """Return expectations with the levers moved; what could be held is held."""
    kept, oftener = levers.retention, 1.0 + levers.frequency
    margin = sums.margin + kept * sums.margin_held
    revenue = sums.revenue + kept * sums.revenue_held
    times = oftener * (1.0 + levers.basket)
    return Sums(
        margin=times * (margin + levers.price * revenue),
        revenue=times * (1.0 + levers.price) * revenue,
        costs={
            kind: CostSum(
                (one.amount + kept * one.held)
                * (oftener if one.with_orders else 1.0)
                * (1.0 - levers.savings.get(kind, 0.0)),
                0.0,
                one.with_orders,
            )
            for kind, one in sums.costs.items()
        },
    )


def value_of_winning(base: Base, levers: Levers) -> float:
    """Return what customers won within a year bring, net of the cost to win."""
    found = _of_won(base, levers)
    return found.value - _cost_of_winning(base, levers)


def sum_of(sums: Sequence[Sums]) -> Sums:
    """Return the expectations of several sets of customers together."""
    return reduce(Sums.plus, sums, Sums())


def mean_discount(annual_rate: float) -> float:
    """Return the mean discount of money that comes evenly over the next year."""
    delta = daily_rate(annual_rate) * DAYS_PER_YEAR
    return -math.expm1(-delta) / delta if delta else 1.0


def _effect(base: Base, levers: Levers) -> float:
    """Return the change of equity, exactly 0 where nothing is moved."""
    still = moved(base.sums, Levers()).value
    return (moved(base.sums, levers).value - still) + value_of_winning(base, levers)


def _of_won(base: Base, levers: Levers) -> Sums:
    if base.newcomer is None or not levers.won:
        return Sums()
    at_once = replace(levers, frequency=0.0, retention=0.0)
    both = moved(base.newcomer.first, at_once).plus(moved(base.newcomer.later, levers))
    times = levers.won * mean_discount(base.annual_rate)
    return Sums(
        margin=times * both.margin,
        revenue=times * both.revenue,
        costs={
            kind: CostSum(times * one.amount, 0.0, one.with_orders)
            for kind, one in both.costs.items()
        },
    )


def _cost_of_winning(base: Base, levers: Levers) -> float:
    if base.newcomer is None or not levers.won:
        return 0.0
    each = base.newcomer.cost_to_win
    return levers.won * mean_discount(base.annual_rate) * each


def _interval(base: Base, levers: Levers, level: float) -> tuple[float, float]:
    """Return how far the interval of the new equity reaches down and up."""
    after = moved(base.sums, levers)
    margin = after.margin + _of_won(base, levers).margin
    times = after.margin / base.sums.margin if base.sums.margin else 1.0
    low, high = base.doubt.interval(
        0.0, margin=margin, variance=base.variance * times**2, level=level
    )
    return -low, high


def _change_reach(base: Base, change: float, level: float) -> float:
    """Return how far the change may be off: as much, in proportion, as the margin."""
    margin = base.sums.margin
    # Where nothing changes nothing is in doubt, with a margin of zero as well.
    times = abs(change / margin) if margin else float(change != 0.0)
    _, high = base.doubt.interval(
        0.0, margin=change, variance=base.variance * times**2, level=level
    )
    return high


def _cents(amount: float) -> int:
    return round(amount * 100.0)
