"""Intervals hold the future of the demo firm, told anew from its truth.

The firm is judged on its last day as a night would judge it, without a database; then
every account lives on by what is true of it.
"""

import numpy as np
import pytest

from clv.engine.judging.backtest import run_backtest
from clv.engine.judging.bands import BAND_EDGES
from clv.engine.judging.calibration import Calibration, drawn_orders, money_steps
from clv.engine.judging.candidates import mixture_of
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.trials import try_origin
from clv.engine.portfolio import Portfolio
from clv.engine.spend_habits import fit_spend
from clv.engine.uncertainty import total_intervals, value_intervals
from crm.services.demo.block import FirstIds, draw_block
from crm.services.demo.catalogue import make_shelf
from crm.services.demo.truth import WINDOW_DAYS, Truth, expected_orders

ACCOUNTS, YEAR = 1200, 365
BEGIN = np.datetime64("2023-07-01")
MODEL = Truth()


def lived_on(rng, traits, is_alive):
    """Return customer, day and margin of the orders of the year after the last day."""
    rows, active = [], np.flatnonzero(is_alive)
    now = np.zeros(len(is_alive))
    while active.size:
        now[active] += rng.exponential(1 / traits.rate[active])
        active = active[now[active] < YEAR]
        scatter = rng.gamma(MODEL.margin_shape, 1 / MODEL.margin_shape, active.size)
        day = WINDOW_DAYS + np.floor(now[active]).astype(int)
        rows.append((active, day, traits.margin[active] * scatter))
        active = active[rng.random(active.size) >= traits.dropout[active]]
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


@pytest.fixture(scope="module")
def world():
    """The log with the year that came, and what is true of each customer in it."""
    rng = np.random.default_rng(7)
    owned = np.ones(ACCOUNTS, bool)
    block = draw_block(rng, MODEL, make_shelf(), FirstIds(), owned, BEGIN)
    story, traits = block.story, block.traits
    came = lived_on(rng, traits, story.is_alive)
    past = (story.customer, story.day, story.margin / 100)
    code, day, money = (np.concatenate(pair) for pair in zip(past, came, strict=True))
    free = ~np.isin(code, block.agreed.customer)
    truth = expected_orders(traits, story.is_alive, YEAR) * traits.margin
    base = int(BEGIN.astype(int))
    log = PurchaseLog.check(code[free], base + day[free], money[free])
    return log, base + WINDOW_DAYS - 1, truth


@pytest.fixture(scope="module")
def judged(world):
    log, last_day, truth = world
    told = run_backtest(log, last_day)
    trial = try_origin(log, last_day, YEAR)
    known = trial.known.log
    habits = told.spend
    spend = fit_spend(known.purchase_days, known.mean_values, habits=habits).model
    return told, trial, spend, truth[known.accounts]


@pytest.mark.parametrize(("level", "slack"), [(0.8, 0.03), (0.9, 0.02)])
def test_accounts_of_the_demo_firm_are_covered_as_promised(judged, level, slack):
    told, trial, spend, _ = judged
    rng = np.random.default_rng(0)
    orders = drawn_orders(
        trial, told.choice.model_weights, rng=rng, pace_error=told.money_error
    )
    came = Calibration(
        tuple(money_steps(trial, orders, spend, rng=rng).places().tolist())
    )
    asked = told.money_calibration.level(level)
    assert came.coverage(asked) == pytest.approx(level, abs=slack)


def test_totals_of_the_demo_firm_hold_its_truth(judged):
    told, trial, spend, truth = judged
    log = trial.known.log
    portfolio = Portfolio.check(
        model=mixture_of(trial.field, told.choice.model_weights),
        spend=spend,
        histories=trial.known.histories,
        order_count=log.purchase_days,
        mean_margin=log.mean_values,
        annual_rate=0.0,
        horizon_days=trial.known.clock_days(YEAR),
    )
    forecast = trial.mixed_counts(told.choice.model_weights)
    forecast = forecast * portfolio.margin_per_order
    assert forecast.sum() / truth.sum() == pytest.approx(1.0, abs=0.15)
    spread = value_intervals(portfolio, rng=np.random.default_rng(1), draws=80).spread
    band = np.searchsorted(np.quantile(forecast, BAND_EDGES), forecast)
    firm = total_intervals(portfolio, spread, model_error=told.money_error)
    parts = total_intervals(portfolio, spread, group=band, model_error=told.part_error)
    assert firm.low[0] <= truth.sum() <= firm.high[0]
    true_parts = np.bincount(band, truth)
    assert ((parts.low <= true_parts) & (true_parts <= parts.high)).sum() >= 3


def test_the_scatter_of_the_demo_firm_is_found(judged):
    told, _, _, _ = judged
    assert told.spend.model.p == pytest.approx(MODEL.margin_shape, rel=0.1)
