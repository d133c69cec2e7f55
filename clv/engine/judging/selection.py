"""The choice: a mix of all candidates, fitted to hold-outs.

The weights w >= 0, sum 1, minimise over the origins i

    sum_i share_i [ ln RMSE_i(w) + ln deviance_i(w) ]
        + shrinkage * sum_k w_k ln(w_k c)

with c candidates. RMSE looks after the big accounts, deviance after the many small
ones; logarithms make both free of scale. The last term, the divergence from equal
weights, keeps weights from chasing noise: candidates that tell the same story share
their weight. Origins count in proportion to the square of their hold-out, because a
long one is more like what is to be valued.

How this rule was found, and how far it is from the best single model in hindsight, is
told in ``docs/methods/judging.md``.

Source: Wolpert (1992), Stacked generalization; Yao, Vehtari, Simpson & Gelman (2018),
Using stacking to average Bayesian predictive distributions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from clv.engine.arrays import FloatVector
from clv.engine.errors import BadParameterError
from clv.engine.judging.scores import LOWEST_FORECAST
from clv.engine.judging.trials import NAIVE_RULES, Stack, Trial

SHRINKAGE = 0.01
NEGLIGIBLE_WEIGHT = 0.005
WINS_TO_TAKE_OVER = 2
DAYS_BETWEEN_WINS = 7  # so that two wins are two different weeks
LEAST_GAIN = 0.001  # of ln RMSE + ln deviance; below, nothing was won
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates forecast, with what weight, and why.

    Attributes
    ----------
    weights : weight by candidate, naive rules included; sum 1
    model_weights : the same with models only, for what needs a model's story
    reason : str
        One sentence in plain words.
    wins : int
        How often in a row a challenger beat this choice; it stays below the number
        needed to take over.
    chosen_on : int
        Day ordinal of the back-test that brought it in.
    beaten_on : int
        Day ordinal of the last race that counted against it; 0 for none.
    """

    weights: Mapping[str, float]
    model_weights: Mapping[str, float]
    reason: str
    wins: int = 0
    chosen_on: int = 0
    beaten_on: int = 0


def stacked_weights(
    trials: Sequence[Trial], names: Sequence[str], *, shrinkage: float = SHRINKAGE
) -> dict[str, float]:
    """Return the weights of the mix of `names` that did best.

    Candidates that dropped out at any of the origins get no weight.

    Raises
    ------
    BadParameterError
        If there is no trial, or no candidate made a forecast at each of them.
    """
    present = [n for n in names if all(n in trial.names for trial in trials)]
    if not present or not trials:
        raise BadParameterError("no candidate has a forecast for every origin")
    if len(present) == 1:
        return {present[0]: 1.0}
    stacks = [trial.stack(present) for trial in trials]
    shares = origin_shares(trials)

    def loss(point: FloatVector) -> tuple[float, FloatVector]:
        weights = softmax(point)
        value, slope = penalty(weights, shrinkage)
        for stack, share in zip(stacks, shares, strict=True):
            part, part_slope = mix_loss(stack, weights)
            value, slope = value + share * part, slope + share * part_slope
        return value, weights * (slope - float(weights @ slope))

    found = minimize(loss, np.zeros(len(present)), jac=True, method="L-BFGS-B")
    weights = softmax(found.x)
    weights = np.where(weights < NEGLIGIBLE_WEIGHT, 0.0, weights)
    weights /= weights.sum()
    return {n: w for n, w in zip(present, weights.tolist(), strict=True) if w > 0.0}


def origin_shares(trials: Sequence[Trial]) -> list[float]:
    """Return how much each origin counts; adds up to 1."""
    squares = [float(trial.horizon_days) ** 2 for trial in trials]
    return [square / sum(squares) for square in squares]


def mix_loss(stack: Stack, weights: FloatVector) -> tuple[float, FloatVector]:
    """Return ln RMSE + ln deviance of a mix and the gradient by its weights."""
    mixed = stack.forecasts @ weights
    actual, share = stack.actual, stack.share
    error = mixed - actual
    square = max(float((share * error * error).sum()), TINY)
    floored = np.maximum(mixed, LOWEST_FORECAST)
    some = actual > 0.0
    logs = np.where(some, actual * np.log(np.where(some, actual, 1.0) / floored), 0.0)
    deviance = max(2.0 * float((share * (logs - actual + floored)).sum()), TINY)
    by_mean = share * error / square
    by_mean += np.where(
        mixed > LOWEST_FORECAST, 2.0 * share * (1.0 - actual / floored) / deviance, 0.0
    )
    return 0.5 * math.log(square) + math.log(deviance), by_mean @ stack.forecasts


