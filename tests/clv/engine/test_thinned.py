"""Sums over the next purchases: the same digits whoever is asked about besides."""

import numpy as np
import pytest

from clv.engine.history import Histories
from clv.engine.models import thinned
from clv.engine.models.thinned import MANY_PURCHASES, Thinned, cumulate

PARAMETERS = np.array([0.6, 40.0, 0.5, 1.5])
DAYS = np.array([0.0, 0.5, 30.0, 400.0, 5_000.0])


def buyers(count=300):
    chance = np.random.default_rng(3)
    age = chance.integers(1, 900, count).astype(float)
    frequency = chance.integers(0, 40, count).astype(float)
    return Histories.check(frequency, np.where(frequency > 0, age, 0.0), age)


def sums(histories, days, k, phase):
    rows = Thinned.of(histories, PARAMETERS, k, phase)
    at = np.broadcast_to(days, (rows.scale.size, days.size))
    return [part[rows.inverse] for part in cumulate(rows, at)]


@pytest.mark.parametrize(("k", "phase"), [(1, 0), (2, 0), (2, 1), (5, 3)])
def test_no_digit_tells_who_is_asked_about_besides(k, phase):
    every = buyers()

    orders, survival = sums(every, DAYS, k, phase)

    for row in range(0, len(every), 7):
        one = every.take(np.array([row]))
        for column, day in enumerate(DAYS):
            alone = sums(one, np.array([day]), k, phase)
            assert alone[0][0, 0] == orders[row, column]
            assert alone[1][0, 0] == survival[row, column]


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_purchases_are_those_that_are_counted_one_by_one(phase):
    """By simulation of what the model says: events, every third one a purchase."""
    one = Histories.check([4.0], [300.0], [300.0])
    orders, survival = sums(one, np.array([600.0]), 3, phase)
    chance, draws = np.random.default_rng(5), 400_000
    r, alpha, a, b = PARAMETERS

    rate = chance.gamma(r + 3 * 4 + phase, 1.0, draws) / (alpha + 300.0)
    possible = (chance.poisson(rate * 600.0) + phase) // 3
    leaving = chance.beta(a, b + 5.0, draws)
    last = chance.geometric(np.maximum(leaving, 1e-12))
    made = np.minimum(possible, last)

    assert 600.0 * (r + 12 + phase) / 340.0 / 3 < MANY_PURCHASES
    error = made.std() / np.sqrt(draws)
    assert orders[0, 0] == pytest.approx(made.mean(), abs=4 * error)
    alive = (last > possible).mean()
    error = np.sqrt(alive * (1 - alive) / draws)
    assert survival[0, 0] == pytest.approx(alive, abs=4 * error)


@pytest.mark.parametrize(("k", "phase"), [(1, 0), (3, 1)])
def test_nor_do_others_beside_accounts_of_very_many_orders(monkeypatch, k, phase):
    """One by one or several at once, the sum ends where rounding begins."""
    heavy = Histories.check([5_000.0, 100_000.0], [730.0, 3_650.0], [730.0, 3_650.0])
    days = np.array([0.1, 1.0, 8.0])
    at_once = sums(heavy, days, k, phase)
    monkeypatch.setattr(thinned, "CELLS_AT_ONCE", 0)
    one_by_one = sums(heavy, days, k, phase)
    assert np.array_equal(at_once[0], one_by_one[0])
    assert np.array_equal(at_once[1], one_by_one[1])
    pace = (PARAMETERS[0] + k * heavy.frequency) / (40.0 + heavy.age_days) / k
    expected = pace[:, None] * days + (phase - (k - 1) / 2) / k
    assert at_once[0][:, 2] == pytest.approx(expected[:, 2], rel=3e-3)
