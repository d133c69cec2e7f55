"""Weak priors for fits on few accounts or short histories.

Each parameter has a log-normal prior, stated by its median in natural units (days for
rates) and its spread on the log scale: a spread of 1 says "within a factor of 2.7 in
two of three firms". With thousands of accounts such a prior moves nothing; with
twenty it keeps the estimate from running off to infinity.
"""

import math
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.errors import BadParameterError


@dataclass(frozen=True, slots=True)
class LogNormalPrior:
    """Independent log-normal priors, in the order of a model's parameters.

    Attributes
    ----------
    medians : tuple of float > 0
        In natural units; rates in days.
    log_spreads : tuple of float > 0
        Standard deviations of the logarithms.
    """

    medians: tuple[float, ...]
    log_spreads: tuple[float, ...]

    def __post_init__(self) -> None:
        values = (*self.medians, *self.log_spreads)
        if len(self.medians) != len(self.log_spreads):
            message = "a prior needs one spread for each median"
            raise BadParameterError(message)
        if not all(math.isfinite(value) and value > 0.0 for value in values):
            message = "medians and spreads of a prior must be positive and finite"
            raise BadParameterError(message)

    @property
    def log_medians(self) -> FloatVector:
        """Return the centres on the log scale."""
        return np.log(np.array(self.medians, dtype=np.float64))

    @property
    def spreads(self) -> FloatVector:
        """Return the spreads as a vector."""
        return np.array(self.log_spreads)
