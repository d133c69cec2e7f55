"""The gamma-gamma model of margin per order.

Story: each order of an account has margin ~ Gamma(p, nu), and nu ~ Gamma(q, v) differs
between accounts, independent of how often they buy.

Symbols of the paper and our names: x = frequency, the orders behind the mean;
z = mean_value, their mean. `frequency` counts *all* orders with a known margin, the
first one included: leaving it out, as textbooks do, throws away the only thing known
about one-time buyers.

Formulas. With x orders of mean z, integrated over nu:

    ln L = lnG(px+q) - lnG(px) - lnG(q) + q ln(v) + (px-1) ln(z) + px ln(x)
           - (px+q) ln(v + xz)
    E[mean | x, z] = p (v + x z) / (p x + q - 1)

The expectation is linear in z: the account's own mean, shrunk towards the mean of all,
``pv/(q-1)``, with weight ``px / (px+q-1)`` for its own. Accounts whose mean is zero or
negative cannot come from a gamma: they do not enter the fit, but they get the same
linear answer, so that losses stay losses, moderated by how few orders show them.

Source: Fader & Hardie (2013), The gamma-gamma model of monetary value; Colombo & Jiang
(1999), A stochastic RFM model, Journal of Interactive Marketing 13(3).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from clv.engine.arrays import (
    FloatVector,
    IndexVector,
    as_account_vector,
    as_vector,
    frozen,
    inner,
    sums_by,
)
from clv.engine.errors import (
    BadHistoryError,
    BadParameterError,
    NotConvergedError,
)
from clv.engine.optimum import Optimum, Problem, maximise
from clv.engine.priors import LogNormalPrior, TypicalCustomer

PARAMETERS = ("p", "q", "v")
# Over p, q - 1 and the mean of all, in multiples of the mean seen.
SPEND_PRIOR = LogNormalPrior(medians=(4.0, 2.0, 1.0), log_spreads=(1.0, 1.0, 1.0))
ENOUGH_ACCOUNTS = 300
NEGLIGIBLE_MEAN = 1e-9


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted gamma-gamma model.

    Attributes
    ----------
    p : float > 0
        Shape of the margins of one account.
    q : float > 1
        Shape of the gamma over accounts; the mean exists only above 1.
    v : float > 0
        Its rate, in money.
    log_likelihood : float or None
    account_count : float
        Accounts with a positive mean, which the fit used.
    log_covariance : tuple of 3 tuples of 3 float
        Of ln(p), ln(q - 1), ln(v); empty when unknown.
    """

    p: float
    q: float
    v: float
    log_likelihood: float | None = None
    account_count: float = 0.0
    log_covariance: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name, floor in (("p", 0.0), ("q", 1.0), ("v", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > floor):
                raise BadParameterError(f"{name} must be above {floor:g}, not {value}")

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild a model from ``dataclasses.asdict``, also after a trip through JSON.

        Raises
        ------
        BadParameterError
            If a name is unknown or missing or a value is out of its domain.
        """
        values = dict(stored)
        covariance = values.pop("log_covariance", ())
        try:
            return cls(**values, log_covariance=tuple(tuple(r) for r in covariance))
        except TypeError as fault:
            raise BadParameterError(f"not a stored GammaGamma: {fault}") from fault

    @property
    def mean(self) -> float:
        """Return the expected margin per order of an account not seen yet."""
        return self.p * self.v / (self.q - 1.0)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors of p, q and v; empty when unknown."""
        if not self.log_covariance:
            return {}
        scale = np.array([self.p, self.q - 1.0, self.v])
        errors = np.sqrt(np.diag(np.array(self.log_covariance))) * scale
        return dict(zip(PARAMETERS, errors.tolist(), strict=True))

    def expected_value(
        self, frequency: ArrayLike, mean_value: ArrayLike
    ) -> FloatVector:
        """Return the expected margin of an account's next order.

        Parameters
        ----------
        frequency : array-like, shape (n,), >= 0
            Orders behind the mean; 0 gives the mean of all accounts.
        mean_value : array-like, shape (n,)
            Any sign; ignored where frequency is 0.

        Returns
        -------
        float array, shape (n,)
            Money per order; negative where the own mean is low enough.

        Raises
        ------
        BadHistoryError
            If a value is not finite, a frequency negative, or lengths differ.
        """
        x, z = _checked(frequency, mean_value)
        return frozen(self.p * (self.v + x * z) / (self.p * x + self.q - 1.0))

    def draw_models(self, rng: np.random.Generator, draws: int) -> list["GammaGamma"]:
        """Draw models from the normal approximation of the log parameters' posterior.

        Without a covariance every draw is the model itself.
        """
        if not self.log_covariance:
            return [self] * draws
        values, vectors = np.linalg.eigh(np.array(self.log_covariance))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        steps = rng.standard_normal((draws, 3)) @ root.T
        return [self.moved(step) for step in np.clip(steps, -6.0, 6.0)]

    def draw_relative_means(
        self, order_count: FloatVector, rng: np.random.Generator
    ) -> FloatVector:
        """Draw true mean margins, as multiples of the expected one.

        Given x orders, ``nu ~ Gamma(px + q, v + xz)``; the true mean is ``p / nu``.
        The factor has mean 1 and does not depend on z.
        """
        shape = self.p * order_count + self.q
        return (shape - 1.0) / rng.gamma(shape)

    def moved(self, log_step: FloatVector) -> "GammaGamma":
        """Return the model with ln(p), ln(q - 1), ln(v) moved by `log_step`."""
        up = np.exp(log_step).tolist()
        return replace(
            self, p=self.p * up[0], q=1.0 + (self.q - 1.0) * up[1], v=self.v * up[2]
        )


def fit_gamma_gamma(
    frequency: ArrayLike, mean_value: ArrayLike, *, prior: LogNormalPrior | None = None
) -> GammaGamma:
    """Fit by maximum likelihood, or a posteriori with a prior; q is kept above 1.

    Parameters
    ----------
    frequency : array-like, shape (n,), >= 0
        Orders behind each mean.
    mean_value : array-like, shape (n,)
        Mean margin per order. Accounts without order or with a mean <= 0 are left
        out of the fit.
    prior : LogNormalPrior over (p, q - 1, relative mean), optional
        The mean is stated in multiples of the mean of the accounts used.

    Raises
    ------
    BadHistoryError
        If the vectors are faulty or no account has a positive mean.
    NotConvergedError
        If the data do not identify the model.
    """
    x, z = _checked(frequency, mean_value)
    used = (x > 0) & (z > 0)
    if not used.any():
        raise BadHistoryError("no account has a positive mean to learn from")
    sample = _make_sample(x[used], z[used])
    problem = Problem(
        objective=lambda point: _posterior(sample, point, prior),
        names=("p", "q - 1", "v"),
        account_count=sample.total,
    )
    best = maximise(problem, _starts(prior))
    return _result(sample, best)


def fit_spend_with_ladder(
    frequency: ArrayLike,
    mean_value: ArrayLike,
    *,
    prior: TypicalCustomer | None = None,
) -> tuple[GammaGamma, str]:
    """Fit whatever the data allow; never raises for a lack of data.

    Parameters
    ----------
    frequency, mean_value : as for `fit_gamma_gamma`
    prior : TypicalCustomer, optional
        Its margin per order moves the weak prior; nothing on the step ``individual``.

    Returns
    -------
    model : GammaGamma
    reason : str
        ``individual`` (maximum likelihood on at least 300 accounts), ``pooled`` (weak
        prior) or ``assumed`` (nothing to learn from: own means are then shrunk
        towards the positive mean seen, else the one stated, else to zero).

    Raises
    ------
    BadHistoryError
        If the vectors are faulty.
    """
    x, z = _checked(frequency, mean_value)
    used = (x > 0) & (z > 0)
    stated = prior or TypicalCustomer()
    if used.sum() >= ENOUGH_ACCOUNTS:
        try:
            return fit_gamma_gamma(x, z), "individual"
        except NotConvergedError:
            pass
    mean = stated.margin_per_order or NEGLIGIBLE_MEAN
    if used.any():
        mean = inner(x[used], z[used]) / float(x[used].sum())
        try:
            weak = stated.spend(SPEND_PRIOR, mean)
            return fit_gamma_gamma(x, z, prior=weak), "pooled"
        except NotConvergedError:
            pass
    p, spread, _ = SPEND_PRIOR.medians
    return GammaGamma(p=p, q=1.0 + spread, v=mean * spread / p), "assumed"


@dataclass(frozen=True, slots=True)
class _Sample:
    """Means relative to their mean `unit`, with sums by distinct number of orders."""

    x: FloatVector
    total_value: FloatVector
    index: IndexVector
    orders: FloatVector
    counts: FloatVector
    log_z: FloatVector
    unit: float

    @property
    def total(self) -> float:
        return float(self.counts.sum())


def _make_sample(x: FloatVector, z: FloatVector) -> _Sample:
    unit = inner(x, z) / float(x.sum())
    relative = z / unit
    orders, inverse = np.unique(x, return_inverse=True)
    return _Sample(
        x=x,
        total_value=x * relative,
        index=inverse,
        orders=orders,
        counts=sums_by(inverse, np.ones(x.size), orders.size),
        log_z=sums_by(inverse, np.log(relative), orders.size),
        unit=unit,
    )


def _log_likelihood(s: _Sample, point: FloatVector) -> tuple[float, FloatVector]:
    """Return ln L of relative means and its gradient by ln p, ln(q-1), ln v."""
    p, beyond, v = np.exp(point)
    q = 1.0 + beyond
    shape = p * s.orders
    spread = v + s.total_value
    log_spread = sums_by(s.index, np.log(spread), s.orders.size)
    inverse_spread = sums_by(s.index, 1.0 / spread, s.orders.size)
    value = float(
        s.counts
        @ (
            gammaln(shape + q)
            - gammaln(shape)
            - gammaln(q)
            + q * math.log(v)
            + shape * np.log(s.orders)
        )
        + (shape - 1.0) @ s.log_z
        - (shape + q) @ log_spread
    )
    both = digamma(shape + q)
    by_p = (s.counts * s.orders) @ (both - digamma(shape) + np.log(s.orders)) + (
        s.orders @ (s.log_z - log_spread)
    )
    by_q = s.counts @ (both - digamma(q) + math.log(v)) - log_spread.sum()
    by_v = s.total * q / v - (shape + q) @ inverse_spread
    return value, np.array([by_p * p, by_q * beyond, by_v * v])


def _posterior(
    s: _Sample, point: FloatVector, prior: LogNormalPrior | None
) -> tuple[float, FloatVector]:
    """Add the prior over ln p, ln(q-1) and the log of the mean pv/(q-1)."""
    value, gradient = _log_likelihood(s, point)
    if prior is None:
        return value, gradient
    to_stated = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, -1.0, 1.0]])
    distance = (to_stated @ point - prior.log_medians) / prior.spreads
    value -= 0.5 * float(distance @ distance)
    return value, gradient - to_stated.T @ (distance / prior.spreads)


def _starts(prior: LogNormalPrior | None) -> list[FloatVector]:
    points = [(4.0, 2.5, 0.6), (1.0, 1.0, 1.0), (20.0, 5.0, 0.25)]
    if prior is not None:
        p, beyond, mean = prior.medians
        points.insert(0, (p, beyond, mean * beyond / p))
    return [np.log(np.array(point)) for point in points]


def _result(s: _Sample, best: Optimum) -> GammaGamma:
    p, beyond, v = np.exp(best.log_parameters).tolist()
    point = best.log_parameters
    return GammaGamma(
        p=p,
        q=1.0 + beyond,
        v=v * s.unit,
        log_likelihood=_log_likelihood(s, point)[0] - s.total * math.log(s.unit),
        account_count=s.total,
        log_covariance=tuple(tuple(row) for row in best.log_covariance.tolist()),
    )


def _checked(
    frequency: ArrayLike, mean_value: ArrayLike
) -> tuple[FloatVector, FloatVector]:
    x = as_vector(frequency, "frequency")
    if (x < 0).any():
        raise BadHistoryError("frequency is negative")
    z = np.where(x > 0, np.asarray(mean_value, dtype=np.float64), 0.0)
    return x, as_account_vector(z, "mean_value", x.size)
