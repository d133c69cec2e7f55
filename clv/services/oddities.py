"""Amounts that lie absurdly far out, named with the run so that somebody looks."""

from typing import Any

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.outliers import far_out
from clv.policy import COST_DRIVERS
from clv.queries.inputs import COST_COLUMNS, Inputs
from clv.queries.oddities import COST_TO_WIN, MARGIN

MOST_NAMED = 20


def odd_amounts(inputs: Inputs) -> dict[str, Any]:
    """Return what a run keeps: how many amounts are absurd, and the furthest of them.

    Judged are the sums of each account: every kind of cost to serve, the cost to win
    and the margin. A cost within the account's own revenue is never absurd.
    """
    revenue = inputs.revenue / 100.0
    served = (inputs.cost_per_order_kinds + inputs.cost_over_time_kinds) / 100.0
    columns = {kind: COST_COLUMNS[kind] for kind in COST_DRIVERS}
    columns[COST_TO_WIN] = "cost_to_win"
    found = []
    for kind, column in columns.items():
        amount = getattr(inputs, column) / 100.0
        found += _named(inputs, kind, amount, (served, revenue), within=revenue)
    found += _named(inputs, MARGIN, inputs.margin / 100.0, (revenue,), within=0.0)
    found.sort(key=lambda one: (-one["times"], one["account"], one["kind"]))
    return {"count": len(found), "furthest": found[:MOST_NAMED]}


def _named(
    inputs: Inputs,
    kind: str,
    amount: FloatVector,
    instead: tuple[FloatVector, ...],
    *,
    within: FloatVector | float,
) -> list[dict[str, Any]]:
    judged = far_out(amount, instead=instead, within=within)
    rows = np.flatnonzero(judged.is_absurd)
    times = judged.times_typical(amount[rows])
    return [
        {
            "account": int(inputs.account_id[row]),
            "kind": kind,
            "amount": f"{amount[row]:.2f}",
            "times": round(float(many)),
        }
        for row, many in zip(rows, times, strict=True)
    ]
