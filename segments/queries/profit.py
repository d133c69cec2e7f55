"""Profit and loss by class, product, rep, source, territory or type of relationship."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from clv.models import Assumptions
from clv.policy import WINNING_KINDS
from common.money import ZERO
from crm.choices import CostKind, RelationshipType, Source
from crm.models import Product, Territory, User
from segments.choices import ProfitBy, ProfitEvery, WorthClass
from segments.queries.profit_facts import NO_KEY, Cell, Facts, Table, facts_by
from segments.queries.profit_night import facts_of
from segments.queries.scope import Scope

CENT = Decimal("0.01")
KINDS = {kind.value: str(kind.label) for kind in CostKind}
COSTS_OF_ACCOUNTS = "Costs of accounts, not of a product"
NOT_IN_CATALOGUE = "Sold without a product of the catalogue"
NOBODY = {
    ProfitBy.CLASS: "Not classed yet",
    ProfitBy.PRODUCT: COSTS_OF_ACCOUNTS,
    ProfitBy.REP: "Nobody’s accounts",
    ProfitBy.SOURCE: "Source not known",
    ProfitBy.TERRITORY: "No territory",
    ProfitBy.RELATIONSHIP: "Type not known",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the statement; income positive, costs positive amounts to subtract.

    `goods` holds the cost of goods, less what went back on the shelf; `assumed` is the
    part of it that is assumed because the cost of lines is not known. Of products no
    `costs` are known: the ledger knows accounts.
    """

    key: str
    label: str
    accounts: int | None
    revenue: Decimal
    goods: Decimal
    assumed: Decimal
    costs: Mapping[str, Decimal]
    url: str = ""
    costs_are_known: bool = True

    @property
    def margin(self) -> Decimal:
        return self.revenue - self.goods

    @property
    def to_win(self) -> Decimal:
        return sum((self.costs.get(kind, ZERO) for kind in WINNING_KINDS), ZERO)

    @property
    def to_serve(self) -> Decimal:
        return sum(self.costs.values(), ZERO) - self.to_win

    @property
    def known_to_serve(self) -> Decimal | None:
        return self.to_serve if self.costs_are_known else None

    @property
    def known_to_win(self) -> Decimal | None:
        return self.to_win if self.costs_are_known else None

    @property
    def contribution(self) -> Decimal:
        return self.margin - self.to_win - self.to_serve

    @property
    def part_of_revenue(self) -> Decimal | None:
        """Return contribution per revenue; without revenue there is none."""
        return self.contribution / self.revenue if self.revenue > 0 else None


@dataclass(frozen=True)
class Profit:
    """The statement of a page: by its dimension, by time, and what nobody bears."""

    by: ProfitBy
    every: ProfitEvery
    since: dt.date
    until: dt.date
    margin_rate: Decimal
    lines: Sequence[Line]
    stretches: Sequence[Line]
    unspread: Line | None

    @cached_property
    def total(self) -> Line:
        """Return the sum of all lines; with what is not spread it is the firm's."""
        rows = [*self.lines, *([self.unspread] if self.unspread else [])]
        return _sum("", "Total", rows)

    @property
    def is_empty(self) -> bool:
        return not self.lines and self.unspread is None

    @property
    def losing(self) -> list[Line]:
        """Return what lost money; costs of no product are no product."""
        return [
            one
            for one in self.lines
            if one.contribution < 0 and one.label != COSTS_OF_ACCOUNTS
        ]

    @property
    def kinds(self) -> list[tuple[str, str, Decimal]]:
        """Return key, name and amount of each kind of cost that there is."""
        costs = self.total.costs
        return [(k, KINDS[k], costs[k]) for k in KINDS if costs.get(k)]


def profit_of(scope: Scope, by: ProfitBy, every: ProfitEvery) -> Profit:
    """Return the statement for the accounts and the period of a page.

    Revenue, refunds, known costs of goods and ledger costs are those of the rows, to
    the cent. Where the cost of goods is not known it is assumed at the margin of the
    run's assumptions, rounded once in each cell of value and stretch.
    """
    kept = facts_of(scope, by, every.value)
    table = facts_by(scope, by, every.value) if kept is None else kept
    run = scope.run
    assumptions = run.assumptions if run else Assumptions.objects.current()
    rate = assumptions.margin_rate_if_cost_unknown
    labels = _labels(by, {key for key, _ in table.cells})
    assumed = _assumed(table, rate)
    lines = _lines(table, assumed, labels, by)
    stretches = _stretches(table, assumed, every)
    return Profit(
        by=by,
        every=every,
        since=scope.period.since,
        until=scope.period.until,
        margin_rate=rate,
        lines=lines,
        stretches=stretches,
        unspread=_unspread(table),
    )


