"""Margin by month: what is expected, and past months beside what was expected then."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from clv.models import ActualMonth, ForecastMonth, ValuationRun
from common.charts import Chart, Series
from common.copying import read_columns
from common.kept import kept_rows
from common.templatetags.display import THIN_SPACE, money

FIRM = ""
MONTHS_AHEAD = 24
MONTHS_BACK = 12
OLDEST_FORECAST_DAYS = 45  # before a month begins, for it to be that month's forecast
ZERO = Decimal("0.00")
SOFT = "chart-3"  # a colour of the ends of intervals

Months = Sequence[tuple[dt.date, Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One class in one month ahead; None where the class has no customers."""

    key: str
    margin: Decimal


@dataclass(frozen=True, slots=True)
class MonthAhead:
    """One month ahead: the firm, and the parts of its classes in their order."""

    whole: ForecastMonth
    classes: Sequence[Cell]
    is_part: bool

    @property
    def month(self) -> dt.date:
        return self.whole.month

    @property
    def profit(self) -> Decimal:
        return Decimal(self.whole.margin - self.whole.cost)


@dataclass(frozen=True, slots=True)
class MonthBack:
    """One past month: what came, and what was expected of customers of the time."""

    actual: ActualMonth
    forecast: ForecastMonth | None

    @property
    def month(self) -> dt.date:
        return self.actual.month

    @property
    def total(self) -> Decimal:
        return Decimal(self.actual.margin_known + self.actual.margin_new)

    @property
    def error(self) -> float | None:
        """Return by how much the forecast was off, relative to what came."""
        if self.forecast is None or not self.actual.margin_known:
            return None
        came = self.actual.margin_known
        return float((self.forecast.margin - came) / abs(came))

    @property
    def was_within(self) -> bool | None:
        if self.forecast is None:
            return None
        low, high = self.forecast.margin_low, self.forecast.margin_high
        return bool(low <= self.actual.margin_known <= high)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Margin by month of one run, with the months before it."""

    run: ValuationRun
    ahead: Sequence[MonthAhead]
    back: Sequence[MonthBack]
    horizon_margin: Decimal
    horizon_cost: Decimal
    horizon_orders: float
    equity: Decimal

    @property
    def margin(self) -> Decimal:
        """Return the margin of the months that are shown."""
        return sum((one.whole.margin for one in self.ahead), ZERO)

    @property
    def cost(self) -> Decimal:
        return sum((one.whole.cost for one in self.ahead), ZERO)

    @property
    def profit(self) -> Decimal:
        return self.margin - self.cost

    @property
    def class_sums(self) -> list[Decimal]:
        """Return the margin of each class over the months that are shown."""
        columns = zip(*(one.classes for one in self.ahead), strict=True)
        return [sum((cell.margin for cell in cells), ZERO) for cells in columns]

    @property
    def before_discounting(self) -> Decimal:
        """Return margin less cost of the whole horizon, not discounted."""
        return self.horizon_margin - self.horizon_cost

    @property
    def discounting(self) -> Decimal:
        """Return what discounting takes: the rest is customer equity."""
        return self.before_discounting - self.equity

    @property
    def whole_months(self) -> list[MonthAhead]:
        return [one for one in self.ahead if not one.is_part]

    @property
    def next_year(self) -> tuple[Decimal, Decimal]:
        """Return margin and cost of the next twelve whole months."""
        whole = [one.whole for one in self.whole_months][:12]
        return (
            sum((one.margin for one in whole), ZERO),
            sum((one.cost for one in whole), ZERO),
        )

    @property
    def within(self) -> tuple[int, int]:
        """Return how many past months lay within their range, and of how many."""
        judged = [one.was_within for one in self.back if one.was_within is not None]
        return sum(judged), len(judged)

    def chart(self) -> Chart:
        """Return past and coming months in one chart, the interval as two lines."""
        back, ahead = list(self.back), self.whole_months
        months = [one.month for one in back] + [one.month for one in ahead]
        gap: list[float | None] = [None] * len(back)
        rest: list[float | None] = [None] * len(ahead)
        then = [None if b.forecast is None else float(b.forecast.margin) for b in back]
        series = [
            Series("Came", [float(b.total) for b in back] + rest, "area", "chart-2"),
            Series("Was expected", then + rest, "dashed", "chart-1"),
            Series("Expected", gap + _values(ahead, "margin"), "line", "chart-1"),
            Series("80 % from", gap + _values(ahead, "margin_low"), "dashed", SOFT),
            Series("to", gap + _values(ahead, "margin_high"), "dashed", SOFT),
        ]
        return Chart(
            key="forecast",
            title="Margin by month",
            summary=self._sentence(),
            labels=[f"{month:%b %Y}" for month in months],
            series=series,
            x_title="Month",
        )

    def classes_chart(self, names: Mapping[str, str]) -> Chart:
        """Return coming months by class; `names` in the order of the classes."""
        return Chart(
            key="forecast-classes",
            title="Expected margin by month and class",
            summary=_largest_sentence(self.ahead, names),
            labels=[f"{one.month:%b %Y}" for one in self.whole_months],
            series=[
                Series(
                    name,
                    [float(one.classes[place].margin) for one in self.whole_months],
                    "line",
                    f"class-{key}",
                )
                for place, (key, name) in enumerate(names.items())
            ],
            x_title="Month",
        )

    def _sentence(self) -> str:
        margin, _ = self.next_year
        said = (
            f"{money(margin)} margin is expected in the next twelve whole months from"
            " customers of today."
        )
        good, judged = self.within
        if judged:
            said += f" Of {judged} past months {good} came within their range."
        return said


def _values(ahead: Sequence[MonthAhead], name: str) -> list[float | None]:
    return [float(getattr(one.whole, name)) for one in ahead]


def _largest_sentence(ahead: Sequence[MonthAhead], names: Mapping[str, str]) -> str:
    total = sum((one.whole.margin for one in ahead), ZERO)
    sums = [
        (sum((one.classes[place].margin for one in ahead), ZERO), name)
        for place, name in enumerate(names.values())
    ]
    largest, name = max(sums)
    share = f"{float(largest / total) * 100:.0f}{THIN_SPACE}%" if total > 0 else ""
    of_it = f", {share} of all" if share else ""
    return f"{name} brings most: {money(largest)} in {len(ahead)} months{of_it}."


def forecast_of(
    run: ValuationRun,
    keys: Sequence[str],
    *,
    of: str = FIRM,
    equity: Decimal | None = None,
) -> Forecast | None:
    """Return what `run` expects by month, None where it has kept no forecast.

    `keys` are the classes in the order in which to show them. With `of` it is that of
    one class, whose customer equity is `equity`; past months are known of all alone.
    """
    rows = list(ForecastMonth.objects.filter(run=run).order_by("month"))
    whole = [row for row in rows if row.worth_class == of]
    if not whole:
        return None
    margins = {(row.worth_class, row.month): row.margin for row in rows}
    last = whole[-1]
    ahead = [
        MonthAhead(
            whole=row,
            classes=[Cell(key, margins.get((key, row.month), ZERO)) for key in keys],
            is_part=row.month <= run.as_of or (row is last and row is not whole[0]),
        )
        for row in whole
    ]
    return Forecast(
        run=run,
        ahead=ahead[:MONTHS_AHEAD],
        back=_months_back(run) if of == FIRM else [],
        horizon_margin=sum((row.margin for row in whole), ZERO),
        horizon_cost=sum((row.cost for row in whole), ZERO),
        horizon_orders=sum(row.orders for row in whole),
        equity=equity if equity is not None else run.equity or ZERO,
    )


def _months_back(run: ValuationRun) -> list[MonthBack]:
    """Return past months up to the run's day, oldest first."""
    came = ActualMonth.objects.filter(month__lte=month_before(run.as_of.replace(day=1)))
    found = list(came.order_by("-month")[:MONTHS_BACK])[::-1]
    then = _forecasts_for([one.month for one in found])
    return [MonthBack(one, then.get(one.month)) for one in found]


