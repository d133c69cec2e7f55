"""Histories by the few distinct numbers in them.

Of a hundred thousand histories in weeks, frequencies and days are a few hundred each.
What hangs on one of them, or on two, is worked out once for each and looked up: many
models can then be asked about the same histories (`clv.engine.futures`).
"""

import math
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, IndexVector, frozen
from clv.engine.history import Histories


def log_odds_beyond(luck: float) -> float:
    """Return ln((1 - luck) / luck): a chance exceeds luck if its log odds exceed -this.

    `luck` lies in (0, 1).
    """
    return math.log1p(-luck) - math.log(luck)


@dataclass(frozen=True, slots=True)
class Crossed:
    """Histories of n accounts with f frequencies and d days.

    Attributes
    ----------
    histories : Histories of n accounts
    frequency : float array, shape (f,), ascending
    days : float array, shape (d,), ascending
        Every recency and every age.
    silence : float array, shape (n,)
        Days since the last purchase.
    frequency_at, age_at : index arrays, shape (n,)
        From accounts into `frequency` and `days`.
    by_recency, by_age : index arrays, shape (n,)
        From accounts into a table of f x d, row by row.
    first_recency : index array, shape (f,)
        The first of `days` that is a recency of each frequency.
    """

    histories: Histories
    frequency: FloatVector
    days: FloatVector
    silence: FloatVector
    frequency_at: IndexVector
    age_at: IndexVector
    by_recency: IndexVector
    by_age: IndexVector
    first_recency: IndexVector

    @classmethod
    def of(cls, histories: Histories) -> "Crossed":
        """Return the histories with what is distinct in them."""
        n = len(histories)
        frequency, frequency_at = np.unique(histories.frequency, return_inverse=True)
        both = np.concatenate((histories.recency_days, histories.age_days))
        days, at = np.unique(both, return_inverse=True)
        row = frequency_at * days.size
        first = np.full(frequency.size, days.size)
        np.minimum.at(first, frequency_at, at[:n])
        return cls(
            histories,
            frozen(frequency),
            frozen(days),
            frozen(histories.age_days - histories.recency_days),
            frequency_at,
            at[n:],
            row + at[:n],
            row + at[n:],
            first,
        )

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, index: IndexVector) -> "Crossed":
        """Return the accounts at `index`, by the same numbers."""
        return Crossed(
            self.histories.take(index),
            self.frequency,
            self.days,
            frozen(self.silence[index]),
            self.frequency_at[index],
            self.age_at[index],
            self.by_recency[index],
            self.by_age[index],
            self.first_recency,
        )

    def at_recency(self, table: FloatMatrix) -> FloatVector:
        """Look up a table of f x d by frequency and recency."""
        return np.asarray(table.ravel()[self.by_recency], dtype=np.float64)

    def at_age(self, table: FloatMatrix) -> FloatVector:
        """Look up a table of f x d by frequency and age."""
        return np.asarray(table.ravel()[self.by_age], dtype=np.float64)
