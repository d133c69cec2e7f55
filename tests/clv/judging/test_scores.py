import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.judging.scores import poisson_deviance, score


def test_scores_of_a_case_worked_by_hand():
    got = score(
        np.array([2.0, 1.0, 0.0, 1.0]), np.array([3.0, 0.0, 0.0, 1.0]), is_count=True
    )
    assert got.rmse == pytest.approx(np.sqrt(0.5))
    assert got.mae == pytest.approx(0.5)
    assert got.total_error == pytest.approx(0.0)
    dev = 2 * (3 * np.log(1.5) - 1) + 2 * 1 + 2 * 0.001 + 0
    assert got.deviance == pytest.approx(dev / 4)
    assert got.top_decile == pytest.approx(0.75)


def test_a_perfect_order_has_gini_one_and_no_order_has_none():
    actual = np.arange(50.0)
    assert score(actual * 2, actual, is_count=True).gini == pytest.approx(1.0)
    assert score(-actual, actual, is_count=False).gini == pytest.approx(-1.0)
    flat = score(np.ones(50), actual, is_count=True)
    assert flat.gini == pytest.approx(0.0, abs=1e-12)


def test_the_curve_holds_every_account_once():
    forecast = np.random.default_rng(0).random(105)
    got = score(forecast, forecast, is_count=True)
    assert sum(d.account_count for d in got.curve) == 105
    assert [d.forecast for d in got.curve] == sorted(
        (d.forecast for d in got.curve), reverse=True
    )
    assert all(d.forecast == d.actual for d in got.curve)


def test_what_does_not_exist_is_none():
    got = score(np.ones(3), np.zeros(3), is_count=False)
    assert (got.deviance, got.total_error, got.gini, got.top_decile) == (None,) * 4


def test_never_is_forgiven_to_a_thousandth():
    assert poisson_deviance(np.zeros(1), np.ones(1)) == pytest.approx(
        2 * (np.log(1000) - 1 + 0.001)
    )


def test_a_score_needs_accounts():
    with pytest.raises(BadParameterError, match="one forecast for each account"):
        score(np.ones(2), np.ones(3), is_count=True)
    with pytest.raises(BadParameterError, match="one forecast for each account"):
        score(np.ones(0), np.ones(0), is_count=True)
