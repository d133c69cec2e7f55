"""How sure the total of a set of accounts is.

    variance = sum of the accounts' variances
               + (parameter error x margin)^2 + (model error x margin)^2

The first part is the luck of single accounts, independent of each other: in a large set
it all but vanishes. The others move all accounts alike and stay: what the fitted
parameters leave open, and what no fitted model knows about itself, which only
back-tests tell. Both are relative to the expected margin, which is what they were
measured on; costs to serve are taken as known. Intervals are central normal ones.

Parameter error: with g the gradient of the total margin by the log parameters and C
their covariance, ``sqrt(g' C g) / total``. Cohorts are fitted to different accounts and
add their variances; the models of a mix to the same ones, and add their deviations. It
does not depend on the number of accounts, so a sample is enough.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from clv.engine.arrays import FloatVector, IndexVector
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.judging.composed import CohortModel, Mixture
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.portfolio import Portfolio

GRADIENT_STEP = 1e-3
NEGLIGIBLE_TOTAL = 1e-9
LARGEST_ERROR = 10.0  # a total that is unknown within a factor of 10 is unknown


@dataclass(frozen=True, slots=True)
class TotalDoubt:
    """What leaves the total of any set of accounts open, beside their own luck.

    Attributes
    ----------
    parameter_error, model_error : float >= 0
        Relative to the expected margin of the set.
    part_error : float >= 0
        Model error of parts of the firm, where larger: what one class is forecast too
        high another may be too low.
    """

    parameter_error: float
    model_error: float
    part_error: float = 0.0

    @property
    def relative(self) -> float:
        """Return both together, for the whole firm."""
        return math.hypot(self.parameter_error, self.model_error)

    def of_parts(self) -> "TotalDoubt":
        """Return what leaves the total of a part of the firm open."""
        return replace(self, model_error=max(self.model_error, self.part_error))

    def interval(
        self, total: float, *, margin: float, variance: float, level: float = 0.8
    ) -> tuple[float, float]:
        """Return the central interval of a total of the whole firm.

        Parameters
        ----------
        total : float
            Expected value of the set.
        margin : float
            Expected margin of the set, before costs to serve.
        variance : float >= 0
            Sum of the variances of its accounts.
        level : float in (0, 1)
        """
        reach = reach_of(level) * math.sqrt(variance + (self.relative * margin) ** 2)
        return total - reach, total + reach


def reach_of(level: float) -> float:
    """Return how many standard deviations a central interval reaches.

    Raises
    ------
    BadParameterError
        If the level does not lie between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise BadParameterError(f"level must be between 0 and 1, not {level}")
    return float(ndtri(0.5 + 0.5 * level))


def parameter_error(portfolio: Portfolio) -> float:
    """Return the relative sd of the total margin that the parameters leave open.

    Parameters
    ----------
    portfolio : Portfolio of n accounts
        A sample of the firm does.

    Returns
    -------
    float in [0, 10]
        0 without accounts, without margin or without covariances.
    """
    sample = _Sample(
        portfolio.histories,
        portfolio.margin_per_order,
        portfolio.annual_rate,
        portfolio.horizon_days,
    )
    base = sample.margin(portfolio.model)
    if not base > NEGLIGIBLE_TOTAL:
        return 0.0
    buying = _spread(portfolio.model, sample)
    error = math.hypot(buying, _spend_spread(portfolio)) / base
    return min(error, LARGEST_ERROR) if math.isfinite(error) else LARGEST_ERROR


@dataclass(frozen=True, slots=True)
class _Sample:
    """Accounts whose total margin is looked at."""

    histories: Histories
    margin_per_order: FloatVector
    annual_rate: float
    horizon_days: float

    def margin(self, model: RepeatBuyingModel) -> float:
        orders = model.flows(
            self.histories, annual_rate=self.annual_rate, horizon_days=self.horizon_days
        ).orders
        return float((orders * self.margin_per_order).sum())

    def take(self, rows: IndexVector) -> "_Sample":
        return replace(
            self,
            histories=self.histories.take(rows),
            margin_per_order=self.margin_per_order[rows],
        )


def _spread(model: RepeatBuyingModel, sample: _Sample) -> float:
    """Return the sd of the total margin that the parameters of `model` leave open."""
    if isinstance(model, Mixture):
        spreads = [_spread(part, sample) for part in model.models]
        return sum(w * one for w, one in zip(model.weights, spreads, strict=True))
    if isinstance(model, CohortModel):
        cohort = np.searchsorted(model.edges, sample.histories.age_days, side="right")
        return math.hypot(
            *(
                _spread(part, sample.take(np.flatnonzero(cohort == place)))
                for place, part in enumerate(model.models)
            )
        )
    if not model.log_covariance:
        return 0.0
    steps = np.eye(len(model.PARAMETERS)) * GRADIENT_STEP
    slopes = [
        sample.margin(model.moved(step)) - sample.margin(model.moved(-step))
        for step in steps
    ]
    return _root(np.array(slopes), model.log_covariance)


def _spend_spread(portfolio: Portfolio) -> float:
    """Return the sd of the total that the parameters of the margins leave open."""
    spend = portfolio.spend
    if not spend.log_covariance:
        return 0.0
    known = portfolio.order_count, portfolio.mean_margin
    steps = np.eye(len(spend.log_covariance)) * GRADIENT_STEP
    orders = portfolio.model.flows(
        portfolio.histories,
        annual_rate=portfolio.annual_rate,
        horizon_days=portfolio.horizon_days,
    ).orders
    slopes = [
        float(
            orders
            @ (
                spend.moved(step).expected_value(*known)
                - spend.moved(-step).expected_value(*known)
            )
        )
        for step in steps
    ]
    return _root(np.array(slopes), spend.log_covariance)


def _root(slopes: FloatVector, covariance: tuple[tuple[float, ...], ...]) -> float:
    gradient = slopes / (2.0 * GRADIENT_STEP)
    squared = float(gradient @ np.array(covariance, dtype=np.float64) @ gradient)
    return math.sqrt(max(squared, 0.0))
