"""The back-test: every candidate judged on what really came, origin by origin.

One call does the night's judging: fit all candidates as they could have been fitted 12,
6 and 3 months ago, score them on what came since, choose the mix, and measure how far
its intervals and totals can be trusted. Everything but the choice itself is measured
on mixes that did not see the hold-out they are judged by.

>>> log = PurchaseLog.check(account, day, value)  # doctest: +SKIP
>>> result = run_backtest(log, today.toordinal())  # doctest: +SKIP
>>> json.dumps(asdict(result))  # doctest: +SKIP
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.judging.calibration import (
    Calibration,
    model_error,
    money_places_of,
    places_of,
    pooled_calibration,
)
from clv.engine.judging.candidates import candidate_names, fit_candidates
from clv.engine.judging.money import mixed_money, money_forecasts, money_weights
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.scores import Score, score
from clv.engine.judging.selection import Choice, choose, cross_fitted, origin_shares
from clv.engine.judging.trials import (
    HORIZONS_DAYS,
    NAIVE_RULES,
    FitField,
    Trial,
    horizons_for,
    try_origin,
)

LEAST_ACCOUNTS = 30
MOST_ACCOUNTS = 100_000
MIX = "mix"
COVERAGE_LEVELS = (0.8, 0.9)


@dataclass(frozen=True, slots=True)
class OriginResult:
    """What one origin showed.

    Attributes
    ----------
    origin_day, horizon_days : int
    account_count : int
        Accounts known at the origin.
    share : float
        How much the origin counts.
    scores : Score of orders by candidate; "mix" is the mix fitted to the other origins
    money_scores : Score of money by spend candidate, and of their "mix"
    coverage : share of accounts inside their interval, by level as text
    dropped : the reason by name for candidates without a forecast
    """

    origin_day: int
    horizon_days: int
    account_count: int
    share: float
    scores: dict[str, Score]
    money_scores: dict[str, Score]
    coverage: dict[str, float]
    dropped: dict[str, str]


@dataclass(frozen=True, slots=True)
class Backtest:
    """The night's judging; ``dataclasses.asdict`` of it is plain JSON.

    Attributes
    ----------
    as_of_day : int
    account_count : int
        Accounts judged, after sampling.
    origins : tuple of OriginResult, longest hold-out first
    choice : Choice
    money_weights : weights by spend candidate
    calibration, money_calibration : Calibration
        Of counts, and of money: for the level of `value_intervals`.
    order_error, money_error : float
        Relative sd of totals, for `clv.engine.uncertainty.total_intervals`.
    """

    as_of_day: int
    account_count: int
    origins: tuple[OriginResult, ...]
    choice: Choice
    money_weights: dict[str, float]
    calibration: Calibration
    money_calibration: Calibration
    order_error: float
    money_error: float


def run_backtest(
    log: PurchaseLog,
    as_of_day: int,
    *,
    previous: Choice | None = None,
    candidates: Sequence[str] | None = None,
    horizons_days: Sequence[int] = HORIZONS_DAYS,
    most_accounts: int = MOST_ACCOUNTS,
    fit: FitField = fit_candidates,
    seed: int = 0,
) -> Backtest | None:
    """Judge all candidates on the past and choose.

    Parameters
    ----------
    log : PurchaseLog
        Rows after `as_of_day` are not looked at.
    as_of_day : int
        Day ordinal of the last day whose orders are all known.
    previous : Choice, optional
        Of the last back-test; it is given up only after losing twice.
    candidates : sequence of str, optional
        Those allowed into the mix; all models and naive rules when left out. The
        others are scored all the same.
    horizons_days : sequence of int, longest first
        Shrunk for short histories, see `clv.engine.judging.trials`.
    most_accounts : int
        Above, a sample of accounts is judged, always the same ones.
    fit : function of Known
        For tests with broken models.
    seed : int
        Of the simulated intervals.

    Returns
    -------
    Backtest or None
        None with less than a month of history or fewer than 30 accounts at an origin.
    """
    known = log.until(as_of_day).sample(most_accounts)
    horizons = horizons_for(known.reach_days(as_of_day), horizons_days)
    trials = [try_origin(known, as_of_day - days, days, fit) for days in horizons]
    trials = [trial for trial in trials if len(trial.known.log) >= LEAST_ACCOUNTS]
    if not trials or not any(t.outcome.counts.any() for t in trials):
        return None
    names = list(candidates or [*candidate_names(), *NAIVE_RULES])
    choice = choose(trials, names, previous=previous, as_of_day=as_of_day)
    mixes = cross_fitted(trials, names)
    money = [money_forecasts(t, mix) for t, mix in zip(trials, mixes, strict=True)]
    spend = money_weights(trials, money)
    rng = np.random.default_rng(seed)
    places = [
        places_of(trial, mix, rng=rng) for trial, mix in zip(trials, mixes, strict=True)
    ]
    origins = [
        _judged(trial, mix, {**forecast, MIX: mixed_money(forecast, spend)}, place)
        for trial, mix, forecast, place in zip(
            trials, mixes, money, places, strict=True
        )
    ]
    shares = origin_shares(trials)
    origins = [replace(o, share=s) for o, s in zip(origins, shares, strict=True)]
    return Backtest(
        as_of_day=as_of_day,
        account_count=len(known),
        origins=tuple(origins),
        choice=choice,
        money_weights=spend,
        calibration=pooled_calibration(trials, places),
        money_calibration=_money_calibration(trials, choice, rng),
        order_error=_total_error([o.scores[MIX] for o in origins]),
        money_error=_total_error([o.money_scores[MIX] for o in origins]),
    )


def _money_calibration(
    trials: Sequence[Trial], choice: Choice, rng: np.random.Generator
) -> Calibration:
    """Place money by the models alone, since their story draws the intervals."""
    models = choice.model_weights or dict.fromkeys(trials[0].row_counts, 1.0)
    places = [money_places_of(trial, models, rng=rng) for trial in trials]
    return pooled_calibration(trials, places)


def _judged(
    trial: Trial,
    mix: Mapping[str, float],
    money: Mapping[str, FloatVector],
    places: FloatVector,
) -> OriginResult:
    came = trial.outcome
    orders = {name: trial.counts(name) for name in trial.names}
    orders[MIX] = trial.mixed_counts(mix)
    fallen = Calibration(tuple(places.tolist()))
    return OriginResult(
        origin_day=trial.known.origin_day,
        horizon_days=trial.horizon_days,
        account_count=len(trial.known.log),
        share=1.0,
        scores={n: score(f, came.counts, is_count=True) for n, f in orders.items()},
        money_scores={
            n: score(f, came.values, is_count=False) for n, f in money.items()
        },
        coverage={f"{at:g}": fallen.coverage(at) for at in COVERAGE_LEVELS},
        dropped=dict(trial.field.dropped),
    )


def _total_error(scores: Sequence[Score]) -> float:
    return model_error(
        np.array([s.forecast_total for s in scores]),
        np.array([s.actual_total for s in scores]),
    )
