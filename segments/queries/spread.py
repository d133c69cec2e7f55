"""How value is spread over customers: the whale curve and the distribution."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.models import ValuationRun
from segments.models import StoredFigures
from segments.queries.narrowed import Row, name_of, part_of
from segments.queries.picked import Picked, rows_of
from segments.queries.scope import Scope

WHALE, FUTURE = "whale", "future"
MEMBERS = """
    SELECT account_id FROM segments_membership
    WHERE worth_class = %(worth_class)s AND since <= %(as_of)s
        AND (until IS NULL OR until > %(as_of)s)
"""

CURVE_POINTS = 100
# Money at which the bars of the distribution part, in steps of 1, 2 and 5.
EDGES = tuple(Decimal(n) * 10**power for power in range(2, 6) for n in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The best `customers` customers together hold `clv`; each at least `least`.

    Nights before that was kept do not know it.
    """

    customers: int
    clv: Decimal
    least: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Customers whose future value lies from `low` up to `high`; None is open."""

    low: Decimal | None
    high: Decimal | None
    customers: int


def whale_curve(run: ValuationRun) -> list[CurvePoint]:
    """Return cumulative CLV by rank, at most `CURVE_POINTS` points, best first."""
    return _curve(whale_rows(Picked(run)))


def whale_of(scope: Scope) -> list[CurvePoint]:
    """Return the curve of the accounts in scope."""
    stored = _stored(scope, WHALE)
    return _curve(whale_rows(Picked.of(scope)) if stored is None else stored)


def _curve(rows: Iterable[Row]) -> list[CurvePoint]:
    return [
        CurvePoint(int(str(n)), Decimal(str(clv)), *(Decimal(str(one)) for one in more))
        for n, clv, *more in rows
    ]


def whale_rows(picked: Picked) -> list[Row]:
    """Return customers, CLV so far, and the least CLV of one of them, best first.

    Ranked as floats, which sort several times faster; ties are equal in either order.
    """
    rows = rows_of(
        f"""
        SELECT (sum(count(*)) OVER rising)::int, (sum(sum(clv)) OVER rising)::text,
            min(clv)::text
        FROM (
            SELECT v.clv, ntile(%(points)s) OVER (ORDER BY v.clv::float8 DESC) AS bucket
            FROM clv_valuation v
            WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL {picked.only}
        ) ranked
        GROUP BY bucket
        WINDOW rising AS (ORDER BY bucket)
        ORDER BY bucket
        """,
        {**picked.params, "points": CURVE_POINTS},
    )
    return [list(row) for row in rows]


def future_value_bars(run: ValuationRun, worth_class: str = "") -> list[Bar]:
    """Return how many customers fall between `EDGES`, without empty ends.

    With `worth_class`, only the members of that class on the run's day count.
    """
    picked = Picked(run)
    if worth_class:
        picked = Picked(run, MEMBERS, {"worth_class": worth_class})
    return _bars(future_rows(picked))


def bars_of(scope: Scope) -> list[Bar]:
    """Return the bars of the accounts in scope."""
    stored = _stored(scope, FUTURE)
    return _bars(future_rows(Picked.of(scope)) if stored is None else stored)


def _stored(scope: Scope, block: str) -> Sequence[Row] | None:
    """Return what a night kept of the firm or of one part, None where it kept none."""
    part = part_of(scope)
    if part is None:
        return None
    name = name_of(block, *part) if any(part) else block
    found = StoredFigures.objects.filter(run=scope.run, block=name).first()
    return None if found is None else found.rows


def _bars(rows: Iterable[Row]) -> list[Bar]:
    counts = {int(str(bucket)): int(str(count)) for bucket, count in rows}
    return _trimmed((Decimal(0), *EDGES), counts)


def future_rows(picked: Picked) -> list[Row]:
    """Return bucket and customers."""
    rows = rows_of(
        f"""
        SELECT width_bucket(v.future_value, %(edges)s::numeric[]), count(*)::int
        FROM clv_valuation v
        WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL {picked.only}
        GROUP BY 1
        """,
        {**picked.params, "edges": [Decimal(0), *EDGES]},
    )
    return [list(row) for row in rows]


def _trimmed(edges: Sequence[Decimal], counts: dict[int, int]) -> list[Bar]:
    if not counts:
        return []
    bounds = (None, *edges, None)
    return [
        Bar(bounds[bucket], bounds[bucket + 1], counts.get(bucket, 0))
        for bucket in range(min(counts), max(counts) + 1)
    ]
