"""Margin and cost by month, from the models that value accounts.

The models say how many orders an account is expected to place up to each day. Between
the ends of two months that is

    margin of a month = sum over accounts of (orders up to its end - up to its begin)
                        x margin per order
    cost of a month   = the same with cost per order, and years alive x cost per year

not discounted. Accounts of one history share their curve, so it is worked out once for
each distinct one; from `MOST_CURVES` on, histories are rounded to weeks or months. That
bends the course within the horizon a little but not its end: every group's orders and
margin are scaled so that all months of the horizon together are exactly its expected
orders x margin per order.

Intervals of a month, or of a set of accounts in it:

    variance = luck of the month + rest x (share of the margin)^2
               + (relative error x margin)^2

Luck of a month is that of its single orders, independent of other months: orders come
as a Poisson process, each with a margin of its own, so that its variance is expected
orders x mean square of a margin. The rest is what the accounts' variances over the
horizon hold beyond that: whether an account is still there and how fast it buys, which
is not known but stays. The relative error, what parameters and model leave open
(`clv.engine.totals`), moves all months alike.

Limits: no accounts have no margin; a horizon of one month has the variance of the
horizon; and so have all months together.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, IndexVector, frozen, sums_by
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError
from clv.engine.history import Compressed, Histories, compress
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.totals import reach_of

MOST_CURVES = 20_000
COARSER_DAYS = (7.0, 28.0, 91.0)
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Months:
    """The calendar months of a horizon.

    Attributes
    ----------
    firsts : tuple of m dates
        The first day of each month.
    ends : float array, shape (m,), ascending
        Days from the day of the forecast to the end of each month; the last is the
        horizon.
    """

    firsts: tuple[dt.date, ...]
    ends: FloatVector

    @classmethod
    def ahead(cls, as_of: dt.date, horizon_days: float) -> "Months":
        """Return the months after `as_of`, which counts as over.

        Raises
        ------
        BadParameterError
            If the horizon is not positive.
        """
        if not horizon_days > 0.0:
            raise BadParameterError("the horizon must be positive")
        firsts: list[dt.date] = []
        ends: list[float] = []
        first = (as_of + dt.timedelta(days=1)).replace(day=1)
        while not ends or ends[-1] < horizon_days:
            following = (first + dt.timedelta(days=31)).replace(day=1)
            firsts.append(first)
            ends.append(float((following - as_of).days - 1))
            first = following
        ends[-1] = horizon_days
        return cls(tuple(firsts), frozen(np.array(ends)))

    def __len__(self) -> int:
        return len(self.firsts)


@dataclass(frozen=True, slots=True)
class Course:
    """What groups of accounts are expected to bring; matrices of shape (groups, m).

    `luck` is the variance of margin that single orders bring; 0 where not known.
    """

    orders: FloatMatrix
    margin: FloatMatrix
    cost: FloatMatrix
    luck: FloatMatrix

    def __add__(self, other: "Course") -> "Course":
        return Course(
            self.orders + other.orders,
            self.margin + other.margin,
            self.cost + other.cost,
            self.luck + other.luck,
        )


@dataclass(frozen=True, slots=True)
class Accounts:
    """n accounts; every vector has shape (n,), money in currency units.

    `group` is a number below `groups`; `orders` are those expected within the horizon.
    `margin_scatter` is the variance of one order's margin, relative to its square.
    """

    histories: Histories
    group: IndexVector
    groups: int
    orders: FloatVector
    margin_per_order: FloatVector
    cost_per_order: FloatVector
    cost_per_year: FloatVector
    margin_scatter: float = 0.0


def monthly_course(
    accounts: Accounts, model: RepeatBuyingModel, ends: FloatVector
) -> Course:
    """Return orders, margin and cost of each group by month, not discounted.

    Parameters
    ----------
    accounts : Accounts
    model : a fitted model of repeat buying
    ends : float array, shape (m,)
        Ends of the months on the clock of the histories; the last is the horizon.
    """
    rows = _few(accounts.histories)
    orders, days = model.curves(rows.histories, ends)
    orders, days = _by_month(orders), _by_month(days)

    def summed(curve: FloatMatrix, values: FloatVector) -> FloatMatrix:
        """Return the sum over accounts of their curve times a value of their own."""
        weight = sums_by(
            rows.inverse * accounts.groups + accounts.group,
            values,
            len(rows.histories) * accounts.groups,
        ).reshape(len(rows.histories), accounts.groups)
        return np.asarray(np.einsum("hg,hm->gm", weight, curve), dtype=np.float64)

    def exact(values: FloatVector) -> FloatMatrix:
        course = summed(orders, values)
        wanted = sums_by(accounts.group, accounts.orders * values, accounts.groups)
        return _scaled(course, wanted)

    ones = np.ones(accounts.orders.size)
    yearly = summed(days, accounts.cost_per_year / DAYS_PER_YEAR)
    return Course(
        orders=exact(ones),
        margin=exact(accounts.margin_per_order),
        cost=exact(accounts.cost_per_order) + yearly,
        luck=exact(accounts.margin_per_order**2 * (1.0 + accounts.margin_scatter)),
    )


def monthly_interval(
    margin: FloatVector,
    luck: FloatVector,
    *,
    variance: float,
    relative: float,
    level: float = 0.8,
) -> tuple[FloatVector, FloatVector]:
    """Return the ends of the central interval of each month's margin, shape (m,).

    Parameters
    ----------
    margin, luck : float arrays, shape (m,)
    variance : float >= 0
        Sum of the accounts' variances over all m months.
    relative : float >= 0
        What parameters and model leave open, relative to the margin.
    level : float in (0, 1)
    """
    total = float(np.abs(margin).sum())
    share = np.abs(margin) / total if total > NEGLIGIBLE else np.zeros(margin.size)
    chance = float(luck.sum())
    known = min(1.0, variance / chance) if chance > NEGLIGIBLE else 0.0
    lasting = max(variance - known * chance, 0.0) * share**2
    whole = known * luck + lasting + (relative * margin) ** 2
    reach = reach_of(level) * np.sqrt(whole)
    return frozen(margin - reach), frozen(margin + reach)


def _few(histories: Histories) -> Compressed:
    """Return distinct histories, rounded as far as needed for them to be few."""
    rows = compress(histories)
    for days in COARSER_DAYS:
        if len(rows.histories) <= MOST_CURVES:
            break
        rows = compress(histories, resolution_days=days)
    return rows


def _by_month(curves: FloatMatrix) -> FloatMatrix:
    """Return what each month adds to cumulated curves."""
    return np.diff(curves, axis=1, prepend=0.0)


def _scaled(course: FloatMatrix, wanted: FloatVector) -> FloatMatrix:
    """Return the course with the wanted sums by row; even where it has none."""
    found = course.sum(axis=1)
    some = np.abs(found) > NEGLIGIBLE
    factor = np.where(some, wanted / np.where(some, found, 1.0), 0.0)
    even = np.where(some, 0.0, wanted)[:, None] / max(course.shape[1], 1)
    scaled: FloatMatrix = course * factor[:, None] + even
    return scaled
