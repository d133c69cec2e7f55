"""Drift: does what comes now still look like what was learnt from.

Everything is seen from the latest origin of the back-test (3 months back): its models,
mixed by weights that never saw what came since.

- Windows: orders of the last 4, 8 and 13 weeks against the forecast from what was known
  at the start of each, for the firm and per acquisition cohort. The gap is measured in
  standard errors of the accounts' own scatter, ``z = sum(y - m) / sqrt(max(sum m,
  sum (y - m)^2))``: the Poisson error or, where accounts scatter more, the robust one.
- Pace and loss: orders per year while active and the chance to leave, of one family
  fitted then and fitted now, in standard errors of the earlier fit (delta method).
- The share of accounts outside their 80 % range, the rank correlation between spend and
  frequency (gamma-gamma assumes none), and how strong the next quarter's season is.

An alarm needs both: more than chance explains, and large enough to matter; a firm of a
million accounts would sound one every night otherwise.

Source: White (1982), Maximum likelihood estimation of misspecified models, Econometrica
50(1), for the robust error; Fader & Hardie (2013), The gamma-gamma model of monetary
value, for spend and frequency; Page (1954) for watching a process in windows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import BoolVector, FloatVector, inner
from clv.engine.history import compress
from clv.engine.judging.backtest import Forecast, Seen
from clv.engine.judging.calibration import Calibration
from clv.engine.judging.candidates import (
    WEEK_DAYS,
    WEEKLY_FROM_ACCOUNTS,
    Known,
    mixture_of,
)
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.traits import (
    TRAIT_FORMATS,
    TRAIT_WORDS,
    Trait,
    compared_traits,
    next_season,
    spend_correlation,
)
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.seasons import month_index

WEEKS = (4, 8, 13)
LEVEL = 0.8
MOST_COHORTS = 8
QUARTER_MONTHS, YEAR_MONTHS = 3, 12
EPOCH_YEAR = 1970


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The numbers behind the alarms.

    Attributes
    ----------
    most_errors, least_gap : float
        Standard errors and share of the forecast that the firm's orders may be off.
    most_cohort_errors, least_cohort_gap, least_cohort_orders : float
        The same for a cohort, and the orders below which it is not judged.
    most_change : float
        Share by which pace or loss may move.
    most_outside : float
        Share of accounts outside their 80 % range.
    most_correlation : float
        Between spend per order and frequency.
    """

    most_errors: float = 3.0
    least_gap: float = 0.15
    most_cohort_errors: float = 4.0
    least_cohort_gap: float = 0.3
    least_cohort_orders: float = 20.0
    most_change: float = 0.25
    most_outside: float = 0.3
    most_correlation: float = 0.3


@dataclass(frozen=True, slots=True)
class Window:
    """Orders of the last weeks against their forecast.

    Attributes
    ----------
    name : str
        Of the cohort; empty for the firm.
    weeks, account_count : int
    forecast, actual : float
    z : float or None
        The gap in standard errors; None where nothing was forecast.
    is_alarm : bool
    """

    name: str
    weeks: int
    account_count: int
    forecast: float
    actual: float
    z: float | None
    is_alarm: bool

    @property
    def gap(self) -> float | None:
        """Return what came over the forecast, minus 1."""
        return self.actual / self.forecast - 1.0 if self.forecast > 0.0 else None


@dataclass(frozen=True, slots=True)
class Week:
    """Orders of one week; all forecasts from the day before the first one."""

    last_day: int
    forecast: float
    actual: float


@dataclass(frozen=True, slots=True)
class Drift:
    """What moved since the latest origin; ``dataclasses.asdict`` of it is plain JSON.

    Attributes
    ----------
    origin_day : int
        Of the models that forecast.
    windows, cohorts : tuple of Window, of the firm and by cohort
    weekly : tuple of Week
    family : str
        The one whose traits are compared; empty where none could be.
    traits : tuple of Trait
    outside : float
        Share of accounts outside their 80 % range of orders since the origin.
    correlation : float or None
        Of spend per order and frequency, now; None with too few repeat buyers.
    season : float or None
        Orders of the next 13 weeks over those of average ones; None below 24 months.
    alarms : tuple of str, in plain words
    """

    origin_day: int
    windows: tuple[Window, ...]
    cohorts: tuple[Window, ...]
    weekly: tuple[Week, ...]
    family: str
    traits: tuple[Trait, ...]
    outside: float
    correlation: float | None
    season: float | None
    alarms: tuple[str, ...]


