import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.costs import CostRates, fit_cost_rates
from clv.engine.errors import BadHistoryError


def ledger(rng, count, *, mean, between, within):
    """Each account has a true rate; each unit of exposure costs it plus chance."""
    exposure = rng.integers(1, 40, count)
    truth = rng.normal(mean, between, count)
    cost = [
        rng.normal(rate, within, n).sum()
        for rate, n in zip(truth, exposure, strict=True)
    ]
    return np.array(cost), exposure.astype(float), truth


def test_story_of_costs_recovers_k_and_beats_both_extremes():
    cost, exposure, truth = ledger(
        np.random.default_rng(3), 4000, mean=12.0, between=3.0, within=9.0
    )
    rates = fit_cost_rates(cost, exposure)
    assert rates.is_estimated
    assert rates.group_means[0] == pytest.approx(12.0, rel=0.02)
    assert rates.k == pytest.approx(9.0, rel=0.25)
    shrunk = rates.expected_rate(cost, exposure)

    def error(guess):
        return np.mean((guess - truth) ** 2)

    assert error(shrunk) < 0.9 * min(error(cost / exposure), error(12.0))


def test_textbook_weights():
    """Bühlmann: weight of the own rate is exposure over exposure plus k."""
    rates = CostRates(np.array([10.0, 20.0]), k=5.0, is_estimated=True)
    got = rates.expected_rate([30.0, 30.0, 0.0], [15.0, 15.0, 0.0], [0, 1, 1])
    assert got == pytest.approx([0.75 * 2 + 0.25 * 10, 0.75 * 2 + 0.25 * 20, 20.0])


def test_groups_have_their_own_means():
    cost, exposure, _ = ledger(
        np.random.default_rng(4), 1000, mean=12.0, between=1.0, within=3.0
    )
    group = np.arange(1000) % 2
    rates = fit_cost_rates(cost * (1 + group), exposure, group)
    assert rates.group_means[1] == pytest.approx(2 * rates.group_means[0], rel=0.05)


def test_accounts_that_differ_by_chance_only_get_the_mean():
    cost, exposure, _ = ledger(
        np.random.default_rng(5), 3000, mean=12.0, between=0.0, within=9.0
    )
    rates = fit_cost_rates(cost, exposure)
    spread = np.std(rates.expected_rate(cost, exposure))
    assert spread < 0.2 * np.std(cost / exposure)


def test_identical_rates_give_that_rate():
    exposure = np.arange(1.0, 31.0)
    rates = fit_cost_rates(7.0 * exposure, exposure)
    assert rates.expected_rate(7.0 * exposure, exposure) == pytest.approx(7.0)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_accounts_use_the_fallback(count):
    rates = fit_cost_rates(np.full(count, 10.0), np.full(count, 2.0))
    assert not rates.is_estimated
    assert rates.expected_rate([0.0], [0.0])[0] == pytest.approx(5.0 if count else 0.0)


def test_a_group_without_ledger_gets_the_mean_of_all():
    rates = fit_cost_rates([10.0, 0.0], [2.0, 0.0], [0, 1])
    assert rates.group_means.tolist() == [5.0, 5.0]


def test_faults_are_named():
    with pytest.raises(BadHistoryError, match="exposure is negative"):
        fit_cost_rates([1.0], [-1.0])
    with pytest.raises(BadHistoryError, match="group must be whole"):
        fit_cost_rates([1.0], [1.0], [0.5])
    with pytest.raises(BadHistoryError, match="group is unknown"):
        fit_cost_rates([1.0], [1.0]).expected_rate([1.0], [1.0], [3])


rows = st.lists(
    st.tuples(
        st.floats(-1e4, 1e6), st.floats(0, 1e4).filter(lambda e: e == 0 or e > 1e-3)
    ),
    max_size=60,
)


@given(rows)
def test_expected_rates_lie_between_own_and_group(table):
    cost = np.array([row[0] for row in table])
    exposure = np.array([row[1] for row in table])
    rates = fit_cost_rates(cost, exposure)
    got = rates.expected_rate(cost, exposure) - rates.excess
    own = np.where(
        exposure > 0, cost / np.where(exposure > 0, exposure, 1), rates.group_means[0]
    )
    slack = 1e-6 * (1 + np.abs(own) + abs(rates.group_means[0]))
    assert (got >= np.minimum(own, rates.group_means[0]) - slack).all()
    assert (got <= np.maximum(own, rates.group_means[0]) + slack).all()
