import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.contracts import (
    Luck,
    Money,
    Running,
    contract_breakeven,
    contract_breakeven_range,
    contract_intervals,
    expected_terms,
    fit_renewals,
    probability_alive,
    renewal_chance,
    value_contracts,
)
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.ladder import ASSUMED, INDIVIDUAL, POOLED
from clv.engine.models import Contracts, Sbg
from clv.engine.spend import GammaGamma
from tests.clv.engine.strategies import parameter

HIGH_END = Sbg(0.668, 3.806)
TABLE = Sbg(3.80, 15.20)
SPEND = GammaGamma(p=20.0, q=6.0, v=250.0)
YEAR = DAYS_PER_YEAR
GRACE = 60.0


def _terms(model, running, *, rate=0.0, horizon=3 * YEAR):
    return expected_terms(
        [model], running, annual_rate=rate, horizon_days=horizon, grace_days=GRACE
    )


def test_yearly_fees_are_worth_what_the_paper_tabulates():
    """Fader & Hardie 2010, table 3: next renewal due now, 10 % a year, for ever."""
    running = Running.check([0, 1, 2, 3, 4], 0.0, YEAR)
    terms = _terms(TABLE, running, rate=0.1, horizon=400 * YEAR).terms
    assert terms == pytest.approx((3.31, 3.45, 3.59, 3.72, 3.84), abs=0.011)
    assert terms == pytest.approx(
        TABLE.discounted_renewals([0, 1, 2, 3, 4], rate_per_period=0.1), rel=1e-9
    )


def test_survival_of_terms_is_that_of_the_published_cohort():
    """After year 1 the high-end cohort keeps 869, 743, 653 of 1,000; model 0.8507.."""
    running = Running.check([0.0], 0.0, YEAR)
    terms = [_terms(HIGH_END, running, horizon=n * YEAR).terms[0] for n in (1, 2, 3, 4)]
    survival = np.diff([0.0, *terms])
    assert survival == pytest.approx(HIGH_END.survival([1, 2, 3, 4]))
    assert survival[:3] == pytest.approx([0.869, 0.743, 0.653], abs=0.02)


def test_a_contract_worked_out_by_hand():
    """Beta(1, 3), one renewal survived, due in half a year, yearly terms, no discount.

    Chances: 4/5 at 0.5 years, then 5/6 at 1.5 and 6/7 at 2.5: 0.8, 2/3, 4/7. Years
    lived in three: 0.5 + 0.8 + 2/3 + 4/7 / 2.
    """
    running = Running.check([1.0], 0.5 * YEAR, YEAR)
    flows = _terms(Sbg(1.0, 3.0), running)
    assert flows.terms[0] == pytest.approx(0.8 + 2 / 3 + 4 / 7)
    assert flows.years[0] == pytest.approx(0.5 + 0.8 + 2 / 3 + 2 / 7)

    values = value_contracts(
        models=[Sbg(1.0, 3.0)],
        running=running,
        money=Money.check(
            1,
            margin_per_term=1000.0,
            margin_per_year=200.0,
            orders_per_term=1.0,
            orders_per_year=2.0,
            cost_per_order=10.0,
            cost_per_year=50.0,
        ),
        annual_rate=0.0,
        horizon_days=3 * YEAR,
        grace_days=GRACE,
    )
    terms, years = 0.8 + 2 / 3 + 4 / 7, 0.5 + 0.8 + 2 / 3 + 2 / 7
    assert values.expected_margin[0] == pytest.approx(1000 * terms + 200 * years)
    assert values.expected_orders[0] == pytest.approx(terms + 2 * years)
    assert values.order_cost[0] == pytest.approx(10 * (terms + 2 * years))
    assert values.serving_cost[0] == pytest.approx(50 * years)
    assert values.future_value[0] == pytest.approx(
        values.expected_margin[0] - values.order_cost[0] - values.serving_cost[0]
    )
    assert values.expected_margin_year[0] == pytest.approx(
        1000 * 0.8 + 200 * (0.5 + 0.8 / 2)
    )
    assert values.probability_alive[0] == 1.0


