"""How value is spread over customers: the whale curve and the distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from clv.models import ValuationRun

CURVE_POINTS = 100
# Money at which the bars of the distribution part, in steps of 1, 2 and 5.
EDGES = tuple(Decimal(n) * 10**power for power in range(2, 6) for n in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The best `customers` customers together hold `clv`."""

    customers: int
    clv: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """Customers whose future value lies from `low` up to `high`; None is open."""

    low: Decimal | None
    high: Decimal | None
    customers: int


def whale_curve(run: ValuationRun) -> list[CurvePoint]:
    """Return cumulative CLV by rank, at most `CURVE_POINTS` points, best first.

    Ranked as floats, which sort several times faster; ties are equal in either order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT sum(count(*)) OVER rising, sum(sum(clv)) OVER rising
            FROM (
                SELECT clv, ntile(%s) OVER (ORDER BY clv::float8 DESC) AS bucket
                FROM clv_valuation WHERE run_id = %s AND first_on IS NOT NULL
            ) ranked
            GROUP BY bucket
            WINDOW rising AS (ORDER BY bucket)
            ORDER BY bucket
            """,
            [CURVE_POINTS, run.pk],
        )
        return [CurvePoint(int(count), clv) for count, clv in cursor.fetchall()]


def future_value_bars(run: ValuationRun, worth_class: str = "") -> list[Bar]:
    """Return how many customers fall between `EDGES`, without empty ends.

    With `worth_class`, only the members of that class on the run's day count.
    """
    edges = (Decimal(0), *EDGES)
    members = (
        """
        AND account_id IN (
            SELECT account_id FROM segments_membership
            WHERE worth_class = %(worth_class)s AND since <= %(as_of)s
                AND (until IS NULL OR until > %(as_of)s)
        )
        """
        if worth_class
        else ""
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT width_bucket(future_value, %(edges)s::numeric[]), count(*)
            FROM clv_valuation
            WHERE run_id = %(run)s AND first_on IS NOT NULL {members}
            GROUP BY 1
            """,
            {
                "edges": list(edges),
                "run": run.pk,
                "worth_class": worth_class,
                "as_of": run.as_of,
            },
        )
        counts = dict(cursor.fetchall())
    return _trimmed(edges, counts)


def _trimmed(edges: Sequence[Decimal], counts: dict[int, int]) -> list[Bar]:
    if not counts:
        return []
    bounds = (None, *edges, None)
    return [
        Bar(bounds[bucket], bounds[bucket + 1], counts.get(bucket, 0))
        for bucket in range(min(counts), max(counts) + 1)
    ]
