"""What the plots of the methods pages show: one figure for each page.

Parameters are published ones (CDNOW in days, donations, the two cohorts of contracts)
or stated in the title; nothing is read from a database.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

from campaigns.engine.response import justified_share, secured
from clv.engine.breakeven import Economics, expected_breakeven
from clv.engine.costs import CostRates
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.history import Histories
from clv.engine.ladder import fit_with_ladder
from clv.engine.models import BgNbd, RepeatBuyingModel
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma
from clv.engine.uncertainty import value_intervals
from clv.engine.winning import chances_to_win
from docs.plots.buying import CDNOW, bg_bb, bg_nbd, mbg_cnbd, pareto_nbd, points, sbg
from docs.plots.firm import (
    allocation,
    campaigns,
    data_quality,
    levers,
    plan_optimiser,
    sequences,
    targeting,
)
from docs.plots.svg import Band, Chart, Line

CDNOW_SPEND = GammaGamma(p=6.25, q=3.74, v=15.44)
BUSY = BgNbd(1.6, 88.0, 0.9, 11.0)
RATE = 0.1

Floats = NDArray[np.float64]


def forecast() -> Chart:
    """Cut the expected course at the ends of months."""
    ends = np.arange(0.0, 37.0) * DAYS_PER_YEAR / 12.0
    known = {
        "12 orders, the last today": Histories.check([11.0], [360.0], [360.0]),
        "3 orders, the last today": Histories.check([2.0], [360.0], [360.0]),
        "3 orders, silent for a year": Histories.check([2.0], [90.0], [455.0]),
    }
    lines = []
    for label, account in known.items():
        orders = np.diff(BUSY.purchase_curve(account, ends)[0])
        lines.append(Line(label, points(np.arange(1.0, 37.0), 100.0 * orders)))
    return Chart(
        "Margin of the next months, at 100 an order",
        "month",
        "expected margin",
        "Months fall as accounts leave; a silent one may have left already.",
        lines,
    )


def likeness() -> Chart:
    """Draw a group of customers to all: 100 an order, with 25 customers' worth."""
    customers = np.arange(0.0, 205.0, 5.0)
    lines = []
    for own in (180.0, 130.0, 60.0):
        drawn = 100.0 + customers / (customers + 25.0) * (own - 100.0)
        lines.append(Line(f"group brings {own:.0f}", points(customers, drawn)))
    lines.append(Line("all customers", points(customers, np.full(41, 100.0))))
    return Chart(
        "What a prospect of a group is expected to bring per order",
        "customers of its group",
        "expected margin per order",
        "A small group says little of its own; a large one speaks for itself.",
        lines,
    )


def gamma_gamma() -> Chart:
    own = np.linspace(0.0, 120.0, 25)
    lines = [
        Line(
            f"{x} orders",
            points(own, CDNOW_SPEND.expected_value(np.full(own.size, float(x)), own)),
        )
        for x in (1, 2, 5, 20)
    ]
    lines.append(Line("as seen", points(own, own)))
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
        lines.append(Line(f"{years:g} years seen", points(own, expected)))
    return Chart(
        "Cost to serve a year: own ledger and class, where k is 1.5 years",
        "own cost a year so far",
        "expected cost a year",
        "A short ledger is drawn to the mean of its class, 120 here.",
        lines,
    )


def value() -> Chart:
    model, days = BUSY, np.linspace(0.0, 1095.75, 61)
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
        lines.append(Line(label, points(days / 30.4375, course)))
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
    model = BUSY
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
        [Line("expected", points(x, mean))],
        [Band("80 % of futures", points(x, span.low), points(x, span.high))],
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
            Line("ladder", points(x, np.array(yearly))),
            Line("truth", points(x, np.array(right))),
        ],
        [Band("80 % of parameters", points(x, bounds[:, 0]), points(x, bounds[:, 1]))],
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
        Line(label, points(100 * levels, 100 * (inside / width) @ chances))
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
        [Line("future value", points(days, np.array(worth)))],
    )


def justified() -> Chart:
    """Draw the response to care, less the spend: it pays until the top of each line."""
    spends = np.linspace(0.0, 500.0, 101)
    lines = []
    for effect in (0.05, 0.10, 0.15, 0.20):
        gain = secured(spend=spends, margin_year=4000.0, effect=effect, scale=0.05)
        best = float(justified_share(effect=effect, scale=0.05)) * 4000.0
        label = f"effect {effect:.0%}: justified {best:.0f}"
        lines.append(Line(label, points(spends, gain - spends)))
    return Chart(
        "What care gains, net of its cost, of 4,000 margin expected within a year",
        "spent on care within the year",
        "secured less spent",
        "Justified is the spend at the top: the next unit secures less than it costs.",
        lines,
    )


def winning() -> Chart:
    """Let the firm's own closed deals outweigh what the stage states."""
    closed = np.arange(0.0, 101.0, 2.0)
    lines = []
    for share in (0.1, 0.3, 0.6):
        won = share * closed
        prior = np.full_like(closed, 0.2)
        found = chances_to_win(won, closed - won, prior, weight=10.0)
        lines.append(Line(f"{share:.0%} of them won", points(closed, found.mean)))
    return Chart(
        "Chance to win in a stage that states 20 %",
        "closed deals that passed the stage",
        "chance to win",
        "The statement counts as ten deals; with each closed deal it weighs less.",
        lines,
    )


FIGURES: Mapping[str, Callable[[], Chart]] = {
    "allocation": allocation,
    "bg-bb": bg_bb,
    "bg-nbd": bg_nbd,
    "campaigns": campaigns,
    "change": change,
    "cost-to-serve": cost_to_serve,
    "data-quality": data_quality,
    "fitting": fitting,
    "forecast": forecast,
    "gamma-gamma": gamma_gamma,
    "intervals": intervals,
    "judging": judging,
    "justified-spend": justified,
    "levers": levers,
    "likeness": likeness,
    "mbg-cnbd": mbg_cnbd,
    "pareto-nbd": pareto_nbd,
    "plan-optimiser": plan_optimiser,
    "sbg": sbg,
    "sequences": sequences,
    "targeting": targeting,
    "value": value,
    "winning": winning,
}
