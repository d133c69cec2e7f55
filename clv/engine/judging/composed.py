"""Models made of models: one per acquisition cohort, and weighted mixes.

Both answer what every model of repeat buying answers, so that value, break-even and
intervals work on them unchanged. They have no log covariance of their own; that of
their parts is in `clv.engine.totals`, and draws of futures draw the parts' parameters.

What a mix expects is the weighted mean of what its models expect; a future of it is one
of a model drawn by its weight. So recency shapes the futures of drawn models only where
it shapes those of a part, although it shapes which part is likely, given alive.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    BoolVector,
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
    frozen,
)
from clv.engine.crossed import Crossed
from clv.engine.discounting import daily_rate, effective_horizon
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models import name_of, stored_model
from clv.engine.models.answers import Ask, Expected, Flows
from clv.engine.models.repeat_buying import RepeatBuyingModel

WEIGHT_TOLERANCE = 1e-9
COHORTS = "cohorts"
MIXTURE = "mixture"


@dataclass(frozen=True, slots=True)
class CohortModel(RepeatBuyingModel):
    """One model per acquisition cohort, told apart by age at the cut-off.

    Attributes
    ----------
    models : tuple of c >= 1 models
        From the youngest cohort to the oldest.
    edges : tuple of c - 1 float, ascending
        Ages in days; an account of exactly an edge belongs to the older cohort.
    """

    models: tuple[RepeatBuyingModel, ...]
    edges: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.models) != len(self.edges) + 1:
            raise BadParameterError("a cohort model needs one edge between two models")
        if list(self.edges) != sorted(set(self.edges)):
            raise BadParameterError("edges must be ascending")

    def __len__(self) -> int:
        return len(self.models)

    @property
    def recency_shapes_future(self) -> bool:
        """Cohorts are told apart by age, so only a cohort's model can ask for more."""
        return any(model.recency_shapes_future for model in self.models)

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the chance that each account is alive, by its cohort's model."""
        return self._assembled(
            histories, lambda model, part: (model.probability_alive(part),)
        )[0]

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive at its start."""
        orders, days = self._assembled(
            histories,
            lambda model, part: model.sample_while_alive(part, horizon_days, rng),
        )
        return orders, days

    @property
    def phases(self) -> int:
        """Return the phases of the cohort with the most."""
        return max(model.phases for model in self.models)

    def sample_in_phase(
        self,
        histories: Histories,
        phase: int,
        horizon_days: float,
        rng: np.random.Generator,
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive; a cohort without the phase draws its last one."""
        orders, days = self._assembled(
            histories,
            lambda model, part: model.sample_in_phase(
                part, min(phase, model.phases - 1), horizon_days, rng
            ),
        )
        return orders, days

    def alive_at(self, rows: Crossed, luck: float) -> BoolVector:
        """Tell whose chance to be alive exceeds `luck`, by their cohorts' models."""
        alive = np.empty(len(rows), np.bool_)
        for part, model in self._cohorts(rows.histories):
            alive[part] = model.alive_at(rows.take(part), luck)
        return alive

    def phases_at(self, rows: Crossed, luck: float) -> IndexVector:
        """Return the phase of each alive account, by its cohort's model."""
        phase = np.empty(len(rows), np.intp)
        for part, model in self._cohorts(rows.histories):
            phase[part] = model.phases_at(rows.take(part), luck)
        return phase

    def draw_models(self, rng: np.random.Generator, draws: int) -> list[Self]:
        """Draw every cohort's parameters, independently."""
        drawn = [model.draw_models(rng, draws) for model in self.models]
        kind = type(self)
        return [kind(tuple(row), self.edges) for row in zip(*drawn, strict=True)]

    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        orders, days = self._assembled(
            histories,
            lambda model, part: model._flows_while_alive(part, delta, horizon),
        )
        return orders, days

    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        orders, days = self._assembled(
            histories,
            lambda model, part: model._curves_while_alive(part, grid),
            columns=(grid.size,),
        )
        return orders, days

    def _orders_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> FloatMatrix:
        return self._assembled(
            histories,
            lambda model, part: (model._orders_while_alive(part, grid),),
            columns=(grid.size,),
        )[0]

    def _assembled(
        self,
        histories: Histories,
        answer: Callable[[RepeatBuyingModel, Histories], tuple[FloatVector, ...]],
        columns: tuple[int, ...] = (),
    ) -> list[FloatVector]:
        """Ask each cohort's model about its own accounts."""
        results: list[FloatVector] = []
        for rows, model in self._cohorts(histories):
            parts = answer(model, histories.take(rows))
            if not results:
                results = [np.empty((len(histories), *columns)) for _ in parts]
            for result, part in zip(results, parts, strict=True):
                result[rows] = part
        return results

    def _cohorts(
        self, histories: Histories
    ) -> Iterator[tuple[IndexVector, RepeatBuyingModel]]:
        """Yield the accounts of each cohort and its model."""
        cohort = np.searchsorted(self.edges, histories.age_days, side="right")
        for number, model in enumerate(self.models):
            yield np.flatnonzero(cohort == number), model


