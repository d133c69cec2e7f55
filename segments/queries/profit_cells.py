"""A year of trade and costs, summed by every dimension of profit at once.

The rows are read once, as numbers, and summed here in whole cents: for the whole firm,
and within each class, rep, territory and industry. The figures are those of
`segments.queries.profit_facts`, which sums one page's rows in the database.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from common.clock import months_later
from common.copying import read_columns
from crm.choices import CostKind
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import Dimension, ProfitBy, WorthClass
from segments.queries.narrowed import CLASS
from segments.queries.profit_facts import Cell, Facts, Params, Table

Integers = NDArray[np.int64]
WHOLE = ""
WITHIN = (CLASS, Dimension.OWNER, Dimension.TERRITORY, Dimension.INDUSTRY)
BLOCK_ACCOUNTS = 200_000  # read at once, with all their rows
MOST_GROUPS = 1_000_000  # of more nothing is kept: the page sums its own rows
WORDS = ("source", "relationship_type", "industry")
KINDS = ("", *(kind.value for kind in CostKind))
COLUMN_OF: Mapping[str, str] = {
    CLASS: "class",
    Dimension.OWNER: "owner",
    Dimension.TERRITORY: "territory",
    Dimension.INDUSTRY: "industry",
    ProfitBy.REP: "owner",
    ProfitBy.SOURCE: "source",
    ProfitBy.RELATIONSHIP: "relationship_type",
}
ACCOUNTS = f"""{WITH_SURVIVORS}
    SELECT f.id, a.id, coalesce(array_position(%(class)s::text[], m.worth_class::text),
            0)::bigint, coalesce(a.owner_id, 0), coalesce(a.territory_id, 0),
        coalesce(source.place, 0)::bigint, coalesce(relationship_type.place, 0)::bigint,
        coalesce(industry.place, 0)::bigint
    FROM crm_account f
    LEFT JOIN survivor s ON s.member_id = f.id
    JOIN crm_account a ON a.id = coalesce(s.account_id, f.id)
    LEFT JOIN segments_membership m ON m.account_id = a.id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
    {
    " ".join(
        f"LEFT JOIN unnest(%({one})s::text[]) WITH ORDINALITY {one} (word, place)"
        f" ON {one}.word = a.{one}"
        for one in WORDS
    )
}
    ORDER BY f.id
"""
LINES = """
    SELECT account_id, coalesce(product_id, 0), ordered_on - %(since)s::date,
        (revenue * 100)::bigint, coalesce((cost * 100)::bigint, 0),
        (cost IS NULL)::int
    FROM crm_orderline
    WHERE status = 'confirmed' AND ordered_on BETWEEN %(since)s AND %(until)s
        AND account_id BETWEEN %(first)s AND %(last)s
"""
RETURNS = """
    SELECT l.account_id, coalesce(l.product_id, 0),
        greatest(r.returned_on, l.ordered_on) - %(since)s::date,
        (r.refund * 100)::bigint, CASE WHEN l.cost IS NULL THEN 0
            ELSE (r.cost_recovered * 100)::bigint END, (l.cost IS NULL)::int
    FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
    WHERE l.status = 'confirmed' AND l.account_id BETWEEN %(first)s AND %(last)s
        AND greatest(r.returned_on, l.ordered_on) BETWEEN %(since)s AND %(until)s
"""
COSTS = """
    SELECT account_id, incurred_on - %(since)s::date,
        coalesce(array_position(%(kinds)s::text[], kind::text), 1),
        (amount * 100)::bigint
    FROM crm_ledgerentry
    WHERE incurred_on BETWEEN %(since)s AND %(until)s
        AND account_id BETWEEN %(first)s AND %(last)s
"""
PLACES = dict.fromkeys(("id", "survivor", "class", "owner", "territory", *WORDS), "i8")
TRADED = {
    **dict.fromkeys(("account", "product"), "i8"),
    "day": "i4",
    **dict.fromkeys(("money", "goods"), "i8"),
    "is_unknown": "i4",
}
SPENT = {"account": "i8", "day": "i4", "kind": "i4", "amount": "i8"}


@dataclass(frozen=True, slots=True)
class Coded:
    """What accounts are like as numbers: the keys, and for each account its place."""

    keys: Sequence[str]
    places: Integers


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some accounts, by the account's place, with the month and the product."""

    account: Integers
    month: Integers
    product: Integers
    columns: Mapping[str, Integers]


