import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.costs import (
    CostRates,
    fit_cost_rates,
    fit_cost_to_serve,
)
from clv.engine.errors import BadHistoryError
from clv.engine.ledgers import Grouping, Ledgers
from clv.engine.outliers import far_out


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


def test_three_accounts_by_hand():
    """Rates 4, 10 and 5 over 1, 2 and 3 orders; k is the mean exposure, 2.

    Weights 1/3, 1/2, 3/5 give a mean of (4/3 + 5 + 3) / (43/30) = 280/43; then
    4/3 + 2/3 x 280/43, 5 + 1/2 x 280/43, 3 + 2/5 x 280/43.
    """
    cost, exposure = [4.0, 20.0, 15.0], [1.0, 2.0, 3.0]
    rates = fit_cost_rates(cost, exposure)
    assert (rates.k, rates.is_estimated, rates.excess) == (2.0, False, 0.0)
    mean = 280 / 43
    assert rates.group_means[0] == pytest.approx(mean, rel=1e-12)
    by_hand = [4 / 3 + 2 / 3 * mean, 5 + mean / 2, 3 + 0.4 * mean]
    assert rates.expected_rate(cost, exposure) == pytest.approx(by_hand, rel=1e-12)
    assert rates.of_newcomer == 39 / 6


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


BRANCHES, CLASSES = 12, 10


def hierarchy(rng, count, *, branches=9.0, cells=4.0, accounts=2.25, chance=30.0):
    """Rates that scatter at every level; returns what the engine takes, and truth."""
    branch = rng.normal(0, branches**0.5, BRANCHES)
    cell = 50.0 + branch[:, None] + rng.normal(0, cells**0.5, (BRANCHES, CLASSES))
    size, place = rng.integers(0, BRANCHES, count), rng.integers(0, CLASSES, count)
    exposure = rng.integers(1, 60, count).astype(float)
    rate = cell[size, place] + rng.normal(0, accounts**0.5, count)
    cost = exposure * rate + rng.normal(0, 1, count) * np.sqrt(chance * exposure)
    tree = np.repeat(np.arange(BRANCHES), CLASSES)
    return cost, exposure, size * CLASSES + place, tree, rate, cell.ravel()


def test_story_of_three_levels_recovers_k_and_the_means_of_groups():
    cost, exposure, group, tree, truth, cells = hierarchy(
        np.random.default_rng(8), 30_000
    )
    rates = fit_cost_rates(cost, exposure, group, branch_of_group=tree)
    assert rates.k == pytest.approx(30.0 / 2.25, rel=0.2)
    assert rates.cell_variance == pytest.approx(4.0, rel=0.3)
    # Twelve branches tell a variance to within two fifths (1.645 sqrt(2/11)).
    assert rates.branch_variance == pytest.approx(9.0, rel=0.7)
    assert np.abs(rates.group_means - cells).max() < 1.0
    assert np.sqrt(np.mean((rates.group_means - cells) ** 2)) < 0.25
    error = rates.expected_rate(cost, exposure, group) - truth
    assert np.mean(error**2) < 0.6 * np.mean((cost / exposure - truth) ** 2)


def test_a_cell_of_few_leans_on_its_branch_and_an_empty_one_is_its_branch():
    rng = np.random.default_rng(9)
    cost, exposure, group, tree, _, _ = hierarchy(rng, 6000, accounts=9.0)
    of_cell = group == 7
    few = ~of_cell | (np.cumsum(of_cell) <= 2)
    none = ~of_cell
    whole = fit_cost_rates(cost, exposure, group, branch_of_group=tree)
    lean = fit_cost_rates(cost[few], exposure[few], group[few], branch_of_group=tree)
    empty = fit_cost_rates(
        cost[none], exposure[none], group[none], branch_of_group=tree
    )
    own = cost[of_cell & few].sum() / exposure[of_cell & few].sum()
    branch = empty.group_means[7]
    siblings = whole.group_means[tree == tree[7]]
    assert siblings.min() < branch < siblings.max()
    assert min(own, branch) < lean.group_means[7] < max(own, branch)


def test_branches_that_do_not_differ_are_one():
    cost, exposure, group, tree, _, _ = hierarchy(
        np.random.default_rng(10), 30_000, branches=0.0, cells=0.0
    )
    rates = fit_cost_rates(cost, exposure, group, branch_of_group=tree)
    assert np.ptp(rates.group_means) < 0.3
    assert rates.cell_variance < 0.05


def test_expected_costs_sum_to_the_ledger():
    """What credibility takes from one it gives to others, tails included."""
    rng = np.random.default_rng(12)
    cost, exposure, group, tree, _, _ = hierarchy(rng, 5000)
    cost = cost * np.where(rng.random(5000) < 0.02, 30.0, 1.0)
    rates = fit_cost_rates(cost, exposure, group, branch_of_group=tree)
    assert rates.excess > 0
    total = (rates.expected_rate(cost, exposure, group) * exposure).sum()
    assert total == pytest.approx(cost.sum(), rel=0.01)
    plain = fit_cost_rates(cost, exposure)
    total = (plain.expected_rate(cost, exposure) * exposure).sum()
    assert total == pytest.approx(cost.sum(), rel=0.01)


