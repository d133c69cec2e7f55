"""Why the value of accounts changed between two runs: seven parts that sum exactly.

A value is a function of what is known of an account (orders, margins, costs, age), of
what was learnt of the firm (models) and of what is assumed. Between the run *before*
and the run *after* each of them is replaced, one at a time, and the step that the value
makes is the part of its cause:

- retention: time passes and nobody buys. Age and silence grow by the days between;
- orders: what was bought in that time, against having bought nothing. Realised: the new
  orders at the account's usual margin; expected: all that the orders say of the future;
- margin: the mean margin of an order, realised and expected;
- cost: ledger rows, realised and expected, and the class whose costs are expected;
- expansion: potential that is not part of the value yet, so zero;
- assumptions: discount rate, horizon, margin rate where cost is not known;
- model: parameters and choice of the models.

Realised parts are exact in cents by arithmetic. With margin M over n orders,

    orders = (n' - n) M / n,     margin = M' - M - orders,

M' taken at the earlier margin rate; what the new rate adds belongs to the assumptions.

Expected parts depend on the sequence, because causes act together: an order counts more
where margins rose too. So the mean of two opposite sequences is taken,

    retention, orders, margin, cost, assumptions, model
    model, assumptions, cost, margin, retention, orders

which gives half of each joint effect of two causes to either. Orders come after
retention in both: nobody buys at a time that has not come. A change with one cause is
the same in both sequences and lands in that part alone. The exact Shapley value would
take all 360 admissible sequences and 48 valuations instead of 8 for a difference in how
effects of three and more causes are shared.

An account without orders is worth what customers like it were, and so more or less than
any new customer; that distance is kept until it orders, when it belongs to the orders.

Limits: sides that are equal give zeros; swapping time away (0 days, the same orders)
leaves no retention and no orders. An account on one side only changes by all that it
is worth: costs to cost, everything else to orders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector
from clv.engine.errors import BadParameterError
from clv.engine.models.answers import Flows
from clv.engine.parts import Chosen, Learnt, future_flows, future_parts, newcomer_parts

PARTS = (
    "orders",
    "margin",
    "cost",
    "retention",
    "expansion",
    "assumptions",
    "model",
)
ORDERS, MARGIN, COST, RETENTION, EXPANSION, ASSUMPTIONS, MODEL = range(len(PARTS))
FORWARD = (RETENTION, ORDERS, MARGIN, COST, ASSUMPTIONS, MODEL)
BACKWARD = (MODEL, ASSUMPTIONS, COST, MARGIN, RETENTION, ORDERS)

COST_PREFIX = "cost_"
RATE_DIGITS = 10_000  # a margin rate has four decimals
ROUNDED_CENTS = 2.0  # how far two stored values may be from the unrounded ones

Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """What one run knew and said of n accounts; every vector of shape (n,), int64.

    Money is in cents. An account that the run did not value has `is_present` 0 and
    zeros everywhere. `margin` contains what `margin_rate` makes of
    `revenue_cost_unknown`; `future_value` is the result that was stored. The two
    sums over kinds of cost stand for runs that know no kinds; `group_code` is the
    number of the account's class, -1 in none.
    """

    is_present: Cents
    order_days: Cents
    recency_days: Cents
    age_days: Cents
    revenue_cost_unknown: Cents
    margin: Cents
    cost_to_win: Cents
    cost_per_order_kinds: Cents
    cost_over_time_kinds: Cents
    future_value: Cents
    revenue: Cents
    cost_delivery: Cents
    cost_returns: Cents
    cost_credit: Cents
    cost_account_management: Cents
    cost_marketing: Cents
    cost_service: Cents
    cost_other: Cents
    group_code: Cents

    def __len__(self) -> int:
        return int(self.order_days.size)

    @property
    def cost_by_kind(self) -> Mapping[str, Cents]:
        """Return costs to serve by what the models of a run may call them."""
        names = [f.name for f in fields(self) if f.name.startswith(COST_PREFIX)]
        return {
            name.removeprefix(COST_PREFIX): getattr(self, name)
            for name in names
            if name != "cost_to_win"
        }

    @property
    def costs(self) -> Cents:
        total: Cents = (
            self.cost_to_win + self.cost_per_order_kinds + self.cost_over_time_kinds
        )
        return total

    @property
    def clv(self) -> Cents:
        total: Cents = self.margin - self.costs + self.future_value
        return total


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs; `as_of_day` is its day as an ordinal, for the seasons."""

    known: Known
    learnt: Learnt
    chosen: Chosen
    as_of_day: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """The change of n accounts in cents, int64 of shape (n, 7), columns as `PARTS`.

    `realised` sums over its columns to the change of realised profit, `expected` to
    that of future value; both to the change of CLV.
    """

    realised: Cents
    expected: Cents

    @property
    def parts(self) -> Cents:
        total: Cents = self.realised + self.expected
        return total

    def with_model_in(self, cause: int) -> "Changes":
        """Return the changes with the part of the model added to that of `cause`.

        For models that were learnt by other assumptions: what they say differently is
        due to those.
        """
        moved = []
        for parts in (self.realised, self.expected):
            whole = parts.copy()
            whole[:, cause] += whole[:, MODEL]
            whole[:, MODEL] = 0
            moved.append(whole)
        return Changes(*moved)

    def with_one_cause(self, rows: NDArray[np.bool_], cause: int) -> "Changes":
        """Return the changes with all that is expected of `rows` put down to `cause`.

        For accounts whose value does not follow from their orders.
        """
        expected = self.expected.copy()
        expected[rows] = 0
        expected[rows, cause] = self.expected[rows].sum(axis=1)
        return Changes(self.realised, expected)


