"""The common core of BG/NBD and MBG/NBD.

Story: while alive, an account buys at its own Poisson rate lambda ~ Gamma(r, alpha);
at each chance it leaves with its own probability p ~ Beta(a, b). BG/NBD gives a chance
to leave after every repeat purchase; MBG/NBD also after the first. With m chances
survived so far (x, or x + 1) both have the same formulas.

Symbols of the papers and our names: x = frequency, t_x = recency_days, T = age_days;
k = r + x; A = alpha + T; B = alpha + t_x.

Derivation. Given lambda and p, an alive account is one that bought x times, said no to
leaving m times and was silent since: likelihood ``lambda^x e^(-lambda T) (1-p)^m``; a
gone one left at its last purchase: ``lambda^x e^(-lambda t_x) p (1-p)^(m-1)``.
Integrated over gamma and beta:

    ln L = lnG(k) - lnG(r) + r ln(alpha) + lnB(a, b+m) - lnB(a, b)
           + ln[ A^-k + a/(b+m-1) B^-k ]          (second term only for m > 0)

Given alive at T, lambda ~ Gamma(k, A) and p ~ Beta(a, b+m), independent; purchases that
end the relation come at rate lambda*p, so the chance to live s more days is
``E_p[(1 + p s/A)^-k]`` and the order rate then ``E_p[k/A (1 + p s/A)^-(k+1)]``. The
expectation over p is a Gauss sum (`clv.engine.quadrature`): it has no singularity at
a = 1 and stays finite where the hypergeometric form overflows.

Source: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing
Science 24(2); Fader & Hardie (2008), Computing P(alive) using the BG/NBD model;
Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models
for customer base analysis, International Journal of Research in Marketing 24(3).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from clv.engine.arrays import BoolVector, FloatMatrix, FloatVector, inner
from clv.engine.crossed import Crossed, log_odds_beyond
from clv.engine.history import Histories
from clv.engine.models.fitting import Sample
from clv.engine.models.pairwise import FAR_RATIO, PairwiseModel
from clv.engine.models.series import expm1_ratio
from clv.engine.priors import LogNormalPrior
from clv.engine.quadrature import beta_nodes, logit_nodes

NEAR_NODES = 20
FAR_NODES = 80
BUSY = 8.0  # k above which a polynomial rule loses digits at a third of the distance
BUSY_FAR_RATIO = 4.0
BETA_GEOMETRIC_PRIOR = LogNormalPrior(
    medians=(0.7, 56.0, 0.8, 3.0), log_spreads=(1.0, 1.25, 1.0, 1.0)
)


@dataclass(frozen=True, slots=True)
class BetaGeometricModel(PairwiseModel):
    """BG/NBD or MBG/NBD, told apart by the chances to leave at the first purchase.

    Attributes
    ----------
    r, alpha : float > 0
        Shape, and rate in days, of the gamma over purchase rates.
    a, b : float > 0
        Beta over the chance of leaving at a purchase.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    RATES: ClassVar[tuple[str, ...]] = ("alpha",)
    FIRST_CHANCES: ClassVar[int] = 0

    r: float
    alpha: float
    a: float
    b: float

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the chance that each account has not left by the cut-off.

        Parameters
        ----------
        histories : Histories of n accounts

        Returns
        -------
        float array, shape (n,), in [0, 1]
            Exactly 1 for one-time buyers under BG/NBD, where nobody leaves before a
            repeat purchase, however long the silence; MBG/NBD doubts them.

        Notes
        -----
        ``1 / (1 + a/(b+m-1) (A/B)^k)`` for m > 0, evaluated as a logistic so that no
        power overflows.
        """
        x = histories.frequency
        chances = x + self.FIRST_CHANCES
        silence = (histories.age_days - histories.recency_days) / (
            self.alpha + histories.recency_days
        )
        log_odds_gone = (
            math.log(self.a)
            - np.log(self.b + np.maximum(chances, 1.0) - 1.0)
            + (self.r + x) * np.log1p(silence)
        )
        return np.where(chances > 0, expit(-log_odds_gone), 1.0)

    def alive_at(self, rows: Crossed, luck: float) -> BoolVector:
        """Tell whose chance to be alive exceeds `luck`, in (0, 1), shape (n,)."""
        x = rows.frequency[:, None]
        chances, logs = x + self.FIRST_CHANCES, np.log(self.alpha + rows.days)
        leaving = math.log(self.a) - np.log(self.b + np.maximum(chances, 1.0) - 1.0)
        then = np.where(chances > 0, leaving, -np.inf) - (self.r + x) * logs
        log_odds_gone = rows.at_recency(then) + rows.at_age((self.r + x) * logs)
        return np.asarray(log_odds_gone < log_odds_beyond(luck))

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive at its start.

        Purchases that end the relation and those that do not are independent Poisson
        streams, so one exponential and one Poisson draw tell the whole story.
        """
        shape = self.r + histories.frequency
        rate = rng.gamma(shape) / (self.alpha + histories.age_days)
        leaving = rng.beta(self.a, self.b + histories.frequency + self.FIRST_CHANCES)
        waiting = rng.standard_exponential(rate.size)
        hazard = rate * leaving
        left = waiting < hazard * horizon_days
        lived = np.where(left, waiting / np.where(left, hazard, 1.0), horizon_days)
        orders = rng.poisson(rate * (1.0 - leaving) * lived) + left
        return orders.astype(np.float64), lived

    def _nodes(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Return nodes and weights for p given alive, shape (n, 1, nodes)."""
        if is_far:
            reach = days.max(axis=1, initial=0.0) / self._time_scale(h)
            sharpness = reach * (self.r + h.frequency)
            b = self.b + h.frequency + self.FIRST_CHANCES
            points, weights = logit_nodes(self.a, b, sharpness, FAR_NODES)
            return points[:, None, :], weights[:, None, :]
        distinct, inverse = np.unique(h.frequency, return_inverse=True)
        b = self.b + distinct + self.FIRST_CHANCES
        points, weights = beta_nodes(self.a, b, NEAR_NODES)
        return points[inverse][:, None, :], weights[inverse][:, None, :]

    def _cumulated(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        p, weights = self._nodes(h, days, is_far=is_far)
        k = (self.r + h.frequency)[:, None, None]
        A = (self.alpha + h.age_days)[:, None, None]
        bend = np.log1p(p * days[:, :, None] / A)
        orders = -np.expm1(-k * bend) / p
        alive_days = A / p * bend * expm1_ratio((1.0 - k) * bend)
        return (weights * orders).sum(axis=2), (weights * alive_days).sum(axis=2)

    def _flow(
        self, h: Histories, days: FloatMatrix, *, is_far: bool
    ) -> tuple[FloatMatrix, ...]:
        p, weights = self._nodes(h, days, is_far=is_far)
        k = (self.r + h.frequency)[:, None, None]
        A = (self.alpha + h.age_days)[:, None, None]
        stretch = 1.0 + days[:, :, None] * (p / A)
        surviving = weights * np.exp(-k * np.log(stretch))
        rate = (surviving / stretch).sum(axis=2) * (k / A)[:, :, 0]
        return rate, surviving.sum(axis=2)

    def _time_scale(self, h: Histories) -> FloatVector:
        return self.alpha + h.age_days

    def _is_far(self, h: Histories, days: float) -> BoolVector:
        """Go to more nodes sooner for busy accounts, whose chance p tells sharply."""
        is_busy = self.r + h.frequency > BUSY
        ratio = np.where(is_busy, BUSY_FAR_RATIO, FAR_RATIO)
        return days / self._time_scale(h) > ratio

    def _cells_per_day(self) -> int:
        return FAR_NODES


def log_likelihood(
    sample: Sample, log_parameters: FloatVector, first_chances: int
) -> tuple[float, FloatVector]:
    """Return ln L over all accounts and its gradient by the log parameters.

    Parameters
    ----------
    sample : Sample
        Distinct histories in the fit's own time unit.
    log_parameters : float array, shape (4,), of r, alpha, a, b
    first_chances : 0 for BG/NBD, 1 for MBG/NBD
    """
    r, alpha, a, b = np.exp(log_parameters)
    x, weight = sample.x, sample.weight
    k, m = r + x, x + first_chances
    log_A, log_B = np.log(alpha + sample.age), np.log(alpha + sample.recency)
    beside = b + np.maximum(m, 1.0) - 1.0
    gap = math.log(a) - np.log(beside) + k * (log_A - log_B)
    gap = np.where(m > 0, gap, -np.inf)  # log odds of gone against alive
    small = np.exp(-np.abs(gap))
    value = np.maximum(gap, 0.0) + np.log1p(small) - k * log_A
    gone = np.where(gap > 0, 1.0, small) / (1.0 + small)
    counts, n = sample.counts, sample.total
    cx, cm = sample.values, sample.values + first_chances
    total = inner(weight, value) + float(
        counts
        @ (
            gammaln(r + cx)
            - gammaln(r)
            + r * math.log(alpha)
            + gammaln(a + b)
            - gammaln(a + b + cm)
            + gammaln(b + cm)
            - gammaln(b)
        )
    )
    wg = weight * gone
    shared = counts @ (digamma(a + b) - digamma(a + b + cm))
    by_r = counts @ (digamma(r + cx) - digamma(r) + math.log(alpha)) - (
        inner(weight - wg, log_A) + inner(wg, log_B)
    )
    by_alpha = n * r / alpha - (
        inner(weight - wg, k / (alpha + sample.age))
        + inner(wg, k / (alpha + sample.recency))
    )
    by_a = shared + wg.sum() / a
    by_b = shared + counts @ (digamma(b + cm) - digamma(b)) - inner(wg, 1.0 / beside)
    gradient = np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b])
    return total, gradient


def row_log_likelihood(
    x: FloatVector,
    recency: FloatVector,
    age: FloatVector,
    parameters: FloatMatrix,
    first_chances: int,
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each account and its slopes by its own log parameters.

    Parameters
    ----------
    x, recency, age : float arrays, shape (n,)
    parameters : float array, shape (4, n), of r, alpha, a, b per account
    first_chances : 0 for BG/NBD, 1 for MBG/NBD

    Returns
    -------
    float arrays, shape (n,) and (4, n)
    """
    r, alpha, a, b = parameters
    k, m = r + x, x + first_chances
    log_A, log_B = np.log(alpha + age), np.log(alpha + recency)
    beside = b + np.maximum(m, 1.0) - 1.0
    gap = np.log(a) - np.log(beside) + k * (log_A - log_B)
    gap = np.where(m > 0, gap, -np.inf)
    value = np.logaddexp(0.0, gap) - k * log_A + r * np.log(alpha)
    value += gammaln(k) - gammaln(r)
    value += gammaln(a + b) - gammaln(a + b + m) + gammaln(b + m) - gammaln(b)
    gone = expit(gap)
    stays = 1.0 - gone
    shared = digamma(a + b) - digamma(a + b + m)
    by_r = digamma(k) - digamma(r) + np.log(alpha) - stays * log_A - gone * log_B
    by_alpha = r / alpha - k * (stays / (alpha + age) + gone / (alpha + recency))
    by_a = shared + gone / a
    by_b = shared + digamma(b + m) - digamma(b) - gone / beside
    return value, np.stack([by_r, by_alpha, by_a, by_b]) * parameters


def starts(sample: Sample) -> list[FloatVector]:
    """Return starting points: the likely one first, then wider ones."""
    pace = max(sample.mean_frequency, 0.1) / max(sample.mean_age, 1e-9)
    return [
        np.log(np.array([r, r / pace * 0.7, a, b]))
        for r, a, b in ((0.6, 0.8, 2.5), (2.0, 0.5, 5.0), (0.2, 1.5, 1.5))
    ]
