"""Where effort goes within each class, rep, territory and industry, for the night.

All customers are read once, with their hours, money and justified care, and summed here
for each part of the firm. The rows are those of `campaigns.queries.effort`, which reads
the accounts of one page.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.queries import effort
from campaigns.queries.wallet import Responses
from clv.models import ValuationRun
from common.copying import read_columns
from common.kept import marks_of
from segments.choices import Dimension, WorthClass
from segments.queries.narrowed import CLASS, name_of
from segments.queries.profit_cells import Coded, numbered, words_of
from segments.queries.scope import usual_period
from segments.queries.spread_within import each_part

Columns = Mapping[str, NDArray[Any]]
Row = list[Any]
FROM_ACCOUNTS = """
    FROM clv_valuation v
    JOIN crm_account a ON a.id = v.account_id AND a.merged_into_id IS NULL {joins}
    LEFT JOIN segments_membership m ON m.account_id = v.account_id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
    LEFT JOIN unnest(%(industries)s::text[]) WITH ORDINALITY i (word, place)
        ON i.word = a.industry
    LEFT JOIN touched t ON t.account_id = v.account_id
"""
PLACES = """
    coalesce(array_position(%(classes)s::text[], m.worth_class::text), 0)::bigint,
    coalesce(a.owner_id, 0), coalesce(a.territory_id, 0), coalesce(i.place, 0)::bigint,
    coalesce(t.hours, 0)
"""
CUSTOMERS = """
    {spent}
    SELECT v.account_id, {places}, coalesce(p.money, 0), {justified}::float8
    {accounts}
    LEFT JOIN paid p ON p.account_id = v.account_id
    WHERE v.run_id = %(run)s AND v.order_days > 0 ORDER BY v.account_id
"""
PROSPECTS = """
    {spent}
    SELECT v.account_id, {places}, l.rank::float8
    {accounts}
    JOIN clv_likegroup l ON l.run_id = v.run_id AND l.trait_code = v.trait_code
    WHERE v.run_id = %(run)s AND v.order_days = 0
"""
WITHIN = (CLASS, Dimension.OWNER, Dimension.TERRITORY, Dimension.INDUSTRY)
PLACED = {**dict.fromkeys(("account", *WITHIN), "i8"), "hours": "f8"}
OF_CUSTOMERS = PLACED | {"money": "f8", "justified": "f8"}
OF_PROSPECTS = PLACED | {"rank": "f8"}


def effort_rows_within(run: ValuationRun) -> dict[str, list[Row]]:
    """Return the rows of each part of the firm, by name of the block.

    Parts are those of now: other runs keep none.
    """
    if not run.is_current:
        return {}
    marks = marks_of(*effort.READ)
    industries = words_of("industry")
    customers, prospects = _read(run, industries)
    found: dict[str, list[Row]] = {}
    for within in WITHIN:
        ours = _coded(within, customers, industries)
        theirs = _coded(within, prospects, industries)
        groups = dict(_prospects(theirs, prospects, ["", *industries]))
        for key, rows, gaps in _customers(ours, customers):
            name = name_of(effort.PARTS, within, key)
            found[name] = [marks, rows, gaps, groups.get(key, [])]
    return found


def _read(run: ValuationRun, industries: list[str]) -> tuple[Columns, Columns]:
    """Return customers and prospects, each with what they are like as numbers."""
    responses = Responses(run.assumptions)
    params = effort.window(run, usual_period(run.as_of)) | {
        "classes": [key.value for key in WorthClass],
        "industries": industries,
    }
    customers = CUSTOMERS.format(
        spent=effort.SPENT,
        places=PLACES,
        justified=responses.justified_column(),
        accounts=FROM_ACCOUNTS.format(joins=responses.joins()),
    )
    prospects = PROSPECTS.format(
        spent=effort.SPENT, places=PLACES, accounts=FROM_ACCOUNTS.format(joins="")
    )
    return (
        read_columns(customers, OF_CUSTOMERS, params),
        read_columns(prospects, OF_PROSPECTS, params),
    )


def _coded(within: str, columns: Columns, industries: list[str]) -> Coded:
    places = columns[within].astype(np.int64)
    if within == CLASS:
        return Coded(["", *(key.value for key in WorthClass)], places)
    if within == Dimension.INDUSTRY:
        return Coded(["", *industries], places)
    return numbered(places)


def _customers(
    parts: Coded, columns: Columns
) -> Iterator[tuple[str, list[Row], list[Row]]]:
    """Yield each part's key, its totals by class and owner, and its largest gaps."""
    for key, rows in each_part(parts):
        ours = {name: values[rows] for name, values in columns.items()}
        totals = _totals("class", _coded(CLASS, ours, []), ours)
        totals += _totals("owner", numbered(ours[Dimension.OWNER]), ours)
        whole = Coded([""], np.zeros(rows.size, dtype=np.int64))
        totals += _totals("all", whole, ours)
        yield key, totals, _gaps(ours)


def _totals(kind: str, groups: Coded, columns: Columns) -> list[Row]:
    size = len(groups.keys)
    counts = np.bincount(groups.places, minlength=size)
    sums = [
        np.bincount(groups.places, weights=columns[name], minlength=size)
        for name in ("hours", "money", "justified")
    ]
    return [
        [kind, groups.keys[n], int(counts[n]), *(float(one[n]) for one in sums)]
        for n in np.flatnonzero(counts).tolist()
    ]


def _gaps(columns: Columns) -> list[Row]:
    """Return those with the most hours too few, then those with the most too many."""
    hours, justified = columns["hours"], columns["justified"]
    whole = justified.sum()
    if not whole:
        return []
    recommended = hours.sum() * justified / whole
    gap = recommended - hours
    named = effort.GAPS_NAMED
    most = np.lexsort((columns["account"], -gap))[:named]
    least = np.lexsort((columns["account"], gap))[:named]
    return [
        [
            int(columns["account"][n]),
            *map(float, (hours[n], recommended[n])),
            float(justified[n]),
        ]
        for n in (*most.tolist(), *least.tolist())
    ]


def _prospects(
    parts: Coded, columns: Columns, industries: list[str]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield each part's key and its largest groups of prospects, by industry."""
    for key, rows in each_part(parts):
        places = columns[Dimension.INDUSTRY][rows]
        size = len(industries)
        counts = np.bincount(places, minlength=size)
        gain, hours = (
            np.bincount(places, weights=columns[name][rows], minlength=size)
            for name in ("rank", "hours")
        )
        largest = np.argsort(-counts, kind="stable")[: effort.GROUPS_NAMED]
        yield (
            key,
            [
                [industries[n], int(counts[n]), float(gain[n]), float(hours[n])]
                for n in largest.tolist()
                if counts[n]
            ],
        )