@dataclass(frozen=True, slots=True)
class Mixture(RepeatBuyingModel):
    """A weighted mix: the truth is one of the models, with the weights as chances.

    Attributes
    ----------
    models : tuple of c >= 1 models
    weights : tuple of c float > 0, sum 1
        Every expectation is the weighted mean of the models' expectations.
    """

    models: tuple[RepeatBuyingModel, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.models) != len(self.weights) or not self.models:
            raise BadParameterError("a mixture needs one weight for each model")
        if min(self.weights) <= 0.0 or abs(sum(self.weights) - 1.0) > WEIGHT_TOLERANCE:
            raise BadParameterError("weights must be positive and add up to 1")

    @property
    def recency_shapes_future(self) -> bool:
        """Whether it shapes the futures of a model that `draw_models` may give."""
        return any(model.recency_shapes_future for model in self.models)

    @property
    def phases(self) -> int:
        """Return the most phases of a model that `draw_models` may give."""
        return max(model.phases for model in self.models)

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the weighted mean of the models' chances."""
        return frozen(self._alive_shares(histories).sum(axis=0))

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw a model for each account given that it is alive, then its future."""
        shares = np.cumsum(self._alive_shares(histories), axis=0)
        luck = rng.random(len(histories)) * shares[-1]
        chosen = (luck > shares[:-1]).sum(axis=0)
        orders, days = np.empty(len(histories)), np.empty(len(histories))
        for number, model in enumerate(self.models):
            rows = np.flatnonzero(chosen == number)
            orders[rows], days[rows] = model.sample_while_alive(
                histories.take(rows), horizon_days, rng
            )
        return orders, days

    def draw_models(self, rng: np.random.Generator, draws: int) -> list[Any]:
        """Draw models in proportion to the weights, each with its own doubt."""
        exact = np.array(self.weights) * draws
        counts = np.floor(exact).astype(int)
        rest = np.argsort(counts - exact, kind="stable")[: draws - counts.sum()]
        counts[rest] += 1
        drawn = [
            one
            for model, count in zip(self.models, counts.tolist(), strict=True)
            for one in model.draw_models(rng, count)
        ]
        return [drawn[place] for place in rng.permutation(draws)]

    def flows(
        self, histories: Histories, *, annual_rate: float, horizon_days: float | None
    ) -> Flows:
        """Return the weighted means of the models' flows, shared futures once."""
        horizon = effective_horizon(annual_rate, horizon_days)
        delta = daily_rate(annual_rate)
        first, inverse = distinct_rows(histories.frequency, histories.age_days)
        shared = histories.take(first)
        orders, days = np.zeros(len(histories)), np.zeros(len(histories))
        for model, weight in zip(self.models, self.weights, strict=True):
            rows, back = shared, inverse
            if model.recency_shapes_future:
                rows, back = histories, np.arange(len(histories))
            flows = model._flows_while_alive(rows, delta, horizon)
            alive = weight * model.probability_alive(histories)
            orders += alive * flows[0][back]
            days += alive * flows[1][back]
        return Flows(frozen(orders), frozen(days))

    def purchase_curve(self, histories: Histories, grid_days: ArrayLike) -> FloatMatrix:
        """Return the weighted mean of the models' curves."""
        return self._mean([m.purchase_curve(histories, grid_days) for m in self.models])

    def curves(
        self, histories: Histories, grid_days: ArrayLike
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Return the weighted means of the models' curves."""
        parts = [model.curves(histories, grid_days) for model in self.models]
        return self._mean([p[0] for p in parts]), self._mean([p[1] for p in parts])

    def _by_pair(self, rows: Histories, ask: Ask) -> Iterator[Expected | None]:
        """Yield what alive accounts expect of each model in turn."""
        for model in self.models:
            yield from model._by_pair(rows, ask)

    def _ahead(
        self,
        histories: Histories,
        shared: Iterator[Expected | None],
        inverse: IndexVector,
        ask: Ask,
    ) -> list[FloatVector]:
        """Return the weighted means, one model after the other to save memory."""
        totals: list[FloatVector] = []
        for model, weight in zip(self.models, self.weights, strict=True):
            parts = model._ahead(histories, shared, inverse, ask)
            totals = totals or [np.zeros(len(histories)) for _ in parts]
            for place, part in enumerate(parts):
                totals[place] += weight * part
        return totals

    def _mean(self, parts: Sequence[FloatMatrix]) -> FloatMatrix:
        total = np.zeros(parts[0].shape)
        for weight, part in zip(self.weights, parts, strict=True):
            total += weight * part
        return frozen(total)

    def _alive_shares(self, histories: Histories) -> FloatMatrix:
        """Return weight x chance alive by model, shape (c, n)."""
        return np.stack(
            [
                weight * model.probability_alive(histories)
                for model, weight in zip(self.models, self.weights, strict=True)
            ]
        )

    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        shares = self._given_alive(histories)
        flows = [m._flows_while_alive(histories, delta, horizon) for m in self.models]
        return _weighted(shares, [f[0] for f in flows]), _weighted(
            shares, [f[1] for f in flows]
        )

    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        shares = self._given_alive(histories)[:, :, None]
        curves = [m._curves_while_alive(histories, grid) for m in self.models]
        return _weighted(shares, [c[0] for c in curves]), _weighted(
            shares, [c[1] for c in curves]
        )

    def _given_alive(self, histories: Histories) -> FloatMatrix:
        """Return each model's chance to be the true one given alive, shape (c, n)."""
        shares = self._alive_shares(histories)
        whole = shares.sum(axis=0)
        even = np.array(self.weights)[:, None]
        return np.where(whole > 0.0, shares / np.where(whole > 0.0, whole, 1.0), even)


def _weighted(shares: FloatMatrix, parts: Sequence[FloatMatrix]) -> FloatMatrix:
    return np.asarray((shares * np.stack(parts)).sum(axis=0), dtype=np.float64)


def fitted_accounts(model: RepeatBuyingModel) -> float:
    """Return the accounts behind a fit; cohorts split them, the models of a mix not."""
    if isinstance(model, Mixture):
        return max(fitted_accounts(part) for part in model.models)
    if isinstance(model, CohortModel):
        return sum(fitted_accounts(part) for part in model.models)
    return model.account_count


def store(model: RepeatBuyingModel) -> dict[str, Any]:
    """Return any model, composed or not, as a dictionary that JSON can carry."""
    if isinstance(model, CohortModel):
        parts = {"edges": list(model.edges)}
        kind = COHORTS
    elif isinstance(model, Mixture):
        parts = {"weights": list(model.weights)}
        kind = MIXTURE
    else:
        return {"kind": name_of(model), "parameters": asdict(model)}
    return {"kind": kind, **parts, "models": [store(part) for part in model.models]}


def restore(stored: Mapping[str, Any]) -> RepeatBuyingModel:
    """Rebuild what `store` gave.

    Raises
    ------
    BadParameterError
        If a kind is unknown or a part is faulty.
    """
    kind = stored["kind"]
    if kind not in (COHORTS, MIXTURE):
        return stored_model(kind, stored["parameters"])
    models = tuple(restore(part) for part in stored["models"])
    if kind == COHORTS:
        return CohortModel(models, tuple(stored["edges"]))
    return Mixture(models, tuple(stored["weights"]))
