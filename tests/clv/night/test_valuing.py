"""Valuing without a database: firms at the edge, and what must hold for every one."""

import datetime as dt
import json

import numpy as np
import pytest

from clv.errors import RunFailedError
from clv.queries.inputs import Inputs
from clv.queries.summaries import KINDS
from clv.services.fitting import fit_models
from clv.services.learnt import Models
from clv.services.results import BREAK_EVENS, NO_DAY, STEPS, Terms
from clv.services.valuing import value_inputs

TERMS = Terms(0.10, 1095.75, dt.date(2026, 6, 30))


def inputs(count, **columns):
    """`count` accounts that never ordered, unless the columns say otherwise."""
    given = {
        "account_id": np.arange(1, count + 1),
        "age_days": -1,
        "recency_days": 0,
        "order_days": 0,
        "margin": 0,
        "cost_to_win": 0,
        "cost_per_order_kinds": 0,
        "cost_over_time_kinds": 0,
        "paid_back_age_days": -1,
        "revenue": 0,
        **dict.fromkeys(KINDS, 0),
        "group_code": -1,
        "trait_code": 0,
    } | columns
    return Inputs(
        **{
            name: np.broadcast_to(np.asarray(values, dtype=np.int64), count).copy()
            for name, values in given.items()
        }
    )


def random_firm(count=400, seed=7):
    """Accounts that buy at their own pace and leave at their own chance."""
    chance = np.random.default_rng(seed)
    age = chance.integers(30, 900, count)
    last, orders = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    for n in range(count):
        pace, leaving = chance.gamma(1.2, 0.02), chance.beta(0.8, 5.0)
        day = 0.0
        while True:
            day += 1 + chance.exponential(1 / pace)
            if day > age[n]:
                break
            last[n], orders[n] = int(day), orders[n] + 1
            if chance.random() < leaving:
                break
    return inputs(
        count,
        age_days=age,
        recency_days=last,
        order_days=orders,
        margin=(chance.gamma(3.0, 3000, count) * orders).astype(np.int64),
        cost_to_win=chance.integers(0, 60_000, count),
        cost_per_order_kinds=orders * 700,
        cost_over_time_kinds=chance.integers(0, 90_000, count),
    )


FIRMS = {
    "nobody": inputs(0),
    "one prospect": inputs(1, cost_to_win=5000),
    "one order": inputs(1, age_days=0, order_days=1, margin=4000),
    "one customer": inputs(
        1, age_days=90, recency_days=60, order_days=4, margin=40000, cost_to_win=9000
    ),
    "all identical": inputs(
        500, age_days=300, recency_days=200, order_days=5, margin=50000
    ),
    "all bought once": inputs(500, age_days=300, order_days=1, margin=5000),
    "only losses": inputs(
        400, age_days=300, recency_days=200, order_days=5, margin=-50000
    ),
    "no margin": inputs(400, age_days=300, recency_days=200, order_days=5),
    "all today": inputs(400, age_days=0, order_days=1, margin=1),
    "mixed": random_firm(),
    "few": random_firm(20),
}


@pytest.mark.parametrize("name", FIRMS)
def test_every_firm_gets_sound_numbers(name):
    firm = FIRMS[name]

    results = value_inputs(firm, fit_models(firm), TERMS)

    assert len(results.account_id) == len(firm)
    assert (results.future_low <= results.future_high).all()
    assert (results.expected_orders >= results.expected_orders_year).all()
    ordered = firm.order_days > 0
    alive = results.probability_alive
    assert ((alive[ordered] >= 0) & (alive[ordered] <= 1)).all()
    assert (alive[~ordered] == -1).all()
    steps = [STEPS[code] for code in results.step]
    assert all(step == "assumption" for step in np.array(steps)[~ordered])
    known = results.break_even_days != NO_DAY
    dated = np.isin(
        np.array(BREAK_EVENS)[results.break_even], ["paid_back", "expected"]
    )
    assert (known == dated).all()


def test_few_accounts_and_single_orders_are_pooled():
    def steps(firm):
        results = value_inputs(firm, fit_models(firm), TERMS)
        return {STEPS[code].value for code in results.step}

    assert steps(FIRMS["few"]) == {"pooled"}
    assert steps(FIRMS["mixed"]) == {"individual", "pooled"}


def test_the_same_firm_gets_the_same_values_also_from_stored_models():
    firm = random_firm()
    models = fit_models(firm)
    stored = Models.from_parameters(json.loads(json.dumps(models.as_parameters())))

    first = value_inputs(firm, models, TERMS).digest(firm)

    assert value_inputs(firm, fit_models(firm), TERMS).digest(firm) == first
    assert value_inputs(firm, stored, TERMS).digest(firm) == first


def test_one_cent_changes_the_fingerprint():
    firm, other = random_firm(), random_firm()
    other.cost_to_win[17] += 1
    models = fit_models(firm)

    assert value_inputs(firm, models, TERMS).digest(firm) != value_inputs(
        other, models, TERMS
    ).digest(other)


def test_a_value_that_cannot_be_stored_names_its_account():
    firm = inputs(
        4, age_days=400, recency_days=399, order_days=40, margin=[1, 1, 1, 8 * 10**18]
    )

    with pytest.raises(RunFailedError, match="account 4 "):
        value_inputs(firm, fit_models(random_firm()), TERMS)


def test_an_open_account_pays_back_later_or_never():
    firm = inputs(
        3,
        age_days=[400, 400, 400],
        recency_days=[390, 390, 10],
        order_days=[12, 12, 2],
        margin=[120_000, 120_000, 20_000],
        cost_to_win=[100_000, 150_000, 900_000],
        paid_back_age_days=[30, -1, -1],
    )
    results = value_inputs(firm, fit_models(random_firm()), TERMS)

    assert [BREAK_EVENS[code].value for code in results.break_even] == [
        *("paid_back", "expected", "not_expected")
    ]
    assert results.break_even_days[0] == -30
    assert 0 < results.break_even_days[1] < 1096
