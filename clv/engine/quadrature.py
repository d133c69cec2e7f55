"""Nodes and weights of Gaussian quadrature, as probabilities and lengths.

Source: Golub & Welsch (1969), Calculation of Gauss quadrature rules, Mathematics of
Computation 23: nodes are eigenvalues of the tridiagonal matrix of the recurrence,
weights the squared first components of its eigenvectors.
"""

from functools import cache

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, frozen

SMALLEST_NODE = 1e-15  # eigenvalues are absolute to 1e-16; none may be <= 0


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