def split_change(before: Side, after: Side, *, days: int) -> Changes:
    """Split the change of every account into `PARTS`.

    Parameters
    ----------
    before, after : Side
        The same n accounts in the same order.
    days : int >= 0
        From the day of the one run to that of the other.

    Raises
    ------
    BadParameterError
        If the sides differ in length or time runs backwards.
    BadHistoryError
        If a history is none, such as an order after the day of the run.

    Notes
    -----
    Parts of the future are rounded to cents; the largest takes up what rounding
    leaves, so that they sum to the change of the stored values. Where stored values
    are not what the stored models give (the computation itself changed between the
    runs), the difference belongs to `model`.
    """
    if len(before.known) != len(after.known):
        raise BadParameterError("the sides must hold the same accounts")
    if days < 0:
        raise BadParameterError("days must not be negative")
    return Changes(_realised(before, after), _expected(before, after, days))


def _realised(before: Side, after: Side) -> Cents:
    was, now = before.known, after.known
    rates = before.chosen.margin_rate, after.chosen.margin_rate
    assumed = _assumed(now, rates[1]) - _assumed(now, rates[0])
    gained = now.margin - was.margin - assumed
    usual = was.margin / np.maximum(was.order_days, 1)
    at_usual = np.rint(usual * (now.order_days - was.order_days)).astype(np.int64)
    bought_in_both = (was.order_days > 0) & (now.order_days > 0)
    bought_in_one = (was.order_days > 0) ^ (now.order_days > 0)
    parts = np.zeros((len(now), len(PARTS)), dtype=np.int64)
    parts[:, ORDERS] = np.select([bought_in_both, bought_in_one], [at_usual, gained], 0)
    parts[:, MARGIN] = gained - parts[:, ORDERS]
    parts[:, COST] = was.costs - now.costs
    parts[:, ASSUMPTIONS] = assumed
    return parts