def penalty(weights: FloatVector, shrinkage: float) -> tuple[float, FloatVector]:
    """Return the shrinkage to equal weights and its gradient."""
    logs = np.log(np.maximum(weights, TINY) * weights.size)
    return shrinkage * float(weights @ logs), shrinkage * (logs + 1.0)


def loss_of(trials: Sequence[Trial], weights: Mapping[str, float]) -> float:
    """Return the loss of fixed weights over the origins, without penalty.

    Candidates that dropped out leave their weight to the others; weights without any
    candidate present lose infinitely.
    """
    total = 0.0
    for trial, share in zip(trials, origin_shares(trials), strict=True):
        present = [name for name in weights if name in trial.names]
        if not present:
            return math.inf
        part = np.array([weights[name] for name in present])
        total += share * mix_loss(trial.stack(present), part / part.sum())[0]
    return total


def cross_fitted(
    trials: Sequence[Trial], names: Sequence[str]
) -> list[dict[str, float]]:
    """Return, for each origin, the weights that the other origins give.

    Judging the mix by weights that saw the same hold-out would flatter it. A single
    origin has no others: it gets equal weights.
    """
    if len(trials) == 1:
        present = [name for name in names if name in trials[0].names]
        return [{name: 1.0 / len(present) for name in present}]
    return [
        stacked_weights([*trials[:i], *trials[i + 1 :]], names)
        for i in range(len(trials))
    ]


def choose(
    trials: Sequence[Trial],
    names: Sequence[str],
    *,
    previous: Choice | None = None,
    as_of_day: int = 0,
) -> Choice:
    """Choose the mix, or keep the previous one until it was beaten twice in a row.

    Parameters
    ----------
    trials : sequence of Trial, at least one
    names : candidates allowed into the mix
    previous : Choice, optional
        What the last back-test left, with its count of lost races.
    as_of_day : int
        Day ordinal to record.

    Notes
    -----
    The challenger races with weights fitted to the other origins, the previous choice
    with the weights it has; a gain below 0.1 % is none. However often it races, it wins
    at most once in seven days, and a race it does not win sets it back.
    """
    weights = stacked_weights(trials, names)
    models = [name for name in names if name not in NAIVE_RULES]
    model_weights = stacked_weights(trials, models) if models else {}
    fresh = Choice(
        weights, model_weights, _reason(trials, weights), chosen_on=as_of_day
    )
    if previous is None or not _is_usable(previous, trials):
        return fresh
    gain = loss_of(trials, previous.weights) - _raced(trials, names)
    if gain <= LEAST_GAIN:
        reason = "The choice stays: no other mix did better."
        return replace(previous, wins=0, reason=reason)
    if as_of_day - previous.beaten_on < DAYS_BETWEEN_WINS:
        reason = (
            f"Another mix did better by {gain:.1%}; such a win counts once in"
            f" {DAYS_BETWEEN_WINS} days."
        )
        return replace(previous, reason=reason)
    wins = previous.wins + 1
    if wins < WINS_TO_TAKE_OVER:
        reason = (
            f"Another mix did better by {gain:.1%}; it takes over if it wins again"
            f" in {DAYS_BETWEEN_WINS} days or later."
        )
        return replace(previous, wins=wins, beaten_on=as_of_day, reason=reason)
    return fresh


def _is_usable(choice: Choice, trials: Sequence[Trial]) -> bool:
    """Tell whether every origin knows something of both of a choice's mixes."""
    return all(
        any(name in trial.names for name in weights)
        for weights in (choice.weights, choice.model_weights or choice.weights)
        for trial in trials
    )


def _raced(trials: Sequence[Trial], names: Sequence[str]) -> float:
    """Return the loss of the challenger, each origin by the weights of the others."""
    fitted = cross_fitted(trials, names)
    shares = origin_shares(trials)
    races = zip(trials, fitted, shares, strict=True)
    return sum(share * loss_of([trial], weights) for trial, weights, share in races)


def _reason(trials: Sequence[Trial], weights: Mapping[str, float]) -> str:
    ranked = sorted(weights, key=lambda name: -weights[name])
    parts = ", ".join(f"{name} {weights[name]:.0%}" for name in ranked[:3])
    best = min(trials[0].names, key=lambda name: loss_of(trials, {name: 1.0}))
    gain = loss_of(trials, {best: 1.0}) - loss_of(trials, weights)
    count = len(trials)
    origins = "one hold-out" if count == 1 else f"{count} hold-outs"
    if len(weights) == 1:
        return f"{ranked[0]} alone forecast {origins} best."
    if round(gain, 3) <= 0.0:
        return (
            f"This mix ({parts}) is the safer choice: it forecast {origins} within"
            f" {max(-gain, 0.001):.1%} of the best single candidate, {best}."
        )
    return (
        f"This mix ({parts}) forecast {origins} {gain:.1%} better than the best"
        f" single candidate, {best}."
    )
