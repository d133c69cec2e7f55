"""The Pareto/NBD model of repeat buying: accounts die silently at their own rate.

Story: while alive, an account buys at its own Poisson rate lambda ~ Gamma(r, alpha); it
dies at its own rate mu ~ Gamma(s, beta), unseen and at any moment. One-time buyers fade
with silence.

Symbols of the papers and our names: x = frequency, t_x = recency_days, T = age_days;
k = r + x.

Derivation. Given lambda and mu, an account is alive at T, or died at some tau between
t_x and T; integrated over both gammas:

    L = G(k)/G(r) alpha^r beta^s { (alpha+T)^-k (beta+T)^-s
        + s * integral from t_x to T of (alpha+tau)^-k (beta+tau)^-(s+1) dtau }

The integral is taken by Gauss-Legendre over ``y = ln((c+tau)/(c+t_x))`` with
``c = min(alpha, beta)``: both factors are smooth in y and all terms positive, so
nothing cancels and no hypergeometric function is needed; the part in which the
integrand has fallen below 1e-17 of its start is left out. The gradient uses the same
nodes.

Given alive at T, lambda ~ Gamma(k, alpha+T) and mu ~ Gamma(s, beta+T), independent: the
chance to live u more days is ``(1 + u/(beta+T))^-s`` and the order rate then
``k/(alpha+T)`` times that. Sums over the whole future without discounting exist only
for s > 1.

Source: Schmittlein, Morrison & Colombo (1987), Counting your customers: who are they
and what will they do next?, Management Science 33(1); Fader & Hardie (2005), A note on
deriving the Pareto/NBD model and related expressions.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from clv.engine.arrays import BoolVector, FloatMatrix, FloatVector, inner
from clv.engine.crossed import Crossed
from clv.engine.history import Histories
from clv.engine.models.death_table import alive_by_table, death_by_table, serves
from clv.engine.models.fitting import Sample, fit_model
from clv.engine.models.pairwise import PairwiseModel
from clv.engine.models.series import expm1_ratio
from clv.engine.priors import LogNormalPrior
from clv.engine.quadrature import legendre

DEATH_NODES = 24
NEGLIGIBLE_FALL = 40.0  # exp(-40) = 4e-18
CHUNK_ROWS = 20_000
PARETO_PRIOR = LogNormalPrior(
    medians=(0.7, 56.0, 0.6, 80.0), log_spreads=(1.0, 1.25, 1.0, 1.25)
)


@dataclass(frozen=True, slots=True)
class ParetoNbd(PairwiseModel):
    """A fitted Pareto/NBD model.

    Attributes
    ----------
    r, alpha : float > 0
        Shape, and rate in days, of the gamma over purchase rates.
    s, beta : float > 0
        Shape, and rate in days, of the gamma over death rates.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    RATES: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    r: float
    alpha: float
    s: float
    beta: float

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the chance that each account is alive at the cut-off.

        Parameters
        ----------
        histories : Histories of n accounts

        Returns
        -------
        float array, shape (n,), in (0, 1]
            1 without any silence; falls with it, faster for frequent buyers.
        """
        log_dead, _ = death_integral(histories_as_columns(histories), self.parameters)
        log_alive = -(self.r + histories.frequency) * np.log(
            self.alpha + histories.age_days
        ) - self.s * np.log(self.beta + histories.age_days)
        return np.asarray(expit(log_alive - log_dead), dtype=np.float64)

    def alive_at(self, rows: Crossed, luck: float) -> BoolVector:
        """Tell whose chance to be alive exceeds `luck`, in (0, 1), shape (n,)."""
        parameters = self.r, self.alpha, self.s, self.beta
        if serves(rows, parameters, DEATH_NODES):
            return alive_by_table(rows, parameters, luck)
        return np.asarray(luck < self.probability_alive(rows.histories))

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive at its start."""
        shape = self.r + histories.frequency
        rate = rng.gamma(shape) / (self.alpha + histories.age_days)
        hazard = rng.gamma(self.s, size=shape.size) / (self.beta + histories.age_days)
        waiting = rng.standard_exponential(shape.size)
        dies = waiting < hazard * horizon_days
        lived = np.where(dies, waiting / np.where(dies, hazard, 1.0), horizon_days)
        return rng.poisson(rate * lived).astype(np.float64), lived

    def _rate(self, h: Histories) -> FloatMatrix:
        return ((self.r + h.frequency) / (self.alpha + h.age_days))[:, None]

    def _cumulated(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        del is_far  # closed form at any distance
        scale = self._time_scale(h)[:, None]
        bend = np.log1p(days / scale)
        alive_days = scale * bend * expm1_ratio((1.0 - self.s) * bend)
        return self._rate(h) * alive_days, alive_days

    def _flow(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        del is_far
        survival = np.exp(-self.s * np.log1p(days / self._time_scale(h)[:, None]))
        return self._rate(h) * survival, survival

    def _time_scale(self, h: Histories) -> FloatVector:
        return self.beta + h.age_days

    def _cells_per_day(self) -> int:
        return 1


def fit_pareto_nbd(
    histories: Histories, *, prior: LogNormalPrior | None = None
) -> ParetoNbd:
    """Fit Pareto/NBD by maximum likelihood, or a posteriori with a prior.

    Some five times the work of BG/NBD on weekly compressed histories, which are what to
    give above 100,000 accounts; far more where no days recur.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
    prior : LogNormalPrior over (r, alpha in days, s, beta in days), optional
        `PARETO_PRIOR` suits few accounts.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If the data do not identify the model, e.g. without any sign of death.
    """
    return fit_model(
        ParetoNbd, histories, objective=_Likelihood(), starts=_starts, prior=prior
    )


@dataclass(frozen=True, slots=True)
class Columns:
    """Frequency, recency and age in one time unit."""

    x: FloatVector
    recency: FloatVector
    age: FloatVector


def histories_as_columns(histories: Histories) -> Columns:
    """Return the histories' vectors, in days."""
    return Columns(histories.frequency, histories.recency_days, histories.age_days)


def death_integral(
    rows: Columns, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    """Return the log of the death term and its gradient.

    Parameters
    ----------
    rows : Columns of n accounts
    parameters : float array of r, alpha, s, beta in the unit of the rows
        Of all accounts, shape (4,), or of each, shape (4, n).

    Returns
    -------
    log_integral : float array, shape (n,)
        ln of ``s * integral (alpha+tau)^-k (beta+tau)^-(s+1)``; -inf without silence.
    gradient : float array, shape (4, n)
        Of the log, by r, alpha, s, beta.
    """
    value = np.empty(rows.x.size)
    gradient = np.empty((4, rows.x.size))
    for start in range(0, rows.x.size, CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        chunk = Columns(rows.x[part], rows.recency[part], rows.age[part])
        own = parameters if parameters.ndim == 1 else parameters[:, part]
        value[part], gradient[:, part] = _death_chunk(chunk, own)
    return value, gradient


def _death_chunk(
    rows: Columns, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    r, alpha, s, beta = parameters
    nodes, weights = legendre(DEATH_NODES)
    k, c = r + rows.x, np.minimum(alpha, beta)
    start = c + rows.recency
    fall = start * (k / (alpha + rows.recency) + (s + 1.0) / (beta + rows.recency)) - 1
    width = np.log1p((rows.age - rows.recency) / start)
    cut = NEGLIGIBLE_FALL / np.maximum(fall, 1e-300)
    width = np.where(fall > 0.0, np.minimum(width, cut), width)
    y = width[:, None] * nodes
    tau = start[:, None] * np.exp(y) - c[..., None]
    beside_a, beside_b = alpha[..., None] + tau, beta[..., None] + tau
    log_a, log_b = np.log(beside_a), np.log(beside_b)
    log_f = y - k[:, None] * log_a - (s[..., None] + 1.0) * log_b
    top = log_f.max(axis=1)
    mass = weights * np.exp(log_f - top[:, None])
    whole = mass.sum(axis=1)
    silent = width > 0.0
    scale = np.where(silent, width, 1.0) * start * whole * s
    value = np.where(silent, np.log(scale) + top, -np.inf)
    mass /= whole[:, None]
    gradient = np.stack(
        [
            -(mass * log_a).sum(axis=1),
            -k * (mass / beside_a).sum(axis=1),
            1.0 / s - (mass * log_b).sum(axis=1),
            -(s + 1.0) * (mass / beside_b).sum(axis=1),
        ]
    )
    return value, gradient


@dataclass(slots=True)
class _Likelihood:
    """ln L over all accounts of a fit; what is distinct in them is found once."""

    crossed: Crossed | None = None

    def __call__(
        self, sample: Sample, log_parameters: FloatVector
    ) -> tuple[float, FloatVector]:
        if self.crossed is None:
            self.crossed = Crossed.of(
                Histories(sample.x, sample.recency, sample.age, sample.weight)
            )
        return _log_likelihood(sample, self.crossed, log_parameters)


def _log_likelihood(
    sample: Sample, rows: Crossed, log_parameters: FloatVector
) -> tuple[float, FloatVector]:
    """Return ln L and its gradient by the log parameters."""
    parameters = np.exp(log_parameters)
    r, alpha, s, beta = parameters.tolist()
    k = r + sample.x
    log_a, log_b = np.log(alpha + sample.age), np.log(beta + sample.age)
    log_alive = -k * log_a - s * log_b
    if serves(rows, (r, alpha, s, beta), DEATH_NODES):
        log_dead, dead_slope = death_by_table(rows, (r, alpha, s, beta))
    else:
        columns = histories_as_columns(rows.histories)
        log_dead, dead_slope = death_integral(columns, parameters)
    high = np.maximum(log_alive, log_dead)
    low = np.minimum(log_alive, log_dead)
    value = high + np.log1p(np.exp(low - high))
    alive = expit(log_alive - log_dead)
    alive_slope = np.stack(
        [-log_a, -k / (alpha + sample.age), -log_b, -s / (beta + sample.age)]
    )
    slopes = alive * alive_slope + (1.0 - alive) * dead_slope
    slope = (slopes * sample.weight).sum(axis=1)
    n, counts = sample.total, sample.counts
    total = (
        inner(sample.weight, value)
        + float(counts @ (gammaln(r + sample.values) - gammaln(r)))
        + n * (r * math.log(alpha) + s * math.log(beta))
    )
    slope += [
        counts @ (digamma(r + sample.values) - digamma(r)) + n * math.log(alpha),
        n * r / alpha,
        n * math.log(beta),
        n * s / beta,
    ]
    return total, slope * parameters


def pareto_row_log_likelihood(
    x: FloatVector, recency: FloatVector, age: FloatVector, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each account and its slopes by its own log parameters.

    Parameters
    ----------
    x, recency, age : float arrays, shape (n,)
    parameters : float array, shape (4, n), of r, alpha, s, beta per account

    Returns
    -------
    float arrays, shape (n,) and (4, n)
    """
    r, alpha, s, beta = parameters
    k = r + x
    log_a, log_b = np.log(alpha + age), np.log(beta + age)
    log_alive = -k * log_a - s * log_b
    log_dead, dead_slope = death_integral(Columns(x, recency, age), parameters)
    alive = expit(log_alive - log_dead)
    alive_slope = np.stack([-log_a, -k / (alpha + age), -log_b, -s / (beta + age)])
    slopes = alive * alive_slope + (1.0 - alive) * dead_slope
    slopes += np.stack(
        [
            digamma(k) - digamma(r) + np.log(alpha),
            r / alpha,
            np.log(beta),
            s / beta,
        ]
    )
    value = np.logaddexp(log_alive, log_dead) + gammaln(k) - gammaln(r)
    value += r * np.log(alpha) + s * np.log(beta)
    return value, slopes * parameters


def _starts(sample: Sample) -> list[FloatVector]:
    pace = max(sample.mean_frequency, 0.1) / max(sample.mean_age, 1e-9)
    return [
        np.log(np.array([r, r / pace * 0.7, s, beta]))
        for r, s, beta in ((0.6, 0.6, 15.0), (2.0, 1.0, 60.0), (0.3, 0.3, 3.0))
    ]
