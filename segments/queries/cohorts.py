"""Customers by the quarter in which they were won: who still buys, what they bring.

A quarter is a number, year × 4 + 0 to 3, so that ages are differences. The quarter that
is running on the run's day is not over: its cells are marked and left out of curves.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Sum

from clv.models import ValuationRun
from crm.choices import RelationshipType
from segments.models import CohortCell, StoredFigures
from segments.queries.narrowed import (
    NAMED,
    PICKED,
    Row,
    by_name,
    grouping_sets,
    stored_name,
)
from segments.queries.picked import ZERO, Picked, are_merged, members_of, rows_of
from segments.queries.scope import Scope

COHORTS = "cohorts"
OLDEST_SHOWN = 24  # quarters; what was won before stands in one line together
FEWEST = 5  # customers; a share of fewer says nothing


def quarter_of(day: dt.date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def quarter_days(quarter: int) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a quarter."""
    first = dt.date(quarter // 4, quarter % 4 * 3 + 1, 1)
    following = quarter + 1
    after = dt.date(following // 4, following % 4 * 3 + 1, 1)
    return first, after - dt.timedelta(days=1)


def quarter_name(quarter: int) -> str:
    return f"Q{quarter % 4 + 1} {quarter // 4}"


# `extract` works with decimals, which takes several times as long.
QUARTER = "(date_part('year', {0}) * 4 + date_part('quarter', {0}) - 1)::int"

# An assumed margin has parts of cents. Cells keep them, so that they sum to the cent.
EXACT = "numeric(24, 6)"

# Lines and what came back of them; a margin that is not known is assumed.
BOUGHT = """
    SELECT account_id, ordered_on AS day, true AS is_order,
        coalesce(revenue - cost, %(rate)s * revenue) AS amount
    FROM crm_orderline WHERE status = 'confirmed' AND ordered_on <= %(as_of)s
    UNION ALL
    SELECT l.account_id, greatest(r.returned_on, l.ordered_on), false,
        CASE WHEN l.cost IS NULL THEN -%(rate)s * r.refund
            ELSE r.cost_recovered - r.refund END
    FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
    WHERE l.status = 'confirmed'
        AND greatest(r.returned_on, l.ordered_on) <= %(as_of)s
"""


BY_ROW = f"""
    SELECT account_id, {QUARTER.format("day")} AS quarter, is_order AS has_ordered,
        amount
    FROM ({BOUGHT}) line
"""
# Of all accounts, so that few rows meet what the accounts are like.
BY_QUARTER = f"""
    SELECT account_id, quarter, bool_or(has_ordered) AS has_ordered,
        sum(amount) AS amount
    FROM ({BY_ROW}) line GROUP BY 1, 2
"""


def _placed_sql(picked: Picked, columns: str) -> str:
    of_account = f"c.account_id, c.worth_class, c.relationship{columns}"
    cohort = QUARTER.format("c.first_on")
    placed = f"""
        SELECT {of_account}, {cohort} AS cohort, b.quarter, b.has_ordered, b.amount
        FROM bought b JOIN member c ON c.member_id = b.account_id
    """
    if picked.sql or are_merged():  # several rows of one account and quarter
        placed = f"""
            SELECT {of_account}, {cohort} AS cohort, b.quarter,
                bool_or(b.has_ordered) AS has_ordered, sum(b.amount) AS amount
            FROM bought b JOIN member c ON c.member_id = b.account_id
            GROUP BY {of_account}, cohort, b.quarter
        """
    return f"""
        WITH customer AS MATERIALIZED ({picked.customers}),
        member AS ({members_of("customer")}),
        bought AS ({BY_ROW if picked.sql else BY_QUARTER}),
        placed AS ({placed})
    """


def _cells_sql(picked: Picked) -> str:
    return f"""
        {_placed_sql(picked, "")}
        SELECT worth_class, relationship, cohort, quarter - cohort,
            count(*) FILTER (WHERE has_ordered), sum(amount)::{EXACT}
        FROM placed GROUP BY 1, 2, 3, 4
    """


def cell_blocks(picked: Picked) -> dict[str, list[Row]]:
    """Return cells of the firm and of each owner, territory and industry, by name.

    A row is class, relationship, cohort, age, buyers and margin; all orders are read
    once.
    """
    columns = "worth_class, relationship, cohort, quarter"
    sql = f"""
        {_placed_sql(picked, f", {PICKED}")}
        SELECT {NAMED}, worth_class, relationship, cohort, quarter - cohort,
            count(*) FILTER (WHERE has_ordered), sum(amount)::{EXACT}::text
        FROM placed GROUP BY {grouping_sets(columns)}
    """
    return by_name(COHORTS, rows_of(sql, picked.params))


def count_cells(picked: Picked) -> list[CohortCell]:
    """Count every cell from the orders themselves. Not stored yet."""
    return cells_from(picked.run, rows_of(_cells_sql(picked), picked.params))


def cells_from(run: ValuationRun, rows: Iterable[Sequence[Any]]) -> list[CohortCell]:
    """Return rows as `cell_blocks` has them as cells."""
    return [
        CohortCell(
            run=run,
            worth_class=worth_class,
            relationship_type=relationship,
            cohort=cohort,
            age=age,
            buyers=buyers,
            margin=Decimal(margin),
        )
        for worth_class, relationship, cohort, age, buyers, margin in rows
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cohort at one age. `is_part` while its quarter is running."""

    age: int
    buyers: int
    margin: Decimal
    customers: int
    is_part: bool
    cohort: int

    @property
    def share(self) -> float | None:
        return self.buyers / self.customers if self.customers else None

    @property
    def margin_each(self) -> Decimal:
        return self.margin / self.customers if self.customers else ZERO

    @property
    def quarter(self) -> int:
        return self.cohort + self.age


@dataclass(frozen=True, slots=True)
class Cohort:
    """The customers won in one quarter, by age; `None` where they are not that old."""

    quarter: int
    customers: int
    cells: Sequence[Cell | None]

    @property
    def name(self) -> str:
        return quarter_name(self.quarter)

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        return quarter_days(self.quarter)

    @property
    def margin(self) -> Decimal:
        return sum((one.margin for one in self.cells if one), ZERO)


@dataclass(frozen=True)
class Cohorts:
    """Every cohort as of a night, counted by the run `counted`, oldest first.

    `earlier` is what was won before the first of `shown`, together.
    """

    counted: ValuationRun
    last: int
    found: Mapping[tuple[int, int], tuple[int, Decimal]]

    @cached_property
    def all(self) -> list[Cohort]:
        return [self._cohort(one) for one in sorted({key[0] for key in self.found})]

    @property
    def shown(self) -> list[Cohort]:
        return [one for one in self.all if one.quarter > self.last - OLDEST_SHOWN]

    @property
    def earlier(self) -> list[Cohort]:
        return [one for one in self.all if one.quarter <= self.last - OLDEST_SHOWN]

    @property
    def ages(self) -> range:
        oldest = min((one.quarter for one in self.shown), default=self.last)
        return range(self.last - oldest + 1)

    @property
    def customers(self) -> int:
        return sum(one.customers for one in self.all)

    @property
    def margin(self) -> Decimal:
        return sum((one.margin for one in self.all), ZERO)

    def buyers_in(self, quarter: int) -> tuple[int, int]:
        """Return who bought for the first time in a quarter, and who bought again."""
        found = self.found.items()
        new = sum(n for (won, age), (n, _) in found if won == quarter and age == 0)
        again = sum(n for (won, age), (n, _) in found if age and won + age == quarter)
        return new, again

    def _cohort(self, quarter: int) -> Cohort:
        customers, _ = self.found.get((quarter, 0), (0, ZERO))
        cells: list[Cell | None] = []
        for age in range(self.last - quarter + 1):
            buyers, margin = self.found.get((quarter, age), (0, ZERO))
            is_part = quarter + age == self.last
            cells.append(Cell(age, buyers, margin, customers, is_part, quarter))
        return Cohort(quarter, customers, cells)

    def curve(self) -> list[tuple[int, float, int]]:
        """Return age, share that bought at that age, and of how many, all cohorts.

        Only quarters that are over count; an age with fewer than `FEWEST` is left out.
        """
        buyers: dict[int, int] = defaultdict(int)
        watched: dict[int, int] = defaultdict(int)
        for cohort in self.all:
            for cell in cohort.cells:
                if cell is not None and not cell.is_part:
                    buyers[cell.age] += cell.buyers
                    watched[cell.age] += cohort.customers
        return [
            (age, buyers[age] / count, count)
            for age, count in sorted(watched.items())
            if count >= FEWEST
        ]


def cohorts_of(scope: Scope) -> Cohorts | None:
    """Return the cohorts of the accounts in scope, None before the first night.

    From what a night has counted where only the class or the type of relationship are
    narrowed; from the orders of the accounts otherwise.
    """
    if scope.run is None:
        return None
    counted = counted_run(scope)
    if counted is None:
        return _together(scope.run, count_cells(Picked.of(scope)))
    return _together(counted, _stored(scope, counted))


def cohorts_by_relationship(scope: Scope) -> dict[RelationshipType, Cohorts]:
    """Return the cohorts of each type of relationship that has customers."""
    if scope.run is None:
        return {}
    counted = counted_run(scope)
    if counted is None:
        counted, cells = scope.run, count_cells(Picked.of(scope))
    else:
        cells = _stored(scope, counted)
    by_type: dict[str, list[CohortCell]] = defaultdict(list)
    for cell in cells:
        by_type[cell.relationship_type].append(cell)
    return {
        key: _together(counted, by_type[key.value])
        for key in RelationshipType
        if key.value in by_type
    }


def counted_run(scope: Scope) -> ValuationRun | None:
    """Return the night whose count answers, None if the orders have to."""
    name = stored_name(scope, COHORTS)
    if scope.run is None or name is None:
        return None
    runs = ValuationRun.objects.published().filter(as_of__lte=scope.run.as_of)
    if is_stored_for(scope):
        counted = runs.filter(pk__in=CohortCell.objects.values("run"))
    else:
        blocks = StoredFigures.objects.filter(block=name)
        counted = runs.filter(pk__in=blocks.values("run"))
    return counted.order_by("-as_of", "-pk").first()


def is_stored_for(scope: Scope) -> bool:
    """Tell whether sums by class and type of relationship answer a scope."""
    others = (scope.owner, scope.territory, scope.industry, scope.product)
    return scope.user.sees_every_account and not any(others)


def _stored(scope: Scope, counted: ValuationRun) -> list[CohortCell]:
    """Sum in the database what the scope leaves together."""
    if not is_stored_for(scope):
        return _stored_of_value(scope, counted)
    rows = CohortCell.objects.filter(run=counted)
    if scope.worth_class is not None:
        rows = rows.filter(worth_class=scope.worth_class)
    if scope.relationship is not None:
        rows = rows.filter(relationship_type=scope.relationship)
    summed = rows.values_list("relationship_type", "cohort", "age").annotate(
        buyers=Sum("buyers"), margin=Sum("margin")
    )
    return [
        CohortCell(
            relationship_type=key, cohort=cohort, age=age, buyers=buyers, margin=margin
        )
        for key, cohort, age, buyers, margin in summed
    ]


def _stored_of_value(scope: Scope, counted: ValuationRun) -> list[CohortCell]:
    """Return the cells of one owner, territory or industry."""
    name = stored_name(scope, COHORTS) or ""
    found = StoredFigures.objects.get(run=counted, block=name)
    return [
        CohortCell(
            relationship_type=relationship,
            cohort=cohort,
            age=age,
            buyers=buyers,
            margin=Decimal(margin),
        )
        for worth_class, relationship, cohort, age, buyers, margin in found.rows
        if scope.worth_class in {None, worth_class}
        and scope.relationship in {None, relationship}
    ]


def _together(counted: ValuationRun, cells: Iterable[CohortCell]) -> Cohorts:
    found: dict[tuple[int, int], tuple[int, Decimal]] = {}
    for one in cells:
        buyers, margin = found.get((one.cohort, one.age), (0, ZERO))
        found[one.cohort, one.age] = (buyers + one.buyers, margin + one.margin)
    return Cohorts(counted, quarter_of(counted.as_of), found)