def test_discounting_by_hand():
    """One certain renewal (beta huge) in a year, horizon two years, 10 %."""
    running = Running.check([0.0], YEAR, 10 * YEAR)
    flows = _terms(Sbg(1e-9, 1e9), running, rate=0.1, horizon=2 * YEAR)
    assert flows.terms[0] == pytest.approx(1 / 1.1)
    assert flows.years[0] == pytest.approx((1 - 1.1**-2) / np.log(1.1))


def test_the_running_term_is_not_paid_twice():
    running = Running.check([3.0], 200.0, 365.0)
    flows = _terms(HIGH_END, running, horizon=199.0)
    assert flows.terms[0] == 0.0
    assert flows.years[0] == pytest.approx(199.0 / YEAR)


def test_a_late_renewal_loses_its_odds_until_it_is_gone():
    days = np.array([10.0, 0.0, -30.0, -59.9, -60.0, -400.0])
    running = Running.check(np.zeros(6), days, YEAR)
    model = Sbg(1.0, 3.0)  # first renewal 3/4
    chance = renewal_chance([model], running, grace_days=GRACE)
    assert chance[:3] == pytest.approx([0.75, 0.75, 0.6])
    assert 0 < chance[3] < 0.01
    assert chance[4:].tolist() == [0.0, 0.0]
    alive = probability_alive([model], running, grace_days=GRACE)
    assert alive[:2].tolist() == [1.0, 1.0]
    assert alive[2:].tolist() == chance[2:].tolist()
    assert _terms(model, running).years[4:].tolist() == [0.0, 0.0]


def test_groups_follow_their_own_models():
    running = Running.check([0, 0], 0.0, YEAR, group=[0, 1])
    models = [Sbg(1.0, 1.0), Sbg(1.0, 9.0)]
    chance = renewal_chance(models, running, grace_days=GRACE)
    assert chance == pytest.approx([0.5, 0.9])
    with pytest.raises(BadParameterError, match="highest group"):
        renewal_chance(models[:1], running, grace_days=GRACE)


@given(
    alpha=parameter(),
    beta=parameter(),
    renewals=st.integers(0, 40),
    due=st.floats(-59, 800),
    term=st.sampled_from([30.4375, 91.3125, 365.25, 1095.75]),
)
def test_more_renewals_never_lower_the_value(alpha, beta, renewals, due, term):
    model = Sbg(alpha, beta)
    young, old = (
        _terms(model, Running.check([k], due, term), rate=0.1)
        for k in (renewals, renewals + 1)
    )
    assert old.terms[0] >= young.terms[0] * (1 - 1e-12)
    assert old.years[0] >= young.years[0] * (1 - 1e-12)
    assert 0.0 <= young.years[0] <= 3.0


def _simulate(rng, size, alpha, beta, due, *, term=YEAR, horizon=3 * YEAR):
    """Tell the story itself: each contract has its own chance to end."""
    theta = rng.beta(alpha, beta, size)
    begin, alive = due, np.ones(size, bool)
    terms, years = np.zeros(size), np.full(size, min(due, horizon))
    while begin < horizon:
        alive &= rng.random(size) >= theta
        terms += alive
        years += alive * (min(begin + term, horizon) - begin)
        begin += term
    return terms, years / YEAR


def test_a_simulated_firm_gets_what_was_expected():
    """Contracts two renewals old: theta is Beta(alpha, beta + 2) among them."""
    rng = np.random.default_rng(5)
    alpha, beta, due, term, horizon = 0.9, 3.0, 100.0, 182.625, 3 * YEAR
    terms, years = _simulate(rng, 200_000, alpha, beta + 2, due, term=term)
    flows = _terms(Sbg(alpha, beta), Running.check([2.0], due, term), horizon=horizon)
    assert flows.terms[0] == pytest.approx(terms.mean(), abs=0.02)
    assert flows.years[0] == pytest.approx(years.mean(), abs=0.01)