def _assumed(known: Known, margin_rate: float) -> Cents:
    """Return the margin of what has no known cost, rounded half up as it is stored."""
    share = round(margin_rate * RATE_DIGITS)
    size = np.abs(known.revenue_cost_unknown) * share
    whole: Cents = (size + RATE_DIGITS // 2) // RATE_DIGITS
    return np.sign(known.revenue_cost_unknown) * whole


def _expected(before: Side, after: Side, days: int) -> Cents:
    was, now = before.known, after.known
    stored = now.future_value - was.future_value
    parts = np.zeros((len(now), len(PARTS)), dtype=np.int64)
    rows = np.flatnonzero((was.is_present > 0) & (now.is_present > 0))
    replacement = _Replacement(before, after, days, rows)
    forward, backward = (replacement.steps(order) for order in (FORWARD, BACKWARD))
    exact = (forward + backward) * 50.0  # the mean, in cents
    drift = stored[rows] - exact.sum(axis=1)
    # Accounts without orders on both sides move as like customers do: in the part that
    # moved any new customer most.
    waits = (was.order_days[rows] == 0) & (now.order_days[rows] == 0)
    moves = waits & (np.abs(exact).max(axis=1, initial=0.0) > ROUNDED_CENTS)
    exact[:, MODEL] += np.where((np.abs(drift) > ROUNDED_CENTS) & ~moves, drift, 0.0)
    whole = np.rint(exact).astype(np.int64)
    largest = np.argmax(np.abs(exact), axis=1)
    whole[np.arange(rows.size), largest] += stored[rows] - whole.sum(axis=1)
    parts[:, ORDERS] = stored
    parts[rows] = whole
    return parts


@dataclass
class _Replacement:
    """Values the accounts in `rows` with any mixture of both sides."""

    before: Side
    after: Side
    days: int
    rows: NDArray[np.intp]
    flows: dict[tuple[bool, ...], Flows] = field(default_factory=dict)

    @cached_property
    def _if_won(self) -> FloatVector:
        """Return what an account was worth, if won, beyond any new customer."""
        was, now = (
            side.known.future_value[self.rows] / 100.0
            - _fresh_value(side.learnt, side.chosen, side.as_of_day)
            for side in (self.before, self.after)
        )
        return np.where(self.before.known.order_days[self.rows] > 0, now, was)

    def steps(self, order: tuple[int, ...]) -> NDArray[np.float64]:
        """Return by how much each replacement moves the value, shape (n, 7)."""
        moves = np.zeros((self.rows.size, len(PARTS)))
        replaced: frozenset[int] = frozenset()
        value = self._value(replaced)
        for cause in order:
            replaced |= {cause}
            moved = self._value(replaced)
            moves[:, cause] = moved - value
            value = moved
        return moves

    def _side(self, cause: int, replaced: frozenset[int]) -> Side:
        return self.after if cause in replaced else self.before

    def _value(self, replaced: frozenset[int]) -> FloatVector:
        learnt = self._side(MODEL, replaced).learnt
        chosen = self._side(ASSUMPTIONS, replaced).chosen
        ledger = self._side(COST, replaced).known
        bought = self._side(ORDERS, replaced).known
        today = self._side(RETENTION, replaced).as_of_day
        value = self._if_won + _fresh_value(learnt, chosen, today)
        has_bought = bought.order_days[self.rows] > 0
        rows = self.rows[has_bought]
        if not rows.size:
            return value
        age = bought.age_days[rows]
        if ORDERS not in replaced and RETENTION in replaced:
            age = age + self.days
        parts = future_parts(
            learnt,
            chosen,
            order_days=bought.order_days[rows],
            recency_days=bought.recency_days[rows],
            age_days=age,
            mean_margin=self._mean_margin(replaced, chosen)[has_bought],
            costs={k: cents[rows] / 100.0 for k, cents in ledger.cost_by_kind.items()},
            revenue=self._revenue(replaced)[has_bought],
            group_code=ledger.group_code[rows],
            flows=self._flows(replaced, learnt, chosen, rows, age),
            as_of_day=today,
        )
        value[has_bought] = parts.value
        return value

    def _flows(
        self,
        replaced: frozenset[int],
        learnt: Learnt,
        chosen: Chosen,
        rows: NDArray[np.intp],
        age: Cents,
    ) -> Flows:
        """Return discounted orders and days; margins and costs do not change them."""
        causes = (MODEL, ASSUMPTIONS, RETENTION, ORDERS)
        key = tuple(cause in replaced for cause in causes)
        if key not in self.flows:
            bought = self._side(ORDERS, replaced).known
            self.flows[key] = future_flows(
                learnt,
                chosen,
                bought.order_days[rows],
                bought.recency_days[rows],
                age,
                as_of_day=self._side(RETENTION, replaced).as_of_day,
            )
        return self.flows[key]

    def _mean_margin(self, replaced: frozenset[int], chosen: Chosen) -> FloatVector:
        """Return margin per order at the chosen rate; from the side that has orders."""
        first, other = self.before, self.after
        if MARGIN in replaced:
            first, other = other, first
        means = []
        for side in (first, other):
            known, rows = side.known, self.rows
            at_rate = known.margin - _assumed(known, side.chosen.margin_rate)
            at_rate = at_rate + _assumed(known, chosen.margin_rate)
            means.append(at_rate[rows] / 100.0 / np.maximum(known.order_days[rows], 1))
        return np.where(first.known.order_days[self.rows] > 0, means[0], means[1])

    def _revenue(self, replaced: frozenset[int]) -> FloatVector:
        """Return revenue: the orders of one side, at the mean of one that has any."""
        first, other = self.before.known, self.after.known
        if MARGIN in replaced:
            first, other = other, first
        means = [
            known.revenue[self.rows]
            / 100.0
            / np.maximum(known.order_days[self.rows], 1)
            for known in (first, other)
        ]
        mean = np.where(first.order_days[self.rows] > 0, means[0], means[1])
        return mean * self._side(ORDERS, replaced).known.order_days[self.rows]


def _fresh_value(learnt: Learnt, chosen: Chosen, today: int) -> float:
    """Return what an account without orders is worth if won."""
    return float(newcomer_parts(learnt, chosen, today).value[0]) - learnt.cost_to_win
