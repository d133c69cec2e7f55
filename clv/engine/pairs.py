"""The pairs of frequency and age that the customers of a firm have.

Under most models all who are alive with one pair expect the same
(`clv.engine.models.repeat_buying`) and can have the same futures
(`clv.engine.futures`), and a firm has far fewer pairs than histories.
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
    """Distinct pairs of frequency and age, ascending; float arrays of shape (m,)."""

    frequency: FloatVector
    age_days: FloatVector

    def __len__(self) -> int:
        return self.frequency.size

    @classmethod
    def of(cls, histories: Histories) -> "Pairs":
        """Return the pairs that any of the histories has."""
        first, _ = distinct_rows(histories.frequency, histories.age_days)
        return cls(histories.frequency[first], histories.age_days[first])

    def by_week(self) -> "Pairs":
        """Return the pairs that compressed histories have.

        Rounded to weeks, an age is the same whichever recency goes with it.
        """
        rows = compress(self.as_histories(), resolution_days=RESOLUTION_DAYS)
        return Pairs.of(rows.histories)

    def as_histories(self) -> Histories:
        """Return histories with these pairs, whose recency is to shape nothing."""
        recency = np.where(self.frequency > 0.0, self.age_days, 0.0)
        return Histories.check(self.frequency, recency, self.age_days)

    def places(self, rows: Histories) -> IndexVector:
        """Return where the pair of each history stands.

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
