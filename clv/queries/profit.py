"""One account's profit and loss, from its order lines and ledger rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, DateField, F, Q, QuerySet, Sum
from django.db.models.functions import ExtractYear, Greatest

from crm.choices import CostKind, OrderStatus
from crm.models import Account, LedgerEntry, OrderLine, OrderReturn
from crm.queries.merged import member_ids

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

REVENUE = "revenue"
REFUNDS = "refunds"
COST_KNOWN = "cost_known"
RECOVERED = "recovered"
COST_ASSUMED = "cost_assumed"
LINE_FIGURES = frozenset({REVENUE, COST_KNOWN, COST_ASSUMED})
RETURN_FIGURES = frozenset({REFUNDS, RECOVERED})
FIGURES = LINE_FIGURES | RETURN_FIGURES | frozenset(CostKind.values)


@dataclass(frozen=True, slots=True)
class Cell:
    """One amount of one year; `year` is None in the column of totals."""

    year: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the statement. A sum has no rows of its own to open."""

    key: str
    label: str
    cells: Sequence[Cell]
    is_sum: bool = False

    @property
    def total(self) -> Decimal:
        return self.cells[-1].amount


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """The statement up to and including `as_of`; income positive, costs negative."""

    as_of: dt.date
    margin_rate: Decimal
    years: Sequence[int]
    rows: Sequence[Row]
    lines_without_cost: int

    @property
    def realised_profit(self) -> Decimal:
        return self.rows[-1].total

    def amount(self, key: str, year: int | None) -> Decimal | None:
        """Return one figure of the statement, or None where it has none."""
        for row in self.rows:
            for cell in row.cells:
                if row.key == key and cell.year == year:
                    return cell.amount
        return None


@dataclass(slots=True)
class _Year:
    revenue: Decimal = ZERO
    refunds: Decimal = ZERO
    cost_known: Decimal = ZERO
    recovered: Decimal = ZERO
    unknown: Decimal = ZERO  # revenue less refunds of lines without a known cost
    costs: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose rows count and until when: merged accounts' rows are the survivor's."""

    members: Sequence[int]
    as_of: dt.date

    @classmethod
    def of(cls, account: Account, as_of: dt.date) -> "_Scope":
        return cls(member_ids(account), as_of)


def _order_lines(scope: _Scope) -> QuerySet[OrderLine]:
    """Return the lines that count: confirmed and not later than the day."""
    return OrderLine.objects.filter(
        account__in=scope.members,
        status=OrderStatus.CONFIRMED,
        ordered_on__lte=scope.as_of,
    )


def _order_returns(scope: _Scope) -> QuerySet[OrderReturn]:
    """Return what came back, with `day`: never before the goods were ordered."""
    day = Greatest("returned_on", "line__ordered_on", output_field=DateField())
    return (
        OrderReturn.objects.filter(
            line__account__in=scope.members, line__status=OrderStatus.CONFIRMED
        )
        .annotate(day=day)
        .filter(day__lte=scope.as_of)
    )


def _ledger_rows(scope: _Scope) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(
        account__in=scope.members, incurred_on__lte=scope.as_of
    )


def profit_and_loss(
    *, account: Account, as_of: dt.date, margin_rate: Decimal
) -> ProfitAndLoss:
    """Return the statement by calendar year, in set-based reads.

    The assumed margin is rounded once over all time, as the night does; a year gets
    what its sales add to it, so that years sum to the total to the cent.
    """
    years: dict[int, _Year] = defaultdict(_Year)
    scope = _Scope.of(account, as_of)
    without_cost = _read_lines(years, _order_lines(scope))
    _read_returns(years, _order_returns(scope))
    _read_ledger(years, _ledger_rows(scope))
    numbers = sorted(years)
    assumed = _assumed_costs([years[n].unknown for n in numbers], margin_rate)
    return ProfitAndLoss(
        as_of=as_of,
        margin_rate=margin_rate,
        years=numbers,
        rows=_statement(numbers, years, assumed),
        lines_without_cost=without_cost,
    )


def _read_lines(years: Mapping[int, _Year], lines: QuerySet[OrderLine]) -> int:
    no_cost = Q(cost=None)
    sums = (
        lines.annotate(year=ExtractYear("ordered_on"))
        .order_by()
        .values("year")
        .annotate(
            revenues=Sum("revenue"),
            costs=Sum("cost"),
            unknown=Sum("revenue", filter=no_cost),
            without_cost=Count("pk", filter=no_cost),
        )
    )
    without_cost = 0
    for row in sums:
        year = years[row["year"]]
        year.revenue += row["revenues"]
        year.cost_known -= row["costs"] or ZERO
        year.unknown += row["unknown"] or ZERO
        without_cost += row["without_cost"]
    return without_cost


def _read_returns(years: Mapping[int, _Year], returns: QuerySet[OrderReturn]) -> None:
    no_cost = Q(line__cost=None)
    sums = (
        returns.annotate(year=ExtractYear("day"))
        .order_by()
        .values("year")
        .annotate(
            refunds=Sum("refund"),
            unknown=Sum("refund", filter=no_cost),
            recovered=Sum("cost_recovered", filter=~no_cost),
        )
    )
    for row in sums:
        year = years[row["year"]]
        year.refunds -= row["refunds"]
        year.unknown -= row["unknown"] or ZERO
        year.recovered += row["recovered"] or ZERO


def _read_ledger(years: Mapping[int, _Year], entries: QuerySet[LedgerEntry]) -> None:
    sums = (
        entries.annotate(year=ExtractYear("incurred_on"))
        .order_by()
        .values("year", "kind")
        .annotate(amounts=Sum("amount"))
    )
    for row in sums:
        years[row["year"]].costs[row["kind"]] -= row["amounts"]


def _assumed_costs(unknown: Iterable[Decimal], rate: Decimal) -> list[Decimal]:
    """Return each year's assumed cost, below zero, from cumulative rounding."""
    costs, so_far, margin_so_far = [], ZERO, ZERO
    for revenue in unknown:
        so_far += revenue
        margin = (rate * so_far).quantize(CENT, ROUND_HALF_UP)
        costs.append(margin - margin_so_far - revenue)
        margin_so_far = margin
    return costs


