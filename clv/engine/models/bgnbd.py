"""The BG/NBD model of repeat buying: leaving is possible after each repeat purchase.

Formulas, symbols and sources: `clv.engine.models.beta_geometric`, with m = x.
One-time buyers count as alive for certain; where long silences after a first order are
common, MBG/NBD or Pareto/NBD describe them better.

From a table of orders to customer lifetime value, with pandas:

>>> import numpy as np, pandas as pd
>>> from clv.engine.history import Histories
>>> from clv.engine.models import fit_bgnbd
>>> from clv.engine.spend import fit_gamma_gamma
>>> day = orders.groupby(["account", "day"])["margin"].sum()  # doctest: +SKIP
>>> rows = day.reset_index().groupby("account").agg(
...     n=("day", "size"), first=("day", "min"), last=("day", "max"),
...     mean=("margin", "mean"))  # doctest: +SKIP
>>> h = Histories.check(rows.n - 1, rows["last"] - rows["first"],
...     cutoff - rows["first"])  # doctest: +SKIP
>>> spend = fit_gamma_gamma(rows.n, rows["mean"])  # doctest: +SKIP
>>> clv = fit_bgnbd(h).discounted_purchases(h, annual_rate=0.15
...     ) * spend.expected_value(rows.n, rows["mean"])  # doctest: +SKIP
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
