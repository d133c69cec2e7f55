"""Money spent on winning and on keeping, and what it gained, quarter by quarter.

Winning is what was spent on an account before its first order, and all of acquisition
and onboarding. Keeping is account management, marketing, service and the rest, spent on
customers. Delivery, returns and credit follow the orders: they belong to customers, but
are no effort to keep one. Shared costs that no rule has spread belong to nobody known.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.models import ValuationRun
from crm.choices import CostKind
from segments.models import StoredFigures
from segments.queries.cohorts import (
    QUARTER,
    Cohorts,
    cohorts_of,
    is_stored_for,
    quarter_days,
    quarter_name,
    quarter_of,
)
from segments.queries.narrowed import (
    NAMED,
    PICKED,
    Row,
    by_name,
    grouping_sets,
    stored_name,
)
from segments.queries.picked import ZERO, Picked, members_of, rows_of
from segments.queries.scope import Scope

WIN, KEEP, ORDERS, SHARED = "win", "keep", "orders", "shared"
EFFORT, GAINS = "effort", "gains"
QUARTERS_SHOWN = 8
MOST_QUARTERS = 40
WINNING = (CostKind.ACQUISITION, CostKind.ONBOARDING)
FOLLOWING = (CostKind.DELIVERY, CostKind.RETURNS, CostKind.CREDIT)


def effort_rows(picked: Picked) -> list[Row]:
    """Return class, relationship, quarter, part and amount of every cost.

    Shared costs count for nobody, so only all accounts together have them.
    """
    spent = _spent_sql(picked, "c.worth_class, c.relationship")
    shared = "" if picked.sql else SHARED_COSTS.format(nobody="")
    sql = f"""
        {spent}
        SELECT worth_class, relationship, quarter, part, sum(amount)::text
        FROM (SELECT * FROM spent {shared}) spent
        GROUP BY 1, 2, 3, 4
    """
    return [list(row) for row in rows_of(sql, picked.params | KINDS)]


def effort_blocks(picked: Picked) -> dict[str, list[Row]]:
    """Return the rows of the firm and of each owner, territory and industry, by name.

    All costs are read once.
    """
    columns = "worth_class, relationship, quarter, part"
    shared = SHARED_COSTS.format(nobody=", NULL, NULL, NULL")
    sql = f"""
        {_spent_sql(picked, f"c.worth_class, c.relationship, {PICKED}")}
        SELECT {NAMED}, {columns}, sum(amount)::text
        FROM (SELECT * FROM spent {shared}) spent GROUP BY {grouping_sets(columns)}
    """
    return by_name(EFFORT, rows_of(sql, picked.params | KINDS))


KINDS = {"winning": list(WINNING), "following": list(FOLLOWING)}


def _spent_sql(picked: Picked, columns: str) -> str:
    return f"""
        WITH account AS MATERIALIZED ({picked.accounts}),
        member AS ({members_of("account")}),
        spent AS (
            SELECT {columns}, l.amount,
                {QUARTER.format("l.incurred_on")} AS quarter,
                CASE WHEN l.kind = ANY(%(winning)s) OR c.first_on IS NULL
                    OR l.incurred_on < c.first_on THEN '{WIN}'
                WHEN l.kind = ANY(%(following)s) THEN '{ORDERS}'
                ELSE '{KEEP}' END AS part
            FROM crm_ledgerentry l JOIN member c ON c.member_id = l.account_id
            WHERE l.incurred_on <= %(as_of)s
        )
    """


# What nobody was charged with: neither reversed nor spread.
SHARED_COSTS = f"""
    UNION ALL
    SELECT '', ''{{nobody}}, l.amount, {QUARTER.format("l.incurred_on")}, '{SHARED}'
    FROM crm_ledgerentry l
    WHERE l.account_id IS NULL AND l.incurred_on <= %(as_of)s
        AND l.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM crm_ledgerentry r WHERE r.reverses_id = l.id)
        AND NOT EXISTS (
            SELECT FROM crm_ledgerentry p
            WHERE p.allocated_from_id = l.id AND p.reverses_id IS NULL
                AND NOT EXISTS (
                    SELECT FROM crm_ledgerentry r WHERE r.reverses_id = p.id
                )
        )
