"""What a run says of every account: rounded as it is stored, with a fingerprint."""

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.choices import BreakEven, LadderStep
from clv.engine import ladder
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.uncertainty import Intervals
from clv.engine.value import Values
from clv.errors import RunFailedError
from clv.models import Assumptions
from clv.queries.inputs import Inputs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DIGITS = 6  # of stored probabilities and counts: what rounding noise cannot reach
LARGEST_CENTS = 1e14 - 1  # what numeric(14, 2) holds
NO_PROBABILITY = -1.0
NO_DAY = -(2**31)
NOT_IN_DIGEST = frozenset({"future_spread"})

# Codes under which results travel to the database, by position.
STEPS = (LadderStep.INDIVIDUAL, LadderStep.POOLED, LadderStep.ASSUMPTION)
BREAK_EVENS = (
    BreakEven.PAID_BACK,
    BreakEven.EXPECTED,
    BreakEven.NOT_EXPECTED,
    BreakEven.UNKNOWN,
)
PAID_BACK, EXPECTED, NOT_EXPECTED, UNKNOWN = range(4)
STEP_OF_FIT = {ladder.INDIVIDUAL: 0, ladder.POOLED: 1, ladder.ASSUMED: 2}

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the business assumes, as the engine takes it."""

    annual_rate: float
    horizon_days: float
    as_of: dt.date

    @classmethod
    def of(cls, assumptions: Assumptions, as_of: dt.date) -> "Terms":
        months = assumptions.horizon_months
        return cls(float(assumptions.annual_rate), months * DAYS_PER_YEAR / 12, as_of)


@dataclass(frozen=True, slots=True)
class Results:
    """What a run says of n accounts; money in cents, every vector of shape (n,).

    `future_spread` is the standard deviation of future value.

    `step` and `break_even` are positions in `STEPS` and `BREAK_EVENS`;
    `break_even_days` counts from the day of the run.
    """

    account_id: Integers
    step: Integers
    probability_alive: Floats
    expected_orders: Floats
    expected_orders_year: Floats
    expected_margin: Integers
    expected_margin_year: Integers
    expected_cost: Integers
    expected_cost_year: Integers
    future_low: Integers
    future_high: Integers
    future_spread: Integers
    break_even: Integers
    break_even_days: Integers

    @property
    def future_value(self) -> Integers:
        return self.expected_margin - self.expected_cost

    def digest(self, inputs: Inputs) -> str:
        """Return a fingerprint of inputs and results: equal if and only if all are.

        What is only carried along is left out. So is the spread: runs from before it
        was kept stay comparable, and it comes from the same draws as the ends of the
        interval.
        """
        fingerprint = hashlib.sha256()
        for part in (inputs, inputs.contracts, self):
            for field in dataclasses.fields(part):
                values = getattr(part, field.name)
                if field.name in NOT_IN_DIGEST or not isinstance(values, np.ndarray):
                    continue
                little = values.astype(values.dtype.newbyteorder("<"))
                fingerprint.update(np.ascontiguousarray(little).tobytes())
        return fingerprint.hexdigest()


def break_even(
    inputs: Inputs, rows: NDArray[np.intp], expected_days: Floats
) -> tuple[Integers, Integers]:
    """Return code and day of break-even, given the days it is expected to take."""
    since = inputs.paid_back_age_days[rows]
    has_paid = since >= 0
    is_open = inputs.realised_profit[rows] < 0
    comes = is_open & np.isfinite(expected_days)
    code = np.select(
        [has_paid, comes, is_open], [PAID_BACK, EXPECTED, NOT_EXPECTED], UNKNOWN
    )
    ahead = np.maximum(np.ceil(np.where(comes, expected_days, 0.0)), 1.0)
    days = np.select([has_paid, comes], [-since, ahead.astype(np.int64)], NO_DAY)
    return code.astype(np.int64), days.astype(np.int64)


def forecast_columns(
    inputs: Inputs,
    rows: NDArray[np.intp],
    *,
    step: Integers,
    values: Values,
    span: Intervals,
    expected_days: Floats,
) -> Columns:
    """Return the columns of the accounts at `rows` by name, as `Results` has them."""
    code, break_even_days = break_even(inputs, rows, expected_days)
    return {
        "step": step,
        "probability_alive": values.probability_alive,
        "expected_orders": values.expected_orders,
        "expected_orders_year": values.expected_orders_year,
        "expected_margin": values.expected_margin,
        "expected_margin_year": values.expected_margin_year,
        "expected_cost": values.expected_cost,
        "expected_cost_year": values.expected_cost_year,
        "future_low": span.low,
        "future_high": span.high,
        "future_spread": span.spread,
        "break_even": code,
        "break_even_days": break_even_days,
    }


MONEY = (
    "expected_margin",
    "expected_margin_year",
    "expected_cost",
    "expected_cost_year",
    "future_low",
    "future_high",
    "future_spread",
)
ROUNDED = ("probability_alive", "expected_orders", "expected_orders_year")


def checked(inputs: Inputs, columns: dict[str, NDArray[Any]]) -> Results:
    """Round to what is stored; refuse what is not a number or not storable."""
    for name in MONEY:
        cents = columns[name] * 100.0
        _refuse(inputs, ~(np.abs(cents) < LARGEST_CENTS), name)
        columns[name] = np.rint(cents).astype(np.int64)
    for name in ROUNDED:
        _refuse(inputs, ~np.isfinite(columns[name]), name)
        columns[name] = np.round(columns[name], DIGITS) + 0.0  # no negative zero
    for name in ("step", "break_even", "break_even_days"):
        columns[name] = columns[name].astype(np.int64)
    return Results(account_id=inputs.account_id, **columns)


def _refuse(inputs: Inputs, faulty: NDArray[np.bool_], name: str) -> None:
    if faulty.any():
        account = int(inputs.account_id[int(np.argmax(faulty))])
        words = name.replace("_", " ")
        raise RunFailedError(f"The {words} of account {account} is no sound number.")
