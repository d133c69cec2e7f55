"""The four corners of the value matrix: who stands in each, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.engine.matrix import Matrix, matrix_of
from clv.models import ValuationRun
from clv.queries.costs import LABELS as COST_LABELS
from clv.queries.summaries import KIND_COLUMNS
from common.copying import read_columns
from segments.policy import HIGH_SHARE, MATRIX_BINS, MATRIX_POINTS
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

NAMED = 12
COST_COLUMNS = {"win": "cost_to_win", **KIND_COLUMNS}
NAMES_OF_COSTS = {"win": "Winning them", **COST_LABELS}
_MONEY = ("revenue", "clv", *COST_COLUMNS.values())
COLUMNS = {"account_id": "i8", **dict.fromkeys(_MONEY, "i8")}
SELECT = ", ".join(
    ["account_id", *(f"(coalesce({name}, 0) * 100)::bigint" for name in _MONEY)]
)
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CornerKind:
    """One corner: what it is called and what stands in it. `number` is the engine's."""

    key: str
    number: int
    title: str
    what: str
    to_do: str
    has_revenue: bool
    has_clv: bool


CORNERS = (
    CornerKind(
        "gems",
        2,
        "Hidden gems",
        "revenue not among the highest, CLV among the highest",
        "Keep them: give them a plan, and find others like them.",
        has_revenue=False,
        has_clv=True,
    ),
    CornerKind(
        "stars",
        3,
        "Stars",
        "both among the highest",
        "Keep them: they carry the firm.",
        has_revenue=True,
        has_clv=True,
    ),
    CornerKind(
        "darlings",
        1,
        "Expensive darlings",
        "revenue among the highest, CLV not",
        "Look at the biggest cost line, and at the margin.",
        has_revenue=True,
        has_clv=False,
    ),
    CornerKind(
        "small",
        0,
        "Small",
        "neither among the highest",
        "Serve them at little cost.",
        has_revenue=False,
        has_clv=False,
    ),
)


def found_in(run: ValuationRun, scope: Scope | None = None) -> dict[str, Any] | None:
    """Return the matrix of a run's customers as JSON; None without any.

    With a narrowed scope, of the accounts in it.
    """
    known = _stored(run, scope)
    if not known["account_id"].size:
        return None
    revenue, clv = known["revenue"] / 100.0, known["clv"] / 100.0
    matrix = matrix_of(revenue, clv, best_share=HIGH_SHARE, bins=MATRIX_BINS)
    size = known["account_id"].size
    points = []
    if size <= MATRIX_POINTS:
        points = np.stack(
            [matrix.place_first.round(4), matrix.place_second.round(4), matrix.corner],
            axis=1,
        ).tolist()
    return {
        "customers": size,
        "cuts": [matrix.cut_first, matrix.cut_second],
        "edges": [matrix.edges_first.tolist(), matrix.edges_second.tolist()],
        "density": matrix.density.tolist(),
        "points": points,
        "corners": {one.key: _corner(one, known, matrix) for one in CORNERS},
    }


def _stored(run: ValuationRun, scope: Scope | None) -> dict[str, Integers]:
    among, params = "", dict[str, Any](run=run.pk)
    if scope is not None and not scope.is_whole_firm:
        among, given = accounts_in(scope, "account_id")
        params |= given
    query = f"""
        SELECT {SELECT} FROM clv_valuation
        WHERE run_id = %(run)s AND order_days > 0 {among} ORDER BY account_id
    """
    return read_columns(query, COLUMNS, params)


def _corner(
    kind: CornerKind, known: Mapping[str, Integers], matrix: Matrix
) -> dict[str, Any]:
    rows = np.flatnonzero(matrix.corner == kind.number)
    climb = matrix.climb[rows]
    # Gems stand higher by CLV, darlings lower; of the others, those worth most.
    by = {"gems": -climb, "darlings": climb}.get(kind.key, -known["clv"][rows])
    best = rows[np.argsort(by, kind="stable")[:NAMED]]
    size = matrix.corner.size
    costs = {key: int(known[name][rows].sum()) for key, name in COST_COLUMNS.items()}
    return {
        "customers": int(rows.size),
        "revenue": int(known["revenue"][rows].sum()),
        "clv": int(known["clv"][rows].sum()),
        "costs": costs,
        "movers": [
            [
                int(known["account_id"][row]),
                _rank(matrix.place_first[row], size),
                _rank(matrix.place_second[row], size),
                int(known["revenue"][row]),
                int(known["clv"][row]),
                *biggest_cost(
                    {key: int(known[n][row]) for key, n in COST_COLUMNS.items()}
                ),
            ]
            for row in best.tolist()
        ],
    }


def _rank(place: float, size: int) -> int:
    return round((1.0 - place) * (size - 1)) + 1


def biggest_cost(costs: Mapping[str, int]) -> tuple[str, int]:
    key = max(costs, key=lambda one: costs[one])
    return key, costs[key]