def test_intervals_hold_the_simulated_futures():
    rng = np.random.default_rng(6)
    size, alpha, beta = 20_000, 0.9, 3.0
    seen = 2.0
    terms, years = _simulate(rng, size, alpha, beta + 1, 100.0)
    # Margins per year: the account's mean among those with two years of mean 60.
    nu = rng.gamma(SPEND.p * seen + SPEND.q, 1 / (SPEND.v + seen * 60.0), size)
    lived = np.maximum(years, 1e-9)
    worth = rng.gamma(SPEND.p * lived, 1.0) / (SPEND.p * lived) * SPEND.p / nu
    truth = worth * (terms + 0.5 * years)
    expected = SPEND.expected_value([seen], [60.0])[0]
    spans = {
        level: contract_intervals(
            models=[Sbg(alpha, beta)],
            spend=SPEND,
            running=Running.check([1.0], 100.0, YEAR),
            money=Money.check(
                1, margin_per_term=expected, margin_per_year=0.5 * expected
            ),
            seen_years=seen,
            annual_rate=0.0,
            horizon_days=3 * YEAR,
            grace_days=GRACE,
            rng=np.random.default_rng(1),
            draws=1_000,
            level=level,
        )
        for level in (0.8, 0.9)
    }
    for level, span in spans.items():
        inside = (truth >= span.low[0]) & (truth <= span.high[0])
        assert inside.mean() == pytest.approx(level, abs=0.03)
    assert spans[0.8].spread[0] == pytest.approx(truth.std(), rel=0.05)


def test_an_interval_does_not_depend_on_its_neighbours():
    def spans(rows):
        running = Running.check([0, 5, 2], [10.0, 300.0, -20.0], [365.0, 365.0, 30.0])
        money = Money.check(3, margin_per_term=[100.0, 20.0, 9.0], cost_per_year=5.0)
        index = np.array(rows)
        return contract_intervals(
            models=[HIGH_END],
            spend=SPEND,
            running=running.take(index),
            money=money.take(index),
            seen_years=np.array([0.5, 6.0, 1.0])[index],
            annual_rate=0.1,
            horizon_days=1096.0,
            grace_days=GRACE,
            rng=np.random.default_rng(3),
        )

    together, alone = spans([0, 1, 2]), spans([1])
    assert (together.low <= together.high).all()
    assert together.low[1] == alone.low[0]
    assert together.high[1] == alone.high[0]


def test_breakeven_of_a_fee_paid_ahead():
    """A deficit of 150 and certain fees of 100: the second one pays back."""
    running = Running.check([0, 0, 0], 100.0, 365.0)
    days = contract_breakeven(
        models=[Sbg(1e-9, 1e9)],
        running=running,
        money=Money.check(3, margin_per_term=100.0),
        realised_profit=[-150.0, 5.0, -1e6],
        horizon_days=1096.0,
        grace_days=GRACE,
    )
    assert 465.0 < days[0] < 465.0 + 31.0  # found on a monthly grid
    assert days[1] == 0.0
    assert days[2] == np.inf


def _range(profit, *, model=TABLE, spend=SPEND, draws=200, due=100.0, **money):
    profit = np.atleast_1d(profit)
    count = profit.size
    return contract_breakeven_range(
        luck=Luck.of([model], spend, np.random.default_rng(1), draws),
        running=Running.check(np.zeros(count), due, 365.0),
        money=Money.check(count, **money),
        seen_years=2.0,
        realised_profit=profit,
        horizon_days=1096.0,
        grace_days=GRACE,
    )


def test_certain_renewals_and_margins_leave_no_range():
    """The limit: a deficit of 150 and certain fees of 100, on the second one's day."""
    certain = GammaGamma(p=1e8, q=1e8, v=100.0)
    model = Sbg(1e-9, 1e9)
    found = _range(
        [-150.0, 5.0, -1e6], model=model, spend=certain, margin_per_term=100.0
    )
    day = contract_breakeven(
        models=[model],
        running=Running.check([0], 100.0, 365.0),
        money=Money.check(1, margin_per_term=100.0),
        realised_profit=-150.0,
        horizon_days=1096.0,
        grace_days=GRACE,
    )[0]
    # A fee lies between two days of the monthly grid.
    assert found.low_days[0] == pytest.approx(day, abs=31.0)
    assert found.high_days[0] == pytest.approx(found.low_days[0], abs=1.0)
    assert found.probability.tolist() == [1.0, 1.0, 0.0]
    assert (found.low_days[1], found.high_days[1]) == (0.0, 0.0)
    assert (found.low_days[2], found.high_days[2]) == (np.inf, np.inf)