"""


def gain_blocks(picked: Picked, start: ValuationRun) -> dict[str, list[Row]]:
    """Return the gains of the firm and of each owner, territory and industry, by name.

    Each begins with the night that it begins with.
    """
    columns = "worth_class, relationship, was_customer"
    sql = f"""
        WITH now AS ({picked.customers}), was AS (
            SELECT v.account_id, v.clv, a.owner_id::text AS owner,
                a.territory_id::text AS territory, a.industry
            FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
            WHERE v.run_id = %(start)s AND v.first_on IS NOT NULL
        )
        SELECT {NAMED}, {columns}, count(*)::int, coalesce(sum(before), 0)::text,
            coalesce(sum(after), 0)::text
        FROM (
            SELECT coalesce(now.worth_class, '') AS worth_class,
                coalesce(now.relationship, '') AS relationship,
                coalesce(now.owner, was.owner) AS owner,
                coalesce(now.territory, was.territory) AS territory,
                coalesce(now.industry, was.industry) AS industry,
                was.account_id IS NOT NULL AS was_customer,
                was.clv AS before, now.clv AS after
            FROM now FULL JOIN was ON was.account_id = now.account_id
        ) c GROUP BY {grouping_sets(columns)}
    """
    found = by_name(GAINS, rows_of(sql, picked.params | {"start": start.pk}))
    return {name: [[start.pk], *rows] for name, rows in found.items()}


def gain_rows(picked: Picked, start: ValuationRun) -> list[Row]:
    """Return class, relationship, whether known at `start`, count, CLV then and now.

    Customers alone: what one brings in the night of its first order is all new. They
    sum to the change of the CLV of all customers.
    """
    sql = f"""
        WITH now AS ({picked.customers}), was AS (
            SELECT v.account_id, v.clv FROM clv_valuation v
            WHERE v.run_id = %(start)s AND v.first_on IS NOT NULL {picked.only}
        )
        SELECT coalesce(now.worth_class, ''), coalesce(now.relationship, ''),
            was.account_id IS NOT NULL, count(*)::int,
            coalesce(sum(was.clv), 0)::text, coalesce(sum(now.clv), 0)::text
        FROM now FULL JOIN was ON was.account_id = now.account_id
        GROUP BY 1, 2, 3
    """
    found = rows_of(sql, picked.params | {"start": start.pk})
    return [list(row) for row in found]


@dataclass(frozen=True, slots=True)
class Gain:
    """How the CLV of customers changed from one night to another."""

    start: ValuationRun
    end: ValuationRun
    before: Decimal
    new: Decimal
    new_count: int
    existing: Decimal
    existing_count: int

    @property
    def change(self) -> Decimal:
        return self.new + self.existing

    @property
    def share_new(self) -> float | None:
        """Return the part of new customers, None where either lost value."""
        return _part(self.new, self.existing)


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter: what was spent on whom, who came and stayed, what it gained."""

    number: int
    is_part: bool
    win: Decimal
    keep: Decimal
    orders: Decimal
    shared: Decimal
    won: int
    kept: int
    gain: Gain | None

    @property
    def name(self) -> str:
        return quarter_name(self.number)

    @property
    def on_existing(self) -> Decimal:
        return self.keep + self.orders

    @property
    def share_new(self) -> float | None:
        return _part(self.win, self.on_existing)

    @property
    def win_each(self) -> Decimal | None:
        return self.win / self.won if self.won else None

    @property
    def keep_each(self) -> Decimal | None:
        return self.keep / self.kept if self.kept else None

    @property
    def ratio(self) -> float | None:
        """Return cost to win one over cost to keep one; unknown without either."""
        if self.win_each is None or not self.keep_each or self.keep_each <= 0:
            return None
        return float(self.win_each / self.keep_each)


def _part(one: Decimal, other: Decimal) -> float | None:
    if one < 0 or other < 0 or one + other <= 0:
        return None
    return float(one / (one + other))


def quarters_of(scope: Scope, cohorts: Cohorts | None = None) -> list[Quarter]:
    """Return the quarters of the period, else those of two years, oldest first."""
    if scope.run is None:
        return []
    cohorts = cohorts or cohorts_of(scope)
    spent = _spent(scope)
    began = [key[0] for key in spent] + [key[0] for key in _found(cohorts)]
    return [
        _quarter(scope, number, spent, cohorts)
        for number in _numbers(scope, min(began, default=quarter_of(scope.run.as_of)))
    ]


