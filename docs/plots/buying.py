"""The plots of the pages on models: buying, leaving, renewing."""

import numpy as np
from numpy.typing import NDArray

from clv.engine.history import Histories
from clv.engine.models import (
    BgBb,
    BgNbd,
    Contracts,
    MbgCnbd,
    Opportunities,
    ParetoNbd,
    fit_sbg,
)
from docs.plots.svg import Chart, Line, Points

Floats = NDArray[np.float64]

CDNOW = BgNbd(0.2426, 4.4136 * 7, 0.7929, 2.4259)
CDNOW_PARETO = ParetoNbd(0.5533, 10.5777 * 7, 0.6062, 11.6687 * 7)
DONATIONS = BgBb(1.204, 0.750, 0.657, 2.783)
WEEKS = np.arange(0.0, 53.0)


def points(x: Floats, y: Floats) -> Points:
    """Return the places of a curve."""
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _silent(x: float, weeks: Floats, *, first_days: float = 273.0) -> Histories:
    """Return accounts with x repeats within nine months, then so long a silence."""
    recency = first_days if x else 0.0
    return Histories.check(np.full(weeks.size, x), recency, recency + 7 * weeks)


def bg_nbd() -> Chart:
    lines = [
        Line(
            f"{x} repeat orders",
            points(WEEKS, CDNOW.probability_alive(_silent(x, WEEKS))),
        )
        for x in (0, 1, 3, 10, 26)
    ]
    return Chart(
        "BG/NBD: is the account still a customer?",
        "weeks since the last order",
        "chance to be alive",
        "One-time buyers count as alive for ever, frequent ones are given up soonest.",
        lines,
        y_bounds=(0.0, 1.0),
    )


def pareto_nbd() -> Chart:
    lines = [
        Line(
            f"{x} repeat orders",
            points(WEEKS, CDNOW_PARETO.probability_alive(_silent(x, WEEKS))),
        )
        for x in (0, 1, 3, 10, 26)
    ]
    return Chart(
        "Pareto/NBD: is the account still a customer?",
        "weeks since the last order",
        "chance to be alive",
        "One-time buyers fade with silence too; frequent buyers soonest.",
        lines,
        y_bounds=(0.0, 1.0),
    )


def mbg_cnbd() -> Chart:
    weeks = np.linspace(0.0, 20.0, 41)
    lines = []
    for k in (1, 2, 3, 6):
        model = MbgCnbd(1.3, 40.0 / k, 0.4, 2.0, regularity=k)
        alive = model.probability_alive(_silent(12, weeks, first_days=336.0))
        lines.append(Line(f"k = {k}", points(weeks, alive)))
    return Chart(
        "MBG/CNBD-k: silence after an order every four weeks",
        "weeks since the last order",
        "chance to be alive",
        "The more regular the buying, the sooner the same silence tells.",
        lines,
        y_bounds=(0.0, 1.0),
    )


def bg_bb() -> Chart:
    lines = []
    for x in (1, 2, 3, 4, 5):
        last = np.arange(x, 7.0)
        donors = Opportunities.check(np.full(last.size, x), last, 6.0)
        gifts = DONATIONS.expected_purchases(donors, opportunities=5)
        lines.append(Line(f"gave {x} times", points(last, gifts)))
    return Chart(
        "BG/BB: gifts to expect in the next five years",
        "last year with a gift, of six",
        "expected gifts",
        "A recent gift says more than many old ones.",
        lines,
    )


def sbg() -> Chart:
    years = np.arange(0.0, 13.0)
    cohorts = {
        "high end": (1000, 869, 743, 653, 593, 551, 517, 491),
        "regular": (1000, 631, 468, 382, 326, 289, 262, 241),
    }
    lines = []
    for name, survivors in cohorts.items():
        share = np.array(survivors) / survivors[0]
        model = fit_sbg(Contracts.from_survivors(survivors))
        lines.append(Line(f"{name}, model", points(years, model.survival(years))))
        seen = points(years[: share.size], share)
        lines.append(Line(f"{name}, seen", seen, is_observed=True))
    fixed = (491 / 1000) ** (1 / 7)
    lines.append(Line("high end, one rate", points(years, fixed**years)))
    return Chart(
        "Contracts still running, fitted on seven renewals",
        "renewals",
        "share of contracts",
        "Retention rises with age, so one constant rate loses old contracts too fast.",
        lines,
        y_bounds=(0.0, 1.0),
    )
