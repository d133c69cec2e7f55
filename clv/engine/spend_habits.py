"""What back-tests and single orders say of spending, kept for the nights that follow.

A night knows the sum of each account's margins, not the single orders. How much orders
scatter inside an account, whether margin follows pace, and how far an account's own
mean can be trusted beyond the model were learnt from the purchase log when the models
were judged. A night keeps these habits and finds the level of margins that fits today.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatVector, IndexVector
from clv.engine.errors import BadHistoryError, NotConvergedError
from clv.engine.outliers import drawn_in
from clv.engine.priors import TypicalCustomer
from clv.engine.spend import (
    ENOUGH_ACCOUNTS,
    SPEND_PRIOR,
    fit_single_orders,
    fit_spend_with_ladder,
    left_out,
    with_losses,
)
from clv.engine.spend_likelihood import scale_of
from clv.engine.spend_model import GammaGamma, checked_means

INDIVIDUAL, POOLED = "individual", "pooled"


@dataclass(frozen=True, slots=True)
class SpendHabits:
    """How a firm's accounts spend; ``dataclasses.asdict`` of it is plain JSON.

    Attributes
    ----------
    model : GammaGamma or None
        From single orders; None where hold-outs liked the fit to means better.
    step : ``individual``, or ``pooled`` with fewer than 300 accounts
    own_share : float in [0, 1]
        Weight of the plain own mean beside the model.
    """

    model: GammaGamma | None = None
    step: str = POOLED
    own_share: float = 0.0

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any] | None) -> "SpendHabits | None":
        """Rebuild habits from ``dataclasses.asdict``; None stays None.

        Raises
        ------
        BadParameterError
            If the model is not a stored one.
        """
        if stored is None:
            return None
        model = stored["model"]
        return cls(
            None if model is None else GammaGamma.from_parameters(model),
            stored["step"],
            stored["own_share"],
        )


@dataclass(frozen=True, slots=True)
class OrderSums:
    """What single orders say of n accounts; all vectors have shape (n,).

    Attributes
    ----------
    count : float array
        Orders with a positive margin.
    total, log_total : float arrays
        Sum of these margins and of their logarithms.
    """

    count: FloatVector
    total: FloatVector
    log_total: FloatVector

    @classmethod
    def of(cls, starts: IndexVector, value: FloatVector) -> "OrderSums":
        """Add up the orders ``value[starts[i]:starts[i + 1]]`` of each account i."""
        earned = value > 0.0
        money = np.where(earned, value, 1.0)
        parts = (earned, earned * money, np.log(money))
        if starts.size <= 1:
            return cls(*(np.zeros(0) for _ in parts))
        return cls(
            *(np.add.reduceat(part.astype(np.float64), starts[:-1]) for part in parts)
        )


def learn_from_orders(sums: OrderSums) -> tuple[GammaGamma, str]:
    """Fit to single orders, with the weak prior where there are few accounts.

    Accounts beyond belief do not enter; others do as if their orders had not brought
    more than `clv.engine.outliers.counted_up_to` on average.

    Returns
    -------
    model : GammaGamma
    step : ``individual`` or ``pooled``

    Raises
    ------
    BadHistoryError
        If no order has a positive margin.
    NotConvergedError
        If the data do not identify the model.
    """
    some = sums.count > 0.0
    count, total = sums.count[some], sums.total[some]
    odd = left_out(count, total / count)
    count, total = np.delete(count, odd), np.delete(total, odd)
    share = drawn_in(total / count) * count / total
    total, logs = total * share, np.delete(sums.log_total[some], odd)
    logs += count * np.log(share)
    if count.size >= ENOUGH_ACCOUNTS:
        return fit_single_orders(count, total, logs), INDIVIDUAL
    return fit_single_orders(count, total, logs, prior=SPEND_PRIOR), POOLED


def learn_habits(sums: OrderSums, *, own_share: float, by_orders: bool) -> SpendHabits:
    """Return the habits for the nights to come.

    Parameters
    ----------
    sums : OrderSums
    own_share : float in [0, 1]
    by_orders : bool
        Whether hold-outs liked the fit to single orders better than that to means.
    """
    if by_orders:
        try:
            model, step = learn_from_orders(sums)
        except (NotConvergedError, BadHistoryError):
            pass
        else:
            return SpendHabits(model, step, own_share)
    return SpendHabits(own_share=own_share)


@dataclass(frozen=True, slots=True)
class SpendFit:
    """What a night learnt of margins per order.

    Attributes
    ----------
    model : GammaGamma
    step : ``individual``, ``pooled`` or ``assumed``, see `fit_spend_with_ladder`
    left_out : index array
        Rows whose margins are beyond belief: they keep their own numbers, but nobody
        else's follow from them.
    """

    model: GammaGamma
    step: str
    left_out: IndexVector


def fit_spend(
    frequency: ArrayLike,
    mean_value: ArrayLike,
    *,
    habits: SpendHabits | None = None,
    prior: TypicalCustomer | None = None,
) -> SpendFit:
    """Fit the spend model of a night; never raises for a lack of data.

    Parameters
    ----------
    frequency, mean_value : as for `clv.engine.spend.fit_gamma_gamma`
    habits : SpendHabits, optional
        Of the last judgement; without, the model is fitted to the means.
    prior : TypicalCustomer, optional
        Counts for firms with too few accounts for a model of their own.

    Raises
    ------
    BadHistoryError
        If the vectors are faulty.
    """
    x, z = checked_means(frequency, mean_value)
    known = habits or SpendHabits()
    used = (x > 0) & (z > 0)
    stated = prior is not None and known.step != INDIVIDUAL
    if known.model is None or stated or not used.any():
        model, step = fit_spend_with_ladder(x, z, prior=prior)
        odd = left_out(x, z)
    else:
        odd = left_out(x, z, known.model)
        step = known.step
        x, z = np.delete(x, odd), drawn_in(np.delete(z, odd))
        used = (x > 0) & (z > 0)
        model = with_losses(_at_todays_level(known.model, x[used], z[used]), x, z)
    return SpendFit(replace(model, own_share=known.own_share), step, odd)


def _at_todays_level(model: GammaGamma, x: FloatVector, z: FloatVector) -> GammaGamma:
    if not x.size:
        return model
    v = scale_of(x, z, model.log_turn(x), p=model.p, q=model.q)
    return replace(model, v=v, loss_share=0.0, loss_mean=0.0)
