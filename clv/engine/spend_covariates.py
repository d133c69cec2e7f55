"""The gamma-gamma model of margin per order, with covariates that do not change.

What is known of an account besides its orders (country, channel, size) shifts the scale
of its margins:

    v_i = v exp(beta' z_i)

so that a positive beta means a larger mean margin, by the factor exp(beta) per unit of
z; p and q, the scatter inside accounts and between like ones, are the same for all.
Divided by ``exp(beta' z_i)``, the means of all accounts follow the plain model, and so

    E[mean | x, m, z] = e^(beta'z) E_plain[mean | x, m e^(-beta'z)]

Answers and faults are those of `clv.engine.spend_model`; nothing in the night uses
covariates. With z = 0 an account follows the plain model.

>>> columns = {"web": web}
>>> model = fit_gamma_gamma_with_covariates(frequency, mean_value, columns)
>>> model.expected_value(frequency, mean_value, columns)

Source: the model is that of `clv.engine.spend_model`; the rule for its scale is that of
Fader & Hardie (2007), Incorporating time-invariant covariates into the Pareto/NBD and
BG/NBD models, for the rate of a gamma.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from clv.engine.arrays import FloatMatrix, FloatVector, as_account_vector, frozen
from clv.engine.errors import BadHistoryError, BadParameterError, NotConvergedError
from clv.engine.shifted import Scales, ShiftedRows, best_of
from clv.engine.spend import SPEND_PRIOR, fit_gamma_gamma, with_losses
from clv.engine.spend_model import GammaGamma, checked_means

NAMES = ("p", "q - 1", "v")
OF_SCALE = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class CovariateGammaGamma:
    """A fitted gamma-gamma model whose accounts differ by what is known of them.

    Attributes
    ----------
    base : GammaGamma
        The model of an account whose covariates are all 0.
    effects : tuple of (name, coefficient)
    log_likelihood : float or None
    account_count : float
        Accounts with a positive mean, which the fit used.
    covariance : tuple of tuples of float
        Of ln(p), ln(q - 1), ln(v), then of the coefficients; empty when unknown.
    """

    base: GammaGamma
    effects: tuple[tuple[str, float], ...]
    log_likelihood: float | None = None
    account_count: float = 0.0
    covariance: tuple[tuple[float, ...], ...] = ()

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors: of p, q and v, then of effects by name.

        Empty when unknown.
        """
        if not self.covariance:
            return {}
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        base = self.base
        scale = np.ones(errors.size)
        scale[:3] = base.p, base.q - 1.0, base.v
        names = ["p", "q", "v", *(name for name, _ in self.effects)]
        return dict(zip(names, (errors * scale).tolist(), strict=True))

    def expected_value(
        self,
        frequency: ArrayLike,
        mean_value: ArrayLike,
        covariates: Mapping[str, ArrayLike],
    ) -> FloatVector:
        """Return the expected margin of an account's next order.

        Parameters
        ----------
        frequency, mean_value : as for `GammaGamma.expected_value`
        covariates : mapping of names to array-likes, shape (n,), or scalars
            By the names of the fit.

        Returns
        -------
        float array, shape (n,)
            Money per order.

        Raises
        ------
        BadHistoryError
            If a value is not finite, a frequency negative, or lengths differ.
        BadParameterError
            If the covariates are not those of the fit.
        """
        x, z = checked_means(frequency, mean_value)
        names = tuple(name for name, _ in self.effects)
        if set(covariates) != set(names):
            raise BadParameterError("the covariates are not those of the fit")
        columns = _columns(covariates, names, x.size)
        scale = np.exp(columns @ np.array([effect for _, effect in self.effects]))
        return frozen(scale * self.base.expected_value(x, z / scale))


