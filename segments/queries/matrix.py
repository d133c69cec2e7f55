"""Revenue rank against CLV rank: four corners, density, names, biggest costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django import forms
from django.db.models import QuerySet
from numpy.typing import NDArray

from clv.engine.matrix import Matrix, matrix_of
from clv.models import Valuation, ValuationRun
from clv.queries.costs import LABELS as COST_LABELS
from clv.queries.summaries import KIND_COLUMNS
from common.copying import read_columns
from common.lists.sets import AccountSet, Given
from common.templatetags.display import count, money, share
from crm.models import Account
from segments.models import ValueMatrix
from segments.policy import HIGH_SHARE, MATRIX_BINS, MATRIX_POINTS
from segments.queries.scope import Scope
from segments.queries.sets import values_of

NAMED = 12
COST_COLUMNS = {"win": "cost_to_win", **KIND_COLUMNS}
NAMES_OF_COSTS = {"win": "To win", **COST_LABELS}
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


@dataclass(frozen=True, slots=True)
class Mover:
    """One customer whose ranks differ; rank 1 is the highest."""

    account: Account
    revenue_rank: int
    clv_rank: int
    revenue: Decimal
    clv: Decimal
    biggest_cost: str
    cost: Decimal

    @property
    def climb(self) -> int:
        return self.revenue_rank - self.clv_rank


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner with its totals, its biggest cost line and the names at the top."""

    kind: CornerKind
    customers: int
    revenue: Decimal
    clv: Decimal
    biggest_cost: str
    cost: Decimal
    url: str
    movers: Sequence[Mover]


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers between edges; x and y in tenths of a per cent of a square of 1000."""

    x: float
    y: float
    width: float
    height: float
    customers: int
    shade: int
    url: str
    said: str


@dataclass(frozen=True, slots=True)
class Point:
    """One customer in the same square."""

    x: float
    y: float
    corner: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The matrix of the customers in scope."""

    customers: int
    cut_revenue: Decimal
    cut_clv: Decimal
    corners: Sequence[Corner]
    cells: Sequence[Cell]
    points: Sequence[Point]
    cut_x: float
    cut_y: float

    @property
    def is_small(self) -> bool:
        return self.customers < MATRIX_BINS

    @property
    def sentence(self) -> str:
        by_key = {one.kind.key: one for one in self.corners}
        gems, darlings = by_key["gems"], by_key["darlings"]
        said = (
            f"{count(gems.customers)} hidden gem{'' if gems.customers == 1 else 's'} "
            f"hold {money(gems.clv)} of CLV on {money(gems.revenue)} of revenue;"
            f" {count(darlings.customers)} expensive"
            f" darling{'' if darlings.customers == 1 else 's'} hold"
            f" {money(darlings.clv)} on {money(darlings.revenue)}."
        )
        if darlings.cost > 0:
            said += f" Their biggest cost is {darlings.biggest_cost.lower()}."
        return said

    @property
    def rule(self) -> str:
        return (
            f"High is the best {share(HIGH_SHARE)}: revenue to date from"
            f" {money(self.cut_revenue)}, CLV from {money(self.cut_clv)}."
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
        ids = list(scope.accounts().values_list("pk", flat=True))
        among, params = "AND account_id = ANY (%(ids)s)", params | {"ids": ids}
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
                *_biggest({key: int(known[n][row]) for key, n in COST_COLUMNS.items()}),
            ]
            for row in best.tolist()
        ],
    }


def _rank(place: float, size: int) -> int:
    return round((1.0 - place) * (size - 1)) + 1


def _biggest(costs: Mapping[str, int]) -> tuple[str, int]:
    key = max(costs, key=lambda one: costs[one])
    return key, costs[key]


def matrix_in(scope: Scope) -> Shown | None:
    """Return the matrix of a scope; the whole firm's is the one that the night left."""
    run = scope.run
    if run is None:
        return None
    kept = ValueMatrix.objects.filter(run=run).first() if scope.is_whole_firm else None
    found = kept.found if kept is not None else found_in(run, scope)
    return None if found is None else _shown(found, scope)


def members(scope: Scope, key: str) -> QuerySet[Valuation]:
    """Return the values of a corner's customers in scope, the highest CLV first."""
    shown = matrix_in(scope)
    kind = next(one for one in CORNERS if one.key == key)
    if shown is None:
        return Valuation.objects.none()
    rows = scope.values().filter(order_days__gt=0)
    revenue = "gte" if kind.has_revenue else "lt"
    clv = "gte" if kind.has_clv else "lt"
    return rows.filter(
        **{f"revenue__{revenue}": shown.cut_revenue, f"clv__{clv}": shown.cut_clv}
    ).order_by("-clv", "account_id")