def _statement(
    numbers: Sequence[int], years: Mapping[int, _Year], assumed: Sequence[Decimal]
) -> list[Row]:
    columns = [years[n] for n in numbers]

    def row(
        key: str, label: str, amounts: Sequence[Decimal], *, is_sum: bool = False
    ) -> Row:
        cells = [Cell(n, a) for n, a in zip(numbers, amounts, strict=True)]
        return Row(key, label, [*cells, Cell(None, sum(amounts, ZERO))], is_sum)

    trade = [
        row(REVENUE, "Revenue", [y.revenue for y in columns]),
        row(REFUNDS, "Refunds", [y.refunds for y in columns]),
        row(COST_KNOWN, "Cost of goods", [y.cost_known for y in columns]),
        row(RECOVERED, "Goods back in stock", [y.recovered for y in columns]),
        row(COST_ASSUMED, "Cost of goods, assumed", assumed),
    ]
    costs = [
        row(kind.value, str(kind.label), [y.costs[kind.value] for y in columns])
        for kind in CostKind
    ]
    margin = _column_sums(trade)
    contribution = [m + c for m, c in zip(margin, _column_sums(costs), strict=True)]
    trade = [r for r in trade if r.key == REVENUE or _has_amounts(r)]
    return [
        *trade,
        row("margin", "Margin", margin, is_sum=True),
        *(r for r in costs if _has_amounts(r)),
        row("contribution", "Contribution", contribution, is_sum=True),
    ]


def _column_sums(rows: Sequence[Row]) -> list[Decimal]:
    amounts = [[cell.amount for cell in row.cells[:-1]] for row in rows]
    return [sum(column, ZERO) for column in zip(*amounts, strict=True)]


def _has_amounts(row: Row) -> bool:
    return any(cell.amount for cell in row.cells)


def rows_of_figure(
    *, account: Account, as_of: dt.date, figure: str, year: int | None
) -> QuerySet[Any]:
    """Return the rows behind one figure, each with its `day`."""
    rows = _rows_of(figure, _Scope.of(account, as_of))
    return rows if year is None else rows.filter(day__year=year)


def _rows_of(figure: str, scope: _Scope) -> QuerySet[Any]:
    if figure in LINE_FIGURES:
        return _lines_of(figure, _order_lines(scope))
    if figure in RETURN_FIGURES:
        returns = _order_returns(scope).select_related("line__order")
        return returns.exclude(line__cost=None) if figure == RECOVERED else returns
    return (
        _ledger_rows(scope)
        .filter(kind=figure)
        .select_related("touchpoint", "created_by")
        .annotate(day=F("incurred_on"))
    )


def _lines_of(figure: str, lines: QuerySet[OrderLine]) -> QuerySet[Any]:
    lines = lines.select_related("order", "product").annotate(day=F("ordered_on"))
    if figure == COST_KNOWN:
        return lines.exclude(cost=None)
    return lines.filter(cost=None) if figure == COST_ASSUMED else lines
