"""The pairs of frequency and age that the customers of a firm have.

Whoever is alive has one future for each pair under most models (`clv.engine.futures`),
and a firm has far fewer pairs than histories.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector, IndexVector, distinct_rows
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories, compress

RESOLUTION_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct pairs of frequency and age at weekly resolution, ascending.

    Attributes
    ----------
    frequency, age_days : float arrays, shape (m,)
        As `compress` leaves them at `RESOLUTION_DAYS`.
    """

    frequency: FloatVector
    age_days: FloatVector

    def __len__(self) -> int:
        return self.frequency.size

    @classmethod
    def of(cls, histories: Histories) -> "Pairs":
        """Return the pairs that any of the histories has."""
        rows = compress(histories, resolution_days=RESOLUTION_DAYS).histories
        first, _ = distinct_rows(rows.frequency, rows.age_days)
        return cls(rows.frequency[first], rows.age_days[first])

    def as_histories(self) -> Histories:
        """Return histories with these pairs, whose recency is to shape nothing."""
        recency = np.where(self.frequency > 0.0, self.age_days, 0.0)
        return Histories.check(self.frequency, recency, self.age_days)

    def places(self, rows: Histories) -> IndexVector:
        """Return where the pair of each compressed history stands.

        Raises
        ------
        BadParameterError
            If one of them has a pair that is not here.
        """
        # Complex numbers ascend by their real part first, then by the other.
        known = self.frequency + 1j * self.age_days
        return places_in(known, rows.frequency + 1j * rows.age_days)


def places_in(known: NDArray[np.inexact], wanted: NDArray[np.inexact]) -> IndexVector:
    """Return where each of `wanted` stands in `known`, which ascends.

    Raises
    ------
    BadParameterError
        If one of them is not there.
    """
    places = np.searchsorted(known, wanted)
    if (places == known.size).any() or (known[places] != wanted).any():
        raise BadParameterError("an account is none of those that futures stand for")
    return places
