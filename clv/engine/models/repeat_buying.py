"""What every model of repeat buying answers, whatever its story.

A model says two things about an account: the chance that it is still alive at the
cut-off, and what an alive account does next. Expectation of any flow = chance alive x
flow while alive; that product is taken here, once, for all models.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    BoolVector,
    FloatMatrix,
    FloatVector,
    IndexVector,
    as_vector,
    distinct_rows,
    frozen,
)
from clv.engine.crossed import Crossed
from clv.engine.discounting import daily_rate, effective_horizon
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.answers import Ask, Expected, Flows, Outlook, Simulation
from clv.engine.models.parametric import ParametricModel
from clv.engine.pairs import Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatBuyingModel(ParametricModel, ABC):
    """A fitted model of repeat buying; the parameters named in RATES are in days."""

    RATES: ClassVar[tuple[str, ...]] = ()
    RECENCY_SHAPES_FUTURE: ClassVar[bool] = False  # also when known to be alive

    @property
    def recency_shapes_future(self) -> bool:
        """Whether alive accounts of one frequency and age may still differ."""
        return self.RECENCY_SHAPES_FUTURE

    @abstractmethod
    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the chance that each account is alive at the cut-off, shape (n,)."""

    @abstractmethod
    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive at its start."""

    @property
    def phases(self) -> int:
        """How many kinds of futures alive accounts of one frequency and age can have.

        Recency says how likely each kind is.
        """
        return 1

    def sample_in_phase(
        self,
        histories: Histories,
        phase: int,
        horizon_days: float,
        rng: np.random.Generator,
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive in a phase."""
        del phase
        return self.sample_while_alive(histories, horizon_days, rng)

    def alive_at(self, rows: Crossed, luck: float) -> BoolVector:
        """Tell whose chance to be alive exceeds `luck`, in (0, 1), shape (n,)."""
        return np.asarray(luck < self.probability_alive(rows.histories))

    def phases_at(self, rows: Crossed, luck: float) -> IndexVector:
        """Return the phase that `luck`, in (0, 1), puts each alive account into."""
        del luck
        return np.zeros(len(rows), dtype=np.intp)

    @abstractmethod
    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        """Return discounted orders and alive days per account, given alive now."""

    @abstractmethod
    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Return orders and alive days until each day, given alive now."""

    def _orders_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> FloatMatrix:
        """Return orders until each day, given alive now."""
        return self._curves_while_alive(histories, grid)[0]

    def expected_purchases(
        self, histories: Histories, *, horizon_days: float
    ) -> FloatVector:
        """Return expected orders in the next `horizon_days`, undiscounted.

        Parameters
        ----------
        histories : Histories of n accounts
        horizon_days : float >= 0

        Returns
        -------
        float array, shape (n,), >= 0; not a whole number

        Raises
        ------
        BadParameterError
            If the horizon is negative or not finite.
        """
        return self.flows(histories, annual_rate=0.0, horizon_days=horizon_days).orders

    def discounted_purchases(
        self,
        histories: Histories,
        *,
        annual_rate: float,
        horizon_days: float | None = None,
    ) -> FloatVector:
        """Return expected orders, each discounted to the cut-off.

        Parameters
        ----------
        histories : Histories of n accounts
        annual_rate : float >= 0
            0.15 is 15 % a year; see `clv.engine.discounting`.
        horizon_days : float >= 0 or None
            None counts the whole future and needs a positive rate.

        Returns
        -------
        float array, shape (n,), >= 0

        Raises
        ------
        BadParameterError
            If rate or horizon is out of its domain.
        """
        return self.flows(
            histories, annual_rate=annual_rate, horizon_days=horizon_days
        ).orders

    def expected_alive_days(
        self,
        histories: Histories,
        *,
        annual_rate: float,
        horizon_days: float | None = None,
    ) -> FloatVector:
        """Return the discounted days each account is expected to stay alive.

        Parameters, limits and errors as in `discounted_purchases`. Times a cost per
        day alive, this is the present value of serving the account.
        """
        return self.flows(
            histories, annual_rate=annual_rate, horizon_days=horizon_days
        ).alive_days

    def flows(
        self, histories: Histories, *, annual_rate: float, horizon_days: float | None
    ) -> Flows:
        """Return discounted orders and alive days together, at the cost of one."""
        horizon = effective_horizon(annual_rate, horizon_days)
        delta = daily_rate(annual_rate)
        orders, days = self._flows_while_alive(histories, delta, horizon)
        alive = self.probability_alive(histories)
        return Flows(frozen(alive * orders), frozen(alive * days))

    def outlook(
        self,
        histories: Histories,
        *,
        annual_rate: float,
        horizon_days: float,
        near_days: float,
    ) -> Outlook:
        """Return everything that values need at once, far cheaper than one by one.

        Parameters
        ----------
        histories : Histories of n accounts
        annual_rate, horizon_days, near_days : float >= 0

        Raises
        ------
        BadParameterError
            If rate or a horizon is out of its domain.
        """
        ask = Ask.check(annual_rate, horizon_days, near_days)
        first, inverse = distinct_rows(histories.frequency, histories.age_days)
        shared = self._by_pair(histories.take(first), ask)
        return Outlook(*map(frozen, self._ahead(histories, shared, inverse, ask)))

    def common_outlook(
        self,
        pairs: Pairs,
        *,
        annual_rate: float,
        horizon_days: float,
        near_days: float,
    ) -> "CommonOutlook":
        """Return what an outlook of any account with one of these pairs takes.

        Parameters and errors as in `outlook`.
        """
        ask = Ask.check(annual_rate, horizon_days, near_days)
        shared = self._by_pair(pairs.as_histories(), ask)
        return CommonOutlook(self, ask, pairs, tuple(shared))

    def _by_pair(self, rows: Histories, ask: Ask) -> Iterator[Expected | None]:
        """Yield what alive accounts expect, for each model of a mix.

        None where it is not the same for all accounts of one frequency and age.
        """
        yield None if self.recency_shapes_future else self._expected(rows, ask)

    def _expected(self, rows: Histories, ask: Ask) -> Expected:
        """Return the columns of an `Outlook` but the first one, given alive."""
        far = self._flows_while_alive(rows, ask.delta, ask.horizon)
        near = self._flows_while_alive(rows, ask.delta, ask.near)
        grid = np.array([ask.horizon, ask.near])
        return *far, *near, *self._orders_while_alive(rows, grid).T

    def _ahead(
        self,
        histories: Histories,
        shared: Iterator[Expected | None],
        inverse: IndexVector,
        ask: Ask,
    ) -> list[FloatVector]:
        """Return the columns of an `Outlook`; most futures are shared by many.

        `shared` goes on with what `_by_pair` gave for this model.
        """
        expected = next(shared)
        if expected is None:
            inverse = np.arange(len(histories))
            expected = self._expected(histories, ask)
        alive = self.probability_alive(histories)
        return [alive, *(alive * one[inverse] for one in expected)]

    def purchase_curve(self, histories: Histories, grid_days: ArrayLike) -> FloatMatrix:
        """Return expected orders from the cut-off up to each day of a grid.

        Parameters
        ----------
        histories : Histories of n accounts
        grid_days : array-like, shape (m,), >= 0

        Returns
        -------
        float array, shape (n, m)
            Undiscounted; each row starts near 0 and never falls.
        """
        grid = _checked_grid(grid_days)
        alive = self.probability_alive(histories)[:, None]
        return alive * self._orders_while_alive(histories, grid)

    def curves(
        self, histories: Histories, grid_days: ArrayLike
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Return `purchase_curve` and the same for expected days alive."""
        grid = _checked_grid(grid_days)
        orders, days = self._curves_while_alive(histories, grid)
        alive = self.probability_alive(histories)[:, None]
        return alive * orders, alive * days

    def simulate(
        self,
        histories: Histories,
        *,
        horizon_days: float,
        rng: np.random.Generator,
        draws: int,
        with_parameter_doubt: bool = True,
    ) -> Simulation:
        """Draw futures of every account: parameters, then alive or not, then orders.

        Parameters
        ----------
        histories : Histories of n accounts
        horizon_days : float >= 0
        rng : numpy.random.Generator
            The only source of chance; the same state gives the same answer.
        draws : int
        with_parameter_doubt : bool
            False keeps the estimates fixed.
        """
        orders = np.zeros((len(histories), draws))
        days = np.zeros((len(histories), draws))
        models = (
            self.draw_models(rng, draws) if with_parameter_doubt else [self] * draws
        )
        for column, model in enumerate(models):
            alive = rng.random(len(histories)) < model.probability_alive(histories)
            drawn, lived = model.sample_while_alive(histories, horizon_days, rng)
            orders[:, column] = np.where(alive, drawn, 0.0)
            days[:, column] = np.where(alive, lived, 0.0)
        return Simulation(orders, days)


@dataclass(frozen=True, slots=True)
class CommonOutlook:
    """What the accounts of a firm expect given alive, by pair of frequency and age.

    Attributes
    ----------
    model : RepeatBuyingModel
    ask : Ask
    pairs : Pairs
    expected : one for each model of a mix
    """

    model: RepeatBuyingModel
    ask: Ask
    pairs: Pairs
    expected: tuple[Expected | None, ...]

    def of(self, histories: Histories) -> Outlook:
        """Return what `RepeatBuyingModel.outlook` says of these histories.

        Raises
        ------
        BadParameterError
            If one of them has a pair that is not here.
        """
        first, inverse = distinct_rows(histories.frequency, histories.age_days)
        places = self.pairs.places(histories.take(first))[inverse]
        shared = iter(self.expected)
        columns = self.model._ahead(histories, shared, places, self.ask)
        return Outlook(*map(frozen, columns))


def _checked_grid(grid_days: ArrayLike) -> FloatVector:
    grid = as_vector(grid_days, "grid_days", error=BadParameterError)
    if (grid < 0).any():
        raise BadParameterError("grid_days must not be negative")
    return grid
