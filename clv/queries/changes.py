"""Why values changed: what two runs knew, side by side, and the split to be shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from clv.engine.change import PARTS, Known
from clv.models import ChangeRollup, ValuationRun
from clv.queries.summaries import KINDS
from common.charts import Chart, waterfall
from common.copying import read_columns
from common.templatetags.display import day, money, signed_cents, signed_money

MOVED = "moved"
LABELS: Mapping[str, str] = {
    MOVED: "Came and left",
    "orders": "Orders",
    "margin": "Margin",
    "cost": "Cost",
    "retention": "Retention",
    "expansion": "Expansion",
    "assumptions": "Assumptions",
    "model": "Model",
}
COLUMNS = {
    "account_id": "i8",
    "order_days": "i4",
    "recency_days": "i4",
    "age_days": "i4",
    "revenue_cost_unknown": "i8",
    "margin": "i8",
    "cost_to_win": "i8",
    "cost_per_order_kinds": "i8",
    "cost_over_time_kinds": "i8",
    "future_value": "i8",
    "revenue": "i8",
    **dict.fromkeys(KINDS, "i8"),
    "group_code": "i2",
}
MONEY = tuple(COLUMNS)[4:-1]
# Runs from before there were kinds have two sums; each stands for one of its kinds.
BEFORE_KINDS = {
    "cost_delivery": "cost_per_order_kinds",
    "cost_account_management": "cost_over_time_kinds",
}

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a change."""

    key: str
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ValueChange:
    """The change of one CLV, or of a sum of them; the bars sum to it to the cent."""

    run: ValuationRun
    before: ValuationRun
    clv_before: Decimal
    clv_after: Decimal
    bars: Sequence[Bar]

    @property
    def total(self) -> Decimal:
        return self.clv_after - self.clv_before

    @property
    def largest(self) -> Bar | None:
        """Return the bar that moved most, None where nothing did."""
        bar = max(self.bars, key=lambda one: abs(one.amount))
        return bar if bar.amount else None

    @property
    def sentence(self) -> str:
        """Say what changed and what moved it most."""
        said = (
            f"From {money(self.clv_before)} on {day(self.before.as_of)} to "
            f"{money(self.clv_after)} on {day(self.run.as_of)}: "
            f"{signed_money(self.total)}."
        )
        bar = self.largest
        if bar is None:
            return said
        return f"{said} Most by {bar.label.lower()}, {signed_money(bar.amount)}."

    def chart(self, key: str, url_of: Callable[[str], str] | None = None) -> Chart:
        """Return the waterfall from nothing to the whole change.

        `url_of` tells of a cause where its names are.
        """
        return waterfall(
            key=key,
            title="Change of CLV by cause",
            summary=self.sentence,
            moves=[(bar.label, float(bar.amount)) for bar in self.bars],
            total=("Change", float(self.total)),
            write=signed_cents,
            urls=[url_of(bar.key) if bar.amount else "" for bar in self.bars]
            if url_of
            else (),
        )


@dataclass(frozen=True, slots=True)
class TwoSides:
    """The accounts that either run valued, and what both knew of them."""

    account_id: Integers
    before: Known
    after: Known


def two_sides(
    before: ValuationRun, after: ValuationRun, *, accounts: Integers | None = None
) -> TwoSides:
    """Return stored inputs and results of both runs, one binary COPY each.

    Accounts are in ascending order of id. With `accounts`, only those.
    """
    sides = [_stored(run, accounts) for run in (before, after)]
    found = np.union1d(sides[0]["account_id"], sides[1]["account_id"])
    was, now = (_aligned(columns, found) for columns in sides)
    return TwoSides(found, was, now)


def _stored(run: ValuationRun, accounts: Integers | None) -> dict[str, Integers]:
    money = ", ".join(f"({_kept(name)} * 100)::bigint" for name in MONEY)
    only = "" if accounts is None else "AND account_id = ANY(%(accounts)s)"
    ids = None if accounts is None else accounts.tolist()
    query = f"""
        SELECT account_id, order_days, coalesce(last_on - first_on, 0),
            coalesce(%(as_of)s - first_on, -1), {money},
            coalesce(group_code, -1)::smallint
        FROM clv_valuation WHERE run_id = %(run)s {only} ORDER BY account_id
    """
    params = {"run": run.pk, "as_of": run.as_of, "accounts": ids}
    return {
        name: values.astype(np.int64)
        for name, values in read_columns(query, COLUMNS, params).items()
    }


def _kept(name: str) -> str:
    return f"coalesce({name}, {BEFORE_KINDS.get(name, '0')})" if name in KINDS else name


def _aligned(columns: dict[str, Integers], accounts: Integers) -> Known:
    rows = np.searchsorted(accounts, columns.pop("account_id"))
    placed = {}
    for name, values in columns.items():
        placed[name] = np.zeros(accounts.size, dtype=np.int64)
        placed[name][rows] = values
    is_present = np.zeros(accounts.size, dtype=np.int64)
    is_present[rows] = 1
    return Known(is_present=is_present, **placed)


def bars_of(cents: Mapping[str, int]) -> list[Bar]:
    """Return the seven bars, behind "came and left" where that is among the parts."""
    keys = ([MOVED] if MOVED in cents else []) + list(PARTS)
    return [Bar(key, LABELS[key], as_money(cents[key])) for key in keys]


def as_money(cents: int) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def stored_change(
    run: ValuationRun, before: ValuationRun, worth_class: str = ""
) -> ValueChange | None:
    """Return what the night has left of this pair of runs, None where it left none."""
    row = ChangeRollup.objects.filter(
        run=run, before=before, worth_class=worth_class
    ).first()
    if row is None:
        return None
    keys = [MOVED, *PARTS] if worth_class else PARTS
    return ValueChange(
        run=run,
        before=before,
        clv_before=row.clv_before,
        clv_after=row.clv_after,
        bars=[Bar(key, LABELS[key], getattr(row, key)) for key in keys],
    )
