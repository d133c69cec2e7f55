"""Purchase histories: the only input type of the repeat-buying models.

Symbols of the papers and our names: x = frequency, t_x = recency_days, T = age_days.
All orders of one account on one day count as one purchase. The first purchase starts
the clock and is not in x.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatVector,
    IndexVector,
    ReadOnlyRows,
    as_account_vector,
    as_vector,
    distinct_rows,
    frozen,
    refuse,
    sums_by,
)
from clv.engine.errors import BadHistoryError

SHORT_RECENCY = 0.25  # of a step: the mean of what rounds to 0 but is not


@dataclass(frozen=True, slots=True, eq=False)
class Histories(ReadOnlyRows):
    """Checked purchase histories of n accounts; made by `Histories.check` only.

    Attributes
    ----------
    frequency : float array, shape (n,)
        Days with a purchase after the first one; whole numbers.
    recency_days : float array, shape (n,)
        Days from the first to the last purchase; 0 for one-time buyers.
    age_days : float array, shape (n,)
        Days from the first purchase to the cut-off.
    weights : float array, shape (n,)
        How many accounts share the row; 1 unless compressed.
    """

    frequency: FloatVector
    recency_days: FloatVector
    age_days: FloatVector
    weights: FloatVector

    def __len__(self) -> int:
        return self.frequency.size

    @property
    def account_count(self) -> float:
        """How many accounts the rows stand for."""
        return float(self.weights.sum())

    @classmethod
    def check(
        cls,
        frequency: ArrayLike,
        recency_days: ArrayLike,
        age_days: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> "Histories":
        """Return checked histories; a fault raises its name and row.

        Parameters
        ----------
        frequency, recency_days, age_days : array-like, shape (n,)
            Days may be fractions (a week is 7.0). n may be 0. Taken by position: the
            index of a pandas Series is not looked at.
        weights : array-like, shape (n,), optional
            Positive; 1 for every row when left out.

        Raises
        ------
        BadHistoryError
            For values that are not finite, negative or fractional counts, vectors of
            unequal length, recency_days above age_days, a repeat purchase without
            recency, a recency without repeat purchase, and weights that are not
            positive.
        """
        x = as_vector(frequency, "frequency")
        recency = as_account_vector(recency_days, "recency_days", x.size)
        age = as_account_vector(age_days, "age_days", x.size)
        counts = np.ones(x.size) if weights is None else weights
        weight = as_account_vector(counts, "weights", x.size)
        refuse(x < 0, "frequency is negative")
        refuse(x != np.floor(x), "frequency is not a whole number")
        refuse(recency < 0, "recency_days is negative")
        refuse(age < 0, "age_days is negative")
        refuse(recency > age, "recency_days exceeds age_days")
        refuse((x > 0) & (recency == 0), "recency_days is 0 with repeat purchases")
        refuse((x == 0) & (recency > 0), "recency_days without repeat purchase")
        refuse(weight <= 0, "weights must be positive")
        return cls(x, recency, age, weight)


@dataclass(frozen=True, slots=True)
class Compressed:
    """Distinct histories with weights, and the way back to the accounts.

    Attributes
    ----------
    histories : Histories of m <= n distinct rows
    inverse : index array, shape (n,)
        ``f(histories)[inverse]`` gives each of the n accounts its own result.
    """

    histories: Histories
    inverse: IndexVector


def compress(
    histories: Histories, *, resolution_days: float | None = None
) -> Compressed:
    """Collapse identical histories into weighted distinct ones.

    Parameters
    ----------
    histories : Histories of n accounts
    resolution_days : float > 0, optional
        None keeps the days as they are: a fit on the result equals the fit on all
        accounts up to rounding of the sums. 7 rounds recency and age to whole
        weeks, which leaves far fewer rows (1,000,000 simulated accounts: 97,000
        instead of 606,000). On the 23,570 accounts of CDNOW that moves parameters
        by at most 0.3 % and the forecast by 0.04 %; on its sample of 2,357 by 2.5 %
        (a third of a standard error) and 0.3 %. Use it from 100,000 accounts on.

    Raises
    ------
    BadHistoryError
        If the resolution is not positive.
    """
    recency, age = histories.recency_days, histories.age_days
    if resolution_days is not None:
        if not resolution_days > 0:
            message = "resolution_days must be positive"
            raise BadHistoryError(message)
        recency, age = _rounded(histories, resolution_days)
    x = histories.frequency
    steps = (resolution_days or 1.0) * SHORT_RECENCY
    first, inverse = distinct_rows(x, recency / steps, age / steps)
    weights = sums_by(inverse, histories.weights, first.size)
    rows = Histories(
        frozen(x[first]), frozen(recency[first]), frozen(age[first]), frozen(weights)
    )
    return Compressed(rows, inverse)


def _rounded(
    histories: Histories, resolution: float
) -> tuple[FloatVector, FloatVector]:
    """Round to multiples of `resolution`, keeping what `check` demands."""
    repeat = histories.frequency > 0
    recency = np.rint(histories.recency_days / resolution)
    recency = np.where(repeat, np.maximum(recency, SHORT_RECENCY), 0.0)
    age = np.maximum(np.rint(histories.age_days / resolution), recency)
    return recency * resolution, age * resolution
