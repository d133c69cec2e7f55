"""The likelihoods of the gamma-gamma story, from means and from single orders.

An account's orders have margin ~ Gamma(p, nu), and nu ~ Gamma(q, v_x) over accounts.
With x orders of total S, integrated over nu, both likelihoods share

    lnG(px + q) - lnG(q) + q ln(v_x) - (px + q) ln(v_x + S),
    ln(v_x) = ln(v) + slope (ln(x) - ln(reference)),

and differ in what they know of the scatter inside an account:

    from its mean z only:       (px - 1) ln(z) + px ln(x) - lnG(px)
    from every single order m:  (p - 1) sum ln(m) - x lnG(p)

Everything but two logarithms per account depends on x alone, so accounts are grouped by
x. Money is taken in multiples of its mean, the unit.

Sources as in `clv.engine.spend_model`.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import digamma, gammaln

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
    inner,
    sums_by,
)

Scatter: TypeAlias = tuple[float, float]

FEW = 20_000  # accounts that lead near the optimum of very many
LEAST_STEP = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Accounts with positive margins, grouped by their number of orders.

    Attributes
    ----------
    total_value : float array, shape (n,)
        Sum of an account's margins, in units, accounts in ascending order of x.
    index : index array, shape (n,)
        Place of each account's number of orders in `orders`, ascending.
    begins : index array, shape (distinct,)
        Where the accounts with each number of orders begin.
    orders, counts, log_sums : float arrays, shape (distinct,)
        Numbers of orders, accounts with each, and the sum of their logarithms: of means
        (from means) or of single margins (from single orders).
    is_single : bool
        Whether `log_sums` are those of single orders.
    log_reference : float
        Mean logarithm of the number of orders: where the slope turns.
    unit : float
    scratch : float array, shape (2, n)
        Room to compute in: memory asked for anew costs as much as the logarithms.
    thin : Sample or None
        Every so many accounts of a large sample, to come near the optimum.
    """

    total_value: FloatVector
    index: IndexVector
    begins: IndexVector
    orders: FloatVector
    counts: FloatVector
    log_sums: FloatVector
    is_single: bool
    log_reference: float
    unit: float
    scratch: FloatMatrix
    thin: "Sample | None" = None

    @property
    def account_count(self) -> float:
        return float(self.counts.sum())

    @property
    def jacobian(self) -> float:
        """Return what turns a log-likelihood in units into one in money."""
        values = self.orders if self.is_single else np.ones(self.orders.size)
        return -math.log(self.unit) * float(self.counts @ values)


def sample_of_means(x: FloatVector, z: FloatVector) -> Sample:
    """Group positive means z of x >= 1 orders."""
    unit = inner(x, z) / float(x.sum())
    return _sample(x, x * (z / unit), np.log(z / unit), unit, is_single=False)


def sample_of_orders(
    x: FloatVector, total: FloatVector, log_total: FloatVector
) -> Sample:
    """Group accounts of x >= 1 positive margins, their sum and sum of logarithms."""
    unit = float(total.sum()) / float(x.sum())
    logs = log_total - x * math.log(unit)
    return _sample(x, total / unit, logs, unit, is_single=True)


def _sample(
    x: FloatVector,
    total: FloatVector,
    logs: FloatVector,
    unit: float,
    *,
    is_single: bool,
) -> Sample:
    first, index = distinct_rows(x)
    orders = x[first]
    counts = sums_by(index, np.ones(x.size), orders.size)
    # Side by side, accounts with as many orders are summed without looking them up.
    few = index.astype(np.uint16) if orders.size <= np.iinfo(np.uint16).max else index
    order = np.argsort(few, kind="stable")
    begins = np.cumsum(counts.astype(np.intp)) - counts.astype(np.intp)
    return Sample(
        total_value=total[order],
        index=index[order],
        begins=begins,
        orders=orders,
        counts=counts,
        log_sums=sums_by(index, logs, orders.size),
        is_single=is_single,
        log_reference=float(counts @ np.log(orders)) / x.size,
        unit=unit,
        scratch=np.empty((2, x.size)),
        thin=_thinned(x, total, logs, unit, is_single=is_single),
    )


