"""The futures of a whole firm, drawn once and looked up wherever accounts are valued.

An account's future then does not depend on who is valued together with it. Under most
models it hangs on frequency and age. Where recency shapes it (regular buyers) it hangs
on the phase an account is in as well: futures are drawn for every phase of every pair,
and one stratified uniform per column, common to all accounts, says which phase it is.
Earlier runs drew these for the accounts at hand, from a state that is common to all;
without phases it is done so still.
"""

from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector
from clv.engine.crossed import Crossed
from clv.engine.discounting import daily_rate, effective_horizon
from clv.engine.futures import (
    Block,
    Columns,
    Drawn,
    Futures,
    Singles,
    ahead_of,
    draw_columns,
)
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.pairs import Pairs, places_in
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma


@dataclass(frozen=True, slots=True)
class Phases:
    """The columns of models with phases.

    Attributes
    ----------
    luck : float array
        One stratified uniform per column.
    drawn : for each phase, discounted units, orders and years, one row per pair
    """

    luck: FloatVector
    drawn: tuple[Drawn, ...]

    @classmethod
    def draw(
        cls,
        ahead: tuple[float, float],
        rows: Histories,
        columns: Columns,
        rng: np.random.Generator,
    ) -> "Phases":
        part = columns.by_history
        count = part.stop - part.start
        luck = (rng.permutation(count) + rng.random(count)) / count
        most = max(model.phases for model in columns.models[part])
        drawn = tuple(
            draw_columns(ahead, rows, columns, part, rng, phase=phase)
            for phase in range(most)
        )
        return cls(luck, drawn)

    def of(
        self, models: tuple[RepeatBuyingModel, ...], rows: Crossed, place: IndexVector
    ) -> Drawn:
        """Return each account's futures, whose pairs stand at `place`."""
        phase = np.empty((len(rows), len(models)), np.int8)
        for column, model in enumerate(models):
            phase[:, column] = model.phases_at(rows, float(self.luck[column]))
        chosen = [table[place] for table in self.drawn[0]]
        for number, tables in enumerate(self.drawn[1:], 1):
            there = phase == number
            for one, table in zip(chosen, tables, strict=True):
                np.copyto(one, table[place], where=there)
        units, orders, years = chosen
        return units, orders, years


@dataclass(frozen=True, slots=True)
class CommonFutures:
    """What the futures of all accounts of a firm have in common.

    Attributes
    ----------
    columns : Columns
    pairs : Pairs
    drawn : discounted units, orders and years, one row per pair
        The columns of models that ask for frequency and age only.
    counts : float array, ascending
        Distinct order counts.
    margin_factors : one row per count
    seed : int
        Of what is drawn by phase, or for the accounts at hand.
    phases : Phases or None
        The columns of the other models; None draws them for the accounts at hand.
    """

    columns: Columns
    pairs: Pairs
    drawn: Drawn
    counts: FloatVector
    margin_factors: Singles
    seed: int
    phases: Phases | None = None

    @classmethod
    def draw(
        cls,
        pairs: Pairs,
        counts: FloatVector,
        *,
        model: RepeatBuyingModel,
        spend: GammaGamma,
        annual_rate: float,
        horizon_days: float,
        rng: np.random.Generator,
        draws: int,
        pace_error: float = 0.0,
        by_phase: bool = True,
    ) -> "CommonFutures":
        """Draw the futures of all pairs and the factors of all order counts.

        Parameters
        ----------
        pairs : Pairs
        counts : float array, ascending
        model, spend : the fitted models
        annual_rate, horizon_days : float >= 0
        rng, draws, pace_error
            As in `clv.engine.uncertainty.value_intervals`.
        by_phase : bool
            Whether what hangs on recency is drawn here, too, or where it is looked up.
        """
        columns = Columns.draw(model, spend, rng, draws, pace_error)
        ahead = daily_rate(annual_rate), effective_horizon(annual_rate, horizon_days)
        factors = np.empty((counts.size, draws), np.float32)
        rows, by_pair = pairs.as_histories(), columns.by_pair
        drawn = draw_columns(
            ahead, rows, columns, by_pair, rng, margins=(counts, factors)
        )
        for column in range(columns.few, draws):
            spends = columns.spends[column]
            factors[:, column] = spends.draw_relative_means(counts, rng)
        seed = int(rng.integers(2**63))
        phases = None
        if by_phase and columns.few < draws:
            phases = Phases.draw(ahead, rows, columns, np.random.default_rng(seed))
        return cls(columns, pairs, drawn, counts, factors, seed, phases)

    def of(self, portfolio: Portfolio, rows: Histories) -> Futures:
        """Return the futures of accounts of the firm with these distinct histories.

        Raises
        ------
        BadParameterError
            If a pair or an order count is none of the firm's.
        """
        columns, blocks = self.columns, []
        place = self.pairs.places(rows)
        if columns.few:
            blocks.append(Block(place, columns.by_pair, *self.drawn))
        if columns.few < len(columns.models):
            drawn = self._by_history(portfolio, rows, place)
            blocks.append(Block(np.arange(len(rows)), columns.by_history, *drawn))
        return Futures(
            columns.alive(rows),
            self.margin_factors,
            places_in(self.counts, portfolio.order_count),
            portfolio.margin_swing,
            tuple(blocks),
        )

    def _by_history(
        self, portfolio: Portfolio, rows: Histories, place: IndexVector
    ) -> Drawn:
        columns = self.columns
        if self.phases is not None:
            models = columns.models[columns.by_history]
            return self.phases.of(models, Crossed.of(rows), place)
        rng, ahead = np.random.default_rng(self.seed), ahead_of(portfolio)
        return draw_columns(ahead, rows, columns, columns.by_history, rng)
