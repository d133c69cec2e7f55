import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.breakeven import Economics, breakeven_range, expected_breakeven
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models import BgNbd
from clv.engine.spend import GammaGamma

# Nobody leaves and nobody differs: 1 order in 10 days for everybody.
STEADY = BgNbd(1e6, 1e7, 1e-6, 1e3)
LEAVING = BgNbd(0.8, 30.0, 0.8, 3.0)
SPEND = GammaGamma(6.25, 3.74, 15.44)
ONE = Histories.check([3], [100], [110])


def economics(realised, margin, per_order=0.0, per_year=0.0, count=1):
    return Economics.check(
        count,
        realised_profit=realised,
        margin_per_order=margin,
        cost_per_order=per_order,
        cost_per_year=per_year,
    )


def days(model, money, horizon=1096.0, histories=ONE):
    return expected_breakeven(
        model=model, histories=histories, economics=money, horizon_days=horizon
    )


def test_a_steady_buyer_pays_back_by_arithmetic():
    """300 owed, 1 order of net 6 in 10 days, 0.1 a day to serve: 600 days."""
    money = economics(-300.0, 8.0, per_order=2.0, per_year=36.525)
    assert days(STEADY, money)[0] == pytest.approx(600.0, rel=1e-4)


def test_paid_back_already_is_zero():
    two = ONE.take(np.array([0, 0]))
    money = economics([0.0, 5.0], 1.0, count=2)
    assert days(LEAVING, money, histories=two).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("margin", [0.0, -5.0, 1e-6])
def test_never_is_an_answer(margin):
    assert days(LEAVING, economics(-100.0, margin))[0] == np.inf


def test_beyond_the_horizon_is_not_expected():
    money = economics(-300.0, 6.0)
    assert days(STEADY, money, horizon=400.0)[0] == np.inf
    assert days(STEADY, money, horizon=600.0)[0] == pytest.approx(500.0, rel=1e-4)


@given(st.floats(-1e4, -0.01), st.floats(0.1, 1e4), st.floats(0.0, 1e3))
def test_a_larger_debt_takes_longer(debt, margin, per_year):
    two = ONE.take(np.array([0, 0]))
    money = economics([debt, 2 * debt], margin, per_year=per_year, count=2)
    small, large = days(LEAVING, money, histories=two)
    assert 0.0 < small <= large


def test_range_holds_the_expected_day_and_knows_doubt():
    two = Histories.check([3, 20], [100, 300], [110, 305])
    money = economics([-20.0, -400.0], 40.0, count=2)
    expected = days(LEAVING, money, histories=two)
    got = breakeven_range(
        model=LEAVING,
        spend=SPEND,
        histories=two,
        order_count=[4, 21],
        economics=money,
        horizon_days=1096,
        rng=np.random.default_rng(3),
        draws=400,
        level=0.6,
    )
    assert (got.low_days < expected).all()
    assert (expected < got.high_days).all()
    assert ((got.probability > 0.3) & (got.probability < 1.0)).all()


def test_range_of_a_steady_buyer_is_narrow_around_the_arithmetic():
    certain = GammaGamma(1e6, 1e6, 1.0)
    got = breakeven_range(
        model=STEADY,
        spend=certain,
        histories=ONE,
        order_count=[4],
        economics=economics(-300.0, 8.0, per_order=2.0, per_year=36.525),
        horizon_days=1096,
        rng=np.random.default_rng(3),
        draws=300,
    )
    assert got.probability[0] > 0.95
    assert 400 < got.low_days[0] < 600 < got.high_days[0] < 850


def test_ranges_hold_what_they_promise_of_simulated_customers():
    """Each buys, leaves and pays by a rate, a chance and a mean margin of its own.

    Where the range is open above it promises nine of ten, where no payback is likely
    that none comes.
    """
    rng = np.random.default_rng(8)
    r, alpha, a, b, debt, seen, horizon = 3.0, 60.0, 0.2, 8.0, 60.0, 200.0, 1096.0
    count = 2_500
    rate, leaving = rng.gamma(r, 1.0 / alpha, count), rng.beta(a, b, count)
    mean = SPEND.p * SPEND.v / rng.gamma(SPEND.q, 1.0, count)
    now, gone = np.zeros(count), np.zeros(count, dtype=bool)
    x, recency, paid = np.zeros(count), np.zeros(count), np.full(count, np.inf)
    known = rng.gamma(SPEND.p, mean / SPEND.p)
    brought = np.zeros(count)
    for _ in range(400):
        now = np.where(gone, np.inf, now + rng.exponential(1.0 / rate))
        value = rng.gamma(SPEND.p, mean / SPEND.p)
        past, later = now <= seen, (now > seen) & (now <= seen + horizon)
        x, known = x + past, known + np.where(past, value, 0.0)
        recency = np.where(past, now, recency)
        brought += np.where(later, value, 0.0)
        paid = np.where(later & (brought >= debt), np.minimum(paid, now - seen), paid)
        gone |= rng.random(count) < leaving
    orders = x + 1.0
    got = breakeven_range(
        model=BgNbd(r, alpha, a, b),
        spend=SPEND,
        histories=Histories.check(x, np.ceil(recency), np.full(count, seen)),
        order_count=orders,
        economics=economics(
            [-debt] * count, SPEND.expected_value(orders, known / orders), count=count
        ),
        horizon_days=horizon,
        rng=rng,
        draws=200,
    )
    inside = (got.low_days <= paid) & (paid <= got.high_days)
    promised = np.where(np.isinf(got.high_days), 0.9, 0.8)
    never = np.isinf(got.low_days)
    promised[never] = 1.0 - got.probability[never]
    assert inside.mean() == pytest.approx(promised.mean(), abs=0.03)
    assert got.probability.mean() == pytest.approx(np.isfinite(paid).mean(), abs=0.03)
    assert (np.isfinite(got.high_days)).sum() > 100


def test_paid_back_accounts_need_no_range():
    got = breakeven_range(
        model=LEAVING,
        spend=SPEND,
        histories=ONE,
        order_count=[4],
        economics=economics(10.0, 8.0),
        horizon_days=1096,
        rng=np.random.default_rng(3),
    )
    assert (got.low_days[0], got.high_days[0], got.probability[0]) == (0.0, 0.0, 1.0)


def test_faults_are_named():
    with pytest.raises(BadParameterError, match="horizon_days"):
        days(LEAVING, economics(-1.0, 1.0), horizon=-1)
    with pytest.raises(BadParameterError, match="cost_per_year has 2 values"):
        economics(-1.0, 1.0, per_year=[1.0, 2.0])
