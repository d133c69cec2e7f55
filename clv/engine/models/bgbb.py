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
is no singularity at gamma = 1, where the closed form divides by zero.

Source: Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time
noncontractual setting, Marketing Science 29(6).
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, logsumexp

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    as_account_vector,
    as_vector,
    inner,
)
from clv.engine.discounting import FORGOTTEN
from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.models.parametric import ParametricModel
from clv.engine.optimum import Problem, maximise
from clv.engine.priors import LogNormalPrior

BGBB_PRIOR = LogNormalPrior(
    medians=(1.0, 1.0, 0.7, 3.0), log_spreads=(1.0, 1.0, 1.0, 1.0)
)


@dataclass(frozen=True, slots=True)
class Opportunities:
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
            a recency above the count or without purchase, weights not positive.
        """
        x = as_vector(frequency, "frequency")
        last = as_account_vector(recency, "recency", x.size)
        count = as_account_vector(count, "count", x.size)
        given = np.ones(x.size) if weights is None else weights
        weight = as_account_vector(given, "weights", x.size)
        for vector, name in ((x, "frequency"), (last, "recency"), (count, "count")):
            if ((vector < 0) | (vector != np.floor(vector))).any():
                raise BadHistoryError(f"{name} must be whole numbers >= 0")
        if (x > last).any() or ((x == 0) & (last > 0)).any():
            raise BadHistoryError("frequency and recency contradict each other")
        if (last > count).any():
            raise BadHistoryError("recency exceeds count")
        if (weight <= 0).any():
            raise BadHistoryError("weights must be positive")
        return cls(x, last, count, weight)


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
        ahead = self.log_survival(histories, 1.0) - self.log_likelihoods(histories)
        return np.asarray(np.exp(ahead), dtype=np.float64)

    def expected_purchases(
        self, histories: Opportunities, *, opportunities: int
    ) -> FloatVector:
        """Return expected purchases at the next `opportunities`, shape (n,).

        Raises
        ------
        BadParameterError
            If the number is negative.
        """
        return self._sum(histories, opportunities, 0.0)

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
        steps = steps_ahead(rate_per_opportunity, opportunities)
        return self._sum(histories, steps, np.log1p(rate_per_opportunity))

    def _sum(
        self, histories: Opportunities, opportunities: int, force: float
    ) -> FloatVector:
        if opportunities < 0:
            raise BadParameterError("opportunities must not be negative")
        x, n = histories.frequency, histories.count
        chance = (self.alpha + x) / (self.alpha + self.beta + n)
        scale = chance / np.exp(self.log_likelihoods(histories))
        total = np.zeros(len(histories))
        for step in range(1, opportunities + 1):
            total += np.exp(self.log_survival(histories, step) - force * step)
        return np.asarray(scale * total, dtype=np.float64)

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
            logsumexp(_log_terms(histories, self.parameters), axis=1), dtype=np.float64
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
    problem = Problem(
        objective=lambda point: _log_likelihood(histories, point),
        names=BgBb.PARAMETERS,
        account_count=float(histories.weights.sum()),
        prior=prior,
    )
    starts = [(1.0, 1.0, 0.7, 3.0), (0.5, 2.0, 2.0, 8.0), (3.0, 3.0, 0.3, 1.0)]
    return BgBb.at(maximise(problem, np.log(np.array(starts))), problem.account_count)


def steps_ahead(rate: float, steps: int | None) -> int:
    """Return how many periods count; None is the whole future.

    Raises
    ------
    BadParameterError
        If the rate is negative or not finite, or 0 for the whole future.
    """
    if not (np.isfinite(rate) and rate >= 0.0):
        raise BadParameterError(f"the rate must be a finite number >= 0, not {rate}")
    if steps is not None:
        return steps
    if rate <= 0.0:
        raise BadParameterError("the whole future has no finite value at a rate of 0")
    return int(np.ceil(FORGOTTEN / np.log1p(rate)))


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


def _log_terms(histories: Opportunities, parameters: FloatVector) -> FloatMatrix:
    alpha, beta, gamma, delta = parameters.tolist()
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
    parameters = np.exp(log_parameters)
    alpha, beta, gamma, delta = parameters.tolist()
    terms = _log_terms(histories, parameters)
    value = logsumexp(terms, axis=1)
    mass = histories.weights[:, None] * np.exp(terms - value[:, None])
    lived, alive = _places(histories)
    lived = np.where(np.isnan(lived), histories.recency[:, None], lived)
    x = histories.frequency[:, None]
    gone = gamma + 1.0 - alive
    both = digamma(alpha + beta) - digamma(alpha + beta + lived)
    leave = digamma(gamma + delta) - digamma(gone + delta + lived)
    slopes = [
        digamma(alpha + x) - digamma(alpha) + both,
        digamma(beta + lived - x) - digamma(beta) + both,
        digamma(gone) - digamma(gamma) + leave,
        digamma(delta + lived) - digamma(delta) + leave,
    ]
    gradient = np.array([float((mass * slope).sum()) for slope in slopes])
    return inner(histories.weights, value), gradient * parameters
