"""The back-test: every candidate judged on what really came, origin by origin.

One call does the night's judging: fit all candidates as they could have been fitted 12,
6 and 3 months ago, score them on what came since, choose the mix, and measure how far
its intervals and totals can be trusted. Everything but the choice itself is measured
on mixes that did not see the hold-out they are judged by.

>>> log = PurchaseLog.check(account, day, value)  # doctest: +SKIP
>>> result = run_backtest(log, today.toordinal())  # doctest: +SKIP
>>> json.dumps(asdict(result))  # doctest: +SKIP
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.judging.bands import band_error
from clv.engine.judging.calibration import (
    Calibration,
    Steps,
    count_steps,
    coverage_by_level,
    drawn_orders,
    model_error,
    money_steps,
    places_of,
    pooled_calibration,
)
from clv.engine.judging.candidates import candidate_names, fit_candidates
from clv.engine.judging.money import (
    habits_of,
    mixed_money,
    money_forecasts,
    money_weights,
)
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.scores import Decile, Score, quiet_third, score
from clv.engine.judging.seasonality import seasons_of
from clv.engine.judging.selection import Choice, choose, cross_fitted, origin_shares
from clv.engine.judging.trials import (
    HORIZONS_DAYS,
    NAIVE_RULES,
    FitField,
    Trial,
    horizons_for,
    newest_regularity,
    try_origin,
)
from clv.engine.seasons import Seasons
from clv.engine.spend_habits import SpendHabits, fit_spend
from clv.engine.spend_model import GammaGamma

LEAST_ACCOUNTS = 30
MOST_ACCOUNTS = 100_000
MIX = "mix"
MODELS = "models"  # the mix without naive rules, which values accounts
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
    scores : Score of orders by candidate
        "mix" is the mix fitted to the other origins, "models" the same without naive
        rules.
    money_scores : Score of money by spend candidate, of their "mix", and of "models"
        The last is what values accounts: orders of that mix at the margins that a
        night would expect.
    coverage : share of accounts inside their interval, by level as text
    model_coverage, money_coverage : the same by "models", for orders and money
    shown_coverage : that of money at the level that the other origins ask for
        So do the intervals of values.
    quiet : Decile
        Orders by "models" of the third of the accounts that were silent for longest.
    dropped : the reason by name for candidates without a forecast
    """

    origin_day: int
    horizon_days: int
    account_count: int
    share: float
    scores: dict[str, Score]
    money_scores: dict[str, Score]
    coverage: dict[str, float]
    model_coverage: dict[str, float]
    money_coverage: dict[str, float]
    shown_coverage: dict[str, float]
    quiet: Decile
    dropped: dict[str, str]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was forecast at one origin, by mixes that did not see its hold-out.

    Attributes
    ----------
    trial : Trial
    share : float
        How much the origin counts.
    mix, models : weights by candidate, with and without naive rules
    places : what `places_of` gave for the mix
    money : money by spend candidate, and that of "models", shape (n,) each
    count_steps, money_steps : Steps of what came, by "models"
    """

    trial: Trial
    share: float
    mix: Mapping[str, float]
    models: Mapping[str, float]
    places: FloatVector
    money: Mapping[str, FloatVector]
    count_steps: Steps
    money_steps: Steps


@dataclass(frozen=True, slots=True)
class Seen:
    """What a back-test worked with, for whoever measures more by it.

    Attributes
    ----------
    log : PurchaseLog
        Of the judged accounts until the day of the back-test.
    as_of_day : int
    forecasts : tuple of Forecast, longest hold-out first
    choice : Choice
    """

    log: PurchaseLog
    as_of_day: int
    forecasts: tuple[Forecast, ...]
    choice: Choice


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
    spend : SpendHabits
        What the nights to come keep of them.
    calibration, money_calibration : Calibration
        Of counts by the mix, and of money by "models": for the level of
        `value_intervals`.
    order_error, money_error : float
        Relative sd of totals: of orders by the mix, and of money by "models", which
        values accounts; for `clv.engine.totals`, and for the pace of `value_intervals`.
    part_error : float
        As `money_error`, for classes and other parts of the firm; never below it.
    regularity : int or None
        Events per purchase of MBG/CNBD-k where it was last fitted.
    seasons : Seasons
        Month factors on the day of the back-test; off below 24 months.
    """

    as_of_day: int
    account_count: int
    origins: tuple[OriginResult, ...]
    choice: Choice
    money_weights: dict[str, float]
    spend: SpendHabits
    calibration: Calibration
    money_calibration: Calibration
    order_error: float
    money_error: float
    part_error: float
    regularity: int | None
    seasons: Seasons


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
    look: Callable[[Seen], None] | None = None,
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
    look : function of Seen, optional
        Called once, when there is a result.

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
    forecasts, spend = _forecasts(trials, names, np.random.default_rng(seed))
    origins = tuple(
        _judged(one, _of_the_others(forecasts, one), spend) for one in forecasts
    )
    if look is not None:
        look(Seen(known, as_of_day, forecasts, choice))
    money_error = _total_error([o.money_scores[MODELS] for o in origins])
    return Backtest(
        as_of_day=as_of_day,
        account_count=len(known),
        origins=origins,
        choice=choice,
        money_weights=spend,
        spend=habits_of(known, spend),
        calibration=pooled_calibration(trials, [one.places for one in forecasts]),
        money_calibration=pooled_calibration(
            trials, [one.money_steps.places() for one in forecasts]
        ),
        order_error=_total_error([o.scores[MIX] for o in origins]),
        money_error=money_error,
        part_error=max(money_error, _part_error(forecasts)),
        regularity=newest_regularity(trials),
        seasons=seasons_of(known, as_of_day),
    )