def measure_drift(seen: Seen, policy: DriftPolicy | None = None) -> Drift:
    """Hold the last weeks against what the latest origin led one to expect.

    Parameters
    ----------
    seen : Seen
        Of a back-test; the windows reach no further back than its latest origin.
    policy : DriftPolicy, optional
    """
    rules = policy or DriftPolicy()
    latest = seen.forecasts[-1]
    model = mixture_of(latest.trial.field, latest.models)
    parts = [
        _windows(seen, latest, model, weeks, rules)
        for weeks in _weeks_within(latest.trial.horizon_days)
    ]
    windows = tuple(firm for firm, _ in parts)
    cohorts = parts[-1][1] if parts else ()
    today = Known.at(seen.log, seen.as_of_day)
    family, traits = compared_traits(
        latest, today, most_errors=rules.most_errors, most_change=rules.most_change
    )
    places = tuple(latest.count_steps.places().tolist())
    outside = 1.0 - Calibration(places).coverage(LEVEL)
    correlation = spend_correlation(seen.log)
    return Drift(
        origin_day=latest.trial.known.origin_day,
        windows=windows,
        cohorts=cohorts,
        weekly=_weekly(seen, latest, model),
        family=family,
        traits=traits,
        outside=outside,
        correlation=correlation,
        season=next_season(today),
        alarms=(
            *_window_alarms(windows, cohorts),
            *_trait_alarms(traits),
            *_other_alarms(outside, correlation, rules),
        ),
    )


