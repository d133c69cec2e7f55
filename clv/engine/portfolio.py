"""What the value of accounts depends on, as intervals and totals take it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatVector, as_account_vector, frozen
from clv.engine.discounting import effective_horizon
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.spend import GammaGamma


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything the value of n accounts depends on, checked.

    Attributes
    ----------
    model, spend : the fitted models
    histories : Histories of n accounts
    order_count, mean_margin : float arrays, shape (n,)
        Orders with a known margin, and their mean.
    margin_per_order, cost_per_order, cost_per_year : float arrays, shape (n,)
        Expected money, as in `clv.engine.value.value_accounts`.
    annual_rate : float >= 0
    horizon_days : float >= 0
    """

    model: RepeatBuyingModel
    spend: GammaGamma
    histories: Histories
    order_count: FloatVector
    mean_margin: FloatVector
    margin_per_order: FloatVector
    cost_per_order: FloatVector
    cost_per_year: FloatVector
    annual_rate: float
    horizon_days: float

    @classmethod
    def check(
        cls,
        *,
        model: RepeatBuyingModel,
        spend: GammaGamma,
        histories: Histories,
        order_count: ArrayLike,
        mean_margin: ArrayLike,
        margin_per_order: ArrayLike | None = None,
        cost_per_order: ArrayLike = 0.0,
        cost_per_year: ArrayLike = 0.0,
        annual_rate: float,
        horizon_days: float,
    ) -> "Portfolio":
        """Return a checked portfolio; scalars stand for all accounts.

        `margin_per_order` defaults to the spend model's expectation.

        Raises
        ------
        BadParameterError
            If a vector, the rate or the horizon is faulty.
        """

        def vector(values: ArrayLike, name: str) -> FloatVector:
            return as_account_vector(
                values, name, len(histories), error=BadParameterError
            )

        counts = vector(order_count, "order_count")
        means = vector(mean_margin, "mean_margin")
        if margin_per_order is None:
            margin_per_order = spend.expected_value(counts, means)
        return cls(
            model,
            spend,
            histories,
            counts,
            means,
            vector(margin_per_order, "margin_per_order"),
            vector(cost_per_order, "cost_per_order"),
            vector(cost_per_year, "cost_per_year"),
            annual_rate,
            effective_horizon(annual_rate, horizon_days),
        )

    @property
    def margin_swing(self) -> FloatVector:
        """Return what a doubt of 1 in the mean margin moves it by, shape (n,)."""
        return margin_swing(
            self.spend, self.order_count, self.mean_margin, self.margin_per_order
        )


def margin_swing(
    spend: GammaGamma, count: FloatVector, mean: FloatVector, expected: FloatVector
) -> FloatVector:
    """Return what a doubt of 1 in the mean margin moves it by, shape (n,).

    Parameters
    ----------
    spend : GammaGamma
    count, mean, expected : float arrays, shape (n,)
        Orders with a known margin, their mean, and the margin expected of the next.

    Notes
    -----
    An account that earns has a margin of any size but no loss: its doubt is in
    proportion to what is expected. One that lost so far may be expected to earn, being
    moderated by the others, and may as well go on losing: its doubt is as large as its
    loss would be as a gain, and points down.
    """
    lost = np.flatnonzero((mean <= 0.0) & (count > 0.0))
    if not lost.size:
        return expected
    swing = expected.copy()
    swing[lost] = -np.abs(spend.expected_value(count[lost], -mean[lost]))
    return frozen(swing)