def _thinned(
    x: FloatVector,
    total: FloatVector,
    logs: FloatVector,
    unit: float,
    *,
    is_single: bool,
) -> Sample | None:
    step = x.size // FEW
    if step < LEAST_STEP:
        return None
    return _sample(x[::step], total[::step], logs[::step], unit, is_single=is_single)


def log_likelihood(s: Sample, point: FloatVector) -> tuple[float, FloatVector]:
    """Return ln L in units and its gradient.

    Parameters
    ----------
    s : Sample
    point : float array, shape (3,) or (4,)
        ln(p), ln(q - 1), ln(v) and, where given, the slope.
    """
    p, beyond, _ = np.exp(point[:3])
    q, shape = 1.0 + beyond, p * s.orders
    turn = np.log(s.orders) - s.log_reference
    slope = float(point[3]) if point.size > 3 else 0.0  # noqa: PLR2004 - the fourth
    log_v = point[2] + slope * turn
    v = np.exp(log_v)
    # Without a slope all accounts share one v, and none has to be looked up.
    spread, room = s.scratch
    np.add(v[s.index] if slope else v[0], s.total_value, out=spread)
    log_spread = np.add.reduceat(np.log(spread, out=room), s.begins)
    inverse_spread = np.add.reduceat(np.divide(1.0, spread, out=room), s.begins)
    inside, inside_by_p = _scatter(s, float(p))
    value = inside + float(
        s.counts @ (gammaln(shape + q) - gammaln(q) + q * log_v)
        - (shape + q) @ log_spread
    )
    both = digamma(shape + q)
    by_p = inside_by_p + s.orders @ (s.counts * both - log_spread)
    by_q = s.counts @ (both - digamma(q) + log_v) - log_spread.sum()
    by_log_v = s.counts * q - (shape + q) * v * inverse_spread
    gradient = [by_p * p, by_q * beyond, by_log_v.sum(), by_log_v @ turn]
    return value, np.array(gradient[: point.size])


def _scatter(s: Sample, p: float) -> Scatter:
    """Return what the scatter inside accounts says of p, and its slope by p."""
    if s.is_single:
        orders, logs = float(s.counts @ s.orders), float(s.log_sums.sum())
        return (p - 1.0) * logs - orders * gammaln(p), logs - orders * digamma(p)
    shape, log_orders = p * s.orders, np.log(s.orders)
    value = s.counts @ (shape * log_orders - gammaln(shape))
    value += (shape - 1.0) @ s.log_sums
    by_p = (s.counts * s.orders) @ (log_orders - digamma(shape))
    return float(value), float(by_p + s.orders @ s.log_sums)


def scale_of(
    x: FloatVector, z: FloatVector, log_turn: FloatVector, *, p: float, q: float
) -> float:
    """Return the likeliest v where p, q and the slope are known, in money.

    Parameters
    ----------
    x, z : float arrays, shape (n,), n >= 1
        Orders, at least 1, and their positive mean.
    log_turn : float array, shape (n,)
        ``ln(v_x / v)`` of each account.
    p, q : float

    Notes
    -----
    The likelihood has one peak in ln(v): its slope ``q - (px+q) v/(v+S)`` only falls.
    Halving an interval that holds the root is exact to the last bit and cannot fail.
    """
    total = x * z / np.exp(log_turn)
    low, high = math.log(total.min()) - 50.0, math.log(total.max()) + 50.0
    weight = p * x + q
    for _ in range(80):
        middle = 0.5 * (low + high)
        v = math.exp(middle)
        if q * x.size > float((weight * (v / (v + total))).sum()):
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))
