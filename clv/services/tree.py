"""The value tree: one account's CLV down to orders, margins, costs and years."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from clv.engine.parts import Chosen, Learnt, future_parts
from clv.models import Valuation, ValuationRun
from clv.services.changes import chosen_of, learnt_of
from common.templatetags.display import cents, count, number

CENT = Decimal("0.01")
STORED_WITHIN = 0.02  # how far the factors may lie from the stored product


@dataclass(frozen=True, slots=True)
class Node:
    """One figure; the branches sum to it to the cent. `how` says it in factors."""

    label: str
    amount: Decimal
    how: str = ""
    branches: Sequence["Node"] = ()


def value_tree(*, value: Valuation, run: ValuationRun) -> Node:
    """Return the tree of one stored value.

    Every figure is stored or the remainder of stored ones, so that all of them
    reconcile. Factors come from the run's own models; where those do not give what was
    stored, or were not kept, the tree ends at the stored figures.
    """
    return Node(
        "CLV",
        value.clv,
        "realised + expected",
        [_realised(value), _expected(value, run)],
    )


def _realised(value: Valuation) -> Node:
    days = value.order_days
    mean = value.margin / days if days else None
    how = "" if mean is None else f"{count(days)} days with orders × {cents(mean)}"
    return Node(
        "Realised profit",
        value.realised_profit,
        "margin − all costs to date",
        [
            Node("Margin", value.margin, how),
            Node("Cost to win", -value.cost_to_win),
            Node("Cost with orders", -value.cost_per_order_kinds),
            Node("Cost over time", -value.cost_over_time_kinds),
        ],
    )


def _expected(value: Valuation, run: ValuationRun) -> Node:
    factors = _factors(value, run)
    margin = Node("Expected margin", value.expected_margin)
    cost = Node("Expected cost to serve", -value.expected_cost)
    if factors is not None:
        margin = Node(margin.label, margin.amount, factors.margin_in_words(value))
        cost = Node(cost.label, cost.amount, "", factors.costs(value))
    return Node(
        "Expected profit",
        value.future_value,
        "expected margin − expected cost, discounted",
        [margin, cost],
    )


@dataclass(frozen=True, slots=True)
class _Factors:
    orders: float
    margin_per_order: float
    cost_per_order: float
    years: float
    cost_per_year: float
    cost_to_win: float

    def margin_in_words(self, value: Valuation) -> str:
        return (
            f"{number(value.expected_orders, 2)} orders, after discounting "
            f"{number(self.orders, 2)} × {cents(self.margin_per_order)} an order"
        )

    def costs(self, value: Valuation) -> list[Node]:
        """Return the parts of the expected cost; time takes what rounding leaves."""
        with_orders = _money(self.orders * self.cost_per_order)
        to_win = _money(self.cost_to_win)
        over_time = value.expected_cost - with_orders - to_win
        nodes = [
            Node(
                "With orders",
                -with_orders,
                f"{number(self.orders, 2)} orders × {cents(self.cost_per_order)}",
            ),
            Node(
                "Over time",
                -over_time,
                f"{number(self.years, 2)} years × {cents(self.cost_per_year)}",
            ),
        ]
        return [*nodes, Node("To win", -to_win)] if to_win else nodes


def _factors(value: Valuation, run: ValuationRun) -> _Factors | None:
    if not run.parameters:
        return None
    found = _recomputed(value, run, learnt_of(run), chosen_of(run))
    stored = float(value.expected_margin)
    if abs(found.orders * found.margin_per_order - stored) > STORED_WITHIN:
        return None
    return found


def _recomputed(
    value: Valuation, run: ValuationRun, learnt: Learnt, chosen: Chosen
) -> _Factors:
    first, last = value.first_on, value.last_on
    parts = future_parts(
        learnt,
        chosen,
        order_days=np.array([value.order_days]),
        recency_days=np.array([(last - first).days if first and last else 0]),
        age_days=np.array([(run.as_of - first).days if first else 0]),
        mean_margin=np.array([float(value.margin) / max(value.order_days, 1)]),
        cost_per_order_kinds=np.array([float(value.cost_per_order_kinds)]),
        cost_over_time_kinds=np.array([float(value.cost_over_time_kinds)]),
    )
    return _Factors(
        orders=float(parts.orders[0]),
        margin_per_order=float(parts.margin_per_order[0]),
        cost_per_order=float(parts.cost_per_order[0]),
        years=float(parts.years[0]),
        cost_per_year=float(parts.cost_per_year[0]),
        cost_to_win=0.0 if value.order_days else learnt.cost_to_win,
    )


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
