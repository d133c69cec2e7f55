"""How sure the break-even of accounts under contract is, by simulated futures.

A future is drawn as for intervals: how many renewals come, and a factor on the margin.
Fees come on the days of their terms, everything else evenly over the years lived, so a
future's course is known on every day; it pays back where that course first reaches 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatMatrix, FloatVector, as_account_vector, frozen
from clv.engine.breakeven import (
    BreakEvenRange,
    first_crossing,
    monthly_grid,
    range_of,
)
from clv.engine.contracts.intervals import Luck, margin_factor
from clv.engine.contracts.running import Money, Running
from clv.engine.contracts.value import calendar_of, chances_of, shapes
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError


def contract_breakeven_range(
    *,
    luck: Luck,
    running: Running,
    money: Money,
    seen_years: ArrayLike,
    realised_profit: ArrayLike,
    horizon_days: float,
    grace_days: float,
    level: float = 0.8,
) -> BreakEvenRange:
    """Return the central range of payback days over simulated futures.

    Parameters
    ----------
    luck : Luck
        The random numbers of all draws, from `Luck.of`; the same for every account.
    running, money : n rows
    seen_years, realised_profit : array-like, shape (n,)
        Years behind each account's own margin; margin less all costs so far.
    level : float in (0, 1)

    Returns
    -------
    BreakEvenRange
        As of accounts without contract. Who has paid back already has 0, 0 and 1.

    Raises
    ------
    BadParameterError
        If an argument is out of its domain.
    """
    if not 0.0 < level < 1.0:
        raise BadParameterError(f"level must be between 0 and 1, not {level}")
    count = len(running)
    profit = as_account_vector(
        realised_profit, "realised_profit", count, error=BadParameterError
    )
    seen = as_account_vector(seen_years, "seen_years", count, error=BadParameterError)
    low, high, probability = np.zeros(count), np.zeros(count), np.ones(count)
    rows = np.flatnonzero(profit < 0.0)
    if rows.size:
        moments = _moments(
            luck,
            running.take(rows),
            money.take(rows),
            seen[rows],
            profit[rows],
            (horizon_days, grace_days),
        )
        low[rows], high[rows], probability[rows] = range_of(moments, level)
    return BreakEvenRange(frozen(low), frozen(high), frozen(probability))


def _moments(
    luck: Luck,
    running: Running,
    money: Money,
    seen_years: FloatVector,
    profit: FloatVector,
    reach: tuple[float, float],
) -> FloatMatrix:
    """Return the day of payback of each account in each future, shape (n, draws)."""
    horizon_days, grace_days = reach
    grid = monthly_grid(horizon_days)
    calendar = calendar_of(running, horizon_days)
    steps, horizon = calendar.shape[1], grid[-1]
    begun = (calendar[:, :, None] < grid) & (grid > 0.0)
    begin = np.clip(calendar, 0.0, horizon)
    end = np.clip(calendar + running.term_days[:, None], 0.0, horizon)
    lived = np.clip(grid - begin[:, :, None], 0.0, (end - begin)[:, :, None])
    certain = np.minimum(grid, begin[:, :1])
    fee = money.margin_per_term[:, None]
    margin = money.margin_per_year[:, None]
    moments = np.empty((len(running), len(luck.spends)))
    for column, models in enumerate(luck.models):
        chances = chances_of(shapes(models, running), running, steps, grace_days)
        comes = chances > luck.renewing[column]
        terms = np.einsum("ns,nst->nt", comes, begun, dtype=np.float64)
        days = certain + np.einsum("ns,nst->nt", comes, lived)
        years = days / DAYS_PER_YEAR
        factor = margin_factor(luck, column, seen_years, years[:, -1])[:, None]
        orders = (
            terms * money.orders_per_term[:, None]
            + years * money.orders_per_year[:, None]
        )
        course = profit[:, None] + factor * (terms * fee + years * margin)
        course -= orders * money.cost_per_order[:, None]
        course -= years * money.cost_per_year[:, None]
        moments[:, column] = first_crossing(grid, course)
    return moments