def fit_gamma_gamma_with_covariates(
    frequency: ArrayLike, mean_value: ArrayLike, covariates: Mapping[str, ArrayLike]
) -> CovariateGammaGamma:
    """Fit by maximum likelihood; q is kept above 1.

    Parameters
    ----------
    frequency : array-like, shape (n,), >= 0
        Orders behind each mean.
    mean_value : array-like, shape (n,)
        Mean margin per order. Accounts without order or with a mean <= 0 are left
        out of the fit; what the latter bring, and how often, the base keeps.
    covariates : mapping of names to array-likes, shape (n,), or scalars

    Raises
    ------
    BadHistoryError
        If the vectors are faulty, no account has a positive mean, or a covariate is the
        same for all that have one.
    NotConvergedError
        If the data do not identify the model, e.g. when covariates repeat each other.
    """
    x, z = checked_means(frequency, mean_value)
    names = tuple(covariates)
    columns = _columns(covariates, names, x.size)
    used = (x > 0) & (z > 0)
    if not used.any():
        raise BadHistoryError("no account has a positive mean to learn from")
    weights = np.ones(int(used.sum()))
    scales = Scales.of(columns[used], weights, names, len(names))
    unit = float(x[used] @ z[used]) / float(x[used].sum())
    rows = shifted_means(x[used], z[used] / unit, scales.applied(columns[used]))
    best = best_of(rows, scales, (*NAMES, *names), _start(x[used], z[used] / unit))
    p, beyond, v = np.exp(best.log_parameters[:3]).tolist()
    effects = best.log_parameters[3:]
    scale = np.exp(columns @ effects)
    return CovariateGammaGamma(
        base=with_losses(GammaGamma(p=p, q=1.0 + beyond, v=v * unit), x, z / scale),
        effects=tuple(zip(names, effects.tolist(), strict=True)),
        log_likelihood=best.log_likelihood - weights.size * float(np.log(unit)),
        account_count=float(weights.size),
        covariance=tuple(tuple(row) for row in best.log_covariance.tolist()),
    )


def shifted_means(x: FloatVector, z: FloatVector, columns: FloatMatrix) -> ShiftedRows:
    """Return positive means with standardised covariates, and how likely they are."""
    values, place = np.unique(x, return_inverse=True)
    log_z, log_x = np.log(z), np.log(values)

    def likelihood(parameters: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
        """Take p and q of the first row: they are the same for all."""
        p, beyond = parameters[:2, 0].tolist()
        q, v = 1.0 + beyond, parameters[2]
        shape = p * values
        log_v, log_spread = np.log(v), np.log(v + x * z)
        of_orders = gammaln(shape + q) - gammaln(shape) - gammaln(q) + shape * log_x
        value = (
            of_orders[place]
            + q * log_v
            + (shape[place] - 1.0) * log_z
            - (shape + q)[place] * log_spread
        )
        both = digamma(shape + q)
        of_scatter = (values * (both - digamma(shape) + log_x))[place]
        by_p = of_scatter + x * (log_z - log_spread)
        by_q = (both - digamma(q))[place] + log_v - log_spread
        by_log_v = q - (shape + q)[place] * v / (v + x * z)
        return value, np.array([by_p * p, by_q * beyond, by_log_v])

    return ShiftedRows(columns, columns.shape[1], np.ones(x.size), OF_SCALE, likelihood)


def _start(x: FloatVector, z: FloatVector) -> FloatVector:
    """Return the logarithms of p, q - 1 and v of the plain model, else a guess."""
    try:
        plain = fit_gamma_gamma(x, z)
    except NotConvergedError:
        p, beyond, mean = SPEND_PRIOR.medians
        return np.log([p, beyond, mean * beyond / p])
    return np.log([plain.p, plain.q - 1.0, plain.v])


def _columns(
    covariates: Mapping[str, ArrayLike], names: tuple[str, ...], count: int
) -> FloatMatrix:
    vectors = [as_account_vector(covariates[name], name, count) for name in names]
    return np.stack(vectors, axis=1) if vectors else np.zeros((count, 0))
