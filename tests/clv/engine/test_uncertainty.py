import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.futures import pace_factors, sample_at_pace
from clv.engine.history import Histories
from clv.engine.models import BgNbd, fit_bgnbd
from clv.engine.portfolio import Portfolio
from clv.engine.spend import GammaGamma, fit_gamma_gamma
from clv.engine.uncertainty import total_intervals, value_intervals
from clv.engine.value import value_accounts
from tests.clv.engine import cdnow

MODEL = BgNbd(0.8, 40.0, 0.8, 3.0)
SPEND = GammaGamma(6.25, 3.74, 15.44)


def portfolio(histories, count, mean, *, model=MODEL, spend=SPEND, **costs):
    return Portfolio.check(
        model=model,
        spend=spend,
        histories=histories,
        order_count=count,
        mean_margin=mean,
        annual_rate=0.0,
        horizon_days=364,
        **costs,
    )


def told_value(rng, model, spend, x, z, age):
    """One account's future told order by order, given the posterior of its traits."""
    if (
        rng.random()
        >= model.probability_alive(Histories.check([x], [age - 7], [age]))[0]
    ):
        return 0.0
    rate = rng.gamma(model.r + x) / (model.alpha + age)
    leaving = rng.beta(model.a, model.b + x)
    nu = rng.gamma(spend.q + spend.p * (x + 1)) / (spend.v + (x + 1) * z)
    now, value = rng.exponential(1 / rate), 0.0
    while now < 364:
        value += rng.gamma(spend.p) / nu
        if rng.random() < leaving:
            break
        now += rng.exponential(1 / rate)
    return value


def test_interval_agrees_with_a_story_told_order_by_order():
    x, z, age = 5, 30.0, 203
    rng = np.random.default_rng(0)
    told = [told_value(rng, MODEL, SPEND, x, z, age) for _ in range(6000)]
    got = value_intervals(
        portfolio(Histories.check([x], [age - 7], [age]), [x + 1], [z]),
        rng=np.random.default_rng(1),
        draws=6000,
    )
    low, high = np.quantile(told, [0.1, 0.9])
    assert got.low[0] == pytest.approx(low, rel=0.1, abs=3)
    assert got.high[0] == pytest.approx(high, rel=0.05)
    assert got.spread[0] == pytest.approx(np.std(told), rel=0.1)


def test_four_in_five_holdout_values_fall_inside():
    """CDNOW sample: 39 weeks known, 39 weeks held out; discreteness makes it wide."""
    table = cdnow.summary()
    histories = cdnow.histories()
    count, mean = table.x.to_numpy() + 1, table.mean_all.to_numpy()
    known = portfolio(
        histories,
        count,
        mean,
        model=fit_bgnbd(histories),
        spend=fit_gamma_gamma(count, mean),
    )
    known = Portfolio.check(
        model=known.model,
        spend=known.spend,
        histories=histories,
        order_count=count,
        mean_margin=mean,
        annual_rate=0.0,
        horizon_days=273,
    )
    got = value_intervals(known, rng=np.random.default_rng(7), draws=300)
    later = cdnow.summary(cdnow.WEEKS_78).total - table.total
    inside = (later >= got.low - 1e-6) & (later <= got.high + 1e-6)
    assert 0.80 <= inside.mean() <= 0.93


def test_mean_of_draws_is_the_expected_value():
    rows = Histories.check([0, 5, 30], [0, 196, 196], [203, 203, 203])
    known = portfolio(
        rows, [1, 6, 31], [30.0, 30.0, -10.0], cost_per_order=2.0, cost_per_year=10.0
    )
    got = value_intervals(known, rng=np.random.default_rng(1), draws=4000, level=0.5)
    values = value_accounts(
        model=MODEL,
        histories=rows,
        margin_per_order=known.margin_per_order,
        cost_per_order=2.0,
        cost_per_year=10.0,
        annual_rate=0.0,
        horizon_days=364,
    ).future_value
    assert (got.low <= values).all()
    assert (values[1:] <= got.high[1:]).all()


def test_same_seed_same_interval_and_wider_level_wider_interval():
    rows = Histories.check([0, 5], [0, 196], [203, 203])
    known = portfolio(rows, [1, 6], [30.0, 30.0])
    one, two = (value_intervals(known, rng=np.random.default_rng(1)) for _ in range(2))
    wide = value_intervals(known, rng=np.random.default_rng(1), level=0.95)
    assert np.array_equal(one.low, two.low)
    assert np.array_equal(one.high, two.high)
    assert (wide.low <= one.low).all()
    assert (wide.high >= one.high).all()


def test_parameter_doubt_widens():
    rows = Histories.check([2] * 3, [60, 60, 60], [90, 90, 90])
    sure = portfolio(rows, [3] * 3, [30.0] * 3)
    unsure_model = BgNbd(
        0.8, 40.0, 0.8, 3.0, log_covariance=tuple(map(tuple, np.eye(4) * 0.5))
    )
    unsure = portfolio(rows, [3] * 3, [30.0] * 3, model=unsure_model)
    narrow = value_intervals(sure, rng=np.random.default_rng(1), draws=2000)
    broad = value_intervals(unsure, rng=np.random.default_rng(1), draws=2000)
    assert (broad.spread > 1.05 * narrow.spread).all()
    total = [total_intervals(known, narrow.spread) for known in (sure, unsure)]
    assert total[1].spread[0] > total[0].spread[0]


