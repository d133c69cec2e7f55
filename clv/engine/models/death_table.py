"""The death term of Pareto/NBD for many accounts whose days are few.

With G(t) = s * integral from t to the last day of (alpha+tau)^-k (beta+tau)^-(s+1), the
term of an account is G(recency) - G(age): one column of steps from day to day serves
all accounts of a frequency. Each step is taken by Gauss-Legendre over ln(c + tau) as in
`clv.engine.models.pareto_nbd`. Who is alive is decided without the difference,

    luck < P(alive)  <=>  G(recency) < G(age) + odds (alpha+age)^-k (beta+age)^-s,

odds = (1 - luck) / luck: all terms are positive, so nothing cancels.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clv.engine.arrays import BoolVector, FloatMatrix, FloatVector
from clv.engine.crossed import Crossed, log_odds_beyond
from clv.engine.quadrature import legendre

Parameters: TypeAlias = tuple[float, float, float, float]  # r, alpha, s, beta

STEP_NODES = 12
STEEPEST = 10.0


def serves(rows: Crossed, parameters: Parameters, nodes_by_account: int) -> bool:
    """Tell whether the table is exact here, and less work than `nodes_by_account`.

    From one day to the next that counts, nothing may fall by more than its nodes can
    follow: exp(-`STEEPEST`) is met to 1e-13.
    """
    cells = rows.frequency.size * rows.days.size
    if cells * STEP_NODES > len(rows) * nodes_by_account:
        return False
    r, alpha, s, beta = parameters
    fall = (r + rows.frequency)[:, None] * np.diff(np.log(alpha + rows.days))
    fall += (s + 1.0) * np.diff(np.log(beta + rows.days))
    counts = np.arange(rows.days.size - 1) >= rows.first_recency[:, None]
    return float((fall * counts).max(initial=0.0)) <= STEEPEST


def alive_by_table(rows: Crossed, parameters: Parameters, luck: float) -> BoolVector:
    """Tell whose chance to be alive exceeds `luck`, shape (n,).

    Parameters
    ----------
    rows : Crossed, n accounts
    parameters : r, alpha, s, beta
    luck : float in (0, 1)
    """
    r, alpha, s, beta = parameters
    k = r + rows.frequency[:, None]
    log_a, log_b = np.log(alpha + rows.days), np.log(beta + rows.days)
    ahead = _Steps.of(k, rows.days, parameters).ahead()
    bound = np.logaddexp(ahead, log_odds_beyond(luck) - k * log_a - s * log_b)
    return np.asarray(rows.at_recency(ahead) < rows.at_age(bound))


def death_by_table(
    rows: Crossed, parameters: Parameters
) -> tuple[FloatVector, FloatMatrix]:
    """Return the log of the death term and its gradient, as `death_integral` does.

    Parameters
    ----------
    rows : Crossed, n accounts
    parameters : r, alpha, s, beta

    Returns
    -------
    log_integral : float array, shape (n,)
        -inf without silence.
    gradient : float array, shape (4, n)
        Of the log, by r, alpha, s, beta; 0 without silence.

    Notes
    -----
    The slopes are means over the time since the last purchase; with m the mean over all
    time from a day on and q = G(age) / G(recency), they are
    ``(m(recency) - q m(age)) / (1 - q)``.
    """
    r, _, s, _ = parameters
    steps = _Steps.of(r + rows.frequency[:, None], rows.days, parameters)
    ahead = steps.ahead()
    since, after = rows.at_recency(ahead), rows.at_age(ahead)
    silent = rows.silence > 0.0
    with np.errstate(invalid="ignore"):
        gone = np.where(silent, np.exp(after - since), 0.0)
    value = np.where(silent, since + np.log1p(-gone), -np.inf)
    gradient = np.zeros((4, len(rows)))
    for slope, mean in zip(gradient, steps.means(ahead), strict=True):
        parted = (rows.at_recency(mean) - gone * rows.at_age(mean)) / (1.0 - gone)
        slope[silent] = parted[silent]
    gradient[2] += silent / s
    return value, gradient


@dataclass(frozen=True, slots=True)
class _Steps:
    """The death term from each day to the next, for every frequency.

    Attributes
    ----------
    k : float array, shape (f, 1)
    logs : float array, shape (f, d - 1)
    mass : float array, shape (f, d - 1, nodes)
        Shares of the nodes, not divided by their sums.
    a, b : float arrays, shape (d - 1, nodes)
        ``alpha + tau`` and ``beta + tau`` at the nodes.
    s : float
    """

    k: FloatMatrix
    logs: FloatMatrix
    mass: FloatMatrix
    a: FloatMatrix
    b: FloatMatrix
    s: float

    @classmethod
    def of(
        cls,
        k: FloatMatrix,
        days: FloatVector,
        parameters: Parameters,
    ) -> "_Steps":
        _, alpha, s, beta = parameters
        nodes, weights = legendre(STEP_NODES)
        c = min(alpha, beta)
        start = days[:-1, None]
        width = np.log((c + days[1:, None]) / (c + start))
        tau = (c + start) * np.exp(width * nodes) - c
        # From the start of each step, so that the fall before it is in one factor.
        fall = np.log((alpha + tau) / (alpha + start))
        others = width * nodes - (s + 1.0) * np.log((beta + tau) / (beta + start))
        others += np.log(s * weights * width * (c + start))
        mass = np.exp(others.ravel() - k * fall.ravel()).reshape(k.size, *tau.shape)
        logs = np.log(mass.sum(axis=2))
        logs -= k * np.log(alpha + days[:-1]) + (s + 1.0) * np.log(beta + days[:-1])
        return cls(k, logs, mass, alpha + tau, beta + tau, s)

    def ahead(self) -> FloatMatrix:
        """Return ln G at each day, shape (f, d); -inf at the last one."""
        count, steps = self.logs.shape
        ahead = np.full((count, steps + 1), -np.inf)
        whole = np.logaddexp.accumulate(self.logs[:, ::-1], axis=1)
        ahead[:, :-1] = whole[:, ::-1]
        return ahead

    def means(self, ahead: FloatMatrix) -> FloatMatrix:
        """Return the means from each day on that make the gradient, shape (4, f, d).

        Those of -ln a, -k/a, -ln b and -(s+1)/b.
        """
        share = self.mass / self.mass.sum(axis=2, keepdims=True)
        each = np.stack(
            [
                -(share * np.log(self.a)).sum(axis=2),
                -self.k * (share / self.a).sum(axis=2),
                -(share * np.log(self.b)).sum(axis=2),
                -(self.s + 1.0) * (share / self.b).sum(axis=2),
            ]
        )
        own = np.exp(self.logs - ahead[:, :-1])
        means = np.zeros((4, *ahead.shape))
        for step in range(self.logs.shape[1] - 1, -1, -1):
            later = means[:, :, step + 1]
            means[:, :, step] = later + own[:, step] * (each[:, :, step] - later)
        return means