def _forecasts_for(months: Sequence[dt.date]) -> dict[dt.date, ForecastMonth]:
    """Return what the last night before each month expected of it."""
    oldest = F("month") - dt.timedelta(days=OLDEST_FORECAST_DAYS)
    then = ForecastMonth.objects.filter(
        worth_class=FIRM,
        month__in=months,
        run__in=ValuationRun.objects.published(),
        run__as_of__lt=F("month"),
        run__as_of__gte=oldest,
    ).select_related("run")
    newest = then.order_by("month", "-run__as_of").distinct("month")
    return {row.month: row for row in newest}


def month_before(first: dt.date, count: int = 1) -> dt.date:
    """Return the first day of the month `count` months before that of `first`."""
    months = first.year * 12 + first.month - 1 - count
    return dt.date(months // 12, months % 12 + 1, 1)


def expectations(run: ValuationRun) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return expected orders and the spread of future value of customers, by id."""
    query = """
        SELECT expected_orders, coalesce(future_spread, 0) FROM clv_valuation
        WHERE run_id = %(run)s AND order_days > 0 ORDER BY account_id
    """
    columns = {"orders": "f8", "spread": "f8"}
    found = read_columns(query, columns, {"run": run.pk})
    return found["orders"], found["spread"]


def actual_margins(
    *, since: dt.date, until: dt.date, margin_rate: Decimal
) -> list[tuple[dt.date, Decimal, Decimal]]:
    """Return month, margin of accounts known before it, and of new ones; oldest first.

    Margin of the lines of each month less what came back in it. `until` is exclusive;
    months in which nothing happened are left out.
    """
    given = {"since": since, "until": until, "rate": margin_rate}
    return [(month, known, new) for month, known, new in kept_rows(ACTUAL, given)]


ACTUAL = """
    SELECT month,
        coalesce(sum(margin) FILTER (WHERE s.first_on < month), 0)::numeric(18, 2),
        coalesce(sum(margin) FILTER (
            WHERE s.first_on IS NULL OR s.first_on >= month), 0)::numeric(18, 2)
    FROM (
        SELECT account_id, date_trunc('month', ordered_on)::date AS month,
            sum(coalesce(revenue - cost, round(%(rate)s * revenue, 2))) AS margin
        FROM crm_orderline
        WHERE status = 'confirmed' AND ordered_on >= %(since)s
            AND ordered_on < %(until)s
        GROUP BY 1, 2
        UNION ALL
        SELECT l.account_id,
            date_trunc('month', greatest(r.returned_on, l.ordered_on))::date,
            CASE WHEN l.cost IS NULL THEN -round(%(rate)s * r.refund, 2)
                ELSE r.cost_recovered - r.refund END
        FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
        WHERE l.status = 'confirmed'
            AND greatest(r.returned_on, l.ordered_on) >= %(since)s
            AND greatest(r.returned_on, l.ordered_on) < %(until)s
    ) happened JOIN clv_accountsummary s ON s.account_id = happened.account_id
    GROUP BY month ORDER BY month
"""
