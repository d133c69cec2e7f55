"""The BG/BB model: buying, or not, at discrete opportunities.

Story: at each opportunity (a yearly donation, a season, a fair) an account that is
still alive buys with its own probability p ~ Beta(alpha, beta); before each opportunity
it leaves for good with its own probability theta ~ Beta(gamma, delta).

Symbols of the paper and our names: x = frequency, t_x = recency (the number of the last
opportunity used, 0 if none), n = opportunities so far; times count opportunities, not
days.

    L = B(alpha+x, beta+n-x) B(gamma, delta+n) / N
        + sum over i = 0 .. n-t_x-1 of
          B(alpha+x, beta+t_x-x+i) B(gamma+1, delta+t_x+i) / N
    with N = B(alpha, beta) B(gamma, delta)

    P(buys at opportunity n+j) = B(alpha+x+1, beta+n-x) B(gamma, delta+n+j) / (N L)

Expectations add these terms one opportunity after the other; all are positive, so there
is no singularity at gamma = 1, where the closed form divides by zero. Over the whole
future the geometric series is summed for each theta and averaged by a Gauss sum
(`whole_future`), so that no rate above 0 is too small.

Source: Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time
noncontractual setting, Marketing Science 29(6).
"""

import math
import operator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, logsumexp

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    IndexVector,
    ReadOnlyRows,
    as_account_vector,
    as_vector,
    distinct_rows,
    frozen,
    inner,
    refuse,
    sums_by,
)
from clv.engine.discounting import checked_number
from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.models.parametric import ParametricModel
from clv.engine.optimum import Problem, maximise
from clv.engine.priors import LogNormalPrior
from clv.engine.quadrature import logit_nodes

FUTURE_NODES = 80
BGBB_PRIOR = LogNormalPrior(
    medians=(1.0, 1.0, 0.7, 3.0), log_spreads=(1.0, 1.0, 1.0, 1.0)
)


