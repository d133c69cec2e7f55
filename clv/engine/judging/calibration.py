"""Do the intervals hold what they promise, and what to ask for so that they do.

Every hold-out count y has a place in its forecast distribution F. Counts are discrete,
so the place is not a point but the step from F(y-1) to F(y), spread evenly (the
randomised probability integral transform with its randomness averaged out). If the
forecast distributions are right, places are uniform over all accounts; the share of
places inside the central part L is the coverage of intervals of level L, to the digit
and free of luck.

The forecast distributions hold the doubt of the whole firm's pace: how far off totals
were at the other origins. Where places are still not uniform, the back-test says which
level to ask for so that the wanted share is covered: a conformal correction, by level
rather than by width, so that it fits any distribution and never makes a bound negative.

Totals err by more than chance: the model itself is wrong, for all accounts alike. The
relative errors of totals over the origins give that part, shrunk to a usual one since
there are only a few origins.

Source: Czado, Gneiting & Held (2009), Predictive model assessment for count data,
Biometrics 65(4); Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random
world.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr

from clv.engine.arrays import (
    BoolVector,
    FloatVector,
    IndexVector,
    inner,
    sums_by,
)
from clv.engine.errors import BadParameterError
from clv.engine.futures import pace_factors, sample_at_pace
from clv.engine.judging.candidates import mixture_of
from clv.engine.judging.scores import LOWEST_FORECAST
from clv.engine.judging.selection import origin_shares
from clv.engine.judging.trials import Trial
from clv.engine.portfolio import margin_swing
from clv.engine.spend_habits import fit_spend
from clv.engine.spend_model import GammaGamma

GRID = 400
DRAWS = 100
CHUNK_CELLS = 4_000_000
MONEY_ACCOUNTS = 20_000
HIGHEST_LEVEL = 0.998
SLACK = 0.15  # of the accounts that may lie outside may just as well lie inside
USUAL_MODEL_ERROR = 0.15  # relative sd of totals, before any back-test
USUAL_ORIGINS = 2.0  # what that is worth in origins


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where hold-out counts fell in their forecast distributions.

    Attributes
    ----------
    places : tuple of 401 float
        Share of the accounts whose place is at most 0, 1/400, ..., 1.
    """

    places: tuple[float, ...]

    def coverage(self, level: float) -> float:
        """Return the share of accounts inside their central interval of `level`."""
        _check_level(level)
        ends = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
        low, high = np.interp(ends, _grid(), self.places).tolist()
        return float(high - low)

    def level(self, wanted: float) -> float:
        """Return the level to ask for so that the share `wanted` is covered.

        Intervals that held too much are narrowed only by what goes beyond `SLACK`: too
        narrow is the worse mistake, and the future is less like the past than one
        hold-out like another. Capped at 99.8 %.
        """
        _check_level(wanted)
        levels = np.linspace(0.0, 1.0, GRID // 2 + 1)
        places = np.array(self.places)
        covered = places[GRID // 2 :] - places[GRID // 2 :: -1]
        covered = np.maximum.accumulate(covered)
        asked = float(np.interp(wanted, covered, levels))
        if asked < wanted:
            allowed = wanted + SLACK * (1.0 - wanted)
            asked = min(wanted, float(np.interp(allowed, covered, levels)))
        return min(max(asked, 1.0 / GRID), HIGHEST_LEVEL)


def pooled_calibration(
    trials: Sequence[Trial], places: Sequence[FloatVector]
) -> Calibration:
    """Return where hold-out counts fell, over all origins.

    Parameters
    ----------
    trials : sequence of Trial, at least one
    places : what `places_of` gave, one per trial
        With the weights of `cross_fitted`, so that no origin judges itself.
    """
    pooled = np.zeros(GRID + 1)
    for place, share in zip(places, origin_shares(trials), strict=True):
        pooled += share * place
    return Calibration(tuple(pooled.tolist()))


@dataclass(frozen=True, slots=True)
class Steps:
    """Each account's step in its forecast distribution.

    Attributes
    ----------
    account : index array, shape (k,)
        The accounts that were placed.
    case : index array, shape (k,)
        The row of each of them below.
    below, reached : float arrays, shape (m,)
        ``F(y-)`` and ``F(y)`` of what came, y.
    """

    account: IndexVector
    case: IndexVector
    below: FloatVector
    reached: FloatVector

    def places(self, chosen: BoolVector | None = None) -> FloatVector:
        """Return the share of accounts placed at most at each point of the grid.

        Parameters
        ----------
        chosen : bool array over all accounts of the trial, optional
            Place only those; at least one of them.
        """
        case = self.case if chosen is None else self.case[chosen[self.account]]
        share = sums_by(case, np.ones(case.size), self.below.size) / case.size
        return _cumulated(self.below, self.reached, share)


def places_of(
    trial: Trial,
    weights: Mapping[str, float],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> FloatVector:
    """Return the share of accounts placed at most at each point of the grid.

    Parameters
    ----------
    trial : Trial
    weights : weights by candidate
        Models forecast by simulation, naive rules as Poisson counts of their mean.
    rng : numpy.random.Generator
    draws : int
    """
    first, case = trial.cases()
    actual = trial.outcome.counts[first]
    present = {name: weights[name] for name in trial.names if name in weights}
    whole = sum(present.values())
    below, reached = np.zeros(first.size), np.zeros(first.size)
    parts = {n: w / whole for n, w in present.items() if n in trial.row_counts}
    of_models = sum(parts.values())
    if of_models > 0.0:
        orders = drawn_orders(trial, parts, rng=rng, draws=draws)
        steps = count_steps(trial, orders)
        below, reached = of_models * steps.below, of_models * steps.reached
    for name, weight in present.items():
        if name in trial.naive_counts:
            mean = np.maximum(trial.naive_counts[name][first], LOWEST_FORECAST)
            reached += weight / whole * pdtr(actual, mean)
            lower = np.where(actual > 0.0, pdtr(np.maximum(actual - 1.0, 0), mean), 0.0)
            below += weight / whole * lower
    return Steps(np.arange(case.size), case, below, reached).places()


def drawn_orders(
    trial: Trial,
    weights: Mapping[str, float],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    pace_error: float = 0.0,
) -> NDArray[np.float32]:
    """Draw the orders of the hold-out per distinct history, shape (rows, draws).

    Parameters
    ----------
    trial : Trial
    weights : weights by model; naive rules have no story and are left out
    rng : numpy.random.Generator
    draws : int
    pace_error : float >= 0
        As in `clv.engine.uncertainty.value_intervals`.
    """
    model = mixture_of(trial.field, weights)
    days = trial.known.clock_days(trial.horizon_days)
    rows = trial.known.rows.histories
    orders = np.empty((len(rows), draws), np.float32)
    models = model.draw_models(rng, draws)
    paces = pace_factors(pace_error, rng, draws).tolist()
    for column, (one, pace) in enumerate(zip(models, paces, strict=True)):
        alive = rng.random(len(rows)) < one.probability_alive(rows)
        orders[:, column] = alive * sample_at_pace(one, rows, days, pace, rng)[0]
    return orders


def count_steps(trial: Trial, orders: NDArray[np.float32]) -> Steps:
    """Return the steps of the counts that came, from `drawn_orders`."""
    first, case = trial.cases()
    actual = trial.outcome.counts[first]
    row = trial.known.rows.inverse[first]
    below, reached = np.empty(first.size), np.empty(first.size)
    step = max(1, CHUNK_CELLS // orders.shape[1])
    for start in range(0, first.size, step):
        part = slice(start, start + step)
        drawn, came = orders[row[part]], actual[part, None]
        below[part] = (drawn < came).mean(axis=1)
        reached[part] = (drawn <= came).mean(axis=1)
    return Steps(np.arange(case.size), case, below, reached)


def money_places_of(
    trial: Trial,
    weights: Mapping[str, float],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> FloatVector:
    """Return for money what `places_of` returns for counts, by models alone."""
    orders = drawn_orders(trial, weights, rng=rng, draws=draws)
    log = trial.known.log
    spend = fit_spend(log.purchase_days, log.mean_values).model
    return money_steps(trial, orders, spend, rng=rng).places()


def money_steps(
    trial: Trial,
    orders: NDArray[np.float32],
    spend: GammaGamma,
    *,
    rng: np.random.Generator,
    most_accounts: int = MONEY_ACCOUNTS,
) -> Steps:
    """Return the steps of the money that came.

    Parameters
    ----------
    trial : Trial
    orders : what `drawn_orders` gave
    spend : GammaGamma
        Fitted to what was known.
    rng : numpy.random.Generator
    most_accounts : int
        Above, an even sample of accounts is placed.

    Notes
    -----
    Margins per order are drawn from the gamma-gamma posterior, as in
    `clv.engine.uncertainty`, undiscounted. Nothing ordered is a step as wide as its
    chance.
    """
    known = trial.known
    count, mean = known.log.purchase_days, known.log.mean_values
    size = min(len(known.log), most_accounts)
    chosen = np.linspace(0, len(known.log) - 1, size).astype(np.intp)
    count, mean = count[chosen], mean[chosen]
    expected = spend.expected_value(count, mean)
    swing = margin_swing(spend, count, mean, expected)
    came = trial.outcome.values[chosen]
    below, reached = np.zeros(size), np.zeros(size)
    row = known.rows.inverse[chosen]
    draws = orders.shape[1]
    for column in range(draws):
        bought = orders[row, column].astype(np.float64)
        money = rng.gamma(spend.p * bought) / spend.p
        money *= expected + swing * (spend.draw_relative_means(count, rng) - 1.0)
        below += money < came
        reached += money <= came
    return Steps(chosen, np.arange(size), below / draws, reached / draws)


def _cumulated(
    below: FloatVector, reached: FloatVector, share: FloatVector
) -> FloatVector:
    """Return the mean over cases of the share of each step below each grid point."""
    width = np.maximum(reached - below, 1e-9)
    result = np.empty(GRID + 1)
    for place, point in enumerate(_grid()):
        result[place] = inner(share, np.clip((point - below) / width, 0.0, 1.0))
    return result


def model_error(forecast_totals: FloatVector, actual_totals: FloatVector) -> float:
    """Return the relative standard deviation of totals around the truth.

    Parameters
    ----------
    forecast_totals, actual_totals : float arrays, shape (origins,)
        Origins without any actual are left out.

    Returns
    -------
    float > 0
        For `clv.engine.uncertainty.total_intervals`. The root mean square of
        ``ln(forecast / actual)``, with 15 % in place of two more origins.
    """
    some = (actual_totals > 0.0) & (forecast_totals > 0.0)
    errors = np.log(forecast_totals[some] / actual_totals[some])
    squares = USUAL_ORIGINS * USUAL_MODEL_ERROR**2 + float((errors**2).sum())
    return math.sqrt(squares / (USUAL_ORIGINS + errors.size))


def _grid() -> FloatVector:
    return np.linspace(0.0, 1.0, GRID + 1)


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise BadParameterError(f"a level lies between 0 and 1, not at {level}")


def coverage_by_level(
    places: FloatVector, levels: Sequence[float], learnt: Calibration | None = None
) -> dict[str, float]:
    """Return what was covered, by level; with `learnt`, at the level it asks for."""
    fallen = Calibration(tuple(places.tolist()))
    return {
        f"{at:g}": fallen.coverage(learnt.level(at) if learnt else at) for at in levels
    }
