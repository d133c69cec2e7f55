"""Rules of thumb that every model has to beat.

They see what a model sees: the log until the origin, and nothing else.
"""

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector, frozen, sums_by
from clv.engine.history import Histories
from clv.engine.judging.purchases import PurchaseLog

YOUNGEST_AGE = 7.0  # days; a rate over less is not a rate


def last_period(
    known: PurchaseLog, origin_day: int, horizon_days: int
) -> tuple[FloatVector, FloatVector]:
    """Say that the next period repeats the last one of the same length.

    Parameters
    ----------
    known : PurchaseLog of n accounts, until the origin
    origin_day, horizon_days : int
        Where the log is shorter than the horizon, all of it is scaled up.

    Returns
    -------
    counts, values : float arrays, shape (n,)
        Purchase days and money expected in the horizon.
    """
    span = min(horizon_days, known.reach_days(origin_day))
    came = known.between(origin_day - span, origin_day)
    scale = horizon_days / max(span, 1)
    return frozen(came.counts * scale), frozen(came.values * scale)


def rate_times_horizon(histories: Histories, horizon_days: float) -> FloatVector:
    """Say that each account goes on at its own past pace, shape (n,).

    The pace is repeat purchases over age; an account younger than a week counts as a
    week old.
    """
    age = np.maximum(histories.age_days, YOUNGEST_AGE)
    return frozen(histories.frequency / age * horizon_days)


def cohort_mean(
    histories: Histories, cohort: IndexVector, horizon_days: float
) -> FloatVector:
    """Give everybody the mean pace of their acquisition cohort, shape (n,).

    Parameters
    ----------
    histories : Histories of n accounts
    cohort : int array, shape (n,), >= 0
    horizon_days : float
    """
    groups = int(cohort.max(initial=0)) + 1
    weight = histories.weights
    bought = sums_by(cohort, weight * histories.frequency, groups)
    lived = sums_by(cohort, weight * np.maximum(histories.age_days, 1.0), groups)
    pace = bought / np.maximum(lived, 1.0)
    return frozen(pace[cohort] * horizon_days)
