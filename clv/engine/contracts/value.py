"""The value of accounts under contract: renewal dates are known, renewals are not.

Symbols: k = renewals survived, d = days until the term that runs ends, L = days of a
term; q_j = chance that at least j more renewals come, from the shifted-beta-geometric
model of `clv.engine.models.sbg`:

    q_1 = (beta+k) / (alpha+beta+k)        q_j+1 = q_j (beta+k+j) / (alpha+beta+k+j)

Until the end of its term an account is alive for certain, then with the chances q_j:

    terms = sum over j >= 1 of  q_j exp(-delta t_j),   t_j = d + (j-1) L < horizon
    years = integral from 0 to horizon of q(t) exp(-delta t) dt / 365.25,
            q(t) = 1 before d and q_j between t_j and t_j + L

    value = terms x (margin per term) + years x (margin per year - cost per year)
            - orders x (cost per order)

What is billed ahead for a term comes at the term's begin, so the part of the running
term that is already paid is not counted again; everything else comes evenly. All of an
account's margin belongs to one of the two, so nothing is counted beside the contract.

A renewal that is late: records arrive within a grace of g days, spread evenly. After
l < g days without one the odds of a renewal have fallen by the factor (1 - l/g); after
the grace the account is gone.

Source: Fader & Hardie (2007, 2010), as in `clv.engine.models.sbg`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatMatrix, FloatVector, as_account_vector, frozen
from clv.engine.breakeven import first_crossing, monthly_grid
from clv.engine.contracts.running import Money, Running
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate, effective_horizon
from clv.engine.errors import BadParameterError
from clv.engine.models.sbg import Sbg
from clv.engine.value import Values


@dataclass(frozen=True, slots=True)
class Terms:
    """Discounted expectations per account within a horizon; shape (n,).

    `terms` begin within the horizon, after the one that runs; `years` are lived.
    """

    terms: FloatVector
    years: FloatVector


def renewal_chance(
    models: Sequence[Sbg], running: Running, *, grace_days: float
) -> FloatVector:
    """Return the chance that each contract is renewed at its next date, shape (n,).

    Late ones lose odds with every day and have 0 from `grace_days` on.

    Raises
    ------
    BadParameterError
        If the grace is not positive.
    """
    return frozen(chances_of(shapes(models, running), running, 1, grace_days)[:, 0])


def probability_alive(
    models: Sequence[Sbg], running: Running, *, grace_days: float
) -> FloatVector:
    """Return 1 until a term ends, then the chance that it is still renewed."""
    late = renewal_chance(models, running, grace_days=grace_days)
    return frozen(np.where(running.due_days >= 0.0, 1.0, late))


def expected_terms(
    models: Sequence[Sbg],
    running: Running,
    *,
    annual_rate: float,
    horizon_days: float,
    grace_days: float,
) -> Terms:
    """Return discounted terms to begin and years to live within the horizon.

    Raises
    ------
    BadParameterError
        If an argument is out of its domain.
    """
    horizon = effective_horizon(annual_rate, horizon_days)
    delta = daily_rate(annual_rate)
    calendar = calendar_of(running, horizon)
    chances = chances_of(
        shapes(models, running), running, calendar.shape[1], grace_days
    )
    begins = (calendar < horizon) * np.exp(-delta * np.maximum(calendar, 0.0))
    return Terms(
        frozen((chances * begins).sum(axis=1)),
        frozen(_years(running, calendar, chances, delta, horizon)),
    )


def value_contracts(
    *,
    models: Sequence[Sbg],
    running: Running,
    money: Money,
    annual_rate: float,
    horizon_days: float,
    grace_days: float,
) -> Values:
    """Value accounts under contract within the horizon.

    Parameters
    ----------
    models : one Sbg per group
    running : Running, n rows
    money : Money, n rows
    annual_rate, horizon_days : float >= 0
    grace_days : float > 0

    Returns
    -------
    Values
        As of accounts without contract; `order_cost` comes with orders and
        `serving_cost` with years alive.

    Raises
    ------
    BadParameterError
        If an argument is out of its domain.
    """

    def flows(rate: float, days: float) -> Terms:
        return expected_terms(
            models,
            running,
            annual_rate=rate,
            horizon_days=days,
            grace_days=grace_days,
        )

    whole, year = flows(annual_rate, horizon_days), flows(annual_rate, DAYS_PER_YEAR)
    margin = _amount(whole, money.margin_per_term, money.margin_per_year)
    order_cost = _orders(whole, money) * money.cost_per_order
    serving_cost = whole.years * money.cost_per_year
    year_cost = _orders(year, money) * money.cost_per_order
    return Values(
        probability_alive=probability_alive(models, running, grace_days=grace_days),
        expected_orders=frozen(_orders(flows(0.0, horizon_days), money)),
        expected_orders_year=frozen(_orders(flows(0.0, DAYS_PER_YEAR), money)),
        expected_margin=frozen(margin),
        expected_margin_year=frozen(
            _amount(year, money.margin_per_term, money.margin_per_year)
        ),
        order_cost=frozen(order_cost),
        serving_cost=frozen(serving_cost),
        expected_cost=frozen(order_cost + serving_cost),
        expected_cost_year=frozen(year_cost + year.years * money.cost_per_year),
        future_value=frozen(margin - order_cost - serving_cost),
    )


def contract_breakeven(
    *,
    models: Sequence[Sbg],
    running: Running,
    money: Money,
    realised_profit: ArrayLike,
    horizon_days: float,
    grace_days: float,
) -> FloatVector:
    """Return the days until each account has paid back, in cash, undiscounted.

    0 for those that have already, ``inf`` if the expected course does not reach zero
    within the horizon; as `clv.engine.breakeven.expected_breakeven`.
    """
    profit = as_account_vector(
        realised_profit, "realised_profit", len(running), error=BadParameterError
    )
    days = np.zeros(len(running))
    rows = np.flatnonzero(profit < 0.0)
    part, cash = running.take(rows), money.take(rows)
    grid = monthly_grid(horizon_days)
    course = np.repeat(profit[rows][:, None], grid.size, axis=1)
    for column, day in enumerate(grid):
        until = expected_terms(
            models, part, annual_rate=0.0, horizon_days=day, grace_days=grace_days
        )
        course[:, column] += (
            _amount(until, cash.margin_per_term, cash.margin_per_year)
            - _orders(until, cash) * cash.cost_per_order
            - until.years * cash.cost_per_year
        )
    days[rows] = first_crossing(grid, course)
    return frozen(days)


def _amount(flows: Terms, per_term: FloatVector, per_year: FloatVector) -> FloatVector:
    return flows.terms * per_term + flows.years * per_year


def _orders(flows: Terms, money: Money) -> FloatVector:
    return _amount(flows, money.orders_per_term, money.orders_per_year)


def shapes(models: Sequence[Sbg], running: Running) -> tuple[FloatVector, FloatVector]:
    if int(running.group.max(initial=0)) >= len(models):
        raise BadParameterError("there is no model for the highest group")
    alpha = np.array([model.alpha for model in models])
    beta = np.array([model.beta for model in models])
    return alpha[running.group], beta[running.group]


def calendar_of(running: Running, horizon: float) -> FloatMatrix:
    """Return the days on which the next terms begin, shape (n, steps)."""
    room = (horizon - running.due_days) / running.term_days
    steps = max(int(np.ceil(room.max(initial=0.0))), 1)
    return running.due_days[:, None] + running.term_days[:, None] * np.arange(steps)


def chances_of(
    alpha_beta: tuple[FloatVector, FloatVector],
    running: Running,
    steps: int,
    grace_days: float,
) -> FloatMatrix:
    """Return q_1 .. q_steps of each contract."""
    if not (np.isfinite(grace_days) and grace_days > 0.0):
        raise BadParameterError(f"grace_days must be above 0, not {grace_days}")
    alpha, beta = alpha_beta
    stays = (beta + running.renewals)[:, None] + np.arange(float(steps))
    chance = stays / (alpha[:, None] + stays)
    late = np.clip(-running.due_days / grace_days, 0.0, 1.0)
    odds = chance[:, 0] * (1.0 - late)
    chance[:, 0] = odds / (odds + 1.0 - chance[:, 0])
    return np.asarray(np.cumprod(chance, axis=1), dtype=np.float64)


def _years(
    running: Running,
    calendar: FloatMatrix,
    chances: FloatMatrix,
    delta: float,
    horizon: float,
) -> FloatVector:
    begin = np.clip(calendar, 0.0, horizon)
    end = np.clip(calendar + running.term_days[:, None], 0.0, horizon)
    certain = discounted_days(np.zeros(len(running)), begin[:, 0], delta)
    later = (chances * discounted_days(begin, end, delta)).sum(axis=1)
    years: FloatVector = (certain + later) / DAYS_PER_YEAR
    return years


def discounted_days(begin: FloatMatrix, end: FloatMatrix, delta: float) -> FloatMatrix:
    """Return the integral of ``exp(-delta t)`` from `begin` to `end`, any shape."""
    if delta <= 0.0:
        return np.asarray(end - begin, dtype=np.float64)
    days = np.exp(-delta * begin) * -np.expm1(-delta * (end - begin)) / delta
    return np.asarray(days, dtype=np.float64)
