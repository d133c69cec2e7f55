"""From forecast orders to forecast money: which answer to "how much per order" holds.

Candidates: the gamma-gamma model on all orders (the own mean, shrunk to all), the own
mean as it is, and last period's money, orders and all. Chosen as a mix, by the RMSE of
money over the hold-outs with shrinkage to equal weights; a deviance does not exist for
money of any sign.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from clv.engine.arrays import FloatMatrix, FloatVector
from clv.engine.judging.selection import SHRINKAGE, origin_shares, penalty
from clv.engine.judging.trials import Trial
from clv.engine.spend import fit_spend_with_ladder

SHRUNKEN_MEAN, OWN_MEAN, LAST_VALUE = "gamma_gamma", "own_mean", "last_value"
SPEND_CANDIDATES = (SHRUNKEN_MEAN, OWN_MEAN, LAST_VALUE)
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
    orders = trial.mixed_counts(weights)
    count, mean = trial.known.log.purchase_days, trial.known.log.mean_values
    model, _ = fit_spend_with_ladder(count, mean)
    return {
        SHRUNKEN_MEAN: orders * model.expected_value(count, mean),
        OWN_MEAN: orders * mean,
        LAST_VALUE: trial.last_values,
    }


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
        value, slope = penalty(weights, SHRINKAGE)
        for product, share in zip(products, shares, strict=True):
            along = product @ weights
            square = max(float(weights @ along), TINY)
            value += share * 0.5 * math.log(square)
            slope = slope + share * along / square
        return value, weights * (slope - float(weights @ slope))

    found = minimize(loss, np.zeros(len(SPEND_CANDIDATES)), jac=True, method="L-BFGS-B")
    return dict(zip(SPEND_CANDIDATES, softmax(found.x).tolist(), strict=True))


def mixed_money(
    forecast: Mapping[str, FloatVector], weights: Mapping[str, float]
) -> FloatVector:
    """Return the weighted mean of money forecasts per account, shape (n,)."""
    return np.asarray(sum(weights[n] * forecast[n] for n in weights), dtype=np.float64)


def _error_products(trial: Trial, forecast: Mapping[str, FloatVector]) -> FloatMatrix:
    """Return mean products of errors: all that the RMSE of a mix depends on."""
    came = trial.outcome.values
    errors = [forecast[name] - came for name in SPEND_CANDIDATES]
    table = [[float((a * b).mean()) for b in errors] for a in errors]
    return np.array(table)