def _shown(found: Mapping[str, Any], scope: Scope) -> Shown:
    named = [row[0] for one in found["corners"].values() for row in one["movers"]]
    accounts = Account.objects.visible_to(scope.user).select_related("owner")
    known = accounts.in_bulk(named)
    cuts = [Decimal(str(round(cut, 2))) for cut in found["cuts"]]
    corners = [
        _corner_of(
            kind, found["corners"][kind.key], known, _corner_url(kind, cuts, scope)
        )
        for kind in CORNERS
    ]
    return Shown(
        customers=found["customers"],
        cut_revenue=cuts[0],
        cut_clv=cuts[1],
        corners=corners,
        cells=[] if found["points"] else _cells(found, scope),
        points=[_point(row) for row in found["points"]],
        cut_x=(1 - HIGH_SHARE) * 1000,
        cut_y=HIGH_SHARE * 1000,
    )


def _corner_of(
    kind: CornerKind, kept: Mapping[str, Any], known: Mapping[int, Account], url: str
) -> Corner:
    biggest, cost = _biggest(kept["costs"])
    return Corner(
        kind=kind,
        customers=kept["customers"],
        revenue=_money(kept["revenue"]),
        clv=_money(kept["clv"]),
        biggest_cost=NAMES_OF_COSTS[biggest],
        cost=_money(cost),
        url=url,
        movers=[
            Mover(
                known[pk],
                revenue_rank,
                clv_rank,
                _money(revenue),
                _money(clv),
                NAMES_OF_COSTS[key],
                _money(cost),
            )
            for pk, revenue_rank, clv_rank, revenue, clv, key, cost in kept["movers"]
            if pk in known
        ],
    )


def _corner_url(kind: CornerKind, cuts: Sequence[Decimal], scope: Scope) -> str:
    given = {
        ("revenue_from" if kind.has_revenue else "revenue_below"): cuts[0],
        ("clv_from" if kind.has_clv else "clv_below"): cuts[1],
    }
    return scope.list_url("revenue-and-clv", **given)


def _cells(found: Mapping[str, Any], scope: Scope) -> list[Cell]:
    across, up = found["edges"]
    density = found["density"]
    most = max(max(row) for row in density)
    width, height = 1000 / (len(across) + 1), 1000 / (len(up) + 1)
    return [
        Cell(
            x=column * width,
            y=1000 - (row + 1) * height,
            width=width,
            height=height,
            customers=customers,
            shade=1 + round(4 * customers / most),
            url=scope.list_url(
                "revenue-and-clv",
                **_between("revenue", across, column),
                **_between("clv", up, row),
            ),
            said=f"{_said('Revenue', across, column)}, {_said('CLV', up, row)}",
        )
        for column, counts in enumerate(density)
        for row, customers in enumerate(counts)
        if customers
    ]


def _between(name: str, edges: Sequence[float], place: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if place:
        found[f"{name}_from"] = round(edges[place - 1], 2)
    if place < len(edges):
        found[f"{name}_below"] = round(edges[place], 2)
    return found


def _said(name: str, edges: Sequence[float], place: int) -> str:
    low = money(edges[place - 1]) if place else "the lowest"
    high = money(edges[place]) if place < len(edges) else "the highest"
    return f"{name} {low} to {high}"


def _point(row: Sequence[float]) -> Point:
    across, up, number = row
    key = next(one.key for one in CORNERS if one.number == int(number))
    return Point(round(across * 1000, 1), round(1000 - up * 1000, 1), key)


def _money(cents: int) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def _title(given: Given) -> str:
    said = []
    for name, label in (("revenue", "revenue to date"), ("clv", "CLV")):
        low, high = given.get(f"{name}_from"), given.get(f"{name}_below")
        if low is not None:
            said.append(f"{label} from {money(low)}")
        if high is not None:
            said.append(f"{label} below {money(high)}")
    return f"with {', '.join(said)}" if said else "that ever ordered"


def _accounts(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given).filter(order_days__gt=0)
    for name, field in (("revenue", "revenue"), ("clv", "clv")):
        if given.get(f"{name}_from") is not None:
            rows = rows.filter(**{f"{field}__gte": given[f"{name}_from"]})
        if given.get(f"{name}_below") is not None:
            rows = rows.filter(**{f"{field}__lt": given[f"{name}_below"]})
    return rows.values("account_id")


def _optional() -> forms.Field:
    return forms.DecimalField(required=False)


REVENUE_AND_CLV = AccountSet(
    title=_title,
    accounts=_accounts,
    parameters=dict.fromkeys(
        ("revenue_from", "revenue_below", "clv_from", "clv_below"), _optional
    ),
)