def test_doubt_of_the_firm_s_pace_widens_within_the_days_there_are():
    rows = Histories.check([2, 40], [60, 700], [90, 720])
    known = portfolio(rows, [3, 41], [30.0, 30.0])
    sure, same, broad = (
        value_intervals(
            known, rng=np.random.default_rng(1), draws=2000, pace_error=error
        )
        for error in (0.0, 0.0, 0.3)
    )
    assert (sure.low == same.low).all()
    # The many orders of the second are sure but for the pace, those of the first not.
    wider = broad.spread / sure.spread
    assert wider[1] > 1.3 > wider[0] > 1.0
    assert (broad.high - broad.low)[1] > 1.2 * (sure.high - sure.low)[1]
    for pace in (0.4, 1.0, 3.0):
        bought, lived = sample_at_pace(
            MODEL, rows, 364.0, pace, np.random.default_rng(1)
        )
        assert (lived <= 364.0).all()
        assert (bought <= 364.0).all()


def test_paces_are_student_s_with_a_median_of_1():
    paces = np.sort(pace_factors(0.2, np.random.default_rng(3), 200))
    assert np.sqrt(paces[99] * paces[100]) == pytest.approx(1.0)
    # t of 5 degrees: 90 % lie below 1.476; the scale is that of one more origin.
    scale = 0.2 * np.sqrt(1.2)
    assert np.interp(0.9, (np.arange(200) + 0.5) / 200, paces) == pytest.approx(
        np.exp(1.4759 * scale), rel=1e-3
    )
    assert (pace_factors(0.0, np.random.default_rng(3), 5) == 1.0).all()


def test_total_of_independent_accounts_grows_with_the_root():
    rows = Histories.check([2] * 400, [60] * 400, [90] * 400)
    known = portfolio(rows, [3] * 400, [30.0] * 400)
    spread = np.full(400, 10.0)
    all_of_them = total_intervals(known, spread)
    assert all_of_them.spread[0] == pytest.approx(200.0)
    halves = total_intervals(known, spread, group=np.arange(400) % 2)
    assert halves.total.sum() == pytest.approx(all_of_them.total[0])
    assert halves.spread == pytest.approx([np.sqrt(200) * 10] * 2)
    with_error = total_intervals(known, spread, model_error=0.1)
    assert with_error.spread[0] > 0.1 * with_error.total[0]
    assert with_error.low[0] < all_of_them.low[0]


def test_total_matches_the_values():
    rows = cdnow.histories()
    table = cdnow.summary()
    count, mean = table.x + 1, table.mean_all
    known = portfolio(rows, count, mean)
    values = value_accounts(
        model=MODEL,
        histories=rows,
        margin_per_order=SPEND.expected_value(count, mean),
        annual_rate=0.0,
        horizon_days=364,
    )
    total = total_intervals(known, np.zeros(len(rows))).total[0]
    assert total == pytest.approx(values.future_value.sum(), rel=2e-3)


def test_total_interval_of_a_fit_is_like_a_bootstrap_of_draws():
    rows = cdnow.histories()
    table = cdnow.summary()
    model = fit_bgnbd(rows)
    known = portfolio(rows, table.x + 1, table.mean_all, model=model)
    spread = total_intervals(known, np.zeros(len(rows))).spread[0]
    margin = SPEND.expected_value(table.x + 1, table.mean_all)
    totals = [
        drawn.expected_purchases(rows, horizon_days=364) @ margin
        for drawn in model.draw_models(np.random.default_rng(1), 150)
    ]
    assert spread == pytest.approx(np.std(totals), rel=0.25)


def test_no_account_has_empty_intervals():
    got = value_intervals(
        portfolio(Histories.check([], [], []), [], []), rng=np.random.default_rng(1)
    )
    assert got.low.size == 0


@pytest.mark.parametrize("level", [0.0, 1.0, np.nan])
def test_levels_lie_between(level):
    known = portfolio(Histories.check([0], [0], [9]), [1], [5.0])
    with pytest.raises(BadParameterError, match="level"):
        value_intervals(known, rng=np.random.default_rng(1), level=level)


def test_other_faults_are_named():
    known = portfolio(Histories.check([0], [0], [9]), [1], [5.0])
    with pytest.raises(BadParameterError, match="draws"):
        value_intervals(known, rng=np.random.default_rng(1), draws=1)
    with pytest.raises(BadParameterError, match="pace_error"):
        value_intervals(known, rng=np.random.default_rng(1), pace_error=np.nan)
    with pytest.raises(BadParameterError, match="model_error"):
        total_intervals(known, np.zeros(1), model_error=-1)
    with pytest.raises(BadParameterError, match="group"):
        total_intervals(known, np.zeros(1), group=[-1])
