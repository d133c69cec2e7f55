"""From what is known of each account to what it is worth: fit, then value.

Nothing here reads or writes the database. Money is in cents where it is stored, in
currency units where the engine works; both borders are in this module.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.choices import BreakEven, LadderStep
from clv.engine import ladder
from clv.engine.breakeven import Economics, expected_breakeven
from clv.engine.costs import fit_cost_rates
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.history import Histories
from clv.engine.spend import fit_spend_with_ladder
from clv.engine.uncertainty import Portfolio, value_intervals
from clv.engine.value import value_accounts
from clv.errors import RunFailedError
from clv.models import Assumptions
from clv.policy import (
    CLEARLY_LIKELIER,
    FEWEST_ORDERS_OF_ITS_OWN,
    INTERVAL_DRAWS,
    INTERVAL_LEVEL,
    MODEL_NAMES,
    YOUNGEST_DAYS,
)
from clv.queries.inputs import Inputs
from clv.services.learnt import Models

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DIGITS = 6  # of stored probabilities and counts: what rounding noise cannot reach
LARGEST_CENTS = 1e14 - 1  # what numeric(14, 2) holds
NO_PROBABILITY = -1.0
NO_DAY = -(2**31)

# Codes under which results travel to the database, by position.
STEPS = (LadderStep.INDIVIDUAL, LadderStep.POOLED, LadderStep.ASSUMPTION)
BREAK_EVENS = (
    BreakEven.PAID_BACK,
    BreakEven.EXPECTED,
    BreakEven.NOT_EXPECTED,
    BreakEven.UNKNOWN,
)
PAID_BACK, EXPECTED, NOT_EXPECTED, UNKNOWN = range(4)
_STEP_OF_FIT = {ladder.INDIVIDUAL: 0, ladder.POOLED: 1, ladder.ASSUMED: 2}


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
    break_even: Integers
    break_even_days: Integers

    @property
    def future_value(self) -> Integers:
        return self.expected_margin - self.expected_cost

    def digest(self, inputs: Inputs) -> str:
        """Return a fingerprint of inputs and results: equal if and only if all are."""
        fingerprint = hashlib.sha256()
        for part in (inputs, self):
            for field in dataclasses.fields(part):
                values: NDArray[Any] = getattr(part, field.name)
                little = values.astype(values.dtype.newbyteorder("<"))
                fingerprint.update(np.ascontiguousarray(little).tobytes())
        return fingerprint.hexdigest()


def fit_models(inputs: Inputs, *, names: Sequence[str] = MODEL_NAMES) -> Models:
    """Learn buying, margins and costs from all accounts that ever ordered."""
    rows = np.flatnonzero(inputs.order_days > 0)
    orders = inputs.order_days[rows].astype(np.float64)
    name, fit, likelihoods = _fit_buying(_histories(inputs, rows), names)
    spend, spend_step = fit_spend_with_ladder(orders, _mean_margin(inputs, rows))
    won = inputs.cost_to_win[rows]
    return Models(
        name=name,
        buying=fit.model,
        step=fit.step,
        reason=fit.reason,
        log_likelihoods=likelihoods,
        spend=spend,
        spend_step=spend_step,
        per_order=fit_cost_rates(inputs.cost_per_order_kinds[rows] / 100.0, orders),
        per_year=fit_cost_rates(
            inputs.cost_over_time_kinds[rows] / 100.0, _years(inputs, rows)
        ),
        cost_to_win=float(won.sum()) / 100.0 / won.size if won.size else 0.0,
    )


def _fit_buying(
    histories: Histories, names: Sequence[str]
) -> tuple[str, ladder.LadderFit, dict[str, float | None]]:
    """Fit all, return the one to value with and how likely each makes the data."""
    fits = {name: ladder.fit_with_ladder(histories, name=name) for name in names}
    likelihoods = {name: fit.model.log_likelihood for name, fit in fits.items()}
    best = names[0]
    for name in names[1:]:
        ours, theirs = likelihoods[best], likelihoods[name]
        if ours is None or theirs is None or fits[name].step != fits[best].step:
            continue
        if theirs - ours > CLEARLY_LIKELIER:
            best = name
    return best, fits[best], likelihoods


def value_inputs(inputs: Inputs, models: Models, terms: Terms) -> Results:
    """Value every account: customers by their own history, the others "if won".

    Raises
    ------
    RunFailedError
        If a value is not finite or too large to be stored; the message names the
        account.
    """
    columns = _newcomers(inputs, models, terms)
    rows = np.flatnonzero(inputs.order_days > 0)
    if rows.size:
        for name, values in _customers(inputs, rows, models, terms).items():
            columns[name][rows] = values
    return _checked(inputs, columns)


def _customers(
    inputs: Inputs, rows: NDArray[np.intp], models: Models, terms: Terms
) -> dict[str, NDArray[Any]]:
    histories = _histories(inputs, rows)
    orders = inputs.order_days[rows].astype(np.float64)
    means = _mean_margin(inputs, rows)
    margin = models.spend.expected_value(orders, means)
    per_order = models.per_order.expected_rate(
        inputs.cost_per_order_kinds[rows] / 100.0, orders
    )
    per_year = models.per_year.expected_rate(
        inputs.cost_over_time_kinds[rows] / 100.0, _years(inputs, rows)
    )
    rate, horizon = terms.annual_rate, terms.horizon_days
    values = value_accounts(
        model=models.buying,
        histories=histories,
        margin_per_order=margin,
        cost_per_order=per_order,
        cost_per_year=per_year,
        annual_rate=rate,
        horizon_days=horizon,
    )
    portfolio = Portfolio.check(
        model=models.buying,
        spend=models.spend,
        histories=histories,
        order_count=orders,
        mean_margin=means,
        margin_per_order=margin,
        cost_per_order=per_order,
        cost_per_year=per_year,
        annual_rate=rate,
        horizon_days=horizon,
    )
    span = _intervals(portfolio, terms)
    economics = Economics.check(
        rows.size,
        realised_profit=inputs.realised_profit[rows] / 100.0,
        margin_per_order=margin,
        cost_per_order=per_order,
        cost_per_year=per_year,
    )
    days = expected_breakeven(
        model=models.buying,
        histories=histories,
        economics=economics,
        horizon_days=horizon,
    )
    break_even, break_even_days = _break_even(inputs, rows, days)
    as_fitted = (orders >= FEWEST_ORDERS_OF_ITS_OWN) | (
        models.step != ladder.INDIVIDUAL
    )
    return {
        "step": np.where(as_fitted, _STEP_OF_FIT[models.step], 1),
        "probability_alive": values.probability_alive,
        "expected_orders": values.expected_orders,
        "expected_orders_year": values.expected_orders_year,
        "expected_margin": values.expected_margin,
        "expected_margin_year": values.expected_margin_year,
        "expected_cost": values.expected_cost,
        "expected_cost_year": values.expected_cost_year,
        "future_low": span[0],
        "future_high": span[1],
        "break_even": break_even,
        "break_even_days": break_even_days,
    }


def _newcomers(inputs: Inputs, models: Models, terms: Terms) -> dict[str, NDArray[Any]]:
    """Return columns that give every account the worth of a fresh customer if won.

    A fresh customer places the first order at once and then behaves as the model says
    of somebody nothing is known of; winning costs what it cost on average.
    """
    fresh = Histories.check([0.0], [0.0], [0.0])
    margin = models.spend.mean
    nothing = np.zeros(1)
    per_order = float(models.per_order.expected_rate(nothing, nothing)[0])
    per_year = float(models.per_year.expected_rate(nothing, nothing)[0])
    portfolio = Portfolio.check(
        model=models.buying,
        spend=models.spend,
        histories=fresh,
        order_count=0.0,
        mean_margin=0.0,
        cost_per_order=per_order,
        cost_per_year=per_year,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
    )
    low, high = _intervals(portfolio, terms)
    at_once = margin - per_order - models.cost_to_win
    numbers: dict[str, float] = {
        "step": STEPS.index(LadderStep.ASSUMPTION),
        "probability_alive": NO_PROBABILITY,
        "future_low": at_once + float(low[0]),
        "future_high": at_once + float(high[0]),
        "break_even": UNKNOWN,
        "break_even_days": NO_DAY,
    }
    for suffix, days in (("", terms.horizon_days), ("_year", DAYS_PER_YEAR)):
        flows = models.buying.flows(
            fresh, annual_rate=terms.annual_rate, horizon_days=days
        )
        bought = models.buying.expected_purchases(fresh, horizon_days=days)
        orders = 1.0 + float(flows.orders[0])
        numbers[f"expected_orders{suffix}"] = 1.0 + float(bought[0])
        numbers[f"expected_margin{suffix}"] = orders * margin
        numbers[f"expected_cost{suffix}"] = (
            models.cost_to_win
            + orders * per_order
            + float(flows.alive_days[0]) * per_year / DAYS_PER_YEAR
        )
    return {name: np.full(len(inputs), value) for name, value in numbers.items()}


def _intervals(portfolio: Portfolio, terms: Terms) -> tuple[Floats, Floats]:
    """Return the ends of the interval; the day of the run is the seed."""
    span = value_intervals(
        portfolio,
        rng=np.random.default_rng(terms.as_of.toordinal()),
        draws=INTERVAL_DRAWS,
        level=INTERVAL_LEVEL,
    )
    return span.low, span.high


def _break_even(
    inputs: Inputs, rows: NDArray[np.intp], expected_days: Floats
) -> tuple[Integers, Integers]:
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


def _histories(inputs: Inputs, rows: NDArray[np.intp]) -> Histories:
    return Histories.check(
        inputs.order_days[rows] - 1, inputs.recency_days[rows], inputs.age_days[rows]
    )


def _mean_margin(inputs: Inputs, rows: NDArray[np.intp]) -> Floats:
    result: Floats = inputs.margin[rows] / 100.0 / inputs.order_days[rows]
    return result


def _years(inputs: Inputs, rows: NDArray[np.intp]) -> Floats:
    result: Floats = np.maximum(inputs.age_days[rows], YOUNGEST_DAYS) / DAYS_PER_YEAR
    return result


MONEY = (
    "expected_margin",
    "expected_margin_year",
    "expected_cost",
    "expected_cost_year",
    "future_low",
    "future_high",
)
ROUNDED = ("probability_alive", "expected_orders", "expected_orders_year")


def _checked(inputs: Inputs, columns: dict[str, NDArray[Any]]) -> Results:
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
