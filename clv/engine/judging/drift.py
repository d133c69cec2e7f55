"""Drift: does what comes now still look like what was learnt from.

Everything is seen from the latest origin of the back-test (3 months back): its models,
mixed by weights that never saw what came since. Watched are orders of the last weeks
(`clv.engine.judging.windows`), pace and loss of the accounts, spend against frequency
and the season (`clv.engine.judging.traits`), and the share of accounts outside their
80 % range.

An alarm needs both: more than chance explains, and large enough to matter; a firm of a
million accounts would sound one every night otherwise.

Source: Fader & Hardie (2013), The gamma-gamma model of monetary value, for spend and
frequency; Page (1954), Continuous inspection schemes, for watching a process.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clv.engine.judging.backtest import Seen
from clv.engine.judging.calibration import Calibration
from clv.engine.judging.candidates import Known
from clv.engine.judging.traits import (
    TRAIT_FORMATS,
    TRAIT_WORDS,
    Trait,
    compared_traits,
    next_season,
    spend_correlation,
)
from clv.engine.judging.verdict import share
from clv.engine.judging.windows import (
    Limits,
    Week,
    Window,
    weekly,
    windows_of,
)

LEVEL = 0.8
# Looked at every night in three windows: a healthy firm is called once in years.
FIRM = Limits(most_errors=3.5, least_gap=0.15)
COHORT = Limits(most_errors=4.0, least_gap=0.3, least_orders=20.0)


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The numbers behind the alarms.

    Attributes
    ----------
    firm, cohort : Limits
        Of the firm's orders, and of each cohort's.
    most_errors : float
        Of pace or loss.
    most_change : float
        Share by which pace or loss may move.
    most_outside : float
        Share of accounts outside their 80 % range.
    most_correlation : float
        Between spend per order and frequency.
    """

    firm: Limits = FIRM
    cohort: Limits = COHORT
    most_errors: float = 3.0
    most_change: float = 0.25
    most_outside: float = 0.3
    most_correlation: float = 0.3


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
    windows, cohorts = windows_of(seen, rules.firm, rules.cohort)
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
        weekly=weekly(seen, latest),
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
    by = "" if window.gap is None else f": {share(abs(window.gap))} {more_or_less}"
    return (
        f"{start} the last {window.weeks} weeks {window.actual:.0f} orders came where"
        f" {window.forecast:.0f} were expected{by}, which chance does not explain."
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
        alarms.append(
            f"{share(outside)} of the accounts left their 80 % range of orders."
        )
    if correlation is not None and abs(correlation) > rules.most_correlation:
        less_or_more = "more" if correlation > 0.0 else "less"
        alarms.append(
            f"Who orders often spends {less_or_more} per order (correlation"
            f" {correlation:.2f}): the forecast of money takes the two as unrelated."
        )
    return alarms