def test_large_exposure_keeps_the_own_rate_and_none_gets_the_group():
    cost, exposure, group, tree, _, _ = hierarchy(np.random.default_rng(13), 3000)
    rates = fit_cost_rates(cost, exposure, group, branch_of_group=tree)
    got = rates.expected_rate([5.2e9, 0.0], [1e8, 0.0], [3, 3]) - rates.excess
    assert got[0] == pytest.approx(52.0, rel=1e-5)
    assert got[1] == rates.group_means[3]


def test_identical_accounts_get_what_each_costs():
    rates = fit_cost_rates(np.full(500, 35.0), np.full(500, 5.0))
    assert rates.expected_rate([35.0], [5.0]) == pytest.approx(7.0)
    assert rates.group_means[0] == pytest.approx(7.0)


def test_an_own_rate_counts_up_to_five_deviations():
    cost, exposure, _ = ledger(
        np.random.default_rng(14), 2000, mean=12.0, between=3.0, within=9.0
    )
    rates = fit_cost_rates(cost, exposure)
    far = rates.expected_rate([1e6], [10.0])[0]
    farther = rates.expected_rate([1e9], [10.0])[0]
    assert far == farther
    reach = 5.0 * np.sqrt(9.0 + 81.0 / 10.0)
    credibility = 10.0 / (10.0 + rates.k)
    assert far == pytest.approx(12.0 + credibility * reach, rel=0.1)


def firm_of(count, seed=15):
    """Ledgers of a firm whose kinds, classes and sizes differ."""
    rng = np.random.default_rng(seed)
    orders = rng.integers(1, 30, count).astype(float)
    years = rng.uniform(0.3, 5.0, count)
    revenue = orders * rng.lognormal(4.0, 1.0, count)
    costs = {
        "delivery": orders * rng.gamma(4.0, 2.0, count),
        "returns": np.where(rng.random(count) < 0.2, rng.gamma(2.0, 20.0, count), 0.0),
        "service": years * rng.gamma(2.0, 30.0, count),
        "other": np.zeros(count),
    }
    return Ledgers(costs, orders, years, revenue, rng.integers(-1, 4, count))


DRIVERS = {"delivery": "order", "returns": "order", "service": "year", "other": "year"}


def fit(ledgers, left_out=None):
    return fit_cost_to_serve(
        ledgers,
        drivers=DRIVERS,
        grouping=Grouping((100.0, 1000.0), 4),
        left_out=left_out or {},
    )


@pytest.mark.parametrize("kind", ["delivery", "returns", "service", "other"])
def test_an_absurd_entry_leaves_the_others_alone(kind):
    ledgers = firm_of(400)
    spoilt = firm_of(400)
    spoilt.costs[kind][123] += 999_999_999.99
    absurd = far_out(
        spoilt.costs[kind], instead=(spoilt.revenue,), within=spoilt.revenue
    ).is_absurd
    assert np.flatnonzero(absurd).tolist() == [123]
    others = np.arange(400) != 123
    usual = fit(ledgers).expected(ledgers)
    got = fit(spoilt, {kind: absurd}).expected(spoilt)
    for name in ("per_order", "per_year"):
        was, now = getattr(usual, name)[others], getattr(got, name)[others]
        assert np.abs(now / was - 1.0).max() < 0.01
    own = getattr(got, "per_order" if kind in {"delivery", "returns"} else "per_year")
    assert own[123] < 20.0 * usual.by_kind[kind].mean() + own[others].max()


def test_kinds_sum_by_what_drives_them():
    ledgers = firm_of(300)
    costs = fit(ledgers)
    got = costs.expected(ledgers)
    by_kind = got.by_kind
    assert got.per_order == pytest.approx(by_kind["delivery"] + by_kind["returns"])
    assert got.per_year == pytest.approx(by_kind["service"] + by_kind["other"])
    assert not by_kind["other"].any()
    new = costs.of_newcomer
    orders, years = ledgers.orders.sum(), ledgers.years.sum()
    assert new.by_kind["delivery"][0] == pytest.approx(
        ledgers.costs["delivery"].sum() / orders
    )
    assert new.per_year[0] == pytest.approx(ledgers.costs["service"].sum() / years)


def test_cells_are_sizes_by_classes():
    grouping = Grouping((100.0, 1000.0), 2)
    assert grouping.branch_of_cell.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    ledgers = Ledgers(
        {},
        orders=np.ones(5),
        years=np.array([1.0, 2.0, 1.0, 0.5, 1.0]),
        revenue=np.array([99.99, 200.0, 1000.0, 500.0, 0.0]),
        group_code=np.array([-1, 0, 1, 2, 0]),
    )
    # A class unknown to the fit counts as none.
    assert grouping.cells_of(ledgers).tolist() == [0, 4, 8, 6, 1]
