"""Amounts that lie far out, named with the run so that somebody looks.

Absurd ones teach nothing of others; of the rest others learn up to a limit only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from clv.engine.arrays import BoolVector, FloatVector
from clv.engine.outliers import counted_up_to, far_out
from clv.policy import COST_DRIVERS
from clv.queries.inputs import COST_COLUMNS, Inputs
from clv.queries.oddities import COST_TO_WIN, MARGIN
from clv.services.learnt import Models

MOST_NAMED = 20

Named = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Judged:
    """One kind of amount of all accounts: which are absurd, how far others count."""

    kind: str
    amount: FloatVector
    is_absurd: BoolVector
    times: FloatVector
    limit: float

    def absurd(self, inputs: Inputs) -> Named:
        return self._named(inputs, self.is_absurd)

    def drawn_in(self, inputs: Inputs) -> Named:
        is_beyond = ~self.is_absurd & (np.abs(self.amount) > self.limit)
        counted = {"counted": f"{self.limit:.2f}"}
        return [one | counted for one in self._named(inputs, is_beyond)]

    def _named(self, inputs: Inputs, which: BoolVector) -> Named:
        return [
            {
                "account": int(inputs.account_id[row]),
                "kind": self.kind,
                "amount": f"{self.amount[row]:.2f}",
                "times": round(float(self.times[row])),
            }
            for row in np.flatnonzero(which)
        ]


def odd_amounts(inputs: Inputs, models: Models) -> dict[str, Any]:
    """Return what a run keeps: how many amounts lie far out, and the furthest of them.

    Judged are the sums of each account: every kind of cost to serve and the cost to
    win, and the margin, of which `models` left out what is absurd. A cost within the
    account's own revenue is never absurd. `drawn_in` are those that count up to a limit
    for others, margins by the mean of an order.
    """
    judged = [*_costs(inputs), _margin(inputs, models)]
    found = _furthest([n for one in judged for n in one.absurd(inputs)])
    means = _mean_margin(inputs, judged[-1])
    beyond = [n for one in (*judged[:-1], means) for n in one.drawn_in(inputs)]
    return found | {"drawn_in": _furthest(beyond)}


def _furthest(found: Named) -> dict[str, Any]:
    found.sort(key=lambda one: (-one["times"], one["account"], one["kind"]))
    return {"count": len(found), "furthest": found[:MOST_NAMED]}


def _costs(inputs: Inputs) -> list[_Judged]:
    revenue = inputs.revenue / 100.0
    served = (inputs.cost_per_order_kinds + inputs.cost_over_time_kinds) / 100.0
    columns = {kind: COST_COLUMNS[kind] for kind in COST_DRIVERS}
    columns[COST_TO_WIN] = "cost_to_win"
    has_bought = inputs.order_days > 0
    found = []
    for kind, column in columns.items():
        amount = getattr(inputs, column) / 100.0
        judged = far_out(amount, instead=(served, revenue), within=revenue)
        teaching = amount[has_bought & ~judged.is_absurd]
        limit = counted_up_to(teaching)
        times = judged.times_typical(amount)
        found.append(_Judged(kind, amount, judged.is_absurd, times, limit))
    return found


def _margin(inputs: Inputs, models: Models) -> _Judged:
    amount = inputs.margin / 100.0
    left_out = [one["account_id"] for one in models.left_out]
    is_absurd = np.isin(inputs.account_id, left_out)
    return _Judged(MARGIN, amount, is_absurd, _times(amount), np.inf)


def _mean_margin(inputs: Inputs, margin: _Judged) -> _Judged:
    """Return the margins by the mean of an order, from which the others' follow."""
    mean = margin.amount / np.maximum(inputs.order_days, 1)
    teaching = (inputs.order_days > 0) & ~margin.is_absurd
    teaching &= ~np.isin(inputs.account_id, inputs.contracts.account_id)
    mean = np.where(teaching, mean, 0.0)
    limit = counted_up_to(mean[teaching])
    return _Judged(MARGIN, mean, margin.is_absurd, _times(mean), limit)


def _times(amount: FloatVector) -> FloatVector:
    """Return how many times the median of those that are not zero each amount is."""
    size = np.abs(amount)
    some = size > 0.0
    result: FloatVector = size / np.median(size[some]) if some.any() else size
    return result
