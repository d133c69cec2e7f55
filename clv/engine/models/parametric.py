"""What every fitted model is: named positive parameters with their doubt."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.errors import BadParameterError
from clv.engine.optimum import Optimum
from clv.engine.storing import restored

LOG_DRAW_LIMIT = 6.0  # a drawn parameter stays within exp(6) of its estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametricModel:
    """A fitted model; all its parameters are positive.

    Attributes
    ----------
    log_likelihood : float or None
        With all normalising terms. None when the parameters were given, not fitted.
        With time in days; add ``ln(7)`` per repeat purchase to compare with figures
        published for weeks.
    account_count : float
        Accounts behind the fit.
    log_covariance : tuple of k tuples of k float
        Of the logarithms of the parameters; empty when unknown.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ()

    log_likelihood: float | None = None
    account_count: float = 0.0
    log_covariance: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name in self.PARAMETERS:
            value = getattr(self, name)
            is_number = isinstance(value, int | float | np.number)
            if not (is_number and 0.0 < value < math.inf):
                raise BadParameterError(f"{name} must be positive, not {value}")

    @classmethod
    def at(cls, best: Optimum, account_count: float) -> Self:
        """Return the model at an optimum found in natural units."""
        return cls(
            *np.exp(best.log_parameters).tolist(),
            log_likelihood=best.log_likelihood,
            account_count=account_count,
            log_covariance=tuple(tuple(row) for row in best.log_covariance.tolist()),
        )

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild a model from ``dataclasses.asdict``, also after a trip through JSON.

        Floats survive JSON digit by digit, so stored models predict what they did.

        Raises
        ------
        BadParameterError
            If a name is unknown or missing or a value is out of its domain.
        """
        return restored(cls, stored)

    @property
    def parameters(self) -> FloatVector:
        """Return the k parameters in the order of `PARAMETERS`."""
        return np.array([getattr(self, name) for name in self.PARAMETERS])

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors by parameter name, in natural units.

        From the Hessian of the logarithms by the delta method; empty when unknown.
        """
        if not self.log_covariance:
            return {}
        errors = np.sqrt(np.diag(np.array(self.log_covariance))) * self.parameters
        return dict(zip(self.PARAMETERS, errors.tolist(), strict=True))

    def draw_models(self, rng: np.random.Generator, draws: int) -> list[Self]:
        """Draw models from the normal approximation of the log parameters' posterior.

        Without a covariance every draw is the model itself.
        """
        if not self.log_covariance:
            return [self] * draws
        values, vectors = np.linalg.eigh(np.array(self.log_covariance))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        steps = rng.standard_normal((draws, values.size)) @ root.T
        steps = np.clip(steps, -LOG_DRAW_LIMIT, LOG_DRAW_LIMIT)
        return [self.moved(step) for step in steps]

    def moved(self, log_step: FloatVector) -> Self:
        """Return the model with its log parameters moved by `log_step`, shape (k,)."""
        moved = self.parameters * np.exp(log_step)
        return replace(self, **dict(zip(self.PARAMETERS, moved.tolist(), strict=True)))
