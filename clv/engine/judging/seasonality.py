"""Month factors from a purchase log."""

import numpy as np
from numpy.typing import NDArray

from clv.engine.judging.purchases import PurchaseLog
from clv.engine.seasons import (
    LEAST_MONTHS,
    Seasons,
    fit_seasons,
    month_index,
    no_seasons,
)

ACTIVE_DAYS = 365


def seasons_of(log: PurchaseLog, as_of_day: int) -> Seasons:
    """Return the month factors of repeat purchases until `as_of_day`.

    Parameters
    ----------
    log : PurchaseLog of n accounts
        Later rows are not looked at.
    as_of_day : int
        ``date.toordinal()``.

    Notes
    -----
    Counts are repeat purchases of whole months; the exposure is the number of
    accounts that bought in the year before the month. The month of the very first
    purchase is left out.
    """
    if not log.day.size:
        return no_seasons()
    first = int(month_index(log.day.min(keepdims=True))[0]) + 1
    last = int(month_index(np.array([as_of_day + 1]))[0])  # exclusive
    if last - first < LEAST_MONTHS:
        return no_seasons(max(last - first, 0))
    months = np.arange(first, last)
    is_repeat = np.ones(log.day.size, dtype=np.bool_)
    is_repeat[log.starts[:-1]] = False
    place = month_index(log.day[is_repeat]) - first
    place = place[(place >= 0) & (place < months.size)]
    counts = np.bincount(place, minlength=months.size)
    return fit_seasons(months, counts, np.maximum(_active(log, months), 1.0))


def _active(log: PurchaseLog, months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count accounts with a purchase in the year before each month.

    Each purchase keeps its account active until its next one, or for a year.
    """
    starts = month_starts(months)
    until = np.minimum(log.day + ACTIVE_DAYS, np.append(log.day[1:], log.day[-1:]))
    ends = log.starts[1:] - 1
    until[ends] = log.day[ends] + ACTIVE_DAYS
    enters = np.searchsorted(starts, log.day, side="right")
    leaves = np.searchsorted(starts, until, side="right")
    size = months.size + 1
    change = np.bincount(enters, minlength=size) - np.bincount(leaves, minlength=size)
    return np.cumsum(change)[: months.size]


def month_starts(months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the day ordinal of the first day of each month."""
    epoch = np.datetime64("0001-01-01", "D").astype(np.int64) - 1
    return (
        months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - epoch
    )
