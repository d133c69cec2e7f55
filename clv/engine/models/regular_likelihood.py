"""The likelihood of MBG/CNBD-k, of all accounts at once and of each by itself.

Derivation and symbols: `clv.engine.models.mbg_cnbd`. The gaps between purchases are
left out: no parameter moves what they add.
"""

import math

import numpy as np
from scipy.special import digamma, gammaln, logsumexp

from clv.engine.arrays import FloatMatrix, FloatVector, inner
from clv.engine.models.fitting import Sample
from clv.engine.models.pareto_nbd import Columns


def log_terms(
    rows: Columns, parameters: FloatMatrix, k: int
) -> tuple[FloatMatrix, FloatVector]:
    """Return log terms of alive by phase, shape (n, k), and of gone, shape (n,).

    The parameters are those of all accounts, shape (4,), or of each, shape (4, n).
    """
    r, alpha, a, b = parameters
    j = np.arange(float(k))
    shape = (r + k * rows.x)[:, None] + j
    silence = (rows.age - rows.recency)[:, None]
    quiet = silence > 0.0
    log_silence = np.where(quiet, np.log(np.where(quiet, silence, 1.0)), -np.inf)
    # No silence leaves phase 0 only; 0 * -inf is never formed.
    waited = np.where(j > 0, np.maximum(j, 1.0) * log_silence, 0.0) - gammaln(j + 1.0)
    alive = (
        np.log(b + rows.x)[:, None]
        + waited
        + gammaln(shape)
        - shape * np.log(alpha + rows.age)[:, None]
    )
    gone = np.log(a) + gammaln(shape[:, 0]) - shape[:, 0] * np.log(alpha + rows.recency)
    return alive, gone


def regular_log_likelihood(
    sample: Sample, log_parameters: FloatVector, k: int
) -> tuple[float, FloatVector]:
    """Return ln L over all accounts and its gradient by the log parameters."""
    parameters = np.exp(log_parameters)
    r, alpha, a, b = parameters.tolist()
    rows = Columns(sample.x, sample.recency, sample.age)
    alive, gone = log_terms(rows, parameters, k)
    terms = np.column_stack([alive, gone])
    value = logsumexp(terms, axis=1)
    mass = np.exp(terms - value[:, None]) * sample.weight[:, None]
    lost = mass[:, -1]
    shape = (r + k * sample.values)[:, None] + np.arange(float(k))
    slopes = digamma(shape)[np.searchsorted(sample.values, sample.x)]
    shapes = (r + k * sample.x)[:, None] + np.arange(float(k))
    staying = mass[:, :-1]
    x, n, counts, values = sample.x, sample.total, sample.counts, sample.values
    both = counts @ (digamma(a + b) - digamma(a + b + values + 1.0))
    by_r = (
        n * (math.log(alpha) - digamma(r))
        + (staying * (slopes - np.log(alpha + sample.age)[:, None])).sum()
        + inner(lost, slopes[:, 0] - np.log(alpha + sample.recency))
    )
    by_alpha = (
        n * r / alpha
        - inner((staying * shapes).sum(axis=1), 1.0 / (alpha + sample.age))
        - inner(lost, shapes[:, 0] / (alpha + sample.recency))
    )
    by_a = both + lost.sum() / a
    by_b = (
        both
        + counts @ (digamma(b + values) - digamma(b))
        + inner(staying.sum(axis=1), 1.0 / (b + x))
    )
    total = inner(sample.weight, value) + float(
        counts
        @ (
            gammaln(a + b)
            + gammaln(b + values)
            - gammaln(b)
            - gammaln(a + b + values + 1.0)
        )
    )
    total += n * (r * math.log(alpha) - math.lgamma(r))
    return total, np.array([by_r, by_alpha, by_a, by_b]) * parameters


def regular_row_log_likelihood(
    x: FloatVector,
    recency: FloatVector,
    age: FloatVector,
    parameters: FloatMatrix,
    k: int,
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each account without gaps, and its slopes by its log parameters.

    Parameters
    ----------
    x, recency, age : float arrays, shape (n,)
    parameters : float array, shape (4, n), of r, alpha, a, b per account
    k : int
        Events per purchase.

    Returns
    -------
    float arrays, shape (n,) and (4, n)
    """
    r, alpha, a, b = parameters
    alive, gone = log_terms(Columns(x, recency, age), parameters, k)
    terms = np.column_stack([alive, gone])
    value = logsumexp(terms, axis=1)
    mass = np.exp(terms - value[:, None])
    staying, lost = mass[:, :-1], mass[:, -1]
    shape = (r + k * x)[:, None] + np.arange(float(k))
    by_shape = digamma(shape)
    both = digamma(a + b) - digamma(a + b + x + 1.0)
    by_r = (
        (staying * (by_shape - np.log(alpha + age)[:, None])).sum(axis=1)
        + lost * (by_shape[:, 0] - np.log(alpha + recency))
        + np.log(alpha)
        - digamma(r)
    )
    by_alpha = (
        r / alpha
        - (staying * shape).sum(axis=1) / (alpha + age)
        - lost * shape[:, 0] / (alpha + recency)
    )
    by_a = both + lost / a
    by_b = both + digamma(b + x) - digamma(b) + (1.0 - lost) / (b + x)
    value += gammaln(a + b) - gammaln(a + b + x + 1.0) + gammaln(b + x) - gammaln(b)
    value += r * np.log(alpha) - gammaln(r)
    return value, np.stack([by_r, by_alpha, by_a, by_b]) * parameters
