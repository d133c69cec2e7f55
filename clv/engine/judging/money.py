"""From forecast orders to forecast money: which answer to "how much per order" holds.

Candidates: the gamma-gamma model fitted to means and to single orders with its scale
following the number of orders, the own mean as it is, and last period's money, orders
and all. Chosen as a mix, by the RMSE of money over the hold-outs; a deviance does not
exist for money of any sign. A few big accounts decide the RMSE of money, so the weights
are pulled to what did best over many firms rather than to equal ones. Accounts beyond
belief are not in it: one slip of the pen would outweigh all others.

For values over years last period's money has no story and is left out; what remains is
one model with a share of the own mean, the habits that nights keep.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from clv.engine.arrays import BoolVector, FloatMatrix, FloatVector
from clv.engine.errors import BadHistoryError, NotConvergedError
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.selection import origin_shares
from clv.engine.judging.trials import Trial
from clv.engine.spend import fit_spend_with_ladder, left_out
from clv.engine.spend_habits import (
    OrderSums,
    SpendHabits,
    learn_from_orders,
    learn_habits,
)

SHRUNKEN_MEAN, BY_ORDERS = "gamma_gamma", "gamma_gamma_frequency"
OWN_MEAN, LAST_VALUE = "own_mean", "last_value"
SPEND_CANDIDATES = (SHRUNKEN_MEAN, BY_ORDERS, OWN_MEAN, LAST_VALUE)
USUAL_WEIGHTS = np.array([0.1, 0.8, 0.05, 0.05])  # by candidate
PULL = 0.02  # to them, in ln RMSE
TINY = 1e-300


def money_forecasts(
    trial: Trial, weights: Mapping[str, float]
) -> dict[str, FloatVector]:
    """Return each candidate's money in the hold-out per account, shape (n,).

    Parameters
    ----------
    trial : Trial
    weights : weights of the mix that forecasts the orders
    """
    orders, log = trial.mixed_counts(weights), trial.known.log
    count, mean = log.purchase_days, log.mean_values
    model, _ = fit_spend_with_ladder(count, mean)
    try:
        by_orders, _ = learn_from_orders(OrderSums.of(log.starts, log.value))
    except (NotConvergedError, BadHistoryError):
        by_orders = model
    return {
        SHRUNKEN_MEAN: orders * model.expected_value(count, mean),
        BY_ORDERS: orders * by_orders.expected_value(count, mean),
        OWN_MEAN: orders * mean,
        LAST_VALUE: trial.last_values,
    }


def habits_of(log: PurchaseLog, weights: Mapping[str, float]) -> SpendHabits:
    """Return the habits that a log shows, with the shares that hold-outs gave.

    Parameters
    ----------
    log : PurchaseLog
        Without any row after the day for which the habits are to hold.
    weights : what `money_weights` gave
    """
    shrunken = weights[SHRUNKEN_MEAN] + weights[BY_ORDERS]
    whole = shrunken + weights[OWN_MEAN]
    return learn_habits(
        OrderSums.of(log.starts, log.value),
        own_share=weights[OWN_MEAN] / whole if whole > TINY else 0.0,
        by_orders=weights[BY_ORDERS] >= weights[SHRUNKEN_MEAN],
    )


def money_weights(
    trials: Sequence[Trial], forecasts: Sequence[Mapping[str, FloatVector]]
) -> dict[str, float]:
    """Return the weights of the mix of money forecasts with the lowest RMSE.

    Parameters
    ----------
    trials : sequence of Trial, at least one
    forecasts : what `money_forecasts` gave, one mapping per trial
    """
    products = [
        _error_products(trial, forecast)
        for trial, forecast in zip(trials, forecasts, strict=True)
    ]
    shares = origin_shares(trials)

    def loss(point: FloatVector) -> tuple[float, FloatVector]:
        weights = softmax(point)
        logs = np.log(np.maximum(weights, TINY) / USUAL_WEIGHTS)
        value, slope = PULL * float(weights @ logs), PULL * (logs + 1.0)
        for product, share in zip(products, shares, strict=True):
            along = product @ weights
            square = max(float(weights @ along), TINY)
            value += share * 0.5 * math.log(square)
            slope = slope + share * along / square
        return value, weights * (slope - float(weights @ slope))

    found = minimize(loss, np.log(USUAL_WEIGHTS), jac=True, method="L-BFGS-B")
    return dict(zip(SPEND_CANDIDATES, softmax(found.x).tolist(), strict=True))


def mixed_money(
    forecast: Mapping[str, FloatVector], weights: Mapping[str, float]
) -> FloatVector:
    """Return the weighted mean of money forecasts per account, shape (n,)."""
    return np.asarray(sum(weights[n] * forecast[n] for n in weights), dtype=np.float64)


def _error_products(trial: Trial, forecast: Mapping[str, FloatVector]) -> FloatMatrix:
    """Return mean products of errors: all that the RMSE of a mix depends on."""
    came, told = trial.outcome.values, _believable(trial)
    errors = [(forecast[name] - came)[told] for name in SPEND_CANDIDATES]
    table = [[float((a * b).mean()) for b in errors] for a in errors]
    return np.array(table)


def _believable(trial: Trial) -> BoolVector:
    """Leave out accounts beyond belief before the origin or after it."""
    log, came = trial.known.log, trial.outcome
    told = np.ones(len(log), dtype=np.bool_)
    told[left_out(log.purchase_days, log.mean_values)] = False
    mean = came.values / np.maximum(came.counts, 1.0)
    told[left_out(came.counts, mean)] = False
    return told
