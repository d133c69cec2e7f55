"""How long customers take to pay back, when many have not been watched long enough.

Two estimators, both by whole months since the first order and both using every account
for as long as it has been a customer and no longer:

* `kaplan_meier`: the share that has not paid back yet (Kaplan and Meier 1958), with the
  standard error of Greenwood (1926);
* `mean_course`: the mean of what customers have brought (Nelson 1988, the mean
  cumulative function), each month's step taken over the accounts that lived through it.

Both assume that how long ago an account was won says nothing of how fast it pays back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatVector, as_vector, frozen
from clv.engine.errors import BadParameterError

NOT_REACHED = np.inf


@dataclass(frozen=True, slots=True)
class Waiting:
    """The share still waiting after each month, from month 0 on.

    Attributes
    ----------
    share : float array, shape (m,)
        Share of accounts that have not paid back within 0, 1, ... m - 1 months. Stays
        where it is once nobody is left to watch.
    standard_error : float array, shape (m,)
        Greenwood's, of `share`; 0 where the share is 0 or 1.
    watched : float array, shape (m,)
        Accounts watched up to that month: what the month's step rests on.
    """

    share: FloatVector
    standard_error: FloatVector
    watched: FloatVector

    def months_until(self, paid_back: float) -> float:
        """Return the months until that share of accounts has paid back.

        ``inf``, named `NOT_REACHED`, if fewer have within the months watched.

        Raises
        ------
        BadParameterError
            If the share is not between 0 and 1.
        """
        if not 0.0 < paid_back <= 1.0:
            message = f"paid_back must be above 0 and at most 1, not {paid_back}"
            raise BadParameterError(message)
        # A product of whole-number ratios may miss the share asked for by its last bit.
        reached = self.share <= 1.0 - paid_back + 1e-12
        return float(np.argmax(reached)) if reached.any() else NOT_REACHED


def kaplan_meier(paid_back: ArrayLike, watched_no_longer: ArrayLike) -> Waiting:
    """Return the share of accounts that still wait, month by month.

    Parameters
    ----------
    paid_back : array-like, shape (m,)
        Accounts that paid back in month 0, 1, ...: after more than k - 1 and at most k
        months.
    watched_no_longer : array-like, shape (m,)
        Accounts not paid back whose last whole month is that one. They are counted as
        watched in it, as by Kaplan and Meier.

    Raises
    ------
    BadParameterError
        If the vectors differ in length or hold a negative number.
    """
    events, lost = _months(paid_back, watched_no_longer)
    watched = np.cumsum((events + lost)[::-1])[::-1]
    stays = np.ones_like(watched)
    np.divide(watched - events, watched, out=stays, where=watched > 0.0)
    share = np.cumprod(stays)
    # Where all that are watched pay back the term is infinite, and the share 0.
    term = np.zeros_like(watched)
    left = watched * (watched - events)
    np.divide(events, left, out=term, where=left > 0.0)
    error = share * np.sqrt(np.cumsum(term))
    return Waiting(frozen(share), frozen(error), frozen(watched))


def mean_course(sums: ArrayLike, watched: ArrayLike) -> FloatVector:
    """Return the mean of what customers have brought up to each month.

    Parameters
    ----------
    sums : array-like, shape (m,)
        What the accounts watched through month 0, 1, ... brought in it together.
    watched : array-like, shape (m,)
        How many they are. The course ends before the first month with nobody.

    Raises
    ------
    BadParameterError
        If the vectors differ in length or somebody is watched less than nobody.
    """
    money = as_vector(sums, "sums", error=BadParameterError)
    counts = as_vector(watched, "watched", error=BadParameterError)
    if money.size != counts.size or (counts < 0.0).any():
        message = "watched must be one number >= 0 for each of the sums"
        raise BadParameterError(message)
    nobody = np.flatnonzero(counts == 0.0)
    end = int(nobody[0]) if nobody.size else counts.size
    return frozen(np.cumsum(money[:end] / counts[:end]))


def month_of_payback(course: ArrayLike) -> float:
    """Return the first month from which on the course stays at 0 or above.

    ``inf``, named `NOT_REACHED`, if it ends below or is empty. As an account's own
    date: the day after the last one below zero.
    """
    below = np.flatnonzero(as_vector(course, "course", error=BadParameterError) < 0.0)
    size = np.size(course)
    if not size or (below.size and below[-1] == size - 1):
        return NOT_REACHED
    return float(below[-1] + 1) if below.size else 0.0


def _months(events: ArrayLike, lost: ArrayLike) -> tuple[FloatVector, FloatVector]:
    left = as_vector(events, "paid_back", error=BadParameterError)
    right = as_vector(lost, "watched_no_longer", error=BadParameterError)
    if left.size != right.size:
        message = f"{left.size} months of payback for {right.size} of watching"
        raise BadParameterError(message)
    if (left < 0.0).any() or (right < 0.0).any():
        message = "numbers of accounts must not be negative"
        raise BadParameterError(message)
    return left, right
