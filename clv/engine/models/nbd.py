"""The NBD model of repeat buying: nobody ever leaves.

Story: an account buys at its own Poisson rate lambda ~ Gamma(r, alpha), for good. It is
the null model that dropout models must beat, and the fallback where the data show no
dropout. Recency does not matter.

    ln L = lnG(r+x) - lnG(r) + r ln(alpha) - (r+x) ln(alpha+T)
    E[orders in t] = t (r+x) / (alpha+T)

Source: Ehrenberg (1959), The pattern of consumer purchases, Applied Statistics 8(1).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, gammaln

from clv.engine.arrays import FloatMatrix, FloatVector, inner
from clv.engine.history import Histories
from clv.engine.models.fitting import Sample, fit_model
from clv.engine.models.pairwise import PairwiseModel
from clv.engine.priors import LogNormalPrior

NBD_PRIOR = LogNormalPrior(medians=(0.7, 56.0), log_spreads=(1.0, 1.25))


@dataclass(frozen=True, slots=True)
class Nbd(PairwiseModel):
    """A fitted NBD model.

    Attributes
    ----------
    r, alpha : float > 0
        Shape, and rate in days, of the gamma over purchase rates.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("r", "alpha")
    RATES: ClassVar[tuple[str, ...]] = ("alpha",)

    r: float
    alpha: float

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return 1 for every account: in this story nobody leaves."""
        return np.ones(len(histories))

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders within the horizon; all its days are lived."""
        shape = self.r + histories.frequency
        rate = rng.gamma(shape) / (self.alpha + histories.age_days)
        orders = rng.poisson(rate * horizon_days).astype(np.float64)
        return orders, np.full(shape.size, float(horizon_days))

    def _cumulated(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        del is_far  # closed form at any distance
        rate = (self.r + h.frequency) / (self.alpha + h.age_days)
        return rate[:, None] * days, np.array(days)

    def _flow(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        del is_far
        rate = (self.r + h.frequency) / (self.alpha + h.age_days)
        survival = np.ones(days.shape)
        return rate[:, None] * survival, survival

    def _time_scale(self, h: Histories) -> FloatVector:
        return self.alpha + h.age_days

    def _cells_per_day(self) -> int:
        return 1


def fit_nbd(histories: Histories, *, prior: LogNormalPrior | None = None) -> Nbd:
    """Fit NBD by maximum likelihood, or a posteriori with a prior.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
    prior : LogNormalPrior over (r, alpha in days), optional

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If the data do not identify the model, e.g. when all accounts are alike.
    """
    return fit_model(
        Nbd, histories, objective=_log_likelihood, starts=_starts, prior=prior
    )


def _log_likelihood(
    sample: Sample, log_parameters: FloatVector
) -> tuple[float, FloatVector]:
    """Return ln L over all accounts and its gradient by the log parameters."""
    r, alpha = np.exp(log_parameters).tolist()
    k, weight, counts = r + sample.x, sample.weight, sample.counts
    log_age = np.log(alpha + sample.age)
    n = sample.total
    total = float(counts @ (gammaln(r + sample.values) - gammaln(r))) + (
        n * r * math.log(alpha) - inner(weight, k * log_age)
    )
    by_r = counts @ (digamma(r + sample.values) - digamma(r)) + (
        n * math.log(alpha) - inner(weight, log_age)
    )
    by_alpha = n * r / alpha - inner(weight, k / (alpha + sample.age))
    return total, np.array([by_r * r, by_alpha * alpha])


def nbd_row_log_likelihood(
    x: FloatVector, age: FloatVector, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each account and its slopes by its own log parameters.

    Parameters
    ----------
    x, age : float arrays, shape (n,)
    parameters : float array, shape (2, n), of r and alpha per account

    Returns
    -------
    float arrays, shape (n,) and (2, n)
    """
    r, alpha = parameters
    k, log_age = r + x, np.log(alpha + age)
    value = gammaln(k) - gammaln(r) + r * np.log(alpha) - k * log_age
    by_r = digamma(k) - digamma(r) + np.log(alpha) - log_age
    by_alpha = r / alpha - k / (alpha + age)
    return value, np.stack([by_r, by_alpha]) * parameters


def _starts(sample: Sample) -> list[FloatVector]:
    pace = max(sample.mean_frequency, 0.1) / max(sample.mean_age, 1e-9)
    return [np.log(np.array([r, r / pace])) for r in (0.6, 3.0, 0.1)]
