"""Futures drawn once and shared by all accounts that can have them.

A future is drawn per distinct history at weekly resolution. Under most models it hangs
on frequency and age only, given that the account is alive: then it is drawn per
distinct pair of the two, and recency decides who is alive. Where recency shapes the
future itself (regular buyers), it is drawn for each history. A mix draws one of its
models for each column, so both kinds can stand side by side.

A whole firm may come to order faster or slower than its models say. Then its clock runs
at another pace: what takes t days happens in t / f of them, with a factor f that all
accounts of one draw share.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from clv.engine.arrays import FloatVector, IndexVector, distinct_rows
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma

Singles = NDArray[np.float32]

# Errors of totals are known from three origins, and from two more that stand for the
# usual: their spread is estimated, so the next error follows Student's law.
PACE_FREEDOM = 5.0


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring columns of drawn futures, one row per future.

    Single precision halves memory and time; the noise of the draws is far larger.

    Attributes
    ----------
    rows : index array
        Row of each distinct history.
    columns : slice of the draws
    margin_units : discounted orders, by the margin drawn for each
    orders, alive_years : discounted
    """

    rows: IndexVector
    columns: slice
    margin_units: Singles
    orders: Singles
    alive_years: Singles


@dataclass(frozen=True, slots=True)
class Futures:
    """Simulated futures; draws run over the columns of all blocks.

    Attributes
    ----------
    alive : bool array, one row per distinct history
    margin_factors : one row per distinct order count; mean 1
    margin_swing : float array, shape (n,)
        By how much a factor of 2 moves each account's mean margin.
    blocks : tuple of Block
    """

    alive: NDArray[np.bool_]
    margin_factors: Singles
    margin_swing: FloatVector
    blocks: tuple[Block, ...]


def draw_futures(
    portfolio: Portfolio,
    rows: Histories,
    counts: FloatVector,
    rng: np.random.Generator,
    draws: int,
    pace_error: float = 0.0,
) -> Futures:
    """Draw futures of distinct histories and factors of distinct order counts."""
    # One stratified uniform per draw: every account is alive in its exact share.
    luck = (rng.permutation(draws) + rng.random(draws)) / draws
    models = portfolio.model.draw_models(rng, draws)
    spends = portfolio.spend.draw_models(rng, draws)
    order = sorted(range(draws), key=lambda at: models[at].recency_shapes_future)
    many = sum(models[at].recency_shapes_future for at in order)
    first, inverse = distinct_rows(rows.frequency, rows.age_days)
    kinds = [
        (slice(0, draws - many), rows.take(first), inverse),
        (slice(draws - many, draws), rows, np.arange(len(rows))),
    ]
    paces = pace_factors(pace_error, rng, draws)
    alive = np.empty((len(rows), draws), np.bool_)
    factors = np.empty((counts.size, draws), np.float32)
    for column, at in enumerate(order):
        alive[:, column] = luck[at] < models[at].probability_alive(rows)
    blocks = []
    for columns, own, back in kinds:
        chosen = order[columns]
        if chosen:
            pairs = [(models[at], spends[at], float(paces[at])) for at in chosen]
            table = factors[:, columns]
            blocks.append(
                Block(back, columns, *_drawn(portfolio, own, pairs, counts, table, rng))
            )
    return Futures(alive, factors, portfolio.margin_swing, tuple(blocks))


def pace_factors(error: float, rng: np.random.Generator, draws: int) -> FloatVector:
    """Draw how many times as fast as expected the firm's orders come, shape (draws,).

    Parameters
    ----------
    error : float >= 0
        Relative sd of totals over the origins of a back-test; 0 draws nothing.

    Notes
    -----
    The median is 1. The logarithm follows Student's law with `PACE_FREEDOM` degrees of
    freedom, scaled for the error of one more origin. It is stratified: any draws hold
    its quantiles, in an order of their own.
    """
    if error == 0.0:
        return np.ones(draws)
    places = (rng.permutation(draws) + 0.5) / draws
    scale = error * np.sqrt(1.0 + 1.0 / PACE_FREEDOM)
    return np.asarray(np.exp(scale * stdtrit(PACE_FREEDOM, places)), dtype=np.float64)


def sample_at_pace(
    model: RepeatBuyingModel,
    rows: Histories,
    horizon_days: float,
    pace: float,
    rng: np.random.Generator,
) -> tuple[FloatVector, FloatVector]:
    """Draw days with orders and days alive where all goes `pace` times as fast.

    However fast, no day holds two days with orders.
    """
    bought, lived = model.sample_while_alive(rows, horizon_days * pace, rng)
    if pace == 1.0:
        return bought, lived
    return np.minimum(bought, horizon_days), lived / pace


def _drawn(
    portfolio: Portfolio,
    rows: Histories,
    models: list[tuple[RepeatBuyingModel, GammaGamma, float]],
    counts: FloatVector,
    factors: Singles,
    rng: np.random.Generator,
) -> tuple[Singles, Singles, Singles]:
    """Fill one column per pair of models; return units, orders and years."""
    delta, horizon = daily_rate(portfolio.annual_rate), portfolio.horizon_days
    shape = (len(rows), len(models))
    units, orders, years = (np.empty(shape, np.float32) for _ in range(3))
    for column, (model, spend, pace) in enumerate(models):
        bought, lived = sample_at_pace(model, rows, horizon, pace, rng)
        worth = _mean_discount(delta, lived)
        orders[:, column] = bought * worth
        years[:, column] = lived * worth / DAYS_PER_YEAR
        units[:, column] = rng.gamma(spend.p * bought) / spend.p * worth
        factors[:, column] = spend.draw_relative_means(counts, rng)
    return units, orders, years


def _mean_discount(delta: float, lived: FloatVector) -> FloatVector:
    """Return the mean of exp(-delta t) over the days lived; 1 for none."""
    exponent = delta * lived
    some = exponent > 0.0
    return np.where(some, -np.expm1(-exponent) / np.where(some, exponent, 1.0), 1.0)


def drawn_values(
    portfolio: Portfolio,
    futures: Futures,
    part: IndexVector,
    history: IndexVector,
    count_row: IndexVector,
) -> Singles:
    """Return the drawn values of the accounts in `part`, shape (part, draws)."""

    def column(values: FloatVector) -> Singles:
        return values[part].astype(np.float32)[:, None]

    blocks = [
        _block_values(portfolio, futures, block, column, history, count_row)
        for block in futures.blocks
    ]
    drawn = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
    drawn *= futures.alive[history]
    return drawn


def _block_values(
    portfolio: Portfolio,
    futures: Futures,
    block: Block,
    column: Callable[[FloatVector], Singles],
    history: IndexVector,
    count_row: IndexVector,
) -> Singles:
    row, swing = block.rows[history], futures.margin_swing
    drawn = futures.margin_factors[:, block.columns][count_row]
    drawn *= column(swing)
    if swing is not portfolio.margin_per_order:
        drawn += column(portfolio.margin_per_order - swing)
    drawn *= block.margin_units[row]
    if portfolio.cost_per_order.any():
        drawn -= column(portfolio.cost_per_order) * block.orders[row]
    if portfolio.cost_per_year.any():
        drawn -= column(portfolio.cost_per_year) * block.alive_years[row]
    return drawn
