"""The BG/NBD model of repeat buying: leaving is possible after each repeat purchase.

Formulas, symbols and sources: `clv.engine.models.beta_geometric`, with m = x.
One-time buyers count as alive for certain; where long silences after a first order are
common, MBG/NBD or Pareto/NBD describe them better.
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
class BgNbd(BetaGeometricModel):
    """A fitted BG/NBD model; attributes as in its two base classes."""

    FIRST_CHANCES: ClassVar[int] = 0


def fit_bgnbd(histories: Histories, *, prior: LogNormalPrior | None = None) -> BgNbd:
    """Fit BG/NBD by maximum likelihood, or a posteriori with a prior.

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
    return fit_model(BgNbd, histories, objective=_objective, starts=starts, prior=prior)


def _objective(sample: Sample, point: FloatVector) -> tuple[float, FloatVector]:
    return log_likelihood(sample, point, BgNbd.FIRST_CHANCES)