def _forecasts(
    trials: Sequence[Trial], names: Sequence[str], rng: np.random.Generator
) -> tuple[tuple[Forecast, ...], dict[str, float]]:
    """Forecast each origin by the weights that the others give.

    The weights of the spend candidates, returned beside, are those of all origins.
    """
    models = [name for name in names if name not in NAIVE_RULES]
    mixes = cross_fitted(trials, names)
    money = [money_forecasts(t, mix) for t, mix in zip(trials, mixes, strict=True)]
    spend = money_weights(trials, money)
    # Without any model to choose from, the story is that of all of them.
    weights = cross_fitted(trials, models or list(trials[0].row_counts))
    stories = [_story(*one, spend) for one in zip(trials, weights, strict=True)]
    parts = zip(
        trials,
        origin_shares(trials),
        mixes,
        money,
        stories,
        _errors_of_the_others(trials, stories),
        strict=True,
    )
    return tuple(_forecast(*part, rng=rng) for part in parts), spend


@dataclass(frozen=True, slots=True)
class _Story:
    """What models say at one origin: their weights, margins, and money expected."""

    models: Mapping[str, float]
    spend: GammaGamma
    told: FloatVector


def _story(
    trial: Trial, models: Mapping[str, float], spend: Mapping[str, float]
) -> _Story:
    log = trial.known.log
    count, mean = log.purchase_days, log.mean_values
    model = fit_spend(count, mean, habits=habits_of(log, spend)).model
    told = trial.mixed_counts(models) * model.expected_value(count, mean)
    return _Story(models, model, told)


def _errors_of_the_others(
    trials: Sequence[Trial], stories: Sequence[_Story]
) -> list[float]:
    """Return for each origin how far off the totals of all other ones were."""
    told = np.array([story.told.sum() for story in stories])
    came = np.array([trial.outcome.values.sum() for trial in trials])
    return [
        model_error(np.delete(told, place), np.delete(came, place))
        for place in range(len(trials))
    ]


def _forecast(
    trial: Trial,
    share: float,
    mix: Mapping[str, float],
    money: Mapping[str, FloatVector],
    story: _Story,
    pace_error: float,
    *,
    rng: np.random.Generator,
) -> Forecast:
    drawn = drawn_orders(trial, story.models, rng=rng, pace_error=pace_error)
    return Forecast(
        trial=trial,
        share=share,
        mix=mix,
        models=story.models,
        places=places_of(trial, mix, rng=rng),
        money={**money, MODELS: story.told},
        count_steps=count_steps(trial, drawn),
        money_steps=money_steps(trial, drawn, story.spend, rng=rng),
    )


def _of_the_others(forecasts: Sequence[Forecast], one: Forecast) -> Calibration:
    """Return where money fell at the other origins; at this one if it is alone."""
    others = [other for other in forecasts if other is not one] or [one]
    return pooled_calibration(
        [other.trial for other in others],
        [other.money_steps.places() for other in others],
    )


def _judged(
    forecast: Forecast, learnt: Calibration, spend: Mapping[str, float]
) -> OriginResult:
    """Score one origin; `learnt` is where money fell at the other ones."""
    trial, came = forecast.trial, forecast.trial.outcome
    known = trial.known.histories
    money_places = forecast.money_steps.places()
    orders = {name: trial.counts(name) for name in trial.names}
    orders[MIX] = trial.mixed_counts(forecast.mix)
    orders[MODELS] = trial.mixed_counts(forecast.models)
    money = {**forecast.money, MIX: mixed_money(forecast.money, spend)}
    return OriginResult(
        origin_day=trial.known.origin_day,
        horizon_days=trial.horizon_days,
        account_count=len(trial.known.log),
        share=forecast.share,
        scores={n: score(f, came.counts, is_count=True) for n, f in orders.items()},
        money_scores={
            n: score(f, came.values, is_count=False) for n, f in money.items()
        },
        coverage=coverage_by_level(forecast.places, COVERAGE_LEVELS),
        model_coverage=coverage_by_level(
            forecast.count_steps.places(), COVERAGE_LEVELS
        ),
        money_coverage=coverage_by_level(money_places, COVERAGE_LEVELS),
        shown_coverage=coverage_by_level(money_places, COVERAGE_LEVELS, learnt),
        quiet=quiet_third(
            orders[MODELS], came.counts, known.age_days - known.recency_days
        ),
        dropped=dict(trial.field.dropped),
    )


def _part_error(forecasts: Sequence[Forecast]) -> float:
    return band_error(
        [one.money[MODELS] for one in forecasts],
        [one.trial.outcome.values for one in forecasts],
    )


def _total_error(scores: Sequence[Score]) -> float:
    return model_error(
        np.array([s.forecast_total for s in scores]),
        np.array([s.actual_total for s in scores]),
    )
