"""Ranks by two measures against each other: corners, density, and who differs most.

Each of n customers has a place by either measure, from 0 (lowest) to 1 (highest); ties
share the mean of their places. A customer is high by a measure who reaches its cut, the
value that the best share of all reach, and a cent at least.

Density counts customers between edges that part them evenly; edges are values, so that
whoever asks for the customers of a cell gets exactly those that were counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from clv.engine.arrays import FloatVector, IndexVector, frozen

LEAST = 0.01  # a cent: nobody is high by nothing


@dataclass(frozen=True, slots=True)
class Matrix:
    """Two measures of n customers against each other.

    Attributes
    ----------
    place_first, place_second : float arrays, shape (n,), in [0, 1]
    cut_first, cut_second : float
        Values from which on a customer is high.
    corner : index array, shape (n,)
        1 for high by the first measure, plus 2 for high by the second.
    edges_first, edges_second : float arrays, ascending, distinct
    density : int array, shape (edges_first + 1, edges_second + 1)
    """

    place_first: FloatVector
    place_second: FloatVector
    cut_first: float
    cut_second: float
    corner: IndexVector
    edges_first: FloatVector
    edges_second: FloatVector
    density: NDArray[np.int64]

    @property
    def climb(self) -> FloatVector:
        """Return by how much a customer stands higher by the second measure."""
        return frozen(self.place_second - self.place_first)


def matrix_of(
    first: FloatVector, second: FloatVector, *, best_share: float, bins: int
) -> Matrix:
    """Return the matrix of n customers, n >= 1.

    Parameters
    ----------
    first, second : float arrays, shape (n,)
    best_share : float in (0, 1)
        Share of all that counts as high.
    bins : int >= 1
        Cells per measure, where values differ enough.
    """
    cuts = [_cut(values, best_share) for values in (first, second)]
    high = [values >= cut for values, cut in zip((first, second), cuts, strict=True)]
    edges = [_edges(values, bins) for values in (first, second)]
    rows, columns = (
        np.searchsorted(edge, values, side="right")
        for edge, values in zip(edges, (first, second), strict=True)
    )
    width = edges[1].size + 1
    counts = np.bincount(rows * width + columns, minlength=(edges[0].size + 1) * width)
    return Matrix(
        place_first=_places(first),
        place_second=_places(second),
        cut_first=cuts[0],
        cut_second=cuts[1],
        corner=high[0].astype(np.intp) + 2 * high[1].astype(np.intp),
        edges_first=edges[0],
        edges_second=edges[1],
        density=counts.reshape(edges[0].size + 1, width).astype(np.int64),
    )


def _cut(values: FloatVector, best_share: float) -> float:
    cut = float(np.quantile(values, 1.0 - best_share, method="higher"))
    return max(cut, LEAST)


def _edges(values: FloatVector, bins: int) -> FloatVector:
    shares = np.arange(1, bins) / bins
    return frozen(np.unique(np.quantile(values, shares, method="higher")))


def _places(values: FloatVector) -> FloatVector:
    if values.size == 1:
        return frozen(np.ones(1))
    ranks = rankdata(values, method="average")
    return frozen((ranks - 1.0) / (values.size - 1.0))
