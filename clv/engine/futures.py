"""Futures drawn once and shared by all accounts that can have them.

A future is drawn per distinct history at weekly resolution. Under most models it hangs
on frequency and age only, given that the account is alive: then it is drawn per
distinct pair of the two, and recency decides who is alive. Where recency shapes the
future itself (regular buyers), it is drawn for each history. A mix draws one of its
models for each column, so both kinds can stand side by side.

For a whole firm they can be drawn at once and looked up wherever its accounts are
valued (`clv.engine.common_futures`).

A whole firm may come to order faster or slower than its models say. Then its clock runs
at another pace: what takes t days happens in t / f of them, with a factor f that all
accounts of one draw share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from clv.engine.arrays import FloatVector, IndexVector, distinct_rows
from clv.engine.crossed import Crossed
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma

Singles = NDArray[np.float32]
Drawn: TypeAlias = tuple[Singles, Singles, Singles]  # units, orders, years

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
    count_row : index array, shape (n,)
        Row of each account's order count.
    margin_swing : float array, shape (n,)
        By how much a factor of 2 moves each account's mean margin.
    blocks : tuple of Block
    """

    alive: NDArray[np.bool_]
    margin_factors: Singles
    count_row: IndexVector
    margin_swing: FloatVector
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """One future of the firm per column: its models, its luck and its pace.

    Attributes
    ----------
    models, spends : one per column
        Columns whose models ask for frequency and age only come first.
    few : int
        How many these are.
    luck : float array
        One stratified uniform per column: every account is alive in its exact share.
    paces : float array
    """

    models: tuple[RepeatBuyingModel, ...]
    spends: tuple[GammaGamma, ...]
    few: int
    luck: FloatVector
    paces: FloatVector

    @classmethod
    def draw(
        cls,
        model: RepeatBuyingModel,
        spend: GammaGamma,
        rng: np.random.Generator,
        draws: int,
        pace_error: float,
    ) -> "Columns":
        """Draw luck, parameters and paces; models of both kinds are put in order."""
        luck = (rng.permutation(draws) + rng.random(draws)) / draws
        models, spends = model.draw_models(rng, draws), spend.draw_models(rng, draws)
        order = sorted(range(draws), key=lambda at: models[at].recency_shapes_future)
        many = sum(models[at].recency_shapes_future for at in order)
        paces = pace_factors(pace_error, rng, draws)
        return cls(
            tuple(models[at] for at in order),
            tuple(spends[at] for at in order),
            draws - many,
            luck[order],
            paces[order],
        )

    @property
    def by_pair(self) -> slice:
        return slice(0, self.few)

    @property
    def by_history(self) -> slice:
        return slice(self.few, len(self.models))

    def alive(self, rows: Histories) -> NDArray[np.bool_]:
        """Tell who is alive in which column, one row per history."""
        crossed = Crossed.of(rows)
        alive = np.empty((len(rows), len(self.models)), np.bool_)
        for column, model in enumerate(self.models):
            alive[:, column] = model.alive_at(crossed, float(self.luck[column]))
        return alive


def draw_futures(
    portfolio: Portfolio,
    rows: Histories,
    rng: np.random.Generator,
    draws: int,
    pace_error: float = 0.0,
) -> Futures:
    """Draw futures of distinct histories and factors of the order counts at hand."""
    columns = Columns.draw(portfolio.model, portfolio.spend, rng, draws, pace_error)
    counts, count_row = np.unique(portfolio.order_count, return_inverse=True)
    factors = np.empty((counts.size, draws), np.float32)
    first, inverse = distinct_rows(rows.frequency, rows.age_days)
    kinds = [
        (columns.by_pair, rows.take(first), inverse),
        (columns.by_history, rows, np.arange(len(rows))),
    ]
    blocks = []
    for part, own, back in kinds:
        if part.start < part.stop:
            drawn = draw_columns(
                ahead_of(portfolio), own, columns, part, rng, margins=(counts, factors)
            )
            blocks.append(Block(back, part, *drawn))
    return Futures(
        columns.alive(rows),
        factors,
        count_row,
        portfolio.margin_swing,
        tuple(blocks),
    )


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
    phase: int | None = None,
) -> tuple[FloatVector, FloatVector]:
    """Draw days with orders and days alive where all goes `pace` times as fast.

    However fast, no day holds two days with orders. A `phase` is that of all accounts.
    """
    horizon = horizon_days * pace
    if phase is None:
        bought, lived = model.sample_while_alive(rows, horizon, rng)
    else:
        bought, lived = model.sample_in_phase(rows, phase, horizon, rng)
    if pace == 1.0:
        return bought, lived
    return np.minimum(bought, horizon_days), lived / pace


def ahead_of(portfolio: Portfolio) -> tuple[float, float]:
    return daily_rate(portfolio.annual_rate), portfolio.horizon_days


def draw_columns(
    ahead: tuple[float, float],
    rows: Histories,
    columns: Columns,
    part: slice,
    rng: np.random.Generator,
    *,
    margins: tuple[FloatVector, Singles] | None = None,
    phase: int | None = None,
) -> Drawn:
    """Draw some columns; return units, orders and years.

    `ahead` is the discount rate per day and the horizon. `margins` are order counts and
    the table of their factors, whose columns are filled in turn. A `phase` is that of
    all rows.
    """
    delta, horizon = ahead
    shape = (len(rows), part.stop - part.start)
    units, orders, years = (np.empty(shape, np.float32) for _ in range(3))
    for to, at in enumerate(range(part.start, part.stop)):
        spend, pace = columns.spends[at], float(columns.paces[at])
        model = columns.models[at]
        bought, lived = sample_at_pace(model, rows, horizon, pace, rng, phase)
        worth = _mean_discount(delta, lived)
        orders[:, to] = bought * worth
        years[:, to] = lived * worth / DAYS_PER_YEAR
        units[:, to] = rng.gamma(spend.p * bought) / spend.p * worth
        if margins is not None:
            counts, factors = margins
            factors[:, at] = spend.draw_relative_means(counts, rng)
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
) -> Singles:
    """Return the drawn values of the accounts in `part`, shape (part, draws)."""

    def column(values: FloatVector) -> Singles:
        return values[part].astype(np.float32)[:, None]

    blocks = [
        _block_values(
            portfolio, futures, block, column, history, futures.count_row[part]
        )
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