class Cells:
    """The sums of one breakdown within one way of parting the firm."""

    def __init__(self, within: Coded, by: Coded | Sequence[str], months: int) -> None:
        self.within = within
        self.by = by
        self.keys = by.keys if isinstance(by, Coded) else by
        self.shape = (len(within.keys), len(self.keys), months)
        self.trade: dict[str, NDArray[np.float64]] = {}
        self.costs: dict[str, NDArray[np.float64]] = {}

    def add_trade(self, rows: Rows) -> None:
        """Add lines or returns; a cell is there where there was a row."""
        groups = self._groups(rows, rows.product)
        _add(self.trade, groups, rows.columns, self.size)

    def add_costs(self, rows: Rows) -> None:
        """Add costs, of which no product is known."""
        groups = self._groups(rows, np.zeros_like(rows.product))
        kinds = len(KINDS)
        columns = {"amount": rows.columns["amount"]}
        groups = groups * kinds + rows.columns["kind"]
        _add(self.costs, groups, columns, self.size * kinds)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def tables(self, months: Sequence[dt.date], accounts: Integers) -> dict[str, Table]:
        """Return the table of each part; `accounts` bought, by part and key."""
        cells: dict[str, dict[Cell, Facts]] = defaultdict(dict)
        for part, cell, sums in self._found(self.trade, self.shape, months):
            facts = cells[part].setdefault(cell, Facts())
            for name, cents in sums.items():
                setattr(facts, name, _money(cents))
        shape = (*self.shape, len(KINDS))
        for part, cell, sums, kind in self._costs_found(shape, months):
            facts = cells[part].setdefault(cell, Facts())
            facts.costs[kind] = _money(sums["amount"])
        counted = accounts.reshape(self.shape[:2])
        bought = {
            part: {self.keys[n]: int(row[n]) for n in np.flatnonzero(row).tolist()}
            for part, row in zip(self.within.keys, counted, strict=True)
        }
        return {part: Table(found, bought[part], {}) for part, found in cells.items()}

    def _groups(self, rows: Rows, product: Integers) -> Integers:
        by = self.by.places[rows.account] if isinstance(self.by, Coded) else product
        within = self.within.places[rows.account]
        found: Integers = (within * self.shape[1] + by) * self.shape[2] + rows.month
        return found

    def _found(
        self,
        sums: Mapping[str, NDArray[np.float64]],
        shape: tuple[int, ...],
        months: Sequence[dt.date],
    ) -> Iterator[tuple[str, Cell, dict[str, int]]]:
        if not sums:
            return
        for place in np.flatnonzero(sums["rows"]).tolist():
            part, key, month = (int(one) for one in np.unravel_index(place, shape))
            found = {name: int(sums[name][place]) for name in sums if name != "rows"}
            yield self.within.keys[part], (self.keys[key], months[month]), found

    def _costs_found(
        self, shape: tuple[int, ...], months: Sequence[dt.date]
    ) -> Iterator[tuple[str, Cell, dict[str, int], str]]:
        if not self.costs:
            return
        for place in np.flatnonzero(self.costs["rows"]).tolist():
            part, key, month, kind = (
                int(one) for one in np.unravel_index(place, shape)
            )
            found = {"amount": int(self.costs["amount"][place])}
            cell = (self.keys[key], months[month])
            yield self.within.keys[part], cell, found, KINDS[kind]


def tables_of(
    days: Params, *, is_split: bool
) -> Iterator[tuple[ProfitBy, str, dict[str, Table]]]:
    """Yield each breakdown of the firm, and of its parts where `is_split`.

    A pair of breakdown and dimension with the table of each of its values; "" is the
    whole firm's dimension, and its only value.
    """
    firm = _Firm.read(days)
    summed = {
        (by, within): Cells(firm.part(within), firm.broken_by(by), len(firm.months))
        for by in ProfitBy
        for within in ((WHOLE, *WITHIN) if is_split else (WHOLE,))
    }
    small = {key: one for key, one in summed.items() if one.size <= MOST_GROUPS}
    bought = np.zeros(firm.ids.size, dtype=np.bool_)
    pairs: list[Integers] = []
    for first, last in firm.blocks():
        given = days | {"first": first, "last": last, "kinds": list(KINDS)}
        trade = [firm.lines(given), firm.returns(given)]
        costs = firm.costs(given)
        for cells in small.values():
            for rows in trade:
                cells.add_trade(rows)
            cells.add_costs(costs)
        for rows in trade:
            account = firm.survivor[rows.account]
            bought[account] = True
            pairs.append(np.unique(account * len(firm.products) + rows.product))
    none = np.zeros(0, dtype=np.int64)
    buyers, owned = np.flatnonzero(bought), np.unique(np.concatenate([none, *pairs]))
    for (by, within), cells in small.items():
        counted = firm.buyers_by(cells, buyers, owned)
        yield by, within, cells.tables(firm.months, counted)


