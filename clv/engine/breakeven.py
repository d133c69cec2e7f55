"""When an account that has cost more than it brought is expected to have paid back.

Paid back means cash: margins and costs are not discounted here. The expected course is

    profit(t) = realised + orders(t) (margin - cost per order)
                - years alive(t) x (cost per year)

on a monthly grid with straight lines between; the first time it reaches zero within the
horizon is the break-even. The range around it comes from simulated futures, in which an
account may leave early, buy in bursts and turn out better or worse than expected.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    IndexVector,
    as_account_vector,
    as_account_vectors,
    frozen,
)
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.spend import GammaGamma

DAYS_PER_MONTH = DAYS_PER_YEAR / 12.0
NOT_EXPECTED = np.inf
CHUNK_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Economics:
    """What an order and a year of n accounts bring and cost.

    Attributes
    ----------
    realised_profit : float array, shape (n,)
        Margin less all costs up to the cut-off, cost to win included.
    margin_per_order, cost_per_order, cost_per_year : float arrays, shape (n,)
        Expected money.
    """

    realised_profit: FloatVector
    margin_per_order: FloatVector
    cost_per_order: FloatVector
    cost_per_year: FloatVector

    @classmethod
    def check(
        cls,
        count: int,
        *,
        realised_profit: ArrayLike,
        margin_per_order: ArrayLike,
        cost_per_order: ArrayLike = 0.0,
        cost_per_year: ArrayLike = 0.0,
    ) -> "Economics":
        """Return checked vectors of length `count`; scalars stand for all.

        Raises
        ------
        BadParameterError
            If a vector has another length or a value that is not finite.
        """
        return cls(
            **as_account_vectors(
                count,
                realised_profit=realised_profit,
                margin_per_order=margin_per_order,
                cost_per_order=cost_per_order,
                cost_per_year=cost_per_year,
            )
        )

    def take(self, index: IndexVector) -> "Economics":
        """Return the rows at `index`."""
        return Economics(
            self.realised_profit[index],
            self.margin_per_order[index],
            self.cost_per_order[index],
            self.cost_per_year[index],
        )


@dataclass(frozen=True, slots=True)
class BreakEvenRange:
    """How sure the break-even is.

    Attributes
    ----------
    low_days, high_days : float arrays, shape (n,)
        Between them the payback falls with the probability asked for; ``inf`` where
        it may well never come, 0 for accounts that have paid back already.
    probability : float array, shape (n,)
        Share of simulated futures that pay back within the horizon.
    """

    low_days: FloatVector
    high_days: FloatVector
    probability: FloatVector


def expected_breakeven(
    *,
    model: RepeatBuyingModel,
    histories: Histories,
    economics: Economics,
    horizon_days: float,
) -> FloatVector:
    """Return the days from the cut-off until each account has paid back.

    Returns
    -------
    float array, shape (n,)
        0 for accounts with a realised profit of 0 or more (their date lies in the
        past and stands in the ledger); ``inf``, named `NOT_EXPECTED`, if the expected
        course does not reach zero within the horizon.

    Raises
    ------
    BadParameterError
        If the horizon is negative or not finite.
    """
    grid = monthly_grid(horizon_days)
    days = np.zeros(len(histories))
    open_rows = np.flatnonzero(economics.realised_profit < 0.0)
    for start in range(0, open_rows.size, CHUNK_ROWS):
        rows = open_rows[start : start + CHUNK_ROWS]
        orders, alive_days = model.curves(histories.take(rows), grid)
        part = economics.take(rows)
        gain = (part.margin_per_order - part.cost_per_order)[:, None]
        daily = (part.cost_per_year / DAYS_PER_YEAR)[:, None]
        course = part.realised_profit[:, None] + gain * orders - daily * alive_days
        days[rows] = first_crossing(grid, course)
    return frozen(days)


def breakeven_range(
    *,
    model: RepeatBuyingModel,
    spend: GammaGamma,
    histories: Histories,
    order_count: ArrayLike,
    economics: Economics,
    horizon_days: float,
    rng: np.random.Generator,
    draws: int = 100,
    level: float = 0.8,
) -> BreakEvenRange:
    """Return the central range of payback days over simulated futures.

    Parameters
    ----------
    order_count : array-like, shape (n,)
        Orders behind each account's own mean margin.
    rng : numpy.random.Generator, the only source of chance
    level : float in (0, 1)

    Notes
    -----
    A future holds N orders in the L days alive and a mean margin; with a cost of c per
    day the account needs the smallest n with ``n gain - c t_n >= deficit``, where order
    n is expected at ``L n / (N + 1)``; its moment is drawn as L times a
    Beta(n, N + 1 - n), the law of the n-th of N scattered points.
    """
    if not 0.0 < level < 1.0:
        raise BadParameterError(f"level must be between 0 and 1, not {level}")
    counts = as_account_vector(order_count, "order_count", len(histories))
    rows = np.flatnonzero(economics.realised_profit < 0.0)
    low, high = np.zeros(len(histories)), np.zeros(len(histories))
    probability = np.ones(len(histories))
    models = model.draw_models(rng, draws)
    spends = spend.draw_models(rng, draws)
    for start in range(0, rows.size, CHUNK_ROWS):
        part = rows[start : start + CHUNK_ROWS]
        known, money = histories.take(part), economics.take(part)
        moments = np.empty((part.size, draws))
        for column, (buying, margins) in enumerate(zip(models, spends, strict=True)):
            factor = margins.draw_relative_means(counts[part], rng)
            moments[:, column] = _draw_payback(
                buying, known, money, factor, horizon_days, rng
            )
        low[part], high[part], probability[part] = range_of(moments, level)
    return BreakEvenRange(frozen(low), frozen(high), frozen(probability))


def _draw_payback(
    model: RepeatBuyingModel,
    known: Histories,
    money: Economics,
    margin_factor: FloatVector,
    horizon_days: float,
    rng: np.random.Generator,
) -> FloatVector:
    alive = rng.random(len(known)) < model.probability_alive(known)
    orders, lived = model.sample_while_alive(known, horizon_days, rng)
    pace = lived / (orders + 1.0)
    gain = money.margin_per_order * margin_factor - money.cost_per_order
    gain = gain - money.cost_per_year / DAYS_PER_YEAR * pace
    possible = alive & (gain > 0.0)
    # A deficit beyond all orders needs one more than there are, not an overflow.
    needed = np.full(len(known), np.inf)
    np.divide(-money.realised_profit, gain, out=needed, where=possible)
    needed = np.maximum(np.ceil(np.minimum(needed, orders + 1.0)), 1.0)
    pays = possible & (needed <= orders)
    moment = rng.beta(
        np.where(pays, needed, 1.0), np.where(pays, orders + 1.0 - needed, 1.0)
    )
    return np.where(pays, lived * moment, NOT_EXPECTED)


def monthly_grid(horizon_days: float) -> FloatVector:
    if not (np.isfinite(horizon_days) and horizon_days >= 0.0):
        raise BadParameterError("horizon_days must be a finite number >= 0")
    months = np.arange(0.0, horizon_days, DAYS_PER_MONTH)
    return np.append(months, horizon_days)


def first_crossing(grid: FloatVector, course: FloatMatrix) -> FloatVector:
    """Return where each row first reaches 0, by straight lines; inf if never."""
    reached = course >= 0.0
    after = np.argmax(reached, axis=1)  # course[:, 0] < 0, so after >= 1 if any
    before = np.maximum(after - 1, 0)
    row = np.arange(course.shape[0])
    low, high = course[row, before], course[row, after]
    rise = np.where(high > low, high - low, 1.0)
    crossing = grid[before] - low / rise * (grid[after] - grid[before])
    return np.where(reached.any(axis=1), crossing, NOT_EXPECTED)


def range_of(
    moments: FloatMatrix, level: float
) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Return the ends of the central range of each row, and the share that is finite.

    `moments` holds the days of payback of accounts (rows) in futures (columns).
    """
    ordered = np.sort(moments, axis=1)
    draws = moments.shape[1]
    return (
        ordered[:, _rank(0.5 - 0.5 * level, draws)],
        ordered[:, _rank(0.5 + 0.5 * level, draws)],
        np.isfinite(moments).mean(axis=1),
    )


def _rank(share: float, draws: int) -> int:
    return min(max(round(share * (draws - 1)), 0), draws - 1)