def _lines(
    table: Table,
    assumed: Mapping[Cell, Decimal],
    labels: Mapping[str, str],
    by: ProfitBy,
) -> list[Line]:
    of_key: dict[str, list[Line]] = defaultdict(list)
    for cell, facts in table.cells.items():
        key = cell[0]
        label = labels.get(key, NOBODY[by])
        of_key[key].append(_line(key, label, facts, assumed[cell]))
    made = [
        _sum(key, cells[0].label, cells, accounts=table.accounts.get(key))
        for key, cells in of_key.items()
    ]
    if by == ProfitBy.CLASS:
        order = [*WorthClass.values, NO_KEY]
        return sorted(made, key=lambda one: order.index(one.key))
    if by == ProfitBy.PRODUCT:
        made = [part for one in made for part in _sold_and_costs(one)]
    return sorted(made, key=lambda one: (-one.contribution, one.label))


def _sold_and_costs(one: Line) -> list[Line]:
    """Part what was sold without a product from costs, which no product bears."""
    if one.key != NO_KEY:
        return [replace(one, costs_are_known=False)]
    if not (one.revenue or one.goods):
        return [one]
    sold = replace(one, label=NOT_IN_CATALOGUE, costs={}, costs_are_known=False)
    costs = replace(one, accounts=None, revenue=ZERO, goods=ZERO, assumed=ZERO)
    return [sold, costs] if any(one.costs.values()) else [sold]


def _stretches(
    table: Table, assumed: Mapping[Cell, Decimal], every: ProfitEvery
) -> list[Line]:
    """Sum by stretch of time; what is not spread belongs to its month as well."""
    of_stretch: dict[dt.date, list[Line]] = defaultdict(list)
    for cell, facts in table.cells.items():
        of_stretch[cell[1]].append(_line("", "", facts, assumed[cell]))
    for bucket, costs in table.unspread.items():
        of_stretch[bucket].append(_line("", "", Facts(costs=dict(costs)), ZERO))
    return [
        _sum(bucket.isoformat(), every.name_of(bucket), cells)
        for bucket, cells in sorted(of_stretch.items())
    ]


def _unspread(table: Table) -> Line | None:
    costs: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for kinds in table.unspread.values():
        for kind, amount in kinds.items():
            costs[kind] += amount
    left = {kind: amount for kind, amount in costs.items() if amount}
    if not left:
        return None
    return Line(NO_KEY, "Shared costs, not spread yet", None, ZERO, ZERO, ZERO, left)


def _assumed(table: Table, rate: Decimal) -> dict[Cell, Decimal]:
    """Return each cell's assumed cost of goods, from cumulative rounding."""
    found: dict[Cell, Decimal] = {}
    so_far = margin_so_far = ZERO
    for cell in sorted(table.cells):
        unknown = table.cells[cell].unknown
        so_far += unknown
        margin = (rate * so_far).quantize(CENT, ROUND_HALF_UP)
        found[cell] = unknown - (margin - margin_so_far)
        margin_so_far = margin
    return found


def _line(key: str, label: str, facts: Facts, assumed: Decimal) -> Line:
    return Line(
        key=key,
        label=label,
        accounts=None,
        revenue=facts.revenue - facts.refunds,
        goods=facts.goods - facts.recovered + assumed,
        assumed=assumed,
        costs=facts.costs,
    )


def _sum(
    key: str, label: str, rows: Iterable[Line], *, accounts: int | None = None
) -> Line:
    rows = list(rows)
    costs: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in rows:
        for kind, amount in one.costs.items():
            costs[kind] += amount
    return Line(
        key=key,
        label=label,
        accounts=accounts,
        revenue=sum((one.revenue for one in rows), ZERO),
        goods=sum((one.goods for one in rows), ZERO),
        assumed=sum((one.assumed for one in rows), ZERO),
        costs=dict(costs),
    )


def _labels(by: ProfitBy, keys: set[str]) -> dict[str, str]:
    known = [int(key) for key in keys if key.isdecimal()]
    if by == ProfitBy.CLASS:
        return {value: str(label) for value, label in WorthClass.choices}
    if by == ProfitBy.SOURCE:
        return {str(v): str(label) for v, label in Source.choices if v}
    if by == ProfitBy.RELATIONSHIP:
        return {str(v): str(label) for v, label in RelationshipType.choices if v}
    models = {
        ProfitBy.PRODUCT: Product,
        ProfitBy.REP: User,
        ProfitBy.TERRITORY: Territory,
    }
    found = models[by]._default_manager.in_bulk(known)
    return {str(pk): str(one) for pk, one in found.items()}