@dataclass(frozen=True)
class _Firm:
    """All accounts by what they are like, the products, and the months of the days."""

    ids: Integers
    survivor: Integers  # the place of the account for which an account's rows count
    coded: Mapping[str, Coded]
    products: Sequence[str]
    product_ids: Integers
    months: Sequence[dt.date]
    month_of: Integers  # by the number of the day

    @classmethod
    def read(cls, days: Params) -> "_Firm":
        words = {one: words_of(one) for one in WORDS}
        keys = {"class": [key.value for key in WorthClass], **words}
        given = {**keys, "day": days["day"]}
        columns = read_columns(ACCOUNTS, PLACES, given)
        coded = {
            name: Coded(["", *known], columns[name].astype(np.int64))
            for name, known in keys.items()
        }
        for name in ("owner", "territory"):
            coded[name] = numbered(columns[name])
        ids = columns["id"].astype(np.int64)
        coded[WHOLE] = Coded([""], np.zeros(ids.size, dtype=np.int64))
        product_ids = _products()
        months, month_of = _months(days["since"], days["until"])
        return cls(
            ids=ids,
            survivor=np.searchsorted(ids, columns["survivor"]).astype(np.int64),
            coded=coded,
            products=["", *map(str, product_ids[1:].tolist())],
            product_ids=product_ids,
            months=months,
            month_of=month_of,
        )

    def part(self, within: str) -> Coded:
        return self.coded[COLUMN_OF.get(within, within)]

    def broken_by(self, by: ProfitBy) -> Coded | Sequence[str]:
        """Return the accounts by a dimension; of products only the keys."""
        if by == ProfitBy.PRODUCT:
            return self.products
        return self.coded[COLUMN_OF.get(by, by.value)]

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Yield the first and last number of some accounts after the other."""
        starts = [*range(0, self.ids.size, BLOCK_ACCOUNTS), self.ids.size]
        for start, end in pairwise(starts):
            yield int(self.ids[start]), int(self.ids[end - 1])

    def lines(self, given: Params) -> Rows:
        found = read_columns(LINES, TRADED, given)
        revenue, is_unknown = found["money"], found["is_unknown"]
        return self._rows(
            found,
            {
                "revenue": revenue,
                "goods": found["goods"],
                "unknown": revenue * is_unknown,
            },
        )

    def returns(self, given: Params) -> Rows:
        found = read_columns(RETURNS, TRADED, given)
        refunds = found["money"]
        return self._rows(
            found,
            {
                "refunds": refunds,
                "recovered": found["goods"],
                "unknown": -refunds * found["is_unknown"],
            },
        )

    def costs(self, given: Params) -> Rows:
        found = read_columns(COSTS, SPENT, given)
        found["product"] = np.zeros(found["account"].size, dtype=np.int64)
        kind = found["kind"].astype(np.int64) - 1
        return self._rows(found, {"kind": kind, "amount": found["amount"]})

    def buyers_by(self, cells: Cells, buyers: Integers, owned: Integers) -> Integers:
        """Return how many accounts bought, by part and key."""
        parts, keys = cells.shape[:2]
        if isinstance(cells.by, Coded):
            account, key = buyers, cells.by.places[buyers]
        else:
            account, key = np.divmod(owned, len(self.products))
        groups = cells.within.places[account] * keys + key
        return np.bincount(groups, minlength=parts * keys)

    def _rows(
        self, found: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any]]
    ) -> Rows:
        return Rows(
            account=np.searchsorted(self.ids, found["account"]),
            month=self.month_of[found["day"]],
            product=np.searchsorted(self.product_ids, found["product"]),
            columns=columns,
        )


def _add(
    sums: dict[str, NDArray[np.float64]],
    groups: Integers,
    columns: Mapping[str, Integers],
    size: int,
) -> None:
    """Add rows to their groups: whole cents, which are exact here."""
    parts: dict[str, Integers | None] = {"rows": None, **columns}
    for name, values in parts.items():
        counted = np.bincount(groups, weights=values, minlength=size)
        kept = sums.get(name)
        sums[name] = counted.astype(np.float64) if kept is None else kept + counted


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def numbered(numbers: NDArray[Any]) -> Coded:
    """Return numbers as keys; 0 is none and comes first."""
    known = np.union1d(numbers, [0])
    keys = ["", *map(str, known[1:].tolist())]
    return Coded(keys, np.searchsorted(known, numbers).astype(np.int64))


def words_of(column: str) -> list[str]:
    """Return the words that accounts have in a column, none of them empty."""
    sql = f"SELECT DISTINCT {column} FROM crm_account WHERE {column} <> '' ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [word for (word,) in cursor.fetchall()]


def _products() -> Integers:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM crm_product ORDER BY 1")
        return np.asarray([0, *(pk for (pk,) in cursor.fetchall())], dtype=np.int64)


def _months(since: dt.date, until: dt.date) -> tuple[list[dt.date], Integers]:
    """Return the months from one day to another, and the place of each day's."""
    first = since.replace(day=1)
    months = [first]
    while (following := months_later(months[-1], 1)) <= until:
        months.append(following)
    starts = np.asarray([(one - since).days for one in months])
    numbers = np.arange((until - since).days + 1)
    return months, np.searchsorted(starts, numbers, side="right") - 1
