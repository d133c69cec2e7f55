"""Models whose alive accounts differ in frequency and age only.

What such an account does next is worked out once per distinct pair of the two and
handed back to all accounts that share it.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import (
    BoolVector,
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
)
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.quadrature import legendre

NEAR_NODES = 20
FAR_NODES = 48
FAR_RATIO = 12.0  # horizon over time scale above which more nodes are spent
CHUNK_CELLS = 1_000_000  # bounds the memory of node-by-node tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PairwiseModel(RepeatBuyingModel):
    """A model with order rate and survival in closed form per (frequency, age)."""

    @abstractmethod
    def _cumulated(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        """Return expected orders and alive days until `days`, given alive now.

        `is_far` is what `_is_far` said of the longest of the days. No account's answer
        may depend on the others.
        """

    @abstractmethod
    def _flow(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        """Return order rate per day and chance alive at `days`, given alive now."""

    @abstractmethod
    def _time_scale(self, h: Histories) -> FloatVector:
        """Return the days over which the flow bends, for placing time nodes."""

    def _is_far(self, h: Histories, days: float) -> BoolVector:
        """Tell for which accounts the days reach so far that more nodes are spent."""
        return days / self._time_scale(h) > FAR_RATIO

    @abstractmethod
    def _cells_per_day(self) -> int:
        """Return how many numbers one (account, day) costs inside."""

    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        pairs, inverse = self._pairs(histories)
        if delta > 0.0:
            orders, days = self._discounted(pairs, delta, horizon)
            return orders[inverse], days[inverse]
        table, lived = self._undiscounted(pairs, np.array([horizon]))
        return table[inverse, 0], lived[inverse, 0]

    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        pairs, inverse = self._pairs(histories)
        orders, days = self._undiscounted(pairs, grid)
        return orders[inverse], days[inverse]

    def _pairs(self, h: Histories) -> tuple[Histories, IndexVector]:
        """Return one account per distinct (frequency, age), and the way back."""
        first, inverse = distinct_rows(h.frequency, h.age_days)
        return h.take(first), inverse

    def _undiscounted(
        self, pairs: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        orders = np.empty((len(pairs), grid.size))
        days = np.empty((len(pairs), grid.size))
        far = self._is_far(pairs, float(grid.max(initial=0.0)))
        for chosen, is_far in ((~far, False), (far, True)):
            for rows in self._chunks(np.flatnonzero(chosen), grid.size):
                part = pairs.take(rows)
                table = np.broadcast_to(grid, (rows.size, grid.size))
                orders[rows], days[rows] = self._cumulated(part, table, is_far=is_far)
        return orders, days

    def _discounted(
        self, pairs: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        """Integrate over log(1 + s / scale), in which the flows are smooth."""
        scale = self._time_scale(pairs)
        orders, days = np.empty(len(pairs)), np.empty(len(pairs))
        far = self._is_far(pairs, horizon)
        for chosen, is_far in ((~far, False), (far, True)):
            count = FAR_NODES if is_far else NEAR_NODES
            nodes, weights = legendre(count)
            for rows in self._chunks(np.flatnonzero(chosen), count):
                near = scale[rows][:, None]
                width = np.log1p(horizon / near)
                stretch = np.exp(width * nodes)
                at = near * (stretch - 1.0)
                rate, survival = self._flow(pairs.take(rows), at, is_far=is_far)
                mass = weights * width * near * stretch * np.exp(-delta * at)
                orders[rows] = (mass * rate).sum(axis=1)
                days[rows] = (mass * survival).sum(axis=1)
        return orders, days

    def _chunks(self, rows: IndexVector, columns: int) -> list[IndexVector]:
        size = max(1, CHUNK_CELLS // max(1, columns * self._cells_per_day()))
        return [rows[start : start + size] for start in range(0, rows.size, size)]
