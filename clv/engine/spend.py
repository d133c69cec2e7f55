"""Fitting the gamma-gamma model of margin per order to whatever a firm has.

`fit_gamma_gamma` is the published fit to the means of accounts. `fit_single_orders`
takes every order by itself, and lets the scale follow the number of orders.
`fit_spend_with_ladder` answers for any firm: few accounts, losses, slips of the pen.
The model and its formulas are in `clv.engine.spend_model`.

>>> model = fit_gamma_gamma(frequency, mean_value)  # doctest: +SKIP
>>> model.expected_value(frequency, mean_value)  # doctest: +SKIP
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatVector,
    IndexVector,
    as_account_vector,
    as_vector,
    inner,
)
from clv.engine.errors import BadHistoryError, NotConvergedError
from clv.engine.optimum import Optimum, Problem, maximise
from clv.engine.outliers import drawn_in
from clv.engine.priors import LogNormalPrior, TypicalCustomer
from clv.engine.spend_likelihood import (
    Sample,
    log_likelihood,
    sample_of_means,
    sample_of_orders,
)
from clv.engine.spend_model import GammaGamma, checked_means
from clv.engine.spend_screen import beyond_belief, largest_expected

__all__ = [
    "SPEND_PRIOR",
    "GammaGamma",
    "fit_gamma_gamma",
    "fit_single_orders",
    "fit_spend_with_ladder",
    "left_out",
    "with_losses",
]

# Over p, q - 1 and the mean of all, in multiples of the mean seen.
SPEND_PRIOR = LogNormalPrior(medians=(4.0, 2.0, 1.0), log_spreads=(1.0, 1.0, 1.0))
ENOUGH_ACCOUNTS = 300
NEGLIGIBLE_MEAN = 1e-9
CLEARLY_LIKELIER = 2.0  # difference of log likelihoods, for one parameter more
SMALLEST_SLOPE = 1e-6


def fit_gamma_gamma(
    frequency: ArrayLike, mean_value: ArrayLike, *, prior: LogNormalPrior | None = None
) -> GammaGamma:
    """Fit by maximum likelihood, or a posteriori with a prior; q is kept above 1.

    Parameters
    ----------
    frequency : array-like, shape (n,), >= 0
        Orders behind each mean.
    mean_value : array-like, shape (n,)
        Mean margin per order. Accounts without order or with a mean <= 0 are left
        out of the fit.
    prior : LogNormalPrior over (p, q - 1, relative mean), optional
        The mean is stated in multiples of the mean of the accounts used.

    Raises
    ------
    BadHistoryError
        If the vectors are faulty or no account has a positive mean.
    NotConvergedError
        If the data do not identify the model.
    """
    x, z = checked_means(frequency, mean_value)
    used = (x > 0) & (z > 0)
    if not used.any():
        raise BadHistoryError("no account has a positive mean to learn from")
    return _fitted(sample_of_means(x[used], z[used]), prior)


def fit_single_orders(
    order_count: ArrayLike,
    total: ArrayLike,
    log_total: ArrayLike,
    *,
    prior: LogNormalPrior | None = None,
) -> GammaGamma:
    """Fit to single orders, with a slope where that is clearly likelier.

    What scatters inside accounts is then told by their own orders, not by how means
    differ between accounts of few and of many orders.

    Parameters
    ----------
    order_count : array-like, shape (n,), >= 1
        Orders with a positive margin; accounts without one must be left out.
    total, log_total : array-like, shape (n,)
        Sum of these margins, > 0, and of their logarithms.
    prior : LogNormalPrior over (p, q - 1, relative mean), optional
        With a prior, for few accounts, there is no slope.

    Raises
    ------
    BadHistoryError
        If the vectors are faulty or empty.
    NotConvergedError
        If the data do not identify the model.
    """
    x, total = as_vector(order_count, "order_count"), as_vector(total, "total")
    logs = as_account_vector(log_total, "log_total", x.size)
    if not x.size or total.size != x.size:
        raise BadHistoryError("single orders need accounts with as many totals")
    if (x < 1.0).any() or (total <= 0.0).any():
        raise BadHistoryError("an account without a positive margin was given")
    sample = sample_of_orders(x, total, logs)
    plain = _fitted(sample, prior)
    if prior is not None or sample.orders.size == 1:
        return plain
    start = np.log([plain.p, plain.q - 1.0, plain.v / sample.unit])
    try:
        turned = _best(sample, None, [np.append(start, 0.0)])
    except NotConvergedError:
        return plain
    gain = turned.log_likelihood + sample.jacobian - (plain.log_likelihood or 0.0)
    return _result(sample, turned) if gain > CLEARLY_LIKELIER else plain


def fit_spend_with_ladder(
    frequency: ArrayLike,
    mean_value: ArrayLike,
    *,
    prior: TypicalCustomer | None = None,
) -> tuple[GammaGamma, str]:
    """Fit whatever the data allow; never raises for a lack of data.

    Parameters
    ----------
    frequency, mean_value : as for `fit_gamma_gamma`
        Means that are beyond belief do not enter the fit, see `left_out`; others do as
        far as `clv.engine.outliers.counted_up_to`.
    prior : TypicalCustomer, optional
        Its margin per order moves the weak prior; nothing on the step ``individual``.

    Returns
    -------
    model : GammaGamma
    reason : str
        ``individual`` (maximum likelihood on at least 300 accounts), ``pooled`` (weak
        prior) or ``assumed`` (nothing to learn from: own means are then shrunk
        towards the positive mean seen, else the one stated, else to zero).

    Raises
    ------
    BadHistoryError
        If the vectors are faulty.
    """
    x, z = checked_means(frequency, mean_value)
    odd = left_out(x, z)
    x, z = np.delete(x, odd), drawn_in(np.delete(z, odd))
    model, step = _stepped(x, z, prior or TypicalCustomer())
    return with_losses(model, x, z), step


def _stepped(
    x: FloatVector, z: FloatVector, stated: TypicalCustomer
) -> tuple[GammaGamma, str]:
    used = (x > 0) & (z > 0)
    if used.sum() >= ENOUGH_ACCOUNTS:
        try:
            return fit_gamma_gamma(x, z), "individual"
        except NotConvergedError:
            pass
    mean = stated.margin_per_order or NEGLIGIBLE_MEAN
    if used.any():
        mean = inner(x[used], z[used]) / float(x[used].sum())
        try:
            weak = stated.spend(SPEND_PRIOR, mean)
            return fit_gamma_gamma(x, z, prior=weak), "pooled"
        except NotConvergedError:
            pass
    p, spread, _ = SPEND_PRIOR.medians
    return GammaGamma(p=p, q=1.0 + spread, v=mean * spread / p), "assumed"


def left_out(
    frequency: ArrayLike, mean_value: ArrayLike, model: GammaGamma | None = None
) -> IndexVector:
    """Return the accounts whose margins are too large to learn from.

    Parameters
    ----------
    frequency, mean_value : as for `fit_gamma_gamma`
    model : GammaGamma, optional
        To judge by; fitted to the others when left out.

    Returns
    -------
    index array
        Rows with a mean, or a loss, such as no firm of this size would see if it were
        like all others. Nearly always empty.
    """
    x, z = checked_means(frequency, mean_value)
    used = (x > 0) & (z > 0)
    rows = np.flatnonzero((x > 0) & (np.abs(z) > largest_expected(z[used])))
    if not rows.size:
        return rows
    if model is None:
        others = np.delete(np.arange(x.size), rows)
        model, _ = _stepped(x[others], z[others], TypicalCustomer())
    total = x[rows] * np.abs(z[rows])
    v = model.v * np.exp(model.log_turn(x[rows]))
    odd = beyond_belief(x[rows], total, v, p=model.p, q=model.q, size=x.size)
    return rows[odd]


def with_losses(model: GammaGamma, x: FloatVector, z: FloatVector) -> GammaGamma:
    """Return the model with what accounts without a positive mean bring, and how often.

    Parameters
    ----------
    model : GammaGamma
    x, z : float arrays, shape (n,)
        All accounts but those left out.
    """
    lost, orders = z <= 0.0, float(x.sum())
    if not (lost & (x > 0)).any():
        return model
    theirs = float(x[lost].sum())
    mean = inner(x[lost], z[lost]) / theirs
    return replace(model, loss_share=theirs / orders, loss_mean=mean)


def _fitted(sample: Sample, prior: LogNormalPrior | None) -> GammaGamma:
    return _result(sample, _best(sample, prior, _starts(prior)))


def _best(
    sample: Sample, prior: LogNormalPrior | None, starts: Sequence[FloatVector]
) -> Optimum:
    problem = Problem(
        objective=lambda point: _posterior(sample, point, prior),
        names=("p", "q - 1", "v", "the slope")[: starts[0].size],
        account_count=sample.account_count,
    )
    return maximise(problem, starts, near=_near(sample, prior, starts))


def _near(
    sample: Sample, prior: LogNormalPrior | None, starts: Sequence[FloatVector]
) -> FloatVector | None:
    """Return where the thinned sample has its optimum; None if there is none."""
    if sample.thin is None:
        return None
    try:
        return _best(sample.thin, prior, starts).log_parameters
    except NotConvergedError:
        return None


def _posterior(
    s: Sample, point: FloatVector, prior: LogNormalPrior | None
) -> tuple[float, FloatVector]:
    """Add the prior over ln p, ln(q-1) and the log of the mean pv/(q-1)."""
    value, gradient = log_likelihood(s, point)
    if prior is None:
        return value, gradient
    to_stated = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, -1.0, 1.0]])
    distance = (to_stated @ point - prior.log_medians) / prior.spreads
    value -= 0.5 * float(distance @ distance)
    return value, gradient - to_stated.T @ (distance / prior.spreads)


def _starts(prior: LogNormalPrior | None) -> list[FloatVector]:
    points = [(4.0, 2.5, 0.6), (1.0, 1.0, 1.0), (20.0, 5.0, 0.25)]
    if prior is not None:
        p, beyond, mean = prior.medians
        points.insert(0, (p, beyond, mean * beyond / p))
    return [np.log(np.array(point)) for point in points]


def _result(s: Sample, best: Optimum) -> GammaGamma:
    point, covariance = best.log_parameters, best.log_covariance
    p, beyond, v = np.exp(point[:3]).tolist()
    slope = float(point[3]) if point.size > 3 else 0.0  # noqa: PLR2004
    log_reference = _log_reference(s, slope) if slope else 0.0
    if slope:
        turn = np.eye(4)
        turn[2, 3] = log_reference - s.log_reference
        covariance = turn @ covariance @ turn.T
        v *= math.exp(slope * turn[2, 3])
    return GammaGamma(
        p=p,
        q=1.0 + beyond,
        v=v * s.unit,
        log_likelihood=log_likelihood(s, point)[0] + s.jacobian,
        account_count=s.account_count,
        log_covariance=tuple(tuple(row) for row in covariance.tolist()),
        slope=slope,
        reference=math.exp(log_reference),
    )


def _log_reference(s: Sample, slope: float) -> float:
    """Return the logarithm of the orders at which the scale is that of a mean order.

    The mean is taken over orders, not accounts: what an account not seen yet will bring
    is its orders times this margin, and who buys more often counts more often.
    """
    weight = s.counts * s.orders / float(s.counts @ s.orders)
    turn = np.log(s.orders) - s.log_reference
    if abs(slope) < SMALLEST_SLOPE:
        return s.log_reference + float(weight @ turn)
    return s.log_reference + math.log(float(weight @ np.exp(slope * turn))) / slope