@dataclass(frozen=True, slots=True, eq=False)
class Opportunities(ReadOnlyRows):
    """Checked histories of n accounts over discrete opportunities.

    Attributes
    ----------
    frequency, recency, count, weights : float arrays, shape (n,)
        Opportunities used, the last one used, all so far, and accounts per row.
    """

    frequency: FloatVector
    recency: FloatVector
    count: FloatVector
    weights: FloatVector

    def __len__(self) -> int:
        return self.frequency.size

    @classmethod
    def check(
        cls,
        frequency: ArrayLike,
        recency: ArrayLike,
        count: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Return checked histories.

        Raises
        ------
        BadHistoryError
            For values that are no whole numbers >= 0, a frequency above its recency,
            a recency above the count or without purchase, weights not positive; the
            message names the row.
        """
        x = as_vector(frequency, "frequency")
        last = as_account_vector(recency, "recency", x.size)
        count = as_account_vector(count, "count", x.size)
        given = np.ones(x.size) if weights is None else weights
        weight = as_account_vector(given, "weights", x.size)
        for vector, name in ((x, "frequency"), (last, "recency"), (count, "count")):
            odd = (vector < 0) | (vector != np.floor(vector))
            refuse(odd, f"{name} must be whole numbers >= 0")
        contradicting = (x > last) | ((x == 0) & (last > 0))
        refuse(contradicting, "frequency and recency contradict each other")
        refuse(last > count, "recency exceeds count")
        refuse(weight <= 0, "weights must be positive")
        return cls(x, last, count, weight)

    def distinct(self) -> tuple["Opportunities", IndexVector]:
        """Return each distinct history once, with weights, and the way back to all."""
        first, inverse = distinct_rows(self.frequency, self.recency, self.count)
        rows = Opportunities(
            frozen(self.frequency[first]),
            frozen(self.recency[first]),
            frozen(self.count[first]),
            frozen(sums_by(inverse, self.weights, first.size)),
        )
        return rows, inverse


@dataclass(frozen=True, slots=True)
class BgBb(ParametricModel):
    """A fitted BG/BB model.

    Attributes
    ----------
    alpha, beta : float > 0
        Beta over the chance of buying at an opportunity.
    gamma, delta : float > 0
        Beta over the chance of leaving before one.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")

    alpha: float
    beta: float
    gamma: float
    delta: float

    def probability_alive(self, histories: Opportunities) -> FloatVector:
        """Return the chance to be alive at the next opportunity, shape (n,)."""
        rows, inverse = histories.distinct()
        ahead = self.log_survival(rows, 1.0) - self.log_likelihoods(rows)
        return np.asarray(np.exp(ahead), dtype=np.float64)[inverse]

    def expected_purchases(
        self, histories: Opportunities, *, opportunities: int
    ) -> FloatVector:
        """Return expected purchases at the next `opportunities`, shape (n,).

        Raises
        ------
        BadParameterError
            If the number is negative or not whole.
        """
        steps = checked_steps(opportunities, "opportunities")
        return self._sum(histories, steps, 0.0)

    def discounted_purchases(
        self,
        histories: Opportunities,
        *,
        rate_per_opportunity: float,
        opportunities: int | None = None,
    ) -> FloatVector:
        """Return expected purchases, each discounted to the cut-off.

        Parameters
        ----------
        histories : Opportunities of n accounts
        rate_per_opportunity : float >= 0
            0.1 for 10 % from one opportunity to the next; the next one is a full
            step away.
        opportunities : int >= 0 or None
            None counts the whole future and needs a positive rate.

        Raises
        ------
        BadParameterError
            If rate or horizon is out of its domain.
        """
        force = math.log1p(checked_number(rate_per_opportunity, "rate_per_opportunity"))
        if opportunities is not None:
            steps = checked_steps(opportunities, "opportunities")
            return self._sum(histories, steps, force)
        rows, inverse = histories.distinct()
        ahead = whole_future(self.gamma, self.delta + rows.count, force)
        alive = np.exp(self.log_survival(rows, 0.0) - self.log_likelihoods(rows))
        total = self._chances(rows) * alive * ahead * math.exp(-force)
        return np.asarray(total, dtype=np.float64)[inverse]

    def _sum(
        self, histories: Opportunities, opportunities: int, force: float
    ) -> FloatVector:
        rows, inverse = histories.distinct()
        likelihood = self.log_likelihoods(rows)
        total = np.zeros(len(rows))
        for step in range(1, opportunities + 1):
            total += np.exp(self.log_survival(rows, step) - likelihood - force * step)
        return np.asarray(self._chances(rows) * total, dtype=np.float64)[inverse]

    def _chances(self, histories: Opportunities) -> FloatVector:
        """Return the chance to buy at an opportunity of accounts alive then."""
        x, n = histories.frequency, histories.count
        return (self.alpha + x) / (self.alpha + self.beta + n)

    def log_survival(self, histories: Opportunities, ahead: float) -> FloatVector:
        """Return the log chance of the history and of being alive `ahead` later."""
        x, n = histories.frequency, histories.count
        return np.asarray(
            betaln(self.alpha + x, self.beta + n - x)
            - betaln(self.alpha, self.beta)
            + betaln(self.gamma, self.delta + n + ahead)
            - betaln(self.gamma, self.delta),
            dtype=np.float64,
        )

    def log_likelihoods(self, histories: Opportunities) -> FloatVector:
        """Return ln L of each history, shape (n,)."""
        return np.asarray(
            logsumexp(_log_terms(histories, self.parameters[:, None]), axis=1),
            dtype=np.float64,
        )


def fit_bgbb(histories: Opportunities, *, prior: LogNormalPrior | None = None) -> BgBb:
    """Fit BG/BB by maximum likelihood, or a posteriori with a prior.

    Parameters
    ----------
    histories : Opportunities of n >= 1 accounts
    prior : LogNormalPrior over (alpha, beta, gamma, delta), optional
        `BGBB_PRIOR` suits few accounts.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If the data do not identify the model.
    """
    if not len(histories):
        raise BadHistoryError("there is no account to learn from")
    rows, _ = histories.distinct()
    problem = Problem(
        objective=lambda point: _log_likelihood(rows, point),
        names=BgBb.PARAMETERS,
        account_count=float(rows.weights.sum()),
        prior=prior,
    )
    starts = [(1.0, 1.0, 0.7, 3.0), (0.5, 2.0, 2.0, 8.0), (3.0, 3.0, 0.3, 1.0)]
    return BgBb.at(maximise(problem, np.log(np.array(starts))), problem.account_count)


def checked_steps(steps: int, name: str) -> int:
    """Return how many periods count.

    Raises
    ------
    BadParameterError
        If that is no whole number >= 0.
    """
    try:
        whole = operator.index(steps)
    except TypeError:
        whole = -1
    if whole < 0:
        raise BadParameterError(f"{name} must be a whole number >= 0, not {steps!r}")
    return whole


def whole_future(leaving: float, staying: FloatVector, force: float) -> FloatVector:
    """Return how often accounts are expected to stay, ever, the first time at once.

    Parameters
    ----------
    leaving : float > 0
    staying : float array, shape (n,), > 0
        The chance p to leave each time is Beta(leaving, staying).
    force : float > 0
        Of interest from one time to the next.

    Returns
    -------
    float array, shape (n,)
        ``E[q + q^2 v + q^3 v^2 ..] = E[q / (1 - q v)]``, ``q = 1-p``, ``v = e^-force``.

    Raises
    ------
    BadParameterError
        If the force is 0: the sum may be infinite.
    """
    if force <= 0.0:
        raise BadParameterError("the whole future has no finite value at a rate of 0")
    lost = -math.expm1(-force)
    distinct, inverse = np.unique(staying, return_inverse=True)
    p, weights = logit_nodes(leaving, distinct, (1.0 - lost) / lost, FUTURE_NODES)
    total = weights * (1.0 - p) / (lost + (1.0 - lost) * p)
    return np.asarray(total.sum(axis=1)[inverse], dtype=np.float64)


def _places(histories: Opportunities) -> tuple[FloatMatrix, FloatMatrix]:
    """Return opportunities lived through per way the past can have gone, and which.

    Column i tells of an account that left i opportunities after its last purchase; in
    the last possible column of each row it is still alive.
    """
    silent = histories.count - histories.recency
    i = np.arange(float(silent.max(initial=0.0)) + 1.0)[None, :]
    lived = histories.recency[:, None] + np.minimum(i, silent[:, None])
    alive = (i == silent[:, None]).astype(np.float64)
    return np.where(i <= silent[:, None], lived, np.nan), alive


def _log_terms(histories: Opportunities, parameters: FloatMatrix) -> FloatMatrix:
    alpha, beta, gamma, delta = parameters[:, :, None]
    lived, alive = _places(histories)
    possible = ~np.isnan(lived)
    lived = np.where(possible, lived, histories.recency[:, None])
    x = histories.frequency[:, None]
    terms = (
        betaln(alpha + x, beta + lived - x)
        - betaln(alpha, beta)
        + betaln(gamma + 1.0 - alive, delta + lived)
        - betaln(gamma, delta)
    )
    return np.where(possible, terms, -np.inf)


def _log_likelihood(
    histories: Opportunities, log_parameters: FloatVector
) -> tuple[float, FloatVector]:
    """Return ln L over all accounts and its gradient by the log parameters."""
    value, slopes = bgbb_row_log_likelihood(histories, np.exp(log_parameters)[:, None])
    return inner(histories.weights, value), slopes @ histories.weights


def bgbb_row_log_likelihood(
    histories: Opportunities, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each account and its slopes by its own log parameters.

    Parameters
    ----------
    histories : Opportunities, n rows
    parameters : float array, shape (4, n), or (4, 1) for the same of all

    Returns
    -------
    float arrays, shape (n,) and (4, n)
    """
    terms = _log_terms(histories, parameters)
    value = logsumexp(terms, axis=1)
    mass = np.exp(terms - value[:, None])
    lived, alive = _places(histories)
    lived = np.where(np.isnan(lived), histories.recency[:, None], lived)
    x = histories.frequency[:, None]
    alpha, beta, gamma, delta = parameters[:, :, None]
    gone = gamma + 1.0 - alive
    both = digamma(alpha + beta) - digamma(alpha + beta + lived)
    leave = digamma(gamma + delta) - digamma(gone + delta + lived)
    slopes = [
        digamma(alpha + x) - digamma(alpha) + both,
        digamma(beta + lived - x) - digamma(beta) + both,
        digamma(gone) - digamma(gamma) + leave,
        digamma(delta + lived) - digamma(delta) + leave,
    ]
    by_parameter = np.array([(mass * slope).sum(axis=1) for slope in slopes])
    return np.asarray(value, dtype=np.float64), by_parameter * parameters
