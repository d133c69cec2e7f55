"""Intervals of the value of accounts under contract, by simulation.

Each draw takes a model of renewals from the posterior of its parameters, then how many
renewals come: with u uniform, as many as there are q_j above u, which is the law of a
contract whose own chance to leave is theta ~ Beta(alpha, beta + k). The money is the
expected one times two factors of mean 1: the account's true mean margin around the
expected, ``(px + q - 1) / Gamma(px + q)`` for x years seen, and the scatter of the
years lived around it, ``Gamma(pY) / (pY)``.

All accounts share the random numbers of a draw, so an account's interval does not
depend on which others are valued beside it. Years enter by whole months here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from clv.engine.arrays import FloatMatrix, FloatVector, as_account_vector, frozen
from clv.engine.contracts.running import Money, Running
from clv.engine.contracts.value import (
    calendar_of,
    chances_of,
    discounted_days,
    shapes,
)
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate, effective_horizon
from clv.engine.errors import BadParameterError
from clv.engine.models.sbg import Sbg
from clv.engine.spend import GammaGamma
from clv.engine.uncertainty import Intervals

MONTHS = 12.0
SHORTEST_YEARS = 1.0 / 365.25  # what is paid at once scatters like a day
CHUNK_ROWS = 4_096


def contract_intervals(
    *,
    models: Sequence[Sbg],
    spend: GammaGamma,
    running: Running,
    money: Money,
    seen_years: ArrayLike,
    annual_rate: float,
    horizon_days: float,
    grace_days: float,
    rng: np.random.Generator,
    draws: int = 200,
    level: float = 0.8,
) -> Intervals:
    """Return the central interval of each account's future value.

    Parameters
    ----------
    models : one Sbg per group
    spend : GammaGamma of margins per year
    running, money : n rows
    seen_years : array-like, shape (n,)
        Years behind each account's own margin per year.
    annual_rate, horizon_days, grace_days : as in `value_contracts`
    rng : numpy.random.Generator
        The only source of chance; the same state gives the same answer.
    draws : int >= 2
    level : float in (0, 1)

    Raises
    ------
    BadParameterError
        If an argument is out of its domain.
    """
    if not 0.0 < level < 1.0 or draws < 2:  # noqa: PLR2004 - an interval has two ends
        raise BadParameterError("level must be in (0, 1) and draws at least 2")
    seen = as_account_vector(
        seen_years, "seen_years", len(running), error=BadParameterError
    )
    horizon = effective_horizon(annual_rate, horizon_days)
    time = _Time(daily_rate(annual_rate), horizon, grace_days)
    luck = Luck.of(models, spend, rng, draws)
    ends = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
    low, high, spread = (np.empty(len(running)) for _ in range(3))
    for start in range(0, len(running), CHUNK_ROWS):
        rows = np.arange(start, min(start + CHUNK_ROWS, len(running)))
        drawn = _draw_values(
            luck,
            running.take(rows),
            money.take(rows),
            seen[rows],
            time,
        )
        spread[rows] = drawn.std(axis=1)
        low[rows], high[rows] = np.quantile(drawn, ends, axis=1)
    return Intervals(frozen(low), frozen(high), frozen(spread))


@dataclass(frozen=True, slots=True)
class _Time:
    """Discount rate per day, horizon and grace, in days."""

    delta: float
    horizon: float
    grace_days: float


class Luck:
    """The random numbers of all draws, the same for every account."""

    def __init__(
        self,
        models: list[list[Sbg]],
        spends: list[GammaGamma],
        uniforms: FloatMatrix,
    ) -> None:
        self.models, self.spends = models, spends  # per draw
        self.renewing, self.earning, self.scatter = uniforms

    @classmethod
    def of(
        cls,
        models: Sequence[Sbg],
        spend: GammaGamma,
        rng: np.random.Generator,
        draws: int,
    ) -> "Luck":
        """Draw them; each row of uniforms is stratified, so shares come out exact."""
        by_group = [model.draw_models(rng, draws) for model in models]
        spends = spend.draw_models(rng, draws)
        strata = np.stack([rng.permutation(draws) for _ in range(3)])
        uniforms = (strata + rng.random((3, draws))) / draws
        return cls([list(row) for row in zip(*by_group, strict=True)], spends, uniforms)


def _draw_values(
    luck: Luck,
    running: Running,
    money: Money,
    seen_years: FloatVector,
    time: "_Time",
) -> FloatMatrix:
    delta, horizon = time.delta, time.horizon
    calendar = calendar_of(running, horizon)
    paid = np.where(calendar < horizon, np.exp(-delta * np.maximum(calendar, 0.0)), 0.0)
    begin = np.clip(calendar, 0.0, horizon)
    end = np.clip(calendar + running.term_days[:, None], 0.0, horizon)
    lived = discounted_days(begin, end, delta) / DAYS_PER_YEAR
    certain = discounted_days(np.zeros(len(running)), begin[:, 0], delta)
    plain = (end - begin) / DAYS_PER_YEAR
    drawn = np.empty((len(running), len(luck.spends)))
    for column, models in enumerate(luck.models):
        chances = chances_of(
            shapes(models, running), running, calendar.shape[1], time.grace_days
        )
        comes = chances > luck.renewing[column]
        terms = (comes * paid).sum(axis=1)
        years = certain / DAYS_PER_YEAR + (comes * lived).sum(axis=1)
        whole = begin[:, 0] / DAYS_PER_YEAR + (comes * plain).sum(axis=1)
        orders = terms * money.orders_per_term + years * money.orders_per_year
        margin = terms * money.margin_per_term + years * money.margin_per_year
        margin *= margin_factor(luck, column, seen_years, whole)
        drawn[:, column] = (
            margin - orders * money.cost_per_order - years * money.cost_per_year
        )
    return drawn


def margin_factor(
    luck: Luck, column: int, seen: FloatVector, whole: FloatVector
) -> FloatVector:
    """Return true mean over expected mean, times the scatter of the years lived."""
    spend = luck.spends[column]
    months, inverse = np.unique(np.rint(seen * MONTHS), return_inverse=True)
    shape = spend.p * months / MONTHS + spend.q
    level = (shape - 1.0) / gammaincinv(shape, luck.earning[column])
    lived, place = np.unique(np.rint(whole * MONTHS), return_inverse=True)
    mass = spend.p * np.maximum(lived / MONTHS, SHORTEST_YEARS)
    scatter = gammaincinv(mass, luck.scatter[column]) / mass
    factor: FloatVector = level[inverse] * scatter[place]
    return factor
