"""What is known of one account's worth, ready to be read on a page."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.choices import BreakEven, LadderStep
from clv.models import Valuation, ValuationRun
from clv.policy import FAIRLY_SURE_WITHIN, SURE_WITHIN
from common.templatetags.display import day as write_day
from common.templatetags.display import money as write_money
from crm.models import Account, LedgerEntry, Order, OrderReturn

PAST_RUNS_SHOWN = 36
SPARK_WIDTH, SPARK_HEIGHT = 100.0, 30.0


@dataclass(frozen=True, slots=True)
class PastValue:
    """What one earlier run said."""

    as_of: dt.date
    clv: Decimal


@dataclass(frozen=True, slots=True)
class AccountWorth:
    """One account's value in one run, with its past and its freshness."""

    account: Account
    run: ValuationRun
    value: Valuation
    past: Sequence[PastValue]
    is_stale: bool

    @property
    def is_prospect(self) -> bool:
        return self.value.first_on is None

    @property
    def clv_low(self) -> Decimal:
        return Decimal(self.value.realised_profit + self.value.future_low)

    @property
    def clv_high(self) -> Decimal:
        return Decimal(self.value.realised_profit + self.value.future_high)

    @property
    def range_sentence(self) -> str:
        """Say between what the worth lies, or the one value that it most likely is."""
        if self.clv_low == self.clv_high:
            return f"most likely {write_money(self.clv_low)}"
        return f"{write_money(self.clv_low)} to {write_money(self.clv_high)}"

    @property
    def confidence(self) -> str:
        """Say in a word or two how sure the number is."""
        value = self.value
        if value.ladder_step == LadderStep.ASSUMPTION:
            return "an assumption"
        if value.ladder_step == LadderStep.POOLED:
            return "judged by like accounts"
        width = value.future_high - value.future_low
        size = max(abs(value.future_value), Decimal(1))
        if width <= Decimal(str(SURE_WITHIN)) * size:
            return "sure"
        if width <= Decimal(str(FAIRLY_SURE_WITHIN)) * size:
            return "fairly sure"
        return "unsure"

    @property
    def break_even_sentence(self) -> str:
        value = self.value
        on = value.break_even_on or value.paid_back_on
        match value.break_even:
            case BreakEven.PAID_BACK:
                return f"Paid back since {write_day(on)}" if on else "Paid back"
            case BreakEven.EXPECTED:
                return f"Break-even expected by {write_day(on)}"
            case BreakEven.NOT_EXPECTED:
                months = self.run.assumptions.horizon_months
                return f"Break-even not expected within {months} months"
            case _:
                return "Break-even not known"

    @property
    def costs_so_far(self) -> Decimal:
        value = self.value
        return Decimal(
            value.cost_to_win + value.cost_per_order_kinds + value.cost_over_time_kinds
        )

    @property
    def spark_points(self) -> str:
        """Return the points of a polyline of past values; nothing below two runs."""
        return spark_points([float(one.clv) for one in self.past])

    @property
    def spark_sentence(self) -> str:
        first, last = self.past[0], self.past[-1]
        return (
            f"CLV over {len(self.past)} runs: {write_money(first.clv)} on "
            f"{write_day(first.as_of)}, {write_money(last.clv)} on "
            f"{write_day(last.as_of)}"
        )


def spark_points(values: Sequence[float]) -> str:
    """Return SVG polyline points in a box of `SPARK_WIDTH` by `SPARK_HEIGHT`."""
    if len(values) <= 1:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = SPARK_WIDTH / (len(values) - 1)
    return " ".join(
        f"{index * step:.1f},{SPARK_HEIGHT * (1 - (value - low) / span):.1f}"
        for index, value in enumerate(values)
    )


def account_worth(*, account: Account, run: ValuationRun) -> AccountWorth | None:
    """Return what `run` says of `account`, or None if it did not value it."""
    value = Valuation.objects.of_run(run).filter(account=account).first()
    if value is None:
        return None
    return AccountWorth(
        account=account,
        run=run,
        value=value,
        past=_past_values(account, run),
        is_stale=_has_news(account, run),
    )


def _past_values(account: Account, run: ValuationRun) -> list[PastValue]:
    """Return CLV by published run up to `run`, oldest first.

    The runs are named one by one, so that only their partitions are opened.
    """
    runs = dict(
        ValuationRun.objects.kept()
        .filter(as_of__lte=run.as_of)
        .order_by("-as_of")
        .values_list("pk", "as_of")[:PAST_RUNS_SHOWN]
    )
    values = Valuation.objects.filter(account=account, run_id__in=list(runs))
    rows = [PastValue(runs[pk], clv) for pk, clv in values.values_list("run_id", "clv")]
    return sorted(rows, key=lambda one: one.as_of)


def _has_news(account: Account, run: ValuationRun) -> bool:
    """Tell whether orders, returns or costs were entered after the run began."""
    if not run.is_current:
        return False
    began = run.started_at or run.created_at
    return (
        Order.objects.filter(account=account, updated_at__gt=began).exists()
        or LedgerEntry.objects.filter(account=account, created_at__gt=began).exists()
        or OrderReturn.objects.filter(account=account, created_at__gt=began).exists()
    )
