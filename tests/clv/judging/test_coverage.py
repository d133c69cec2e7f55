"""Intervals hold what they promise, in worlds whose truth is known.

Each firm is judged on the day T as a night would judge it; then a year comes that
nobody saw.
"""

import numpy as np
import pytest

from clv.engine.judging.backtest import run_backtest
from clv.engine.judging.bands import BAND_EDGES, band_error
from clv.engine.judging.calibration import Calibration, drawn_orders, money_steps
from clv.engine.judging.candidates import mixture_of
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.trials import try_origin
from clv.engine.portfolio import Portfolio
from clv.engine.spend_habits import fit_spend
from clv.engine.uncertainty import total_intervals, value_intervals
from tests.clv.judging.logs import START

DAYS, YEAR = 730, 365
ACCOUNTS = 1500


def world(kind, seed):
    """BG/NBD buyers, the same with margins that follow their pace, silent deaths."""
    rng = np.random.default_rng(seed)
    codes, stamps, values = [], [], []
    for code in range(ACCOUNTS):
        pace = rng.gamma(1.2)
        mean = 30.0 / rng.gamma(3.5, 1 / 14.0)
        if kind == "margins follow pace":
            mean = 150.0 * pace**0.35 * rng.lognormal(-0.1, 0.45)
        leaves, death = rng.beta(0.8, 5.0), np.inf
        now = rng.uniform(0, 0.9 * DAYS)
        if kind == "silent deaths":
            leaves, death = 0.0, now + rng.exponential(1 / rng.gamma(1.2, 1 / 700))
        first = True
        while now < min(DAYS + YEAR, death):
            codes.append(code)
            stamps.append(START + int(now))
            values.append(mean * rng.gamma(3.0) / 3)
            if not first and rng.random() < leaves:
                break
            first = False
            now += rng.exponential(50.0 / pace)
    return PurchaseLog.check(codes, stamps, values)


@pytest.fixture(
    scope="module",
    params=["beta-geometric", "margins follow pace", "silent deaths"],
)
def judged(request):
    """What the back-test said on day T, and the origin that nobody saw."""
    log = world(request.param, seed=1)
    told = run_backtest(log, START + DAYS)
    trial = try_origin(log, START + DAYS, YEAR)
    known = trial.known.log
    count, mean = known.purchase_days, known.mean_values
    return told, trial, fit_spend(count, mean, habits=told.spend).model


@pytest.mark.parametrize(("level", "slack"), [(0.8, 0.03), (0.9, 0.02)])
def test_accounts_are_covered_as_promised(judged, level, slack):
    told, trial, spend = judged
    rng = np.random.default_rng(0)
    orders = drawn_orders(
        trial, told.choice.model_weights, rng=rng, pace_error=told.money_error
    )
    steps = money_steps(trial, orders, spend, rng=rng)
    came = Calibration(tuple(steps.places().tolist()))
    assert came.coverage(told.money_calibration.level(level)) == pytest.approx(
        level, abs=slack
    )


def test_totals_of_firm_and_bands_are_held(judged):
    told, trial, spend = judged
    log, came = trial.known.log, trial.outcome.values
    portfolio = Portfolio.check(
        model=mixture_of(trial.field, told.choice.model_weights),
        spend=spend,
        histories=trial.known.histories,
        order_count=log.purchase_days,
        mean_margin=log.mean_values,
        annual_rate=0.0,
        horizon_days=trial.known.clock_days(YEAR),
    )
    spread = value_intervals(portfolio, rng=np.random.default_rng(1), draws=80).spread
    forecast = trial.mixed_counts(told.choice.model_weights)
    forecast = forecast * portfolio.margin_per_order
    band = np.searchsorted(np.quantile(forecast, BAND_EDGES), forecast)
    firm = total_intervals(portfolio, spread, model_error=told.money_error)
    parts = total_intervals(portfolio, spread, group=band, model_error=told.part_error)
    assert firm.low[0] <= came.sum() <= firm.high[0]
    actual = np.bincount(band, came)
    held = (parts.low <= actual) & (actual <= parts.high)
    assert held.sum() >= 3


def test_pace_is_seen_where_it_is_and_only_there(judged, request):
    told, _, _ = judged
    follows = "follow" in request.node.callspec.id
    assert (told.spend.model.slope > 0.12) == follows
    assert told.spend.model.p == pytest.approx(3.0, abs=0.35)
    assert told.spend.own_share < 0.2


# -- Parts of a firm -----------------------------------------------------------------


def test_bands_that_are_right_leave_the_usual_doubt_shrunk():
    told = [np.arange(1.0, 101.0)] * 3
    assert band_error(told, told) == pytest.approx(0.15 * np.sqrt(2 / 5))


def test_a_right_total_with_wrong_bands_is_seen():
    told = np.arange(1.0, 1001.0)
    came = told * np.where(told > 900, 1.5, 1.0)
    came *= told.sum() / came.sum()
    right = band_error([told] * 3, [told] * 3)
    assert band_error([told] * 3, [came] * 3) > right + 0.05


def test_luck_of_single_accounts_is_no_error_of_the_model():
    rng = np.random.default_rng(2)
    told = np.full(4000, 10.0) + rng.random(4000)
    came = told * rng.gamma(0.05, 20.0, 4000)
    lucky = band_error([told] * 3, [came] * 3)
    assert lucky == pytest.approx(0.15 * np.sqrt(2 / 5), abs=0.02)
