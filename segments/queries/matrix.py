"""Revenue rank against CLV rank as a page shows it: corners, density, names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.models import Valuation
from common.kept import kept
from common.lists.sets import AccountSet, Given
from common.templatetags.display import count, counted, money, share
from crm.models import Account
from segments.models import ValueMatrix
from segments.policy import HIGH_SHARE, MATRIX_BINS
from segments.queries.corners import (
    CORNERS,
    NAMES_OF_COSTS,
    CornerKind,
    biggest_cost,
    found_in,
)
from segments.queries.scope import Scope
from segments.queries.sets import values_of


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

    @property
    def query(self) -> str:
        """Return what narrows the list of accounts to this corner."""
        return self.url.partition("?")[2]


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
    def ties(self) -> str:
        """Return by what everybody counts as high, because so many are equal."""
        seen = {one.kind.key for one in self.corners if one.customers}
        if self.customers == 1:
            return ""
        by_revenue, by_clv = seen <= {"darlings", "stars"}, seen <= {"gems", "stars"}
        if by_revenue and by_clv:
            return "revenue and CLV"
        return "revenue" if by_revenue else "CLV" if by_clv else ""

    @property
    def sentence(self) -> str:
        by_key = {one.kind.key: one for one in self.corners}
        gems, darlings = by_key["gems"], by_key["darlings"]
        if self.customers == 1:
            (alone,) = (one for one in self.corners if one.customers)
            return (
                f"One customer only, with {money(alone.clv)} of CLV on"
                f" {money(alone.revenue)} of revenue: there is nobody to rank it among."
            )
        if self.ties:
            return (
                f"So many customers have the same {self.ties} that it ranks nobody: all"
                f" {count(self.customers)} count as high by it."
            )
        if not gems.customers and not darlings.customers:
            return (
                "No hidden gem and no expensive darling: who brings the most revenue"
                " is worth the most as well."
            )
        said = (
            f"{_hold(gems, 'hidden gem', 'of CLV', 'of revenue')};"
            f" {_hold(darlings, 'expensive darling')}."
        )
        if darlings.cost > 0:
            whose = "Its" if darlings.customers == 1 else "Their"
            said += f" {whose} biggest cost is {darlings.biggest_cost.lower()}."
        return said[0].upper() + said[1:]

    @property
    def rule(self) -> str:
        return (
            f"High is the best {share(HIGH_SHARE)}: revenue to date from"
            f" {money(self.cut_revenue)}, CLV from {money(self.cut_clv)}."
        )


def _hold(corner: Corner, noun: str, of_clv: str = "", of_revenue: str = "") -> str:
    if not corner.customers:
        return f"nobody is {'a' if noun[0] == 'h' else 'an'} {noun}"
    said = (
        f"{counted(corner.customers, noun)}",
        "holds" if corner.customers == 1 else "hold",
        f"{money(corner.clv)} {of_clv}".strip(),
        f"on {money(corner.revenue)} {of_revenue}".strip(),
    )
    return " ".join(said)


def matrix_in(scope: Scope) -> Shown | None:
    """Return the matrix of a scope; the whole firm's is the one that the night left."""
    run = scope.run
    if run is None:
        return None
    if scope.is_whole_firm:
        stored = ValueMatrix.objects.filter(run=run).first()
        if stored is not None:
            return _shown(stored.found, scope)
    found = kept(("matrix", *scope.key), lambda: found_in(run, scope))
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
    biggest, cost = biggest_cost(kept["costs"])
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
