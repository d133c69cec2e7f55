"""The value tree: one account's CLV down to orders, margins, costs and years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from clv.choices import CostDriver
from clv.engine.groups import NO_GROUP
from clv.engine.parts import Chosen, FutureParts, Learnt, future_parts
from clv.models import Valuation, ValuationRun
from clv.queries.costs import LABELS, in_order
from clv.queries.inputs import COST_COLUMNS, SUM_OVER_TIME, SUM_PER_ORDER
from clv.queries.summaries import KIND_COLUMNS
from clv.services.changes import chosen_of, learnt_of
from common.templatetags.display import cents, counted, number

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
    how = "" if mean is None else f"{counted(days, 'day')} with orders × {cents(mean)}"
    return Node(
        "Realised profit",
        value.realised_profit,
        "margin − all costs to date",
        [
            Node("Margin", value.margin, how),
            Node("Cost to win", -value.cost_to_win),
            _realised_serving(value),
        ],
    )


def _realised_serving(value: Valuation) -> Node:
    whole = value.cost_per_order_kinds + value.cost_over_time_kinds
    kinds: Mapping[str, Decimal] = {
        kind: getattr(value, column)
        for kind, column in KIND_COLUMNS.items()
        if getattr(value, column)
    }
    if sum(kinds.values()) != whole:  # a run from before there were kinds
        kinds = {
            SUM_PER_ORDER: value.cost_per_order_kinds,
            SUM_OVER_TIME: value.cost_over_time_kinds,
        }
    branches = [Node(LABELS[kind], -cost) for kind, cost in kinds.items()]
    return Node("Cost to serve", -whole, "", branches)


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
    years: float
    cost_to_win: float
    drivers: Mapping[str, str]
    rates: Mapping[str, float]

    def margin_in_words(self, value: Valuation) -> str:
        return (
            f"{number(value.expected_orders, 2)} orders, after discounting "
            f"{number(self.orders, 2)} × {cents(self.margin_per_order)} an order"
        )

    def costs(self, value: Valuation) -> list[Node]:
        """Return the expected cost by kind; the largest takes what rounding leaves."""
        costs = {"To win": self.cost_to_win} if self.cost_to_win else {}
        costs |= {
            LABELS[kind]: self._amount(kind)
            for kind in in_order(self.rates)
            if self.rates[kind]
        }
        if not costs:
            return []
        words = {LABELS[kind]: self._in_words(kind) for kind in self.rates}
        amounts = {label: _money(cost) for label, cost in costs.items()}
        largest = max(amounts, key=lambda label: abs(amounts[label]))
        amounts[largest] += value.expected_cost - sum(amounts.values())
        return [
            Node(label, -amount, words.get(label, ""))
            for label, amount in amounts.items()
        ]

    def _amount(self, kind: str) -> float:
        return self.rates[kind] * self._exposure(kind)

    def _exposure(self, kind: str) -> float:
        return self.orders if self.drivers[kind] == CostDriver.ORDER else self.years

    def _in_words(self, kind: str) -> str:
        unit = "orders" if self.drivers[kind] == CostDriver.ORDER else "years"
        exposure = number(self._exposure(kind), 2)
        return f"{exposure} {unit} × {cents(self.rates[kind])}"


def _factors(value: Valuation, run: ValuationRun) -> _Factors | None:
    """Return the factors, None where they do not give what was stored."""
    if not run.parameters:
        return None
    found = _recomputed(value, run, learnt_of(run), chosen_of(run))
    margin = found.orders * found.margin_per_order
    cost = sum(found._amount(kind) for kind in found.rates) + found.cost_to_win
    for ours, stored in (
        (margin, value.expected_margin),
        (cost, value.expected_cost),
    ):
        if abs(ours - float(stored)) > STORED_WITHIN:
            return None
    return found


def _recomputed(
    value: Valuation, run: ValuationRun, learnt: Learnt, chosen: Chosen
) -> _Factors:
    parts = parts_of(value, run, learnt, chosen)
    return _Factors(
        orders=float(parts.orders[0]),
        margin_per_order=float(parts.margin_per_order[0]),
        years=float(parts.years[0]),
        cost_to_win=0.0 if value.order_days else learnt.cost_to_win,
        drivers=parts.serving.drivers,
        rates={k: float(rate[0]) for k, rate in parts.serving.by_kind.items()},
    )


def parts_of(
    value: Valuation, run: ValuationRun, learnt: Learnt, chosen: Chosen
) -> FutureParts:
    """Return what the future of one stored value consists of, vectors of one row."""
    first, last = value.first_on, value.last_on
    return future_parts(
        learnt,
        chosen,
        order_days=np.array([value.order_days]),
        recency_days=np.array([(last - first).days if first and last else 0]),
        age_days=np.array([(run.as_of - first).days if first else 0]),
        mean_margin=np.array([float(value.margin) / max(value.order_days, 1)]),
        costs={
            kind: np.array([float(getattr(value, column) or 0)])
            for kind, column in COST_COLUMNS.items()
        },
        revenue=np.array([float(value.revenue)]),
        group_code=np.array(
            [NO_GROUP if value.group_code is None else value.group_code]
        ),
        as_of_day=run.as_of.toordinal(),
    )


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
