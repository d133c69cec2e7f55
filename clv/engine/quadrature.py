"""Nodes and weights of Gaussian quadrature, as probabilities and lengths.

Source: Golub & Welsch (1969), Calculation of Gauss quadrature rules, Mathematics of
Computation 23: nodes are eigenvalues of the tridiagonal matrix of the recurrence,
weights the squared first components of its eigenvectors. Trefethen & Weideman (2014),
The exponentially convergent trapezoidal rule, SIAM Review 56(3).
"""

from functools import cache, lru_cache

import numpy as np
from scipy.special import expit

from clv.engine.arrays import FloatMatrix, FloatVector, frozen

SMALLEST_NODE = 1e-15  # eigenvalues are absolute to 1e-16; none may be <= 0
NEGLIGIBLE_LOG = 25.0  # exp(-25) = 1e-11 of the whole is left out or lumped
FEW_DENSITIES = 16  # that are kept under their own bytes
HALVINGS = 40


@cache
def legendre(nodes: int) -> tuple[FloatVector, FloatVector]:
    """Return Gauss-Legendre nodes in (0, 1) and weights that sum to 1."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return frozen(0.5 * (points + 1.0)), frozen(0.5 * weights)


def beta_nodes(a: float, b: FloatVector, nodes: int) -> tuple[FloatMatrix, FloatMatrix]:
    """Return Gauss-Jacobi rules for the expectation over p ~ Beta(a, b).

    Parameters
    ----------
    a : float > 0
    b : float array, shape (n,), > 0
        One rule per value.
    nodes : int

    Returns
    -------
    points, weights : float arrays, shape (n, nodes)
        ``(weights * f(points)).sum(axis=1)`` is E[f(p)]; exact for polynomials up to
        degree ``2 * nodes - 1``. No power or gamma function is formed, so large
        parameters cannot overflow.
    """
    total = a + b[:, None]
    k = np.arange(1.0, nodes)
    spread = 2.0 * k + total - 2.0
    matrix = np.zeros((b.size, nodes, nodes))
    diagonal = np.arange(nodes)
    matrix[:, 0, 0] = a / total[:, 0]
    tilt = (a - b[:, None]) * (total - 2.0)
    matrix[:, diagonal[1:], diagonal[1:]] = 0.5 + 0.5 * tilt / (spread * (spread + 2.0))
    # k + a + b - 2 over 2k + a + b - 3 is 1 at k = 1, also where both are 0.
    ratio = np.ones_like(spread)
    ratio[:, 1:] = (k[1:] + total - 2.0) / (spread[:, 1:] - 1.0)
    squared = k * (k + a - 1.0) * (k + b[:, None] - 1.0) * ratio
    off = np.sqrt(squared / (spread + 1.0)) / spread
    matrix[:, diagonal[1:], diagonal[:-1]] = off
    points, vectors = np.linalg.eigh(matrix)  # reads the lower triangle only
    return np.clip(points, SMALLEST_NODE, 1.0), vectors[:, 0, :] ** 2


def logit_nodes(
    a: float, b: FloatVector, sharpness: float | FloatVector, nodes: int
) -> tuple[FloatMatrix, FloatMatrix]:
    """Return rules for the expectation over p ~ Beta(a, b) of functions sharp near 0.

    Parameters
    ----------
    a : float > 0
    b : float array, shape (n,), > 0
    sharpness : float or float array, shape (n,), >= 0
        The functions bend at p of about ``1 / sharpness``, as ``(1 + c p)**-k`` does
        at ``1 / (k c)``.
    nodes : int

    Returns
    -------
    points, weights : float arrays, shape (n, nodes)

    Notes
    -----
    Trapezoidal rule over ``u = ln(p / (1 - p))``: ``(1 + c p)**-k`` is analytic in a
    strip of half-width pi there for every c, so the error falls like
    ``exp(-2 pi^2 / step)`` however sharp the function is, where a polynomial rule
    needs ever more nodes. The density falls like ``exp(a u)`` and ``exp(-b u)``; where
    the function has become flat, the rest of these geometric tails is put on the
    outermost node.
    """
    flat = NEGLIGIBLE_LOG + np.log1p(sharpness)
    low = np.maximum(-flat, -_fall(b, np.full_like(b, a)))
    high = np.minimum(flat, _fall(np.full_like(b, a), b))
    step = ((high - low) / (nodes - 1))[:, None]
    u = low[:, None] + step * np.arange(nodes)
    log_mass = _log_density(a, b[:, None], u)
    mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    mass[:, :1] /= -np.expm1(-a * step)
    mass[:, -1:] /= -np.expm1(-b[:, None] * step)
    return expit(u), mass / mass.sum(axis=1, keepdims=True)


def _fall(a: FloatVector, b: FloatVector) -> FloatVector:
    """Return u above the mode where the density of Beta(a, b) has become negligible.

    Of a few densities it is kept: one model is asked about the same ones at many paces
    and horizons.
    """
    if a.size > FEW_DENSITIES:
        return _found_fall(a, b)
    return np.frombuffer(_kept_fall(a.tobytes(), b.tobytes()))


@lru_cache(maxsize=4096)
def _kept_fall(a: bytes, b: bytes) -> bytes:
    return _found_fall(np.frombuffer(a), np.frombuffer(b)).tobytes()


def _found_fall(a: FloatVector, b: FloatVector) -> FloatVector:
    mode = np.log(a / b)
    floor = _log_density(a, b, mode) - 1.6 * NEGLIGIBLE_LOG
    near, far = mode, mode + 10.0 + np.abs(mode) + 4.0 * NEGLIGIBLE_LOG / b
    for _ in range(HALVINGS):
        middle = 0.5 * (near + far)
        above = _log_density(a, b, middle) > floor
        near, far = np.where(above, middle, near), np.where(above, far, middle)
    return far


def _log_density(a: float | FloatVector, b: FloatVector, u: FloatMatrix) -> FloatMatrix:
    """Return the log density of Beta(a, b) over u, up to a constant."""
    fall = -a * np.logaddexp(0.0, -u) - b * np.logaddexp(0.0, u)
    return np.asarray(fall, dtype=np.float64)