def test_the_chance_to_pay_back_is_that_of_the_renewal():
    """One fee pays all back and only the first can come in time."""
    certain = GammaGamma(p=1e8, q=1e8, v=100.0)
    money = {"margin_per_term": 200.0, "due": 900.0}
    found = _range(-100.0, spend=certain, draws=500, **money)
    assert found.probability[0] == pytest.approx(15.20 / 19.0, abs=0.02)
    assert found.low_days[0] == pytest.approx(900.0, abs=31.0)  # a monthly grid


@given(st.floats(-5e3, -1.0), st.floats(1.0, 2e3), st.floats(0.0, 500.0))
@settings(max_examples=25)
def test_a_larger_debt_is_paid_back_later_and_less_surely(debt, fee, cost):
    money = {"margin_per_term": fee, "margin_per_year": 50.0, "cost_per_year": cost}
    found = _range([debt, 2.0 * debt], draws=50, **money)
    assert found.low_days[0] <= found.low_days[1]
    assert found.high_days[0] <= found.high_days[1]
    assert found.probability[0] >= found.probability[1]
    alone = _range(2.0 * debt, draws=50, **money)
    assert alone.low_days[0] == found.low_days[1]


def test_many_contracts_stand_alone_and_few_lean_on_them():
    cohort = Contracts.from_survivors((1000, 869, 743, 653, 593, 551, 517, 491))
    few = Contracts.check([0, 1, 4], [1, 1, 0])
    both = Contracts.check(
        np.append(cohort.renewals, few.renewals),
        np.append(cohort.has_ended, few.has_ended),
        np.append(cohort.weights, few.weights),
    )
    group = np.repeat([0.0, 1.0], [len(cohort), len(few)])
    fits = fit_renewals(both, group, 3)
    assert [fit.step for fit in fits] == [INDIVIDUAL, POOLED, INDIVIDUAL]
    assert fits[0].model.parameters == pytest.approx((0.668088, 3.806094), rel=3e-6)
    assert "3 contracts of its own" in fits[1].reason
    # Two of three ended early: less loyal than the others, but near them.
    chance = [fit.model.probability_renewed([0])[0] for fit in fits]
    assert chance[0] - 0.2 < chance[1] < chance[0]
    assert "No contract of its own" in fits[2].reason


@pytest.mark.parametrize(
    ("renewals", "ended", "step"),
    [([], [], ASSUMED), ([0], [0], POOLED), ([0] * 50, [1] * 50, POOLED)],
)
def test_few_contracts_give_an_answer_and_say_so(renewals, ended, step):
    (fit,) = fit_renewals(Contracts.check(renewals, ended), 0.0, 1)
    assert fit.step == step
    assert 0.0 < fit.model.probability_renewed([0])[0] < 1.0
    assert fit.model.log_covariance


def test_nobody_ever_left_is_pooled_and_finite():
    (fit,) = fit_renewals(Contracts.check(np.arange(500) % 5, np.zeros(500)), 0.0, 1)
    assert fit.step == POOLED
    assert 0.95 < fit.model.probability_renewed([0])[0] < 1.0


@pytest.mark.parametrize(
    ("renewals", "due", "term", "group", "fault"),
    [
        ([0.5], 1.0, 365.0, 0, "renewals must be whole"),
        ([0], np.nan, 365.0, 0, "due_days holds a value that is not finite"),
        ([0], 1.0, 0.0, 0, "term_days must be positive"),
        ([0], 1.0, 365.0, -1, "group must be whole"),
        ([0, 1], [1.0], 365.0, 0, "due_days has 1 values for 2"),
    ],
)
def test_faulty_contracts_are_refused(renewals, due, term, group, fault):
    with pytest.raises(BadHistoryError, match=fault):
        Running.check(renewals, due, term, group)


def test_no_contract_is_no_trouble():
    running = Running.check([], [], [])
    assert _terms(HIGH_END, running).terms.size == 0
    with pytest.raises(BadParameterError, match="grace_days"):
        renewal_chance([HIGH_END], running, grace_days=0.0)
