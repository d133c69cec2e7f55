"""The MBG/NBD model of repeat buying: leaving is possible after every purchase.

Formulas, symbols and sources: `clv.engine.models.beta_geometric`, with m = x + 1: the
first purchase may already have been the last, so one-time buyers fade with silence.
"""

from dataclasses import dataclass
from typing import ClassVar

from clv.engine.arrays import FloatVector
from clv.engine.history import Histories
from clv.engine.models.beta_geometric import (
    BetaGeometricModel,
    log_likelihood,
    starts,
)
from clv.engine.models.fitting import Sample, fit_model
from clv.engine.priors import LogNormalPrior


@dataclass(frozen=True, slots=True)
class MbgNbd(BetaGeometricModel):
    """A fitted MBG/NBD model; attributes as in its two base classes."""

    FIRST_CHANCES: ClassVar[int] = 1


def fit_mbgnbd(histories: Histories, *, prior: LogNormalPrior | None = None) -> MbgNbd:
    """Fit MBG/NBD by maximum likelihood, or a posteriori with a prior.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
        Weighted or not; unweighted ones are compressed here.
    prior : LogNormalPrior over (r, alpha in days, a, b), optional
        `clv.engine.models.beta_geometric.BETA_GEOMETRIC_PRIOR` suits few accounts.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If the data do not identify the model, e.g. without any repeat purchase.
    """
    return fit_model(
        MbgNbd, histories, objective=_objective, starts=starts, prior=prior
    )


def _objective(sample: Sample, point: FloatVector) -> tuple[float, FloatVector]:
    return log_likelihood(sample, point, MbgNbd.FIRST_CHANCES)