def _numbers(scope: Scope, began: int) -> range:
    """Return the quarters to show, none before there was anything."""
    last = quarter_of(scope.run.as_of if scope.run else scope.day)
    first = last - QUARTERS_SHOWN + 1
    if scope.has_period:
        last = min(last, quarter_of(scope.period.until))
        first = max(quarter_of(scope.period.since), last - MOST_QUARTERS + 1)
    return range(max(began, first), last + 1)


def _found(cohorts: Cohorts | None) -> Iterable[tuple[int, int]]:
    return cohorts.found if cohorts else ()


def _quarter(
    scope: Scope,
    number: int,
    spent: dict[tuple[int, str], Decimal],
    cohorts: Cohorts | None,
) -> Quarter:
    won, kept = cohorts.buyers_in(number) if cohorts else (0, 0)
    return Quarter(
        number=number,
        is_part=scope.run is not None and quarter_days(number)[1] > scope.run.as_of,
        **{part: spent.get((number, part), ZERO) for part in PARTS},
        won=won,
        kept=kept,
        gain=gain_of(scope, number),
    )


PARTS = (WIN, KEEP, ORDERS, SHARED)


def _spent(scope: Scope) -> dict[tuple[int, str], Decimal]:
    picked = Picked.of(scope)
    rows = stored_rows(scope, EFFORT)
    if rows is None:
        rows = effort_rows(picked)
    spent: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for _, _, quarter, part, amount in in_scope(scope, rows):
        spent[int(str(quarter)), str(part)] += Decimal(str(amount))
    return dict(spent)


def stored_rows(
    scope: Scope, block: str, run: ValuationRun | None = None
) -> Sequence[Row] | None:
    """Return what a night has left of a block, None if it has to be worked out."""
    name = stored_name(scope, block)
    if name is None:
        return None
    run = run or scope.run
    found = StoredFigures.objects.filter(run=run, block=name).first()
    return None if found is None else found.rows


def in_scope(scope: Scope, rows: Iterable[Row]) -> list[Row]:
    """Keep the rows of the class and the type of relationship that are asked for.

    Rows that were narrowed already have both right.
    """
    return [
        row
        for row in rows
        if scope.worth_class in {None, row[0]} and scope.relationship in {None, row[1]}
    ]


# -- What a quarter gained ----------------------------------------------------------


def nights_of(
    number: int, until: ValuationRun
) -> tuple[ValuationRun, ValuationRun] | None:
    """Return the nights between which a quarter is compared, None where there are none.

    From the last night before the quarter, or the first in it, to its last one.
    """
    first, last = quarter_days(number)
    nights = ValuationRun.objects.kept().filter(as_of__lte=until.as_of)
    end = nights.filter(as_of__range=(first, last)).order_by("-as_of", "-pk").first()
    if end is None:
        return None
    start = nights.filter(as_of__lt=first).order_by("-as_of", "-pk").first()
    start = start or nights.filter(as_of__lt=end.as_of).order_by("as_of").first()
    return None if start is None else (start, end)


def gain_of(scope: Scope, number: int) -> Gain | None:
    """Return what a quarter gained, None where nights do not tell."""
    nights = nights_of(number, scope.run) if scope.run else None
    if nights is None:
        return None
    start, end = nights
    stored = stored_rows(scope, GAINS, end)
    if stored and stored[0] == [start.pk]:
        rows = list(stored[1:])
    elif is_stored_for(scope):
        rows = gain_rows(Picked(end), start)
    else:
        picked = Picked.of(scope)
        rows = gain_rows(Picked(end, picked.sql, picked.more), start)
    return _gain(start, end, in_scope(scope, rows))


def _gain(start: ValuationRun, end: ValuationRun, rows: Iterable[Row]) -> Gain:
    sums = {True: (0, ZERO, ZERO), False: (0, ZERO, ZERO)}
    for _, _, was_customer, count, was, now in rows:
        key = bool(was_customer)
        n, before, after = sums[key]
        sums[key] = (
            n + int(str(count)),
            before + Decimal(str(was)),
            after + Decimal(str(now)),
        )
    known, new = sums[True], sums[False]
    return Gain(
        start=start,
        end=end,
        before=known[1],
        new=new[2],
        new_count=new[0],
        existing=known[2] - known[1],
        existing_count=known[0],
    )
