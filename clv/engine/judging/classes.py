"""Class by class, and whether the best accounts were found.

Classes are the business's own, read for the day of the origin. Where nobody stood in a
class on that day, today's classes stand in for them; they know what came since, so
that ranking and hits within them flatter.

Hits: as many accounts as the key class has by share are put on top by forecast margin,
and as many by the margin that really came. The hit rate is the share that both lists
have in common; by chance it would be the share of the list in all accounts. Accounts
tied at the end of a list share its last places.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import BoolVector, FloatVector
from clv.engine.groups import Groups
from clv.engine.judging.backtest import MODELS, Forecast, Seen
from clv.engine.judging.calibration import Calibration
from clv.engine.judging.money import LAST_VALUE
from clv.engine.judging.scores import normalised_gini

LEVEL = 0.8
USUAL_KEY_SHARE = 0.1  # where nobody stands in the key class yet
LEAST_KEY_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Hits:
    """How many of the best accounts the forecast had put on top.

    Attributes
    ----------
    size, account_count : int
        Length of the list, and of how many accounts.
    best : float
        Accounts on the list of what came: fewer where fewer brought any margin.
    forecast, rule : float
        How many of those the forecast and last period's margin had on theirs.
    """

    size: int
    account_count: int
    best: float
    forecast: float
    rule: float


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class was forecast at one origin.

    Attributes
    ----------
    key, name : str
    account_count : int
    forecast, actual : float
        Orders.
    money_forecast, money_actual : float
        Margin.
    coverage, money_coverage : float or None
        Share of accounts inside their 80 % range.
    gini : float or None
        Of orders within the class; None where nothing came.
    """

    key: str
    name: str
    account_count: int
    forecast: float
    actual: float
    money_forecast: float
    money_actual: float
    coverage: float | None
    money_coverage: float | None
    gini: float | None


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One origin, class by class; ``dataclasses.asdict`` of it is plain JSON.

    Attributes
    ----------
    origin_day : int
    is_of_today : bool
        Classes of today, since nobody stood in one on the day of the origin.
    hits : Hits
    classes : tuple of ClassScore, in their order; accounts without one come last
    """

    origin_day: int
    is_of_today: bool
    hits: Hits
    classes: tuple[ClassScore, ...]


def measure_classes(
    seen: Seen, classes_on: Callable[[int], Groups]
) -> tuple[ClassReport, ...]:
    """Judge each origin of a back-test class by class.

    Parameters
    ----------
    seen : Seen
    classes_on : function of a day ordinal
        The first of its groups is the key class.
    """
    today = classes_on(seen.as_of_day)
    return tuple(_report(one, classes_on, today) for one in seen.forecasts)


def _report(
    forecast: Forecast, classes_on: Callable[[int], Groups], today: Groups
) -> ClassReport:
    known = forecast.trial.known
    then = classes_on(known.origin_day)
    is_of_today = not len(then)
    groups = today if is_of_today else then
    number = groups.of(known.log.accounts)
    named = list(zip(groups.keys, groups.names, strict=True))
    rows = [(key, name, number == place) for place, (key, name) in enumerate(named)]
    rows.append(("", "No class yet", number < 0))
    return ClassReport(
        origin_day=known.origin_day,
        is_of_today=is_of_today,
        hits=_hits(forecast, float((number == 0).mean()) if number.size else 0.0),
        classes=tuple(
            _class_score(forecast, key, name, chosen)
            for key, name, chosen in rows
            if chosen.any()
        ),
    )


def _hits(forecast: Forecast, key_share: float) -> Hits:
    count = len(forecast.trial.known.log)
    share = max(key_share, LEAST_KEY_SHARE) if key_share > 0.0 else USUAL_KEY_SHARE
    size = max(1, round(share * count))
    came = forecast.trial.outcome.values
    best = places_on_top(came, size) * (came > 0.0)
    return Hits(
        size=size,
        account_count=count,
        best=float(best.sum()),
        forecast=float((best * places_on_top(forecast.money[MODELS], size)).sum()),
        rule=float((best * places_on_top(forecast.money[LAST_VALUE], size)).sum()),
    )


def places_on_top(values: FloatVector, size: int) -> FloatVector:
    """Return each account's place on the list of the `size` highest, 0 to 1.

    Parameters
    ----------
    values : float array, shape (n,)
    size : int in 1..n

    Returns
    -------
    float array, shape (n,), sum `size`
        Below 1 only for accounts tied at the end of the list.
    """
    last = np.partition(values, values.size - size)[values.size - size]
    above, tied = values > last, values == last
    share = (size - int(above.sum())) / int(tied.sum())
    return np.where(above, 1.0, np.where(tied, share, 0.0))


def _class_score(
    forecast: Forecast, key: str, name: str, chosen: BoolVector
) -> ClassScore:
    trial = forecast.trial
    told = trial.mixed_counts(forecast.models)[chosen]
    came = trial.outcome.counts[chosen]
    order = np.argsort(-told, kind="stable")
    is_placed = chosen[forecast.money_steps.account].any()
    return ClassScore(
        key=key,
        name=name,
        account_count=int(chosen.sum()),
        forecast=float(told.sum()),
        actual=float(came.sum()),
        money_forecast=float(forecast.money[MODELS][chosen].sum()),
        money_actual=float(trial.outcome.values[chosen].sum()),
        coverage=_covered(forecast.count_steps.places(chosen)),
        money_coverage=(
            _covered(forecast.money_steps.places(chosen)) if is_placed else None
        ),
        gini=normalised_gini(told, came, order) if came.any() else None,
    )


def _covered(places: FloatVector) -> float:
    return Calibration(tuple(places.tolist())).coverage(LEVEL)
