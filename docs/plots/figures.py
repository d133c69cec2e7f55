"""What the plots of the methods pages show: one figure for each page.

Parameters are published ones (CDNOW in days, donations, the two cohorts of contracts)
or stated in the title; nothing is read from a database.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

from campaigns.engine.justified import justified_spend
from clv.engine.breakeven import Economics, expected_breakeven
from clv.engine.costs import CostRates
from clv.engine.history import Histories
from clv.engine.ladder import fit_with_ladder
from clv.engine.models import (
    BgBb,
    BgNbd,
    Contracts,
    MbgCnbd,
    Opportunities,
    ParetoNbd,
    RepeatBuyingModel,
    fit_sbg,
)
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma
from clv.engine.uncertainty import value_intervals
from docs.plots.svg import Band, Chart, Line, Points

CDNOW = BgNbd(0.2426, 4.4136 * 7, 0.7929, 2.4259)
CDNOW_PARETO = ParetoNbd(0.5533, 10.5777 * 7, 0.6062, 11.6687 * 7)
CDNOW_SPEND = GammaGamma(p=6.25, q=3.74, v=15.44)
DONATIONS = BgBb(1.204, 0.750, 0.657, 2.783)
WEEKS = np.arange(0.0, 53.0)
RATE = 0.1

Floats = NDArray[np.float64]


def _points(x: Floats, y: Floats) -> Points:
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _silent(x: float, weeks: Floats, *, first_days: float = 273.0) -> Histories:
    """Return accounts with x repeats within nine months, then so long a silence."""
    recency = first_days if x else 0.0
    return Histories.check(np.full(weeks.size, x), recency, recency + 7 * weeks)


def bg_nbd() -> Chart:
    lines = [
        Line(
            f"{x} repeat orders",
            _points(WEEKS, CDNOW.probability_alive(_silent(x, WEEKS))),
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
            _points(WEEKS, CDNOW_PARETO.probability_alive(_silent(x, WEEKS))),
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
        lines.append(Line(f"k = {k}", _points(weeks, alive)))
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
        lines.append(Line(f"gave {x} times", _points(last, gifts)))
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
        lines.append(Line(f"{name}, model", _points(years, model.survival(years))))
        seen = _points(years[: share.size], share)
        lines.append(Line(f"{name}, seen", seen, is_observed=True))
    fixed = (491 / 1000) ** (1 / 7)
    lines.append(Line("high end, one rate", _points(years, fixed**years)))
    return Chart(
        "Contracts still running, fitted on seven renewals",
        "renewals",
        "share of contracts",
        "Retention rises with age, so one constant rate loses old contracts too fast.",
        lines,
        y_bounds=(0.0, 1.0),
    )


def gamma_gamma() -> Chart:
    own = np.linspace(0.0, 120.0, 25)
    lines = [
        Line(
            f"{x} orders",
            _points(own, CDNOW_SPEND.expected_value(np.full(own.size, float(x)), own)),
        )
        for x in (1, 2, 5, 20)
    ]
    lines.append(Line("as seen", _points(own, own)))
    return Chart(
        "Margin to expect of the next order",
        "own mean margin so far",
        "expected margin",
        "Few orders are drawn to the mean of all, many speak for themselves.",
        lines,
    )


def cost_to_serve() -> Chart:
    own = np.linspace(0.0, 500.0, 26)
    rates = CostRates(np.array([120.0]), 1.5, is_estimated=True)
    lines = []
    for years in (0.25, 1.0, 3.0, 10.0):
        seen = np.full(own.size, years)
        expected = rates.expected_rate(own * years, seen)
        lines.append(Line(f"{years:g} years seen", _points(own, expected)))
    return Chart(
        "Cost to serve a year: own ledger and class, where k is 1.5 years",
        "own cost a year so far",
        "expected cost a year",
        "A short ledger is drawn to the mean of its class, 120 here.",
        lines,
    )


def value() -> Chart:
    model, days = BgNbd(1.6, 88.0, 0.9, 11.0), np.linspace(0.0, 1095.75, 61)
    account = Histories.check([2.0], [60.0], [75.0])
    orders, alive = model.curves(account, days)
    lines = []
    for margin in (60.0, 90.0, 140.0):
        course = -400.0 + orders[0] * (margin - 12.0) - alive[0] / 365.25 * 90.0
        money = Economics.check(
            1,
            realised_profit=-400.0,
            margin_per_order=margin,
            cost_per_order=12.0,
            cost_per_year=90.0,
        )
        paid = expected_breakeven(
            model=model, histories=account, economics=money, horizon_days=1095.75
        )[0]
        when = f"month {paid / 30.4375:.0f}" if np.isfinite(paid) else "not expected"
        label = f"{margin:.0f}: {when}"
        lines.append(Line(label, _points(days / 30.4375, course)))
    return Chart(
        "Break-even after a cost of 400, by margin per order",
        "months from now",
        "profit to date and to come",
        "The account has paid back where its expected course crosses zero.",
        lines,
    )


def intervals() -> Chart:
    x = np.arange(0.0, 25.0, 2.0)
    histories = Histories.check(x, np.where(x > 0, 350.0, 0.0), 365.0)
    model = BgNbd(1.6, 88.0, 0.9, 11.0)
    portfolio = Portfolio.check(
        model=model,
        spend=GammaGamma(p=4.0, q=4.0, v=75.0),
        histories=histories,
        order_count=x + 1.0,
        mean_margin=100.0,
        annual_rate=RATE,
        horizon_days=1095.75,
    )
    span = value_intervals(portfolio, rng=np.random.default_rng(1), draws=1_000)
    orders = model.discounted_purchases(
        histories, annual_rate=RATE, horizon_days=1095.75
    )
    mean = orders * portfolio.margin_per_order
    return Chart(
        "Value over 36 months: expectation and 80 % interval",
        "repeat orders in the first year",
        "money",
        "Most of the width is chance: whether the account leaves, and when it buys.",
        [Line("expected", _points(x, mean))],
        [Band("80 % of futures", _points(x, span.low), _points(x, span.high))],
    )


def fitting() -> Chart:
    """Forecast nested firms, the smaller ones being the first of the larger."""
    rng = np.random.default_rng(12)
    truth = BgNbd(0.8, 42.0, 0.8, 4.0)
    sizes = [20, 40, 80, 160, 320, 640, 1280]
    firm = _firm(rng, truth, sizes[-1])
    x = np.log2(np.array(sizes) / 20.0)
    yearly, doubt = [], []
    for size in sizes:
        known = firm.take(np.arange(size))
        fit = fit_with_ladder(known)
        yearly.append(_per_account(fit.model, known))
        drawn = fit.model.draw_models(np.random.default_rng(3), 200)
        doubt.append(np.quantile([_per_account(m, known) for m in drawn], [0.1, 0.9]))
    right = [_per_account(truth, firm.take(np.arange(size))) for size in sizes]
    bounds = np.array(doubt)
    return Chart(
        "The ladder: orders to expect a year, by size of the firm",
        "doublings of 20 accounts",
        "orders per account",
        "A weak prior keeps small firms near the truth, with honest doubt.",
        [
            Line("ladder", _points(x, np.array(yearly))),
            Line("truth", _points(x, np.array(right))),
        ],
        [
            Band(
                "80 % of parameters", _points(x, bounds[:, 0]), _points(x, bounds[:, 1])
            )
        ],
    )


def _firm(rng: np.random.Generator, truth: BgNbd, size: int) -> Histories:
    rate = rng.gamma(truth.r, 1 / truth.alpha, size)
    leaves, age = rng.beta(truth.a, truth.b, size), np.rint(rng.uniform(90, 700, size))
    x, recency, now = np.zeros(size), np.zeros(size), np.zeros(size)
    active = np.arange(size)
    while active.size:
        now[active] += rng.exponential(1 / rate[active])
        active = active[now[active] < age[active]]
        x[active] += 1
        recency[active] = np.ceil(now[active])
        active = active[rng.random(active.size) >= leaves[active]]
    return Histories.check(x, recency, age)


def _per_account(model: RepeatBuyingModel, known: Histories) -> float:
    return float(model.expected_purchases(known, horizon_days=365.25).mean())


def judging() -> Chart:
    """Cover counts by the central part of a Poisson forecast of 3 orders."""
    counts, levels = np.arange(60), np.linspace(0.0, 1.0, 41)
    upper = poisson.cdf(counts, 3.0)
    lower = np.append(0.0, upper[:-1])
    low, high = 0.5 - 0.5 * levels[:, None], 0.5 + 0.5 * levels[:, None]
    inside = np.clip(np.minimum(upper, high) - np.maximum(lower, low), 0.0, None)
    width = np.maximum(upper - lower, 1e-300)
    came = {
        "as forecast": poisson.pmf(counts, 3.0),
        "30 % more came": poisson.pmf(counts, 3.9),
        "accounts differ more": nbinom.pmf(counts, 1.0, 0.25),
    }
    lines = [
        Line(label, _points(100 * levels, 100 * (inside / width) @ chances))
        for label, chances in came.items()
    ]
    return Chart(
        "Coverage: what share of outcomes lay within the interval",
        "level of the interval, %",
        "covered, %",
        "Only an honest forecast lies on the diagonal; counts share out their step.",
        lines,
        y_bounds=(0.0, 100.0),
    )


def change() -> Chart:
    days = np.arange(0.0, 361.0, 3.0)
    bought = [40.0, 90.0, 130.0, 185.0]
    worth = []
    for day in days:
        past = [one for one in bought if one <= day]
        recency = past[-1] if past else 0.0
        one = Histories.check([float(len(past))], [recency], [max(day, recency)])
        orders = CDNOW.discounted_purchases(one, annual_rate=RATE, horizon_days=1095.75)
        worth.append(float(orders[0]) * 35.0)
    return Chart(
        "Future value of an account that orders on days 40, 90, 130 and 185",
        "days since the first order",
        "future value",
        "Silence takes value day by day (retention), each order gives some (orders).",
        [Line("future value", _points(days, np.array(worth)))],
    )


def justified() -> Chart:
    margins = np.linspace(-200.0, 2_000.0, 45)
    lines = []
    for share in ("0.05", "0.15", "0.30"):
        limits = [
            justified_spend(
                expected_margin_year=Decimal(f"{margin:.2f}"),
                expected_margin=Decimal(f"{2.4 * margin:.2f}"),
                effect_share=Decimal(share),
                used=Decimal("0.00"),
            ).limit
            for margin in margins.tolist()
        ]
        label = f"effect {float(share):.0%}"
        lines.append(Line(label, _points(margins, np.array(limits, dtype=float))))
    return Chart(
        "Care that pays for itself within a year",
        "margin expected within the year",
        "justified spend",
        "Nothing is justified where a loss is expected.",
        lines,
    )


FIGURES: Mapping[str, Callable[[], Chart]] = {
    "bg-bb": bg_bb,
    "bg-nbd": bg_nbd,
    "change": change,
    "cost-to-serve": cost_to_serve,
    "fitting": fitting,
    "gamma-gamma": gamma_gamma,
    "intervals": intervals,
    "judging": judging,
    "justified-spend": justified,
    "mbg-cnbd": mbg_cnbd,
    "pareto-nbd": pareto_nbd,
    "sbg": sbg,
    "value": value,
}