def _weeks_within(horizon_days: int) -> list[int]:
    """Return the windows no longer than the hold-out; the hold-out if it is short."""
    fitting = [weeks for weeks in WEEKS if weeks * WEEK_DAYS <= horizon_days]
    return fitting or [int(horizon_days // WEEK_DAYS)]


def _windows(
    seen: Seen,
    latest: Forecast,
    model: RepeatBuyingModel,
    weeks: int,
    rules: DriftPolicy,
) -> tuple[Window, tuple[Window, ...]]:
    """Return the window of the firm and those of its cohorts."""
    days = int(weeks * WEEK_DAYS)
    start = seen.as_of_day - days
    known = seen.log.until(start)
    forecast = _expected(known, start, days, latest.trial.known, model)
    actual = seen.log.outcome(known, start, days).counts
    firm = _window(
        "", weeks, forecast, actual, (rules.most_errors, rules.least_gap, 0.0)
    )
    limits = (
        rules.most_cohort_errors,
        rules.least_cohort_gap,
        rules.least_cohort_orders,
    )
    cohorts = tuple(
        _window(name, weeks, forecast[rows], actual[rows], limits)
        for name, rows in acquisition_cohorts(known.first_days)
    )
    return firm, cohorts


def _expected(
    known: PurchaseLog, start: int, days: int, origin: Known, model: RepeatBuyingModel
) -> FloatVector:
    """Return forecasts per account from `start`, on the clock of the model's origin."""
    histories = known.histories(start, origin.seasons)
    weekly = WEEK_DAYS if len(known) >= WEEKLY_FROM_ACCOUNTS else None
    rows = compress(histories, resolution_days=weekly)
    begin, end = origin.seasons.clock(np.array([start, start + days])).tolist()
    ahead = model.expected_purchases(rows.histories, horizon_days=end - begin)
    return ahead[rows.inverse]


def _window(
    name: str,
    weeks: int,
    forecast: FloatVector,
    actual: FloatVector,
    limits: tuple[float, float, float],
) -> Window:
    most_errors, least_gap, least_orders = limits
    expected, came = float(forecast.sum()), float(actual.sum())
    scatter = float(((actual - forecast) ** 2).sum())
    error = math.sqrt(max(expected, scatter))
    z = (came - expected) / error if error > 0.0 else None
    is_alarm = (
        z is not None
        and abs(z) > most_errors
        and max(expected, came) >= least_orders
        and abs(came - expected) > least_gap * expected
    )
    return Window(name, weeks, forecast.size, expected, came, z, is_alarm)


def acquisition_cohorts(
    first_days: NDArray[np.int64],
) -> list[tuple[str, BoolVector]]:
    """Return accounts by the quarter of their first order, or the year, oldest first.

    Years where quarters would be more than eight; older years than the last eight are
    one cohort.
    """
    if not first_days.size:
        return []
    months = month_index(first_days)
    span = (int(months.max()) - int(months.min())) // QUARTER_MONTHS
    is_quarterly = span < MOST_COHORTS
    period = months // (QUARTER_MONTHS if is_quarterly else YEAR_MONTHS)
    oldest = max(int(period.min()), int(period.max()) - MOST_COHORTS + 1)
    merged = np.maximum(period, oldest)
    has_older = int(period.min()) < oldest
    name = _quarter if is_quarterly else _year
    return [
        (f"until {name(at)}" if has_older and at == oldest else name(at), merged == at)
        for at in np.unique(merged).tolist()
    ]


def _quarter(period: int) -> str:
    return f"{EPOCH_YEAR + period // 4} Q{period % 4 + 1}"


def _year(period: int) -> str:
    return str(EPOCH_YEAR + period)


def _weekly(seen: Seen, latest: Forecast, model: RepeatBuyingModel) -> tuple[Week, ...]:
    """Return the weeks since the origin, all forecast on its day."""
    known = latest.trial.known
    days = int(WEEK_DAYS)
    ends = known.origin_day + np.arange(0, latest.trial.horizon_days + 1, days)
    clock = known.seasons.clock(ends)
    rows = known.rows.histories
    reached = [
        inner(rows.weights, model.expected_purchases(rows, horizon_days=float(ahead)))
        for ahead in clock[1:] - clock[0]
    ]
    told = np.diff([0.0, *reached]).tolist()
    return tuple(
        Week(end, forecast, float(_orders(seen.log, known, end - days, days).sum()))
        for end, forecast in zip(ends[1:].tolist(), told, strict=True)
    )


def _orders(log: PurchaseLog, known: Known, after: int, days: int) -> FloatVector:
    return log.outcome(known.log, after, days).counts


def _window_alarms(windows: Sequence[Window], cohorts: Sequence[Window]) -> list[str]:
    """Name the longest window of the firm that is off, and each cohort that is."""
    off = [one for one in windows if one.is_alarm]
    alarms = [_in_words(off[-1], "In")] if off else []
    return alarms + [
        _in_words(one, f"From accounts won in {one.name}, in")
        for one in cohorts
        if one.is_alarm
    ]


def _in_words(window: Window, start: str) -> str:
    more_or_less = "more" if window.actual > window.forecast else "fewer"
    by = f", {abs(window.gap):.0%} {more_or_less}" if window.gap is not None else ""
    return (
        f"{start} the last {window.weeks} weeks {window.actual:.0f} orders came where"
        f" {window.forecast:.0f} were expected{by} than chance alone explains."
    )


def _trait_alarms(traits: Sequence[Trait]) -> list[str]:
    return [
        f"{TRAIT_WORDS[one.name]} went from {TRAIT_FORMATS[one.name](one.then)} to"
        f" {TRAIT_FORMATS[one.name](one.now)} within three months."
        for one in traits
        if one.is_alarm
    ]


def _other_alarms(
    outside: float, correlation: float | None, rules: DriftPolicy
) -> list[str]:
    alarms = []
    if outside > rules.most_outside:
        alarms.append(f"{outside:.0%} of the accounts left their 80 % range of orders.")
    if correlation is not None and abs(correlation) > rules.most_correlation:
        less_or_more = "more" if correlation > 0.0 else "less"
        alarms.append(
            f"Who orders often spends {less_or_more} per order (correlation"
            f" {correlation:.2f}): the forecast of money takes the two as unrelated."
        )
    return alarms
