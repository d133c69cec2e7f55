"""The charts of the value pages: numbers of queries put into words and series."""

from collections.abc import Sequence
from decimal import Decimal

from common.charts import Chart, Series
from common.templatetags.display import THIN_SPACE, count, counted, day, money, number
from segments.queries.scope import Scope
from segments.queries.spread import Bar, CurvePoint
from segments.queries.totals import EquityPoint

BEST_SHARE = 0.2  # the share of customers that the whale curve's sentence is about


def equity_chart(history: Sequence[EquityPoint]) -> Chart | None:
    """Return customer equity over runs; a line needs two of them."""
    if len(history) <= 1:
        return None
    first, last = history[0], history[-1]
    return Chart(
        key="equity",
        title="Customer equity over runs",
        summary=(
            f"From {money(first.equity)} on {day(first.as_of)} "
            f"to {money(last.equity)} on {day(last.as_of)}."
        ),
        labels=[day(point.as_of) for point in history],
        series=[
            Series("Customer equity", [float(p.equity) for p in history], "area"),
        ],
        x_title="As of",
        is_close_up=True,
    )


def whale_chart(
    curve: Sequence[CurvePoint], scope: Scope | None = None
) -> Chart | None:
    """Return cumulative CLV over customers by rank, in per cent of both where it can.

    In a scope each point opens the customers up to it.

    A firm whose customers together are worth nothing has no shares to show, so the
    curve is in money then.
    """
    if not curve:
        return None
    customers, total = curve[-1].customers, curve[-1].clv
    in_shares = total > 0
    values = [_part(p.clv, total) if in_shares else float(p.clv) for p in curve]
    return Chart(
        key="whale",
        title="CLV by rank of customer",
        summary=_whale_sentence(curve),
        labels=[f"{p.customers / customers * 100:.0f}{THIN_SPACE}%" for p in curve],
        series=[Series("CLV so far", values, "area")],
        x_title="Best customers first",
        unit=f"{THIN_SPACE}%" if in_shares else "",
        write=number if in_shares else money,
        urls=[_best_url(scope, point) for point in curve] if scope else (),
    )


def _best_url(scope: Scope, point: CurvePoint) -> str:
    if point.least is None:
        return ""
    return scope.list_url("revenue-and-clv", clv_from=point.least)


def _part(clv: Decimal, total: Decimal) -> float:
    return float(clv / total * 100)


def _whale_sentence(curve: Sequence[CurvePoint]) -> str:
    customers, total = curve[-1].customers, curve[-1].clv
    peak = max(curve, key=lambda point: point.clv)
    if peak.clv <= 0:
        return (
            f"None of {counted(customers, 'customer')} is worth more than zero; all"
            f" together {money(total)}."
        )
    if customers == 1:
        return f"One customer holds all of CLV: {money(total)}."
    best = next(p for p in curve if p.customers >= customers * BEST_SHARE)
    hold = "holds" if best.customers == 1 else "hold"
    said = f"The best {count(best.customers)} of {count(customers)} customers {hold} "
    if total > 0:
        said += f"{_part(best.clv, total):.0f}{THIN_SPACE}% of all CLV."
    else:
        said += f"{money(best.clv)}; all together {money(total)}."
    if peak.clv > total:
        last = count(customers - peak.customers)
        said += f" The last {last} take {money(peak.clv - total)} away."
    return said


def future_value_chart(
    bars: Sequence[Bar], *, tone: str = "chart-1", scope: Scope | None = None
) -> Chart | None:
    """Return customers by size of future value; in a scope each bar has its names."""
    if not bars:
        return None
    customers = sum(bar.customers for bar in bars)
    fullest = max(bars, key=lambda bar: bar.customers)
    return Chart(
        key="future",
        title="Customers by future value",
        summary=(
            f"{counted(customers, 'customer')}, expected to bring {_range(fullest)}."
            if len(bars) == 1
            else f"{counted(customers, 'customer')}; most, {count(fullest.customers)},"
            f" expected to bring {_range(fullest)}."
        ),
        labels=[_range(bar) for bar in bars],
        series=[Series("Customers", [bar.customers for bar in bars], "bar", tone)],
        x_title="Future value",
        write=number_of_customers,
        urls=[
            scope.list_url("worth", low=_text(bar.low), high=_text(bar.high))
            for bar in bars
        ]
        if scope
        else (),
    )


def _text(edge: Decimal | None) -> str:
    return "" if edge is None else str(edge)


def number_of_customers(value: float | None) -> str:
    return count(None if value is None else int(value))


def _range(bar: Bar) -> str:
    if bar.low is None:
        return "less than 0"
    if bar.high is None:
        return f"{money(bar.low)} and more"
    return f"{money(bar.low)} to {money(bar.high)}"
