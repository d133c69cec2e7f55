"""Maximising a log-likelihood over the logarithms of positive parameters.

A bounded L-BFGS-B finds the neighbourhood; Newton steps on a Hessian taken from the
analytic gradient finish the work, so that the answer does not depend on the order of
the rows or on when the first optimiser lost interest. What cannot be trusted (a
parameter at its bound, a Hessian that is not negative definite) raises.
"""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import minimize

from clv.engine.arrays import FloatMatrix, FloatVector
from clv.engine.errors import NotConvergedError
from clv.engine.priors import LogNormalPrior

Objective: TypeAlias = Callable[[FloatVector], tuple[float, FloatVector]]

LOG_BOUND = 12.0  # parameters within exp(-12)..exp(12) of the scaled problem
HESSIAN_STEP = 1e-4
NEWTON_STEPS = 12
DECREMENT_TOLERANCE = 1e-7  # log-likelihood units still to be gained
FLAT_CURVATURE = 1e-9


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the likelihood, or the posterior, of a model is highest.

    Attributes
    ----------
    log_parameters : float array, shape (k,)
    log_likelihood : float
        Without the prior.
    log_covariance : float array, shape (k, k)
        Inverse of the negative Hessian, on the log scale.
    """

    log_parameters: FloatVector
    log_likelihood: float
    log_covariance: FloatMatrix


@dataclass(frozen=True, slots=True)
class Problem:
    """A log-likelihood to maximise.

    Attributes
    ----------
    objective : function of k log parameters to (log-likelihood, gradient)
    names : the k parameters, for messages
    account_count : float > 0
        Scales the problem, so that tolerances mean the same at any size.
    prior : LogNormalPrior or None
        In the units of the objective.
    """

    objective: Objective
    names: tuple[str, ...]
    account_count: float
    prior: LogNormalPrior | None = None

    def evaluate(self, log_parameters: FloatVector) -> tuple[float, FloatVector]:
        """Return log posterior and gradient."""
        value, gradient = self.objective(log_parameters)
        if self.prior is None:
            return value, gradient
        distance = (log_parameters - self.prior.log_medians) / self.prior.spreads
        value -= 0.5 * float(distance @ distance)
        return value, gradient - distance / self.prior.spreads

    def negative_hessian(self, log_parameters: FloatVector) -> FloatMatrix:
        """Return minus the Hessian by central differences of the gradient."""
        size = log_parameters.size
        result = np.empty((size, size))
        for row in range(size):
            step = np.zeros(size)
            step[row] = HESSIAN_STEP
            above = self.evaluate(log_parameters + step)[1]
            below = self.evaluate(log_parameters - step)[1]
            result[row] = (below - above) / (2.0 * HESSIAN_STEP)
        return 0.5 * (result + result.T)


def maximise(
    problem: Problem,
    starts: Sequence[FloatVector],
    *,
    near: FloatVector | None = None,
) -> Optimum:
    """Return the first trustworthy optimum reached from `starts`, tried in turn.

    From `near`, a point known to lie close, Newton steps alone are tried before.

    Raises
    ------
    NotConvergedError
        If no start leads to an inner optimum with positive curvature; the reason of
        the last try is the message.
    """
    reason = "no start was given"
    if near is not None:
        with contextlib.suppress(NotConvergedError):
            return _polished(problem, near)
    for start in starts:
        try:
            return _polished(problem, _approached(problem, start))
        except NotConvergedError as fault:
            reason = str(fault)
    raise NotConvergedError(reason)


def _approached(problem: Problem, start: FloatVector) -> FloatVector:
    scale = problem.account_count

    def scaled(point: FloatVector) -> tuple[float, FloatVector]:
        value, gradient = problem.evaluate(point)
        return -value / scale, -gradient / scale

    found = minimize(
        scaled,
        np.clip(start, -LOG_BOUND, LOG_BOUND),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_BOUND, LOG_BOUND)] * start.size,
        options={"maxiter": 300, "ftol": 1e-11, "gtol": 1e-6},
    )
    return np.asarray(found.x, dtype=np.float64)


def _polished(problem: Problem, point: FloatVector) -> Optimum:
    value, gradient = problem.evaluate(point)
    tolerance = DECREMENT_TOLERANCE * min(problem.account_count, 1.0)
    for _ in range(NEWTON_STEPS):
        _require_inside(problem, point)
        curvature = problem.negative_hessian(point)
        step = _newton_step(problem, curvature, gradient)
        if 0.5 * float(gradient @ step) < tolerance:
            return _finished(problem, point + step, curvature)
        point, value, gradient = _climbed(problem, point, value, step)
    message = "the optimiser did not come to rest"
    raise NotConvergedError(message)


def _finished(problem: Problem, point: FloatVector, curvature: FloatMatrix) -> Optimum:
    """Take the last tiny step as it is; its gain is below the tolerance."""
    covariance = np.linalg.inv(curvature)
    value = problem.objective(point)[0]
    if not math.isfinite(value):
        message = "the log-likelihood is not finite at the optimum"
        raise NotConvergedError(message)
    return Optimum(point, value, 0.5 * (covariance + covariance.T))


def _require_inside(problem: Problem, point: FloatVector) -> None:
    at_bound = np.abs(point) > LOG_BOUND - 1e-3
    if at_bound.any():
        name = problem.names[int(np.argmax(at_bound))]
        message = f"{name} ran to its bound: the data do not identify it"
        raise NotConvergedError(message)


def _newton_step(
    problem: Problem, curvature: FloatMatrix, gradient: FloatVector
) -> FloatVector:
    smallest = float(np.linalg.eigvalsh(curvature)[0])
    if not smallest > FLAT_CURVATURE * problem.account_count:
        message = "the likelihood is flat: the data do not identify the parameters"
        raise NotConvergedError(message)
    return np.asarray(np.linalg.solve(curvature, gradient), dtype=np.float64)


def _climbed(
    problem: Problem, point: FloatVector, value: float, step: FloatVector
) -> tuple[FloatVector, float, FloatVector]:
    """Halve the Newton step until it gains something."""
    for halvings in range(30):
        trial = np.clip(point + step * 0.5**halvings, -LOG_BOUND, LOG_BOUND)
        new_value, gradient = problem.evaluate(trial)
        if new_value > value:
            return trial, new_value, gradient
    message = "the optimiser found no way up from a point with a slope"
    raise NotConvergedError(message)
