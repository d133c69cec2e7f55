"""How far one entry moves what everybody else is expected to bring."""

import numpy as np
import pytest

from clv.policy import COST_DRIVERS
from clv.queries.inputs import COST_COLUMNS
from clv.services.fitting import fit_models
from clv.services.oddities import odd_amounts
from clv.services.valuing import value_inputs
from tests.clv.night.test_valuing import TERMS, inputs, random_firm

CUSTOMERS, PROSPECTS = 1200, 60
SPOILT = 7
ABSURD = 999_999_999.99
KINDS = ("order", "refund", "acquisition", "delivery", "service")


def firm():
    """Customers and prospects of several sizes, industries and sources."""
    chance = np.random.default_rng(3)
    base, count = random_firm(CUSTOMERS), CUSTOMERS + PROSPECTS
    columns = {
        name: np.append(getattr(base, name), np.full(PROSPECTS, absent))
        for name, absent in {
            "age_days": -1,
            "recency_days": 0,
            "order_days": 0,
            "margin": 0,
        }.items()
    }
    size, industry, source = (chance.integers(0, many, count) for many in (4, 6, 5))
    columns["trait_code"] = (size << 56) | (industry << 24) | (source << 20)
    columns["revenue"] = columns["margin"] * 5 // 2
    served = columns["order_days"] > 0
    columns["cost_to_win"] = served * chance.lognormal(9.5, 1.0, count)
    totals = {"order": np.zeros(count, np.int64), "year": np.zeros(count, np.int64)}
    for kind, driver in COST_DRIVERS.items():
        has = served & (chance.random(count) < 0.7)
        cost = (has * chance.lognormal(7.0, 1.0, count)).astype(np.int64)
        columns[COST_COLUMNS[kind]] = cost
        totals[driver] += cost
    columns["cost_per_order_kinds"] = totals["order"]
    columns["cost_over_time_kinds"] = totals["year"]
    columns["group_code"] = np.where(served, chance.integers(0, 4, count), -1)
    return inputs(count, **columns)


def spoilt(kind, amount):
    """The firm with one more entry of one account."""
    result, cents = firm(), round(amount * 100)
    if kind in {"order", "refund"}:
        sign = 1 if kind == "order" else -1
        result.revenue[SPOILT] += sign * cents
        result.margin[SPOILT] += sign * cents * 2 // 5
    elif kind == "acquisition":
        result.cost_to_win[SPOILT] += cents
    else:
        getattr(result, COST_COLUMNS[kind])[SPOILT] += cents
        by_order = COST_DRIVERS[kind] == "order"
        total = result.cost_per_order_kinds if by_order else result.cost_over_time_kinds
        total[SPOILT] += cents
    return result


def worth(of):
    models = fit_models(of, terms=TERMS)
    results = value_inputs(of, models, TERMS)
    return models, results.expected_margin - results.expected_cost


@pytest.fixture(scope="module")
def clean():
    return worth(firm())


@pytest.fixture
def before(clean):
    return clean[1]


def moved(before, after):
    """Change of each other account, over its value or the median of all, if more."""
    others = np.arange(before.size) != SPOILT
    size = np.maximum(np.abs(before), np.median(np.abs(before)))
    return (np.abs(after - before) / size)[others]


@pytest.mark.parametrize("kind", KINDS)
def test_an_absurd_entry_moves_nobody_else(before, kind):
    """By a hundredth at most: what was known of the one account is missing."""
    of = spoilt(kind, ABSURD)
    models, after = worth(of)

    assert moved(before, after).max() < 0.01

    found = odd_amounts(of, models)
    named = [one for one in found["furthest"] if one["account"] == SPOILT + 1]
    assert len(named) == 1
    assert named[0]["times"] > 1_000_000


def test_a_usual_firm_has_nothing_beyond_belief(clean):
    found = odd_amounts(firm(), clean[0])
    assert found["count"] == 0
    assert found["drawn_in"]["count"] == 1  # a tail: 49 times the median


@pytest.mark.parametrize("amount", [1e4, 1e5])
@pytest.mark.parametrize("kind", KINDS)
def test_no_entry_of_any_size_moves_the_others_far(before, kind, amount):
    """Far out, yet not beyond belief: counted up to a limit, and said so."""
    of = spoilt(kind, amount)
    models, after = worth(of)

    others = np.arange(before.size) != SPOILT
    prospects = np.flatnonzero(of.order_days == 0)
    customers = np.flatnonzero((of.order_days > 0) & others)
    for rows, most in ((prospects, 0.025), (customers, 0.002)):
        assert after[rows].sum() == pytest.approx(before[rows].sum(), rel=most)
    found = odd_amounts(of, models)
    far = [*found["furthest"], *found["drawn_in"]["furthest"]]
    assert SPOILT + 1 in {one["account"] for one in far}


def test_a_margin_drawn_in_is_told_with_what_it_counts_for():
    of = spoilt("order", 1e4)
    models, _ = worth(of)
    assert models.left_out == ()
    [told] = [
        one
        for one in odd_amounts(of, models)["drawn_in"]["furthest"]
        if one["kind"] == "margin"
    ]
    means = np.sort(of.margin[:CUSTOMERS] / of.order_days[:CUSTOMERS]) / 100
    assert float(told["amount"]) == pytest.approx(means[-1], abs=0.01)
    assert float(told["counted"]) == pytest.approx(3 * means[-5], abs=0.01)
