"""How value is spread within each class, rep, territory and industry, for the night.

All customers are read once, as numbers in whole cents. The rows are those of
`segments.queries.spread`, which reads the customers of one page.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.models import ValuationRun
from common.copying import read_columns
from segments.choices import Dimension, WorthClass
from segments.queries.narrowed import CLASS, Row, name_of
from segments.queries.profit_cells import Coded, numbered, words_of
from segments.queries.spread import CURVE_POINTS, EDGES, FUTURE, WHALE

Integers = NDArray[np.int64]
CUSTOMERS = """
    SELECT coalesce(
            array_position(%(classes)s::text[], m.worth_class::text), 0)::bigint,
        coalesce(a.owner_id, 0), coalesce(a.territory_id, 0),
        coalesce(i.place, 0)::bigint,
        (v.clv * 100)::bigint, (v.future_value * 100)::bigint
    FROM clv_valuation v
    JOIN crm_account a ON a.id = v.account_id AND a.merged_into_id IS NULL
    LEFT JOIN segments_membership m ON m.account_id = v.account_id AND m.until IS NULL
    LEFT JOIN unnest(%(industries)s::text[]) WITH ORDINALITY i (word, place)
        ON i.word = a.industry
    WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL
"""
PLACES = (CLASS, Dimension.OWNER, Dimension.TERRITORY, Dimension.INDUSTRY)
COLUMNS = dict.fromkeys((*PLACES, "clv", "future"), "i8")


def spread_blocks(run: ValuationRun) -> dict[str, list[Row]]:
    """Return curve and distribution of each part of the firm, by name of the block.

    Parts are those of now: only the current run keeps them.
    """
    if not run.is_current:
        return {}
    industries = words_of("industry")
    classes = [key.value for key in WorthClass]
    given = {"run": run.pk, "classes": classes, "industries": industries}
    columns = read_columns(CUSTOMERS, COLUMNS, given)
    best_first = np.argsort(-columns["clv"], kind="stable")
    columns = {name: values[best_first] for name, values in columns.items()}
    coded: Mapping[str, Coded] = {
        CLASS: Coded(["", *classes], columns[CLASS]),
        Dimension.OWNER: numbered(columns[Dimension.OWNER]),
        Dimension.TERRITORY: numbered(columns[Dimension.TERRITORY]),
        Dimension.INDUSTRY: Coded(["", *industries], columns[Dimension.INDUSTRY]),
    }
    found: dict[str, list[Row]] = {}
    for within, parts in coded.items():
        for key, rows in each_part(parts):
            found[name_of(WHALE, within, key)] = _curve(columns["clv"][rows])
            found[name_of(FUTURE, within, key)] = _bars(columns["future"][rows])
    return found


def each_part(parts: Coded) -> Iterator[tuple[str, Integers]]:
    """Yield each part's key and its rows in order; what has no value is no part."""
    order = np.argsort(parts.places, kind="stable")
    ends = np.cumsum(np.bincount(parts.places, minlength=len(parts.keys)))
    for key, rows in zip(parts.keys, np.split(order, ends[:-1]), strict=True):
        if key and rows.size:
            yield key, rows


def _curve(cents: Integers) -> list[Row]:
    """Return customers, CLV so far, and the least CLV, in buckets as ntile() has them.

    `cents` is sorted, the best first.
    """
    buckets = min(CURVE_POINTS, cents.size)
    size, more = divmod(cents.size, buckets)
    sizes = np.full(buckets, size)
    sizes[:more] += 1
    ends = np.cumsum(sizes)
    so_far = np.cumsum(cents)[ends - 1]
    least = cents[ends - 1]
    return [
        [end, _money(total), _money(one)]
        for end, total, one in zip(
            ends.tolist(), so_far.tolist(), least.tolist(), strict=True
        )
    ]


def _bars(cents: Integers) -> list[Row]:
    """Return bucket and customers, buckets as width_bucket() numbers them."""
    edges = np.asarray([0, *(int(edge * 100) for edge in EDGES)])
    counts = np.bincount(np.searchsorted(edges, cents, side="right"))
    return [[n, int(counts[n])] for n in np.flatnonzero(counts).tolist()]


def _money(cents: Any) -> str:
    return str(Decimal(cents).scaleb(-2))
